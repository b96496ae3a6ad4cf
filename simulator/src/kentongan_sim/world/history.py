"""History of a run, read from its trace: presses, alarms stored, sirens on, states that boxes showed.

Built from plain events, so that a test can write a history that no healthy run would have.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol, TypedDict

from kentongan_wire.base.codes import KIND_UJI

from kentongan_sim.physics.shapes import About, Detail, Event, Ms, Node, Us
from kentongan_sim.scenarios.parts import Scenario
from kentongan_sim.world.trace import Trace

CANCEL_HOLD_MS = 3_000  # a press held this long is a cancel, not an alarm
SENT_WITHIN_US = 1_000_000  # boot and channel check; a second press meanwhile is part of the same alarm
STROKES = (0, 1, 2, 3, 7)  # the kind of so many strokes, as device files have it unless said
SIREN_ROLES = ("sirene", "gateway")  # what the street hears; a penerima is a chime in a house

Press = tuple[Us, str, str, int, Ms | None]  # (t_us, label, key, strokes, hold_ms)


class Position(TypedDict):
    """Position of a device or gateway, for a map and a history."""

    role: str
    node: Node
    zone: int
    house: int
    x_m: float
    y_m: float


class Alarm(NamedTuple):
    """One press that raised an alarm. Times are None if never."""

    t_us: Us
    label: str
    node: Node
    zone: int
    key: str  # main or silent, at a post test
    counter: int | None  # of its alarm frames, None if none was sent; of an earlier press if merged
    merged: bool  # with an earlier press of the button into one alarm
    stored_us: Us | None
    sounded_us: Us | None
    strokes: int = 1  # how often the key was pressed
    counters: tuple[int | None, ...] = ()  # all that its frames had: one overtaken goes on under a new one


class Sounding(NamedTuple):
    """One siren from on to off."""

    t_us: Us
    end_us: Us
    label: str
    pattern: str


class Observed(Protocol):
    """A world whose run is over."""

    scene: Scenario
    trace: Trace
    pressed: list[Press]

    @property
    def now_us(self) -> Us: ...

    def positions(self) -> dict[str, Position]: ...


KEYS = {"tombol": ("main", "silent"), "sirene": ("test",)}


class History:
    """`positions` as World.positions(); `modems` {gateway label: modem label}; `pressed` as World.pressed."""

    def __init__(
        self,
        events: Iterable[Event],
        positions: dict[str, Position],
        modems: dict[str, str],
        pressed: Iterable[Press],
        end_us: Us,
        unreachable: Iterable[str] = (),
    ):
        self.positions = positions
        self.modems = modems
        self.end_us = end_us
        self.unreachable = frozenset(unreachable)  # labels without a radio path to any living gateway
        self.frames: dict[int, tuple[Us, str, Detail]] = {}  # tx index -> (t_us, label, detail)
        self.heard: dict[
            str, dict[About, Us]
        ] = {}  # label -> {(node, counter): first time it received something about that alarm}
        self.soundings: list[Sounding] = []
        self.shows: list[tuple[Us, str, str]] = []  # (t_us, label, state)
        self.stored: dict[tuple[Node, int | None], Us] = {}  # (node, counter) -> t_us
        self.contents: dict[
            tuple[Node, int | None], list[tuple[Us, Detail]]
        ] = {}  # (node, counter) -> [(t_us, detail)] of every alarm stored under it
        self.answers: list[tuple[Us, Node, int]] = []  # (t_us, node, counter): a person said "saya datang"
        self.raised: set[Node] = set()  # nodes of stolen buttons, whose alarms are the thief's own
        self.pressed = sorted(pressed, key=lambda press: press[:3])
        self.gateways_on: set[str] = set()
        self.store_counts: dict[
            tuple[str, Node, int], int
        ] = {}  # (gateway, node, counter) -> times that it stored that alarm
        self.words_heard: dict[
            str, list[tuple[Us, str]]
        ] = {}  # label -> [(t_us, sender)]: frames about any alarm that it received
        self.jam_reports: list[
            Us
        ] = []  # times at which a gateway stored that a device finds the channel jammed
        self._power: dict[str, list[tuple[Us, bool]]] = {}  # label -> [(t_us, whether it has power)]
        self._open: dict[str, tuple[Us, str]] = {}
        for event in events:
            reader = getattr(self, "_" + event[2], None)
            if reader:
                reader(*event)
        for label in sorted(self._open):
            self._quiet(end_us, label, "quiet", {})
        self.alarms = self._alarms(pressed)

    @classmethod
    def of(cls, world: Observed, unreachable: Iterable[str] = ()) -> "History":
        modems = {gateway.label: gateway.modem for gateway in world.scene.gateways}
        return cls(world.trace.events, world.positions(), modems, world.pressed, world.now_us, unreachable)

    def role(self, label: str) -> str | None:
        """Return the role of a device or gateway, None for a label that is neither."""
        place = self.positions.get(label)
        return place["role"] if place else None

    def node(self, label: str) -> Node | None:
        """Return the node number of a device, or of a gateway's modem; None for a label that is neither."""
        place = self.positions.get(label)
        return place["node"] if place else None

    # One reader per kind of event

    def _tx(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self.frames[detail["tx"]] = (t_us, label, detail)

    def _rx(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        heard = self.heard.setdefault(label, {})
        _, sender, frame = self.frames[detail["tx"]]
        alarms = alarms_in(frame)
        for about in alarms:
            heard.setdefault(about, t_us)
        if alarms:
            self.words_heard.setdefault(label, []).append((t_us, sender))

    def _sound(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self._open[label] = (t_us, detail["pattern"])

    def _quiet(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if label in self._open:
            start_us, pattern = self._open.pop(label)
            self.soundings.append(Sounding(start_us, t_us, label, pattern))

    def _show(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self.shows.append((t_us, label, detail["state"]))

    def _store(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if detail["type"] == "alarm":
            about = detail["device"], detail["counter"]
            self.stored.setdefault(about, t_us)
            self.contents.setdefault(about, []).append((t_us, detail))
            self.store_counts[label, *about] = self.store_counts.get((label, *about), 0) + 1
        if detail.get("jamming"):
            self.jam_reports.append(t_us)

    def _answer(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self.answers.append((t_us, detail["device"], detail["counter"]))

    def _off(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self._power.setdefault(label, []).append((t_us, False))

    def _boot(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        self._power.setdefault(label, []).append((t_us, True))
        if self.role(label) == "gateway":
            self.gateways_on.add(label)

    # Joining

    def _alarms(self, pressed: Iterable[Press]) -> list[Alarm]:
        first_sent: dict[tuple[str, int], Us] = {}
        for t_us, label, detail in self.frames.values():
            if detail["type"] == "ALARM" and detail["src"] == self.node(label):
                first_sent.setdefault((label, detail["counter"]), t_us)
        out: list[Alarm] = []
        presses = sorted(pressed)
        for at, (t_us, label, key, strokes, hold_ms) in enumerate(presses):
            no_alarm = (
                hold_ms and hold_ms >= CANCEL_HOLD_MS or key not in KEYS.get(self.role(label) or "", ())
            )
            if no_alarm or not self.powered(label, t_us):
                continue
            next_us = min([p[0] for p in presses[at + 1 :] if p[1] == label], default=self.end_us + 1)
            until_us = max(next_us, t_us + SENT_WITHIN_US)
            sent = sorted((when, counter) for (who, counter), when in first_sent.items() if who == label)
            own = [counter for at_us, counter in sent if t_us <= at_us < until_us]
            older = [counter for at_us, counter in sent if at_us < t_us]
            counter = own[0] if own else older[-1] if older else None
            place = self.positions[label]
            about = place["node"], counter
            out.append(
                Alarm(
                    t_us,
                    label,
                    place["node"],
                    place["zone"],
                    key,
                    counter,
                    not own,
                    self.stored.get(about),
                    self.sounded_us(*about),
                    strokes,
                    tuple(own) or (counter,),
                )
            )
        return out

    def powered(self, label: str, t_us: Us) -> bool:
        """Return False from a power cut until the code runs again: a press then reaches nothing."""
        return [on for since_us, on in self._power.get(label, ()) if since_us <= t_us][-1:] != [False]

    def steady(self, label: str, from_us: Us, until_us: Us) -> bool:
        """Tell whether it had power, and no start, in all of that time."""
        return self.powered(label, from_us) and not any(
            from_us < at_us <= until_us for at_us, _ in self._power.get(label, ())
        )

    def ready_us(self, label: str, t_us: Us) -> int:
        """Return when the code ran that saw the key pressed at t_us: at once, or after its boot."""
        return next(
            (
                at_us
                for at_us, on in self._power.get(label, ())
                if on and t_us <= at_us <= t_us + SENT_WITHIN_US
            ),
            t_us,
        )

    def booted_us(self, label: str, t_us: Us) -> Us | None:
        """Return when this device last came up before t_us, or None."""
        return max((at_us for at_us, on in self._power.get(label, ()) if on and at_us <= t_us), default=None)

    def on_disk(self, alarm: Alarm) -> bool:
        """Tell whether this alarm, or a later one or a cancel of the same button, is stored."""
        least = alarm.counter
        return least is not None and any(
            node == alarm.node and counter is not None and counter >= least for node, counter in self.stored
        )

    def sounded_us(self, node: Node, counter: int | None) -> Us | None:
        """Return when a siren of the street first sounded that had heard of this alarm; None if none did."""
        times = [
            max(sounding.t_us, heard_us)
            for sounding in self.soundings
            if self.role(sounding.label) in SIREN_ROLES
            and (heard_us := self.heard_us(sounding.label, node, counter)) is not None
            and heard_us <= sounding.end_us
        ]
        return min(times, default=None)

    def heard_us(self, label: str, node: Node, counter: int | None) -> Us | None:
        """Return when this device, or this gateway's modem, first received something about that alarm."""
        if counter is None:
            return None
        return self.heard.get(self.modems.get(label, label), {}).get((node, counter))

    def storers(self, about: "Collection[tuple[Node, int | None]]") -> set[str]:
        """Return the gateways that have one of these (node, counter) on disk."""
        return {label for label, node, counter in self.store_counts if (node, counter) in about}

    def stored_as_pressed_us(self, alarm: Alarm) -> Us | None:
        """Return when a gateway first had this press on disk under its own content; None if it never had."""
        return min(
            (
                t_us
                for counter in alarm.counters
                for t_us, detail in self.contents.get((alarm.node, counter), ())
                if is_content_of(alarm, detail)
            ),
            default=None,
        )

    def presses_of(self, label: str, key: str) -> list[tuple[Us, Ms | None]]:
        """List (t_us, hold_ms) of every press of a key of that box."""
        return [
            (t_us, hold_ms) for t_us, who, what, _, hold_ms in self.pressed if (who, what) == (label, key)
        ]

    def sounding_at(self, t_us: Us) -> list[Sounding]:
        """List the sirens of the street that sound at that time."""
        return [s for s in self.soundings if s.t_us <= t_us <= s.end_us and self.role(s.label) in SIREN_ROLES]


def kinds_of(strokes: int) -> tuple[int, int]:
    """Return the kinds that so many strokes may be sent as: the first is sent before others are counted."""
    return STROKES[0], STROKES[min(strokes, len(STROKES)) - 1]


def is_content_of(alarm: Alarm, detail: Detail) -> bool:
    """Tell whether a stored alarm says what was pressed."""
    if detail.get("cancel"):
        return False
    if alarm.key == "silent":
        return bool(detail.get("silent"))
    kinds = (KIND_UJI,) if alarm.key == "test" else kinds_of(alarm.strokes)
    return not detail.get("silent") and detail.get("zone") == alarm.zone and detail.get("kind") in kinds


def alarms_in(detail: Detail) -> list[About]:
    """List (node, counter) of every alarm that a frame carries, answers or orders a siren for."""
    if detail["type"] == "ALARM":
        return [(detail["src"], detail["counter"])]
    if detail["type"] == "SIREN_ORDER":
        return [(detail["about"][0], detail["about"][1])] if "about" in detail else []
    return [(node, counter) for node, counter, _ in detail.get("answers", ())]
