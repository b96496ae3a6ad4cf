"""Denah: the RT's plan, drawn or from a picture, with houses and devices on it. Works without internet.

Places are whole numbers: x 0..1000 from the left, y 0..1000 times the plan's height over its width, so that
a distance on the plan is a distance in the RT (recipients.nearest).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Device, Row
from kentongan_hub.devices import deaf, supervision
from kentongan_hub.devices.deaf import Unwatched
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db
from kentongan_hub.web.view import Shown

WIDTH = 1000
DEFAULT_HEIGHT = 620  # of a plan that is drawn here
PICTURE_SIDE_MAX = 1600  # px
LINES_LIMIT = 200  # lanes drawn by hand
NAME_LIMIT = 30  # characters of a lane's name


def of(db: Db, zone: int) -> Shown:
    """Read the plan of this RT: {"height", "lines", "picture": version or None}."""
    columns = "height, lines, length(picture) AS size, changed_wall"
    row = db.one(f"SELECT {columns} FROM plans WHERE zone = ?", zone)
    if row is None:
        return {"height": DEFAULT_HEIGHT, "lines": [], "picture": None}
    return {
        "height": row["height"],
        "lines": json.loads(row["lines"]),
        "picture": row["changed_wall"] if row["size"] else None,
    }


def picture(db: Db, zone: int) -> bytes | None:
    return db.value("SELECT picture FROM plans WHERE zone = ?", zone)


def set_picture(
    db: Db, now: Now, by: Account, zone: int, drawn: tuple[bytes, int, int] | None, at: str = ""
) -> None:
    """Set `drawn` of pictures.redraw as the ground, or None to take it away; houses keep their places."""
    body, width, height = drawn or (None, WIDTH, DEFAULT_HEIGHT)
    _row(db, now, by, zone)
    db.run(
        "UPDATE plans SET picture = ?, height = ?, changed_wall = ?, changed_by = ? WHERE zone = ?",
        body, round(WIDTH * height / width), now.wall, by["name"], zone,
    )  # fmt: skip
    audit.record(db, now.wall, by["login"], codes.PLAN_CHANGED, f"RT {zone:02d}", f"{width}x{height}", at)


def _row(db: Db, now: Now, by: Account, zone: int) -> None:
    if not 1 <= zone <= 255:
        raise LocalError(_("RT: tulis angka 1 sampai 255"))
    db.run(
        "INSERT OR IGNORE INTO plans (zone, height, lines, changed_wall, changed_by) "
        "VALUES (?, ?, '[]', ?, ?)",
        zone, DEFAULT_HEIGHT, now.wall, by["name"],
    )  # fmt: skip


def add_line(
    db: Db, now: Now, by: Account, zone: int, points: Sequence[int], name: str, at: str = ""
) -> None:
    """Draw a lane from (x1, y1) to (x2, y2)."""
    _row(db, now, by, zone)
    known = of(db, zone)
    name = audit.clean(name).strip()
    if len(name) > NAME_LIMIT:
        raise LocalError(_("nama gang: paling panjang %(limit)s huruf", limit=NAME_LIMIT))
    for x, y in zip(points[::2], points[1::2], strict=True):
        _inside(x, y, known["height"])
    if points[:2] == points[2:]:
        raise LocalError(_("gang: awal dan akhirnya sama"))
    if len(known["lines"]) >= LINES_LIMIT:
        raise LocalError(_("sudah ada %(limit)s gang; hapus satu dulu", limit=LINES_LIMIT))
    _lines(db, now, by, zone, [*known["lines"], [*points, name]], codes.LANE_DRAWN, name, at)


def drop_line(db: Db, now: Now, by: Account, zone: int, number: int, at: str = "") -> None:
    lines = of(db, zone)["lines"]
    if not 0 <= number < len(lines):
        raise LocalError(_("Gang itu tidak ada lagi. Muat ulang halaman."))
    name = lines.pop(number)[4]
    _lines(db, now, by, zone, lines, codes.LANE_REMOVED, name, at)


def _lines(
    db: Db, now: Now, by: Account, zone: int, lines: list[list[Any]], what: str, name: str, at: str
) -> None:
    db.run(
        "UPDATE plans SET lines = ?, changed_by = ? WHERE zone = ?",
        json.dumps(lines, ensure_ascii=False), by["name"], zone,
    )  # fmt: skip
    audit.record(db, now.wall, by["login"], what, f"RT {zone:02d}", name, at)


def place(
    db: Db, now: Now, by: Account, zone: int, what: str, x: int | None, y: int | None, at: str = ""
) -> None:
    """Put 'rumah-7' or a device's 'alat-pos-1' there; x None takes it off the plan."""
    put(db, now, by, zone, [(what, x, y)], at)


