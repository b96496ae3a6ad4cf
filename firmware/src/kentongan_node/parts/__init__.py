"""Parts of a board: contacts, outputs, readings, supply, radio, the line to a host."""
