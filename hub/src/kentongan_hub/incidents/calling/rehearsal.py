"""A policy played through for one house; and the queue of work to come."""

import json
from typing import TypedDict

from kentongan_hub.base import sending, services, words
from kentongan_hub.base.clock import Now, local_date_time, local_time
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Called, Policy, Row
from kentongan_hub.incidents.calling import recipients
from kentongan_hub.incidents.calling import steps as calling_steps
from kentongan_hub.incidents.calling.recipients import Recipient
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import contacts, residents, ways
from kentongan_hub.policies import escalation, gateway_calls, policy_store
from kentongan_hub.policies import policy as p
from kentongan_hub.policies.escalation import Step
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

QUEUE_LIMIT = 200
DAY_MS = 86_400_000


class Call(TypedDict):
    """One step as the rehearsal shows it: after which time, what happens, who has no number."""

    after: str
    lines: list[str]
    missing: list[str]


class Coming(TypedDict):
    """Something that happens next by itself; `slug` None: it is of no incident."""

    in_s: int
    time: str
    slug: str | None
    title: str
    what: str


def play(db: Db, zone: int, house: int, kind: int, confidential: bool = False) -> list[Call]:
    """Play a policy through: 'if house 7 presses fire, this happens'. Writes nothing."""
    imagined = imagine(zone, house, kind, confidential)
    policy = policy_store.for_incident(db, imagined)
    first = escalation.at_once(policy, imagined)
    steps = [_shown(db, imagined, 0, first, policy)]
    imagined["next_alert_ms"] = escalation.first_alert_ms(policy, 0, False)
    for due_ms, step in escalation.outlook(policy, imagined, len(policy["langkah"]) - 1):
        steps.append(_shown(db, imagined, due_ms, step, policy))
    return steps


def imagine(zone: int, house: int, kind: int, confidential: bool = False) -> Called:
    """Imagine an incident that was opened just now."""
    return {
        "id": 0,
        "slug": "rahasia-0",
        "device": 1,
        "gateway": None,
        "zone": zone,
        "house": house,
        "kind": kind,
        "confidential": int(confidential),
        "drill": 0,
        "cancelled": 0,
        "late": 0,
        "muted": 0,
        "opened_ms": 0,
        "facts_ms": None,
        "answered_ms": None,
        "closed_ms": None,
        "help_ms": None,
        "merged_into": None,
        "alerts": 0,
        "next_alert_ms": None,
    }


