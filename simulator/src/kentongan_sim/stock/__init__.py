"""Unmodified Meshtastic nodes: how they relay, answer their host, and fare in our place."""
