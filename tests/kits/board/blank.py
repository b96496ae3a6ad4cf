"""A module with nothing in it: boardkit fills it with what it has compiled."""
