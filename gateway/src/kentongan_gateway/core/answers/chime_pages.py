"""PAGE to penerima by ourselves while the hub is silent: when the hub's own policy would, whom it names.

Both come with the directory and are kept: for each RT and kind the time after the press, and for a
confidential alarm only penerima that an agreed person has confirmed. A hub that orders a page for one names
the penerima itself, by the circle of that incident: what the directory says by now adds and takes nothing.
Before the first PAGE of each the hub is told whom it asks (event `paged`): nobody else's answer counts, here
or there. Pages under way are kept over restarts: with its alarm, which the spool has, each goes on where it
would be by now, and its answer counts.
A chime that rang for three buttons within five minutes rings for one more only while the hour has air for it:
a fire that thirty houses call must leave the last of them an answer.
They go one after the other, the buttons in turn and of each what was said least often: no button's alarms
stand before another's. In a table that is full whoever fills it loses its own older pages; people are told.
"""

import json
from collections.abc import Collection, Container
from typing import NamedTuple

from kentongan_wire.air.flood import CLASS_ORDER
from kentongan_wire.message import messages as m

from kentongan_gateway.core.base.air import CALL, FIRST
from kentongan_gateway.core.base.bounded import make_room, owner, put
from kentongan_gateway.core.base.context import Context
from kentongan_gateway.core.base.directory import Device, Directory
from kentongan_gateway.core.base.records import Key, Record
from kentongan_gateway.core.base.troubles import Troubles
from kentongan_gateway.core.base.units import Incident, Ms, Node, OnDone

REPEAT_AT_MS = (0, 2_000, 5_000, 15_000, 30_000, 60_000)  # until the penerima's EVENT
ANSWER_MS = 600_000  # a page can be answered for this long, as on the penerima itself
JOBS_LIMIT = 1_024
# A chime that rang for so many houses within so long is not called afresh about the next house of a fire.
RANG_FOR, RANG_MS = 3, 300_000
LATER_LIMIT = 256
ASKED_LIMIT = 2_048  # pages remembered after their end
FRAME_BYTES = 40  # of a PAGE's payload
GAP_MS = 50  # after the airtime of a page the next one goes
NO_AIR_MS = 10_000  # the hour's air is used: tried again then
FULL = "so many penerima are called at once that some are called no more: send somebody to look"

About = tuple[Node, Node, int]  # whom, about whose incident: target, origin, first counter
Named = Collection[Node]  # whom the hub names


class _Later(NamedTuple):
    """A page whose time has not come."""

    due_ms: Ms
    record: Record
    row_id: int  # of the alarm's event
    named: list[Node] | None


class _Order:
    """An order of the hub whose pages were not all on the air yet."""

    def __init__(self, keys: set[About]) -> None:
        self.keys, self.unsaid = keys, 0


class Job:
    def __init__(self, device: Device, record: Record, now_ms: Ms, named: Named | None) -> None:
        self.device, self.record, self.named = device, record, named
        self.counter: int | None = None  # of its frame, once there is one
        self.payload: bytes | None = None
        self.start_ms, self.sent = now_ms, 0
        self.wait_ms = 0  # there was no air: not before then
        self.on_air = False

    @property
    def due_ms(self) -> int:
        over_ms = self.start_ms + ANSWER_MS
        if self.sent == len(REPEAT_AT_MS):
            return over_ms
        return min(over_ms, max(self.wait_ms, self.start_ms + REPEAT_AT_MS[self.sent]))


def agreed(directory: Directory, record: Record, named: Named | None = None) -> list[Device]:
    """Penerima of the alarm's zone (else of the site), never the presser's own house or a conflict.

    A penerima marked `silent: false` in the directory gets no confidential page. `named`: these and no
    others, but never of the presser's own house.
    """
    origin = directory.get(record.src)
    chosen = []
    for device in directory.of_role(m.PENERIMA):
        if origin is not None and origin.house and device[3:5] == origin[3:5]:  # zone and house
            continue
        if named is not None:
            wanted = device.node in named
        else:
            wanted = record.src not in device.conflicts and (device.pages_silent or not record.silent)
        if wanted:
            chosen.append(device)
    return chosen if named is not None else [d for d in chosen if d.zone == record.body.zone] or chosen


