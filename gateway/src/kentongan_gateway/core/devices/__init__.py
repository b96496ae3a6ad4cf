"""Devices and radios: who they are, their settings and keys, whether they live."""
