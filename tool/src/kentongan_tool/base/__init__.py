"""Foundations of every command: failures and remedies, progress, lists, questions, the saved profile."""
