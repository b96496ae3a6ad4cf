"""Gateway reports becoming incidents; idempotent, no Flask, time comes in as an argument."""

import hashlib
import json

from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, sending, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB, REPORTER, Actor, Said, unknown_device
from kentongan_hub.base.tables import Event, Incident
from kentongan_hub.devices import last_heard, troubles, waits
from kentongan_hub.devices.trust import counters, intake
from kentongan_hub.incidents import actions, chimes, merging, mute, orders, pressed, soundings
from kentongan_hub.incidents.calling import steps
from kentongan_hub.incidents.drills import posts
from kentongan_hub.incidents.tables import Alarm, incident_of
from kentongan_hub.people import circles
from kentongan_hub.policies import policy_store
from kentongan_hub.record import away, failures, outbox, timeline
from kentongan_hub.record.audit import note
from kentongan_hub.storage.store import Db

EVENTS_KEEP_MS = 40 * 86_400_000  # ids are remembered longer than any spool keeps a row
PAGE_EXPIRES_MS = 3_600_000  # a board that was dark for an hour shows the incident anyway
SOUNDING = (m.STATE_SOUNDING, m.STATE_DRIVEN)
ABOUT_ALARMS = ("event", "paged", "stage_seen", "siren_report", "gateway_siren")
STATE_NAMES = {
    "sounding": m.STATE_SOUNDING,
    "stopped": m.STATE_STOPPED,
    "silenced": m.STATE_SILENCED,
    "failed": m.STATE_FAILED,
    "driven": m.STATE_DRIVEN,
}


def take(db: Db, now: Now, gateway: str, event: Event) -> None:
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
        with failures.about(is_hushed(db, now, event)):
            _take(db, now, gateway, event)


def is_hushed(db: Db, now: Now, event: Event) -> str:
    """Give failures.SECRET or UNKNOWN for an event that is or may be about a confidential press.

    UNKNOWN when nobody can tell; '' when it is about none.
    """
    with failures.about(True):
        said = failures.contained(db, now, codes.FINDING_INCIDENT, _is_of_public, db, event)
    return failures.UNKNOWN if said is None else "" if said else failures.SECRET


def _is_of_public(db: Db, event: Event) -> bool | None:
    """Judge an alarm by itself and a report about one by that alarm; None where it is not known."""
    if event["type"] == "alarm":
        return not is_confidential(event)
    about = (event.get("origin") or event.get("device"), event.get("counter"))
    if event["type"] not in ABOUT_ALARMS or (event["type"] == "event" and not event["origin"]):
        return True
    found = db.all(
        "SELECT i.confidential FROM incidents i WHERE i.device = ? AND i.first_counter = ? UNION ALL "
        "SELECT i.confidential FROM alarms a JOIN incidents i ON i.id = a.incident "
        "WHERE a.device = ? AND a.counter = ?",
        *(*about, *about),
    )
    return not any(row["confidential"] for row in found) if found else None


def _take(db: Db, now: Now, gateway: str, event: Event) -> None:
    if failures.contained(db, now, codes.KNOWING_DEVICE, intake.refused, db, now, event):
        last_heard.count_refusal(db, now, gateway, "revoked", 1)
        return
    news = failures.contained(db, now, codes.KNOWING_DEVICE, counters.is_news, db, event)
    event["news"] = news is not False
    failures.contained(db, now, codes.WRITING_COUNTER, intake.heard, db, now, event)
    HANDLERS[event["type"]](db, now, gateway, event)


def trim(db: Db, now: Now) -> int:
    """Forget old event ids, a bounded number at a time."""
    return db.run(
        "DELETE FROM events WHERE (gateway, id, digest) IN "
        "(SELECT gateway, id, digest FROM events WHERE received_ms < ? LIMIT 1000)",
        away.cutoff(db, now.ms, EVENTS_KEEP_MS),
    )


def is_confidential(event: Event) -> bool:
    return event["silent"] or event["kind"] in m.CONFIDENTIAL


