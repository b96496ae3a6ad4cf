"""Stickers of the round: the QR of a house, or of the post, opens the page that notes who came by.

Its address ends in a code that only this hub makes, so that nobody ticks a house off by typing its number. A
picture of a sticker works from anywhere: it shows that somebody on duty has it, and the page says no more.
"""

import hashlib
import hmac
import secrets

from kentongan_hub.base.entries import numerals
from kentongan_hub.storage.store import Db

SECRET = "watch_stickers"  # setting
SIGNS = 10  # hex digits: a guess an hour for ten thousand years


def ready(db: Db) -> None:
    """Make the site's own secret, once."""
    if not db.setting(SECRET):
        db.set_setting(SECRET, secrets.token_hex(16))


def address(db: Db, zone: int, house: int) -> str:
    """Give the last part of the sticker's address, '5-12-0a1b2c3d4e'; house 0: the post."""
    place = f"{zone}-{house}"
    return f"{place}-{_sign(db, place)}"


def _sign(db: Db, place: str) -> str:
    return hmac.new(db.setting(SECRET).encode(), place.encode(), hashlib.sha256).hexdigest()[:SIGNS]


def read(db: Db, text: str) -> tuple[int, int] | None:
    """Read (RT, house) of such an address; None where this hub has not made it."""
    place, _dash, sign = text.rpartition("-")
    zone, _dash, house = place.partition("-")
    found = numerals.whole(zone, 1, 255), numerals.whole(house, 0, 0xFFFF)
    if not db.setting(SECRET) or found[0] is None or found[1] is None:
        return None
    right = hmac.compare_digest(_sign(db, place).encode(), sign.encode())
    return (found[0], found[1]) if right else None
