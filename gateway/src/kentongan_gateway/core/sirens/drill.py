"""Drills: the window that makes an alarm a drill here, and the posts that have to know of it.

what happens                                          what follows
the hub opens or ends a drill                         our own window, and an order to each of its posts
a post says that it knows (SIREN_REPORT 7, 8)         it is asked no more; the hub is told who knows
it does not                                           the order again, GAPS_MS apart; then when it is heard
an alarm in earnest after the end                     who does not know it is ordered to beat that alarm
we start, and a drill was under way                   it is over, here and, by orders, at the posts
Every round has a counter of its own: a repeat below another order's counter would be refused as old.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from kentongan_wire.air.flood import CLASS_ORDER
from kentongan_wire.message import messages as m

from kentongan_gateway.core.base import air
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.directory import Device
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Ms, Node
from kentongan_gateway.core.devices import waiting
from kentongan_gateway.core.sirens import siren_orders

MINUTES_MAX = 60
# Between rounds: five in the first 5 s; a post at 8 % loss misses them all once in 300,000 drills.
GAPS_MS = (700, 800, 1_000, 1_200, 1_500, 4_000, 8_000, 15_000, 30_000, 60_000)
HEARD_GAP_MS = 10_000  # afterwards: a post that is heard is told again, this long after the last time
JUST_ENDED_MS = 60_000  # after the end every post is ordered to beat an alarm: no drill is to excuse silence
SINCE_LIMIT = 8  # alarms in earnest since the end, which a post that did not know beat as drills


class Order(Protocol):
    """Orders these posts to beat an alarm; obeyed: until each says that it sounds by order."""

    def __call__(self, record: Record, devices: Iterable[Device], obeyed: bool = True) -> None: ...


class DrillWindow:
    """Inside it the first public alarm of each button is a drill, a second one is real.

    Counted down on our own clock; a restart ends it, so that in doubt an alarm is real.
    """

    def __init__(self) -> None:
        self._until_ms: Ms | None = None
        self._zone = 0
        self._drilled: set[Node] = set()

    def open(self, minutes: int, zone: int, now_ms: Ms) -> None:
        """Open for 1-60 minutes in one zone (0: the whole site); 0 minutes close it."""
        self._until_ms = now_ms + min(minutes, MINUTES_MAX) * 60_000
        self._zone = zone
        self._drilled = set()

    def takes(self, src: Node, zone: int, now_ms: Ms) -> bool:
        """Tell whether this public alarm is a drill; it uses up the button's one drill."""
        if self._until_ms is None or now_ms >= self._until_ms or self._zone not in (0, zone):
            return False
        if src in self._drilled:
            return False
        self._drilled.add(src)
        return True


class _Post:
    """One post that is to know: how often it was told, when last, and when next (None: when it is heard)."""

    def __init__(self, due_ms: Ms) -> None:
        self.rounds = 0
        self.last_ms: Ms = 0
        self.due_ms: Ms | None = due_ms


