"""Byte pipes between simulated radios and the programs that own a real port: a pty and a TCP port.

Both have the same face: `on_data(bytes)` and `on_connect()` are called from the pipe's thread, `write(bytes)`
never blocks and drops what no one reads (as a serial port does), `close()` ends the thread.
"""

import contextlib
import os
import pty
import select
import socket
import threading
import tty
from collections.abc import Callable
from pathlib import Path

READ_BYTES = 4096
POLL_S = 0.5  # how long a pipe's thread may need to notice that it is to end


def _nothing(*_args: object) -> None:
    pass


class PtyBridge:
    """A serial port made of a pty, at the stable path `link`; it stays open when its reader restarts."""

    def __init__(self, link: str | Path, on_data: Callable[[bytes], object] = _nothing):
        self.link = Path(link)
        self.on_data = on_data
        self.dropped_bytes = 0
        # the slave end stays open here, so that a reader that restarts is no hang-up
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pty", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.is_set():
            readable, _, _ = select.select([self._master], [], [], POLL_S)
            if readable:
                with contextlib.suppress(BlockingIOError):
                    self.on_data(os.read(self._master, READ_BYTES))

    def write(self, data: bytes) -> None:
        """Write bytes for whoever has the port open; dropped when the port's buffer is full."""
        try:
            written = os.write(self._master, data)
        except BlockingIOError:
            written = 0
        self.dropped_bytes += len(data) - written

    def close(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5)
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)


class TcpBridge:
    """A TCP port on 127.0.0.1 that serves one client at a time, as a stock node does: the newer one wins."""

    def __init__(
        self,
        on_data: Callable[[bytes], object] = _nothing,
        on_connect: Callable[[], object] = _nothing,
        port: int = 0,
    ):
        self.on_data, self.on_connect = on_data, on_connect
        self._client: socket.socket | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._listen(port)
        self.port = self._server.getsockname()[1]

    def _listen(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(POLL_S)
        self._ending.clear()
        self._thread = threading.Thread(target=self._accept, args=(self._server,), name="tcp", daemon=True)
        self._thread.start()

    def _accept(self, server: socket.socket) -> None:
        while not self._ending.is_set():
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            client.settimeout(POLL_S)
            with self._lock:
                old, self._client = self._client, client
            if old is not None:
                _shut(old)
            self.on_connect()
            threading.Thread(target=self._read, args=(client,), name="tcp client", daemon=True).start()

    def _read(self, client: socket.socket) -> None:
        while not self._ending.is_set():
            try:
                data = client.recv(READ_BYTES)
            except TimeoutError:
                continue
            except OSError:
                break
            if not data:
                break
            if client is self._client:
                self.on_data(data)
        _shut(client)

    def write(self, data: bytes) -> None:
        """Write bytes for the client, if there is one; a client that stopped reading is cut off."""
        with self._lock:
            if self._client is None:
                return
            try:
                self._client.sendall(data)
            except OSError:
                _shut(self._client)
                self._client = None

    def drop(self) -> None:
        """Cut the client off; it may come again at once."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            _shut(client)

    def unplug(self) -> None:
        """Take the device away: the client is cut off and the port refuses."""
        self._ending.set()
        with self._lock:
            if self._client is not None:
                _shut(self._client)
                self._client = None
        self._server.close()
        self._thread.join(timeout=5)

    def replug(self) -> None:
        """Bring the device back at the same port."""
        self._listen(self.port)

    close = unplug


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