def _alarm(db: Db, now: Now, gateway: str, event: Event) -> None:
    incident_bits = event["counter"] if event["incident"] is None else event["incident"]
    first = (event["counter"] - ((event["counter"] - incident_bits) & 0xFFFF)) & 0xFFFF_FFFF
    test = event["kind"] == m.KIND_UJI
    digest = event["digest"] or ""  # the same number with other content is another alarm
    row, nameless = _known(db, event, digest), _known(db, event, counters.UNREAD + digest)
    if event["unread"]:
        if row or nameless:
            return  # it says nothing that is not known
        digest = counters.UNREAD + digest
    elif row:
        _told_again(db, now, event, row)  # the same press by another road
        return
    incident = None if test else _incident(db, now, gateway, event, first)
    db.insert(
        "alarms",
        device=event["device"],
        counter=event["counter"],
        digest=digest,
        incident=incident and incident["id"],
        gateway=gateway,
        boot_id=event["boot_id"],
        at_ms=event["at_ms"],
        kind=event["kind"],
        cancel=event["cancel"],
        late=event["late"],
        drill=event["drill"],
        attempt=event["attempt"],
        rssi=event["rssi"],
        snr_q=event["snr_q"],
        hops=event["hops"],
        received_ms=now.ms,
    )
    # it is stored and open: whatever fails from here on fails by itself
    if incident is None:
        failures.contained(db, now, codes.WRITING_TEST, _tested, db, now, event)
    else:
        failures.contained(db, now, codes.CALLING, _press, db, now, incident, event)
        failures.contained(db, now, codes.SIREN_REPORT, _reported_before, db, now, incident, event)
        failures.contained(db, now, codes.WRITING_ALARM, _odd, db, now, incident, event, nameless)
    if incident is None or not incident["confidential"]:  # a silent alarm leaves no trace on the device list
        failures.contained(db, now, codes.WRITING_DEVICE, _device_heard, db, now, gateway, event)


def _known(db: Db, event: Event, digest: str) -> Alarm | None:
    known = "SELECT * FROM alarms WHERE device = ? AND counter = ? AND digest = ?"
    found: Alarm | None = db.one(known, event["device"], event["counter"], digest)
    return found


def _tested(db: Db, now: Now, event: Event) -> None:
    db.run(
        "UPDATE devices SET tested_wall = ?, tested_ms = ? WHERE node = ?",
        *(last_heard.happened(now, event), last_heard.happened_ms(now, event), event["device"]),
    )


def _device_heard(db: Db, now: Now, gateway: str, event: Event) -> None:
    battery_mv = event["battery"] and event["battery"] * last_heard.BATTERY_STEP_MV
    last_heard.heard(db, now, gateway, event, battery_mv, news=event["news"])


def _incident(db: Db, now: Now, gateway: str, event: Event, first: int) -> Incident:
    """Find the incident of this press, or make it when it is the first; `presses` is 0 then.

    The site's data on the device are looked up beside it: an alarm needs nothing but itself.
    """
    confidential = int(is_confidential(event))
    sql = "SELECT * FROM incidents WHERE device = ? AND first_counter = ? AND confidential = ?"
    known: Incident | None = db.one(sql, event["device"], first, confidential)
    if known:
        return known
    drill = int(event["drill"] and not confidential)
    place = failures.contained(db, now, codes.KNOWING_DEVICE, _place, db, event)
    zone, house = place or (event["zone"] or 0, 0)
    muted = not confidential and failures.contained(
        db, now, codes.KNOWING_DEVICE, mute.muted, db, now.ms, event["device"]
    )
    prefix = "rahasia" if confidential else "kejadian"
    number = db.insert(
        "incidents",
        slug=actions.new_slug(db, prefix),
        state=states.LATIHAN if drill else states.BARU,
        device=event["device"],
        first_counter=first,
        last_counter=event["counter"],
        gateway=gateway,
        zone=zone,
        house=house,
        kind=event["kind"],
        confidential=confidential,
        drill=drill,
        cancelled=0,
        late=int(event["late"]),
        lid=int(event["lid"]),
        battery_mv=event["battery"] and event["battery"] * last_heard.BATTERY_STEP_MV,
        presses=0,
        muted=int(bool(muted)),
        opened_ms=now.ms - max(0, event["age_ms"]),
        opened_wall=last_heard.happened(now, event),
        next_alert_ms=None if drill else now.ms,
    )
    incident = incident_of(db, number)
    what = codes.CHOOSING_WHO_KNOWS
    if failures.contained(db, now, what, _draw, db, now, incident, event) is None:
        failures.note(db, now, what, always=True)  # it has no circle that could read it on its timeline
    failures.contained(db, now, codes.CHOOSING_STEP, _first_step, db, now, incident)
    return incident_of(db, number)


def _place(db: Db, event: Event) -> tuple[int, int]:
    """Give (zone, house) of the press: the frame's RT, else the device's."""
    known = db.one("SELECT zone, house FROM devices WHERE node = ?", event["device"])
    zone, house = (known["zone"], known["house"]) if known else (0, 0)
    return event["zone"] or int(zone), int(house)


