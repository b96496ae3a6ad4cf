"""Carrying out a policy: its steps, whom they reach, what they say, the answers."""
