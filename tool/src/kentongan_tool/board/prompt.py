"""A board at MicroPython's prompt, through mpremote: what it is, its files, writing and reading back.

A device that runs is asked for its prompt first (console.py).

Files travel through a staging folder that only the user can read, in memory where the machine has such a
place, and never as arguments. Every answer of the board is checked; a board that hangs is given up in time.
"""

import ast
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from kentongan_tool.base import progress
from kentongan_tool.base.failures import ToolError
from kentongan_tool.base.progress import Told
from kentongan_tool.board import devicetools, holders
from kentongan_tool.board.boards import chip_of_machine
from kentongan_tool.board.console import ask_for_prompt, check_port

ANSWER_S = 25  # mpremote's own tries to reach a prompt end after 10 s
ENTRY_TRIES = 3  # a board that is still starting, or was left in the middle of a word, does not open at once
WRITE_S = 120  # 90 KB at 115200 baud take 10 s
QUIET_S = 40  # while it copies mpremote tells of every 256 bytes; its tries to reach a prompt take 10 s
MARK = "KENTONGAN "
MEMORY_DIRS = ("/dev/shm",)
# It fell silent in the middle: power or cable, not the flash.
CUT = ("Input/output error", "raw paste", "device disconnected", "multiple access", "No such device")
AWAY_S = 20  # the longest that a board takes from reset to its prompt or program
LOOK_S = 0.3


class Found(NamedTuple):
    """Board found at a port, with its files."""

    platform: str
    machine: str
    chip: str | None
    files: list[str]
    free_bytes: int
    device: list[Any] | None  # role, label, node, site of its device.json


# What runs on the board. Standard library of MicroPython only; one line of answer.
PROBE = """
import os, sys
def walk(folder, out):
    for row in os.ilistdir(folder or "/"):
        path = folder + "/" + row[0]
        if row[1] & 0x4000:
            walk(path, out)
        else:
            out.append(path)
    return out
files = walk("", [])
device = None
if "/device.json" in files:
    import json
    try:
        raw = json.load(open("/device.json"))
        device = [raw.get("role"), raw.get("label"), raw.get("node"), raw.get("site")]
    except Exception:
        device = [None, None, None, None]
stat = os.statvfs("/")
print("KENTONGAN " + repr([sys.platform, getattr(sys.implementation, "_machine", ""), files,
                           stat[0] * stat[3], device]))
"""
DIGESTS = """
import binascii, gc, hashlib, os
def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while True:
            part = file.read(512)
            if not part:
                break
            total.update(part)
    return binascii.hexlify(total.digest()).decode()
def walk(folder):
    for row in os.ilistdir(folder or "/"):
        path = folder + "/" + row[0]
        if row[1] & 0x4000:
            walk(path)
        else:
            print("KENTONGAN " + repr([path, digest(path)]))
            gc.collect()
walk("")
"""
CLEAR = """
import os
def clear(folder):
    for row in os.ilistdir(folder or "/"):
        path = folder + "/" + row[0]
        if row[1] & 0x4000:
            clear(path)
            os.rmdir(path)
        else:
            os.remove(path)
clear("")
print("KENTONGAN " + repr(os.listdir("/")))
"""
STOP = """
import os
if "main.py" in os.listdir("/"):
    os.remove("/main.py")
print("KENTONGAN " + repr("main.py" in os.listdir("/")))
"""