def _draw(db: Db, now: Now, incident: Incident, event: Event) -> bool:
    incident["facts_ms"] = pressed.facts_ms(db, now, event["age_ms"])
    db.run("UPDATE incidents SET facts_ms = ? WHERE id = ?", incident["facts_ms"], incident["id"])
    pressed.draw(db, incident)
    return True


def _first_step(db: Db, now: Now, incident: Incident) -> None:
    at_ms = policy_store.first_alert_ms(db, now, incident, incident["drill"])
    db.run("UPDATE incidents SET next_alert_ms = ? WHERE id = ?", at_ms, incident["id"])


def _press(db: Db, now: Now, incident: Incident, event: Event) -> None:
    first_press = incident["presses"] == 0
    db.run(
        "UPDATE incidents SET presses = presses + 1, last_counter = max(last_counter, ?) WHERE id = ?",
        event["counter"],
        incident["id"],
    )
    if first_press:
        note("hub_logged", timeline.identity(db, incident), incident["state"])
        outbox.add(db, now.ms, outbox.BOARD, sending.NEW, "{}", PAGE_EXPIRES_MS, incident["id"])
    if event["cancel"]:
        _cancel(db, now, incident, event)
    elif first_press:
        detail = Said(codes.LATE_NO_SIREN) if event["late"] else ""
        timeline.tell(db, now, incident, _who(db, incident), codes.PRESSED, detail)
        steps.at_once(db, now, incident, event["age_ms"] >= 0, counter=event["counter"])
    else:
        _press_again(db, now, incident, event)


def _told_again(db: Db, now: Now, event: Event, row: Alarm) -> None:
    """Correct what another gateway knew less of: any that calls a press earnest, current or dated is right.

    A gateway that missed the press before takes the next for the first of a drill, or for one held back.
    """
    drill, late = bool(row["drill"] and event["drill"]), bool(row["late"] and event["late"])
    incident = incident_of(db, row["incident"]) if row["incident"] else None
    if incident and not row["cancel"]:
        incident = _dated(db, now, incident, event, row)
        earnest = row["drill"] and not drill and not incident["confidential"]
        judged = incident["closed_ms"] is not None and incident["closed_ms"] >= row["received_ms"]
        if earnest or (row["late"] and not late and not judged):
            said = codes.NOT_A_DRILL if earnest else codes.NOT_LATE
            _press_again(db, now, incident, {**event, "drill": drill, "late": late}, said)
            failures.contained(db, now, codes.SIREN_REPORT, _reported_before, db, now, incident, event)
    db.run(
        "UPDATE alarms SET drill = ?, late = ? WHERE device = ? AND counter = ? AND digest = ?",
        *(drill, late, row["device"], row["counter"], row["digest"]),
    )


def _dated(db: Db, now: Now, incident: Incident, event: Event, row: Alarm) -> Incident:
    """Date the incident's first press where the gateway that told it first knew no age; the incident.

    Then whom a change of the last day kept out for no other reason than that comes in.
    """
    unknown = row["counter"] == incident["first_counter"] and pressed.is_unsure(incident, row["received_ms"])
    if not unknown or event["age_ms"] < 0:
        return incident
    before = circles.members(db, incident)
    incident["opened_ms"] = now.ms - event["age_ms"]
    incident["facts_ms"] = pressed.facts_ms(db, now, event["age_ms"])
    db.run("UPDATE incidents SET opened_ms = ?, facts_ms = ? WHERE id = ?",
           incident["opened_ms"], incident["facts_ms"], incident["id"])  # fmt: skip
    pressed.draw(db, incident)
    if circles.members(db, incident) != before and incident["state"] == states.BARU:
        _call_anew(db, now, incident, event)
    return incident


def _odd(db: Db, now: Now, incident: Incident, event: Event, nameless: Alarm | None) -> None:
    """Tell people of what is odd in how this alarm came."""
    if event["unread"]:
        timeline.tell(db, now, incident, HUB, codes.ODD, Said(codes.CONTENT_SPOILT))
    if nameless:
        timeline.tell(db, now, incident, HUB, codes.ODD, Said(codes.NUMBER_ONLY_BEFORE))
    if event["altered"]:
        timeline.tell(db, now, incident, HUB, codes.ODD, Said(codes.NUMBER_USED_TWICE))
    if event["doubted"]:
        timeline.tell(db, now, incident, HUB, codes.ODD, Said(codes.COUNT_NOT_KNOWN))


