"""The rows that incidents alone read, as base/tables.py has the others; and who acts on an incident."""

from typing import TypedDict

from kentongan_hub.base.said import Actor
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.storage.store import Db


class Somebody(TypedDict):
    """An actor without an account: a called person by a message, a chime's house, the hub itself."""

    id: None
    login: str | Actor
    name: str | Actor


Doer = Account | Somebody


def somebody(name: str | Actor) -> Somebody:
    """Make the actor of that name."""
    return {"id": None, "login": name, "name": name}


def incident_of(db: Db, number: int) -> Incident:
    """Read an incident by its id; LookupError where it is gone."""
    found: Incident | None = db.one("SELECT * FROM incidents WHERE id = ?", number)
    if found is None:
        raise LookupError(f"incident {number}")
    return found


class Alarm(TypedDict):
    """One press as a gateway told it."""

    device: int
    counter: int
    digest: str
    incident: int | None
    gateway: str
    boot_id: str
    at_ms: int
    kind: int
    cancel: int
    late: int
    drill: int
    attempt: int | None
    rssi: int | None
    snr_q: int | None
    hops: int | None
    received_ms: int
    stage_seen: int


class Sounding(TypedDict):
    """A post that is meant to sound for an incident, and what became of it; due_ms None: it is settled."""

    incident: int
    post: int
    asked_ms: int | None
    due_ms: int | None
    state: str
    changed_ms: int


class Drill(TypedDict):
    id: int
    zone: int
    planned_wall: int
    minutes: int
    what: str
    monthly: int
    month_day: int | None
    planned_by: str
    told_wall: int | None
    told: int
    opened_ms: int | None
    opened_wall: int | None
    opened_by: str | None
    ends_ms: int | None
    ends_wall: int | None
    closed_wall: int | None
    cancelled_wall: int | None
    cancelled_by: str | None
    reason: str | None
    people: int | None
    note: str


class Change(TypedDict):
    """A change of who may know, of access_changes."""

    id: int
    at_ms: int
    fact: str
    account: int | None
    person: int | None
    old: str
    new: str
    made_by: int | None
    second: int | None
