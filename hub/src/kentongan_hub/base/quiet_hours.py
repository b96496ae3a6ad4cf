"""Hours in which news that can wait does wait; alarms never ask."""

from kentongan_hub.base.clock import local_minutes

QUIET = {"quiet_from": "22.00", "quiet_to": "05.00"}  # default quiet hours of news that can wait


def quiet_left_ms(db, now):
    """How long news that can wait has to wait for the end of the quiet hours; alarms never ask this."""
    start, end = (_minutes(db.setting(key, default)) for key, default in QUIET.items())
    at = local_minutes(now.wall, db.setting("time_zone", "WIB"))
    inside = start <= at < end if start <= end else at >= start or at < end
    return (end - at) % 1440 * 60_000 if inside else 0


def _minutes(text):
    hours, _, minutes = text.partition(".")
    return int(hours) * 60 + int(minutes)
