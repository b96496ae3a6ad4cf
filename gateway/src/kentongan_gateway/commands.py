"""Orders of the hub: checked field by field, carried out once, answered by OrderDone."""

import hashlib
import json

from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError, RemoteError

from kentongan_gateway.actions import OrderDone
from kentongan_gateway.directory import Directory
from kentongan_gateway.orders import SECONDS_MAX
from kentongan_gateway.stages import ORDERED, Target

KNOWN_LIMIT = 1024  # order ids remembered as taken
ACTIONS = {"start": m.ACTION_START, "stop": m.ACTION_STOP, "test": m.ACTION_TEST}


def _number(order, name, low, high, default=None) -> int:
    value = order.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise LocalError(f"{name} {value!r} is outside {low}..{high}")
    return value


def _identity(order) -> bytes:
    """The same for an order that is handed out again; another for an id that a restored hub gives anew."""
    lasting = {name: value for name, value in order.items() if name != "expires_in_s"}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).digest()[:16]


class Commands:
    """Turns one JSON order into deeds of the core."""

    def __init__(self, core):
        self._core = core
        self._desk = core._desk
        self._taken = {}

    def take(self, order):
        order_id = order.get("id") if isinstance(order, dict) else None
        if type(order_id) is not int:
            self._desk.count("order_malformed")
            return
        identity = _identity(order)
        if identity in self._taken:
            return
        if len(self._taken) >= KNOWN_LIMIT:
            self._taken.pop(next(iter(self._taken)))
        self._taken[identity] = None
        deed = self._DEEDS.get(order.get("type"))
        try:
            if deed is None:
                raise LocalError(f"type {order.get('type')!r} is unknown here")
            if _number(order, "expires_in_s", -(2**31), 2**31, 1) <= 0:
                raise LocalError("expired")
            deed(self, order, order_id)
        except (LocalError, RemoteError) as error:
            self.done(order_id, f"failed: {error}")

    def done(self, order_id, result):
        if order_id is not None:
            self._desk.out.append(OrderDone(order_id, result))
            if result != "ok":
                self._desk.note("order_failed", self._desk.config.label, 0, f"{order_id} {result}")

    def _alarm(self, order, device_field="device"):
        device = _number(order, device_field, 4, 0xFFFFFFFE)
        counter = _number(order, "counter", 1, 0xFFFFFFFF)
        return device, counter, self._core._records.find(device, counter)

    def _stage(self, order, order_id):
        device, counter, record = self._alarm(order)
        stage = _number(order, "stage", 0, 255)
        if stage not in ORDERED:
            raise LocalError(f"stage {stage} is not given by order; 3, 4 or 5 are")
        if record:
            target = self._core.target_of(record)
            self._core._pages.ended(record.src, record.body.incident)
            self._core._announcements.ended(record.src, record.body.incident)
        else:
            known = self._desk.directory.get(device)
            target = Target(
                device,
                known.role if known else m.TOMBOL,
                self._desk.keys.generation,
                counter,
                self._desk.directory.hops(device),
                counter & 0xFFFF,
            )
        self._desk.quiet.answer(device, target.incident, counter)
        sounding = bool(record and self._core._sounds(record)) and stage == m.STAGE_COMING
        self._core._stages.start(target, stage, sounding, order_id)

    def _siren(self, order, order_id):
        action = ACTIONS.get(order.get("action"))
        if action is None:
            raise LocalError(f"action {order.get('action')!r}; start, stop or test")
        kind = _number(order, "kind", 0, 255, 0)
        seconds = _number(order, "seconds", 0, SECONDS_MAX, SECONDS_MAX)
        origin = _number(order, "origin", 0, 0xFFFFFFFE, 0)
        counter = _number(order, "counter", 0, 0xFFFFFFFF, 0)
        record = self._core._records.find(origin, counter)
        if action == m.ACTION_START and (
            kind in (m.KIND_KEKERASAN, m.KIND_UJI) or (record and record.silent)
        ):
            raise LocalError("this alarm never sounds")
        posts, own = self._targets(order, origin, record)
        incident = record.body.incident if record else counter & 0xFFFF
        if action == m.ACTION_STOP:
            self._core._orders.cancel_starts(origin, counter)
            if origin:
                self._desk.quiet.stop(origin, incident, counter)
            self._core._announcements.ended(origin or None, incident if record else None)
        elif action == m.ACTION_START:
            self._core._memory.vouch(origin, counter)
        sent = self._core._orders.send(action, origin, counter, kind, seconds, posts, incident=incident)
        if own and action == m.ACTION_START:
            drill = bool(record and record.drill)
            sent = self._core._own.sound(origin, counter, incident, kind, drill, seconds, "order") or sent
        elif own and action == m.ACTION_STOP:
            self._core._own.stop("stopped", "order", origin or None, incident if record else None)
            sent = True
        self.done(order_id, "ok" if sent else "failed: no siren is known there")

    def _targets(self, order, origin, record):
        """(siren posts, whether our own siren is meant) of a list of nodes, or of the alarm's "zone"."""
        directory, config = self._desk.directory, self._desk.config
        targets = order.get("targets")
        if targets == "zone":
            device = directory.get(origin)
            zone = record.body.zone if record else device.zone if device else 0
            zone = _number(order, "zone", 0, 255, zone)
            return directory.posts(zone), config.zone in (0, zone)
        if not isinstance(targets, list) or not all(type(n) is int for n in targets):
            raise LocalError('targets are node numbers or "zone"')
        posts = [d for d in map(directory.get, targets) if d and d.role == m.SIRENE]
        return posts, config.node in targets

    def _page(self, order, order_id):
        _, _, record = self._alarm(order)
        if record is None:
            raise LocalError("this alarm is not remembered here")
        targets = order.get("targets")
        if targets is not None and not isinstance(targets, list):
            raise LocalError("targets are node numbers")
        self._core._memory.vouch(record.src, record.counter)
        self._core._pages.page(record, targets)
        self.done(order_id, "ok")

    def _drill(self, order, order_id):
        minutes, zone = _number(order, "minutes", 0, 60), _number(order, "zone", 0, 255, 0)
        self._core._drill.open(minutes, zone, self._desk.now_ms)
        self._desk.note("drill_window", self._desk.config.label, 0, f"RT {zone}, {minutes} menit")
        self.done(order_id, "ok")  # posts learn of it by a `config` order of the hub

    def _directory(self, order, order_id):
        self._desk.directory = Directory.from_dict(order)
        self._desk.persist("directory", self._desk.directory.dump())
        self._core._supervision.follow()
        self._core._configs.follow()
        for node in self._desk.directory.revoked:
            self._core._guard.forget(node)
        self._catch_up(self._desk.directory.gateway_counter)
        self.done(order_id, "ok")

    def _config(self, order, order_id):
        devices = order.get("devices")
        if not isinstance(devices, list):
            raise LocalError("config: devices are a list")
        self._core._configs.want(devices)
        self.done(order_id, "ok")

    def _codes(self, order, order_id):
        self._core._own.codes([order.get("profile"), order.get("patterns")])
        self.done(order_id, "ok")

    def _keys(self, order, order_id):
        keyring = self._core._keyring
        keyring.take(order)
        self._desk.keys = keyring.ring
        self._desk.persist("keys", keyring.dump())
        self._desk.note("keys", self._desk.config.label, 0, f"generation {keyring.ring.generation}")
        self.done(order_id, "ok")

    def _counters(self, order, order_id):
        """The hub's copy of last counters: what we lost is not heard twice, what we know never goes down."""
        rows = order.get("table")
        if not isinstance(rows, list):
            raise LocalError("counters: table is a list of [node, generation, type, counter]")
        for row in rows:
            if not (isinstance(row, list) and len(row) == 4 and all(type(n) is int for n in row)):
                raise LocalError("counters: a row is no [node, generation, type, counter]")
            if 4 <= row[0] <= 0xFFFFFFFE and row[3] > 0:
                self._core._guard.raise_to(*row)
        self._core._memory.hub_knows(rows)
        self._catch_up(_number(order, "gateway_counter", 0, 0xFFFFFFFF, 0))
        self._core._flush_in(0)
        self.done(order_id, "ok")

    def _catch_up(self, counter):
        """The hub's copy of our own counter, after a loss."""
        if self._desk.sequence.reported(counter):
            self._desk.note("counters_recovered", self._desk.config.label, self._desk.sequence.last)

    _DEEDS = {
        "stage": _stage,
        "siren": _siren,
        "page": _page,
        "drill": _drill,
        "directory": _directory,
        "config": _config,
        "codes": _codes,
        "keys": _keys,
        "counters": _counters,
    }
