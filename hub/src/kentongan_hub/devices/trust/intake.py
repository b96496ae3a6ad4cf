"""Meaning of a gateway's event for trust: a revoked sender, and what the event proves."""

from kentongan_wire.message import messages as m

from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Event
from kentongan_hub.devices import last_heard
from kentongan_hub.devices.trust import configs, counters
from kentongan_hub.storage.store import Db


def refused(db: Db, now: Now, event: Event) -> bool:
    """Tell whether a device sent this after its number was revoked: a gateway may learn of that late."""
    if event["type"] not in counters.TYPES:
        return False
    row = db.one("SELECT revoked, revoked_ms FROM devices WHERE node = ?", event["device"])
    if row is None or row["revoked"] != 1 or type(row["revoked_ms"]) is not int:
        return False  # a damaged row refuses nobody
    return event["age_ms"] < 0 or now.ms - event["age_ms"] >= row["revoked_ms"]


def heard(db: Db, now: Now, event: Event) -> None:
    """Keep the counter of an authentic message; of a STATUS, which settings the device has."""
    if event["type"] not in counters.TYPES:
        return
    counters.heard(db, now, event)
    if event["type"] != "status":
        return
    if last_heard.is_old(db, now, event):  # a later one has told its settings, over another gateway
        return
    body, node = event["body"] or {}, event["device"]
    version, generation = _number(body.get("config_version"), 0xFFFF), event["generation"]
    if version is not None and generation is not None:
        configs.reported(db, now, node, version, generation)
    device = db.one("SELECT role, zone FROM devices WHERE node = ?", node)
    if device is None or device["role"] == "tombol":
        return
    own = configs.gateway_of(db, device["zone"])  # the one that its file names, whichever heard it
    counters.heard_control(db, own, _number(body.get("last_control"), 0xFFFF_FFFF))
    if device["role"] == "sirene" and (_number(body.get("flags"), 0xFFFF) or 0) & m.STATUS_COUNTERS_LOST:
        counters.post_lost(db, now, node)


def _number(value: object, highest: int) -> int | None:
    return value if type(value) is int and 0 <= value <= highest else None
