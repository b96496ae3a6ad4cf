"""The post speaks: espeak-ng makes the words, aplay the sound; the siren is held meanwhile.

The text goes by standard input and by a file that only we can read: it names a house, and others may see a
process list.
"""

import contextlib
import logging
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable
from typing import Protocol

from kentongan_gateway import sections

log = logging.getLogger("kentongan.output")

ESPEAK = ("espeak-ng", "-v", "id", "-s", "135", "-a", "200", "--stdin", "-w")
WAITING_LIMIT = 4
MAKE_S, SAY_S = 10, 18  # longer than any sentence of ours; a sound card that hangs is left alone
KILLED_S = 2  # a process that the kernel does not let go is not waited for


Process = subprocess.Popen[bytes]


class Speaks(Protocol):
    """A speaker of sentences; on_trouble(text or None) is called from any thread."""

    on_trouble: Callable[[str | None], object]

    def say(self, text: str) -> None: ...
    def hush(self) -> None: ...
    def trouble(self) -> str | None: ...
    def close(self) -> None: ...


class VoiceError(Exception):
    """Nothing was heard, and why."""


def speech(text: str, path: str) -> None:
    """Write the sentence as sound to path; VoiceError with the remedy."""
    _run((*ESPEAK, path), MAKE_S, "apt install espeak-ng", text.encode())


def _run(
    command: tuple[str, ...],
    timeout_s: float,
    remedy: str,
    given: bytes = b"",
    started: Callable[[Process], object] = lambda process: None,
) -> None:
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise VoiceError(f"{command[0]}: {error.strerror}; {remedy}") from error
    started(process)
    try:
        _, said = process.communicate(given, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=KILLED_S)
        raise VoiceError(f"{command[0]} took more than {timeout_s} s; {remedy}") from None
    if process.returncode > 0:
        raise VoiceError(f"{command[0]}: {said.decode(errors='replace').strip()[:100]}; {remedy}")


class Voice:
    """say() and hush() return at once; `hold(on)` keeps the siren quiet while a sentence is spoken."""

    def __init__(self, device: str = "", hold: Callable[[bool], object] = lambda on: None):
        self.on_trouble: Callable[[str | None], object] = lambda text: None
        self._aplay = ("aplay", "-q", *(("-D", device) if device else ()))
        self._hold = hold
        self._texts: queue.Queue[tuple[int, str]] = queue.Queue(WAITING_LIMIT)
        self._process: Process | None = None
        self._trouble: str | None = None
        self._hushed = 0  # counts: a sentence that is older than the last one is not spoken
        self._thread = threading.Thread(target=self._work, name="voice", daemon=True)
        self._started = False

    def say(self, text: str) -> None:
        if not self._started:
            self._started = True
            self._thread.start()
        try:
            self._texts.put_nowait((self._hushed, text))
        except queue.Full:
            self._tell(f"a sentence was left out: {WAITING_LIMIT} wait already")

    def hush(self) -> None:
        """Nothing more is said of what was asked before."""
        self._hushed += 1
        process = self._process
        if process is not None:
            process.terminate()

    def close(self) -> None:
        self.hush()

    def _work(self) -> None:
        while True:
            asked, text = self._texts.get()
            if asked == self._hushed:
                self._tell(self._speak(asked, text))

    def _speak(self, asked: int, text: str) -> str | None:
        """None, or why nothing was heard: nothing that fails here ends the voice."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                self._say_from(os.path.join(folder, "kata.wav"), asked, text)
        except VoiceError as error:
            return str(error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self._process = None
            self._hold(False)
        return None

    def _say_from(self, path: str, asked: int, text: str) -> None:
        speech(text, path)
        if asked == self._hushed:
            self._hold(True)
            _run((*self._aplay, path), SAY_S, "see `aplay -L`, correct [voice] device", b"", self._remember)

    def trouble(self) -> str | None:
        """Say what is wrong now, or None."""
        return "its thread has ended" if self._started and not self._thread.is_alive() else self._trouble

    def _remember(self, process: Process) -> None:
        self._process = process

    def _tell(self, text: str | None) -> None:
        if text != self._trouble:
            self._trouble = text
            self.on_trouble(text)


class NoVoice:
    on_trouble: Callable[[str | None], object]

    def __init__(self, why: str | None = None):
        self._why = why

    def say(self, text: str) -> None:
        return

    def trouble(self) -> str | None:
        return self._why

    def hush(self) -> None:
        return

    def close(self) -> None:
        return


def make(settings: sections.Voice, hold: Callable[[bool], object]) -> Speaks:
    """Return the voice that the [voice] section names."""
    if settings.driver == "espeak":
        return Voice(settings.device, hold)
    if settings.driver == "virtual":
        from kentongan_gateway.outputs.virtual import VirtualVoice

        return VirtualVoice(settings.file)
    return NoVoice()
