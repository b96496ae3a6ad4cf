"""Replies of called people: DATANG answers the incident, TIDAK says that this person cannot.

Only who was called may answer, and only what it was called for. The words are data: they choose among the
incidents that this number got a call for, and nothing else. Words without a number count where within the day
this number was called for one incident only: what is closed by now may be what is meant.
"""

import json
import re
import unicodedata
from typing import TypedDict

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.base.tables import Person
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.calling import recipients, texts
from kentongan_hub.incidents.tables import incident_of, somebody
from kentongan_hub.people import ways
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db

LOOK_BACK_MS = 3_600_000  # a call is answered within this
MEANT_MS = 86_400_000  # networks deliver late: what called within a day, closed or not, may be what is meant
TEXT_LIMIT = 2_000  # characters that are looked at
# the first of these decides; a mere "ok" or "ya" only where none of them stands
_SAID = re.compile(
    r"(?<![a-z])(datang|dtg|otw|meluncur|merapat|berangkat|hadir|tidak|tdk|tak|gak|nggak|enggak|ga|belum|blm|"
    r"jangan|jgn|siapa|apakah|adakah|kapan|berapa|ada (?:yang|yg))(?![a-z])"
)
_YES = re.compile(r"(?<![a-z])(ya|iya|ok|oke|okay|okey|siap)(?![a-z])")
COMES = ("datang", "dtg", "otw", "meluncur", "merapat", "berangkat", "hadir")
CANNOT = ("tidak", "tdk", "tak", "gak", "nggak", "enggak", "ga")  # the others: not yet, do not, a question
# figures that name no incident: a time, a duration, a place
_OTHER_FIGURES = re.compile(
    r"(?<!\d)(?:\d{1,2}\s*[.:]\s*\d{2}(?!\d)|\d+\s*(?:menit|mnt|min|jam|detik|dtk|org|orang|meter|m|km)(?![a-z]))"
    r"|(?<![a-z])(?:jam|pukul|pkl|rt|rw|rumah|rmh|blok|gang|gg)\s*\.?\s*\d+(?:[.:]\d{2})?"
)
_NUMBER = re.compile(r"(?<![a-z0-9])(?:(r|rahasia)[\s-]*)?(\d{1,9})(?!\d)")


class Call(TypedDict):
    """An incident that an address was called for; `open`: it may be answered, `event`: what it is part of."""

    id: int
    slug: str
    confidential: int
    event: int
    name: str
    open: int


def people_of(db: Db, channel: str, address: str) -> list[Person]:
    """Give the people who are called at this address; a household may share a phone."""
    return db.all(
        "SELECT p.* FROM addresses a JOIN people p ON p.id = a.person "
        f"WHERE a.channel = ? AND a.active = 1 AND a.address = ? AND {ways.CALLED} ORDER BY a.id",
        channel,
        address,
    )


def unknown(db: Db, now: Now, channel: str, refused: Said | None = None) -> None:
    audit.record(db, now.wall, HUB, codes.ANSWER_UNKNOWN, channel, refused or "")


def take(db: Db, now: Now, channel: str, address: str, text: str) -> bool:
    """Apply an answer; True when it reached an incident. `address` as it stands in the register."""
    people = people_of(db, channel, address)
    if not people:
        unknown(db, now, channel)
        return False
    comes, slugs = meaning(text)
    called = _called(db, now, channel, address) if comes is not None else []
    if slugs:
        called = [row for row in called if row["slug"] in slugs]
    open_ = [row for row in called if row["open"] and any(_may(db, row, one) for one in people)]
    # an alarm that was merged since it called is answered where it was merged into
    if len({row["event"] for row in called}) != 1 or not open_:  # better answered twice than wrongly marked
        audit.record(db, now.wall, people[0]["name"], codes.ANSWER_UNCLEAR, channel)
        if open_:
            _ask(db, now, channel, address, open_)
        return False
    name = open_[-1]["name"]
    incident = incident_of(db, open_[-1]["event"])
    if comes:
        actions.come_from_device(db, now, incident, name)
    else:
        actions.decline(db, now, incident, somebody(name), channel)
    return True


def meaning(text: str) -> tuple[bool | None, set[str]]:
    """Read a reply: (True: comes, False: cannot, None: neither, {slugs that it names})."""
    text = _apart(unicodedata.normalize("NFKC", text[:TEXT_LIMIT]).lower())
    said, yes = _SAID.search(text), _YES.search(text)
    comes = None
    if said and said[1] in COMES + CANNOT:
        comes = said[1] in COMES
    elif yes and not said:
        comes = True
    found = _NUMBER.findall(_OTHER_FIGURES.sub(" ", text))
    return comes, {f"{'rahasia' if secret else 'kejadian'}-{int(number)}" for secret, number in found}


def _apart(text: str) -> str:
    """Write 'datang12' as 'datang 12'."""
    return re.sub(r"(?<=[a-z]{2})(?=\d)", " ", text)


def _called(db: Db, now: Now, channel: str, address: str) -> list[Call]:
    """List incidents that this address was called for within the day, with the name that was called.

    `open`: it may be answered, by its state and by the age of this call.
    """
    return db.all(
        "SELECT i.id, i.slug, i.confidential, coalesce(i.merged_into, i.id) AS event, "
        "json_field(o.body, 'name') AS name, i.closed_ms IS NULL AND o.created_ms > ? AS open "
        "FROM outbox o JOIN incidents i ON i.id = o.incident WHERE o.channel = ? AND o.type = ? "
        "AND o.created_ms > ? AND (o.state = ? OR o.attempts > 0) "
        "AND json_field(o.body, 'to') = ? ORDER BY o.id",
        now.ms - LOOK_BACK_MS,
        channel,
        outbox.MESSAGE,
        now.ms - MEANT_MS,
        outbox.DONE,
        address,
    )


def _ask(db: Db, now: Now, channel: str, address: str, open_: list[Call]) -> None:
    """Ask for the number, once an hour: 'Balas: DATANG 12 atau DATANG 13'."""
    asked = (
        "SELECT 1 FROM outbox WHERE channel = ? AND type = ? AND created_ms > ? "
        "AND json_field(body, 'to') = ? AND json_field(body, 'asks') = 1"
    )
    if db.value(asked, channel, outbox.NEWS, now.ms - LOOK_BACK_MS, address):
        return
    hints = dict.fromkeys(texts.hint(row["slug"]).removeprefix("Balas: ") for row in open_)
    text = f"Kentongan: yang mana? Balas: {' atau '.join(hints)}"[: texts.LIMIT]
    body = json.dumps({"to": address, "name": open_[-1]["name"], "text": text, "asks": 1}, ensure_ascii=False)
    outbox.add(db, now.ms, channel, outbox.NEWS, body, LOOK_BACK_MS)


def _may(db: Db, row: Call, person: Person) -> bool:
    """Accept for a confidential incident only the called person, not others with the same phone."""
    called = row["name"] == person["name"] or not row["confidential"]
    return called and recipients.may_answer(db, row["event"], person)
