"""Trust on the air: settings, keys, counters, revocations."""