@contextlib.contextmanager
def staging() -> Iterator[Path]:
    """Make a folder for files with keys: mode 0700, in memory if possible, gone afterwards in any case."""
    beside = next((place for place in MEMORY_DIRS if os.access(place, os.W_OK)), None)
    folder = tempfile.mkdtemp(prefix="kentongan-", dir=beside)  # mkdtemp makes it 0700
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Prompt:
    """One board at one serial port."""

    def __init__(self, port: str):
        self.port = str(port)
        self._open = False  # the prompt answered last time
        check_port(self.port)

    def _mpremote(
        self, *words: object, timeout_s: float = ANSWER_S, heard: devicetools.Heard | None = None
    ) -> str:
        """`resume`: no soft reset, so that the program that was interrupted does not begin again."""
        for _ in range(ENTRY_TRIES):
            if not self._open:
                ask_for_prompt(self.port)
            done = devicetools.run(
                "mpremote",
                "connect",
                self.port,
                "resume",
                *words,
                timeout_s=timeout_s,
                heard=heard,
                quiet_s=QUIET_S,
            )
            self._open = done.returncode == 0
            if self._open:
                return done.stdout
            said = devicetools.last_line(done.stderr if done.stderr.strip() else done.stdout)
            if "could not enter raw repl" not in said:
                break  # anything else may have been done in part: only a closed door is tried again
        if done.returncode is None:
            name = "cut" if words[0] == "cp" else "no_answer"  # it answered until then
            raise ToolError(name, f"{self.port}: no answer within {timeout_s} s")
        raise self._failure(said)

    def _failure(self, said: str) -> ToolError:
        """Of mpremote's last words. EIO is the board's flash, "Input/output error" this machine's port."""
        if "may be in use" in said or "multiple access" in said and os.path.exists(self.port):
            return holders.busy(self.port)
        if "failed to access" in said or "no device found" in said:
            return holders.missing(self.port)
        if any(words in said for words in CUT):
            return ToolError("cut", self.port)
        if "EIO" in said:
            return ToolError("dead_flash", f"{self.port}: {said}")
        if "ENOSPC" in said:
            return ToolError("full_board", f"{self.port}: {said}")
        if "raw repl" in said:
            return ToolError("no_answer", f"{self.port}: {said}")
        return ToolError("not_written", f"{self.port}: {said}")

    def ask(self, program: str, timeout_s: float = ANSWER_S) -> list[Any]:
        """Return the values that a program on the board printed after MARK."""
        with staging() as folder:
            path = folder / "ask.py"
            path.write_text(program, encoding="utf-8")
            said = self._mpremote("run", path, timeout_s=timeout_s)
        try:
            return [
                ast.literal_eval(line[len(MARK) :].strip())
                for line in said.splitlines()
                if line.startswith(MARK)
            ]
        except (ValueError, SyntaxError):
            raise ToolError("noise", f"{self.port}: the answer was garbled")

    def probe(self) -> Found:
        """Find out what stands at the port; a running program ends."""
        answers = self.ask(PROBE)
        if len(answers) != 1:
            raise ToolError("no_answer", f"{self.port}: no MicroPython speaks there")
        platform, machine, files, free_bytes, device = answers[0]
        return Found(platform, machine, chip_of_machine(machine), files, free_bytes, device)

    def stop(self) -> None:
        """Take main.py away and start the board anew: no program and no watchdog runs while we write."""
        if self.ask(STOP) != [False]:
            raise ToolError("not_written", f"{self.port}: main.py could not be removed")
        self.reset()
        self.wait_for_prompt()

    def clear(self) -> None:
        """Remove every file, so that nothing of another life of this board is left."""
        if self.ask(CLEAR, WRITE_S) != [[]]:
            raise ToolError("not_written", f"{self.port}: old files could not be removed")

    def write(self, files: dict[str, bytes], told: Told = progress.nowhere) -> None:
        """Write {path: bytes}, and read back that the board holds exactly these and no others.

        main.py goes last, after all else was read back: a board without it does nothing.
        """
        first = {path: data for path, data in files.items() if path != "main.py"}
        if first:
            self._put(first, first, told)
        if "main.py" in files:
            self._put({"main.py": files["main.py"]}, files)

    def _put(self, new: dict[str, bytes], all_: dict[str, bytes], told: Told = progress.nowhere) -> None:
        """Copy and compare; what differs is read again and written again, to know a cable from a flash."""
        self._copy(new, told)
        wrong = self._wrong(all_)
        if not wrong:
            return
        again = self._wrong(all_)
        if not again:
            return  # the reading was disturbed, not the file
        if again != wrong:
            raise ToolError("noise", f"{self.port}: {again[0][0]} reads back differently each time")
        path, digest = wrong[0]
        if path not in new or digest is None:
            raise ToolError(
                "not_written", f"{self.port}: {path} {'is missing' if digest is None else 'is left over'}"
            )
        self._copy(new, told)
        still = self._wrong(all_)
        if still:
            raise ToolError(
                "dead_flash" if still == wrong else "noise",
                f"{self.port}: {still[0][0]} reads back differently, written twice",
            )

    def _copy(self, files: dict[str, bytes], told: Told = progress.nowhere) -> None:
        with staging() as folder:
            for path, data in files.items():
                target = folder / "files" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            heard = progress.of_copies([len(files[path]) for path in sorted(files)], told)
            self._mpremote("cp", "-r", f"{folder}/files/.", ":", timeout_s=WRITE_S, heard=heard)

    def _wrong(self, files: dict[str, bytes]) -> list[tuple[str, str | None]]:
        """[(path, SHA-256 on the board or None)] of what is not as wanted."""
        wanted = {path: sha256(data).hexdigest() for path, data in files.items()}
        there = {path.lstrip("/"): digest for path, digest in self.ask(DIGESTS, WRITE_S)}
        return [
            (path, there.get(path))
            for path in sorted(wanted.keys() | there.keys())
            if wanted.get(path) != there.get(path)
        ]

    def reset(self) -> None:
        """Start the board anew, as its reset key does."""
        self._mpremote("reset")
        self._open = False

    def leave(self) -> None:
        """Let a device that is not ours to change go on at once, not after its ten minutes."""
        with contextlib.suppress(ToolError):
            self.reset()

    def wait_for_prompt(self) -> None:
        """Return once the prompt answers; a board that resets needs a moment, and its USB may go away."""
        until_s = time.monotonic() + AWAY_S
        while True:
            try:
                check_port(self.port)
                self._mpremote("exec", "pass")
                return
            except ToolError:
                if time.monotonic() > until_s:
                    raise
            time.sleep(LOOK_S)
