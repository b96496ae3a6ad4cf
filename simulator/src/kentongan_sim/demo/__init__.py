"""The village that people see: its page, its parts, and the real gateway and hub beside it."""
