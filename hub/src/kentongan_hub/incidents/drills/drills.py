"""Latihan: planned, announced, opened for some minutes on posts and gateways, ended; no Flask.

Inside the window the first public alarm of each button is a drill and calls nobody. Posts and gateways count
the window down by themselves. A gateway keeps one window, so one drill runs at a time; every gateway is told
of the same RT, for any of them may be the first to hear a button. Which post knows of begin and end:
posts.py. Results: drill_results.py.
"""

import calendar
import json

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import clock, codes, quiet_hours, states
from kentongan_hub.base.clock import Now, local_date_time, local_parts, local_time, wall_of
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import HUB, Actor, Said
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.devices import supervision
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.calling import recipients
from kentongan_hub.incidents.drills import posts
from kentongan_hub.incidents.tables import Doer, Drill, somebody
from kentongan_hub.policies import policy as p
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db

MINUTES = (10, 20, 30, 60)  # wire/README.md: at most 60
MINUTE_MS, DAY_MS = supervision.MINUTE_MS, supervision.DAY_MS
AHEAD_MS = 370 * DAY_MS  # a plan further away is a slip of the pen
PLANNED_LIMIT = 200
OWN_LIMIT = 20  # planned by one person: nobody shuts the door for another's
FOLLOWED_MS = 62 * DAY_MS  # a monthly drill is repeated by itself when its last one is not longer ago
MONTHLY_DAY, MONTHLY_TIME = 26, "10.00"  # domain.md 9: the monthly sound test
WHAT_LIMIT, NOTE_LIMIT, REASON_LIMIT = 80, 280, 200  # characters
PEOPLE_MAX = 9_999
NEWS_EXPIRES_MS = DAY_MS
LATE_MS = MINUTE_MS  # an alarm of the window's last second may be told this much later
TOLD = (p.ALL, f"{p.DUTY}:ronda", f"{p.DUTY}:ketua_rt")

PLANNED, RUNNING, DONE = _("direncanakan"), _("berlangsung"), _("selesai")
MISSED, CANCELLED = _("terlewat"), _("dibatalkan")
_WAITS = "opened_ms IS NULL AND cancelled_wall IS NULL"


def state(row: Drill, now: Now) -> Text:
    """Name a drill's state for people; its times decide it."""
    if row["cancelled_wall"] is not None:
        return CANCELLED
    if row["opened_ms"] is not None:
        return RUNNING if now.ms < (row["ends_ms"] or 0) else DONE
    return MISSED if now.wall > row["planned_wall"] + supervision.DRILL_MISSED_MS else PLANNED


def find(db: Db, number: int) -> Drill:
    row: Drill | None = db.one("SELECT * FROM drills WHERE id = ?", number)
    if row is None:
        raise LocalError(_("Latihan itu tidak ada. Muat ulang halaman."))
    return row


def running(db: Db, now: Now) -> Drill | None:
    """Find the drill whose window is open, or None."""
    found: Drill | None = db.one(
        "SELECT * FROM drills WHERE ends_ms > ? ORDER BY ends_ms DESC LIMIT 1", now.ms
    )
    return found


def waiting(db: Db) -> list[Drill]:
    """List planned and missed drills, soonest first."""
    return db.all(f"SELECT * FROM drills WHERE {_WAITS} ORDER BY planned_wall LIMIT ?", PLANNED_LIMIT)


def next_monthly(now_wall: int, zone: str) -> tuple[str, str]:
    """Give ('2026-12-26', '10.00') of the next monthly sound test that can be announced a day ahead."""
    at = local_parts(now_wall + DAY_MS, zone)
    year, month = (at.year, at.month) if at.day <= MONTHLY_DAY else _next_month(at.year, at.month)
    return f"{year:04d}-{month:02d}-{MONTHLY_DAY:02d}", MONTHLY_TIME


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year, month + 1) if month < 12 else (year + 1, 1)


def area(zone: int) -> str:
    return f"RT {zone:02d}" if zone else _("semua RT")


def _checked(minutes: int, zone: int, what: str) -> str:
    if minutes not in MINUTES:
        raise LocalError(_("Pilih lama latihan."))
    if not 0 <= zone <= 255:
        raise LocalError(_("RT: tulis angka 1 sampai 255, atau 0 untuk semua RT"))
    what = audit.clean(what).strip()
    if len(what) > WHAT_LIMIT:
        raise LocalError(_("yang dilatih: paling panjang %(limit)s huruf", limit=WHAT_LIMIT))
    return what


