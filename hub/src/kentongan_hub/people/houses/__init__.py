"""Houses of the RT: how far the alarm covers them, lists of them, and houses that stand empty."""
