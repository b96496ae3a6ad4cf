"""A press of a tombol: its strokes, its repeats, how far it has to reach, what is known of it."""
