"""Stages 3 to 5 on order: repeated until the button's own status names them, then reported as seen.

Buttons that are told at about the same time share a frame: ten presses used to take 20 frames of their own.
"""

from typing import NamedTuple

from kentongan_wire.air.flood import CLASS_ALARM
from kentongan_wire.message import messages as m

from kentongan_gateway.core.answers.receipts import ENTRIES_MAX
from kentongan_gateway.core.base.air import STAGE
from kentongan_gateway.core.base.bounded import make_room, owner, put
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Incident, Ms, Node, OnDone

REPEAT_AT_MS = (0, 2_000, 5_000, 15_000, 30_000, 60_000)  # after the order; then it has failed
# Sends that the button has not named: the next may go round by one more relay, or as far as any copy of the
# alarm came. The first copy's header may have been a stranger's; a button that is near hears us all the same.
# In a crowd it is the others that keep its answer away, not the distance: with 40 presses in an RW relays
# sent up to 180 copies more.
DETOUR_AFTER, CROWD_DETOUR_AFTER = 3, 5
GIVE_UP_MS = 10_000  # wait this long for the status after the last repeat
GAP_MS = 1_000  # between two frames; what comes due meanwhile goes in one
CROWD_GAP_MS = 4_000  # the same while CROWD_JOBS are told or more
CROWD_JOBS = 3
NO_AIR_MS = 10_000  # the hour's air is used: tried again then
NO_AIR_END_MS = 600_000  # and not longer than this
NO_AIR = "failed: there was no air to tell the button"
JOBS_LIMIT = 256
FRAME_BYTES = 64  # of a payload with a few entries
ORDERED = (m.STAGE_COMING, m.STAGE_CLOSED, m.STAGE_CANCELLED)


class Target(NamedTuple):
    """The button that is told a stage about its alarm, and how far that goes."""

    node: Node
    role: int
    generation: int
    counter: int
    hop_limit: int
    first: int  # the first counter of its incident
    record: Record | None

    @classmethod
    def of(cls, record: Record) -> "Target":
        first = record.first_counter if record.is_alarm else record.counter
        about = record.src, record.role, record.generation, record.counter
        return cls(*about, record.hops, first, record)

    @property
    def about(self) -> tuple[Node, int]:
        return self.node, self.counter


class Job:
    def __init__(self, target: Target, stage: int, entry: m.Entry, now_ms: Ms, order_id: int | None) -> None:
        self.target, self.stage, self.entry = target, stage, entry
        self.start_ms, self.sent, self.order_id = now_ms, 0, order_id

    def hop_limit(self, crowd: bool) -> int:
        hop_limit, record = self.target.hop_limit, self.target.record
        if self.sent < (CROWD_DETOUR_AFTER if crowd else DETOUR_AFTER):
            return hop_limit
        return max(hop_limit + 1, record.farthest if record else 0)

    @property
    def due_ms(self) -> int:
        if self.sent < len(REPEAT_AT_MS):
            return self.start_ms + REPEAT_AT_MS[self.sent]
        return self.start_ms + REPEAT_AT_MS[-1] + GIVE_UP_MS


