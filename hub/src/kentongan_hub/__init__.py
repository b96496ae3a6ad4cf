"""Incidents, escalation and one clear screen for one RT or RW."""
