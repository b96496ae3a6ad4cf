"""Common base of every role: opens, verifies and carries frames on, sends our own, keeps time.

A role overrides the `on_..` hooks; it never handles raw frames. `now_ms`, `rnd` and `actions` belong to the
call under way; what a core only leans on (mesh, reports, soundings) is told the time. Refused input
from outside is a RemoteError, caught here and nowhere else, counted by reason, dropped.
"""

from binascii import unhexlify

from kentongan_wire.air import flood
from kentongan_wire.air.packet import PORT_PRIVATE, Channel, parse_packet
from kentongan_wire.air.phy import preset
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.keyring.keys import HELD
from kentongan_wire.message import messages, verify
from kentongan_wire.message.replay import REPEAT, Guard
from kentongan_wire.settings.config import Collector

from kentongan_node.air.heads import alarm_head
from kentongan_node.air.mesh import Mesh
from kentongan_node.base.actions import Note, Persist, Sleep
from kentongan_node.base.mix import pick
from kentongan_node.common import configure
from kentongan_node.common.counter import Sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kentongan_wire.air.packet import Data, Packet
    from kentongan_wire.keyring.keys import KeyRing
    from kentongan_wire.message.bodies import Body, Entry
    from kentongan_wire.message.messages import Envelope
    from kentongan_wire.message.verify import Message

    from kentongan_node.air.queue import Entry as Waiting
    from kentongan_node.base.actions import Action, Boot, Settings, State

    Heard = tuple[Packet, int, int]  # a message's packet, its rssi and snr_q


GUARD_LIMIT_POST = 256  # last counters that a post keeps: 5.4 KB, taken when the heap is still whole
GUARD_LIMIT = 32  # nodes that judge nobody but the gateway
DUE_LIMIT = 16  # timers run in one tick; the rest run in the next
CONTROL_TYPES = (messages.SIREN_ORDER, messages.CONFIG, messages.PAGE)  # under our C: only the gateway's own
FIRMWARE = (0, 3, 0)  # version in STATUS


