"""Pages of the board, incidents, drills, the shift and the post's screen."""
