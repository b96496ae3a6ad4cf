"""A virtual board with a blank flash and a serial port, for a technician's programs."""
