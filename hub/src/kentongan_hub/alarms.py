"""What a gateway reported becomes incidents; idempotent, no Flask, time comes in as an argument."""

import hashlib
import json

from kentongan_wire import messages as m

from kentongan_hub import escalation, incidents, outbox
from kentongan_hub.audit import note
from kentongan_hub.clock import parse_wall

GATEWAY_AGE_LIMIT_MS = 30 * 86_400_000  # an event older than this comes from a clock that is wrong
EVENTS_KEEP_MS = 40 * 86_400_000  # ids are remembered longer than any spool keeps a row
PAGE_EXPIRES_MS = 3_600_000  # a board that was dark for an hour shows the incident anyway
BATTERY_STEP_MV = 20  # wire-format.md: battery u8 in steps of 20 mV
SOUNDING = (m.STATE_SOUNDING, m.STATE_DRIVEN)
STATE_NAMES = {
    "sounding": m.STATE_SOUNDING,
    "stopped": m.STATE_STOPPED,
    "silenced": m.STATE_SILENCED,
    "failed": m.STATE_FAILED,
    "driven": m.STATE_DRIVEN,
}


def take(db, now, gateway, event):
    """Apply one checked event once. A spool that started over (same id, other content) loses nothing."""
    digest = hashlib.sha256(json.dumps(event, sort_keys=True).encode()).digest()[:16]
    fresh = db.run(
        "INSERT OR IGNORE INTO events (gateway, id, digest, type, received_ms) VALUES (?, ?, ?, ?, ?)",
        gateway,
        event["id"],
        digest,
        event["type"],
        now.ms,
    )
    if fresh:
        HANDLERS[event["type"]](db, now, gateway, event)


def trim(db, now):
    """Forget old event ids, a bounded number at a time."""
    return db.run(
        "DELETE FROM events WHERE (gateway, id, digest) IN "
        "(SELECT gateway, id, digest FROM events WHERE received_ms < ? LIMIT 1000)",
        now.ms - EVENTS_KEEP_MS,
    )


def is_confidential(event):
    return event["silent"] or event["kind"] == m.KIND_KEKERASAN


def _alarm(db, now, gateway, event):
    incident_bits = event["counter"] if event["incident"] is None else event["incident"]
    first = (event["counter"] - ((event["counter"] - incident_bits) & 0xFFFF)) & 0xFFFF_FFFF
    test = event["kind"] == m.KIND_UJI
    if db.value("SELECT 1 FROM alarms WHERE device = ? AND counter = ?", event["device"], event["counter"]):
        return  # the same press by another road
    incident = None if test else _incident(db, now, gateway, event, first)
    db.insert(
        "alarms",
        device=event["device"],
        counter=event["counter"],
        incident=incident and incident["id"],
        gateway=gateway,
        boot_id=event["boot_id"],
        at_ms=event["at_ms"],
        kind=event["kind"],
        cancel=event["cancel"],
        late=event["late"],
        attempt=event["attempt"],
        rssi=event["rssi"],
        snr_q=event["snr_q"],
        hops=event["hops"],
        received_ms=now.ms,
    )
    if test:
        db.run("UPDATE devices SET tested_wall = ? WHERE node = ?", _happened(now, event), event["device"])
    else:
        _press(db, now, incident, event)
    if test or not incident["confidential"]:  # a silent alarm leaves no trace on the device list
        _heard(db, now, gateway, event, event["battery"] and event["battery"] * BATTERY_STEP_MV)


def _incident(db, now, gateway, event, first):
    """The incident this press belongs to, made when it is the first; `presses` is 0 then."""
    confidential = int(is_confidential(event))
    sql = "SELECT * FROM incidents WHERE device = ? AND first_counter = ? AND confidential = ?"
    incident = db.one(sql, event["device"], first, confidential)
    if incident:
        return incident
    prefix = "rahasia" if confidential else "kejadian"
    number = 1 + int(db.setting(f"last_{prefix}", 0))
    db.set_setting(f"last_{prefix}", number)
    drill = int(event["drill"] and not confidential)
    zone = event["zone"] or db.value("SELECT zone FROM devices WHERE node = ?", event["device"]) or 0
    db.insert(
        "incidents",
        slug=f"{prefix}-{number}",
        state=incidents.LATIHAN if drill else incidents.BARU,
        device=event["device"],
        first_counter=first,
        last_counter=event["counter"],
        gateway=gateway,
        zone=zone,
        kind=event["kind"],
        confidential=confidential,
        drill=drill,
        cancelled=0,
        late=int(event["late"]),
        lid=int(event["lid"]),
        battery_mv=event["battery"] and event["battery"] * BATTERY_STEP_MV,
        presses=0,
        opened_ms=now.ms - max(0, event["age_ms"]),
        opened_wall=_happened(now, event),
        next_alert_ms=escalation.first_alert_ms(now.ms, drill),
    )
    return db.one(sql, event["device"], first, confidential)