class Stages:
    """At most one job an incident: a newer alarm or a higher stage replaces it, stages only go up.

    A button may have two incidents at once, one of them silent: what it is told of one holds back neither.
    """

    def __init__(self, context: Context, on_done: OnDone) -> None:
        self._context = context
        self._on_done = on_done  # (order_id or None, result)
        self._jobs: dict[Incident, Job] = {}
        self._free_ms = 0  # the next frame goes then, or later
        # (counter, stage) that the button's status has named
        self._seen: dict[Incident, tuple[int, int]] = {}

    def start(
        self,
        target: Target,
        stage: int,
        sounding: bool,
        order_id: int | None = None,
        already_sent: bool = False,
    ) -> None:
        """Tell the button; already_sent counts an answer that has just gone out as the first of the row."""
        about = target.node, target.first
        context, old = self._context, self._jobs.get(about)
        if target.node == context.config.node or target.role == m.GATEWAY:
            self._on_done(order_id, "ok")  # a siren on purpose: no button waits for a word
            return
        if self._seen.get(about, (0, 0)) >= (target.counter, stage):
            self._on_done(order_id, "ok")
            return
        if old and (old.target.counter, old.stage) >= (target.counter, stage):
            self._on_done(order_id, "ok")
            return
        if old:
            self._on_done(old.order_id, "failed: overtaken")
        else:  # whoever waits for most gives way: one button keeps no word from another
            gone = make_room(self._jobs, JOBS_LIMIT, target.node, owner)
            if gone is not None:
                self._on_done(self._jobs.pop(gone).order_id, "failed: too many at once")
        key = context.key_c(target.node, target.role, target.generation)
        entry = m.receipt_entry(context.config.node, target.node, target.counter, stage, sounding, 0, 0, key)
        self._jobs[about] = job = Job(target, stage, entry, context.now_ms, order_id)
        if already_sent:
            job.sent = 1
        else:
            self._send_due()

    def _open(self, by_ms: Ms) -> list[Job]:
        """Jobs that send again by then, longest due first, one a button: it reads one entry of a frame."""
        context = self._context
        first: dict[Node, Job] = {}
        jobs = [
            job
            for job in self._jobs.values()
            if job.sent < len(REPEAT_AT_MS)
            and job.due_ms <= by_ms
            and context.has_air(STAGE, FRAME_BYTES, (context.whose(*job.target.about),))
        ]
        for job in sorted(jobs, key=lambda job: job.due_ms):
            first.setdefault(job.target.node, job)
        return list(first.values())

    def _send_due(self) -> None:
        """Send in one frame as many stages as fit, once one is due and the last frame is long enough ago."""
        context = self._context
        if not self._jobs or min(map(self._next_ms, self._jobs.values())) > context.now_ms:
            return
        due = self._open(context.now_ms)
        if not due:
            self._free_ms = context.now_ms + NO_AIR_MS
            return
        crowd = len(self._jobs) >= CROWD_JOBS
        self._free_ms = context.now_ms + (CROWD_GAP_MS if crowd else GAP_MS)
        generation = due[0].target.generation
        jobs = [job for job in self._open(self._free_ms) if job.target.generation == generation][:ENTRIES_MAX]
        packet_id = context.take()
        payload = context.frame(
            m.RECEIPTS, generation, packet_id, m.Receipts(tuple(job.entry for job in jobs))
        )
        of = tuple(context.whose(*job.target.about) for job in jobs)
        hop_limit = max(job.hop_limit(crowd) for job in jobs)
        if not context.send(packet_id, hop_limit, payload, CLASS_ALARM, kind=STAGE, of=of):
            self._free_ms = context.now_ms + NO_AIR_MS
            return
        for job in jobs:
            job.sent += 1
            detail = f"kali ke-{job.sent}"
            context.note_about(f"receipt_{job.stage}", job.target.node, job.target.counter, detail)

    def seen(self, node: Node, counter: int, stage: int) -> tuple[int, int] | None:
        """Take an alarm's stage that a status names: (counter, stage) when that ends a job, else None.

        Only a stage that we have sent it for that very alarm.
        """
        named = [
            about
            for about, job in self._jobs.items()
            if about[0] == node and job.sent and (job.target.counter, job.stage) == (counter, stage)
        ]
        if not named:
            return None
        about = named[0]
        job = self._jobs[about]
        del self._jobs[about]
        put(self._seen, about, (job.target.counter, stage), JOBS_LIMIT, owner)
        self._on_done(job.order_id, "ok")
        return job.target.counter, stage

    def tick(self) -> None:
        self._send_due()
        now = self._context.now_ms
        for about, job in list(self._jobs.items()):
            if now >= (job.due_ms if job.sent == len(REPEAT_AT_MS) else job.start_ms + NO_AIR_END_MS):
                del self._jobs[about]
                self._on_done(job.order_id, "failed: the button never named it" if job.sent else NO_AIR)

    def next_deadline(self) -> Ms | None:
        return min(self._next_ms(job) for job in self._jobs.values()) if self._jobs else None

    def _next_ms(self, job: Job) -> Ms:
        return max(job.due_ms, self._free_ms) if job.sent < len(REPEAT_AT_MS) else job.due_ms
