"""What every concern of the core shares: identity, keys, frames, events, notes, the action list."""

from collections import namedtuple

from kentongan_wire import messages as m
from kentongan_wire import phy
from kentongan_wire.errors import RemoteError

from kentongan_gateway.core.base.actions import Note, Persist, Send, Store
from kentongan_gateway.core.base.air import ALARM, ANSWER, FIRST, PLANNED, STAGE, Ledger
from kentongan_gateway.core.base.records import DIRECT, OVER_OURS, OVER_STOCK
from kentongan_gateway.core.base.shares import SILENT, Shares

PACKET_BYTES = 24  # of a frame beside its payload: header and Data
PENDING_LIMIT = 512  # events waiting for their commit

# zone: the gateway's own RT (0: none). own_siren: a siren hangs on this machine. same_id: the radio sends
# a packet id twice when asked (ours does; a stock radio drops a repeated id from its host). radios: names of
# those that ought to come up. voice: the post can speak.
CoreConfig = namedtuple(
    "CoreConfig",
    ("node", "label", "zone", "profile", "own_siren", "same_id", "radios", "voice", "preset"),
    defaults=(0, "jawa_umum", True, True, (), False, phy.DEFAULT_PRESET),
)


def mix(rnd: int, i: int) -> int:
    """The i-th u32 drawn from one random u32."""
    x = (rnd + 0x9E3779B9 * (i + 1)) & 0xFFFFFFFF
    x = ((x ^ x >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
    x = ((x ^ x >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
    return x ^ x >> 16


class Context:
    """One per core. `out` collects the actions of the call under way; `now_ms` and `rnd` belong to it too."""

    def __init__(self, config, keys, directory, sequence, names):
        self.config = config
        self.keys = keys
        self.directory = directory
        self.sequence = sequence
        self.names = names
        self.counters = {}
        self.air = Ledger()
        self.shares = Shares()
        self._preset = phy.preset(config.preset)
        self.out = []
        self.now_ms = self.begun_ms = 0
        self.rnd = 0
        self._row = 0
        self._pending = {}  # row_id -> what to call when it is on disk, or None

    def count(self, what, n=1):
        self.counters[what] = self.counters.get(what, 0) + n

    def note(self, step, device="", counter=0, detail=""):
        self.out.append(Note(step, device, counter, detail))

    def note_about(self, step, src, counter, detail=""):
        """A line about one alarm or report, under its one identity."""
        secret = self.names.secret(src, counter)
        if secret:
            self.out.append(Note(step, secret, 0, detail))
        else:
            self.out.append(Note(step, self.directory.label(src), counter, detail))

    def keep_secret(self, record):
        """From now on its log lines bear no name, over restarts too."""
        if self.names.keep_secret(*record.about, record.first_counter):
            self.persist("secrets", self.names.dump())

    def carrier(self, heard) -> int:
        """By whom a frame came to us."""
        if heard.hop_limit >= heard.hop_start:
            return DIRECT
        return OVER_OURS if heard.relay_node in self.directory.relay_bytes() else OVER_STOCK

    def persist(self, name, data):
        self.out.append(Persist(name, data))

    def store(self, event, then=None, otherwise=None) -> int:
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

    def committed(self, row_id):
        """Run what waited for this row; a row that nobody asked for is counted."""
        if row_id not in self._pending:
            self.count("commit_unknown")
            return
        then, _ = self._pending.pop(row_id)
        if then:
            then(row_id)

    def failed(self, row_id):
        """The disk did not take this row; it stays pending, because the hub may yet take it."""
        _, otherwise = self._pending.get(row_id, (None, None))
        if otherwise:
            otherwise(row_id)

    def key_c(self, node, role, generation) -> bytes:
        key = self.keys.c(node, role, generation)
        if key is None:
            raise RemoteError("no_key")
        return key

    def sender_key(self, message_type, generation, target=0, target_role=0) -> bytes:
        """The key of the outer tag of what we send: A for what posts judge, the target's C, or our own."""
        if message_type == m.RECEIPTS:
            return self.keys.a(self.config.node, m.GATEWAY, generation)
        if message_type in (m.PAGE, m.CONFIG):
            return self.key_c(target, target_role, generation)
        return self.key_c(self.config.node, m.GATEWAY, generation)

    def frame(self, message_type, generation, counter, body, target=0, target_role=0) -> bytes:
        """The payload of one outgoing message."""
        key = self.sender_key(message_type, generation, target, target_role)
        carry_key = self.keys.r(self.config.node, m.GATEWAY, generation)
        return m.encode(message_type, m.GATEWAY, generation, counter, self.config.node, body, key, carry_key)

    def take(self) -> int:
        return self.sequence.take(self.out)

    def air_s(self, payload_bytes) -> float:
        """Seconds on the air of a frame with so long a payload."""
        return phy.airtime_us(self._preset, payload_bytes + PACKET_BYTES) / 1e6

    def has_air(self, kind, payload_bytes, of=()) -> bool:
        """Whether this kind may send such a frame now; what may not is counted, and told where it matters.

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

    def whose(self, src, counter):
        """Who is charged for what is said about this alarm: a button's silent ones have their own share."""
        return (src, SILENT) if self.names.secret(src, counter) else src

    def spend_air(self, kind, payload_bytes, of=()):
        seconds = self.air_s(payload_bytes)
        hour_s = self.air.used_s(self.now_ms)
        for who in of:
            self.shares.charge(kind, who, seconds / len(of), hour_s, self.now_ms)
        if self.air.spend(seconds, self.now_ms, kind):
            self.persist("air", self.air.dump(self.now_ms))

    def send(self, packet_id, hop_limit, payload, klass, delay_ms=0, first=False, kind=ALARM, of=()) -> bool:
        """False: this kind has used its air (air.py), or whose doing it is its share, and nothing is sent."""
        if kind not in PLANNED and not self.has_air(kind, len(payload), of):
            return False
        self.spend_air(kind, len(payload), of)
        self.out.append(Send(packet_id, max(0, min(hop_limit, 7)), payload, klass, delay_ms, first))
        return True
