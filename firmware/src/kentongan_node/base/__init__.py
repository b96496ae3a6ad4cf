"""Foundations of every core: actions, what a box shows, numbers out of one draw."""
