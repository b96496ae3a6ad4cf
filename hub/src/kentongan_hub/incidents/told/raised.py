"""A siren on purpose: a named person at the post, or at the hub, has it sounded for what no button told.

It is an incident like any other: posts beat the RT's code, its policy calls and escalates, people answer,
take back and close it. What tells it apart is who: the name stands on every page, message and line of it.

On the air it is the order that every other siren is ordered by. Its origin is the gateway that is asked,
its counter the incident's number, so what posts and chimes say of it names it whole, as a button's alarm is.

A false alarm is an offence, naming the kentongan (KUHP 2023, art. 265 b). So it takes a reason, an RT that
has a siren and a second look; nobody does it again and again; and it ends: each sounding by itself, the
repeats with the first who comes, all of it by whoever closes it or stops the sound.
"""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.base.tables import Account, Incident, Row, Value
from kentongan_hub.incidents import orders
from kentongan_hub.incidents.calling import rehearsal, steps
from kentongan_hub.incidents.told import opening, voice
from kentongan_hub.policies import escalation, policy, policy_store
from kentongan_hub.record import audit, timeline
from kentongan_hub.storage.store import Db

KINDS = [kind for kind in words.KINDS if kind < policy.REPORTS_FROM and kind not in m.NEVER_SOUND]
REASON_LIMIT = 120  # characters; it goes to phones
PERSON_MAX, PERSON_MS = 3, 3_600_000  # of one person in an hour


def allowed(db: Db, kind: int, zone: int, reason: str) -> str:
    """Give the reason as it is kept; LocalError says why no siren sounds for this."""
    reason = audit.clean(reason).strip()
    if kind not in KINDS:
        raise LocalError(_("Pilih jenis kejadian. Kejadian rahasia tidak pernah membunyikan sirene."))
    if zone not in zones(db):
        raise LocalError(_("Pilih RT yang punya sirene."))
    if not reason:
        raise LocalError(_("Alasan belum diisi. Pilih atau tulis satu alasan singkat."))
    if len(reason) > REASON_LIMIT:
        raise LocalError(_("alasan: paling panjang %(limit)s huruf", limit=REASON_LIMIT))
    same = db.value(
        "SELECT slug FROM incidents WHERE closed_ms IS NULL AND raised_by != '' AND zone = ? AND kind = ?",
        *(zone, kind),
    )
    if same:
        raise LocalError(
            _(
                "%(slug)s sudah dibunyikan untuk itu dan masih terbuka: bunyinya diulang sendiri sampai ada "
                "yang datang.",
                slug=same,
            )  # fmt: skip
        )
    return reason


def check(db: Db, now: Now, account: Account, kind: int, zone: int, reason: str) -> str:
    """Do as allowed(), for this person: who did it again and again is told whom to ask instead."""
    reason = allowed(db, kind, zone, reason)
    lately = "SELECT count(*) FROM incidents WHERE raised_account = ? AND opened_ms > ?"
    if db.value(lately, account["id"], now.ms - PERSON_MS) >= PERSON_MAX:
        raise LocalError(
            _(
                "Anda sudah membunyikannya %(count)s kali dalam satu jam. Minta orang lain, tekan tombol "
                "rumah, pukul kentongan, atau telepon 112.",
                count=PERSON_MAX,
            )  # fmt: skip
        )
    return reason


def zones(db: Db) -> list[int]:
    """List the RTs where a siren can be ordered: of posts, and of gateways, which may have their own."""
    rows = db.all("SELECT DISTINCT zone FROM gateways WHERE token IS NOT NULL AND zone > 0")
    return sorted({*steps.siren_zones(db), *(row["zone"] for row in rows if type(row["zone"]) is int)})


def also(db: Db, kind: int, zone: int) -> list[int]:
    """List the other RTs whose sirens the policy of this kind sounds at once."""
    imagined = rehearsal.imagine(zone, 0, kind)
    first = escalation.at_once(policy_store.for_incident(db, imagined), imagined)
    return _beside(db, zone) if first.siren == policy.RW else []


def later(db: Db, kind: int, zone: int) -> tuple[list[int], int]:
    """List the other RTs that it asks first while nobody comes, and after how many seconds; [] where none."""
    imagined = rehearsal.imagine(zone, 0, kind)
    rules = policy_store.for_incident(db, imagined)
    imagined["next_alert_ms"] = escalation.first_alert_ms(rules, 0, False)
    for due_ms, step in escalation.outlook(rules, imagined, len(rules["langkah"])):
        if step.siren == policy.RW:
            return _beside(db, zone), due_ms // 1000
    return [], 0


def _beside(db: Db, zone: int) -> list[int]:
    return [one for one in steps.siren_zones(db) if one != zone]


def sound(
    db: Db, now: Now, account: Account, kind: int, zone: int, reason: str, screen: str = "", address: str = ""
) -> str:
    """Open the incident, order its sirens, call as its policy says; its slug.

    `screen`: the name of the post's screen on which the person did it, "" on a page of the hub.
    """
    reason = check(db, now, account, kind, zone, reason)
    gateway = _gateway(db, now, zone)
    columns: dict[str, Value] = {
        **{"device": gateway["node"], "gateway": gateway["label"], "zone": zone, "house": 0, "kind": kind},
        **{"raised_by": account["name"], "raised_at": screen, "raised_account": account["id"]},
    }
    incident = opening.opened(db, now, False, **columns)
    at = Said(codes.FROM_SCREEN, name=screen) if screen else None
    opening.begin(db, now, incident, account["name"], codes.RAISED, reason, address, at)
    if incident["device"] == timeline.BY_HAND:  # people are called all the same
        said = Said(codes.CALL_OTHERWISE, what=Said(codes.SIRENS))
        timeline.tell(db, now, incident, HUB, codes.PART_FAILED, said)
    else:
        steps.sound_here(db, now, incident)
        voice.say(db, now, zone, voice.of_alarm(kind, zone), incident["id"])
    steps.at_once(db, now, incident)
    return incident["slug"]


def _gateway(db: Db, now: Now, zone: int) -> Row:
    """Choose who orders it: a gateway that is there before one that is quiet, then the RT's own."""
    found = db.one(
        "SELECT label, node FROM gateways WHERE token IS NOT NULL "
        "ORDER BY coalesce(heard_ms, 0) >= ? DESC, zone = ? DESC, label LIMIT 1",
        *(now.ms - orders.QUIET_MS, zone),
    )
    return found or {"label": "", "node": timeline.BY_HAND}


def listed(db: Db) -> list[Incident]:
    """List open ones, the newest first."""
    return db.all("SELECT * FROM incidents WHERE closed_ms IS NULL AND raised_by != '' ORDER BY id DESC")
