"""Filters of the list of incidents. A confidential one answers to nothing but its number, its
state and its days: where it came from, and of what kind it is, no search may tell.
"""

from flask import request
from kentongan_wire.message import messages as m

from kentongan_hub.base import words
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents import confidential
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, search
from kentongan_hub.web.search import Where

FIELDS = ("cari", "jenis", "rt", "keadaan", "dari", "sampai")
CONFIDENTIAL, DRILL = "rahasia", "latihan"
KINDS = {
    **{str(kind): name for kind, name in words.KINDS.items()
       if kind not in words.CONFIDENTIAL_KINDS and kind != m.KIND_UJI},
    DRILL: _("Latihan"),
}  # fmt: skip
STATES = {
    "terbuka": (_("Terbuka"), "closed_ms IS NULL"),
    "belum": (_("Terbuka, belum dijawab"), "closed_ms IS NULL AND answered_ms IS NULL"),
    "ditutup": (_("Ditutup"), "closed_ms IS NOT NULL"),
}
# of an incident that is public: its number, house, device and who answered
_TEXT = (
    "slug || ' rumah ' || house || ' ' || place || ' ' || coalesce(answered_by, '') || ' ' || "
    "coalesce((SELECT d.label || ' ' || d.place FROM devices d WHERE d.node = incidents.device), '')"
)


def wanted(zone: str) -> Where:
    """Read what is looked for; LocalError names a day that cannot be read."""
    return search.both([*_word(), *_kind(), *_rt(), *_state(), search.days(zone, "opened_wall")])


def _word() -> list[Where]:
    found = search.words()
    if not found:
        return []
    text = f"CASE confidential WHEN 1 THEN slug ELSE {_TEXT} END"
    return [search.condition(found, text)]


def _kind() -> list[Where]:
    kind = request.args.get("jenis", "")
    if kind == CONFIDENTIAL:
        return [Where("confidential = 1", ())]
    if kind == DRILL:
        return [Where("drill = 1 AND confidential = 0", ())]
    number = numerals.whole(kind) if kind in KINDS else None
    return [] if number is None else [Where("confidential = 0 AND drill = 0 AND kind = ?", (number,))]


def _rt() -> list[Where]:
    zone = forms.picked("rt", *forms.ZONES)
    return [Where("confidential = 0 AND zone = ?", (zone,))] if zone else []


def _state() -> list[Where]:
    state = search.picked("keadaan", STATES)
    return [Where(state[1], ())] if state else []


def kinds(db: Db, account: Account) -> dict[str, Text]:
    """List the kinds to choose from; whoever is in no circle is not even offered what they may not know."""
    inside = confidential.viewer(db, account)[1]
    return {**KINDS, CONFIDENTIAL: _("Rahasia")} if inside else KINDS


def zones(db: Db) -> list[int]:
    """List the RTs to choose from."""
    rows = db.all("SELECT zone FROM devices UNION SELECT zone FROM houses ORDER BY zone")
    return [row["zone"] for row in rows if row["zone"]]
