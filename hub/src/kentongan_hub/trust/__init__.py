"""Who is trusted with what: settings over the air, revocation, key rotation, counters, status load."""
