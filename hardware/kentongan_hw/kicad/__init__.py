"""KiCad's files: their syntax, symbols of its libraries, and our own parts that these lack."""
