"""Our own modem over USB: a thread around ModemSession that reopens the line by its stable path, for ever."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import serial
from kentongan_wire.air import link

from kentongan_gateway import sections
from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import Key, OnHeard, OnState, Radio
from kentongan_gateway.radio.modem_session import (
    AirUsed,
    CableNoise,
    ChipFault,
    Events,
    FlashFault,
    Jammed,
    LinkState,
    Lost,
    ModemLog,
    ModemSession,
)

log = logging.getLogger("kentongan.radio")

READ_BYTES = 4096
READ_TIMEOUT_S = 0.02  # how long a command of ours may wait for a read to end
WRITE_TIMEOUT_S = 2.0
REOPEN_MIN_S, REOPEN_MAX_S = 1.0, 10.0
COMMANDS_LIMIT = 256
JAMMED = "others hold the channel for over half of the time"
CABLE = "messages from the modem arrive damaged: look at cable and plug"
FLASH = "the modem's flash takes no writes: it works on, replace the board before its power is cut"
CHIP = "the modem sends nothing although told to: look at its antenna, power it off and on"


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class SerialModem(Radio):
    """`port` is a device path; a pty will do. Everything about the link is decided in ModemSession."""

    same_id = True

    def __init__(self, port: str, key_file: Key, settings: sections.Radio, name: str = "modem"):
        configure = link.Configure(
            key_file.node,
            key_file.preset,
            key_file.freq_hz,
            settings.conducted_dbm,
            settings.gain_dbi,
            settings.loss_db,
        )
        self._port, self._name, self.names = port, name, (name,)
        self._session = ModemSession(configure, key_file.channel, name)
        self._commands: queue.Queue[tuple[Callable[..., None], Any]] = queue.Queue(COMMANDS_LIMIT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="modem", daemon=True)
        self._on_heard: OnHeard
        self._on_state: OnState
        self.counters = self._session.counters

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        self._on_heard, self._on_state = on_heard, on_state
        self._thread.start()

    def send(self, send: Send) -> None:
        self._command(self._session.send, send)

    def relay(self, heard: Heard, klass: int) -> None:
        self._command(self._session.relay, heard, klass)

    def drop(self, src: int, packet_id: int) -> None:
        self._command(self._session.drop, src, packet_id)

    def healthy(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)

    def _command(self, what: Callable[..., None], *args: Any) -> None:
        try:
            self._commands.put_nowait((what, args))
        except queue.Full:
            self.counters["dropped"] = self.counters.get("dropped", 0) + 1

    def _run(self) -> None:
        wait_s, said = REOPEN_MIN_S, ""
        while not self._stopping.is_set():
            try:
                with self._open() as line:
                    log.info("%s: %s is open", self._name, self._port)
                    wait_s, said = REOPEN_MIN_S, ""
                    self._use(line)
            except (OSError, serial.SerialException) as error:
                if str(error) != said:
                    log.warning("%s: %s: %s", self._name, self._port, error)
                said = str(error)
            except Exception:
                # a fault of ours must not leave the gateway deaf: the link is rebuilt, the log says why
                log.exception("%s: the link failed and is rebuilt", self._name)
                self.counters["crashed"] = self.counters.get("crashed", 0) + 1
            if self._session.up:
                self._session.up = False
                self._on_state(self._name, False)
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, REOPEN_MAX_S)

    def _open(self) -> serial.Serial:
        return serial.Serial(
            self._port, link.BAUD, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
        )

    def _use(self, line: serial.Serial) -> None:
        """Serve one opened line until it fails, falls silent, or we are stopped."""
        self._session.open(now_ms())
        while not self._stopping.is_set():
            for _ in range(COMMANDS_LIMIT):
                try:
                    what, args = self._commands.get_nowait()
                except queue.Empty:
                    break
                what(*args, now_ms())
            data = self._session.take_bytes()
            if data:
                line.write(data)
            data = line.read(1)
            if data:
                data += line.read(min(READ_BYTES, line.in_waiting))
            events = self._session.feed(data, now_ms()) if data else []
            if now_ms() >= (self._session.next_deadline() or 0):
                events += self._session.tick(now_ms())
            if not self._handle(events):
                return

    def _handle(self, events: Events) -> bool:
        """Pass on what happened; False when the link is dead."""
        for event in events:
            if isinstance(event, Heard):
                self._on_heard(event)
            elif isinstance(event, LinkState):
                if not event.up:
                    self._on_state(self._name, False)
                    return False
                self._on_state(self._name, True)
            elif isinstance(event, Lost):
                log.warning("%s: frame %d was never sent: %s", self._name, event.id, event.reason)
            elif isinstance(event, Jammed):
                self.on_trouble(self._name, "jammed", JAMMED if event.on else None)
            elif isinstance(event, CableNoise):
                self.on_trouble(self._name, "cable", CABLE if event.on else None)
            elif isinstance(event, ChipFault):
                self.on_trouble(self._name, "chip", CHIP if event.on else None)
            elif isinstance(event, FlashFault):
                self.on_trouble(self._name, "flash", FLASH if event.on else None)
            elif isinstance(event, AirUsed):
                self.on_air(event.ms)
            elif isinstance(event, ModemLog):
                log.info("%s: %s", self._name, event.text)
        return True
