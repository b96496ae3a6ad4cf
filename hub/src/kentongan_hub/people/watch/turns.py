"""Turns of the watch as they were kept: who checked in, "aman" every hour, and what was missed.

A turn counts from the moment at which this hub saw it begin, in steady time, and only hours in which the hub
listened are missed hours. Nobody is blamed for a turn with a doubt: the wall clock was stepped or disagrees
with a gateway's, the hub was away, or it began without the hub.
"""

from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now, local_time
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account
from kentongan_hub.people.watch import roster
from kentongan_hub.record import audit, away
from kentongan_hub.storage.store import Db

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
LATE_MS = 30 * MINUTE_MS  # after it began, a post without anybody is missed
WELL_MS = 75 * MINUTE_MS  # "aman" every hour, and a quarter for the round
EARLY_MS = HOUR_MS  # who comes before it begins is there
SEEN_LATE_MS = 10 * MINUTE_MS  # a turn that the hub saw this late: who came first could tell nobody
STEP_MS = 2 * MINUTE_MS  # of the wall clock against steady time
CLOCK_OFF_MS = 2 * MINUTE_MS  # a gateway's clock against this one
AWAY_MS = 15 * MINUTE_MS
TOLD_MS = 12 * HOUR_MS  # what was missed at night is still there in the morning
KEEP_MS = 400 * DAY_MS
NOTE_LIMIT = 200
OFFSET = "watch_offset_ms"  # setting: wall minus steady time at the last look

PRESENT, WELL, HOUSE, HANDED = "hadir", "aman", "rumah", "serah"
WHATS = {
    PRESENT: codes.WATCH_PRESENT,
    WELL: codes.WATCH_WELL,
    HOUSE: codes.WATCH_HOUSE,
    HANDED: codes.WATCH_HANDED_OVER,
}
SHOWN: dict[str, Text] = {PRESENT: _("hadir"), WELL: _("aman"), HOUSE: _("lewat"), HANDED: _("serah terima")}
BY_PIN, BY_STICKER, BY_ACCOUNT, WRITTEN = "pos", "stiker", "akun", "catat"
WAYS: dict[str, Text] = {
    BY_PIN: _("PIN di pos"),
    BY_STICKER: _("stiker"),
    BY_ACCOUNT: _("akun sendiri"),
    WRITTEN: _("dicatat petugas"),
}
CLOCK, AWAY, SEEN_LATE = "clock", "away", "seen_late"
DOUBTS: dict[str, Text] = {
    CLOCK: _("jam tidak pasti"),
    AWAY: _("pusat data mati"),
    SEEN_LATE: _("baru diketahui sesudah mulai"),
}


class Turn(TypedDict):
    """A turn that has begun, with its squad."""

    id: int
    shift: int
    day: str
    begin_wall: int
    end_wall: int
    begun_ms: int
    closed_ms: int | None
    doubt: str
    name: str
    zone: int


class Mark(TypedDict):
    id: int
    turn: int | None
    account: int
    what: str
    zone: int
    house: int
    at_ms: int
    at_wall: int
    way: str
    screen: str
    note: str
    person: str


class Missed(TypedDict):
    """Facts of a warning: `what` is its code, `since` when the turn began or when the last word came."""

    what: str
    squad: str
    since: str


_TURN = (
    "SELECT t.*, q.name, q.zone FROM watch_turns t JOIN watch_shifts s ON s.id = t.shift "
    "JOIN watch_squads q ON q.id = s.squad "
)


def running(db: Db) -> list[Turn]:
    return db.all(f"{_TURN} WHERE t.closed_ms IS NULL ORDER BY t.begin_wall, t.id")


def _fresh(db: Db, now: Now) -> list[roster.Turn]:
    known = {
        (row["shift"], row["day"])
        for row in db.all("SELECT shift, day FROM watch_turns WHERE end_wall > ?", now.wall)
    }
    return [one for one in roster.turns(db, now.wall, now.wall + 1) if (one.shift, one.day) not in known]


def _over(now: Now, row: Turn) -> bool:
    longest_ms = row["end_wall"] - row["begin_wall"] + HOUR_MS
    return now.wall >= row["end_wall"] or now.ms - row["begun_ms"] >= longest_ms


