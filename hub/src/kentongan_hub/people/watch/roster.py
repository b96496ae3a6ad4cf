"""The roster: squads (regu), their shifts by the site's own calendar, leave and exchanged turns.

A shift begins on a day of the wall's calendar and comes again every so many days. Nobody is put on it by
another's word: who stands in has agreed, or an officer has written it down with the own name on the record.
"""

from datetime import date, timedelta
from typing import NamedTuple, TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now, local_date_time, local_parts, wall_of
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Value
from kentongan_hub.people import accounts
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

MINUTE_MS, DAY_MS = 60_000, 86_400_000
EVERY = 1, 60  # days
LASTS = 30, 1_440  # minutes
SQUADS_LIMIT, MEMBERS_LIMIT, SHIFTS_LIMIT = 60, 60, 200
AHEAD_DAYS = 60  # leave and exchanges
LATER_DAYS = 7  # an officer may still write leave down
LEAVE, STAND_IN = "izin", "ganti"  # what a change is
DUE, EXCUSED, REPLACED = "due", "izin", "ganti"  # states of a duty
REASONS: dict[str, Text] = {
    "sakit": _("sakit"),
    "kerja": _("kerja"),
    "keluarga": _("urusan keluarga"),
    "pergi": _("di luar kota"),
    "lain": _("sebab lain"),
}


class Squad(TypedDict):
    id: int
    zone: int
    name: str
    ended_wall: int | None


class Shift(TypedDict):
    """A shift with the name and RT of its squad; begin and lasts in minutes."""

    id: int
    squad: int
    first_day: str
    every: int
    begin: int
    lasts: int
    name: str
    zone: int


class Turn(NamedTuple):
    """One turn of a shift, by the wall."""

    shift: int
    day: str
    begin_wall: int
    end_wall: int
    name: str
    zone: int


class Change(TypedDict):
    id: int
    shift: int
    day: str
    account: int
    what: str
    stand_in: int | None
    reason: str
    pair: int | None
    asked_wall: int
    asked_ms: int
    agreed_wall: int | None
    ended_wall: int | None


class Duty(NamedTuple):
    account: int
    state: str
    instead_of: int | None


def squads(db: Db) -> list[Squad]:
    return db.all("SELECT * FROM watch_squads WHERE ended_wall IS NULL ORDER BY zone, name, id")


def shifts(db: Db) -> list[Shift]:
    return db.all(
        "SELECT s.*, q.name, q.zone FROM watch_shifts s JOIN watch_squads q ON q.id = s.squad "
        "WHERE s.ended_wall IS NULL AND q.ended_wall IS NULL ORDER BY q.zone, s.first_day, s.begin, s.id"
    )


def members(db: Db, squad: int) -> list[int]:
    """List the squad's people who are still in service."""
    rows = db.all(
        "SELECT m.account FROM watch_members m JOIN accounts a ON a.id = m.account "
        "WHERE m.squad = ? AND a.active = 1 ORDER BY a.name, a.id",
        squad,
    )
    return [row["account"] for row in rows]


def able(db: Db) -> list[Account]:
    """List the accounts that can be on a roster: of people who may come."""
    rows: list[Account] = db.all("SELECT * FROM accounts WHERE active = 1 ORDER BY name, id")
    return [row for row in rows if roles.allows(row["role"], roles.COME)]


def set_squad(
    db: Db, now: Now, by: Account, number: int | None, zone: int, name: str, people: list[int], at: str = ""
) -> int:
    """Make a squad, or change name, RT and people of one; its number."""
    name = audit.clean(name).strip()
    if not 0 < len(name) <= accounts.NAME_LIMIT:
        raise LocalError(_("nama regu: 1 sampai %(limit)s huruf, misalnya Regu Melati",
                           limit=accounts.NAME_LIMIT))  # fmt: skip
    known = {one["id"] for one in able(db)}
    if not people or not set(people) <= known or len(people) > MEMBERS_LIMIT:
        raise LocalError(_("anggota: pilih 1 sampai %(limit)s orang dari daftar", limit=MEMBERS_LIMIT))
    if any(one["zone"] == zone and one["name"] == name and one["id"] != number for one in squads(db)):
        raise LocalError(_("regu: nama itu sudah ada di RT ini"))
    if number is None:
        if len(squads(db)) >= SQUADS_LIMIT:
            raise LocalError(_("sudah ada %(limit)s regu; bubarkan yang tidak dipakai", limit=SQUADS_LIMIT))
        number = db.insert("watch_squads", zone=zone, name=name)
    elif not db.run("UPDATE watch_squads SET zone = ?, name = ? WHERE id = ? AND ended_wall IS NULL",
                    *(zone, name, number)):  # fmt: skip
        raise LocalError(_("Regu itu tidak ada lagi. Muat ulang halaman."))
    db.run("DELETE FROM watch_members WHERE squad = ?", number)
    for account in sorted(set(people)):
        db.insert("watch_members", squad=number, account=account)
    said = Said(codes.WATCH_PEOPLE, count=len(set(people)))
    audit.record(db, now.wall, by["login"], codes.WATCH_SQUAD_SET, label(zone, name), said, at)
    return number


