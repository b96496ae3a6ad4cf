"""The line to an unmodified Meshtastic node: opened, spoken to one message at a time, let go.

The node keeps four packets of its client until its loop comes round and drops the oldest of more, without a
word. So each admin message waits for the node's answer to the one before, and goes out again where there is
none.
"""

import contextlib
import io
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, TextIO

from kentongan_tool.base.failures import ToolError

CONNECT_S = 40  # handshake of a node that has just started
ANSWER_S = 5.0  # a node under load answers within some tenths of a second
TRIES = 3
LOOK_S = 0.1
RESTART_S = 12.0  # a node restarts 7 s after it saved


class _OwnWords:
    """A stream that takes what its maker's thread writes; what other threads write stays off the screen."""

    def __init__(self, stream: TextIO):
        self._stream, self._owner = stream, threading.get_ident()

    def write(self, text: str) -> int:
        return self._stream.write(text) if threading.get_ident() == self._owner else len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the tracebacks of the library's threads off the screen; what they mean is said by a ToolError."""
    logging.getLogger("meshtastic").setLevel(logging.CRITICAL)  # what it logs, this module says
    out: Any = _OwnWords(sys.stdout)
    err: Any = _OwnWords(sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


def _open(port: str | None, host: str | None) -> Any:
    if port:
        from meshtastic.serial_interface import SerialInterface

        return SerialInterface(port, timeout=CONNECT_S)
    from meshtastic.tcp_interface import TCPInterface

    name, _, number = (host or "").partition(":")
    return TCPInterface(name, portNumber=int(number or 4403), timeout=CONNECT_S)


@contextlib.contextmanager
def connected(port: str | None = None, host: str | None = None) -> Iterator["Link"]:
    """Open the library's interface at a port or host[:port]; its own prints and exits become ToolErrors."""
    where, chatter = port or host or "", io.StringIO()
    try:
        with contextlib.redirect_stdout(chatter):
            interface = _open(port, host)
    except SystemExit:
        raise ToolError("radio", f"{where}: {chatter.getvalue().strip()[:200] or 'the library gave up'}")
    except Exception as error:  # the library raises what its layers raise: OSError, MeshInterfaceError, ...
        raise ToolError("radio", f"{where}: {error or type(error).__name__}")
    link = Link(interface, where)
    try:
        yield link
    finally:
        with contextlib.suppress(Exception):
            interface.close()


class Link:
    """One client session with a node."""

    def __init__(self, interface: Any, where: str):
        self.interface, self.where = interface, where
        interface._reconnect = self._leave  # over TCP it would come back by itself, against our next session

    def _leave(self) -> None:
        self.interface._wantExit = True

    def admin(self, what: str, message: Any) -> None:
        """Send one AdminMessage and wait until the node has answered it; ToolError where it does not."""
        for _ in range(TRIES):
            answer = self._ask(message)
            if answer == "NONE":
                return
            if answer:
                raise ToolError("radio", f"{self.where}: the node refuses {what}: {answer}")
            if self.gone():
                raise ToolError("radio", f"{self.where}: the node went away before it took {what}")
        raise ToolError("radio", f"{self.where}: the node gives no answer to {what}")

    def _ask(self, message: Any) -> str:
        """Return the reason of the node's routing answer, NONE for a yes; "" without an answer in time."""
        from meshtastic.protobuf import portnums_pb2

        reasons: list[str] = []
        answered = threading.Event()

        def heard(packet: dict[str, Any]) -> None:
            reasons.append(packet["decoded"].get("routing", {}).get("errorReason", "NONE"))
            answered.set()

        try:
            self.interface.sendData(
                message,
                self.interface.localNode.nodeNum,
                portNum=portnums_pb2.PortNum.ADMIN_APP,
                wantAck=True,
                wantResponse=True,
                onResponse=heard,
                onResponseAckPermitted=True,
                pkiEncrypted=True,
            )
        except (Exception, SystemExit) as error:  # a dead line fails in many ways
            raise ToolError("radio", f"{self.where}: {error or type(error).__name__}")
        until_s = time.monotonic() + ANSWER_S
        while not answered.wait(LOOK_S) and not self.gone() and time.monotonic() < until_s:
            pass
        return reasons[0] if reasons else ""

    def gone(self) -> bool:
        """Tell whether the node has closed its line or said that it starts anew."""
        interface = self.interface
        alive = interface._rxThread.is_alive() and interface.isConnected.is_set()
        return interface._wantExit or not alive

    def wait_for_restart(self) -> None:
        """Return once the node has gone away to start anew, or has had the time to."""
        until_s = time.monotonic() + RESTART_S
        while not self.gone() and time.monotonic() < until_s:
            time.sleep(LOOK_S)
