"""SIREN_ORDERs under way: the same payload repeated until the posts report, never without an end.

A post takes no order below one that it has heard. Where a later one was on the air for it meanwhile, as for
two alarms at once, a repeat goes under a counter of its own.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from kentongan_wire.air.flood import CLASS_ORDER
from kentongan_wire.base.crypto import equal
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.air import ALARM, FIRST, REST
from kentongan_gateway.core.base.bounded import make_room, owner, put
from kentongan_gateway.core.base.context import Context, mix
from kentongan_gateway.core.base.directory import Device
from kentongan_gateway.core.base.shares import Who
from kentongan_gateway.core.base.units import Ms, Node, OnDone

REPEAT_MS = 3_000
SENDS_MAX = 5
TARGETS_MAX = 15  # in one frame
FRAME_BYTES, TARGET_BYTES = 26, 12  # of a payload, and of each device in it
TESTS_KEPT = 256
JOBS_LIMIT = 64
SECONDS_MAX = 180
NO_AIR = "failed: no air to order the posts"
OTHERS_MS = SENDS_MAX * REPEAT_MS  # another gateway's order is under way for so long
OTHERS_LIMIT = 256
STARTED_LIMIT = 256  # starts that are remembered
ACTION_NAMES = {
    m.ACTION_START: "bunyikan",
    m.ACTION_STOP: "matikan bunyi",
    m.ACTION_TEST: "uji",
    m.ACTION_DRILL: "latihan mulai",
    m.ACTION_DRILL_END: "latihan selesai",
    m.ACTION_REST: "akhiri rekaman",
}
DONE_STATES = {
    m.ACTION_START: (m.STATE_SOUNDING, m.STATE_DRIVEN),
    m.ACTION_STOP: (m.STATE_STOPPED, m.STATE_SILENCED),
    m.ACTION_REST: (m.STATE_STOPPED, m.STATE_SILENCED),
}


class Command(NamedTuple):
    """A SIREN_ORDER to be sent, and when it is done."""

    action: int
    origin: Node = 0
    alarm: int = 0  # the counter of the origin's alarm
    kind: int = 0
    seconds: int = 0
    first: int | None = None  # the first counter of its incident, where it is another
    any_answer: bool = False  # done at the first post that sounds
    obeyed: bool = False  # done when a post sounds by order: it may beat the alarm already, as a drill
    order_id: int | None = None  # the hub is told once all of it was on the air, or that it never was
    raised: bool = False  # by people: each is an incident of its own, though a gateway's number is on many
    by_posts: bool = False  # what those posts themselves have told set it going: they are charged for it


Fixed = tuple[Node, int, int, int, int]  # of a SIREN_ORDER: origin, counter, action, pattern, seconds
QUIET_TEST = Command(m.ACTION_TEST)


class Job:
    """A command on its way to some posts: one payload, repeated."""

    def __init__(
        self,
        command: Command,
        counter: int,
        payload: bytes,
        targets: Iterable[Node],
        hop_limit: int,
        sends: int,
        until_ms: Ms,
    ) -> None:
        self.command, self.counter, self.payload = command, counter, payload
        self.action, self.origin, self.alarm, self.kind = command[:4]
        self.first, self.any_answer, self.obeyed = command.first, command.any_answer, command.obeyed
        self.order_id, self.by_posts = command.order_id, command.by_posts
        self.targets, self.hop_limit = set(targets), hop_limit
        self.left, self.due_ms, self.until_ms = sends, 0, until_ms
        self.on_air = False


class SirenOrders:
    """Builds, repeats and ends siren orders."""

    def __init__(self, context: Context, on_done: OnDone) -> None:
        self._context = context
        self._on_done = on_done  # (order_id, result)
        self._jobs: list[Job] = []
        # order id of the hub -> whether a part of it ended without ever being on the air
        self._open: dict[int, bool] = {}
        self.tests: deque[int] = deque(maxlen=TESTS_KEPT)  # counters of this run's quiet tests
        # (post, kind) -> until when another gateway's order to beat it counts
        self._theirs: dict[tuple[Node, int], Ms] = {}
        self._last: dict[Node, int] = {}  # gateway -> counter of its latest order
        # (origin, counter, post) -> when we last ordered it to start
        self._started: dict[tuple[Node, int, Node], Ms] = {}
        self._newest: dict[Node, int] = {}  # post -> counter of the latest order to it that was on the air
        self._leapt = False

    def send(
        self, command: Command, devices: Iterable[Device], sends: int = SENDS_MAX, urgent: bool = False
    ) -> bool:
        """Order these devices. False: none named.

        urgent: a quiet test on which an alarm waits; others go only while half of the hour's air is there.
        """
        if command.first is None:
            command = command._replace(first=command.alarm)
        devices = list(devices)
        if command.action == m.ACTION_START and command.origin:
            self._drop_stops(command)
        if command.action == m.ACTION_TEST and not urgent and not self.may_test(len(devices)):
            return False
        for at in range(0, len(devices), TARGETS_MAX):
            group = devices[at : at + TARGETS_MAX]
            jobs = dict.fromkeys(self._jobs)
            gone = make_room(jobs, JOBS_LIMIT, command.origin, lambda job: job.origin)
            if gone:
                self._context.count("order_dropped")
                self._end(gone)
            if command.order_id is not None:
                self._open.setdefault(command.order_id, False)
            self._start(command, group, sends)
        self._settle()
        return bool(devices)

    def _drop_stops(self, start: Command) -> None:
        """Stop no more what was pressed before in an incident that begins anew: that would end this press."""
        self._jobs = [
            j
            for j in self._jobs
            if not (
                (j.action, j.origin, j.first) == (m.ACTION_STOP, start.origin, start.first)
                and j.alarm < start.alarm
            )
        ]

    def ask_posts(self, zones: Collection[int]) -> None:
        """Ask the posts of these zones for a quiet test, under counters nobody can have recorded before."""
        context = self._context
        if not self._leapt:
            self._leapt = True
            context.sequence.leap(mix(context.rnd, len(zones)))
            self.tests.clear()
        posts = {device.node: device for zone in zones for device in context.directory.posts(zone)}
        self.quiet_test(posts.values(), urgent=True)

    def quiet_test(self, devices: Iterable[Device], urgent: bool = False) -> bool:
        return self.send(QUIET_TEST, devices, sends=1, urgent=urgent)

    def _end(self, job: Job) -> None:
        """Nothing of it goes any more."""
        self._jobs.remove(job)
        if job.order_id in self._open and not job.on_air:
            self._open[job.order_id] = True

    def _settle(self) -> None:
        """Tell the hub of its orders of which no part waits for air any more."""
        waits = {job.order_id for job in self._jobs if not job.on_air}
        for order_id in [order_id for order_id in self._open if order_id not in waits]:
            self._on_done(order_id, NO_AIR if self._open.pop(order_id) else "ok")

    def may_test(self, count: int) -> bool:
        """Tell whether there is air for a quiet test of so many devices."""
        return self._context.has_air(REST, FRAME_BYTES + TARGET_BYTES * min(count, TARGETS_MAX))

    def _start(self, command: Command, group: Sequence[Device], sends: int) -> None:
        context = self._context
        own = context.take()
        frame = payload(context, own, fixed_of(command), group)
        hop_limit = max(device.hops for device in group)
        nodes = [device.node for device in group]
        job = Job(command, own, frame, nodes, hop_limit, sends, context.now_ms + SECONDS_MAX * 1_000)
        self._jobs.append(job)
        if command.action == m.ACTION_TEST:
            self.tests.append(own)
        if command.action == m.ACTION_START:
            about = command.origin, command.alarm
            for node in nodes:
                put(self._started, (*about, node), context.now_ms, STARTED_LIMIT, owner)
        self._send(job, own)

    def _send(self, job: Job, packet_id: int) -> None:
        job.due_ms = self._context.now_ms + REPEAT_MS
        urgent = job.origin and not job.on_air and job.action != m.ACTION_STOP
        kind = FIRST if urgent else ALARM  # the last of the hour's air is for what must begin
        of = tuple(job.targets) if job.by_posts else self._of_alarm(job)
        sent = self._context.send(packet_id, job.hop_limit, job.payload, CLASS_ORDER, kind=kind, of=of)
        if sent or job.on_air or job.action == m.ACTION_TEST:
            job.left -= 1  # a first word that had no air is not used up
        if sent:
            job.on_air = True
            self._newest.update(dict.fromkeys(job.targets, job.counter))
            self._context.note("order", self._context.config.label, job.counter, action_name(job.action))

    def _again(self, job: Job) -> int:
        """Give the packet id of a repeat, which has what a post can still take."""
        own, named = self._context.take(), map(self._context.directory.get, sorted(job.targets))
        posts = [post for post in named if post]  # the hub may have taken some off its list meanwhile
        if posts and any(self._newest.get(post.node, 0) > job.counter for post in posts):
            job.counter = own
            job.payload = payload(self._context, own, fixed_of(job.command), posts)
        return own

    def _of_alarm(self, job: Job) -> tuple[Who, ...]:
        return (self._context.whose(job.origin, job.alarm),) if job.origin else ()

    def starting(self, kind: int, devices: Iterable[Device], stands_in: bool) -> bool:
        """Tell whether one of these devices is being ordered to beat this already, for whatever alarm.

        A gateway that stands in for another counts other gateways' orders as well.
        """
        nodes, now = {device.node for device in devices}, self._context.now_ms
        if stands_in and any(self._theirs.get((node, kind), now) > now for node in nodes):
            return True
        alike = [
            j
            for j in self._jobs
            if j.action == m.ACTION_START and j.any_answer and j.kind == kind and j.on_air
        ]
        return any(nodes & j.targets for j in alike)

    def overheard(self, message: Message) -> bool:
        """Another gateway's order to start; False when not even one target's tag holds: anybody's word.

        Its repeats and older ones that somebody plays again tell nothing new.
        """
        order, context = message.body, self._context
        posts = [post for post, tag8 in order.targets if self._holds(message, post, tag8)]
        if not posts:
            context.count("order_not_true")
            return False
        if message.counter > self._last.get(message.src, 0):
            self._last[message.src] = message.counter
            for post in posts:
                self._theirs.pop((post, order.pattern), None)
                self._theirs[post, order.pattern] = context.now_ms + OTHERS_MS
        while len(self._theirs) > OTHERS_LIMIT:
            self._theirs.pop(next(iter(self._theirs)))
        return True

    def _holds(self, message: Message, post: Node, tag8: bytes) -> bool:
        device = self._context.directory.get(post)
        key = device and self._context.keys.c(post, device.role, message.generation)
        return key is not None and equal(
            m.order_tag(message.src, message.counter, post, message.body, key), tag8
        )

    def on_report(
        self, post: Node, origin: Node, counter: int, state: int, source: int = m.SOURCE_ORDER
    ) -> None:
        """Take the state of a post's siren for this alarm; a newer one's start still goes on."""
        for job in list(self._jobs):
            if job.action == m.ACTION_START and job.alarm > counter:
                continue
            if job.command.raised and job.alarm != counter:
                continue
            if job.origin != origin or state not in DONE_STATES.get(job.action, ()):
                continue
            if job.obeyed and source != m.SOURCE_ORDER:
                continue
            job.targets.discard(post)
            if not job.targets or (job.any_answer and not self._context.forgeries.lately):
                self._jobs.remove(job)
        self._settle()

    def silenced(self, post: Node, origin: Node, first: int, until: int | None = None) -> None:
        """Note that a person silenced this post: what still starts for the incident goes on for the others.

        until: only what starts for a press up to this one.
        """
        for job in list(self._jobs):
            mine = job.action == m.ACTION_START and (job.origin, job.first) == (origin, first)
            if not mine or post not in job.targets or (until is not None and job.alarm > until):
                continue
            self._jobs.remove(job)
            left = map(self._context.directory.get, sorted(job.targets - {post}))
            others = [device for device in left if device]
            if others and job.left > 0:
                self._start(job.command, others, job.left)
        self._settle()

    def ordered(self, post: Node, origin: Node, counter: int, action: int = m.ACTION_START) -> bool:
        """Tell whether an order to start (or so) for this alarm is under way to this post."""
        return any(
            j.action == action and (j.origin, j.alarm) == (origin, counter) and post in j.targets
            for j in self._jobs
        )

    def started(self, post: Node, origin: Node, counter: int, within_ms: Ms) -> bool:
        """Tell whether we ordered this post to start for this alarm within that time."""
        at_ms = self._started.get((origin, counter, post))
        return at_ms is not None and self._context.now_ms - at_ms <= within_ms

    def sounding_heard(self, origin: Node, counter: int) -> None:
        """End starts that only wanted any siren for this alarm, or one before: a siren sounds for it.

        Not while somebody forges alarms: then each post is ordered until it reports for itself.
        """
        if self._context.forgeries.lately:
            return
        self._jobs = [
            j
            for j in self._jobs
            if not (j.origin == origin and j.alarm <= counter and j.any_answer and j.action == m.ACTION_START)
        ]
        self._settle()

    def cancel_starts(self, origin: Node, counter: int, first: int | None = None) -> None:
        """Nothing is started any more for this alarm of the sender or an older one; a newer one still is.

        first: of that incident alone, for sirens that a gateway raises for people are nobody's earlier press.
        """
        self._jobs = [
            j
            for j in self._jobs
            if not (
                (j.origin, j.action) == (origin, m.ACTION_START)
                and j.alarm <= counter
                and first in (None, j.first)
            )
        ]
        self._settle()

    def tick(self) -> None:
        now = self._context.now_ms
        for job in list(self._jobs):
            if now < job.due_ms:
                continue
            if job.left > 0 and now < job.until_ms:
                self._send(job, self._again(job))
            else:
                self._end(job)
        self._settle()

    def next_deadline(self) -> Ms | None:
        return min(job.due_ms for job in self._jobs) if self._jobs else None


def fixed_of(command: Command) -> Fixed:
    seconds = max(0, min(command.seconds, SECONDS_MAX))
    return command.origin, command.alarm, command.action, command.kind, seconds


def payload(context: Context, own: int, fixed: Fixed, devices: Iterable[Device]) -> bytes:
    """Return a SIREN_ORDER under our counter `own`; fixed: origin, counter, action, pattern and seconds."""
    generation = context.keys.generation
    targets = tuple(
        m.order_target(
            context.config.node, own, device.node, *fixed, context.key_c(device.node, device.role, generation)
        )
        for device in devices
    )
    return context.frame(m.SIREN_ORDER, generation, own, m.SirenOrder(*fixed, targets))


def action_name(action: int) -> str:
    return ACTION_NAMES.get(action, "?")