def _shown(db: Db, imagined: Called, due_ms: int, step: Step, policy: Policy) -> Call:
    zone, silent = f"{imagined['zone']:02d}", imagined["confidential"]
    lines: list[str] = []
    if due_ms == 0:
        own = _("sirene pos RT %(zone)s yang mendengar berbunyi sendiri, juga tanpa pusat data", zone=zone)
        lines.append(_("tidak ada bunyi dan lampu di mana pun") if silent else own)
    if step.siren == p.RW:
        others = [
            f"RT {one:02d}" for one in calling_steps.siren_zones(db) if due_ms or one != imagined["zone"]
        ]
        asked = _("sirene %(zones)s diminta berbunyi", zones=", ".join(others))
        lines.append(asked if others else _("RW ini belum punya sirene lain"))
    elif step.siren == p.RT:
        lines.append(_("sirene RT %(zone)s diminta berbunyi lagi", zone=zone))
    if p.CHIMES in step.to:
        lines.append(_chimes(db, imagined))
    found, missing, _failed = recipients.reach(db, None, imagined, step.to)
    lines.extend(_way(one) for one in found)
    card = policy_store.card(db, {**imagined, "alerts": step.number})
    if card:
        on_board = _("papan menyuruh menelepon %(card)s", card=card)
        lines.append(_("halaman kejadian menyuruh menelepon %(card)s", card=card) if silent else on_board)
    return {
        "after": words.span(due_ms // 1000),
        "lines": lines,
        "missing": [code_words.say(one) for one in missing],
    }


def _way(one: Recipient) -> Text:
    about = {"name": one["name"], "channel": ways.word(one["channel"])}
    if one["delay_s"]:
        return _("%(name)s lewat %(channel)s sesudah %(later)s", later=words.span(one["delay_s"]), **about)
    return _("%(name)s lewat %(channel)s", **about)


def _chimes(db: Db, imagined: Called) -> Text:
    if not imagined["confidential"]:
        return _("penerima di rumah yang disepakati berbunyi")
    if any(chime["silent"] for chime in gateway_calls.chimes(db).values()):
        return _("penerima di rumah orang yang disepakati untuk kejadian rahasia berbunyi pelan")
    return _("tidak ada penerima di rumah orang yang disepakati untuk kejadian rahasia")


def queue(db: Db, now: Now, condition: str) -> list[Coming]:
    """List the next work by due time; `condition`: SQL on incidents that this person may know of."""
    zone = db.setting("time_zone", "WIB")
    out = []
    for row in db.all(
        f"SELECT * FROM incidents WHERE next_alert_ms IS NOT NULL AND {condition} "
        "ORDER BY next_alert_ms LIMIT ?",
        QUEUE_LIMIT,
    ):
        if escalation.left_open(row):
            out.append((row["next_alert_ms"], row["slug"], _("ditanyakan apakah sudah selesai"), row))
        for due_ms, step in escalation.outlook(policy_store.for_incident(db, row), row, 2):
            said = services.fill(step.words, contacts.numbers(db, row["zone"]))
            what = _("panggilan ke-%(number)s: %(said)s", number=step.number, said=said)
            if step.siren != p.NO:
                what = _("panggilan ke-%(number)s: sirene %(siren)s; %(said)s",
                         number=step.number, siren=step.siren.upper(), said=said)  # fmt: skip
            out.append((due_ms, row["slug"], what, row))
    for work in db.all(
        # counters that wait for their time tell that somebody alarmed, perhaps silently
        f"SELECT o.* FROM outbox o INDEXED BY outbox_waiting WHERE o.{outbox.WAITS} "
        "AND (o.type != 'counters' OR o.not_before_ms = 0) "
        "AND (o.incident IS NULL OR EXISTS (SELECT 1 FROM incidents WHERE incidents.id = o.incident "
        f"AND {condition})) ORDER BY o.id LIMIT ?",
        QUEUE_LIMIT,
    ):
        row = work["incident"] and db.one("SELECT * FROM incidents WHERE id = ?", work["incident"])
        out.append((max(work["not_before_ms"], work["created_ms"]), row and row["slug"], _work(work), row))
    for row in drills.waiting(db):
        left_ms = row["planned_wall"] - now.wall
        if row["told_wall"] is None and left_ms > 0:
            due_ms = now.ms + max(0, left_ms - drills.DAY_MS)
            out.append((due_ms, None, _("latihan %(area)s diumumkan", area=drills.area(row["zone"])), None))
    for one in db.all("SELECT * FROM warnings WHERE closed_ms IS NULL AND next_ms IS NOT NULL"):
        owner = residents.DUTIES.get(one["owner"], one["owner"])
        told = code_words.warning(one)
        said = _("peringatan %(subject)s: %(what)s, lagi ke %(owner)s",
                 subject=told["subject"], what=told["what"], owner=owner)  # fmt: skip
        out.append((one["next_ms"], None, said, None))
    out.sort(key=lambda one: one[0])
    return [
        {
            "in_s": max(0, (due_ms - now.ms) // 1000),
            "time": _when(now.wall, now.wall + due_ms - now.ms, zone),
            "slug": slug,
            "title": "" if row is None else slug if row["confidential"] else words.kind(row["kind"]),
            "what": what,
        }
        for due_ms, slug, what, row in out[:QUEUE_LIMIT]
    ]


def _when(now_wall: int, wall: int, zone: str) -> str:
    return (local_time if wall - now_wall < DAY_MS else local_date_time)(wall, zone)


TYPES = {
    "stage": _("kabar ke tombol"),
    "siren": _("perintah sirene"),
    "page": _("memanggil penerima"),
    "drill": _("waktu latihan"),
    "directory": _("daftar alat untuk gerbang"),
    "config": _("pengaturan alat"),
    "codes": _("kode kentongan untuk sirene gerbang"),
    "keys": _("kunci baru untuk gerbang"),
    "counters": _("hitungan terakhir untuk gerbang"),
    sending.NEW: _("baru"),
    sending.FLASH: _("kedip"),
    sending.TEST: _("uji"),
}
NAMED_TYPES = {
    outbox.NEWS: _("kabar untuk %(name)s"),
    outbox.MESSAGE: _("memanggil %(name)s"),
    outbox.CORRECTION: _("koreksi untuk %(name)s"),
}


def _work(row: Row) -> Text:
    what: str
    if row["type"] in NAMED_TYPES:
        what = NAMED_TYPES[row["type"]].of(name=json.loads(row["body"]).get("name", ""))
    else:
        what = TYPES.get(row["type"]) or row["type"]
    way = ways.word(row["channel"])
    if not row["attempts"]:
        return _("%(what)s lewat %(way)s", what=what, way=way)
    return _("%(what)s lewat %(way)s, sudah dicoba %(tries)s kali", what=what, way=way, tries=row["attempts"])
