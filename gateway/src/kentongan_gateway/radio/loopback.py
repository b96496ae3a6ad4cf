"""A radio that is a socket: JSON lines over TCP on this machine, for tests and for whoever simulates the air.

In:  {"src", "to", "id", "hop_limit", "hop_start", "relay_node", "payload": hex, "rssi", "snr_q"}
Out: {"send": {"packet_id", "hop_limit", "payload": hex, "klass", "delay_ms", "first"}},
     {"relay": {"src", "id"}}, {"drop": {"src", "id"}}
The gateway connects, as to a radio, and comes back when the line goes.
"""

import json
import logging
import queue
import socket
import threading
from typing import Any

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import OnHeard, OnState, Radio

log = logging.getLogger("kentongan.radio")

LINE_MAX = 4096
OUT_LIMIT = 256
REOPEN_S = 0.2
CONNECT_TIMEOUT_S = 2.0
NUMBERS = ("src", "to", "id", "hop_limit", "hop_start", "relay_node", "rssi", "snr_q")


class Loopback(Radio):
    def __init__(self, host: str, port: int, name: str = "loopback"):
        self._address, self._name, self.names = (host, port), name, (name,)
        self._out: queue.Queue[dict[str, Any]] = queue.Queue(OUT_LIMIT)
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self.counters = {}

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        self._on_heard, self._on_state = on_heard, on_state
        self._threads = [
            threading.Thread(target=target, name=self._name, daemon=True)
            for target in (self._run, self._write)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, send: Send) -> None:
        self._put({"send": {**send._asdict(), "payload": send.payload.hex()}})

    def relay(self, heard: Heard, klass: int) -> None:
        self._put({"relay": {"src": heard.src, "id": heard.id}})

    def drop(self, src: int, packet_id: int) -> None:
        self._put({"drop": {"src": src, "id": packet_id}})

    def healthy(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        self._stopping.set()
        line, self._socket = self._socket, None
        if line:
            line.close()

    def _count(self, what: str) -> None:
        self.counters[what] = self.counters.get(what, 0) + 1

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self._out.put_nowait(message)
        except queue.Full:
            self._count("dropped")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with socket.create_connection(self._address, CONNECT_TIMEOUT_S) as line:
                    line.settimeout(None)
                    self._socket = line
                    self._on_state(self._name, True)
                    self._read(line)
            except OSError as error:
                log.debug("%s: %s", self._name, error)
            if self._socket is not None:
                self._socket = None
                self._on_state(self._name, False)
            self._stopping.wait(REOPEN_S)

    def _read(self, line: socket.socket) -> None:
        with line.makefile("rb") as lines:
            while True:
                raw = lines.readline(LINE_MAX)
                if not raw:
                    return
                try:
                    self._on_heard(read_heard(json.loads(raw), self._name))
                except (ValueError, TypeError, KeyError, AttributeError):
                    self._count("malformed")

    def _write(self) -> None:
        while not self._stopping.is_set():
            try:
                message = self._out.get(timeout=0.5)
            except queue.Empty:
                continue
            line = self._socket
            try:
                if line:
                    line.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                self._count("lost")


def read_heard(raw: dict[str, Any], name: str) -> Heard:
    """Return a Heard from its JSON object; ValueError, TypeError or KeyError when it is none."""
    values = {field: raw[field] for field in NUMBERS}
    if any(type(value) is not int for value in values.values()):
        raise ValueError("a field is no whole number")
    return Heard(payload=bytes.fromhex(raw["payload"]), radio=name, **values)
