"""An incident's orders to gateways: stages for buttons, sirens, chimes; outbox rows of its transaction."""

import json
from collections.abc import Sequence
from typing import Any

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Incident, OutboxRow, Row
from kentongan_hub.people import ringing
from kentongan_hub.record import outbox, timeline
from kentongan_hub.storage.store import Db

STAGE_EXPIRES_MS = 1_800_000  # the button listens for 30 min after a press
SIREN_EXPIRES_MS = 60_000  # a siren order that comes later would startle, not help
QUIET_MS = 45_000  # a gateway whose long poll has not come for so long takes no order in time
SIREN_SECONDS = 60  # one re-alert
STOP_AGAIN_MS = 15_000  # a gateway repeats its order for about so long
POSTS_BESIDE = (
    "SELECT zone, settings FROM devices "
    "WHERE zone != ? AND role = 'sirene' AND revoked = 0 AND pending = 0 ORDER BY zone"
)
ORDERED_IN = (  # RTs whose sirens were ordered for an incident
    "SELECT DISTINCT json_extract(body, '$.zone') AS zone FROM outbox WHERE type = 'siren' AND incident = ? "
    "AND json_valid(body) AND json_extract(body, '$.action') = 'start' ORDER BY zone"
)

LAST_ORDER_IN = (
    "SELECT created_ms, state, json_extract(body, '$.action') AS action, "
    "json_extract(body, '$.counter') AS counter FROM outbox WHERE type = 'siren' AND incident = ? "
    "AND json_valid(body) AND json_extract(body, '$.zone') = ? ORDER BY id DESC LIMIT 1"
)


def members(db: Db, incident: Incident) -> list[Incident]:
    """List the incident and those merged into it: an answer to one event is told to every presser."""
    merged: list[Incident] = db.all(
        "SELECT * FROM incidents WHERE merged_into = ? ORDER BY id", incident["id"]
    )
    return [incident, *merged]


def stage(db: Db, now: Now, incident: Incident, counter: int, number: int) -> None:
    """Tell one button; `counter` is the press that is answered."""
    if incident["device"] == timeline.BY_HAND or incident["raised_by"]:
        return  # no button waits for it
    body = {
        "device": incident["device"],
        "counter": counter,
        "first": incident["first_counter"],
        "stage": number,
    }
    outbox.order(db, now.ms, [incident["gateway"] or ""], "stage", body, STAGE_EXPIRES_MS, incident["id"])


def stages(db: Db, now: Now, incident: Incident, number: int) -> None:
    """Tell every button of the event."""
    for one in members(db, incident):
        stage(db, now, one, one["last_counter"], number)


def siren(
    db: Db,
    now: Now,
    incident: Incident,
    action: str,
    seconds: int = 0,
    zone: int | None = None,
    counter: int | None = None,
    posts: Sequence[int] = (),
) -> None:
    """Start or stop the posts of the incident's zone. A confidential incident never gets here.

    `counter`: of the press that it is for; by itself the last one. `posts`: these alone.
    """
    if incident["confidential"]:
        raise LocalError(_("kejadian rahasia tidak pernah membunyikan sirene"))
    if incident["device"] == timeline.BY_HAND:
        return
    zone = incident["zone"] if zone is None else zone
    body = {
        "action": action,
        "origin": incident["device"],
        "counter": incident["last_counter"] if counter is None else counter,
        "first": incident["first_counter"],
        "targets": list(posts) or "zone",
        "zone": zone,
        "kind": incident["kind"],
        "seconds": seconds,
    }
    outbox.order(db, now.ms, [_gateway(db, incident, zone)], "siren", body, SIREN_EXPIRES_MS, incident["id"])


def _gateway(db: Db, incident: Incident, zone: int) -> str:
    """Find the gateway of that zone, else the one that heard the alarm: relays reach the other posts."""
    if zone == incident["zone"]:
        return incident["gateway"] or ""
    label = db.value("SELECT label FROM gateways WHERE zone = ? AND token IS NOT NULL ORDER BY label", zone)
    return label or incident["gateway"] or ""