class Node:
    """`settings` as device_file.check returns them; `state`: what Persist wrote, by name.

    For a role to set: `role` (messages.*), `relays`, `types`: message types it wants verified, beside
    CONFIG for itself and RECEIPTS, which every role gets by on_message or on_entry.
    """

    role = 0
    relays = True
    types: tuple[int, ...] = ()

    def __init__(self, settings: "Settings", state: "State") -> None:
        self.now_ms = self.rnd = 0  # of the call under way
        self.actions: list[Action] = []
        self.settings = dict(settings)  # CONFIG changes some of them
        self.state = {name: state[name] for name in state if name != "guard"}  # 4 KB, and loaded below
        self.node = settings["node"]
        self.label = settings["label"]
        self.counters: dict[str, int] = {}
        self.timers: dict[str, int] = {}
        self.channel = Channel(settings["channel_name"], unhexlify(settings["channel_key"]))
        self.preset = preset(settings["preset"])
        self.kept = configure.Kept(state.get(configure.NAME, b""))
        self.settings.update(self.kept.settings)
        self.keys = self._make_keys()
        self.sequence = Sequence(state, int.from_bytes(bytes(state.get("boots", b"")), "little"))
        self.guard = Guard(GUARD_LIMIT_POST if self.role == messages.SIRENE else GUARD_LIMIT)
        self.counters_lost = self.sequence.lost
        self.counters_stale = "stale" in state  # the flash failed, and what was heard since is forgotten
        self.flash_failing = self.part_failing = False
        self.mesh = Mesh(self.preset, self.node, self.relays, state.get("air"), state.get("counted"))
        self._collector = Collector()
        self._draws = 0
        if "guard" in state and self._guarded(self._load_guard, state["guard"]) is None:
            self.counters_lost = True
        lost = self.counters_lost or self.counters_stale or "guard" not in state
        # with the guard's file there, an order may be on its way that is older than the last settings
        self._guarded(self.kept.guard, self.guard, CONTROL_TYPES if lost else (messages.CONFIG,))
        self.last_control = self._last_control()

    def _load_guard(self, data: bytes) -> bool:
        self.guard.load(data)
        return True

    def _make_keys(self) -> "KeyRing":
        base = self.settings["generation"]
        own = tuple([unhexlify(self.settings[name]) for name in HELD[self.role]])
        rings = self.kept.rings(base, own)
        send = base if self.kept.send is None else self.kept.send
        return configure.make_keys(self.role, self.node, rings, send)

    @property
    def config_version(self) -> int:
        return self.kept.version

    def _last_control(self) -> int:
        """Highest counter accepted of the gateway's own messages, for its recovery after a loss."""
        gateway = self.settings["gateway"]
        last = 0
        for generation in self.keys.generations:
            for kind in CONTROL_TYPES:
                last = max(last, self.guard.last(gateway, generation, kind) or 0)
        return last

    # -- what the shell calls -----------------------------------------------------------------------

    def start(self, boot: "Boot", now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        if boot.cause == "wake_timer":
            self.mesh.ledger.woke_by_timer()
        self.on_start(boot)
        return self._end()

    def key(self, key: str, down: bool, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self.on_key(key, down)
        return self._end()

    def sense(self, what: str, value: int, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        if what == "flash":
            self.flash_failing = bool(value)
        elif what == "part":
            self.part_failing = bool(value)
        self.on_sense(what, value)
        return self._end()

    def cad(self, busy: bool, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self.mesh.cad(busy, now_ms, rnd, self.actions)
        return self._end()

    def sent(self, ok: bool, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        entry = self.mesh.sent(ok, now_ms, rnd, self.actions)
        if entry is not None:
            self.on_sent(entry)
        return self._end()

    def tick(self, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        for _ in range(DUE_LIMIT):
            due = sorted([(at_ms, name) for name, at_ms in self.timers.items() if at_ms <= now_ms])
            if not due:
                break
            del self.timers[due[0][1]]
            self.on_timer(due[0][1])
        return self._end()

    def next_deadline(self) -> int | None:
        """Return the latest time of the next tick, or None."""
        first_ms = self.mesh.next_deadline()
        for at_ms in self.timers.values():
            if first_ms is None or at_ms < first_ms:
                first_ms = at_ms
        return first_ms

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self.mesh.channel_used(len(frame), now_ms)
        opened = self._guarded(self._open, frame)
        if opened:
            packet, data = opened
            envelope = self._guarded(messages.parse, data.payload) if data.portnum == PORT_PRIVATE else None
            proved = (
                self.relays
                and envelope is not None
                and verify.carries(envelope, packet.src, packet.to, self.keys)
            )
            self.mesh.hear(packet, data, proved, now_ms)
            if envelope:
                heard = (packet, rssi, snr_q)
                self._guarded(self._deliver, frame, envelope, proved, heard)
            if self.relays:
                self._carry(packet, data, proved, snr_q)
        return self._end()

    def garbled(self, n_bytes: int, now_ms: int, rnd: int) -> "list[Action]":
        """Note a frame of n_bytes whose check failed: somebody uses the channel."""
        self.mesh.garbled(n_bytes, now_ms)
        return []

    # -- what a role overrides ----------------------------------------------------------------------

    def on_start(self, boot: "Boot") -> None:
        """Begin: the node came up."""

    def on_key(self, key: str, down: bool) -> None:
        """Handle a debounced edge."""

    def on_sense(self, what: str, value: int) -> None:
        """Handle a reading."""

    def on_sent(self, entry: "Waiting") -> None:
        """Handle that a frame was on the air: entry.frame .klass .tag .relay .answer."""

    def on_timer(self, name: str) -> None:
        """Handle a timer set by self.at(name, ..) that is due; it is no longer set."""

    def on_message(self, message: "Message", repeat: bool, heard: "Heard") -> bool | None:
        """Handle a verified verify.Message whose type is in `types`, or CONFIG for us.

        heard: (packet, rssi, snr_q). repeat: the same content came before. The last counters are persisted
        after this returns, so what must come first (sound) is appended here. False: nothing came of it, its
        counter is not kept.
        """

    def on_config(self, changed: "Settings") -> None:
        """Settings came over the air and stand in self.settings already."""

    def confirm_config(self) -> None:
        """Plan a STATUS soon: it tells the gateway that the settings are here."""

    def on_overheard(self, envelope: "Envelope", src: int) -> None:
        """Handle a message whose carry tag holds, for whomever it is: no more than a hint."""

    def on_entry(self, entry: "Entry", envelope: "Envelope", heard: "Heard") -> None:
        """Our own entry of a RECEIPTS (tombol, penerus, penerima), its tag4 holds. Stages may repeat."""

    # -- for roles ----------------------------------------------------------------------------------

    def at(self, name: str, at_ms: int) -> None:
        """Call on_timer(name) at that time; replaces the timer of that name."""
        self.timers[name] = at_ms

    def cancel(self, name: str) -> None:
        self.timers.pop(name, None)

    def draw(self, n: int) -> int:
        """0..n-1; every call within one event gives another number."""
        self._draws += 1
        return pick(self.rnd, self._draws, n)

    def count(self, reason: str) -> None:
        self.counters[reason] = self.counters.get(reason, 0) + 1

    def note(self, step: str, counter: int, detail: int | str = "", node: int | None = None) -> None:
        """Note a log line; identity: our label or another node's number in hex, and the counter."""
        device = self.label if node is None or node == self.node else "{:08x}".format(node)
        self.actions.append(Note(step, device, counter, detail))

    def send(
        self,
        kind: int,
        body: "Body",
        hop_limit: int | None = None,
        counter: int | None = None,
        delay_ms: int = 0,
        first: bool = False,
        generation: int | None = None,
    ) -> int:
        """Seal and queue a message of ours; returns its counter (counter=None: the sequence value).

        False instead of the counter when the queue refused it; the drop is counted by the mesh.
        """
        packet_id = self.sequence.take(self.actions)
        if counter is None:
            counter = packet_id
        generation = self.keys.generation if generation is None else generation
        payload = self._seal(kind, body, generation, counter)
        if hop_limit is None:
            hop_limit = self.settings["hop_limit"]
        frame = self.channel.seal(self.node, packet_id, hop_limit, payload)
        tag = (self.node, counter)
        klass = flood.class_of(kind)
        return self.mesh.submit(frame, klass, self.now_ms, delay_ms, first, tag=tag) and counter

    def _seal(self, kind: int, body: "Body", generation: int, counter: int) -> bytes:
        """Under A what posts judge, the alarm that sounds and stage 1; under C all else."""
        alarm, key_c = kind == messages.ALARM, self.key_c(generation)
        loud = alarm and messages.is_loud(body.zone, body.kind, body.flags)
        key = self.key_a(generation) if loud else key_c  # no device sends another message that posts judge
        carry_key = self.keys.r(self.node, self.role, generation)
        return messages.encode(
            kind, self.role, generation, counter, self.node, body, key, carry_key, key_c if alarm else None
        )

    def send_own_status(self, body: "Body", hop_limit: int | None = None) -> int:
        """Send a STATUS under the newest keys we hold: the only proof that they have arrived."""
        newest = self.keys.generations[-1]
        return self.send(messages.STATUS, body, hop_limit, generation=newest)

    def key_a(self, generation: int | None = None) -> bytes | None:
        """Our A of a generation (None: the one we send); None when it is not held."""
        return self.keys.a(self.node, self.role, self.keys.generation if generation is None else generation)

    def key_c(self, generation: int | None = None) -> bytes | None:
        return self.keys.c(self.node, self.role, self.keys.generation if generation is None else generation)

    # -- inside -------------------------------------------------------------------------------------

    def _begin(self, now_ms: int, rnd: int) -> None:
        self.now_ms, self.rnd, self.actions = now_ms, rnd, []
        self._draws = 0

    def _end(self) -> "list[Action]":
        actions = self.actions
        for i in range(len(actions)):
            action = actions[i]
            if isinstance(action, Sleep):
                # The core ends there: what it owes to the law goes to flash first.
                parked: list[Action] = []
                self.mesh.ledger.park(action.wake_ms, self.now_ms, parked)
                return actions[:i] + parked + actions[i:]
        self.mesh.tick(self.now_ms, self.rnd, actions)
        return actions

    def _guarded(self, function: "Callable[..., Any]", *args: object) -> "Any":
        """Call a function where what others did wrong ends, the only such place; None then."""
        try:
            return function(*args)
        except RemoteError as error:
            self.count(error.reason)
            return None

    def _open(self, frame: bytes) -> "tuple[Packet, Data] | None":
        packet = parse_packet(frame)
        if packet.src == self.node:
            return None  # a relay's copy of what we sent ourselves
        return packet, self.channel.open(packet)

    def _deliver(self, frame: bytes, envelope: "Envelope", proved: bool, heard: "Heard") -> None:
        """Act on a message for us. Every copy comes here, whatever the mesh remembers."""
        packet = heard[0]
        if proved:
            self.on_overheard(envelope, packet.src)
        if envelope.type == messages.RECEIPTS and self.role != messages.SIRENE:
            if proved:
                self._stored(envelope, frame)
            keys = (self.key_a(envelope.generation), self.key_c(envelope.generation))
            envelope, entry = verify.own_entry(envelope.payload, packet.src, self.node, keys[0], keys[1])
            if entry is not None:
                self.on_entry(entry, envelope, heard)
            return
        if not self._wants(envelope):
            return
        message = self._open_message(envelope, packet)
        repeat = self.check_counter(message) == REPEAT
        if message.type == messages.RECEIPTS:
            self._stored(envelope, frame)
        taken = True
        if message.type == messages.CONFIG:
            self._configure(message, repeat)
        else:
            taken = self.on_message(message, repeat, heard) is not False
        if taken and not repeat:
            self.guard.accept(message)
            if message.type in CONTROL_TYPES and message.src == self.settings["gateway"]:
                self.last_control = max(self.last_control, message.counter)
            self.actions.append(Persist("guard", self.guard.image()))

    def check_counter(self, message: "Message") -> int:
        """NEW or REPEAT; RemoteError replay, altered."""
        return self.guard.check(message)

    def _open_message(self, envelope: "Envelope", packet: "Packet") -> "Message":
        """Return the verified message; RemoteError."""
        revoked = self.settings["revoked"]
        if envelope.type == messages.SIREN_ORDER:
            return verify.own_order(envelope.payload, packet.src, self.node, self.keys, revoked)
        return verify.open_message(envelope.payload, packet.src, packet.to, self.keys, revoked)

    def _wants(self, envelope: "Envelope") -> bool:
        """Tell whether this role verifies the message; for CONFIG and PAGE only our own."""
        if envelope.type == messages.CONFIG:
            return messages.target_of(envelope) == self.node
        if envelope.type not in self.types:
            return False
        if envelope.type == messages.RECEIPTS:
            return envelope.role == messages.GATEWAY
        return envelope.type != messages.PAGE or messages.target_of(envelope) == self.node

    def _configure(self, message: "Message", repeat: bool) -> None:
        """Collect the parts of CONFIG; with the last one everything changes at once and is kept."""
        if repeat:
            return
        key = self.key_c(message.generation)
        whole = self._collector.add(message.body, key, message.src, message.counter)
        if whole is None:
            return
        self.kept.version, changed = whole
        self.kept.floor = [message.src, message.generation, message.counter]
        for name in configure.KEPT:
            if name in changed:
                self.settings[name] = changed[name]
        for number in changed.get("revoked", ()):
            self.guard.forget(number)
        for node, generation, kind, counter in changed.get("counters", ()):
            try:
                self.guard.raise_to(node, generation, kind, counter)
            except LocalError:  # a type or counter that this firmware does not know
                self.count("config_counters")
        self._new_keys(changed)
        self.on_config(changed)
        self.mesh.keep(self.actions)
        self.actions.append(self.kept.persist(self.settings))
        self.confirm_config()

    def _new_keys(self, changed: "Settings") -> None:
        """Keys of the next generation, and which generations count from now on."""
        base = self.settings["generation"]
        if "next_keys" in changed:
            self.kept.take_keys(changed["next_keys"])
        if "generations" in changed and not self.kept.take_generations(*(changed["generations"] + (base,))):
            self.count("config_generations")
        oldest = self.keys.generations[0]
        self.keys = self._make_keys()
        self.guard.keep(self.keys.generations)
        if self.relays and self.keys.generations[0] != oldest:
            self.mesh.carried.forget()

    def _stored(self, envelope: "Envelope", frame: bytes) -> None:
        """Take a gateway's receipt: keep stage 2 for the alarm's repeats, spare pending copies of the alarm.

        No relay can judge its entries: they spare an alarm's first attempts, never the later ones. A post,
        which has verified its outer tag, spares some more.
        """
        if envelope.type != messages.RECEIPTS or envelope.role != messages.GATEWAY:
            return
        pairs = []
        for entry in messages.decode_body(envelope.type, envelope.role, envelope.body).entries:
            if entry.stage < messages.STAGE_STORED:
                continue
            if entry.stage == messages.STAGE_STORED:
                pairs.append((entry.node, entry.counter))
            self.mesh.doubt_alarm(entry.node, entry.counter, self.role == messages.SIRENE)
        self.mesh.answers.keep(frame, pairs)

    def _carry(self, packet: "Packet", data: "Data", proved: bool, snr_q: int) -> None:
        """Relay rules for one opened packet; nothing in here decides local delivery."""
        head = alarm_head(data)
        tag = None
        if head:
            tag = (packet.src, head[0])
            answered = self.mesh.answer(packet, data, head, proved, snr_q, self.now_ms, self.rnd)
        if flood.may_relay(packet, data):
            klass = flood.class_of_data(data)
            self.mesh.offer(packet, data, klass, snr_q, self.now_ms, tag, proved, self.rnd)
        if tag and answered:
            self.mesh.doubt_alarm(packet.src, head[0], self.role == messages.SIRENE)
