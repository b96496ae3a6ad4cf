"""Foundations of the contract: errors, typed tuples, cryptography, the tables of numbers, kinds and codes."""
