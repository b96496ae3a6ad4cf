"""Send queue of a stock radio: one queue and one timer, as in Meshtastic's RadioLibInterface (2.7).

The timer is drawn for the packet in front; a packet that comes behind draws none while it runs. When it ends
and the channel is taken, after each packet sent, and after each frame heard, a new one is drawn. Packets of a
higher priority wait in front, and of one priority relays in front of the node's own. Of 16 that wait the last
gives way to one of a higher priority; another finds no place.
"""

import random
from collections import deque
from typing import NamedTuple

from kentongan_node.base.actions import Cad, Transmit
from kentongan_wire.air import phy

from kentongan_sim.physics.shapes import Action, Ms, Node

CLIENT_RELAY_SLOTS = 2 * phy.CONTENTION_MAX  # a CLIENT lets every ROUTER go first
UTILISATION_MS = 60_000  # own packets wait longer on a busy channel: the share of the last minute
PROCESSING_MS = 4_500  # what a sender allows a hearer for its work, PROCESSING_TIME_MSEC
HEARD_MAX = 1_024  # frames remembered for that share
QUEUE_MAX = 16  # packets that wait for the air, MAX_TX_QUEUE
DEFAULT, RELIABLE = 64, 70  # priorities: of a packet that wants no acknowledgement, and of one that does


class Waiting(NamedTuple):
    """One packet on its way to the air."""

    src: Node
    id: int
    frame: bytes
    priority: int
    relay: bool
    snr_q: int  # of a relay: how it was heard


class StockQueue:
    """Packets of one node on their way to the air; `tick`, `cad` and `sent` as in our cores."""

    def __init__(self, preset: phy.Preset, role: str):
        self.preset = preset
        self.role = role
        self.clear()

    def clear(self) -> None:
        """Forget all that waits, as at power on."""
        self.waiting: list[Waiting] = []
        self._timer_ms: Ms | None = None
        self._on_air: Waiting | None = None  # for which the channel is being checked, or which is being sent
        self._heard: deque[tuple[Ms, Ms]] = deque(maxlen=HEARD_MAX)  # (when, time on air)

    def airtime_ms(self, frame: bytes) -> int:
        return phy.airtime_us(self.preset, len(frame)) // 1000

    def used(self, frame: bytes, now_ms: Ms) -> None:
        """Count the air of a frame, heard or sent."""
        self._heard.append((now_ms, self.airtime_ms(frame)))

    def own_window(self, now_ms: Ms) -> int:
        """Return the contention window of a packet of this node: 3 on a quiet channel, 8 on a full one."""
        used_ms = sum(airtime for at_ms, airtime in self._heard if at_ms > now_ms - UTILISATION_MS)
        percent = min(100, used_ms * 100 // UTILISATION_MS)
        return phy.CONTENTION_MIN + percent * (phy.CONTENTION_MAX - phy.CONTENTION_MIN) // 100

    def retry_ms(self, frame: bytes, now_ms: Ms) -> int:
        """Return how long a sender waits for its acknowledgement: RadioInterface::getRetransmissionMsec."""
        slots = (
            2 ** self.own_window(now_ms)
            + 2 * phy.CONTENTION_MAX
            + 2 ** ((phy.CONTENTION_MAX + phy.CONTENTION_MIN) // 2)
        )
        return 2 * self.airtime_ms(frame) + self._slots_ms(slots) + PROCESSING_MS

    def add(self, packet: Waiting, now_ms: Ms, rnd: int) -> bool:
        """Let a packet wait for the air; False when the queue is full of what counts as much."""
        if not self.free():
            if self.waiting[-1].priority >= packet.priority:
                return False
            self.waiting.pop()
        self.waiting.append(packet)
        self.waiting.sort(key=lambda w: (-w.priority, not w.relay))  # stable: else in order of arrival
        self.start_timer(now_ms, rnd)
        return True

    def free(self) -> int:
        """Return how many more packets find a place."""
        return QUEUE_MAX - len(self.waiting)

    def has(self, src: Node, packet_id: int) -> bool:
        return any((w.src, w.id) == (src, packet_id) for w in self.waiting)

    def cancel(self, src: Node, packet_id: int) -> bool:
        """Take a packet that is not on the air yet out again."""
        before = len(self.waiting)
        self.waiting = [w for w in self.waiting if (w.src, w.id) != (src, packet_id)]
        return len(self.waiting) < before

    def start_timer(self, now_ms: Ms, rnd: int) -> None:
        """Draw the delay of the first packet, unless a timer runs already."""
        if self.waiting and self._timer_ms is None:
            self._timer_ms = now_ms + max(1, self._slots_ms(self._slots(self.waiting[0], now_ms, rnd)))

    def heard(self, now_ms: Ms, rnd: int) -> None:
        """Draw the delay anew after a frame was received: its interrupt takes the running timer's place."""
        self._timer_ms = None
        self.start_timer(now_ms, rnd)

    def _slots(self, packet: Waiting, now_ms: Ms, rnd: int) -> int:
        draw = random.Random(rnd)
        if not packet.relay:
            return draw.randrange(2 ** self.own_window(now_ms))
        window = phy.contention_window(packet.snr_q)
        if self.role == "CLIENT":
            return CLIENT_RELAY_SLOTS + draw.randrange(2**window)
        return draw.randrange(2 * window)

    def _slots_ms(self, slots: int) -> Ms:
        return -(-slots * phy.slot_us(self.preset) // 1000)

    def tick(self, now_ms: Ms, rnd: int) -> list[Action]:
        if self._timer_ms is None or self._timer_ms > now_ms:
            return []
        self._timer_ms = None
        if self._on_air is not None:
            self.start_timer(now_ms, rnd)
        elif self.waiting:
            self._on_air = self.waiting.pop(0)
            return [Cad()]
        return []

    def cad(self, busy: bool, now_ms: Ms, rnd: int) -> list[Action]:
        """Take the channel check's answer: send, or draw a new delay."""
        packet = self._on_air
        if packet is None:
            return []
        if not busy:
            return [Transmit(packet.frame)]
        self._on_air = None
        self.waiting.insert(0, packet)
        self._timer_ms = None
        self.start_timer(now_ms, rnd)
        return []

    def sent(self, now_ms: Ms, rnd: int) -> None:
        """Go on with the next packet after the frame is out, or the radio has failed."""
        if self._on_air is not None:
            self.used(self._on_air.frame, now_ms)
        self._on_air = None
        self.start_timer(now_ms, rnd)

    def next_deadline(self) -> Ms | None:
        return self._timer_ms