def _stepped(db: Db, now: Now) -> bool:
    was = db.setting(OFFSET)
    return bool(was) and abs(now.wall - now.ms - db.number(OFFSET)) > STEP_MS


def clock_unsure(db: Db, now: Now) -> bool:
    """Tell whether the wall clock went back, or a gateway's clock says another time."""
    off = db.value("SELECT 1 FROM gateways WHERE abs(clock_off_ms) > ?", CLOCK_OFF_MS)
    return bool(off) or db.number("wall_ms") - now.wall > MINUTE_MS


def _doubt(db: Db, now: Now, row: Turn) -> str:
    if clock_unsure(db, now):
        return CLOCK
    for gone in away.of(db).rows:
        if gone["to_ms"] <= row["begun_ms"]:
            break
        if not gone["sure"]:
            return CLOCK
        if gone["to_ms"] - max(gone["from_ms"], row["begun_ms"]) >= AWAY_MS:
            return AWAY
    return ""


def due(db: Db, now: Now) -> bool:
    """Tell whether a turn begins, ends or comes into doubt now."""
    if not db.value("SELECT 1 FROM watch_shifts LIMIT 1"):
        return False
    open_ = running(db)
    return (
        not db.setting(OFFSET)
        or _stepped(db, now)
        or bool(_fresh(db, now))
        or any(_over(now, row) or (not row["doubt"] and _doubt(db, now, row)) for row in open_)
    )


def run_due(db: Db, now: Now) -> int:
    """Open turns that begin, close those that are over, note what puts them in doubt."""
    if _stepped(db, now):
        db.run("UPDATE watch_turns SET doubt = ? WHERE begun_ms > ?", CLOCK, now.ms - DAY_MS)
    db.set_setting(OFFSET, now.wall - now.ms)
    for one in _fresh(db, now):
        _open(db, now, one)
    count = 0
    for row in running(db):
        over, doubt = _over(now, row), row["doubt"] or _doubt(db, now, row)
        if over and now.wall < row["end_wall"]:
            doubt = doubt or CLOCK
        sql = "UPDATE watch_turns SET closed_ms = ?, doubt = ? WHERE id = ?"
        count += db.run(sql, now.ms if over else None, doubt, row["id"])
    return count + 1


def _open(db: Db, now: Now, turn: roster.Turn) -> None:
    late = now.wall - turn.begin_wall > SEEN_LATE_MS
    number = db.insert(
        "watch_turns",
        shift=turn.shift,
        day=turn.day,
        begin_wall=turn.begin_wall,
        end_wall=turn.end_wall,
        begun_ms=now.ms,
        doubt=CLOCK if clock_unsure(db, now) else SEEN_LATE if late else "",
    )
    for one in roster.duties(db, turn.shift, turn.day):
        db.insert(
            "watch_duties", turn=number, account=one.account, state=one.state, instead_of=one.instead_of
        )
        db.run(
            "UPDATE watch_marks SET turn = ? WHERE turn IS NULL AND account = ? AND at_ms > ?",
            *(number, one.account, now.ms - EARLY_MS),
        )


def turn_of(db: Db, now: Now, account: int) -> Turn | None:
    """Find the turn that this person keeps now: the own one, else one that runs in the own RT, else any."""
    rows = running(db)
    mine = {row["turn"] for row in db.all("SELECT turn FROM watch_duties WHERE account = ? AND state = ?",
                                          *(account, roster.DUE))}  # fmt: skip
    home = db.value("SELECT zone FROM accounts WHERE id = ?", account)
    rows.sort(key=lambda row: (row["id"] not in mine, row["zone"] != home, row["begin_wall"]))
    return rows[0] if rows else None