def _press(db, now, incident, event):
    first_press = incident["presses"] == 0
    db.run(
        "UPDATE incidents SET presses = presses + 1, last_counter = max(last_counter, ?) WHERE id = ?",
        event["counter"],
        incident["id"],
    )
    if first_press:
        note("hub_logged", incidents.identity(db, incident), incident["state"])
        outbox.add(db, now.ms, outbox.BOARD, "baru", "{}", PAGE_EXPIRES_MS, incident["id"])
    if event["cancel"]:
        _cancel(db, now, incident, event)
    elif first_press:
        detail = "diterima terlambat, tanpa sirene" if event["late"] else ""
        incidents.tell(db, now, incident, _who(db, incident), "tombol ditekan", detail)
        if escalation.pages_at_once(incident):
            incidents.order_page(db, now, {**incident, "last_counter": event["counter"]})
    else:
        _press_again(db, now, incident, event)


def _press_again(db, now, incident, event):
    confidential = bool(incident["confidential"])
    happens = incidents.TEKAN_LATIHAN if event["drill"] and not confidential else incidents.TEKAN
    # a gateway tells late what it heard late, or in order what another had heard past it
    older = event["late"] or event["counter"] < incident["last_counter"]
    if older and (incident["closed_ms"] is not None or incident["cancelled"]):
        incidents.tell(db, now, incident, _who(db, incident), "tombol ditekan lagi", "diterima terlambat")
        return
    state = incidents.TRANSITIONS[incident["state"], happens]
    incidents.tell(db, now, incident, _who(db, incident), "tombol ditekan lagi")
    if happens == incidents.TEKAN:
        kind = incident["kind"] if older else event["kind"]
        db.run(
            "UPDATE incidents SET state = ?, kind = ?, drill = 0, cancelled = 0, late = ? WHERE id = ?",
            state,
            kind,
            int(incident["late"] and older),
            incident["id"],
        )
    if state == incidents.BARU and incident["state"] not in (incidents.BARU,):
        db.run(
            "UPDATE incidents SET closed_ms = NULL, closed_wall = NULL, closed_by = NULL, reason = NULL, "
            "answered_ms = NULL, answered_wall = NULL, answered_by = NULL, alerts = 0, next_alert_ms = ? "
            "WHERE id = ?",
            escalation.first_alert_ms(now.ms, False),
            incident["id"],
        )
        incidents.tell(db, now, incident, "pusat data", "dibuka kembali", "tombol ditekan lagi")
    elif incident["answered_ms"] is not None and incident["closed_ms"] is None:
        incidents.order_stage(db, now, incident, event["counter"], m.STAGE_COMING)


def _cancel(db, now, incident, event):
    state = incidents.TRANSITIONS[incident["state"], incidents.BATAL]
    db.run("UPDATE incidents SET state = ?, cancelled = 1 WHERE id = ?", state, incident["id"])
    incidents.tell(db, now, incident, _who(db, incident), "dibatalkan", "pastikan keadaan di tempat")
    incidents.order_stage(db, now, incident, event["counter"], m.STAGE_CANCELLED)


def _who(db, incident):
    if incident["confidential"]:
        return "pelapor (dirahasiakan)"
    label = db.value("SELECT label FROM devices WHERE node = ?", incident["device"])
    return label or f"alat {incident['device']:08x}"


def _happened(now, event):
    """The wall time a gateway gave, when it can be true; else the hub's own."""
    wall = parse_wall(event["wall"])
    return wall if wall is not None and 0 <= now.wall - wall <= GATEWAY_AGE_LIMIT_MS else now.wall


def _heard(db, now, gateway, event, battery_mv=None):
    """A device was heard: when it happened, by whom, how well."""
    wall = _happened(now, event)
    at_ms = now.ms - (now.wall - wall)
    db.run(
        "UPDATE devices SET heard_ms = ?, heard_wall = ?, heard_by = ?, link = '', "
        "rssi = coalesce(?, rssi), snr_q = coalesce(?, snr_q), battery_mv = coalesce(?, battery_mv) "
        "WHERE node = ? AND coalesce(heard_ms, 0) <= ? AND NOT EXISTS "  # no trace while it cries silently
        "(SELECT 1 FROM incidents WHERE device = devices.node AND confidential = 1 AND closed_ms IS NULL)",
        at_ms,
        wall,
        gateway,
        event.get("rssi"),
        event.get("snr_q"),
        battery_mv,
        event["device"],
        at_ms,
    )


