"""Attacks by thieves of every kind, and what must hold under each."""