def _press_again(db: Db, now: Now, incident: Incident, event: Event, said: str = "") -> None:
    """Take a later press of the same incident; `said`: the code of what a better informed gateway told."""
    confidential = bool(incident["confidential"])
    happens = states.TEKAN_LATIHAN if event["drill"] and not confidential else states.TEKAN
    # a gateway tells late what it heard late, or in order what another had heard past it
    older = event["late"] or event["counter"] < incident["last_counter"]
    if older and (incident["closed_ms"] is not None or incident["cancelled"]):
        why = Said(said or codes.CAME_LATE)
        timeline.tell(db, now, incident, _who(db, incident), codes.PRESSED_AGAIN, why)
        return
    state = states.after(incident["state"], happens)
    timeline.tell(db, now, incident, _who(db, incident), said or codes.PRESSED_AGAIN)
    if happens == states.TEKAN:
        kind = incident["kind"] if older else event["kind"]
        db.run(
            "UPDATE incidents SET state = ?, kind = ?, drill = 0, cancelled = 0, late = ? WHERE id = ?",
            state,
            kind,
            int(incident["late"] and older),
            incident["id"],
        )
    over = incident["closed_ms"] is not None or (incident["drill"] and happens == states.TEKAN)
    if state == states.BARU and incident["state"] != states.BARU and (over or not incident["merged_into"]):
        if incident["merged_into"]:
            merging.press_after_end(db, now, incident)
        actions.open_again(db, now, incident)
        timeline.tell(db, now, incident, HUB, codes.REOPENED, Said(codes.PRESSED_AGAIN))
        again = incident_of(db, incident["id"])
        failures.contained(db, now, codes.SIRENS, soundings.start_again, db, now, again, event)
        _call_anew(db, now, incident, event)
    elif happens == states.TEKAN and incident["late"] and not older and state == states.BARU:
        if not incident["merged_into"]:  # nobody was called at once for what seemed held back
            _call_anew(db, now, incident, event)
    elif incident["answered_ms"] is not None and incident["closed_ms"] is None:
        orders.stage(db, now, incident, event["counter"], m.STAGE_COMING)


def _call_anew(db: Db, now: Now, incident: Incident, event: Event) -> None:
    """Call as for the first press of an alarm: this one is in earnest after a drill, a cancel or an end."""
    again = incident_of(db, incident["id"])
    pressed_ms = now.ms - max(0, event["age_ms"])
    dated = event["age_ms"] >= 0
    steps.at_once(db, now, again, dated, pressed_ms=pressed_ms, counter=event["counter"])


def _cancel(db: Db, now: Now, incident: Incident, event: Event) -> None:
    if event["counter"] < incident["last_counter"]:  # pressed again since; told late, or by another gateway
        timeline.tell(db, now, incident, _who(db, incident), codes.CANCELLED, Said(codes.CAME_LATE))
        return
    state = states.after(incident["state"], states.BATAL)
    db.run("UPDATE incidents SET state = ?, cancelled = 1 WHERE id = ?", state, incident["id"])
    timeline.tell(db, now, incident, _who(db, incident), codes.CANCELLED, Said(codes.LOOK_ON_THE_SPOT))
    orders.stage(db, now, incident, event["counter"], m.STAGE_CANCELLED)
    what = Said(codes.OF_INCIDENT, what=Said(codes.SIRENS), name=timeline.identity(db, incident))
    failures.contained(db, now, what, orders.stop_beside, db, now, incident_of(db, incident["id"]))


def _who(db: Db, incident: Incident) -> str | Actor:
    if incident["confidential"]:
        return REPORTER
    label = db.value("SELECT label FROM devices WHERE node = ?", incident["device"])
    return label or unknown_device(incident["device"])


