"""Orders of the hub: read by forms, carried out once, answered by OrderDone; an odd one ends nothing else."""

import hashlib
import json
from collections.abc import Callable

from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.message import messages as m

from kentongan_gateway.core.answers.stages import Target
from kentongan_gateway.core.base import events
from kentongan_gateway.core.base.actions import OrderDone
from kentongan_gateway.core.base.directory import Device
from kentongan_gateway.core.base.records import Record
from kentongan_gateway.core.devices import faults
from kentongan_gateway.core.hub import order_forms
from kentongan_gateway.core.hub.order_forms import (
    CodesOrder,
    ConfigOrder,
    CountersOrder,
    DirectoryOrder,
    DrillOrder,
    KeysOrder,
    PageOrder,
    Raw,
    SayOrder,
    SirenOrder,
    StageOrder,
)
from kentongan_gateway.core.parts import Parts
from kentongan_gateway.core.sirens.siren_orders import Command

KNOWN_LIMIT = 1024  # order ids remembered as taken
RESULT_LIMIT = 300  # characters that the hub is told: what is refused may be as long as a reply


def _identity(order: Raw) -> bytes:
    """Return the same for an order that is handed out again; another for an id a restored hub gives anew."""
    lasting = {name: value for name, value in order.items() if name != "expires_in_s"}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).digest()[:16]


