"""Incidents: how an alarm becomes one, and what people do to it."""