def _siren_report(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Take what a post, or the gateway's own siren, does; a repeat of its last word adds nothing."""
    post = event.get("device") or db.value("SELECT node FROM gateways WHERE label = ?", gateway)
    state, alarm = event["state"], (event["origin"], event["counter"])
    state = STATE_NAMES.get(state, m.STATE_STOPPED) if isinstance(state, str) else state
    last = db.value(
        "SELECT state FROM siren_reports WHERE origin = ? AND counter = ? AND post = ? "
        "ORDER BY id DESC LIMIT 1",
        *alarm,
        post,
    )
    if event.get("device"):
        last_heard.heard(db, now, gateway, event, news=event["news"])
    incident = _incident_of(db, *alarm)
    if incident:
        about = db, now, incident, gateway, event
        failures.contained(db, now, codes.REPLAYED_SIREN, soundings.stop_recorded, *about)
    if state == last or state in (m.STATE_DRILL, m.STATE_NO_DRILL):  # of a drill the gateway tells by itself
        return
    db.insert(
        "siren_reports",
        post=post,
        origin=event["origin"],
        counter=event["counter"],
        state=state,
        source=str(event["source"]),
        gateway=gateway,
        boot_id=event["boot_id"],
        at_ms=event["at_ms"],
        received_wall=last_heard.happened(now, event),
    )
    if incident:
        _siren_says(db, now, incident, gateway, post, state)
    else:
        soundings.reported_unknown(db, now, post, state)


def _incident_of(db: Db, origin: int, counter: int) -> Incident | None:
    """Find the incident of this alarm, or the one among whose presses it is; public first."""
    told: Incident | None = db.one(
        "SELECT i.* FROM alarms a JOIN incidents i ON i.id = a.incident WHERE a.device = ? AND a.counter = ? "
        "ORDER BY i.confidential",
        *(origin, counter),
    )
    if told:
        return told
    among: Incident | None = db.one(
        "SELECT * FROM incidents WHERE device = ? AND (first_counter = ? OR confidential = 0 "
        "AND ? BETWEEN first_counter AND last_counter) ORDER BY confidential, id DESC",
        *(origin, counter, counter),
    )
    return among


def _siren_says(db: Db, now: Now, incident: Incident, gateway: str, post: int, state: int) -> None:
    label = db.value("SELECT label FROM devices WHERE node = ?", post) or gateway
    timeline.tell(db, now, incident, label, SIREN_CODES.get(state, codes.SIREN_REPORTED))
    soundings.reported(db, now, incident, post, state)


def _reported_before(db: Db, now: Now, incident: Incident, event: Event) -> None:
    """Apply siren reports that came before their alarm: a button's first frame may find no gateway.

    Nor may presses have, since the last that came, of which a post tells by whichever it heard.
    """
    since = incident["first_counter"] if incident["presses"] == 0 else incident["last_counter"] + 1
    since = min(since, event["counter"])
    states_heard = tuple(soundings.HEARD)
    marks = ", ".join("?" * len(states_heard))
    rows = db.all(
        "SELECT * FROM siren_reports WHERE id IN (SELECT max(r.id) FROM siren_reports r "
        "JOIN soundings s ON s.post = r.post AND s.incident = ? AND s.state = ? "
        f"WHERE r.origin = ? AND r.counter BETWEEN ? AND ? AND r.state IN ({marks}) GROUP BY r.post) "
        "ORDER BY id",
        *(incident["id"], soundings.WAITED, event["device"], since, event["counter"]),
        *states_heard,
    )
    for row in rows:
        _siren_says(db, now, incident, row["gateway"], row["post"], row["state"])


SIREN_CODES = {
    m.STATE_SOUNDING: codes.SIREN_SOUNDING,
    m.STATE_STOPPED: codes.SIREN_STOPPED,
    m.STATE_SILENCED: codes.SIREN_SILENCED,
    m.STATE_FAILED: codes.SIREN_FAILED,
    m.STATE_DRIVEN: codes.SIREN_DRIVEN,
    m.STATE_REFUSED: codes.SIREN_REFUSED,
}
SIREN_WORDS = {
    m.STATE_SOUNDING: _("berbunyi"),
    m.STATE_STOPPED: _("berhenti"),
    m.STATE_SILENCED: _("dimatikan di pos"),
    m.STATE_FAILED: _("gagal berbunyi"),
    m.STATE_DRIVEN: _("digerakkan (tanpa pengindra)"),
    m.STATE_REFUSED: _("tidak berbunyi sendiri, gerbang memastikan"),
}


def _event(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Take a key at a post or a chime: 'saya datang' may be an answer; others are proof of life so far."""
    last_heard.heard(db, now, gateway, event, news=event["news"])
    if event["event"] == m.EVENT_COMING:
        chimes.answered(db, now, gateway, event)


HANDLERS = {
    "alarm": _alarm,
    "status": last_heard.status,
    "siren_report": _siren_report,
    "gateway_siren": _siren_report,
    "event": _event,
    "drill_known": posts.known,
    "paged": chimes.paged,
    "stage_seen": last_heard.stage_seen,
    "refusals": last_heard.refusals,
    "radio": last_heard.radio,
    "trouble": troubles.take,
    "waiting": waits.take,
    "supervision": last_heard.supervision,
}