def end_squad(db: Db, now: Now, by: Account, number: int, at: str = "") -> None:
    """Disband it: its turns end with it, what it did stays in the attendance."""
    row = db.one("SELECT * FROM watch_squads WHERE id = ? AND ended_wall IS NULL", number, of=Squad)
    if row is None:
        raise LocalError(_("Regu itu tidak ada lagi. Muat ulang halaman."))
    db.run("UPDATE watch_squads SET ended_wall = ? WHERE id = ?", now.wall, number)
    audit.record(db, now.wall, by["login"], codes.WATCH_SQUAD_ENDED, label(row["zone"], row["name"]), "", at)


def add_shift(
    db: Db, now: Now, by: Account, squad: int, first_day: str, begin: str, end: str, every: int, at: str = ""
) -> None:
    """Add a shift that begins on `first_day` at `begin` ('22.00') and comes every so many days."""
    row = db.one("SELECT * FROM watch_squads WHERE id = ? AND ended_wall IS NULL", squad, of=Squad)
    if row is None:
        raise LocalError(_("giliran: pilih regu dari daftar"))
    zone = db.setting("time_zone", "WIB")
    first, last = wall_of(first_day, begin, zone), wall_of(first_day, end, zone)
    if first is None or last is None:
        raise LocalError(
            _("giliran: tulis hari pertama, jam mulai dan jam selesai, misalnya 22.00 dan 03.30")
        )
    if abs(first - now.wall) > 400 * DAY_MS:
        raise LocalError(_("hari pertama: paling jauh setahun dari hari ini"))
    lasts = (last - first) // MINUTE_MS % 1_440 or 1_440
    if not LASTS[0] <= lasts or not EVERY[0] <= every <= EVERY[1]:
        raise LocalError(_("giliran: paling singkat %(least)s menit, tiap %(low)s sampai %(high)s hari",
                           least=LASTS[0], low=EVERY[0], high=EVERY[1]))  # fmt: skip
    if len(shifts(db)) >= SHIFTS_LIMIT:
        raise LocalError(_("sudah ada %(limit)s giliran; hapus yang tidak dipakai", limit=SHIFTS_LIMIT))
    minute = (first - (wall_of(first_day, "00.00", zone) or 0)) // MINUTE_MS
    db.insert("watch_shifts", squad=squad, first_day=first_day, every=every, begin=minute, lasts=lasts)
    said = Said(codes.WATCH_SHIFT, day=first_day, begin=clock_words(minute), end=clock_words(minute + lasts),
                every=every)  # fmt: skip
    audit.record(
        db, now.wall, by["login"], codes.WATCH_SHIFT_ADDED, label(row["zone"], row["name"]), said, at
    )


def end_shift(db: Db, now: Now, by: Account, number: int, at: str = "") -> None:
    found = [one for one in shifts(db) if one["id"] == number]
    if not found:
        raise LocalError(_("Giliran itu tidak ada lagi. Muat ulang halaman."))
    db.run("UPDATE watch_shifts SET ended_wall = ? WHERE id = ?", now.wall, number)
    about = label(found[0]["zone"], found[0]["name"])
    audit.record(db, now.wall, by["login"], codes.WATCH_SHIFT_ENDED, about, "", at)


def clock_words(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}.{minutes % 60:02d}"


def label(zone: int, name: str) -> str:
    return f"RT {zone:02d} {name}"


def turns(db: Db, begin_wall: int, end_wall: int) -> list[Turn]:
    """List the turns that fall into this stretch, also in part, by when they begin."""
    zone, out = db.setting("time_zone", "WIB"), []
    for one in shifts(db):
        first = _date(one["first_day"])
        lasts_ms = one["lasts"] * MINUTE_MS
        day = local_parts(begin_wall - lasts_ms, zone).date()
        last = local_parts(end_wall, zone).date()
        if first is None or one["every"] < 1 or (last - day).days > 400:
            continue
        ahead = (first - day).days if first > day else -((day - first).days % -one["every"])
        day += timedelta(days=ahead)
        while day <= last:
            begins = (wall_of(f"{day:%Y-%m-%d}", "00.00", zone) or 0) + one["begin"] * MINUTE_MS
            if begins < end_wall and begins + lasts_ms > begin_wall:
                out.append(Turn(one["id"], f"{day:%Y-%m-%d}", begins, begins + lasts_ms, one["name"],
                                one["zone"]))  # fmt: skip
            day += timedelta(days=one["every"])
    return sorted(out, key=lambda turn: (turn.begin_wall, turn.zone, turn.shift))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        return None