def mark(
    db: Db,
    now: Now,
    person: Account,
    what: str,
    way: str,
    *,
    place: tuple[int, int] = (0, 0),
    screen: str = "",
    note: str = "",
    by: Account | None = None,
    at: str = "",
) -> bool:
    """Note a sign of who keeps watch; False where the same was just noted.

    `by`: the officer who writes it down for somebody. `place`: RT and house, house 0: the post.
    """
    note = audit.clean(note).strip()
    if what not in WHATS or len(note) > NOTE_LIMIT:
        raise LocalError(_("pesan serah terima: paling panjang %(limit)s huruf", limit=NOTE_LIMIT))
    turn = turn_of(db, now, person["id"])
    there = turn is not None and is_there(db, turn["id"], person["id"])
    if what in (WELL, HANDED) and way == BY_ACCOUNT and not there:
        raise LocalError(
            _("Catat hadir dulu: di layar pos dengan PIN, atau dengan memindai stiker pos atau rumah.")
        )
    if what == PRESENT and way == BY_ACCOUNT:
        raise LocalError(
            _("Hadir dicatat di pos: di layarnya dengan PIN, atau dengan memindai stiker pos atau rumah.")
        )
    same = "SELECT 1 FROM watch_marks WHERE account = ? AND what = ? AND zone = ? AND house = ? AND at_ms > ?"
    if not note and db.value(same, person["id"], what, *place, now.ms - 5 * MINUTE_MS):
        return False
    db.insert(
        "watch_marks",
        turn=turn["id"] if turn else None,
        account=person["id"],
        what=what,
        zone=place[0],
        house=place[1],
        at_ms=now.ms,
        at_wall=now.wall,
        way=way,
        screen=screen,
        note=note,
    )
    said = [Said(codes.FROM_SCREEN, name=screen)] if screen else []
    if place[1]:
        said.append(Said(codes.HOUSE_OF_RT, zone=f"{place[0]:02d}", house=place[1]))
    if way == BY_STICKER:
        said.append(Said(codes.WITH_STICKER))
    who = by or person
    about = roster.label(turn["zone"], turn["name"]) if turn else ""
    if by is not None:
        about = f"{about} {person['name']}".strip()
    audit.record(db, now.wall, who["login"], WHATS[what], about, note, at, said=said or None)
    return True


def marks(db: Db, turn: int) -> list[Mark]:
    return db.all(
        "SELECT m.*, a.name AS person FROM watch_marks m JOIN accounts a ON a.id = m.account "
        "WHERE m.turn = ? ORDER BY m.at_ms, m.id",
        turn,
    )


def is_there(db: Db, turn: int, account: int) -> bool:
    """Tell whether this person has come to the turn and not handed it over."""
    sql = "SELECT what FROM watch_marks WHERE turn = ? AND account = ? ORDER BY at_ms DESC, id DESC LIMIT 1"
    return db.value(sql, turn, account) not in (None, HANDED)


def there(some: list[Mark]) -> list[str]:
    """List the names of those who came and did not hand over, in the order in which they came."""
    last = {one["person"]: one["what"] for one in some}
    return [person for person, what in last.items() if what != HANDED]


def missed(db: Db, now: Now) -> list[Missed]:
    """List what the watch has missed, of turns without a doubt, until the morning after."""
    gone, zone, out = away.of(db), db.setting("time_zone", "WIB"), []
    rows: list[Turn] = db.all(f"{_TURN} WHERE t.doubt = '' AND (t.closed_ms IS NULL OR t.closed_ms > ?) "
                              "ORDER BY t.id", now.ms - TOLD_MS)  # fmt: skip
    for row in rows:
        until_ms, some = row["closed_ms"] or now.ms, marks(db, row["id"])
        squad = roster.label(row["zone"], row["name"])
        if not some:
            if gone.listened_ms(row["begun_ms"], until_ms) >= min(
                LATE_MS, row["end_wall"] - row["begin_wall"]
            ):
                since = local_time(row["begin_wall"], zone)
                out.append(Missed(what=codes.WATCH_ABSENT, squad=squad, since=since))
        elif some[-1]["what"] != HANDED and gone.listened_ms(some[-1]["at_ms"], until_ms) >= WELL_MS:
            since = local_time(some[-1]["at_wall"], zone)
            out.append(Missed(what=codes.WATCH_SILENT, squad=squad, since=since))
    return out


def expire(db: Db, now: Now) -> int:
    """Forget turns and signs of more than a year ago."""
    before_ms = away.cutoff(db, now.ms, KEEP_MS)
    old = "SELECT id FROM watch_turns WHERE begun_ms < ?"
    db.run(f"DELETE FROM watch_marks WHERE at_ms < ? OR turn IN ({old})", before_ms, before_ms)
    db.run(f"DELETE FROM watch_duties WHERE turn IN ({old})", before_ms)
    db.run("DELETE FROM watch_changes WHERE asked_ms < ?", before_ms)
    return db.run("DELETE FROM watch_turns WHERE begun_ms < ?", before_ms)
