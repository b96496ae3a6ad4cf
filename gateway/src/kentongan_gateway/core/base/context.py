"""Context shared by every concern of the core: identity, keys, frames, events, notes, the action list."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kentongan_wire.air import phy
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.keyring.site_keys import SiteKeys
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message, open_message

from kentongan_gateway.core.base.actions import Action, Heard, Note, Persist, Send, Store
from kentongan_gateway.core.base.air import ALARM, ANSWER, FIRST, PLANNED, STAGE, Ledger
from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.records import DIRECT, OVER_OURS, OVER_STOCK, Record
from kentongan_gateway.core.base.sequence import Sequence
from kentongan_gateway.core.base.shares import SILENT, Shares, Who
from kentongan_gateway.core.base.stored import Event
from kentongan_gateway.core.base.units import Ms, Node

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body

PACKET_BYTES = 24  # of a frame beside its payload: header and Data
PENDING_LIMIT = 512  # events waiting for their commit

OnRow = Callable[[int], None]  # with the row id


class CoreConfig(NamedTuple):
    """Fixes at the start who this gateway is and what hangs on its machine."""

    node: Node
    label: str
    zone: int = 0  # the gateway's own RT, 0: none
    profile: str = "jawa_umum"
    own_siren: bool = True
    same_id: bool = True  # the radio sends a packet id twice: ours does, a stock one drops a repeated id
    radios: tuple[str, ...] = ()  # names of those that ought to come up
    voice: bool = False  # the post can speak
    preset: str = phy.DEFAULT_PRESET


def mix(rnd: int, i: int) -> int:
    """Return the i-th u32 drawn from one random u32."""
    x = (rnd + 0x9E3779B9 * (i + 1)) & 0xFFFFFFFF
    x = ((x ^ x >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
    x = ((x ^ x >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
    return x ^ x >> 16


def _held(key: bytes | None) -> bytes:
    if key is None:
        raise RemoteError("no_key")
    return key


class Names(Protocol):
    """Names under which a confidential alarm goes through every log: answers/confidential_names.py."""

    def keep_secret(self, src: Node, counter: int, first: int) -> bool: ...
    def secret(self, src: Node, counter: int) -> str | None: ...
    def dump(self) -> bytes: ...


class Quiet(Protocol):
    """Sirens that a person stopped or answered: sirens/silenced.py."""

    def stop(self, origin: Node, first: int, counter: int) -> None: ...
    def silence(self, post: Node, origin: Node, first: int) -> None: ...
    def silenced(self, post: Node, record: Record) -> bool: ...
    def answer(self, origin: Node, first: int, counter: int) -> None: ...
    def stopped(self, origin: Node, first: int, counter: int) -> bool: ...
    def answered(self, origin: Node, first: int, counter: int) -> bool: ...
    def holds(self, record: Record) -> bool: ...


class Waits(Protocol):
    """Frames that wait for air: devices/waiting.py."""

    def until(self, what: str, reason: str, until_ms: Ms, devices: int) -> None: ...
    def over(self, what: str, devices: int) -> None: ...
    def short(self, until_ms: Ms) -> None: ...
    def low(self) -> None: ...


class Doubts(Protocol):
    """Frames that somebody forges: devices/forgeries.py."""

    @property
    def lately(self) -> bool: ...
    def on_forgery(self, src: Node | None = None) -> None: ...


class Context:
    """One per core. `out` collects the actions of the call under way; `now_ms` and `rnd` belong to it too."""

    # given by Parts once they are made
    quiet: Quiet
    waiting: Waits
    forgeries: Doubts

    def __init__(
        self, config: CoreConfig, keys: SiteKeys, directory: Directory, sequence: Sequence, names: Names
    ) -> None:
        self.config = config
        self.keys = keys
        self.directory = directory
        self.sequence = sequence
        self.names = names
        self.counters: dict[str, int] = {}
        self.air = Ledger()
        self.shares = Shares()
        self._preset = phy.preset(config.preset)
        self.pace = phy.pace_percent(self._preset)
        self.out: list[Action] = []
        self.now_ms = self.begun_ms = 0
        self.rnd = 0
        self._row = 0
        # row id -> then and otherwise, as store() was given them
        self._pending: dict[int, tuple[OnRow | None, OnRow | None]] = {}

    def count(self, what: str, n: int = 1) -> None:
        self.counters[what] = self.counters.get(what, 0) + n

    def note(self, step: str, device: str = "", counter: int = 0, detail: str = "") -> None:
        self.out.append(Note(step, device, counter, detail))

    def note_about(self, step: str, src: Node, counter: int, detail: str = "") -> None:
        """Note a line about one alarm or report, under its one identity."""
        secret = self.names.secret(src, counter)
        if secret:
            self.out.append(Note(step, secret, 0, detail))
        else:
            self.out.append(Note(step, self.directory.label(src), counter, detail))

    def keep_secret(self, record: Record) -> None:
        """Keep its name out of the log lines from now on, over restarts too."""
        if self.names.keep_secret(*record.about, record.first_counter):
            self.persist("secrets", self.names.dump())

    def carrier(self, heard: Heard) -> int:
        """Tell which of DIRECT, OVER_OURS and OVER_STOCK brought a frame to us."""
        if heard.hop_limit >= heard.hop_start:
            return DIRECT
        return OVER_OURS if heard.relay_node in self.directory.relay_bytes() else OVER_STOCK

    def persist(self, name: str, data: bytes) -> None:
        self.out.append(Persist(name, data))

    def store(self, event: Event, then: OnRow | None = None, otherwise: OnRow | None = None) -> int:
        """Ask for a commit: the row id. `then(row_id)` runs in the call that reports it.

        `otherwise(row_id)` runs in the one that reports that the disk failed; the commit may still come.
        """
        row_id = self.new_row()
        event.setdefault("at_ms", self.now_ms)
        if len(self._pending) >= PENDING_LIMIT:
            self._pending.pop(next(iter(self._pending)))
            self.count("commit_never_came")
        self._pending[row_id] = then, otherwise
        self.out.append(Store(row_id, event))
        return row_id

    def new_row(self) -> int:
        self._row += 1
        return self._row

    def committed(self, row_id: int) -> None:
        """Run what waited for this row; a row that nobody asked for is counted."""
        if row_id not in self._pending:
            self.count("commit_unknown")
            return
        then, _ = self._pending.pop(row_id)
        if then:
            then(row_id)

    def failed(self, row_id: int) -> None:
        """Go on although the disk refused this row; it stays pending, because the hub may yet take it."""
        _, otherwise = self._pending.get(row_id, (None, None))
        if otherwise:
            otherwise(row_id)

    def open(self, heard: Heard) -> Message:
        """Return the verified message of a frame, or RemoteError."""
        return open_message(heard.payload, heard.src, heard.to, self.keys, self.directory.revoked)

    def key_c(self, node: Node, role: int, generation: int) -> bytes:
        return _held(self.keys.c(node, role, generation))

    def sender_key(self, message_type: int, generation: int, target: Node = 0, target_role: int = 0) -> bytes:
        """Return the key of our outer tag: A for what posts judge, the target's C, or our own."""
        if message_type == m.RECEIPTS:
            return _held(self.keys.a(self.config.node, m.GATEWAY, generation))
        if message_type in (m.PAGE, m.CONFIG):
            return self.key_c(target, target_role, generation)
        return self.key_c(self.config.node, m.GATEWAY, generation)

    def frame(
        self,
        message_type: int,
        generation: int,
        counter: int,
        body: "Body",
        target: Node = 0,
        target_role: int = 0,
    ) -> bytes:
        """Return the payload of one outgoing message."""
        key = self.sender_key(message_type, generation, target, target_role)
        carry_key = _held(self.keys.r(self.config.node, m.GATEWAY, generation))
        return m.encode(message_type, m.GATEWAY, generation, counter, self.config.node, body, key, carry_key)

    def take(self) -> int:
        return self.sequence.take(self.out)

    def air_s(self, payload_bytes: int) -> float:
        """Return the seconds on the air of a frame with so long a payload."""
        return phy.airtime_us(self._preset, payload_bytes + PACKET_BYTES) / 1e6

    def has_air(self, kind: str, payload_bytes: int, of: Collection[Who] = ()) -> bool:
        """Tell whether this kind may send such a frame now; what may not is counted, told where it matters.

        of: for whose sake it is (whose), each with its part of the frame (shares.py).
        """
        seconds = self.air_s(payload_bytes)
        ready_ms = self.air.ready_ms(kind, seconds, self.now_ms)
        if ready_ms > self.now_ms:
            self.count("air_" + kind)
            if kind in (ANSWER, FIRST, STAGE):
                self.waiting.short(ready_ms)
            elif kind == ALARM:
                self.waiting.low()
            return False
        hour_s = self.air.used_s(self.now_ms)
        for who in of:
            if self.shares.purse(kind, who, seconds / len(of), hour_s, self.now_ms) is None:
                self.count("air_share")
                self.waiting.low()
                return False
        return True

    def whose(self, src: Node, counter: int) -> Who:
        """Name the purse charged for messages about this alarm: a button's silent ones have their own."""
        return (src, SILENT) if self.names.secret(src, counter) else src

    def spend_air(self, kind: str, payload_bytes: int, of: Collection[Who] = ()) -> None:
        seconds = self.air_s(payload_bytes)
        hour_s = self.air.used_s(self.now_ms)
        for who in of:
            self.shares.charge(kind, who, seconds / len(of), hour_s, self.now_ms)
        if self.air.spend(seconds, self.now_ms, kind):
            self.persist("air", self.air.dump(self.now_ms))

    def send(
        self,
        packet_id: int,
        hop_limit: int,
        payload: bytes,
        klass: int,
        delay_ms: Ms = 0,
        first: bool = False,
        kind: str = ALARM,
        of: Collection[Who] = (),
    ) -> bool:
        """Send it; False: its kind (air.py), or the device that causes it, has used its air: not sent."""
        if kind not in PLANNED and not self.has_air(kind, len(payload), of):
            return False
        self.spend_air(kind, len(payload), of)
        self.out.append(Send(packet_id, max(0, min(hop_limit, 7)), payload, klass, delay_ms, first))
        return True