def reroute(db: Db, now: Now) -> int:
    """Move orders that wait for a quiet gateway to one that is not; the number of orders.

    Any gateway of the site holds the keys and reaches the devices over relays; which one heard the alarm
    first is no reason to wait for it.
    """
    alive = db.all(
        "SELECT label, zone FROM gateways WHERE token IS NOT NULL AND heard_ms >= ? ORDER BY heard_ms DESC",
        now.ms - QUIET_MS,
    )
    if not alive:
        return 0
    names = [outbox.gateway_channel(one["label"]) for one in alive]
    marks = ", ".join("?" * len(names))
    rows = db.all(
        "SELECT o.id, i.zone FROM outbox o JOIN incidents i ON i.id = o.incident WHERE o.state = ? AND "
        f"o.type IN ('stage', 'siren', 'page') AND o.channel LIKE 'gateway:%' AND o.channel NOT IN ({marks})",
        outbox.WAITING,
        *names,
    )
    for row in rows:
        near = next((one for one in alive if one["zone"] == row["zone"]), alive[0])
        channel = outbox.gateway_channel(near["label"])
        db.run("UPDATE outbox SET channel = ?, lease_ms = 0 WHERE id = ?", channel, row["id"])
    return len(rows)


def as_sent(db: Db, row: OutboxRow) -> dict[str, Any]:
    """Give the body of an order (a row of the outbox) as it goes out now.

    A page for a confidential incident names its chimes: by its own circle as it stands now.
    """
    body = json.loads(row["body"])
    if row["type"] == "page":
        incident = db.one("SELECT * FROM incidents WHERE id = ?", row["incident"], of=Incident)
        if not incident and body.get("silent"):  # whose circle? Others are not to know of it
            raise LookupError(f"page {row['id']} of a confidential incident that is not known")
        if incident and incident["confidential"]:
            body["targets"] = ringing.targets(db, incident)
    return body


def stop_sirens(db: Db, now: Now, incident: Incident) -> None:
    """Stop what beats for the event, also in the RTs that its policy asked to help."""
    for one in members(db, incident):
        if not one["confidential"]:
            stop(db, now, one)


def stop(db: Db, now: Now, incident: Incident) -> None:
    """Stop the sirens of its own RT and those beside."""
    _stop_in(db, now, incident, [incident["zone"], *_beside(db, incident)])


def stop_beside(db: Db, now: Now, incident: Incident) -> None:
    """Stop those of other RTs: its button called it off, and the gateway of its own RT did the rest."""
    if not incident["confidential"]:
        _stop_in(db, now, incident, [zone for zone in _beside(db, incident) if zone != incident["zone"]])


def _beside(db: Db, incident: Incident) -> list[int]:
    """List the RTs where its sirens were ordered, and of who beats it by itself."""
    ordered = [row["zone"] for row in db.all(ORDERED_IN, incident["id"]) if type(row["zone"]) is int]
    beside = [
        post["zone"]
        for post in db.all(POSTS_BESIDE, incident["zone"])
        if not incident["raised_by"] and beats_by_itself(post, incident)  # no post beats a raised one unasked
    ]
    return [*ordered, *beside]


def _stop_in(db: Db, now: Now, incident: Incident, zones: Sequence[int]) -> None:
    for zone in dict.fromkeys(zones):
        if not _stopped_just_now(db, now, incident, zone):
            siren(db, now, incident, "stop", zone=zone)


def _stopped_just_now(db: Db, now: Now, incident: Incident, zone: int) -> bool:
    """Tell whether the last order there is this stop, of seconds ago: gateways repeat it, taps need not.

    One that failed or expired is no stop.
    """
    last = db.one(LAST_ORDER_IN, incident["id"], zone)
    return (
        last is not None
        and last["state"] in (outbox.WAITING, outbox.DONE)
        and (last["action"], last["counter"]) == ("stop", incident["last_counter"])
        and 0 <= now.ms - last["created_ms"] < STOP_AGAIN_MS
    )


def beats_by_itself(post: Row, incident: Incident) -> bool:
    """Read in a post's settings if it beats this alarm unasked; with unreadable ones, its own RT's."""
    own = post["zone"] == incident["zone"]
    try:
        table = json.loads(post["settings"]).get("table")
        return m.sounds_by_itself(incident["kind"], incident["zone"], table) if table else own
    except (ValueError, TypeError, AttributeError, RecursionError):
        return own


def page(db: Db, now: Now, incident: Incident, counter: int | None = None) -> None:
    """Call the chimes: which ones the gateway's directory says, of a confidential incident as_sent().

    With what the alarm says: a gateway that did not hear it, or has forgotten it, calls all the same.
    `counter`: as of siren().
    """
    if incident["device"] == timeline.BY_HAND:
        return
    counter = incident["last_counter"] if counter is None else counter
    body = {
        "device": incident["device"],
        "counter": counter,
        "first": incident["first_counter"],
        "kind": incident["kind"],
        "zone": incident["zone"],
        "silent": int(bool(incident["confidential"])),
    }
    outbox.order(db, now.ms, [incident["gateway"] or ""], "page", body, SIREN_EXPIRES_MS, incident["id"])
