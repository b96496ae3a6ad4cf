"""Nobody goes missing unnoticed: a mains device is asked after 160 s of silence, and named at 300 s.

Those are for its status every 140 s; where the hub's plan stretches that, all times are later by as much.
A watcher that is deaf has seen nothing: while no radio of ours works nobody is late or lost, and afterwards
everybody has their time again.
"""

from collections.abc import Iterable
from typing import Protocol

from kentongan_wire.air.flood import STATUS_LATE_MS
from kentongan_wire.message import messages as m

from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.directory import MAINS_ROLES, PERIOD_S, Device
from kentongan_gateway.core.base.units import Ms, Node

ASK_AT_MS = (160_000, 190_000, 220_000)  # quiet tests after the last authentic frame
LATE_MS = STATUS_LATE_MS
LOST_MS = 300_000
BLIND_MS = 15_000  # a tick that comes so much later than asked for: this gateway itself was held up
DEAF_COSTS_MS = 60_000  # a radio that is gone for less costs nobody two statuses in a row
CALM_MS = 20_000  # no tests for this long after an alarm: the air belongs to it
OK, LATE, LOST = "terhubung", "terlambat", "terputus"

# state -> (after this silence, next state); drawn in README
NEXT = {OK: (LATE_MS, LATE), LATE: (LOST_MS, LOST)}


class _Seen:
    def __init__(self, now_ms: Ms) -> None:
        self.last_ms, self.asked, self.state = now_ms, 0, OK
        self.proof_ms = 0  # when it was last asked for a radio's sake
        self.heard = False
        self.more_ms = 0  # how much later than every 140 s this device reports


class Tests(Protocol):
    """Sends quiet tests, as SirenOrders does."""

    def quiet_test(self, devices: Iterable[Device]) -> bool:
        """Ask these devices for their STATUS; False: there was no air, or none is named."""


class Supervision:
    def __init__(self, context: Context, orders: Tests) -> None:
        self._context = context
        self._orders = orders
        self._seen: dict[Node, _Seen] = {}
        self._calm_until_ms = 0
        self._due_ms: Ms | None = None
        self._due_known = False  # next_deadline is asked after every frame of anybody
        self._there = 0  # how many are not lost
        self._asked_for_ms: Ms | None = None  # when tick() was to be called next
        self._deaf_ms: Ms | None = None  # since when no radio of ours hears

    def follow(self) -> None:
        """Take up the directory's mains devices; a new one has its time from now.

        Those of a zone with a gateway of its own are that one's: their STATUS goes no farther.
        """
        self._due_known = False
        directory, config = self._context.directory, self._context.config
        others = {d.zone for d in directory.of_role(m.GATEWAY) if d.node != config.node} - {config.zone}
        wanted = {d.node for d in directory.of_role(*MAINS_ROLES) if d.zone not in others}
        for node in list(self._seen):
            if node not in wanted:
                del self._seen[node]
        for node in sorted(wanted - set(self._seen)):
            self._seen[node] = _Seen(self._context.now_ms)
        for node, seen in self._seen.items():
            device = directory.get(node)
            if device is not None:
                seen.more_ms = max(0, device.period_s - PERIOD_S) * 1000
        self._count()

    def deaf(self, is_deaf: bool) -> None:
        """Note that no radio of ours works from now on, or that one does again."""
        now = self._context.now_ms
        if is_deaf and self._deaf_ms is None:
            self._deaf_ms = now
        elif not is_deaf and self._deaf_ms is not None:
            if now - self._deaf_ms >= DEAF_COSTS_MS:
                self._was_blind(now)
            self._deaf_ms = None
        self._due_known = False

    def _count(self) -> None:
        self._there = sum(seen.state != LOST for seen in self._seen.values())

    def prove(self, count: int) -> int:
        """Ask so many devices for their STATUS, so that a radio has something to hear; 0: only say how many
        there are to ask. Those that answered last come first, each in turn; a lost one proves nothing.
        """
        if not count:
            return self._there
        there = [node for node, seen in self._seen.items() if seen.state != LOST]
        asked = sorted(there, key=self._proof_rank)[:count]
        for node in asked:
            self._seen[node].proof_ms = self._context.now_ms
        devices = [device for device in map(self._context.directory.get, asked) if device]
        return self._orders.quiet_test(devices)

    def _proof_rank(self, node: Node) -> tuple[bool, Ms, int, Node]:
        seen = self._seen[node]
        answers = seen.heard and seen.last_ms >= seen.proof_ms
        return not answers, seen.proof_ms, self._context.directory.hops(node), node

    def hold_tests(self) -> None:
        self._calm_until_ms = self._context.now_ms + CALM_MS
        self._due_known = False

    def note_alive(self, node: Node) -> None:
        """Note a fresh authentic frame of this node."""
        seen = self._seen.get(node)
        if seen is None:
            return
        self._due_known = False
        seen.last_ms, seen.asked, seen.heard = self._context.now_ms, 0, True
        if seen.state != OK:
            self._tell(node, seen, OK)

    def _tell(self, node: Node, seen: _Seen, state: str) -> None:
        seen.state = state
        self._count()
        self._context.store(
            {
                "type": "supervision",
                "device": node,
                "label": self._context.directory.label(node),
                "state": state,
            }
        )
        self._context.note(state, self._context.directory.label(node))

    def _ask_due(self, seen: _Seen) -> Ms | None:
        if seen.asked >= len(ASK_AT_MS) or seen.state == LOST:
            return None
        return max(seen.last_ms + ASK_AT_MS[seen.asked] + seen.more_ms, self._calm_until_ms)

    def tick(self) -> None:
        self._due_known = False
        now = self._context.now_ms
        ask: list[Device] = []
        if self._asked_for_ms is not None and now - self._asked_for_ms > BLIND_MS:
            self._was_blind(now)
        if self._deaf_ms is not None:
            return
        for node, seen in self._seen.items():
            silent_ms = now - seen.last_ms - seen.more_ms
            while seen.state in NEXT and silent_ms >= NEXT[seen.state][0]:
                self._tell(node, seen, NEXT[seen.state][1])
            due = self._ask_due(seen)
            if due is not None and now >= due:
                seen.asked += 1
                device = self._context.directory.get(node)
                if device is not None:
                    ask.append(device)
        if ask:
            self._orders.quiet_test(ask)

    def _was_blind(self, now: Ms) -> None:
        """Give those not heard their time again after a machine that slept or a card that held all up."""
        for seen in self._seen.values():
            if seen.state != LOST:
                seen.last_ms, seen.asked = now, 0

    def next_deadline(self) -> Ms | None:
        if not self._due_known:
            self._due_ms, self._due_known = self._first_due_ms(), True
        self._asked_for_ms = self._due_ms
        return self._due_ms

    def _first_due_ms(self) -> Ms | None:
        first = None
        for seen in self._seen.values() if self._deaf_ms is None else ():
            due = self._ask_due(seen)
            if due is not None and (first is None or due < first):
                first = due
            if seen.state in NEXT:
                due = seen.last_ms + NEXT[seen.state][0] + seen.more_ms
                if first is None or due < first:
                    first = due
        return first
