"""Common base of the roles: opening and sending, the sequence, settings over the air, STATUS, reports."""
