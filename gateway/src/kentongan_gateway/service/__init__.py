"""The running program: its loop, settings, checks, clock, logs and figures."""