def find(db: Db, shift: int, day: str) -> Turn:
    """Find one turn by its shift and day; LocalError where there is none."""
    zone = db.setting("time_zone", "WIB")
    begin = wall_of(day, "00.00", zone)
    if begin is not None:
        for one in turns(db, begin, begin + 2 * DAY_MS):
            if (one.shift, one.day) == (shift, day):
                return one
    raise LocalError(_("Giliran itu tidak ada lagi. Muat ulang halaman."))


def changes(db: Db, shift: int, day: str) -> list[Change]:
    return db.all(
        "SELECT * FROM watch_changes WHERE shift = ? AND day = ? AND ended_wall IS NULL ORDER BY id",
        shift,
        day,
    )


def duties(db: Db, shift: int, day: str) -> list[Duty]:
    """List who is to come, who has leave, and who stands in for whom."""
    squad = db.value("SELECT squad FROM watch_shifts WHERE id = ?", shift)
    found = {account: Duty(account, DUE, None) for account in members(db, squad)}
    for one in changes(db, shift, day):
        if one["account"] not in found:
            continue
        if one["what"] == LEAVE:
            found[one["account"]] = Duty(one["account"], EXCUSED, None)
        elif one["agreed_wall"] is not None and one["stand_in"] is not None:
            found[one["account"]] = Duty(one["account"], REPLACED, None)
            found[one["stand_in"]] = Duty(one["stand_in"], DUE, one["account"])
    return list(found.values())


def when(db: Db, turn: Turn) -> str:
    """Say '01/12/2026 22.00 WIB' of its begin."""
    return local_date_time(turn.begin_wall, db.setting("time_zone", "WIB"))


def may_change(db: Db, now: Now, by: Account, turn: Turn, account: int) -> None:
    """Raise LocalError unless `by` may change this person's turn now."""
    officer = roles.allows(by["role"], roles.REGISTER)
    if by["id"] != account and not officer:
        raise LocalError(_("Giliran orang lain diubah oleh orangnya sendiri, ketua RT atau wakil."))
    latest = turn.end_wall + LATER_DAYS * DAY_MS if officer else turn.begin_wall
    if now.wall >= latest:
        raise LocalError(_("Giliran itu sudah dimulai: minta ketua RT atau wakil mencatatnya."))
    if turn.begin_wall > now.wall + AHEAD_DAYS * DAY_MS:
        raise LocalError(_("paling jauh %(days)s hari lagi", days=AHEAD_DAYS))
    if Duty(account, DUE, None) not in duties(db, turn.shift, turn.day):
        raise LocalError(_("Orang itu tidak sedang bertugas di giliran ini. Muat ulang halaman."))


def excuse(
    db: Db, now: Now, by: Account, shift: int, day: str, account: int, reason: str, at: str = ""
) -> None:
    """Give leave of one turn: oneself before it begins, an officer also afterwards."""
    turn = find(db, shift, day)
    may_change(db, now, by, turn, account)
    if reason not in REASONS:
        raise LocalError(_("izin: pilih sebabnya dari daftar"))
    _drop_asked(db, now, shift, day, account)
    db.insert("watch_changes", shift=shift, day=day, account=account, what=LEAVE, reason=reason,
              asked_wall=now.wall, asked_ms=now.ms, agreed_wall=now.wall)  # fmt: skip
    db.run(
        "UPDATE watch_duties SET state = ? WHERE account = ? AND turn IN "
        "(SELECT id FROM watch_turns WHERE shift = ? AND day = ?)",
        *(EXCUSED, account, shift, day),
    )
    _record(db, now, by, codes.WATCH_EXCUSED, turn, account, at)


def _drop_asked(db: Db, now: Now, shift: int, day: str, account: int) -> None:
    """End what this person asked for this turn and nobody has agreed to."""
    rows = db.all(
        "SELECT id FROM watch_changes WHERE shift = ? AND day = ? AND account = ? AND agreed_wall IS NULL "
        "AND ended_wall IS NULL",
        *(shift, day, account),
    )
    for row in rows:
        db.run(
            "UPDATE watch_changes SET ended_wall = ? WHERE id = ? OR pair = ?", now.wall, row["id"], row["id"]
        )


