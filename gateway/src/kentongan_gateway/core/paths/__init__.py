"""Paths through the core: frames, alarms, reports, statuses, what is overheard, orders, a former run."""
