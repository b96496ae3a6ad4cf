"""Campaigns: a grid of scenarios over many seeds, judged against the targets, written as one page."""