class HubOrders:
    """Turns one JSON order into deeds of the core."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._context = parts, parts.context
        self._taken: dict[bytes, str | None] = {}  # identity -> result, None while it is under way
        self._open: dict[int, bytes] = {}  # order id -> identity, of what is under way

    def on_order(self, raw: object) -> None:
        """One order as it came. The hub hears the outcome in any case, and nothing is raised."""
        order_id = order_forms.order_id(raw)
        if order_id is None or not isinstance(raw, dict):
            self._parts.refusals.on_refusal("order_malformed")
            return
        try:
            identity = _identity(raw)
            if identity in self._taken:
                self._again(order_id, self._taken[identity])
                return
            if len(self._taken) >= KNOWN_LIMIT:
                self._taken.pop(next(iter(self._taken)))
            self._taken[identity] = None
            self._open[order_id] = identity
            self._carry_out(raw, order_id)
        except Exception as error:
            # a fault of ours, not the hub's: it ends this order, never the gateway
            self._parts.faults.met("order", error)
            self.done(order_id, f"failed: {faults.name(error)}")

    def _carry_out(self, raw: Raw, order_id: int) -> None:
        try:
            order = order_forms.read(raw)
        except LocalError as error:
            if str(error) != order_forms.EXPIRED:
                self._parts.refusals.on_refusal("order_odd")
            self.done(order_id, f"failed: {error}")
            return
        try:
            self._DEEDS[order.type](self, order.fields, order_id)
        except (LocalError, RemoteError) as error:
            self.done(order_id, f"failed: {error}")

    def _again(self, order_id: int, result: str | None) -> None:
        """Tell the hub again what became of an order, and do it not again: it has not heard."""
        if result is not None:
            self._context.out.append(OrderDone(order_id, result))

    def done(self, order_id: int | None, result: str) -> None:
        if order_id is not None:
            result = result[:RESULT_LIMIT]
            identity = self._open.pop(order_id, None)
            if identity in self._taken:
                self._taken[identity] = result
            self._context.out.append(OrderDone(order_id, result))
            if result != "ok":
                self._context.note("order_failed", self._context.config.label, 0, f"{order_id} {result}")

    def _stage(self, order: StageOrder, order_id: int | None) -> None:
        device, counter = order.device, order.counter
        record = self._parts.records.find(device, counter)
        if record:
            target = Target.of(record)
        else:
            known = self._context.directory.get(device)
            target = Target(
                device,
                known.role if known else m.TOMBOL,
                self._context.keys.generation,
                counter,
                self._context.directory.hops(device),
                order.first or counter,
                None,
            )
        self._parts.pages.ended(device, target.first)
        self._parts.announcements.ended(device, target.first)
        self._context.quiet.answer(device, target.first, counter)
        sounding = bool(record and self._parts.sounds(record)) and order.stage == m.STAGE_COMING
        self._parts.stages.start(target, order.stage, sounding, order_id)

    def _siren(self, order: SirenOrder, order_id: int | None) -> None:
        action, kind, origin, counter = order.action, order.kind, order.origin, order.counter
        record = self._parts.records.find(origin, counter)
        if action == m.ACTION_START and (kind in m.NEVER_SOUND or (record and record.silent)):
            raise LocalError("this alarm never sounds")
        posts, own = self._targets(order, record)
        first = record.first_counter if record else order.first or counter
        known = first if record or order.first else None  # None: of whatever incident of that sender
        raised = self._is_raised(origin, record)
        if action == m.ACTION_REST:
            ended = [self._parts.reports.end_recorded(post.node, origin, first, counter) for post in posts]
            self.done(order_id, "ok" if any(ended) else "failed: pressed again, or no siren is known there")
            return
        if action == m.ACTION_STOP and order.targets == order_forms.ZONE:  # else of those posts alone
            self._parts.orders.cancel_starts(origin, counter, first if raised else None)
            if origin and not (record and record.drill):  # a drill's end silences nothing in earnest
                self._context.quiet.stop(origin, first, counter)
            self._parts.announcements.ended(origin or None, known)
        elif action == m.ACTION_START:
            self._parts.memory.vouch(origin, counter)
        sounds = own and action == m.ACTION_STOP
        if sounds:
            self._parts.own.stop("stopped", "order", origin or None, known)
        elif own and action == m.ACTION_START:
            drill = bool(record and record.drill)
            sounds = self._parts.own.sound(origin, counter, first, kind, drill, order.seconds, "order")
        if sounds:
            self.done(order_id, "ok")
        waits = None if sounds else order_id
        seconds = m.STOP_ALONE if raised and action == m.ACTION_STOP else order.seconds
        command = Command(action, origin, counter, kind, seconds, first, order_id=waits, raised=raised)
        sent = self._parts.orders.send(command, posts)
        if not sent and not sounds:
            self.done(order_id, "failed: no siren is known there")

    def _is_raised(self, origin: int, record: Record | None) -> bool:
        """Recognize what people raised, whichever gateway was asked: no button has its number."""
        directory = self._context.directory
        device = directory.get(origin)
        known = device is not None and device.role != m.GATEWAY or origin in directory.revoked
        return bool(origin) and record is None and not known

    def _targets(self, order: SirenOrder, record: Record | None) -> tuple[list[Device], bool]:
        """(siren posts, whether our own siren is meant) of a list of nodes, or of the alarm's zone."""
        directory, config = self._context.directory, self._context.config
        if isinstance(order.targets, str):  # ZONE
            device = directory.get(order.origin)
            zone = record.body.zone if record else device.zone if device else 0
            zone = zone if order.zone is None else order.zone
            return directory.posts(zone), config.zone in (0, zone)
        posts = [d for d in map(directory.get, order.targets) if d and d.role == m.SIRENE]
        return posts, config.node in order.targets

    def _page(self, order: PageOrder, order_id: int | None) -> None:
        record = self._parts.records.find(order.device, order.counter) or self._as_ordered(order)
        self._parts.memory.vouch(record.src, record.counter)
        self._parts.pages.page(record, order.targets, order_id)

    def _as_ordered(self, order: PageOrder) -> Record:
        """Take the alarm as the hub tells it: another gateway heard it, or we have forgotten it.

        A former run's alarm that is still under way is remembered (core.resume); its pages go on from there.
        """
        if order.first is None or order.kind is None:
            raise LocalError("this alarm is not remembered here")
        device = self._context.directory.get(order.device)
        key = order.device, self._context.keys.generation, order.counter, bytes(events.DIGEST_BYTES)
        flags = m.FLAG_SILENT if order.silent else 0
        body = m.Alarm(0, order.first & 0xFFFF, order.zone, order.kind, flags, 0)
        record = Record(key, device.role if device else m.TOMBOL, body, bool(order.silent))
        record.hops = record.farthest = self._context.directory.hops(order.device)
        record.stored = True
        record.alarmed = record.known = True
        record.first, record.first_ms = False, self._context.now_ms
        if record.silent:
            self._context.keep_secret(record)
        return record

    def _drill(self, order: DrillOrder, order_id: int | None) -> None:
        self._parts.drills.ordered(order.minutes, order.zone, order.number, order.posts)
        detail = f"RT {order.zone}, {order.minutes} menit"
        self._context.note("drill_window", self._context.config.label, 0, detail)
        self.done(order_id, "ok")

    def _say(self, order: SayOrder, order_id: int | None) -> None:
        self._parts.announcements.say(order.text)  # a post without a voice is no failure
        self.done(order_id, "ok")

    def _directory(self, order: DirectoryOrder, order_id: int | None) -> None:
        # numbers are never used again: a hub of an earlier day takes no revocation back
        self._context.directory = order.directory.revoking(self._context.directory.revoked)
        self._parts.troubles.revoked()
        self._context.persist("directory", self._context.directory.dump())
        self._parts.supervision.follow()
        self._parts.configs.follow()
        for node in self._context.directory.revoked:
            self._parts.guard.forget(node)
        self._catch_up(self._context.directory.gateway_counter)
        self.done(order_id, "ok")

    def _config(self, order: ConfigOrder, order_id: int | None) -> None:
        self._parts.configs.want(order.devices)
        self.done(order_id, "ok")

    def _codes(self, order: CodesOrder, order_id: int | None) -> None:
        self._parts.own.codes([order.profile, order.patterns])
        self.done(order_id, "ok")

    def _keys(self, order: KeysOrder, order_id: int | None) -> None:
        keyring = self._parts.keyring
        keyring.adopt(order)
        self._context.keys = keyring.ring
        self._context.persist("keys", keyring.dump())
        self._context.note("keys", self._context.config.label, 0, f"generation {keyring.ring.generation}")
        self.done(order_id, "ok")

    def _counters(self, order: CountersOrder, order_id: int | None) -> None:
        """Take the hub's copy of last counters: what we lost is not heard twice, what we know never falls.

        part: of who alarmed lately, perhaps at another gateway. It is on disk before it is answered.
        """
        for row in order.table:
            self._parts.guard.raise_to(*row)
        self._parts.memory.hub_knows(order.table, whole=not order.part)
        self._catch_up(order.gateway_counter)
        self._parts.flush.now()
        self.done(order_id, "ok")

    def _catch_up(self, counter: int) -> None:
        """Catch up with the hub's copy of our own counter, after a loss."""
        if self._context.sequence.catch_up(counter):
            self._context.note("counters_recovered", self._context.config.label, self._context.sequence.last)

    # each takes the shape that FORMS makes of its type
    _DEEDS: dict[str, Callable[..., None]] = {
        "stage": _stage,
        "siren": _siren,
        "page": _page,
        "drill": _drill,
        "say": _say,
        "directory": _directory,
        "config": _config,
        "codes": _codes,
        "keys": _keys,
        "counters": _counters,
    }
