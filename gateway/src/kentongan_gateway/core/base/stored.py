"""Events as they cross between core, disk and hub: stored, sent, and read back."""

from typing import Any, Required, TypedDict


class Event(TypedDict, total=False):
    """Its `type` says which of the fields it has; who uses what a disk gives back checks it first."""

    type: Required[str]
    key: str | None  # makes its storing idempotent
    id: str  # as the hub is told it
    # when: by the gateway's steady clock, by the wall, and how far that is to be trusted
    at_ms: int
    age_ms: int  # -1: nobody knows
    wall: str | None
    stored_wall: str | None
    clock: str
    boot_id: str
    # who and how it was heard
    device: int
    role: int
    label: str
    generation: int
    rssi: int
    snr_q: int
    hops: int
    radio: str
    # alarms, siren reports, people's events, pages, stages
    counter: int
    report_counter: int
    origin: int
    incident: int
    zone: int
    kind: int
    silent: bool
    cancel: bool
    lid: bool
    drill: bool
    late: bool
    altered: bool
    doubted: bool
    digest: str
    attempt: int
    battery: int
    state: int | str  # a post's as on the air; a mains device's and our own siren's as a word
    source: int | str
    event: int
    person: int
    stage: int
    unread: bool  # the disk has altered its text: all that is known is its key
    # statuses and what the gateway says of itself
    body: dict[str, Any]
    name: str
    up: bool
    active: bool
    detail: str
    what: str
    reason: str
    seconds: int
    number: int
    devices: int  # how many wait
    open: bool
    counters: dict[str, int]


Stored = tuple[str, Event]  # its id in the spool, the event
Resumed = tuple[str, Event, bool]  # and whether the hub has it
