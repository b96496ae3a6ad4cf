"""The hub's orders, and what is done while the hub is silent."""
