"""Forms of the orders of the hub, and the watch over a silent hub."""
