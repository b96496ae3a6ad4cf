"""Stages 3 to 5 on order: repeated until the button's own status names them, then reported as seen."""

from collections import namedtuple

from kentongan_wire import messages as m
from kentongan_wire.flood import CLASS_ALARM

REPEAT_AT_MS = (0, 2_000, 5_000, 15_000, 30_000, 60_000)  # after the order; then it has failed
GIVE_UP_MS = 10_000  # wait this long for the status after the last repeat
JOBS_LIMIT = 256
ORDERED = (m.STAGE_COMING, m.STAGE_CLOSED, m.STAGE_CANCELLED)

Target = namedtuple("Target", ("node", "role", "generation", "counter", "hop_limit", "incident"))


class Job:
    def __init__(self, target, stage, payload, now_ms, order_id):
        self.target, self.stage, self.payload = target, stage, payload
        self.start_ms, self.sent, self.order_id = now_ms, 0, order_id

    @property
    def due_ms(self) -> int:
        if self.sent < len(REPEAT_AT_MS):
            return self.start_ms + REPEAT_AT_MS[self.sent]
        return self.start_ms + REPEAT_AT_MS[-1] + GIVE_UP_MS


class Stages:
    """At most one job an incident: a newer alarm or a higher stage replaces it, stages only go up.

    A button may have two incidents at once, one of them silent: what it is told of one holds back neither.
    """

    def __init__(self, desk, on_done):
        self._desk = desk
        self._on_done = on_done  # (order_id or None, result)
        self._jobs = {}
        self._seen = {}  # (node, incident) -> (counter, stage) that its status has named

    def start(self, target, stage, sounding, order_id=None, already_sent=False):
        """Tell the button; already_sent counts an answer that has just gone out as the first of the row."""
        about = target.node, target.incident
        desk, old = self._desk, self._jobs.get(about)
        if self._seen.get(about, (0, 0)) >= (target.counter, stage):
            self._on_done(order_id, "ok")
            return
        if old and (old.target.counter, old.stage) >= (target.counter, stage):
            self._on_done(order_id, "ok")
            return
        if old:
            self._on_done(old.order_id, "failed: overtaken")
        elif len(self._jobs) >= JOBS_LIMIT:
            self._on_done(order_id, "failed: too many at once")
            return
        counter = desk.take()
        key = desk.key_c(target.node, target.role, target.generation)
        entry = m.receipt_entry(desk.config.node, target.node, target.counter, stage, sounding, 0, 0, key)
        payload = desk.frame(m.RECEIPTS, target.generation, counter, m.Receipts((entry,)))
        job = Job(target, stage, payload, desk.now_ms, order_id)
        self._jobs[about] = job
        if already_sent:
            job.sent = 1
        else:
            self._send(job, counter)

    def _send(self, job, packet_id):
        job.sent += 1
        self._desk.send(packet_id, job.target.hop_limit, job.payload, CLASS_ALARM)
        self._desk.note_about(
            f"receipt_{job.stage}", job.target.node, job.target.counter, f"kali ke-{job.sent}"
        )

    def seen(self, node, stage):
        """The button's status names its highest stage: (counter, stage) when that ends a job, else None."""
        named = [job for (of, _), job in self._jobs.items() if of == node and job.stage <= stage]
        if not named:
            return None
        job = max(named, key=lambda job: job.target.counter)
        about = node, job.target.incident
        del self._jobs[about]
        if len(self._seen) >= JOBS_LIMIT:
            self._seen.pop(next(iter(self._seen)))
        self._seen[about] = (job.target.counter, stage)
        self._on_done(job.order_id, "ok")
        return job.target.counter, stage

    def tick(self):
        for about, job in list(self._jobs.items()):
            if self._desk.now_ms < job.due_ms:
                continue
            if job.sent < len(REPEAT_AT_MS):
                self._send(job, self._desk.take())
            else:
                del self._jobs[about]
                self._on_done(job.order_id, "failed: the button never named it")

    def next_deadline(self):
        return min((job.due_ms for job in self._jobs.values()), default=None)
