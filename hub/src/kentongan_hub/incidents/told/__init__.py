"""Messages of people without a button: reports, a siren on purpose, announcements, roll-calls."""
