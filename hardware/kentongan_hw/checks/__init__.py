"""Checks of circuits: rules for their netlists, and simulations of them."""
