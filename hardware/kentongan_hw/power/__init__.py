"""Batteries, panel and mains: what draws how much, and how long it lasts. Nothing here was measured yet."""