Put = tuple[str, int | None, int | None]  # what, and where; None: off the plan


def put(db: Db, now: Now, by: Account, zone: int, things: Sequence[Put], at: str = "") -> None:
    """Put several things at once, one line of the record each; one undo() brings all of them back."""
    before = [_put(db, zone, *one) for one in things]
    for what, x, y in things:
        where = Said(codes.OFF_THE_PLAN) if x is None else f"{x}, {y}"
        audit.record(db, now.wall, by["login"], codes.PLACED_ON_PLAN, f"RT {zone:02d} {what}", where, at)
    _remember(db, by, zone, [*_undoable(db, by, zone), before][-UNDO_LIMIT:])


def _put(db: Db, zone: int, what: str, x: int | None, y: int | None) -> Put:
    """Put one thing and give where it was; LocalError for what is not there."""
    kind, _sign, name = what.partition("-")
    if x is not None and y is not None:
        _inside(x, y, of(db, zone)["height"])
    house = numerals.whole(name) if kind == "rumah" else None
    if house is not None and house in _houses_of_buttons(db, zone):
        db.run("INSERT OR IGNORE INTO houses (zone, number) VALUES (?, ?)", zone, house)
    table, where, key = "devices", "zone = ? AND label = ? AND revoked = 0", name
    if kind == "rumah":
        table, where, key = "houses", "zone = ? AND number = ?", str(house)
    was = db.one(f"SELECT x, y FROM {table} WHERE {where}", zone, key) if kind in ("rumah", "alat") else None
    if was is None:
        raise LocalError(_("Rumah atau alat itu tidak ada di RT ini. Muat ulang halaman."))
    db.run(f"UPDATE {table} SET x = ?, y = ? WHERE {where}", x, y, zone, key)
    return (what, None, None) if was["x"] is None else (what, int(was["x"]), int(was["y"]))


def _undoable(db: Db, by: Account, zone: int) -> list[list[Put]]:
    """Read what this person put on the plan, the last one last, each with where it was before."""
    return json.loads(db.setting(UNDO.format(zone=zone, who=by["id"]), "[]"))


def _remember(db: Db, by: Account, zone: int, steps: list[list[Put]]) -> None:
    db.set_setting(UNDO.format(zone=zone, who=by["id"]), json.dumps(steps))


UNDO, UNDO_LIMIT = "plan_undo_{zone}_{who}", 20  # steps


def last_put(db: Db, by: Account, zone: int) -> list[str]:
    """List what undo() would move; empty where there is nothing to take back."""
    steps = _undoable(db, by, zone)
    return [what for what, _x, _y in steps[-1]] if steps else []


def undo(db: Db, now: Now, by: Account, zone: int, at: str = "") -> None:
    """Bring back what this person put last; what is there no more stays gone."""
    steps = _undoable(db, by, zone)
    if not steps:
        raise LocalError(_("Tidak ada yang bisa diurungkan."))
    *older, last = steps
    there = {one["key"] for one in things(db, now, zone, "confidential = 0", False)}
    height = of(db, zone)["height"]  # of another picture, perhaps
    known: list[Put] = [(what, x, y and min(y, height)) for what, x, y in last if what in there]
    if known:
        put(db, now, by, zone, known, at)
    _remember(db, by, zone, older)


