"""A gateway in the village: the real program with its modem line and disk, at a model hub or the real one."""
