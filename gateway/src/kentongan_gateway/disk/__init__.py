"""What is promised stands here: the spool and its database, small states, damage found and survived."""
