"""Frames on their way: Meshtastic's packet, time on air, relaying, and the line to a radio."""
