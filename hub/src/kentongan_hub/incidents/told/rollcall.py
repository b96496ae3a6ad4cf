"""'Saya aman': after a disaster each house is marked safe, in need of help, or not heard of yet, by people.

A person marks it who was told or has seen it, at the post or on the own account. A house's button marks
nothing: its press is an alarm or nothing at all, a child's hand or a shock presses it too, and "safe" that
nobody said is the one mistake that leaves a house unsearched. Nor does time: what nobody marked stays so.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.record import audit, away
from kentongan_hub.storage.store import Db

SAFE, HELP, UNKNOWN = "safe", "help", "unknown"
STATES: dict[str, Text] = {HELP: _("Butuh bantuan"), UNKNOWN: _("Belum"), SAFE: _("Aman")}  # as listed
DISASTERS = (m.KIND_BENCANA, m.KIND_KEBAKARAN)  # incidents that one begins from
REASON_LIMIT = 80  # characters
LONGEST_MS = 3 * 86_400_000  # then it ends by itself
KEEP_MS = 90 * 86_400_000


class RollCall(TypedDict):
    id: int
    zone: int
    reason: str
    incident: int | None
    begun_by: str
    screen: str
    begun_ms: int
    begun_wall: int
    ended_wall: int | None
    ended_by: str


def begin(
    db: Db,
    now: Now,
    by: Account,
    zone: int,
    reason: str,
    incident: Incident | None = None,
    screen: str = "",
    at: str = "",
) -> int:
    """Begin one for this RT, 0: for all; its number."""
    reason = audit.clean(reason).strip()
    if not 0 <= zone <= 255:
        raise LocalError(_("RT: tulis angka 1 sampai 255, atau 0 untuk semua RT"))
    if not 0 < len(reason) <= REASON_LIMIT:
        raise LocalError(_("Tulis sebabnya, paling panjang %(limit)s huruf.", limit=REASON_LIMIT))
    if incident is not None and (incident["confidential"] or incident["kind"] not in DISASTERS):
        raise LocalError(_("Absen aman dimulai dari bencana atau kebakaran, atau dengan tangan."))
    if any(one["zone"] in (0, zone) or zone == 0 for one in opened(db)):
        raise LocalError(_("Absen aman untuk RT itu sudah berjalan."))
    number = db.insert(
        "rollcalls",
        zone=zone,
        reason=reason,
        incident=incident["id"] if incident else None,
        begun_by=by["name"],
        screen=screen,
        begun_ms=now.ms,
        begun_wall=now.wall,
    )
    _record(db, now, by, codes.ROLLCALL_BEGUN, number, reason, screen, at)
    return number


def _record(db: Db, now: Now, by: Account, what: str, number: int, detail: str, screen: str, at: str) -> None:
    said = Said(codes.FROM_SCREEN, name=screen) if screen else None
    audit.record(db, now.wall, by["login"], what, Said(codes.ROLLCALL, number=number), detail, at, said)


def find(db: Db, number: int) -> RollCall | None:
    found: RollCall | None = db.one("SELECT * FROM rollcalls WHERE id = ?", number)
    return found


def opened(db: Db) -> list[RollCall]:
    return db.all("SELECT * FROM rollcalls WHERE ended_wall IS NULL ORDER BY id DESC")


def listed(db: Db, limit: int = 20) -> list[RollCall]:
    """List them, the newest first."""
    return db.all("SELECT * FROM rollcalls ORDER BY id DESC LIMIT ?", limit)


def mark(
    db: Db,
    now: Now,
    by: Account,
    row: RollCall,
    zone: int,
    states: Mapping[int, str],
    screen: str = "",
    at: str = "",
) -> int:
    """Take a person's word on these houses, {number: state}; how many. The later word holds."""
    if row["ended_wall"] is not None:
        raise LocalError(_("Absen aman ini sudah diakhiri."))
    known = {house for place, house in houses(db, row["zone"]) if place == zone}
    if not states or not set(states) <= known or not set(states.values()) <= set(STATES):
        raise LocalError(_("Tandai paling sedikit satu rumah yang ada di daftar."))
    for house, state in states.items():
        if state == UNKNOWN:
            db.run(
                "DELETE FROM rollcall_marks WHERE rollcall = ? AND zone = ? AND house = ?",
                *(row["id"], zone, house),
            )
            continue
        db.run(
            "INSERT OR REPLACE INTO rollcall_marks (rollcall, zone, house, state, marked_by, marked_wall) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            *(row["id"], zone, house, state, by["name"], now.wall),
        )
    for state in STATES:
        some = [house for house in sorted(states) if states[house] == state]
        if some:
            what = {SAFE: codes.HOUSES_SAFE, HELP: codes.HOUSES_HELP, UNKNOWN: codes.HOUSES_UNKNOWN}[state]
            named = f"RT {zone:02d}: {', '.join(map(str, some))}"
            _record(db, now, by, what, row["id"], named, screen, at)
    return len(states)


