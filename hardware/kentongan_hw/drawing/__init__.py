"""Drawings: the schematic of a circuit, and the wiring of a box."""