def _status(db, now, gateway, event):
    body = event["body"] or {}
    role = db.value("SELECT role FROM devices WHERE node = ?", event["device"])
    flags = _whole(body.get("flags")) or 0
    if role == "tombol":
        battery_mv = (_whole(body.get("battery")) or 0) * BATTERY_STEP_MV or None
        lid, low, fault = flags & m.TOMBOL_STATUS_LID, flags & m.TOMBOL_STATUS_LOW_BATTERY, 0
        jammed = 0
    else:
        battery_mv = _whole(body.get("battery_mv"))
        lid, low, fault = flags & m.STATUS_LID, 0, flags & m.STATUS_SIREN_FAULT
        jammed = flags & m.STATUS_JAMMING
    _heard(db, now, gateway, event, battery_mv)
    db.run(
        "UPDATE devices SET lid = ?, low_battery = ?, siren_fault = ?, jammed = ? WHERE node = ?",
        int(bool(lid)),
        int(bool(low)),
        int(bool(fault)),
        int(bool(jammed)),
        event["device"],
    )


def _whole(value):
    return value if type(value) is int and 0 <= value <= 0xFFFF else None


def _siren_report(db, now, gateway, event):
    """What a post, or the gateway's own siren, says that it does; a repeat of its last word adds nothing."""
    post = event.get("device") or db.value("SELECT node FROM gateways WHERE label = ?", gateway)
    state, alarm = event["state"], (event["origin"], event["counter"])
    state = STATE_NAMES.get(state, m.STATE_STOPPED) if isinstance(state, str) else _whole(state) or 0
    last = db.value(
        "SELECT state FROM siren_reports WHERE origin = ? AND counter = ? AND post = ? "
        "ORDER BY id DESC LIMIT 1",
        *alarm,
        post,
    )
    if event.get("device"):
        _heard(db, now, gateway, event)
    if state == last:
        return
    db.insert(
        "siren_reports",
        post=post,
        origin=event["origin"],
        counter=event["counter"],
        state=state,
        source=str(event["source"])[:20],
        gateway=gateway,
        boot_id=event["boot_id"],
        at_ms=event["at_ms"],
        received_wall=_happened(now, event),
    )
    incident = db.one(
        "SELECT i.* FROM alarms a JOIN incidents i ON i.id = a.incident WHERE a.device = ? AND a.counter = ?",
        *alarm,
    )
    if incident:
        label = db.value("SELECT label FROM devices WHERE node = ?", post) or gateway
        incidents.tell(db, now, incident, label, "sirene " + SIREN_WORDS.get(state, "melapor"))


SIREN_WORDS = {
    m.STATE_SOUNDING: "berbunyi",
    m.STATE_STOPPED: "berhenti",
    m.STATE_SILENCED: "dimatikan di pos",
    m.STATE_FAILED: "gagal berbunyi",
    m.STATE_DRIVEN: "digerakkan (tanpa pengindra)",
}


def _event(db, now, gateway, event):
    """A key at a post or a chime: 'saya datang' there is an answer; other keys are proof of life so far."""
    _heard(db, now, gateway, event)
    if event["event"] != m.EVENT_COMING:
        return
    label = db.value("SELECT label FROM devices WHERE node = ?", event["device"])
    named = db.all(
        "SELECT * FROM incidents WHERE closed_ms IS NULL AND first_counter & 65535 = ? LIMIT 20",
        event["value"],
    )
    for incident in named:
        if label and len(named) == 1:
            incidents.come_from_device(db, now, incident, label)
        else:  # two buttons may count alike: better answered twice than wrongly marked as answered
            incidents.tell(
                db, now, incident, label or "alat lain", "saya datang?", "belum jelas ke kejadian mana"
            )


def _stage_seen(db, now, gateway, event):
    db.run(
        "UPDATE alarms SET stage_seen = max(stage_seen, ?) WHERE device = ? AND counter = ?",
        event["stage"],
        event["device"],
        event["counter"],
    )


def _refusals(db, now, gateway, event):
    """A gateway tells what it refused since it last told; the sum is kept."""
    for reason, count in event["counters"].items():
        count_refusal(db, now, gateway, reason, count)


def count_refusal(db, now, gateway, reason, count):
    db.run(
        "INSERT INTO refusals (gateway, reason, count, changed_wall) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (gateway, reason) DO UPDATE SET count = count + excluded.count, "
        "changed_wall = excluded.changed_wall",
        gateway,
        reason,
        count,
        now.wall,
    )


def _radio(db, now, gateway, event):
    db.run(
        "INSERT INTO radios (gateway, name, up, changed_wall) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (gateway, name) DO UPDATE SET up = excluded.up, changed_wall = excluded.changed_wall",
        gateway,
        event["name"] or "radio",
        int(event["up"]),
        _happened(now, event),
    )


def _supervision(db, now, gateway, event):
    link = "" if event["state"] == "terhubung" else event["state"]
    db.run("UPDATE devices SET link = ? WHERE node = ?", link, event["device"])


HANDLERS = {
    "alarm": _alarm,
    "status": _status,
    "siren_report": _siren_report,
    "gateway_siren": _siren_report,
    "event": _event,
    "stage_seen": _stage_seen,
    "refusals": _refusals,
    "radio": _radio,
    "supervision": _supervision,
}