def end(db: Db, now: Now, by: Account, row: RollCall, screen: str = "", at: str = "") -> None:
    if row["ended_wall"] is None:
        db.run(
            "UPDATE rollcalls SET ended_wall = ?, ended_by = ? WHERE id = ?", now.wall, by["name"], row["id"]
        )
        _record(db, now, by, codes.ROLLCALL_ENDED, row["id"], "", screen, at)


def houses(db: Db, zone: int) -> list[tuple[int, int]]:
    """List every house that this hub knows of, (RT, number): of the register, and of buttons."""
    rows = db.all(
        "SELECT zone, number AS house FROM houses UNION SELECT zone, house FROM people WHERE house > 0 "
        "AND erased_wall IS NULL UNION SELECT zone, house FROM devices WHERE house > 0 AND revoked = 0 "
        "ORDER BY 1, 2"
    )
    return [(row["zone"], row["house"]) for row in rows if zone in (0, row["zone"])]


def areas(db: Db, row: RollCall) -> list[dict[str, Any]]:
    """List by RT: [{"zone", "counts": {state: n}, "houses": [{"house", "state", "by", "wall", "alarm"}]}].

    Those in need of help first, then those not heard of. `alarm`: an open public one of that house.
    """
    marks = {
        (one["zone"], one["house"]): one
        for one in db.all("SELECT * FROM rollcall_marks WHERE rollcall = ?", row["id"])
    }
    alarms = {
        (one["zone"], one["house"]): one["slug"]
        for one in db.all(
            "SELECT zone, house, slug FROM incidents WHERE closed_ms IS NULL AND confidential = 0 "
            "AND drill = 0 AND house > 0"
        )
    }
    out: dict[int, dict[str, Any]] = {}
    order = list(STATES)
    for place in houses(db, row["zone"]):
        one = marks.get(place)
        shown = {
            "house": place[1],
            "state": one["state"] if one and one["state"] in STATES else UNKNOWN,
            "by": one["marked_by"] if one else "",
            "wall": one["marked_wall"] if one else None,
            "alarm": alarms.get(place, ""),
        }
        empty: dict[str, Any] = {"zone": place[0], "counts": dict.fromkeys(STATES, 0), "houses": []}
        area = out.setdefault(place[0], empty)
        area["counts"][shown["state"]] += 1
        area["houses"].append(shown)
    for area in out.values():
        area["houses"].sort(key=lambda one: (order.index(one["state"]), one["house"]))
    return list(out.values())


def counts(db: Db, row: RollCall) -> dict[str, int]:
    """Count the houses of each state."""
    found = areas(db, row)
    return {state: sum(area["counts"][state] for area in found) for state in STATES}


def due(db: Db, now: Now) -> bool:
    return any(now.ms - row["begun_ms"] >= LONGEST_MS for row in opened(db))


def run_due(db: Db, now: Now) -> int:
    """End what nobody ended for days; the number."""
    return db.run(
        "UPDATE rollcalls SET ended_wall = ? WHERE ended_wall IS NULL AND begun_ms <= ?",
        *(now.wall, now.ms - LONGEST_MS),
    )


def expire(db: Db, now: Now) -> int:
    """Forget those of long ago: who was in need is nobody's affair for ever."""
    old = "SELECT id FROM rollcalls WHERE ended_wall IS NOT NULL AND begun_ms < ?"
    before_ms = away.cutoff(db, now.ms, KEEP_MS)
    db.run(f"DELETE FROM rollcall_marks WHERE rollcall IN ({old})", before_ms)
    return db.run(f"DELETE FROM rollcalls WHERE id IN ({old})", before_ms)
