"""Paths through the core: a frame, an alarm, a report, a status, what is overheard, a former run's alarm."""
