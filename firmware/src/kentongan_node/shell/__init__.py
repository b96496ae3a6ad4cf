"""The shell around a core: the start, the loop, the pins, the flash, a technician's words."""
