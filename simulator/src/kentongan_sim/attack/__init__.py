"""Thieves in the village: attacks as data, walked in simulated air against the real cores, gateway and hub."""
