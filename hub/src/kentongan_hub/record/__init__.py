"""What happened and what follows from it: chained rows, audit, timeline, outbox, rows nobody can read."""
