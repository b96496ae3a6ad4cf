"""The serial line between a gateway and its modem in the world: every byte goes through the real session."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import Radio
from kentongan_gateway.radio.modem_session import (
    AirUsed,
    CableNoise,
    ChipFault,
    FlashFault,
    Jammed,
    LinkState,
    ModemSession,
)
from kentongan_wire.air import link
from kentongan_wire.air.packet import Channel

from kentongan_sim.physics.shapes import Ms, Node, Us
from kentongan_sim.world.gateways.world_part import WorldPart

REOPEN_US = 1_000_000  # the daemon's wait before it opens a dead line again
TROUBLES: dict[type, str] = {CableNoise: "cable", Jammed: "jammed", ChipFault: "chip", FlashFault: "flash"}


class LineHost(Protocol):
    """The gateway at this end of the line."""

    world: WorldPart
    modem: str
    boot_us: Us

    def now_ms(self) -> Ms: ...


class ModemLine(Radio):
    """As SerialModem, without its thread. `plugged` and `mangle(bytes)` are its cable's faults."""

    same_id = True

    def __init__(self, host: LineHost, configure: link.Configure, channel: Channel):
        self._host, self._world, self._modem = host, host.world, host.modem
        self._session = ModemSession(configure, channel, self._modem)
        self._deadline = self._world.clock.timer(self._tick)
        self._open = self._running = False
        self.names = (self._modem,)
        self.plugged = True
        self.mangle: Callable[[bytes], bytes] | None = None
        self.counters = self._session.counters

    def start(self, on_heard: Callable[[Heard], object], on_state: Callable[[str, bool], object]) -> None:
        self._on_heard, self._on_state = on_heard, on_state
        self._running = True
        self._world.on_host(self._modem, self._bytes)
        self._reopen()

    def stop(self) -> None:
        self._running = self._open = False
        self._deadline.cancel()

    def send(self, send: Send) -> None:
        self._command(self._session.send, send)

    def relay(self, heard: Heard, klass: int) -> None:
        self._command(self._session.relay, heard, klass)

    def drop(self, src: Node, packet_id: int) -> None:
        self._command(self._session.drop, src, packet_id)

    def unplug(self) -> None:
        """Take the device away: reads and writes fail at once, as pyserial's do."""
        self.plugged = False
        if self._open:
            was_up, self._session.up = self._session.up, False
            self._close(was_up)

    def plug(self) -> None:
        self.plugged = True

    def _reopen(self) -> None:
        if not self._running:
            return
        if not self.plugged:
            self._later(self._reopen)
            return
        self._open = True
        self._session.open(self._host.now_ms())
        self._flush()

    def _later(self, function: Callable[[], object]) -> None:
        self._world.at(self._world.now_us + REOPEN_US, function)

    def _close(self, was_up: bool) -> None:
        self._open = False
        self._later(self._reopen)
        if was_up:
            self._on_state(self._modem, False)

    def _command(self, what: Callable[..., object], *args: object) -> None:
        if self._open:
            what(*args, self._host.now_ms())
            self._flush()

    def _bytes(self, data: bytes) -> None:
        if self._open:
            data = self.mangle(data) if self.mangle else data
            self._took(self._session.feed(data, self._host.now_ms()))

    def _tick(self) -> None:
        if self._open:
            self._took(self._session.tick(self._host.now_ms()))

    def _took(self, events: Iterable[Any]) -> None:
        """Act on what the session has read from the line."""
        for event in events:
            if isinstance(event, Heard):
                self._on_heard(event)
            elif isinstance(event, LinkState) and event.up:
                self._on_state(self._modem, True)
            elif isinstance(event, LinkState):
                self._close(True)
            elif isinstance(event, AirUsed):
                self.on_air(event.ms)
            elif type(event) in TROUBLES:
                what = TROUBLES[type(event)]
                self.on_trouble(self._modem, what, what if event.on else None)
        if self._open:
            self._flush()

    def _flush(self) -> None:
        """Put the session's bytes on the line, and come back at its next deadline."""
        data = self._session.take_bytes()
        if data:
            data = self.mangle(data) if self.mangle else data
            self._world.host_write(self._modem, data)
        due_ms = self._session.next_deadline()
        if due_ms is None:
            self._deadline.cancel()
        else:
            self._deadline.set(self._host.boot_us + due_ms * 1000)
