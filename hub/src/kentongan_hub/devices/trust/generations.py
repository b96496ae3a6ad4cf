"""Generations of the site's keys: which are sent with, accepted, and handed out now."""

from collections import namedtuple

SHARE, SWITCH, DROP, DONE = "membagikan", "beralih", "menutup", "selesai"

# send: what senders use; lowest: the oldest accepted; next: the generation being handed out, or None
Generations = namedtuple("Generations", "send lowest next")


def running(db):
    """Return the rotation under way, or None."""
    return db.one("SELECT * FROM rotations WHERE phase != ? ORDER BY generation DESC LIMIT 1", DONE)


def finished_beyond(db, generation):
    """Tell whether every post refuses keys up to this generation."""
    return bool(db.value("SELECT 1 FROM rotations WHERE generation > ? AND phase = ?", generation, DONE))


def valid_now(db, secret):
    """Return the generations that devices are to send with, accept and be given now."""
    row = db.one("SELECT * FROM rotations ORDER BY generation DESC LIMIT 1")
    if row is None:
        return Generations(secret["generation"], secret["generation"], None)
    new = row["generation"]
    if row["phase"] == SHARE:
        return Generations(new - 1, new - 1, new)
    if row["phase"] == SWITCH:
        return Generations(new, new - 1, new)
    return Generations(new, new, None)
