"""A gateway that is away, or whose radio is dead or hears nothing, has seen nothing of whoever only it hears.

That gateway or radio is one warning with an owner; the devices behind it are none: nothing is known of them,
and they get their time again afterwards, as after an absence of this hub (away.py). A device that another
gateway heard within a day before its last word goes on being watched by that one.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TypedDict

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Absence, Linked
from kentongan_hub.record import away
from kentongan_hub.record.away import Absences
from kentongan_hub.storage.store import Db

MAINS_MIN = 2  # one post that is silent may be dead itself; of two and more the radio is likelier
LISTED = 64  # stretches kept of one gateway
DEAF = "radio_deaf "
HEARD_WITHIN_MS = 86_400_000


Stretch = tuple[int, int]  # from, to, in steady milliseconds


class Deaf(TypedDict):
    """A row of deaf; to_ms None: it lasts."""

    id: int
    gateway: str
    from_ms: int
    to_ms: int | None


class Hearing(TypedDict):
    """Gateway that hears a device."""

    device: int
    gateway: str


def note(db: Db, gateway: str, at_ms: int) -> None:
    """Note whether a gateway hears from a moment on, after each word of it about its radios."""
    deaf = _is_deaf(db, gateway)
    row = db.one("SELECT * FROM deaf WHERE gateway = ? AND to_ms IS NULL", gateway, of=Deaf)
    if deaf and row is None:
        _insert(db, gateway, at_ms, None)
    elif row is not None and not deaf:
        db.run("UPDATE deaf SET to_ms = max(from_ms, ?) WHERE id = ?", at_ms, row["id"])


def back(db: Db, now: Now, gateway: str) -> None:
    """Note the time since a gateway's last sign of life, if it was away, before a new one is written."""
    heard_ms = db.value("SELECT heard_ms FROM gateways WHERE label = ?", gateway)
    if heard_ms is not None and now.ms - heard_ms >= away.NOTICED_MS:
        _insert(db, gateway, heard_ms, now.ms)


def _insert(db: Db, gateway: str, from_ms: int, to_ms: int | None) -> None:
    db.insert("deaf", gateway=gateway, from_ms=from_ms, to_ms=to_ms)
    kept = "SELECT id FROM deaf WHERE gateway = ? ORDER BY id DESC LIMIT ?"
    db.run(f"DELETE FROM deaf WHERE gateway = ? AND id NOT IN ({kept})", gateway, gateway, LISTED)


def _is_deaf(db: Db, gateway: str) -> bool:
    up = {row["name"]: bool(row["up"]) for row in db.all("SELECT * FROM radios WHERE gateway = ?", gateway)}
    mains = "SELECT count(*) FROM devices WHERE heard_by = ? AND role != 'tombol' AND revoked = 0"
    if db.value(mains, gateway) >= MAINS_MIN:
        names = db.all("SELECT name FROM troubles WHERE gateway = ? AND name LIKE ?", gateway, f"{DEAF}%")
        up.update({row["name"].removeprefix(DEAF): False for row in names})
    return bool(up) and not any(up.values())


class Unwatched:
    """Times when nobody could hear a device: this hub was away, or all its gateways were away or deaf."""

    def __init__(
        self,
        hub: Absences,
        stretches: Mapping[str, Sequence[Stretch]] | None = None,
        hearers: Mapping[int, Set[str]] | None = None,
        now_ms: int | None = None,
    ) -> None:
        self.hub = hub  # Absences of this hub
        self._stretches = stretches or {}  # gateway -> [(from_ms, to_ms)]
        self._hearers = hearers or {}  # node -> {gateway}
        self._now_ms = now_ms
        self._made: dict[frozenset[str], Absences] = {}

    def hearers(self, row: Linked) -> frozenset[str]:
        """Return the gateways that hear a device; of one that nobody has heard yet, all."""
        known = self._hearers.get(row["node"])
        return frozenset(known or ({row["heard_by"]} if row["heard_by"] else self._stretches))

    def of(self, row: Linked) -> Absences:
        """Return the Absences that count for a device's row (node, heard_by)."""
        if not any(self._stretches.values()):
            return self.hub
        who = self.hearers(row)
        if who not in self._made:
            common = [self._stretches.get(gateway, []) for gateway in who]
            rows = _joined(self.hub.rows, _all_at_once(common))
            self._made[who] = Absences(rows, self._now_ms)
        return self._made[who]


def _all_at_once(lists: Iterable[Iterable[Stretch]]) -> list[Stretch]:
    """Return the stretches in which every one of them was away or deaf."""
    found, *others = [_whole(one) for one in lists]
    for other in others:
        pairs = [(max(a, c), min(b, d)) for a, b in found for c, d in other]
        found = [(begin, end) for begin, end in pairs if begin < end]
    return [(begin, end) for begin, end in found if end - begin >= away.NOTICED_MS]


def _whole(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same without overlaps: a gateway may be deaf and away."""
    return [(row["from_ms"], row["to_ms"]) for row in _joined((), stretches)]


def _joined(rows: Iterable[Absence], stretches: Iterable[Stretch]) -> list[Absence]:
    """Rows of absences and stretches as rows that do not overlap, the latest first."""
    out: list[Absence] = []
    every = [(row["from_ms"], row["to_ms"], row["sure"]) for row in rows]
    for begin, end, sure in sorted(every + [(*one, 1) for one in stretches]):
        if out and begin <= out[-1]["to_ms"]:
            out[-1]["to_ms"] = max(out[-1]["to_ms"], end)
        else:
            out.append({"from_ms": begin, "to_ms": end, "sure": sure})
    return out[::-1]


def of(db: Db, now: Now) -> Unwatched:
    """Unwatched, as things are now; two small questions where every gateway is there and always was."""
    stretches: dict[str, list[Stretch]] = {}
    hearers: dict[int, set[str]] = {}
    for gateway in db.all("SELECT label, heard_ms FROM gateways WHERE heard_ms IS NOT NULL"):
        gone = now.ms - gateway["heard_ms"] >= away.NOTICED_MS
        stretches[gateway["label"]] = [(gateway["heard_ms"], now.ms)] if gone else []
    silences: list[Deaf] = db.all("SELECT * FROM deaf")
    for row in silences:
        to_ms = now.ms if row["to_ms"] is None else row["to_ms"]
        stretches.setdefault(row["gateway"], []).append((row["from_ms"], to_ms))
    if any(stretches.values()):
        found: list[Hearing] = db.all(
            "SELECT h.device, h.gateway FROM devices d JOIN hearings h ON h.device = d.node "
            "WHERE d.revoked = 0 AND h.heard_wall >= coalesce(d.heard_wall, 0) - ?",
            HEARD_WITHIN_MS,
        )
        for one in found:
            hearers.setdefault(one["device"], set()).add(one["gateway"])
    return Unwatched(away.of(db), stretches, hearers, now.ms)
