"""Generations of the site's keys: which are sent with, accepted, and handed out now."""

from typing import NamedTuple, TypedDict

from kentongan_hub.base.site import Secret
from kentongan_hub.storage.store import Db

SHARE, SWITCH, DROP, DONE = "membagikan", "beralih", "menutup", "selesai"


class Generations(NamedTuple):
    send: int  # what senders use
    lowest: int  # the oldest accepted
    next: int | None  # the generation being handed out


class Rotation(TypedDict):
    """A row of rotations."""

    generation: int
    phase: str
    why: str
    started_ms: int
    started_wall: int
    phase_ms: int
    done_wall: int | None


def running(db: Db) -> Rotation | None:
    """Return the rotation under way, or None."""
    sql = "SELECT * FROM rotations WHERE phase != ? ORDER BY generation DESC LIMIT 1"
    return db.one(sql, DONE, of=Rotation)


def finished_beyond(db: Db, generation: int) -> bool:
    """Tell whether every post refuses keys up to this generation."""
    return bool(db.value("SELECT 1 FROM rotations WHERE generation > ? AND phase = ?", generation, DONE))


def valid_now(db: Db, secret: Secret) -> Generations:
    """Return the generations that devices are to send with, accept and be given now."""
    row = db.one("SELECT * FROM rotations ORDER BY generation DESC LIMIT 1", of=Rotation)
    if row is None:
        return Generations(secret["generation"], secret["generation"], None)
    new = row["generation"]
    if row["phase"] == SHARE:
        return Generations(new - 1, new - 1, new)
    if row["phase"] == SWITCH:
        return Generations(new, new - 1, new)
    return Generations(new, new, None)
