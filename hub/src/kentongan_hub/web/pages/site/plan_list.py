"""A list of houses, as people paste it, put along a lane in that order. No Flask."""

import re
from collections.abc import Sequence

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.storage.store import Db
from kentongan_hub.web import floor_plan, forms
from kentongan_hub.web.floor_plan import WIDTH, Put

UNKNOWN = _(
    "baris %(number)s: %(what)s tidak ada di RT %(zone)s; tulis nomor rumah, nama penghuni atau nama alat. "
    "Rumah baru didaftarkan dulu di Orang dan rumah."
)
LIMIT = 300  # houses of one list
SIDES = {"kiri": _("sebelah kiri"), "kanan": _("sebelah kanan"), "selang": _("kiri dan kanan berselang")}
ASIDE = 42  # from the middle of a lane to its houses
ROW = 12  # houses beside each other where no lane is drawn
EDGE = 30  # from the plan's edge
_NUMBERS = re.compile(r"[\d\s,;.–-]+")
_HOUSE = re.compile(r"(?:rumah|no|nomor)?[\s.]*(\d+)(?!\w)", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")


def read(db: Db, zone: int, text: str) -> list[str]:
    """Read '7', '1-9', '3, 5, 7', '12 Budi', a resident's or a device's name: one or more a line, in order.

    LocalError names the line that is not understood.
    """
    names = _names(db, zone)
    out: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        for what in _line(line, names, number, zone) if line else []:
            if what in out:
                raise LocalError(_("baris %(number)s: %(what)s disebut dua kali", number=number, what=line))
            out.append(what)
            if len(out) > LIMIT:
                raise LocalError(_("daftar: paling banyak %(limit)s rumah sekali isi", limit=LIMIT))
    if not out:
        raise LocalError(_("daftar: masih kosong"))
    return out


def _names(db: Db, zone: int) -> dict[str, set[str]]:
    """Give {a name in small letters: what bears it} of the houses, devices and people of an RT."""
    found: dict[str, set[str]] = {}
    rows = db.all("SELECT name, house FROM people WHERE zone = ? AND house > 0 AND erased_wall IS NULL", zone)
    for row in rows:
        found.setdefault(row["name"].casefold(), set()).add(f"rumah-{row['house']}")
    for label in db.all("SELECT label FROM devices WHERE zone = ? AND house = 0 AND revoked = 0", zone):
        found.setdefault(label["label"].casefold(), set()).add(f"alat-{label['label']}")
    for house in db.all(
        "SELECT number FROM houses WHERE zone = ? UNION SELECT house FROM devices "
        "WHERE zone = ? AND house > 0 AND revoked = 0 AND pending = 0",
        *(zone, zone),
    ):
        found[f"rumah-{house['number']}"] = {f"rumah-{house['number']}"}
    return found


def _line(line: str, names: dict[str, set[str]], number: int, zone: int) -> list[str]:
    known = names.get(line.casefold(), set())
    if len(known) > 1:
        raise LocalError(_("baris %(number)s: ada beberapa %(what)s; tulis nomor rumahnya",
                           number=number, what=line))  # fmt: skip
    if known:
        return list(known)
    if _NUMBERS.fullmatch(line):
        houses = [f"rumah-{one}" for one in _numbers(line)]
    else:
        found = _HOUSE.match(line)
        houses = [f"rumah-{numerals.whole(found[1])}"] if found else []
    if not houses or not all(house in names for house in houses):
        wrong = next((house.replace("-", " ") for house in houses if house not in names), line)
        raise LocalError(UNKNOWN.of(number=number, what=wrong[:40], zone=f"{zone:02d}"))
    return houses


def _numbers(line: str) -> list[int]:
    """Read '1-4, 7' as 1, 2, 3, 4, 7; '9-7' counts down."""
    out: list[int] = []
    for found in _NUMBER.finditer(line):
        begin = numerals.whole(found[1], *forms.HOUSES)
        end = begin if found[2] is None else numerals.whole(found[2], *forms.HOUSES)
        if begin is None or end is None or abs(begin - end) >= LIMIT:
            return []
        step = 1 if begin <= end else -1
        out.extend(range(begin, end + step, step))
    return out


def along(things: Sequence[str], lane: Sequence[int], side: str, height: int) -> list[Put]:
    """Spread things evenly along a lane (x1, y1, x2, y2), on one side as one walks it or on both by turns."""
    x1, y1, x2, y2 = lane[:4]
    length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    right = (-(y2 - y1) / length * ASIDE, (x2 - x1) / length * ASIDE)
    both = side == "selang"
    places = -(-len(things) // 2) if both else len(things)
    out: list[Put] = []
    for number, what in enumerate(things):
        part = ((number // 2 if both else number) + 0.5) / places
        sign = (1 if number % 2 else -1) if both else (1 if side == "kanan" else -1)
        x, y = x1 + (x2 - x1) * part + sign * right[0], y1 + (y2 - y1) * part + sign * right[1]
        out.append((what, _inside(x, WIDTH), _inside(y, height)))
    return out


def in_rows(things: Sequence[str], height: int) -> list[Put]:
    """Spread things over the whole plan, row by row, to be dragged from there."""
    columns = min(ROW, len(things))
    rows = -(-len(things) // columns)
    return [
        (what, _inside((number % columns + 0.5) * WIDTH / columns, WIDTH),
         _inside((number // columns + 0.5) * height / rows, height))
        for number, what in enumerate(things)
    ]  # fmt: skip


def _inside(value: float, most: int) -> int:
    return round(min(most - EDGE, max(EDGE, value)))


def fill(db: Db, now: Now, by: Account, zone: int, text: str, lane: int, side: str, at: str = "") -> None:
    """Put a list on the plan, along lane number `lane` from its beginning; without such a lane in rows."""
    things, plan = read(db, zone, text), floor_plan.of(db, zone)
    if 0 <= lane < len(plan["lines"]):
        places = along(things, plan["lines"][lane], side, plan["height"])
    else:
        places = in_rows(things, plan["height"])
    floor_plan.put(db, now, by, zone, places, at)


def from_register(db: Db, zone: int) -> str:
    """Write the list of the houses that are not on the plan yet, in the order of their numbers."""
    rows = db.all(
        "SELECT h.number, (SELECT p.name FROM people p WHERE p.zone = h.zone AND p.house = h.number "
        "AND p.erased_wall IS NULL ORDER BY p.head DESC, p.id LIMIT 1) AS name FROM houses h "
        "WHERE h.zone = ? AND h.x IS NULL UNION SELECT d.house, NULL FROM devices d WHERE d.zone = ? "
        "AND d.house > 0 AND d.revoked = 0 AND d.pending = 0 AND NOT EXISTS (SELECT 1 FROM houses h "
        "WHERE h.zone = d.zone AND h.number = d.house) ORDER BY 1 LIMIT ?",
        *(zone, zone, LIMIT),
    )
    return "\n".join(f"{row['number']} {row['name'] or ''}".strip() for row in rows)