def _by_day(db: Db, wall: int) -> None:
    """Refuse a drill in the quiet hours: nobody is startled out of sleep for it (domain.md 3)."""
    if quiet_hours.quiet_left_ms(db, clock.Now(0, wall)):
        raise LocalError(_("Latihan tidak dalam jam tenang. Pilih waktu lain, atau ubah jamnya di "
                           "Pengaturan."))  # fmt: skip


def plan(
    db: Db,
    now: Now,
    by: Account,
    day: str,
    time: str,
    minutes: int,
    zone: int,
    what: str = "",
    monthly: bool = False,
    at: str = "",
) -> int:
    """Plan a drill; its id. `day` and `time` as a form gives them, on the site's own clock."""
    what = _checked(minutes, zone, what)
    wall = wall_of(day, time, db.setting("time_zone", "WIB"))
    if wall is None:
        raise LocalError(_("waktu: pilih tanggal, dan jam seperti 10.00"))
    if not now.wall < wall <= now.wall + AHEAD_MS:
        raise LocalError(_("waktu: pilih waktu yang akan datang, paling jauh setahun"))
    _by_day(db, wall)
    planned = waiting(db)
    if sum(row["planned_by"] == by["name"] for row in planned) >= OWN_LIMIT or len(planned) >= PLANNED_LIMIT:
        raise LocalError(_("Sudah terlalu banyak latihan direncanakan. Batalkan beberapa dulu."))
    number = db.insert(
        "drills",
        zone=zone,
        planned_wall=wall,
        minutes=minutes,
        what=what,
        monthly=int(monthly),
        planned_by=by["name"],
    )
    _record(db, now, by, codes.DRILL_PLANNED, find(db, number), at=at)
    return number


def _record(
    db: Db,
    now: Now,
    by: Doer,
    what: str,
    row: Drill,
    detail: str | Said = "",
    at: str = "",
    told: int | None = None,
) -> None:
    when = local_date_time(row["planned_wall"], db.setting("time_zone", "WIB"))
    where = f"RT {row['zone']:02d}" if row["zone"] else Said(codes.ALL_RT)
    said = Said(codes.DRILL_AT, when=when, minutes=row["minutes"], area=where)
    if told is not None:
        said = Said(codes.DRILL_TOLD, drill=said, told=told)
    audit.record(db, now.wall, by["login"], what, Said(codes.DRILL, number=row["id"]), detail, at, said)


def cancel(
    db: Db, now: Now, by: Account, number: int, reason: str, series: bool = False, at: str = ""
) -> None:
    """Call it off with a reason, and tell those who were told of it. `series`: the later ones too."""
    row = find(db, number)
    reason = audit.clean(reason).strip()[:REASON_LIMIT]
    if state(row, now) not in (PLANNED, MISSED):
        raise LocalError(_("Latihan ini sudah dimulai atau dibatalkan."))
    if not reason:
        raise LocalError(_("Alasan belum diisi. Pilih atau tulis satu alasan singkat."))
    db.run(
        "UPDATE drills SET cancelled_wall = ?, cancelled_by = ?, reason = ? WHERE id = ?",
        *(now.wall, by["name"], reason, number),
    )
    if series:
        db.run("UPDATE drills SET monthly = 0 WHERE id = ?", number)
    if row["told_wall"] is not None:  # also when its time seems over: a wrong clock must not keep it up
        when = local_date_time(row["planned_wall"], db.setting("time_zone", "WIB"))
        _tell(db, now, row["zone"], f"Kentongan: latihan {when} dibatalkan. Alarm tetap sungguhan.")
    _record(db, now, by, codes.DRILL_CALLED_OFF, row, reason, at)


def announce(db: Db, now: Now, by: Doer, number: int, at: str = "") -> int:
    """Tell everybody with a number in these RTs; the number of messages."""
    row = find(db, number)
    if state(row, now) != PLANNED:
        raise LocalError(_("Hanya latihan yang akan datang bisa diumumkan."))
    told = _tell(db, now, row["zone"], words_of(db, row), quiet_hours.quiet_left_ms(db, now))
    db.run("UPDATE drills SET told_wall = ?, told = ? WHERE id = ?", now.wall, told, number)
    _record(db, now, by, codes.DRILL_ANNOUNCED, row, at=at, told=told)
    return told


def words_of(db: Db, row: Drill) -> str:
    """Compose the announcement: a drill, its time, what to do, and that a second press is in earnest."""
    when = local_date_time(row["planned_wall"], db.setting("time_zone", "WIB"))
    what = f" {row['what']}." if row["what"] else ""
    return (
        f"Kentongan: INI LATIHAN, {when}, {row['minutes']} menit, {area(row['zone'])}.{what} "
        "Tekan tombol 1 kali: 2 nada panjang, lalu kode. Tekanan kedua dianggap sungguhan."
    )


