"""Say codes in words: of the timeline, the record, warnings and troubles."""
