"""Thieves in the village: attacks as data, walked against the real cores, gateway and hub."""
