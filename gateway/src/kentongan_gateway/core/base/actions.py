"""Inputs and actions of the core, in order: plain tuples, performed by daemon or simulator."""

from typing import NamedTuple

from kentongan_gateway.core.base.stored import Event

Steps = tuple[tuple[int, int], ...]  # of a pattern: (on, off) in ms


class Heard(NamedTuple):
    """One kentongan payload off a radio, its channel already opened."""

    src: int
    to: int
    id: int
    hop_limit: int
    hop_start: int
    relay_node: int
    payload: bytes
    rssi: int  # dBm
    snr_q: int  # 0.25 dB
    radio: str


class Store(NamedTuple):
    """Commit, then call core.on_committed(row_id); never, if it failed."""

    row_id: int
    event: Event


class Send(NamedTuple):
    packet_id: int
    hop_limit: int
    payload: bytes
    klass: int
    delay_ms: int
    first: bool


class RelayCopy(NamedTuple):
    heard: Heard
    klass: int


class DropCopy(NamedTuple):
    src: int
    id: int


class Siren(NamedTuple):
    """Steps are repeated until total_ms are over."""

    pattern: str
    steps: Steps
    total_ms: int


class SirenOff(NamedTuple):
    pass


class Speak(NamedTuple):
    """Said aloud at the post."""

    text: str


class Hush(NamedTuple):
    """Stop all announcements requested before."""


class Persist(NamedTuple):
    """Durable before the next action."""

    name: str
    data: bytes


class OrderDone(NamedTuple):
    order_id: int
    result: str  # "ok" or "failed: why"


class Note(NamedTuple):
    """One log line."""

    step: str
    device: str
    counter: int
    detail: str


Action = Store | Send | RelayCopy | DropCopy | Siren | SirenOff | Speak | Hush | Persist | OrderDone | Note


def identity(note: Note) -> str:
    """`tombol-07 #1234`, or `rahasia-3`: the name that goes through every log."""
    return f"{note.device} #{note.counter}" if note.counter else note.device
