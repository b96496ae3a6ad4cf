"""Hours in which news that can wait does wait; alarms never ask."""

from kentongan_hub.base.clock import Now, local_minutes
from kentongan_hub.base.tables import Database

QUIET = {"quiet_from": "22.00", "quiet_to": "05.00"}  # default quiet hours of news that can wait


def quiet_left_ms(db: Database, now: Now) -> int:
    """Compute how long news that can wait has to wait for the end of the quiet hours, in ms."""
    start, end = (_minutes(db.setting(key, default)) for key, default in QUIET.items())
    at = local_minutes(now.wall, db.setting("time_zone", "WIB"))
    inside = start <= at < end if start <= end else at >= start or at < end
    return (end - at) % 1440 * 60_000 if inside else 0


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(".")
    return int(hours) * 60 + int(minutes)
