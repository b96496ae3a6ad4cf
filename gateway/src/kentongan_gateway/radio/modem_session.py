"""The modem link without a line: bytes in, events out; commands in, bytes out. Time comes in as an argument.

States: closed -> open() -> configuring -> Ack of Configure -> up; silence of DEAD_MS or a refused Configure
ends it with LinkState(False), after which the owner rebuilds the line and calls open() again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from kentongan_wire.air import link
from kentongan_wire.air.packet import PORT_PRIVATE, Channel, parse_packet
from kentongan_wire.base.errors import RemoteError

from kentongan_gateway.core.base.actions import Heard, Send

RETRY_MS = 300  # first repeat of an unanswered command, then doubled
RETRY_MAX_MS = 2_400
TRIES_MAX = 6
FULL_RETRY_MS = 500  # the modem's queue of that class is full
WINDOW = 4  # commands on the line without an answer, and link.RING_BYTES of them at most
PIECE_BYTES = 128  # a command that is longer than that goes alone, in two pieces
PIECE_PAUSE_MS = 100  # between them: a flash write and a new start of the radio between two looks
QUEUE_LIMIT = 64  # commands waiting for the window; the least urgent gives way
ASK_MS = 5_000  # a status is asked for after this much silence
DEAD_MS = 16_000  # three heartbeats missed: the link is dead, whatever the port says
URGENT = -1  # before every class of a frame
SETTLE_MS = 2_000  # a line that is opened begins in the middle of a message
QUIET_MS = 120_000  # without a damaged message: the cable is good again
CHIP_FAILURES = 3  # frames in a row that the radio did not finish


class LinkState(NamedTuple):
    up: bool


class Lost(NamedTuple):
    """Accepted for sending, never sent."""

    src: int
    id: int
    reason: str


class OnAir(NamedTuple):
    src: int
    id: int
    airtime_ms: int


class ModemLog(NamedTuple):
    text: str


class Jammed(NamedTuple):
    """Others hold the channel for over half of the time."""

    on: bool


class CableNoise(NamedTuple):
    """Damaged messages on the cable."""

    on: bool


class AirUsed(NamedTuple):
    """Of the last hour, whoever was its host then."""

    ms: int


class FlashFault(NamedTuple):
    """The modem's flash takes no writes."""

    on: bool


class ChipFault(NamedTuple):
    """The radio chip accepts frames and sends none."""

    on: bool


Events = list[
    Heard | LinkState | Lost | OnAir | ModemLog | Jammed | CableNoise | AirUsed | FlashFault | ChipFault
]


class _Command:
    def __init__(self, message: Any, klass: int, src: int = 0, packet_id: int = 0):
        self.message, self.klass, self.src, self.packet_id = message, klass, src, packet_id
        self.seq: int | None = None
        self.tries = self.due_ms = self.size = 0


