"""Drills: planned and run, and the posts that have to know."""
