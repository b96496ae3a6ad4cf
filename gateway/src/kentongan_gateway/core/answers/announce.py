"""The voice of the post: an alarm is said at once and twice more, until somebody has it in hand.

What people have said there, as the hub orders it, waits for every alarm, and is said twice.
"""

from kentongan_gateway.core.answers import words
from kentongan_gateway.core.base.actions import Hush, Speak
from kentongan_gateway.core.base.bounded import make_room, owner
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.base.units import Incident, Ms, Node

SAY_AT_MS = (0, 20_000, 60_000)
GAP_MS = 9_000  # between two sentences, so that the siren is heard as well
JOBS_LIMIT = 16
TOLD_AGAIN_MS = 20_000
TOLD_TIMES, TOLD_LIMIT = 2, 4  # how often each is said, and how many wait
CROWD = 3  # from so many alarms at once on, each is said once


class _Job:
    """An alarm that is being said."""

    def __init__(self, record: Record, now_ms: Ms) -> None:
        self.record, self.start_ms, self.said = record, now_ms, 0


class Announcements:
    """At most one job an incident; never for a silent, late or test alarm."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._jobs: dict[Incident, _Job] = {}
        self._free_ms = 0
        self._told: list[tuple[Ms, int, str]] = []  # (due, how often it was said, the sentence)

    def say(self, text: str) -> None:
        """Say what people had the hub say, where there is a voice; an empty text: no more of it."""
        if not self._context.config.voice:
            return
        if not text:
            self._hush_told()
        elif len(self._told) >= TOLD_LIMIT:
            self._context.count("sentence_dropped")
        elif text not in [told[2] for told in self._told]:
            self._told.append((self._context.now_ms, 0, text))

    def _hush_told(self) -> None:
        if self._told:
            self._told = []
            self._context.out.append(Hush())

    def announce(self, record: Record) -> None:
        """Announce a new alarm, on disk or known although the disk failed."""
        context = self._context
        if (
            not context.config.voice
            or not record.sounding
            or context.config.zone not in (0, record.body.zone)
        ):
            return
        key = (record.src, record.first_counter)
        old = self._jobs.get(key)
        if old and old.record.body.kind == record.body.kind:
            return  # another press of the same: the row under way says it
        gone = None if old else make_room(self._jobs, JOBS_LIMIT, record.src, owner)
        if gone is not None:
            context.count("sentence_dropped")
            del self._jobs[gone]
        self._jobs[key] = _Job(record, context.now_ms)

    def ended(self, origin: Node | None = None, first: int | None = None) -> None:
        """End its announcement: somebody comes, it was cancelled, or the key at the post was pressed."""
        if origin is None:
            self._hush_told()
        mine = [k for k in self._jobs if origin in (None, k[0]) and first in (None, k[1])]
        for key in mine:
            del self._jobs[key]
        if mine:
            self._context.out.append(Hush())

    def _due_ms(self, job: _Job) -> int:
        return max(self._free_ms, job.start_ms + SAY_AT_MS[job.said])

    def tick(self) -> None:
        now = self._context.now_ms
        due = sorted((self._due_ms(job), job.said, key) for key, job in self._jobs.items())
        if not due:
            self._say_told()
        if not due or due[0][0] > now:
            return
        key = min(due, key=lambda each: (each[0] > now, each[1], each[0]))[2]
        job = self._jobs[key]
        self._say(job.record)
        job.said += 1
        self._free_ms = now + GAP_MS
        if job.said >= len(SAY_AT_MS) or len(self._jobs) >= CROWD:
            del self._jobs[key]

    def _say(self, record: Record) -> None:
        device = self._context.directory.get(record.src)
        house = device.house if device else 0
        text = words.sentence(record.body.kind, record.body.zone, house, record.drill)
        if text:
            self._context.out.append(Speak(text))
            self._context.note_about("said", record.src, record.counter)

    def _say_told(self) -> None:
        """One sentence of people's, while no alarm is being said."""
        now = self._context.now_ms
        if not self._told or max(self._free_ms, self._told[0][0]) > now:
            return
        _, said, text = self._told.pop(0)
        self._context.out.append(Speak(text))
        self._free_ms = now + GAP_MS
        if said + 1 < TOLD_TIMES:
            self._told = sorted([*self._told, (now + TOLD_AGAIN_MS, said + 1, text)])

    def next_deadline(self) -> Ms | None:
        if self._jobs:
            return min(self._due_ms(job) for job in self._jobs.values())
        return max(self._free_ms, self._told[0][0]) if self._told else None
