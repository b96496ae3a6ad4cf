"""What every part of the core stands on: actions, records, the air's ledger, bounded tables."""
