"""Places as data: who stands where, and what the air between them is like."""
