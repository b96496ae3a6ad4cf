"""Policies: whom to call when, as data, and what a gateway calls by while the hub is silent."""
