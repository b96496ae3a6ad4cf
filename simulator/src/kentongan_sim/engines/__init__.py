"""Engines that run a node's code: CPython in this process, or one real MicroPython a node."""
