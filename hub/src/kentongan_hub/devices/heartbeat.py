"""A device's proof of life as a bar: hour by hour or day by day, heard or not.

A bar is honest about what nobody watched: while this hub was away, or every gateway that hears the device was
away or deaf, nothing is known. The slot that still runs is never called silent.
"""

from collections.abc import Iterable
from typing import NamedTuple

from kentongan_hub.base.clock import Now, hours, local_parts
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.tables import Device
from kentongan_hub.devices import deaf
from kentongan_hub.record.away import Absences
from kentongan_hub.storage.store import Db

Scale = tuple[int, int]  # of a bar: ms of one slot, how many slots

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
HEARD, SILENT, UNWATCHED, NOTHING = "terdengar", "diam", "tak-diawasi", "kosong"
BY_HOUR, BY_DAY = (HOUR_MS, 24), (DAY_MS, 30)
WORDS = {
    BY_HOUR: _("24 jam terakhir: terdengar dalam %(heard)s dari %(watched)s jam"),
    BY_DAY: _("30 hari terakhir: terdengar pada %(heard)s dari %(watched)s hari"),
}
NAMED = 6  # silent slots that are named one by one


class Bar(NamedTuple):
    """`slots`: the oldest first; `words` says the same to who cannot see them."""

    slots: list[str]
    words: str | Text

    @property
    def known(self) -> bool:
        """Tell whether there is anything to draw."""
        return any(slot != NOTHING for slot in self.slots)


def bars(db: Db, now: Now, nodes: Iterable[int]) -> dict[int, Bar]:
    """{node: Bar}: mains devices by the hour, for they report every few minutes; buttons by the day."""
    gone = deaf.of(db, now)
    out = {}
    for node in nodes:
        row = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
        if row:
            out[node] = bar(db, now, row, BY_DAY if row["role"] == "tombol" else BY_HOUR, gone)
    return out


def bar(db: Db, now: Now, row: Device, scale: Scale, gone: deaf.Unwatched | None = None) -> Bar:
    """Return the Bar of one device's row; `scale`: BY_HOUR or BY_DAY, whole ones of the site's own time."""
    zone, (slot_ms, count) = db.setting("time_zone", "WIB"), scale
    ahead_ms = hours(zone) * HOUR_MS
    last = (now.wall + ahead_ms) // slot_ms
    begin = (last - count + 1) * slot_ms - ahead_ms
    told = db.all(
        "SELECT DISTINCT (at_wall - ?) / ? AS slot FROM statuses "
        "WHERE device = ? AND at_wall BETWEEN ? AND ?",
        *(begin, slot_ms, row["node"], begin, now.wall),
    )
    heard = {one["slot"] for one in told}
    away = (gone or deaf.of(db, now)).of(row)
    slots = [
        _slot(now, row, number in heard, begin + number * slot_ms, slot_ms, away) for number in range(count)
    ]
    return Bar(slots, _words(slots, begin, scale, zone))


def _slot(now: Now, row: Device, heard: bool, begin: int, slot_ms: int, away: Absences) -> str:
    if heard:
        return HEARD
    if begin + slot_ms <= row["created_wall"] or begin + slot_ms > now.wall:
        return NOTHING
    steady = begin - now.wall + now.ms
    unwatched_ms = sum(
        max(0, min(one["to_ms"], steady + slot_ms) - max(one["from_ms"], steady)) for one in away.rows
    )
    return UNWATCHED if unwatched_ms * 2 >= slot_ms else SILENT


def _words(slots: list[str], begin: int, scale: Scale, zone: str) -> Text:
    slot_ms, count = scale
    silent = [number for number, slot in enumerate(slots) if slot == SILENT]
    spans: list[list[int]] = []
    for number in silent:
        if spans and spans[-1][1] == number:
            spans[-1][1] = number + 1
        else:
            spans.append([number, number + 1])
    named = ", ".join(_span(begin, slot_ms, zone, first, end) for first, end in spans[:NAMED])
    heard = slots.count(HEARD)
    watched = heard + len(silent)
    if set(slots) <= {NOTHING}:
        return _("Belum ada tanda hidup untuk ditunjukkan.")
    said = WORDS[scale].of(heard=heard, watched=watched)
    if spans:
        more = "…" if len(spans) > NAMED else ""
        said = _("%(said)s; tidak terdengar %(named)s", said=said, named=named + more)
    if UNWATCHED in slots:
        said = _("%(said)s; selebihnya tidak diawasi", said=said)
    return said


def _span(begin: int, slot_ms: int, zone: str, first: int, end: int) -> str:
    """'02.00-05.00' of hours, '14/11' or '14/11-16/11' of days."""
    at = local_parts(begin + first * slot_ms, zone)
    if slot_ms == HOUR_MS:
        return f"{at:%H.%M}-{local_parts(begin + end * slot_ms, zone):%H.%M}"
    last = local_parts(begin + (end - 1) * slot_ms, zone)
    return f"{at:%d/%m}" if end == first + 1 else f"{at:%d/%m}-{last:%d/%m}"
