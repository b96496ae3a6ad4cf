"""Pages of what people tell: a siren on purpose, announcements, roll-calls of houses."""
