"""Nodes on real MicroPython: one forked process each, in lockstep with the virtual clock.

Every event is one request and one answer, so a node runs only when the simulator waits for it and the
order of things does not depend on the machine's load.
"""

import ast
import socket
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kentongan_node.base import actions as node_actions

from kentongan_sim.engines.mpy_library import library
from kentongan_sim.physics import shapes
from kentongan_sim.physics.shapes import Answer, Chance, Counters, Settings, State

ANSWER_TIMEOUT_S = 60  # a node that computes longer than this has hung
HERE = Path(__file__).resolve().parent


class EngineError(Exception):
    """A node's MicroPython died or hung; the text says which and why."""


def available() -> bool:
    """Tell whether real MicroPython is installed for this machine."""
    return sys.platform == "linux" and find_spec("micropython_run") is not None


class Engine:
    name = "micropython"

    def __init__(self) -> None:
        if not available():
            raise EngineError("real MicroPython is not installed for this machine; use --engine cpython")
        path, heap = library()
        self._nodes: dict[str, tuple[socket.socket, int]] = {}  # label -> (socket, pid)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._fork_server = subprocess.Popen(
            [
                sys.executable,
                str(HERE / "fork_server.py"),
                str(theirs.fileno()),
                path,
                str(HERE / "node_app.py"),
                heap,
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._control.settimeout(ANSWER_TIMEOUT_S)

    def boot(
        self, label: str, settings: Settings, state: State, boot: shapes.Boot, now_ms: int, rnd: Chance
    ) -> Answer:
        """Fork and start a node; returns (actions, deadline in the node's ms or None)."""
        self.kill(label)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.settimeout(ANSWER_TIMEOUT_S)
        try:
            socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
            pid = int(self._control.recv(32))
        except (OSError, ValueError) as error:
            ours.close()
            raise EngineError(f"the MicroPython nursery is gone ({error})") from error
        finally:
            theirs.close()
        self._nodes[label] = (ours, pid)
        return self._ask(label, ("boot", settings, state, tuple(boot), now_ms, int(rnd)))

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: int, rnd: Chance) -> Answer:
        """Hand a running node one event; returns (actions, deadline in the node's ms or None)."""
        return self._ask(label, (name, args, now_ms, int(rnd)))

    def counters(self, label: str) -> Counters:
        """Return the refusals and drops of a running node, by reason."""
        counted: Counters = self._exchange(label, ("counters",))[0]
        return counted

    def kill(self, label: str) -> None:
        """Power cut: SIGKILL; only what was persisted is left, and the world keeps that."""
        node = self._nodes.pop(label, None)
        if node is None:
            return
        node[0].close()
        try:
            self._control.send(b"kill %d" % node[1])
            self._control.recv(32)
        except OSError:
            pass  # the nursery is gone, and took its children with it

    def close(self) -> None:
        """End every node and the nursery; safe to call twice."""
        for pipe, _ in self._nodes.values():
            pipe.close()
        self._nodes.clear()
        self._control.close()
        try:
            self._fork_server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._fork_server.kill()
            self._fork_server.wait()

    def __del__(self) -> None:
        if hasattr(self, "_nursery") and self._fork_server.returncode is None:
            self.close()

    def _ask(self, label: str, request: tuple[object, ...]) -> Answer:
        actions, deadline = self._exchange(label, request)
        return [getattr(node_actions, name)(*fields) for name, fields in actions], deadline

    def _exchange(self, label: str, request: tuple[object, ...]) -> Any:
        pipe = self._nodes[label][0]
        data = repr(request).encode()
        try:
            pipe.sendall(struct.pack("<I", len(data)) + data)
            size = struct.unpack("<I", read_exactly(pipe, 4))[0]
            return ast.literal_eval(read_exactly(pipe, size).decode())
        except OSError as error:
            raise EngineError(
                f"{label} (MicroPython) died or hung in {request[0]!r}: {error}; "
                "its own last words are on standard error"
            ) from error


def read_exactly(pipe: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = pipe.recv(size - len(parts))
        if not part:
            raise ConnectionError("the node ended")
        parts += part
    return parts