class Drills:
    """One drill at a time, as the hub keeps them. `order(record, devices, obeyed)`: posts beat an alarm."""

    def __init__(self, context: Context, order: "Order", saved: bytes | None = None) -> None:
        self._context, self._order = context, order
        self.window = DrillWindow()
        self._number, self._zone, self._name = 0, 0, 0  # the hub's number, the RT, the number on the air
        self._open, self._until_ms = False, 0
        self._ended_ms: Ms | None = None
        self._waiting: dict[Node, _Post] = {}
        self._posts: set[Node] = set()  # whom this drill was told
        self._counters: set[int] = set()  # of the orders that say what is so now
        self._since: list[Record] = []  # alarms in earnest since the end
        self._saved = saved

    def begun(self) -> None:
        """End a drill of a former run, which has ended with it."""
        try:
            self._number, self._zone, posts = json.loads(self._saved or b"null") or (0, 0, [])
            self._posts = {post for post in posts if type(post) is int}
        except (ValueError, TypeError, RecursionError):
            self._context.count("drill_lost")
            return
        if self._posts:
            self._tell_hub(self._context.config.node, False)
            self._change(0, None)

    def ordered(self, minutes: int, zone: int, number: int, posts: Iterable[Node] | None) -> None:
        """Open a drill of the hub, `number`, for so many minutes in an RT (0: all), or end it with 0 minutes.

        posts: node numbers of those that are ours to tell, None: all of that RT.
        """
        self.window.open(minutes, zone, self._context.now_ms)
        if number != self._number or minutes:
            self._name = 0
        self._number, self._zone = number, zone
        self._change(minutes, posts)

    def _change(self, minutes: int, posts: Iterable[Node] | None) -> None:
        now, directory = self._context.now_ms, self._context.directory
        if posts is None:
            found = directory.posts(self._zone) if self._zone else directory.of_role(m.SIRENE)
            posts = [device.node for device in found]
        self._open, self._counters, self._since = bool(minutes), set(), []
        self._ended_ms = None if minutes else now
        if minutes:
            self._until_ms = now + min(minutes, MINUTES_MAX) * 60_000
        elif self._until_ms <= now:
            self._until_ms = now + MINUTES_MAX * 60_000  # of a former run: no longer than a drill can last
        self._posts = set(posts) if minutes else self._posts | set(posts)
        self._waiting = {post: _Post(now) for post in sorted(self._posts)}
        self._keep()
        self.tick()

    def _keep(self) -> None:
        """On disk while a post may know of a drill."""
        under_way = self._open or self._waiting
        kept = [self._number, self._zone, sorted(self._posts)] if under_way else None
        self._context.persist("drill", json.dumps(kept).encode())

    def on_drill_report(self, post: Node, counter: int, state: int) -> None:
        """Take what a post knows, in answer to an order of ours."""
        wanted = m.STATE_DRILL if self._open else m.STATE_NO_DRILL
        if post not in self._waiting or counter not in self._counters or state != wanted:
            return
        del self._waiting[post]
        self._tell_hub(post, self._open)
        if not self._open:
            device = self._context.directory.get(post)
            for record in self._since:
                if device and not self._context.quiet.holds(record):
                    self._order(record, [device])
            if not self._waiting:
                self._keep()

    def _tell_hub(self, node: Node, is_open: bool) -> None:
        label = self._context.directory.label(node)
        self._context.store(
            {"type": "drill_known", "device": node, "label": label, "number": self._number, "open": is_open}
        )
        self._context.note("drill_known" if is_open else "drill_end_known", label)

    def on_post_heard(self, node: Node) -> None:
        """Tell a node again whose fresh authentic frame came, if it does not know yet."""
        post, now = self._waiting.get(node), self._context.now_ms
        if post is not None and post.due_ms is None and now - post.last_ms >= HEARD_GAP_MS:
            post.due_ms = now

    def on_alarm(self, record: Record) -> None:
        """Take a stored alarm. One in earnest after the end may be beaten as a drill where nobody knows."""
        young = self._ended_ms is not None and self._context.now_ms - self._ended_ms < JUST_ENDED_MS
        if self._open or record.drill or not record.sounding or self._context.quiet.holds(record):
            return
        posts = self._context.directory.posts(record.body.zone)
        here = [device for device in posts if device.node in self._posts]
        unknowing = [device for device in here if device.node in self._waiting]
        if unknowing:
            self._since = [*self._since, record][-SINCE_LIMIT:]
            self._order(record, unknowing)
        knowing = [device for device in here if device.node not in self._waiting]
        if young and knowing:
            self._order(record, knowing, obeyed=False)

    def unknowing(self) -> list[Node]:
        """Posts that have not said yet that they know what is so now."""
        return sorted(self._waiting)

    def tick(self) -> None:
        now, directory = self._context.now_ms, self._context.directory
        if self._waiting and now >= self._until_ms:  # over by itself wherever it is known
            self._waiting = {}
        if self._open and now >= self._until_ms:
            self._open = False
            self._keep()
        due = [node for node, post in self._waiting.items() if post.due_ms is not None and post.due_ms <= now]
        devices = [device for device in map(directory.get, due) if device]
        for node in set(due) - {device.node for device in devices}:
            del self._waiting[node]  # revoked or gone
        for at in range(0, len(devices), siren_orders.TARGETS_MAX):
            group = devices[at : at + siren_orders.TARGETS_MAX]
            if self._has_air(group):
                self._round(group)

    def _has_air(self, devices: Sequence[Device]) -> bool:
        """Tell whether there is air: a drill that many posts miss spends its own begin's air at most."""
        now, context = self._context.now_ms, self._context
        seconds = context.air_s(siren_orders.FRAME_BYTES + siren_orders.TARGET_BYTES * len(devices))
        ready_ms = context.air.ready_ms(air.DRILL, seconds, now, air.DRILL_END_S if self._open else 0)
        if ready_ms <= now:
            context.waiting.over(waiting.DRILL, len(self._waiting))
            return True
        for device in devices:
            self._waiting[device.node].due_ms = ready_ms
        context.waiting.until(waiting.DRILL, waiting.AIR, ready_ms, len(self._waiting))
        return False

    def _round(self, devices: Sequence[Device]) -> None:
        now = self._context.now_ms
        left_s = (self._until_ms - now) // 1000 if self._open else 0
        own = self._context.take()
        self._name = self._name or own
        fixed = (0, self._name, m.ACTION_DRILL if self._open else m.ACTION_DRILL_END, self._zone, left_s)
        payload = siren_orders.payload(self._context, own, fixed, devices)
        self._counters.add(own)
        self._context.send(own, max(device.hops for device in devices), payload, CLASS_ORDER, kind=air.DRILL)
        self._context.note("order", self._context.config.label, own, siren_orders.action_name(fixed[2]))
        for device in devices:
            post = self._waiting[device.node]
            post.last_ms = now
            post.due_ms = now + GAPS_MS[post.rounds] if post.rounds < len(GAPS_MS) else None
            post.rounds += 1

    def next_deadline(self) -> Ms | None:
        due = [post.due_ms for post in self._waiting.values() if post.due_ms is not None]
        if self._open or self._waiting:
            due.append(self._until_ms)
        return min(due) if due else None
