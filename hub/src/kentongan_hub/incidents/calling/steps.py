"""Carries out a step of a policy: sirens, chimes and messages become outbox rows in one transaction."""

import json
from collections.abc import Callable, Sequence
from functools import partial

from kentongan_hub.base import codes, sending, services
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.base.tables import Incident
from kentongan_hub.devices import supervision
from kentongan_hub.incidents import orders, soundings
from kentongan_hub.incidents.calling import recipients, texts
from kentongan_hub.incidents.calling.recipients import Recipient
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import contacts
from kentongan_hub.policies import escalation, policy_store
from kentongan_hub.policies import policy as p
from kentongan_hub.policies.escalation import Step
from kentongan_hub.record import failures, outbox, timeline
from kentongan_hub.storage.store import Db

RETRY_MS = 10_000  # a step that could not be taken at all is tried again
MESSAGE_EXPIRES_MS = 1_800_000  # a call for help that is half an hour old sends people to an empty street


def at_once(
    db: Db,
    now: Now,
    incident: Incident,
    dated: bool = True,
    pressed_ms: int | None = None,
    counter: int | None = None,
) -> None:
    """Take the step of the press itself; the posts of its own RT sound without being asked.

    `dated`: whether it is known when it was pressed; else the posts may have sounded, and told it, long ago.
    `pressed_ms`, `counter`: of this press, where it is not the one that opened the incident, or not its last.
    """
    step = escalation.at_once(policy_store.for_incident(db, incident), incident)
    pressed_ms = incident["opened_ms"] if pressed_ms is None else pressed_ms
    fresh = now.ms - pressed_ms < supervision.SIREN_LIMIT_MS
    _part(db, now, incident, codes.CALLING, partial(_call, counter=counter), step)
    if step.siren == p.RW:
        _part(db, now, incident, codes.OTHER_SIRENS, partial(_forward, counter=counter), step)
    if fresh and dated and not incident["late"] and not incident["muted"]:
        what = _named(db, incident, codes.AWAITING_SIREN)
        failures.contained(db, now, what, soundings.expect, db, now, incident, [incident["zone"]])


def _part(
    db: Db,
    now: Now,
    incident: Incident,
    what: str,
    deed: Callable[[Db, Now, Incident, Step], bool | None],
    step: Step,
) -> None:
    """Do it, or say on the timeline and as a warning that it failed: the rest of the step still happens."""
    done = failures.contained(db, now, _named(db, incident, what), deed, db, now, incident, step)
    if done is None:
        said = Said(codes.CALL_OTHERWISE, what=Said(what))
        timeline.tell(db, now, incident, HUB, codes.PART_FAILED, said)


def _named(db: Db, incident: Incident, what: str) -> str | Said:
    """Name it for a warning that many see: a confidential incident stays unnamed."""
    if incident["confidential"]:
        return what
    return Said(codes.OF_INCIDENT, what=Said(what), name=timeline.identity(db, incident))


def _forward(db: Db, now: Now, incident: Incident, step: Step, counter: int | None = None) -> bool | None:
    """Do as _sound, for every RT but its own, whose posts heard it themselves."""
    zones = [zone for zone in siren_zones(db) if zone != incident["zone"]]
    return _order(db, now, incident, zones, codes.FORWARDED, counter)


def _order(
    db: Db, now: Now, incident: Incident, zones: Sequence[int], told: str = "", counter: int | None = None
) -> bool | None:
    """Order the sirens of these RTs, each by itself; None when one of them could not be ordered."""
    done = [
        failures.contained(
            db, now, _named(db, incident, codes.SIRENS), _order_one, db, now, incident, zone, told, counter
        )
        for zone in zones
    ]
    return all(done) or None


def _order_one(db: Db, now: Now, incident: Incident, zone: int, told: str, counter: int | None) -> bool:
    orders.siren(db, now, incident, "start", orders.SIREN_SECONDS, zone, counter)
    what = _named(db, incident, codes.AWAITING_SIREN)
    failures.contained(db, now, what, soundings.expect, db, now, incident, [zone], True)
    if told:
        timeline.tell(db, now, incident, HUB, told, Said(codes.TO_SIRENS, zone=f"{zone:02d}"))
    return True


def run_due(db: Db, now: Now) -> int:
    """Take the due step of every open incident whose time has come; the number of steps taken.

    One incident that cannot be handled keeps no other from being called for.
    """
    due: list[Incident] = db.all(
        "SELECT * FROM incidents WHERE next_alert_ms <= ? ORDER BY next_alert_ms LIMIT 100", now.ms
    )
    for incident in due:
        what = _named(db, incident, codes.NEXT_STEP)
        with failures.about(incident["confidential"]):
            done = failures.contained(db, now, what, _due, db, now, incident["id"])
        if not done:
            if incident["confidential"]:
                said = Said(codes.CALL_OTHERWISE, what=Said(codes.NEXT_STEP))
                timeline.tell_once(db, now, incident, codes.PART_FAILED, said)
            again_ms = now.ms + RETRY_MS
            db.run("UPDATE incidents SET next_alert_ms = ? WHERE id = ?", again_ms, incident["id"])
    return len(due)


def _due(db: Db, now: Now, number: int) -> bool:
    """Take its step; True. The row is read here: damaged values in it may have been put right."""
    _step(db, now, incident_of(db, number))
    return True


