"""Radios on the air that are none of ours: a stranger who sends what he is told, foreign networks, a jammer.

Each is a core like any other, put on the air by World.host_core, or as a scenario's Actor. None of them keeps
our rules, so the checkers do not ask them to. Their own sending follows from the world's seed.
"""

from collections.abc import Callable, Mapping
from hashlib import shake_128
from typing import Any

from kentongan_node.base.actions import Cad, Listen, Transmit
from kentongan_node.base.mix import mix, pick
from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy

from kentongan_sim.physics.shapes import Action, Boot, Counters, Ms
from kentongan_sim.scenarios.parts import Actor

HEARD_LIMIT = 4_096  # frames that a stranger remembers
QUEUE_LIMIT = 64  # frames that wait to be sent

FOREIGN_BYTES = (30, 140)  # of a stock network: positions, telemetry, texts
FOREIGN_TRIES_MS = 400  # the longest wait for the next try at a busy channel
FOREIGN_HASH = 0x5A  # a channel that is not ours
FOREIGN_HOPS = 3

REPLAY_AFTER_S = (2, 15, 60, 200)  # at once, and when the siren has just ended
REPLAY_KEPT = 24  # frames that wait to be replayed


def noise(count: int, rnd: int) -> bytes:
    """Draw `count` bytes that nobody can read from one random number."""
    return shake_128(rnd.to_bytes(4, "little")).digest(count)


class Stranger:
    """Hears everything, sends what its host writes, at once and without asking for the channel."""

    node = 0

    def __init__(self) -> None:
        self.counters: Counters = {}
        self.heard: list[tuple[Ms, bytes]] = []  # since power-up
        self._queue: list[bytes] = []
        self._sending = False

    def start(self, boot: Boot, now_ms: Ms, rnd: int) -> list[Action]:
        return [Listen(True)]

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        if len(self.heard) < HEARD_LIMIT:
            self.heard.append((now_ms, frame))
        return []

    def host(self, data: bytes, now_ms: Ms, rnd: int) -> list[Action]:
        """Send one frame a write."""
        self.put(bytes(data))
        return self.next_frame()

    def put(self, frame: bytes) -> None:
        if len(self._queue) < QUEUE_LIMIT:
            self._queue.append(frame)
        else:
            self.count("full")

    def count(self, reason: str) -> None:
        self.counters[reason] = self.counters.get(reason, 0) + 1

    def next_frame(self) -> list[Action]:
        if self._sending or not self._queue:
            return []
        self._sending = True
        return [Transmit(self._queue.pop(0))]

    def sent(self, ok: bool, now_ms: Ms, rnd: int) -> list[Action]:
        self._sending = False
        return self.next_frame()

    def sense(self, what: str, value: int, now_ms: Ms, rnd: int) -> list[Action]:
        return []

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        return []

    def next_deadline(self) -> Ms | None:
        return None


class Foreign(Stranger):
    """One radio of a foreign network: asks for the channel as stock nodes do, sends its share of the time.

    settings: share_percent of the time on the air.
    """

    def __init__(self, settings: Mapping[str, Any], preset: phy.Preset):
        super().__init__()
        self._share_percent = settings["share_percent"]
        self._preset = preset
        self._due_ms: Ms | None = None
        self._waiting = b""  # the frame that asks for the channel

    def start(self, boot: Boot, now_ms: Ms, rnd: int) -> list[Action]:
        self._plan(now_ms, rnd)
        return [Listen(True)]

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        return []

    def _plan(self, now_ms: Ms, rnd: int) -> None:
        """Draw the next frame, so long from now that its air is our share of the time until then."""
        low, high = FOREIGN_BYTES
        count = low + pick(rnd, 1, high - low + 1)
        src, packet_id = 4 + mix(rnd, 2) % 0xFFFF_FF00, mix(rnd, 3) or 1
        head = wire.Packet(
            wire.BROADCAST,
            src,
            packet_id,
            FOREIGN_HOPS,
            0,
            0,
            FOREIGN_HOPS,
            FOREIGN_HASH,
            0,
            src & 0xFF,
            noise(count, rnd),
        )
        self._waiting = wire.build_packet(head)
        mean_ms = phy.airtime_us(self._preset, len(self._waiting)) / 10 / self._share_percent
        self._due_ms = now_ms + pick(rnd, 5, max(1, int(2 * mean_ms)))

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        if self._sending or self._due_ms is None or now_ms < self._due_ms:
            return []
        self._sending = True
        self._due_ms = None
        return [Cad()]

    def cad(self, busy: bool, now_ms: Ms, rnd: int) -> list[Action]:
        if busy:
            self._sending = False
            self._due_ms = now_ms + pick(rnd, 1, FOREIGN_TRIES_MS)
            return []
        return [Transmit(self._waiting)]

    def sent(self, ok: bool, now_ms: Ms, rnd: int) -> list[Action]:
        self._sending = False
        self._plan(now_ms, rnd)
        return []

    def next_deadline(self) -> Ms | None:
        return self._due_ms