class ModemSession:
    """One session over one line. `configure` is a link.Configure, `channel` a wire Channel."""

    def __init__(self, configure: link.Configure, channel: Channel, name: str = "modem"):
        self._configure = configure
        self._channel = channel
        self._name = name
        self.counters: dict[str, int] = {}
        self.status: link.ModemStatus | None = None  # the last link.ModemStatus
        self.up = False
        self._unfinished = 0  # frames in a row
        self._noisy, self._noise_ms, self._opened_ms = False, 0, 0
        self._seq = 0
        self._close()

    def _close(self) -> None:
        self._decoder = link.Decoder()
        self._damaged = self._texts = 0  # errors of this decoder that are counted
        self._out = bytearray()
        self._rest, self._rest_ms = b"", 0  # the second piece, and when it may go
        self._full = False  # the next command has to wait for answers
        self._waiting: list[_Command] = []  # _Command, in order of arrival
        self._flying: dict[int, _Command] = {}  # seq -> _Command
        self._heard_ms: int | None = None  # None: the line is closed
        self._asked_ms = 0

    # what the owner of the line calls

    def open(self, now_ms: int) -> None:
        """Begin on a line that is (again) open: forget what was under way and configure."""
        self._close()
        self.up = False
        self._heard_ms = self._asked_ms = self._opened_ms = now_ms
        self._put(_Command(self._configure, URGENT))
        self._fill(now_ms)

    def take_bytes(self) -> bytes:
        """Take the bytes that are to be written to the line now."""
        data, self._out = bytes(self._out), bytearray()
        return data

    def feed(self, data: bytes, now_ms: int) -> Events:
        """Take bytes from the line and return the completed events. Garbage is counted, never raised."""
        events: Events = []
        for seq, message in self._decoder.feed(data):
            self._heard_ms = now_ms
            handler = self._HANDLERS.get(type(message))
            if handler:
                handler(self, seq, message, now_ms, events)
            else:
                self._count("unexpected")
        self._fill(now_ms)
        return events + self._noise(now_ms)

    def send(self, send: Send, now_ms: int) -> None:
        """Send an actions.Send: sealed, queued, and repeated to the modem until it answers."""
        node = self._configure.node
        frame = self._channel.seal(node, send.packet_id, send.hop_limit, send.payload)
        flags = link.FLAG_FIRST if send.first else 0
        delay_ms = max(0, min(send.delay_ms, link.NOT_BEFORE_LIMIT_MS))
        message = link.Transmit(frame, send.klass, delay_ms, flags, 0)
        self._put(_Command(message, send.klass, node, send.packet_id))
        self._fill(now_ms)

    def relay(self, heard: Heard, klass: int, now_ms: int) -> None:
        """Carry on a frame of another node: one hop less, our low byte, nothing else changed."""
        frame = self._channel.seal(
            heard.src,
            heard.id,
            heard.hop_limit - 1,
            heard.payload,
            heard.hop_start,
            self._configure.node & 0xFF,
        )
        snr_q = max(-128, min(heard.snr_q, 127))
        message = link.Transmit(frame, klass, 0, link.FLAG_RELAY, snr_q)
        self._put(_Command(message, klass, heard.src, heard.id))
        self._fill(now_ms)

    def drop(self, src: int, packet_id: int, now_ms: int) -> None:
        """Forget a frame that waits, here or in the modem."""
        kept = [c for c in self._waiting if (c.src, c.packet_id) != (src, packet_id)]
        if len(kept) < len(self._waiting):
            self._waiting = kept
            return
        self._put(_Command(link.Drop(src, packet_id), URGENT))
        self._fill(now_ms)

    def tick(self, now_ms: int) -> Events:
        """At or after next_deadline(): repeats, heartbeat, and the end of a dead link."""
        if self._heard_ms is None:
            return []
        if now_ms - self._heard_ms >= DEAD_MS:
            self._count("dead")
            return self._end()
        for seq, command in list(self._flying.items()):
            if now_ms >= command.due_ms:
                del self._flying[seq]
                if command.tries < TRIES_MAX or isinstance(command.message, link.Configure):
                    self._again(command, now_ms)
                else:
                    self._count("unanswered")
        if now_ms - max(self._heard_ms, self._asked_ms) >= ASK_MS:
            self._asked_ms = now_ms
            self._put(_Command(link.StatusAsk(), URGENT))
        self._fill(now_ms)
        return []

    def next_deadline(self) -> int | None:
        """Return the time of the next tick(), or None while the line is closed."""
        if self._heard_ms is None:
            return None
        due_ms = min(self._heard_ms + DEAD_MS, max(self._heard_ms, self._asked_ms) + ASK_MS)
        for command in self._flying.values():
            due_ms = min(due_ms, command.due_ms)
        if self._rest:
            return min(due_ms, self._rest_ms)
        if self._waiting and len(self._flying) < WINDOW and not self._full:
            ready = [command.due_ms for command in self._waiting if self._may_fly(command)]
            due_ms = min([due_ms, *ready])
        return due_ms

    # inside

    def _count(self, what: str) -> None:
        self.counters[what] = self.counters.get(what, 0) + 1

    def _put(self, command: _Command) -> None:
        if len(self._waiting) >= QUEUE_LIMIT:
            worst = max(range(len(self._waiting)), key=lambda i: (self._waiting[i].klass, -i))
            self._count("dropped")
            if self._waiting[worst].klass < command.klass:
                return
            del self._waiting[worst]
        self._waiting.append(command)

    def _may_fly(self, command: _Command) -> bool:
        return self.up or not isinstance(command.message, link.Transmit)

    def _fill(self, now_ms: int) -> None:
        """Put commands on the line, the most urgent first, until the window or the modem's ring is full;
        Configure goes alone."""
        if self._rest and now_ms >= self._rest_ms:
            self._out += self._rest
            self._rest = b""
        self._full = False
        while self._waiting and len(self._flying) < WINDOW and not self._rest:
            ready = [c for c in self._waiting if c.due_ms <= now_ms and self._may_fly(c)]
            if not ready:
                return
            command = min(ready, key=lambda c: c.klass)
            if command.seq is None:  # a repeat keeps its number: the modem answers it without sending twice
                self._seq = (self._seq + 1) & 0xFFFF
                command.seq = self._seq
            data = link.encode(command.seq, command.message)
            flying = sum(c.size for c in self._flying.values())
            if flying and flying + len(data) > link.RING_BYTES:
                self._full = True  # what waits in the modem would be lost
                return
            self._waiting.remove(command)
            command.size = len(data)
            command.due_ms = now_ms + min(RETRY_MS << command.tries, RETRY_MAX_MS)
            command.tries += 1
            self._flying[command.seq] = command
            self._write(data, now_ms)

    def _write(self, data: bytes, now_ms: int) -> None:
        if len(data) > link.RING_BYTES:
            data, self._rest, self._rest_ms = data[:PIECE_BYTES], data[PIECE_BYTES:], now_ms + PIECE_PAUSE_MS
        self._out += data

    def _end(self) -> Events:
        self.up = False
        self._close()
        return [LinkState(False)]

    def _ack(self, _: int, message: link.Ack, now_ms: int, events: Events) -> None:
        command = self._flying.pop(message.seq, None)
        if command is not None and isinstance(command.message, link.Configure) and not self.up:
            self.up = True
            events.append(LinkState(True))

    def _nack(self, _: int, message: link.Nack, now_ms: int, events: Events) -> None:
        command = self._flying.pop(message.seq, None)
        reason = link.REASON_NAMES.get(message.reason, "unknown")
        self._count("refused_" + reason)
        if command is None:
            return
        if isinstance(command.message, link.Configure):
            events.append(ModemLog("the modem refuses our settings: check preset, frequency and power"))
            events.extend(self._end())
        elif message.reason == link.REASON_NOT_READY:
            self._again(command, now_ms)
            self._reconfigure()
        elif message.reason == link.REASON_FULL and command.tries < TRIES_MAX:
            self._again(command, now_ms + FULL_RETRY_MS)
        elif isinstance(command.message, link.Transmit):
            events.append(Lost(command.src, command.packet_id, reason))

    def _again(self, command: _Command, due_ms: int) -> None:
        command.due_ms = due_ms
        self._waiting.insert(0, command)

    def _reconfigure(self) -> None:
        queued = [*self._waiting, *self._flying.values()]
        if not any(isinstance(c.message, link.Configure) for c in queued):
            self._put(_Command(self._configure, URGENT))

    def _hello(self, _: int, message: link.Hello, now_ms: int, events: Events) -> None:
        if message.version != link.LINK_VERSION:
            self._count("version")
            events.append(ModemLog(f"modem: link {message.version}, ours {link.LINK_VERSION}; flash it"))
        elif message.node != self._configure.node:
            self._opened_ms = now_ms  # it has started: its boot lines stand before this
            self._reconfigure()

    def _received(self, _: int, message: link.Received, now_ms: int, events: Events) -> None:
        try:
            packet = parse_packet(message.frame)
            data = self._channel.open(packet)
            if data.portnum != PORT_PRIVATE:
                raise RemoteError("port")
        except RemoteError as error:
            self._count(error.reason)
            return
        events.append(
            Heard(
                packet.src,
                packet.to,
                packet.id,
                packet.hop_limit,
                packet.hop_start,
                packet.relay_node,
                data.payload,
                message.rssi,
                message.snr_q,
                self._name,
            )
        )

    def _noise(self, now_ms: int) -> Events:
        """Damaged messages on the cable: [] or one event, told when it begins and when it has been quiet.

        Lines that the modem's chip writes between its messages are none."""
        errors = self._decoder.errors
        if errors["text"] != self._texts:
            self._count_n("text", errors["text"] - self._texts)
            self._texts = errors["text"]
        damaged = sum(errors.values()) - errors["text"]
        if damaged != self._damaged:
            self._count_n("damaged", damaged - self._damaged)
            self._damaged, self._noise_ms = damaged, now_ms
            if not self._noisy and now_ms - self._opened_ms >= SETTLE_MS:
                self._noisy = True
                return [CableNoise(True)]
        elif self._noisy and now_ms - self._noise_ms >= QUIET_MS:
            self._noisy = False
            return [CableNoise(False)]
        return []

    def _count_n(self, what: str, n: int) -> None:
        self.counters[what] = self.counters.get(what, 0) + n

    def _modem_status(self, _: int, message: link.ModemStatus, now_ms: int, events: Events) -> None:
        known = self.status.faults if self.status else ~message.faults
        for bit, event in ((link.FAULT_JAMMED, Jammed), (link.FAULT_FLASH, FlashFault)):
            if (message.faults ^ known) & bit:
                events.append(event(bool(message.faults & bit)))
        if self.status is None or message.air_used_ms != self.status.air_used_ms:
            events.append(AirUsed(message.air_used_ms))
        self.status = message

    def _transmitted(self, _: int, message: link.Transmitted, now_ms: int, events: Events) -> None:
        if self._unfinished >= CHIP_FAILURES:
            events.append(ChipFault(False))
        self._unfinished = 0
        events.append(OnAir(message.src, message.id, message.airtime_ms))

    def _refused(self, _: int, message: link.Refused, now_ms: int, events: Events) -> None:
        reason = link.REASON_NAMES.get(message.reason, "unknown")
        self._count("lost_" + reason)
        if message.reason == link.REASON_RADIO:
            self._unfinished += 1
            if self._unfinished == CHIP_FAILURES:
                events.append(ChipFault(True))
        events.append(Lost(message.src, message.id, reason))

    def _log(self, _: int, message: link.LogLine, now_ms: int, events: Events) -> None:
        events.append(ModemLog(message.text))

    _HANDLERS: dict[type, Callable[..., None]] = {
        link.Hello: _hello,
        link.Received: _received,
        link.Transmitted: _transmitted,
        link.Refused: _refused,
        link.ModemStatus: _modem_status,
        link.LogLine: _log,
        link.Ack: _ack,
        link.Nack: _nack,
    }
