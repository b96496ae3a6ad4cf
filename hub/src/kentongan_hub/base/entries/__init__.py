"""Check what people and outsiders write: numbers, addresses, names, and whose turn it is."""
