"""Storage of everything promised: the spool and its database, small states, damage found and survived."""
