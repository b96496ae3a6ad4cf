"""Boxes and gateways: heard, supervised, in trouble; what sirens beat."""
