"""Foundations of the core: actions, records, the air's ledger, bounded tables."""