def _houses_of_buttons(db: Db, zone: int) -> set[int]:
    """List house numbers that technicians gave to devices, registered or not."""
    rows = db.all(
        "SELECT DISTINCT house FROM devices WHERE zone = ? AND house > 0 AND revoked = 0 AND pending = 0",
        zone,
    )
    return {row["house"] for row in rows}


def _inside(x: int, y: int, height: int) -> None:
    if not (0 <= x <= WIDTH and 0 <= y <= height):
        raise LocalError(_("tempat: x 0 sampai %(width)s, y 0 sampai %(height)s", width=WIDTH, height=height))


def things(db: Db, now: Now, zone: int, condition: str, with_health: bool) -> list[Shown]:
    """List houses and mains devices of an RT with their alarms: [{"key", "name", "x", "y", "alarm", ...}].

    `condition` is confidential.condition; a confidential incident is on no plan, whoever looks.
    """
    alarms = {}
    for row in db.all(
        "SELECT house, device, slug, kind, state, drill FROM incidents WHERE closed_ms IS NULL "
        f"AND confidential = 0 AND zone = ? AND {condition} ORDER BY opened_ms",
        zone,
    ):
        alarms[row["house"] or f"alat {row['device']}"] = row
    devices: list[Device] = db.all(
        "SELECT * FROM devices WHERE zone = ? AND revoked = 0 AND pending = 0", zone
    )
    by_house: dict[int, list[Device]] = {}
    for one in devices:
        by_house.setdefault(one["house"], []).append(one)
    houses = db.all("SELECT number, x, y FROM houses WHERE zone = ?", zone)
    unknown = _houses_of_buttons(db, zone) - {row["number"] for row in houses}
    houses += [{"number": number, "x": None, "y": None} for number in unknown]
    out, gone = [], deaf.of(db, now)
    for house in sorted(houses, key=lambda row: row["number"]):
        own = by_house.get(house["number"], [])
        name = _("Rumah %(number)s", number=house["number"])
        alarm = alarms.get(house["number"])
        out.append(_thing(f"rumah-{house['number']}", name, str(house["number"]), house, alarm, own, now,
                          with_health, gone))  # fmt: skip
    for one in devices:
        if not one["house"]:
            alarm = alarms.get(f"alat {one['node']}")
            name = _("%(role)s %(label)s", role=words.DEVICE_ROLES[one["role"]], label=one["label"])
            key, label = f"alat-{one['label']}", one["label"]
            out.append(_thing(key, name, label, one, alarm, [one], now, with_health, gone))
    return out


def _thing(
    key: str,
    name: str,
    short: str,
    row: Mapping[str, Any],
    alarm: Row | None,
    devices: list[Device],
    now: Now,
    with_health: bool,
    gone: Unwatched,
) -> Shown:
    links = [supervision.device_link(one, now.ms, gone) for one in devices]
    worst = next((link for link in ORDER if link in links), _("tanpa alat"))
    return {
        "key": key,
        "name": name,
        "short": short,
        "x": None if row["x"] is None else int(row["x"]),
        "y": None if row["y"] is None else int(row["y"]),
        "slug": alarm and alarm["slug"],
        "alarm": words.kind(alarm["kind"]) if alarm else "",
        "drill": bool(alarm and alarm["drill"]),
        "state": words.STATES[alarm["state"]] if alarm else "",
        "health": worst if with_health else "",
        "device": devices[0]["label"] if devices and with_health else "",
    }


ORDER = (
    *(supervision.TERPUTUS, supervision.TERLAMBAT, supervision.BELUM, supervision.DITUNGGU),
    supervision.TERHUBUNG,
)
