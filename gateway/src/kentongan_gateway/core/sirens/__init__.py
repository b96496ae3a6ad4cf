"""Sirens: the posts', our own, what they beat, drills, and what people silenced."""