class Replayer(Stranger):
    """Sends every frame again that it hears, later and several times, each time in another dress."""

    def __init__(self, settings: Mapping[str, Any], preset: phy.Preset):
        super().__init__()
        self._later: list[tuple[Ms, int, bytes]] = []  # (due, number, frame)
        self._number = 0

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        if len(frame) > 16 and len(self._later) < REPLAY_KEPT:
            for after_s in REPLAY_AFTER_S:
                self._number += 1
                self._later.append((now_ms + after_s * 1000, self._number, dressed(frame, self._number)))
            self._later.sort()
        return []

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        while self._later and self._later[0][0] <= now_ms:
            self.put(self._later.pop(0)[2])
        return self.next_frame()

    def next_deadline(self) -> Ms | None:
        return self._later[0][0] if self._later else None


def dressed(frame: bytes, number: int) -> bytes:
    """Return the frame as it was, with all hops left, as if relayed, or as if it were another packet."""
    out = bytearray(frame)
    if number % 4 == 1:
        out[12] = 7 | 7 << 5
    elif number % 4 == 2:
        out[12] = 1 | 3 << 5
        out[15] = 0x42
    elif number % 4 == 3:
        out[8] ^= 0x80  # the id: whoever holds the channel key reads nonsense
    return bytes(out)


class Jammer(Stranger):
    """Sends the longest frames without asking, gap_ms apart at most, for on_s of every on_s + off_s seconds.

    settings: from_s after its power-up, on_s, off_s, gap_ms.
    """

    def __init__(self, settings: Mapping[str, Any], preset: phy.Preset):
        super().__init__()
        self._gap_ms = settings["gap_ms"]
        self._on_ms = settings["on_s"] * 1000
        self._cycle_ms = self._on_ms + settings["off_s"] * 1000
        self._from_ms = self._due_ms = settings["from_s"] * 1000

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        return []

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        if self._sending or now_ms < self._due_ms:
            return []
        since_ms = (now_ms - self._from_ms) % self._cycle_ms
        if since_ms >= self._on_ms:
            self._due_ms = now_ms + self._cycle_ms - since_ms
            return []
        self._sending = True
        return [Transmit(noise(phy.MAX_FRAME, rnd))]

    def sent(self, ok: bool, now_ms: Ms, rnd: int) -> list[Action]:
        self._sending = False
        self._due_ms = now_ms + pick(rnd, 1, self._gap_ms + 1)
        return []

    def next_deadline(self) -> Ms | None:
        return None if self._sending else self._due_ms


KINDS: dict[str, Callable[[Mapping[str, Any], phy.Preset], Stranger]] = {
    "foreign": Foreign,
    "replayer": Replayer,
    "jammer": Jammer,
}
JAMMER = "jammer"
STRANGERS = (*KINDS, "stranger")  # roles of World.host_core that are under no rule of ours


def make(actor: Actor, preset: str) -> Stranger:
    """Make the core of a scenario's Actor."""
    return KINDS[actor.kind](actor.settings, phy.preset(preset))
