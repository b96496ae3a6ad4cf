"""The voice of the post: an alarm is said at once and twice more, until somebody has it in hand."""

from kentongan_gateway.core.answers import words
from kentongan_gateway.core.base.actions import Hush, Speak
from kentongan_gateway.core.base.bounded import make_room, owner

SAY_AT_MS = (0, 20_000, 60_000)
GAP_MS = 9_000  # between two sentences, so that the siren is heard as well
JOBS_LIMIT = 16
CROWD = 3  # from so many alarms at once on, each is said once


class Announcements:
    """At most one job an incident; never for a silent, late or test alarm."""

    def __init__(self, context):
        self._context = context
        self._jobs = {}  # (origin, first counter) -> [record, start_ms, times said]
        self._free_ms = 0

    def announce(self, record):
        """A new alarm is on disk, or known although the disk failed."""
        context = self._context
        if (
            not context.config.voice
            or not record.sounding
            or context.config.zone not in (0, record.body.zone)
        ):
            return
        key = (record.src, record.first_counter)
        old = self._jobs.get(key)
        if old and old[0].body.kind == record.body.kind:
            return  # another press of the same: the row under way says it
        gone = None if old else make_room(self._jobs, JOBS_LIMIT, record.src, owner)
        if gone is not None:
            context.count("sentence_dropped")
            del self._jobs[gone]
        self._jobs[key] = [record, context.now_ms, 0]

    def ended(self, origin=None, first=None):
        """Somebody is coming, it was cancelled, or the key at the post was pressed: no more of it."""
        mine = [k for k in self._jobs if origin in (None, k[0]) and first in (None, k[1])]
        for key in mine:
            del self._jobs[key]
        if mine:
            self._context.out.append(Hush())

    def _due_ms(self, job) -> int:
        return max(self._free_ms, job[1] + SAY_AT_MS[job[2]])

    def tick(self):
        now = self._context.now_ms
        due = sorted((self._due_ms(job), job[2], key) for key, job in self._jobs.items())
        if not due or due[0][0] > now:
            return
        key = min(due, key=lambda each: (each[0] > now, each[1], each[0]))[2]
        record, _, said = job = self._jobs[key]
        self._say(record)
        job[2] = said + 1
        self._free_ms = now + GAP_MS
        if job[2] >= len(SAY_AT_MS) or len(self._jobs) >= CROWD:
            del self._jobs[key]

    def _say(self, record):
        device = self._context.directory.get(record.src)
        house = device.house if device else 0
        text = words.sentence(record.body.kind, record.body.zone, house, record.drill)
        if text:
            self._context.out.append(Speak(text))
            self._context.note_about("said", record.src, record.counter)

    def next_deadline(self):
        return min(self._due_ms(job) for job in self._jobs.values()) if self._jobs else None
