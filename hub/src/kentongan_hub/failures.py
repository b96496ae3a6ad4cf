"""What this program itself failed at: kept, so that a person is told and not only the log."""

SHOWN_MS = 1_800_000  # a warning stays for so long after the last failure
WHAT, AT = "failure_what", "failure_ms"


def note(db, now, what):
    """`what` in words for people; inside a transaction that the failing part did not spoil."""
    db.set_setting(WHAT, what[:80])
    db.set_setting(AT, now.ms)


def recent(db, now):
    """What failed last, or '' when that is long ago."""
    return db.setting(WHAT) if now.ms - int(db.setting(AT, 0)) < SHOWN_MS else ""
