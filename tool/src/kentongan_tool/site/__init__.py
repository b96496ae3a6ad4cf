"""The hub as a technician uses it: its API, the journal of work begun there, revocation."""