def _tell(db: Db, now: Now, zone: int, text: str, delay_ms: int = 0) -> int:
    zones = [zone] if zone else [row["zone"] for row in db.all("SELECT DISTINCT zone FROM people")]
    told = set()
    for one in zones:
        for to in recipients.resolve(db, now, recipients.everyone(one), TOLD):
            if (to["channel"], to["address"]) not in told:
                told.add((to["channel"], to["address"]))
                body = json.dumps({"to": to["address"], "name": to["name"], "text": text}, ensure_ascii=False)
                outbox.add(db, now.ms, to["channel"], outbox.NEWS, body, NEWS_EXPIRES_MS, None, delay_ms)
    return len(told)


def start(
    db: Db,
    now: Now,
    by: Account,
    minutes: int,
    zone: int,
    number: int | None = None,
    what: str = "",
    tell: bool = False,
    at: str = "",
) -> int:
    """Open the window now, of a planned drill or of a new one; its id."""
    open_now = running(db, now)
    if open_now:
        raise LocalError(_("Latihan %(zone)s masih terbuka. Akhiri dulu, lalu mulai lagi.",
                           zone=area(open_now["zone"])))  # fmt: skip
    _by_day(db, now.wall)
    if number is None:
        what = _checked(minutes, zone, what)
        number = db.insert(
            "drills",
            zone=zone,
            planned_wall=now.wall,
            minutes=minutes,
            what=what,
            monthly=0,
            planned_by=by["name"],
        )
    row = find(db, number)
    if state(row, now) not in (PLANNED, MISSED):
        raise LocalError(_("Latihan ini sudah dimulai atau dibatalkan."))
    length_ms = row["minutes"] * MINUTE_MS
    db.run(
        "UPDATE drills SET opened_ms = ?, opened_wall = ?, opened_by = ?, ends_ms = ?, ends_wall = ? "
        "WHERE id = ?",
        *(now.ms, now.wall, by["name"], now.ms + length_ms, now.wall + length_ms, number),
    )
    posts.told(db, now, row, row["minutes"])
    if tell:
        until = local_time(now.wall + length_ms, db.setting("time_zone", "WIB"))
        text = f"Kentongan: INI LATIHAN, mulai sekarang sampai {until}, {area(row['zone'])}."
        told = _tell(db, now, row["zone"], f"{text} Tekan tombol 1 kali; tekanan kedua dianggap sungguhan.")
        db.run("UPDATE drills SET told_wall = ?, told = told + ? WHERE id = ?", now.wall, told, number)
    _record(db, now, by, codes.DRILL_OPENED, row, at=at)
    return number


def end(db: Db, now: Now, by: Doer, number: int, at: str = "") -> None:
    """Close the window before its time."""
    row = find(db, number)
    if state(row, now) != RUNNING:
        raise LocalError(_("Latihan ini tidak sedang berlangsung."))
    db.run("UPDATE drills SET ends_ms = ?, ends_wall = ? WHERE id = ?", now.ms, now.wall, number)
    posts.told(db, now, row, 0)
    _record(db, now, by, codes.DRILL_CLOSED, row, at=at)
    _close_alarms(db, now, find(db, number), by["name"])


def cut_off(db: Db, now: Now, from_ms: int) -> None:
    """End everywhere what ran out while the hub was away, by a time that a clock only guesses.

    Posts count the minutes by themselves, and would beat in drill for up to an hour of which no page says so.
    """
    over = "opened_ms + minutes * ? > ? AND opened_ms + minutes * ? <= ?"
    ran_out: list[Drill] = db.all(f"SELECT * FROM drills WHERE {over}", MINUTE_MS, from_ms, MINUTE_MS, now.ms)
    for row in ran_out:
        ends_ms = min(row["ends_ms"] or 0, max(from_ms, row["opened_ms"] or 0))
        db.run("UPDATE drills SET ends_ms = ? WHERE id = ?", ends_ms, row["id"])
        posts.told(db, now, row, 0)
        _record(db, now, somebody(HUB), codes.DRILL_CLOSED, row)


def alarms(db: Db, row: Drill) -> list[Incident]:
    """List the drill alarms (incidents) of a drill that has begun, by the time of their press."""
    return db.all(
        "SELECT * FROM incidents INDEXED BY incidents_drills WHERE drill = 1 AND confidential = 0 "
        "AND opened_ms >= ? AND opened_ms < ? AND (? = 0 OR zone = ?) ORDER BY opened_ms",
        *window(row),
    )


