"""Fault campaigns: faults by the thousand against the real parts, and what must hold whatever happens."""