class ChimePages:
    def __init__(
        self, context: Context, troubles: Troubles, on_done: OnDone, saved: bytes | None = None
    ) -> None:
        self._context, self._troubles = context, troubles
        self._on_done = on_done  # (order_id, result)
        self._orders: dict[int, _Order] = {}  # by its id
        self._kept = self._load(saved)  # record key -> {target: (ms from alarm to first page, named)}
        self._jobs: dict[About, Job] = {}
        self._later: dict[Incident, _Later] = {}
        self._asked: dict[About, Ms] = {}  # when it was asked last
        # target -> {button: when it was to ring last for a public alarm of it}
        self._rang: dict[Node, dict[Node, Ms]] = {}
        # target -> counter of the last frame to it: it takes none below
        self._latest: dict[Node, int | None] = {}
        self._turns: dict[Node, int] = {}  # origin -> which page of all its last one was
        self._count, self._free_ms = 0, 0

    def _load(self, saved: bytes | None) -> dict[Key, dict[Node, tuple[Ms, bool]]]:
        """Return the pages that _keep() wrote; damage costs the pages under way and nothing else."""
        kept: dict[Key, dict[Node, tuple[Ms, bool]]] = {}
        try:
            for target, *about, digest, after_ms, named in json.loads(saved or b"[]")[:JOBS_LIMIT]:
                kept.setdefault((*about, bytes.fromhex(digest)), {})[target] = int(after_ms), bool(named)
        except (ValueError, TypeError, KeyError, RecursionError):
            self._context.count("pages_lost")
            return {}
        return kept

    def plan(self, record: Record, row_id: int) -> None:
        """Page in the hub's place, when its policy for this kind says so: it has not taken this alarm."""
        kind = m.KIND_KEKERASAN if record.silent else record.body.kind
        after_s = self._context.directory.page_after_s(record.body.zone, kind)
        due_ms = None if after_s is None else record.first_ms + after_s * 1000
        if due_ms is None:
            self._context.note_about("no_page", record.src, record.counter)
        elif due_ms <= self._context.now_ms:
            self.page(record)
        elif (record.src, record.first_counter) not in self._later:
            # who is agreed only later is not called for this one
            named = [d.node for d in agreed(self._context.directory, record)] if record.silent else None
            about, waits = (record.src, record.first_counter), _Later(due_ms, record, row_id, named)
            if put(self._later, about, waits, LATER_LIMIT, owner):
                self._full()

    def on_hub_took(self, row_ids: Container[int]) -> None:
        """Leave paging to the hub, which has these events after all."""
        for about in [about for about, later in self._later.items() if later.row_id in row_ids]:
            del self._later[about]

    def called_off(self, origin: Node, first: int) -> None:
        """Begin no page that has not begun for what was cancelled; one under way goes on."""
        self._later.pop((origin, first), None)

    def page(self, record: Record, targets: Named | None = None, order_id: int | None = None) -> None:
        """Page everybody agreed on, or these nodes, about this alarm; one under way goes on as it is.

        The order is done once each of them was on the air, or failed where that cannot be.
        """
        left, begun, keys = 0, 0, set()
        for device in agreed(self._context.directory, record, targets):
            key = (device.node, record.src, record.first_counter)
            if key not in self._jobs:
                if not self._make_room(key):
                    left += 1
                    continue
                self._start(key, device, record, targets)
                begun += 1
            if not self._jobs[key].on_air:
                keys.add(key)
        if left or not keys:
            self._on_done(order_id, f"failed: no room to call {left} penerima" if left else "ok")
        elif order_id is not None:
            self._orders[order_id] = _Order(keys)
        if begun:
            self._keep()
            self._send_due()

    def _settle(self, key: About, unsaid: int = 0) -> None:
        """This page was on the air, is needed no more, or ends unsaid: so much less of an order is open."""
        for order_id, one in list(self._orders.items()):
            if key in one.keys:
                one.keys.discard(key)
                one.unsaid += unsaid
                if not one.keys:
                    del self._orders[order_id]
                    result = f"failed: no air to call {one.unsaid} penerima" if one.unsaid else "ok"
                    self._on_done(order_id, result)

    def _make_room(self, key: About) -> bool:
        """Make room; False: this very incident has most, and its first pages stay."""
        gone = make_room(self._jobs, JOBS_LIMIT, key[1], lambda job: job[1])
        if gone is None:
            return True
        self._full()
        if gone[1:] == key[1:]:
            return False
        self._settle(gone, unsaid=not self._jobs.pop(gone).on_air)
        return True

    def _full(self) -> None:
        self._context.count("page_dropped")
        self._troubles.set("pages", FULL)

    def _frame(self, device: Device, record: Record) -> tuple[int, bytes]:
        """(counter, payload) of a PAGE to this device."""
        context, origin = self._context, self._context.directory.get(record.src)
        flags = m.FLAG_SILENT if record.silent else 0
        counter = context.take()
        body = m.Page(
            device.node,
            record.src,
            record.first_counter,
            record.body.kind,
            origin.house if origin else 0,
            record.body.zone,
            flags,
        )
        return counter, context.frame(
            m.PAGE, context.keys.generation, counter, body, device.node, device.role
        )

    def _start(self, key: About, device: Device, record: Record, named: Named | None) -> None:
        context = self._context
        context.store(
            {
                "type": "paged",
                "key": f"paged/{device.node:08x}/{record.src:08x}/{record.first_counter}",
                "device": device.node,
                "label": device.label,
                "origin": record.src,
                "counter": record.first_counter,
            }
        )
        job = self._jobs[key] = Job(device, record, context.now_ms, named)
        self._ask(job)

    def _ask(self, job: Job) -> None:
        self._asked[job.device.node, job.record.src, job.record.first_counter] = job.start_ms
        if len(self._asked) > ASKED_LIMIT:
            self._asked.pop(next(iter(self._asked)))

    def _keep(self) -> None:
        rows = [
            [
                job.device.node,
                *job.record.key[:3],
                job.record.digest.hex(),
                max(0, job.start_ms - job.record.first_ms),
                job.named is not None,
            ]
            for job in self._jobs.values()
        ]
        if len(self._latest) > JOBS_LIMIT:
            self._latest = {job.device.node: self._latest.get(job.device.node) for job in self._jobs.values()}
        self._context.persist("pages", json.dumps(rows, separators=(",", ":")).encode())

    def resume(self, record: Record) -> None:
        """Go on with the pages of an alarm that a former run stored, one at once, then as planned."""
        context, kept = self._context, self._kept.get(record.key, {})
        if not kept or context.quiet.answered(record.src, record.first_counter, record.counter):
            return
        named = [target for target, (_, named) in kept.items() if named]
        wanted: list[tuple[Device, list[Node] | None]]
        wanted = [(device, named) for device in agreed(context.directory, record, named)]
        others = [target for target in kept if target not in named]
        wanted += [(device, None) for device in agreed(context.directory, record) if device.node in others]
        for device, by_name in wanted:
            key = (device.node, record.src, record.first_counter)
            start_ms = min(context.now_ms, record.first_ms + kept[device.node][0])
            if key in self._jobs or context.now_ms - start_ms >= ANSWER_MS:
                continue
            job = self._jobs[key] = Job(device, record, start_ms, by_name)
            job.sent = sum(start_ms + at <= context.now_ms for at in REPEAT_AT_MS) - 1
            self._ask(job)
        self._send_due()

    def _send_due(self) -> None:
        """One page, of what is due, once the last one is off the air."""
        now = self._context.now_ms
        if now < self._free_ms:
            return
        due = [
            job
            for job in self._jobs.values()
            if job.sent < len(REPEAT_AT_MS) and job.due_ms <= now < job.start_ms + ANSWER_MS
        ]
        if not due:
            return
        turns = {job.record.src: self._turns.get(job.record.src, 0) for job in self._jobs.values()}
        self._turns = turns
        for job in sorted(due, key=lambda job: (turns[job.record.src], job.sent, job.due_ms)):
            if self._send(job):
                return

    def _send(self, job: Job) -> bool:
        context, node = self._context, job.device.node
        kind, of = CALL if job.on_air or self._rings(job) else FIRST, (context.whose(*job.record.about),)
        # What waits, or is said again, holds nobody else's first call back.
        if not (job.record.silent or job.on_air or job.wait_ms):
            self._rang[node] = {**self._rung(node), job.record.src: context.now_ms}
        if not context.has_air(kind, FRAME_BYTES, of):
            job.wait_ms = context.now_ms + NO_AIR_MS
            return False
        if job.payload is None or self._latest.get(node) != job.counter:
            job.counter, job.payload = self._frame(job.device, job.record)
            packet_id = job.counter
        else:
            packet_id = context.take()
        if not context.send(packet_id, job.device.hops, job.payload, CLASS_ORDER, kind=kind, of=of):
            job.wait_ms = context.now_ms + NO_AIR_MS
            return False
        job.sent, job.on_air, self._latest[node] = job.sent + 1, True, job.counter
        self._settle((node, job.record.src, job.record.first_counter))
        self._count += 1
        self._turns[job.record.src] = self._count
        self._free_ms = context.now_ms + int(context.air_s(len(job.payload)) * 1_000) + GAP_MS
        context.note_about("paged", job.record.src, job.record.counter, f"kali ke-{job.sent}")
        return True

    def _rings(self, job: Job) -> bool:
        """Tell whether this chime rang lately for several other buttons' public alarms."""
        others = self._rung(job.device.node).keys() - {job.record.src}
        return not job.record.silent and len(others) >= RANG_FOR

    def _rung(self, node: Node) -> dict[Node, Ms]:
        rung = self._rang.get(node, {})
        return {src: at_ms for src, at_ms in rung.items() if self._context.now_ms - at_ms < RANG_MS}

    def answered(self, penerima: Node, origin: Node, first_counter: int) -> Record | None:
        """End the page about the incident for a penerima that has sent an EVENT. Return its alarm or None.

        None: nobody asked it about this one, or it may not be asked any more (its house, a conflict).
        """
        job = self._jobs.get((penerima, origin, first_counter))
        if job is None:
            return None
        if penerima not in [device.node for device in agreed(self._context.directory, job.record, job.named)]:
            return None
        del self._jobs[penerima, origin, first_counter]
        self._settle((penerima, origin, first_counter))
        self._keep()
        return job.record

    def was_asked(self, penerima: Node, origin: Node, first_counter: int) -> bool:
        """Tell whether we have paged it about this incident lately, whoever has answered since."""
        asked_ms = self._asked.get((penerima, origin, first_counter))
        return asked_ms is not None and self._context.now_ms - asked_ms <= ANSWER_MS

    def ended(self, origin: Node, first: int) -> None:
        """Somebody has taken this incident: nobody is paged about it any more."""
        self._later.pop((origin, first), None)
        over = [key for key in self._jobs if key[1:] == (origin, first)]
        for key in over:
            del self._jobs[key]
            self._settle(key)
        if over:
            self._keep()

    def tick(self) -> None:
        for about, later in list(self._later.items()):
            if self._context.now_ms >= later.due_ms:
                del self._later[about]
                self.page(later.record, later.named)
        self._send_due()
        over = [key for key, job in self._jobs.items() if self._context.now_ms >= job.start_ms + ANSWER_MS]
        for key in over:
            unsaid = not self._jobs.pop(key).on_air
            self._context.count("page_unsaid", unsaid)
            self._settle(key, unsaid)
        if over:
            self._keep()
        if len(self._jobs) < JOBS_LIMIT // 2:
            self._troubles.set("pages", None)

    def next_deadline(self) -> Ms | None:
        if not self._jobs and not self._later:
            return None
        times = [
            max(job.due_ms, self._free_ms) if job.sent < len(REPEAT_AT_MS) else job.due_ms
            for job in self._jobs.values()
        ]
        times += [later.due_ms for later in self._later.values()]
        return min(times, default=None)
