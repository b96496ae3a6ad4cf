"""Keys of a device and of a whole site, and the roots of the next generation."""
