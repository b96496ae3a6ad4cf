"""What this program itself failed at: kept, so that a person is told and not only the log."""

SHOWN_MS = 1_800_000  # a warning stays for so long after the last failure
WHAT, WALL = "failure_what", "failure_wall"


def note(db, now, what):
    """`what` in words for people; inside a transaction that the failing part did not spoil."""
    db.set_setting(WHAT, what[:80])
    db.set_setting(WALL, now.wall)


def recent(db, now):
    """What failed last, or '' when that is long ago."""
    wall = int(db.setting(WALL, 0))
    return db.setting(WHAT) if 0 <= now.wall - wall < SHOWN_MS else ""