def pressed(db: Db, row: Drill) -> set[int]:
    """Give the buttons that took part: also one whose second press in the window was taken as real."""
    rows = db.all(
        "SELECT DISTINCT a.device FROM alarms a JOIN incidents i ON i.id = a.incident WHERE a.drill = 1 "
        "AND i.confidential = 0 AND i.opened_ms >= ? AND i.opened_ms < ? AND (? = 0 OR i.zone = ?)",
        *window(row),
    )
    return {one["device"] for one in rows} | {one["device"] for one in alarms(db, row)}


def window(row: Drill) -> tuple[int, int, int, int]:
    """Give (from, to) in steady ms, and twice the RT, for a query."""
    return row["opened_ms"] or 0, (row["ends_ms"] or 0) + LATE_MS, row["zone"], row["zone"]


def _close_alarms(db: Db, now: Now, row: Drill, who: str | Actor) -> None:
    """Take its alarms off the board with it; one that a second press made real stays until people end it."""
    for one in alarms(db, row):
        if one["closed_ms"] is None and not one["merged_into"]:
            actions.act(db, now, one, states.TUTUP, somebody(who), "", Said(codes.DRILL_IS_OVER))
    db.run("UPDATE drills SET closed_wall = ? WHERE id = ?", now.wall, row["id"])


def note(db: Db, now: Now, by: Account, number: int, people: int | None, text: str, at: str = "") -> None:
    """Add a person's result, of a drill that has begun: number of people, and a sentence."""
    row = find(db, number)
    if row["opened_ms"] is None:
        raise LocalError(_("Latihan ini belum dimulai."))
    text = audit.clean(text).strip()
    if people is not None and not 0 <= people <= PEOPLE_MAX:
        raise LocalError(_("hadir: tulis angka 0 sampai %(people_max)s", people_max=PEOPLE_MAX))
    if len(text) > NOTE_LIMIT:
        raise LocalError(_("catatan: paling panjang %(limit)s huruf", limit=NOTE_LIMIT))
    db.run("UPDATE drills SET people = ?, note = ? WHERE id = ?", people, text, number)
    _record(db, now, by, codes.DRILL_NOTED, row, text, at)


def due(db: Db, now: Now) -> bool:
    """Look for work of run_due; reads the few rows that wait."""
    return bool(_unannounced(db, now) or _followed(db, now) or _run_out(db, now) or posts.due(db, now))


def run_due(db: Db, now: Now) -> bool:
    """Announce what comes within a day; plan the next month's of what is repeated; end what ran out."""
    for row in _unannounced(db, now):
        announce(db, now, somebody(HUB), row["id"])
    for row in _followed(db, now):
        _plan_next(db, row)
    for row in _run_out(db, now):
        _close_alarms(db, now, row, HUB)
    posts.reroute(db, now)
    return True


def _run_out(db: Db, now: Now) -> list[Drill]:
    return db.all("SELECT * FROM drills WHERE closed_wall IS NULL AND ends_ms <= ?", now.ms - LATE_MS)


def _unannounced(db: Db, now: Now) -> list[Drill]:
    return db.all(
        f"SELECT id FROM drills WHERE {_WAITS} AND told_wall IS NULL AND planned_wall > ? "
        "AND planned_wall <= ?",
        now.wall,
        now.wall + DAY_MS,
    )


def _followed(db: Db, now: Now) -> list[Drill]:
    over_wall = now.wall - supervision.DRILL_MISSED_MS
    # a clock that is years ahead must not move the next one there: then it stands as missed, for a person
    return db.all(
        "SELECT * FROM drills WHERE monthly = 1 AND planned_wall <= ? AND planned_wall > ?",
        over_wall,
        now.wall - FOLLOWED_MS,
    )


def _plan_next(db: Db, row: Drill) -> None:
    """Plan the same day and time of the next month, one at a time: that month's may be past by now, and is
    to come all the same once the clock is put right. If it was missed indeed, a person is told."""
    zone = db.setting("time_zone", "WIB")
    at = local_parts(row["planned_wall"], zone)
    year, month = _next_month(at.year, at.month)
    day = min(row["month_day"] or at.day, calendar.monthrange(year, month)[1])
    wall = wall_of(f"{year:04d}-{month:02d}-{day:02d}", f"{at.hour:02d}.{at.minute:02d}", zone)
    db.run("UPDATE drills SET monthly = 0 WHERE id = ?", row["id"])
    db.insert(
        "drills",
        zone=row["zone"],
        planned_wall=wall,
        minutes=row["minutes"],
        what=row["what"],
        monthly=1,
        month_day=row["month_day"] or at.day,
        planned_by=row["planned_by"],
    )
