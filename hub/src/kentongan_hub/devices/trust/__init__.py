"""Who is trusted with what on the air: settings, keys, counters, revocations."""