def _step(db: Db, now: Now, incident: Incident) -> None:
    if escalation.left_open(incident):
        _ask(db, now, incident)
        return
    step = escalation.next_step(policy_store.for_incident(db, incident), incident, now.ms)
    db.run(
        "UPDATE incidents SET alerts = alerts + ?, next_alert_ms = ? WHERE id = ? AND alerts = ?",
        int(step is not None),
        step and now.ms + step.wait_ms,
        incident["id"],
        incident["alerts"],
    )
    if step is None:
        return
    if step.siren != p.NO:
        _part(db, now, incident, codes.SIRENS, _sound, step)
    outbox.add(db, now.ms, outbox.BOARD, sending.FLASH, "{}", orders.SIREN_EXPIRES_MS, incident["id"])
    numbers = contacts.numbers(db, incident["zone"])
    known = {name: numbers[name] for name in services.needed(step.card) if name in numbers}
    said = Said(codes.NTH_CALL, number=step.number, to=step.to, card=step.card, numbers=known)
    timeline.tell(db, now, incident, HUB, codes.CALLED_AGAIN, said)
    _part(db, now, incident, codes.CALLING, _call, step)


def _ask(db: Db, now: Now, incident: Incident) -> None:
    """Ask 'is it over?' of its holder and the ketua RT; of a confidential one, its agreed people."""
    db.run(
        "UPDATE incidents SET next_alert_ms = ? WHERE id = ?",
        policy_store.ask_ms(db, now, incident),
        incident["id"],
    )
    timeline.tell(db, now, incident, HUB, codes.FOLLOWED_UP, Said(codes.ASKED_IF_OVER))
    holder = db.value("SELECT id FROM people WHERE account = ? LIMIT 1", incident["holder_account"])
    to = [f"{p.PERSON}:{holder}"] if holder else []
    to += [p.NAMED] if incident["confidential"] else []
    asked = recipients.resolve(db, now, incident, to)
    if not incident["confidential"]:
        asked += [one for one in recipients.of_duty(db, now, incident, "ketua_rt") if one not in asked]
    text = texts.left_open(db, incident)
    for one in asked:
        body = json.dumps({"to": one["address"], "name": one["name"], "text": text}, ensure_ascii=False)
        outbox.add(db, now.ms, one["channel"], outbox.NEWS, body, MESSAGE_EXPIRES_MS, incident["id"])


def _sound(db: Db, now: Now, incident: Incident, step: Step) -> bool | None:
    zones = siren_zones(db) if step.siren == p.RW else [incident["zone"]]
    return _order(db, now, incident, zones)


def sound_here(db: Db, now: Now, incident: Incident) -> None:
    """Order the sirens of its own RT: no button was heard there that they would beat for."""
    step = escalation.at_once(policy_store.for_incident(db, incident), incident)
    _part(db, now, incident, codes.SIRENS, _here, step)


def _here(db: Db, now: Now, incident: Incident, step: Step) -> bool | None:
    return _order(db, now, incident, [incident["zone"]])


def siren_zones(db: Db) -> list[int]:
    """List the RTs that have a siren post."""
    rows = db.all(
        "SELECT DISTINCT zone FROM devices WHERE role = 'sirene' AND revoked = 0 AND pending = 0 "
        "ORDER BY zone"
    )
    return [row["zone"] for row in rows if type(row["zone"]) is int]


def _call(db: Db, now: Now, incident: Incident, step: Step, counter: int | None = None) -> bool | None:
    """Call the step's people; True when all were called, None, and told, when somebody could not be."""
    all_well: bool | None = True
    if p.CHIMES in step.to:
        all_well = failures.contained(db, now, codes.PAGING_CHIMES, _page, db, now, incident, counter)
    # what cannot be read of a house keeps nobody else from being called
    to = (
        failures.contained(db, now, codes.FINDING_PEOPLE, recipients.called, db, incident, step.to) or step.to
    )
    found, missing, failed = recipients.reach(db, now, incident, to)
    called = [
        one
        for one in found
        if failures.contained(db, now, codes.CALLING, _message, db, now, incident, step, one)
    ]
    if called:
        timeline.tell(db, now, incident, HUB, codes.CALLED, _names(called))
    steps = policy_store.for_incident(db, incident)["langkah"]
    if missing and step.number < len(steps):  # once for each step
        timeline.tell(db, now, incident, HUB, codes.NO_NUMBER, missing)
    if failed or len(called) < len(found):
        said = Said(codes.PEOPLE_NOT_CALLED, failed=failed + len(found) - len(called))
        timeline.tell(db, now, incident, HUB, codes.NOT_REACHED, said)
    return all_well


def _page(db: Db, now: Now, incident: Incident, counter: int | None) -> bool:
    orders.page(db, now, incident, counter)
    return True


def _message(db: Db, now: Now, incident: Incident, step: Step, one: Recipient) -> int:
    """Queue the call of this recipient; the row's id."""
    on_duty = failures.contained(db, now, codes.CALLING, recipients.on_duty, db, incident, one["person"])
    text = texts.call(db, incident, step.number, bool(on_duty))
    body = {"to": one["address"], "name": one["name"], "text": text}
    return outbox.add(
        db,
        now.ms,
        one["channel"],
        outbox.MESSAGE,
        json.dumps(body, ensure_ascii=False),
        MESSAGE_EXPIRES_MS,
        incident["id"],
        one["delay_s"] * 1000,
    )


def _names(found: list[Recipient]) -> str | Said:
    names = list(dict.fromkeys(one["name"] for one in found))
    some = ", ".join(names[:8])
    return Said(codes.NAMES_AND_MORE, names=some, more=len(names) - 8) if len(names) > 8 else some
