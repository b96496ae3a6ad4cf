"""Records of events and of the work that follows: chained rows, audit, timeline, outbox, unreadable rows."""
