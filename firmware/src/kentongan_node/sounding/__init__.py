"""Soundings of a post: what sounds, for how long, and what is told of it."""
