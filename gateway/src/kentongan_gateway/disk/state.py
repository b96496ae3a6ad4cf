"""Small named states, each in its own atomic file: counters above all. In no spool and no backup."""

import fcntl
import logging
import os
import re
import threading
import zlib
from pathlib import Path

from kentongan_wire.base.errors import LocalError

log = logging.getLogger("kentongan.gateway")

MAGIC = b"KGS1"
CLOSE_S = 30  # a disk that takes longer keeps nobody from ending
NAME = re.compile(r"[a-z]{1,32}")


class StateDir:
    """get(name) -> bytes or None; put(name, data) returns once the data survives a power cut."""

    def __init__(self, path: str | Path):
        self._path = Path(path)
        self.trouble: str | None = None  # why the last state could not be written
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self.trouble = str(error)
        self._late: threading.Thread | None = None  # the thread of put_late
        self._waiting: dict[str, bytes] = {}
        self._ending, self._wake = False, threading.Condition()
        self.damaged: list[str] = []  # names whose file was not whole; kept beside as NAME.damaged

    def claim(self) -> None:
        """Keep every other process out until this one ends; LocalError when one is in: two count alike."""
        try:
            self._lock = os.open(self._path / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            self.trouble = str(error)  # a disk that takes no lock takes no counters: nothing can come twice
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LocalError(
                f"{self._path}: another gateway runs with it; stop that one, or use a state_dir of its own"
            ) from error

    def _file(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(f"state name {name!r}: use a-z")
        return self._path / f"{name}.state"

    def get(self, name: str) -> bytes | None:
        file = self._file(name)
        try:
            raw = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.trouble = f"state {name}: {error}"
            return None
        if len(raw) >= 8 and raw[:4] == MAGIC and zlib.crc32(raw[8:]) == int.from_bytes(raw[4:8], "little"):
            return raw[8:]
        try:
            os.replace(file, file.with_suffix(".damaged"))
        except OSError as error:
            self.trouble = f"state {name}: {error}"
        self.damaged.append(name)
        return None

    def put(self, name: str, data: bytes) -> None:
        """Write beside, flush, rename, flush the directory: a torn write leaves the old state."""
        try:
            self._put(name, data)
        except OSError as error:
            self.trouble = f"state {name}: {error}"
            raise
        self.trouble = None

    def begin_late(self) -> None:
        """Let put_late() return at once from now on; close() ends that."""
        self._late = threading.Thread(target=self._run_late, name="state", daemon=True)
        self._late.start()

    def put_late(self, name: str, data: bytes) -> None:
        """put() for what may be lost in a crash: a slow disk holds up nobody, the latest one counts."""
        if self._late is None:
            self.put(name, data)
            return
        with self._wake:
            self._waiting[name] = data
            self._wake.notify()

    def _run_late(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._ending:
                    self._wake.wait()
                waiting, self._waiting = self._waiting, {}
            if not waiting:
                return
            for name, data in waiting.items():
                try:
                    self.put(name, data)
                except OSError as error:
                    log.error("state %s is not on disk: %s", name, error)

    def healthy(self) -> bool:
        return self._late is None or self._late.is_alive()

    def close(self) -> None:
        """Write what waits, then end the thread."""
        if self._late is not None:
            with self._wake:
                self._ending = True
                self._wake.notify()
            self._late.join(CLOSE_S)

    def _put(self, name: str, data: bytes) -> None:
        file = self._file(name)
        beside = file.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            raw = MAGIC + zlib.crc32(data).to_bytes(4, "little") + data
            if os.write(descriptor, raw) != len(raw):
                raise OSError(f"{beside}: short write; is the disk full?")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(beside, file)
        directory = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def all(self) -> dict[str, bytes]:
        """Every whole state by name."""
        names = sorted(p.stem for p in self._path.glob("*.state") if NAME.fullmatch(p.stem))
        found = {name: self.get(name) for name in names}
        return {name: data for name, data in found.items() if data is not None}
