"""From a drawing to a board: parts in place, tracks, bodies, and its fabrication files read back."""