def ask(
    db: Db,
    now: Now,
    by: Account,
    shift: int,
    day: str,
    account: int,
    stand_in: int,
    back: tuple[int, str] | None = None,
    at: str = "",
) -> None:
    """Ask `stand_in` for this turn, in exchange for the turn `back` of theirs, if any."""
    turn = find(db, shift, day)
    may_change(db, now, by, turn, account)
    if now.wall >= turn.begin_wall:
        raise LocalError(
            _("Giliran itu sudah dimulai: yang menggantikan cukup hadir dengan PIN-nya sendiri.")
        )
    if stand_in == account or stand_in not in {one["id"] for one in able(db)}:
        raise LocalError(_("ganti: pilih orang lain dari daftar"))
    if stand_in in {one.account for one in duties(db, shift, day)}:
        raise LocalError(_("ganti: orang itu sudah bertugas atau izin di giliran ini"))
    _drop_asked(db, now, shift, day, account)
    row: dict[str, Value] = {"what": STAND_IN, "asked_wall": now.wall, "asked_ms": now.ms}
    number = db.insert("watch_changes", shift=shift, day=day, account=account, stand_in=stand_in, **row)
    if back is not None:
        theirs = find(db, *back)
        mine = {one.account for one in duties(db, *back)}
        if (
            Duty(stand_in, DUE, None) not in duties(db, *back)
            or account in mine
            or theirs.begin_wall <= now.wall
        ):
            raise LocalError(_("tukar: orang itu tidak bertugas di giliran yang dipilih"))
        theirs_row: dict[str, Value] = {
            "shift": back[0],
            "day": back[1],
            "account": stand_in,
            "stand_in": account,
        }
        db.insert("watch_changes", **theirs_row, pair=number, **row)
    _record(db, now, by, codes.WATCH_SWAP_ASKED, turn, account, at, stand_in)
    if roles.allows(by["role"], roles.REGISTER) and by["id"] != account:
        _agree(db, now, number)
        _record(db, now, by, codes.WATCH_SWAP_AGREED, turn, account, at, stand_in)


def asked_of(db: Db, now: Now, account: int) -> list[Change]:
    """List what waits for this person's word, and has not begun."""
    rows: list[Change] = db.all(
        "SELECT * FROM watch_changes WHERE stand_in = ? AND agreed_wall IS NULL AND ended_wall IS NULL "
        "AND pair IS NULL ORDER BY day, id",
        account,
    )
    begins = {
        (turn.shift, turn.day): turn.begin_wall
        for turn in turns(db, now.wall, now.wall + AHEAD_DAYS * DAY_MS)
    }
    return [row for row in rows if begins.get((row["shift"], row["day"]), 0) > now.wall]


def answer(db: Db, now: Now, by: Account, number: int, agreed: bool, at: str = "") -> None:
    """Take the word of who was asked."""
    row = db.one("SELECT * FROM watch_changes WHERE id = ?", number, of=Change)
    if row is None or row["id"] not in {one["id"] for one in asked_of(db, now, by["id"])}:
        raise LocalError(_("Permintaan itu tidak ada lagi. Muat ulang halaman."))
    turn = find(db, row["shift"], row["day"])
    if agreed:
        _agree(db, now, number)
    else:
        db.run("UPDATE watch_changes SET ended_wall = ? WHERE id = ? OR pair = ?", now.wall, number, number)
    what = codes.WATCH_SWAP_AGREED if agreed else codes.WATCH_SWAP_REFUSED
    _record(db, now, by, what, turn, row["account"], at, by["id"])


def _agree(db: Db, now: Now, number: int) -> None:
    db.run("UPDATE watch_changes SET agreed_wall = ? WHERE id = ? OR pair = ?", now.wall, number, number)


def name_of(db: Db, account: int | None) -> str:
    return db.value("SELECT name FROM accounts WHERE id = ?", account) or ""


def _record(
    db: Db, now: Now, by: Account, what: str, turn: Turn, account: int, at: str, stand_in: int | None = None
) -> None:
    about = {"squad": label(turn.zone, turn.name), "when": when(db, turn)}
    said: list[Said] = [Said(codes.WATCH_TURN, **about)]
    if stand_in is not None:
        said.append(Said(codes.WATCH_BY, name=name_of(db, stand_in)))
    audit.record(db, now.wall, by["login"], what, name_of(db, account), said, at)
