"""The gateway at the post: stores what it hears, answers, and acts while the hub is silent."""
