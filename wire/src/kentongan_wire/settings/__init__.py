"""Settings of a device: over the air, in parts, and as the file of its board."""
