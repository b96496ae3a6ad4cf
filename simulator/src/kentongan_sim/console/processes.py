"""Real processes of a demo or a test: started with a log file, killed like a power cut, never left behind."""

import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

TERM_WAIT_S = 2.0  # a part that is asked to end gets this long before it is killed
POLL_S = 0.05
LOG_TAIL_LINES = 15
PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None, use_errno=True)


class PartFailed(Exception):
    """A part of the demo does not do what it must; the message names the part and its log."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent() -> None:
    if hasattr(_LIBC, "prctl"):  # Linux; elsewhere an orphan is possible after kill -9 of the parent
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Part:
    """One real process. Start it from a thread that lives as long as the process should: Linux ties them."""

    def __init__(
        self, name: str, command: Iterable[object], log: str | Path, env: Mapping[str, str] | None = None
    ):
        self.name = name
        self.command = [str(word) for word in command]
        self.log = Path(log)
        self.env = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.alive():
            return
        with self.log.open("ab") as log:
            try:
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self.env,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                raise PartFailed(
                    f"{self.name}: {self.command[0]} cannot be started: {error.strerror}; run make setup"
                ) from error

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it like a power cut."""
        if self.process is not None and self.alive():
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        if self.process is None or not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(TERM_WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def failed(self, why: str) -> PartFailed:
        """Make the error to raise for this part: its name, `why`, its log and the log's last lines."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        tail = "".join(f"\n    {line}" for line in lines[-LOG_TAIL_LINES:])
        return PartFailed(f"{self.name}: {why}; its log is {self.log}{tail}")

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float) -> None:
        """Return once `condition()` holds; raise PartFailed when the process ends or the time is over."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if not self.alive():
                code = None if self.process is None else self.process.returncode
                raise self.failed(f"ended by itself (exit {code}) before {what}")
            if time.monotonic() > deadline:
                raise self.failed(f"no {what} within {timeout_s:g} s")
            time.sleep(POLL_S)

    def wait_for_http(self, url: str, timeout_s: float) -> None:
        """Return once `url` answers 200."""
        self.wait_for(f"answer at {url}", lambda: http_ok(url), timeout_s)


def http_ok(url: str) -> bool:
    """Tell whether a GET of `url` answers 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:  # URLError is one
        return False
