"""Power cuts on littlefs: every program and every erase of a device's writes can be torn. On MicroPython.

usage: micropython flash_cuts.py CUTS SEED [careless | wide]

Prints one JSON line; exit 1 when anything was lost. `careless` writes each file in two steps: to be found.

A flash model in RAM under the real VfsLfs2 carries a device's files, written and read by files.py.
The supply fails in the middle of a program or an erase, anywhere from 0 to 100 % of it; then the board starts
again on what is there. Of every start: the file system mounts, the settings can be read, each file holds what
was written last (or the write that the cut interrupted), and the sequence goes on above every used value.

The first writes and a quarter of the starts are of the port's own mount (the prompt, where kentongan-tool
writes device.json and role.mpy anew; a start whose larger mount failed), the others read by a second one as
main.py's. `wide` as the last word: that mount writes, too, which it must not do: to be found.
"""

import json
import sys

import vfs
from kentongan_node.common import configure
from kentongan_node.common.counter import Sequence
from kentongan_node.shell import files, settings
from kentongan_wire.message.replay import Guard
from kits.node import nodekit

BLOCK_BYTES, BLOCKS = 4096, 24
WIDE = "/wide/flash"
DEVICE, ROLE = "/flash/device.json", "/flash/role.mpy"
OPS_MAX = 40  # operations of a start before the next cut, at most
RESERVE = 4  # values a block: the sequence's file is written often
GUARD_ROWS = 60
TOOL_PART = 4  # one start in so many is of the port's mount
MAIN = __file__[: -len("tests/soak/devices/flash_cuts.py")] + "firmware/roles/main.py"


class Cut(Exception):
    """The supply failed."""


class Flash:
    """NOR flash between two cuts: a program clears bits, an erase sets a block; either can be torn by the
    cut.

    After its cut it stays dead: what is left of that start in RAM (files that the collector closes later)
    must not reach the data any more.
    """

    def __init__(self, data, torn, rnd):
        self.data, self.torn, self.rnd = data, torn, rnd
        self.view = memoryview(data)  # made once: littlefs reads 2,400 times a cut
        self.left = None  # operations until the cut; None: the supply holds

    def _survives(self, size, what):
        """Count the bytes of this operation that get done: all of them, unless the cut falls into it."""
        if self.left is None:
            return size
        self.left -= 1
        if self.left >= 0:
            return size
        self.torn[what] += 1
        return (0, size, self.rnd(size + 1), self.rnd(size + 1))[self.rnd(4)]

    def readblocks(self, block, buf, offset=0):
        if self.left is not None and self.left < 0:
            raise Cut()
        at = block * BLOCK_BYTES + offset
        buf[:] = self.view[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        self._dead()
        done = self._survives(len(buf), "program")
        at = block * BLOCK_BYTES + offset
        for i in range(done):
            self.data[at + i] &= buf[i]
        if done < len(buf) and self.rnd(2):
            self.data[at + done] &= buf[done] | self.rnd(256)  # some bits of one byte more
        self._dead()

    def _erase(self, block):
        self._dead()
        done = self._survives(BLOCK_BYTES, "erase")
        at = block * BLOCK_BYTES
        self.data[at : at + done] = b"\xff" * done
        if done < BLOCK_BYTES and self.rnd(2):
            for i in range(at + done, at + BLOCK_BYTES):
                self.data[i] |= self.rnd(256)  # half erased
        self._dead()

    def _dead(self):
        if self.left is not None and self.left < 0:
            raise Cut()

    def ioctl(self, op, argument):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK_BYTES
        if op == 6:
            self._erase(argument)
        return 0


class Random:
    def __init__(self, seed):
        self._state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def __call__(self, n):
        self._state ^= (self._state << 13) & 0xFFFFFFFF
        self._state ^= self._state >> 17
        self._state ^= (self._state << 5) & 0xFFFFFFFF
        return self._state % n


def wide_of(text):
    """The readsize of main.py's mount."""
    text = text[text.index("readsize=") + len("readsize=") :]
    return int(text[: text.index(")")])


class Device:
    """Writes of a device over its life, and those that were acknowledged."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.data = bytearray(b"\xff" * (BLOCKS * BLOCK_BYTES))
        self.torn = {"program": 0, "erase": 0}
        self.flash = self._power()
        files.STATE_DIR, files.narrow = "/flash/state", narrow
        with open(MAIN) as file:
            self.wide = wide_of(file.read())
        self.writes_wide = False
        self.known = {}  # file: what was acknowledged last
        self.trying = None  # (file, content) of the write that a cut can interrupt
        self.used = 0  # highest sequence value that was used
        self.wrongs = {"reused": 0, "settings": 0, "lost": 0, "mount": 0}
        self.writes = self.values = 0
        self.mounts = {"port": 0, "main": 0}
        vfs.VfsLfs2.mkfs(self.flash)
        self.text = json.dumps(nodekit.settings("tombol", 0x53000007))
        self.files = {DEVICE: (self.text,), ROLE: ("",)}  # of the tool: what each may hold
        self._mount()
        for path in self.files:
            with open(path, "w") as file:
                file.write(self.files[path][0])
        files.read_state()
        vfs.umount("/flash")

    def note(self, *what):
        if sum(self.wrongs.values()) < 5:  # the first ones are enough to start with
            print(*what)

    def _power(self):
        return Flash(self.data, self.torn, self.rnd)

    def _mount(self, as_main=False):
        vfs.mount(vfs.VfsLfs2(self.flash), "/flash")
        self.mounts["main" if as_main else "port"] += 1
        if as_main:
            wide = vfs.VfsLfs2(self.flash, readsize=self.wide)
            if self.writes_wide:
                vfs.umount("/flash")
                vfs.mount(wide, "/flash")
            else:
                vfs.mount(wide, WIDE, readonly=True)

    def life(self):
        """One start, until its cut."""
        self.flash = self._power()
        at_prompt = self.rnd(TOOL_PART) == 0
        try:
            self._mount(not at_prompt)
        except OSError:
            self.wrongs["mount"] += 1
            raise
        state = self._check()  # reads all and takes main.py's mount away, as a start does
        self.flash.left = self.rnd(OPS_MAX)
        try:
            if at_prompt:
                self._tool()
            self._work(Sequence(state, (state.get("boots") or b"\0")[0], RESERVE))
        except (Cut, OSError):  # littlefs hands the fault of its flash on in its own way
            if self.flash.left is None or self.flash.left >= 0:
                raise
        vfs.umount("/flash")

    def _check(self):
        """Compare all that a start reads with what was acknowledged."""
        try:
            for path in self.files:
                files.DEVICE_FILE = path
                text = files.device_text()
                if text not in self.files[path]:
                    raise ValueError(path)
                self.files[path] = (text,)
                if path == DEVICE:
                    settings.load(text)
        except (OSError, ValueError) as fault:
            self.note("settings", repr(fault))
            self.wrongs["settings"] += 1
        state = files.read_state()
        for name in set(self.known) | set(state):
            allowed = [self.known.get(name) or None]  # an empty file is none
            if self.trying and self.trying[0] == name:
                allowed.append(self.trying[1] or None)
            if state.get(name) not in allowed:
                self.note("lost", name, state.get(name), allowed)
                self.wrongs["lost"] += 1
        if "config" in state and not configure.Kept(state["config"]).version:
            self.wrongs["settings"] += 1
        self.known, self.trying = dict(state), None
        return state

    def _write(self, name, data):
        self.trying = (name, bytes(data))
        files.write_state(name, data)
        self.known[name], self.trying = bytes(data), None
        self.writes += 1

    def _tool(self):
        """At the prompt: one of its files anew, shorter or longer."""
        path = DEVICE if self.rnd(2) else ROLE
        text = (self.text if path == DEVICE else "") + " " * self.rnd(700 if path == DEVICE else 9_000)
        self.files[path] += (text,)
        with open(path, "w") as file:
            file.write(text)
        self.files[path] = (text,)

    def _work(self, sequence):
        """Writes in the mix of a device's life, without an end but the cut."""
        self._write("boots", bytes(((self.known.get("boots", b"\0")[0] + 1) & 0xFF,)))
        version = 1
        guard = Guard(GUARD_ROWS)
        while True:
            what = self.rnd(8)
            if what < 4:
                actions = []
                value = sequence.take(actions)
                for action in actions:
                    self._write(action.name, action.data)
                if value <= self.used:
                    self.wrongs["reused"] += 1
                self.used = max(self.used, value)
                self.values += 1
            elif what == 4:
                self._write("incident", b"" if self.rnd(3) == 0 else bytes(self.rnd(256) for _ in range(24)))
            elif what == 5:
                self._write("air", bytes(self.rnd(256) for _ in range(8)))
            elif what == 6:
                for _ in range(1 + self.rnd(4)):
                    guard.raise_to(0x53001000 + self.rnd(GUARD_ROWS), 0, 0, 1 + self.rnd(1 << 30))
                self._write("guard", guard.dump())
            else:
                version += 1
                self._write("config", config_file(version, self.rnd))


def config_file(version, rnd):
    kept = configure.Kept(b"")
    kept.version = version & 0xFFFF
    return kept.persist(
        {
            "hop_limit": 1 + rnd(7),
            "status_period_s": 3600 + rnd(3600),
            "revoked": [0x53000000 + rnd(1000) for _ in range(rnd(60))],
        }
    ).data


def careless(name, data):
    """Write as write_state must not: the file is cut off for a while."""
    with open("/flash/state/" + name, "wb") as file:
        file.write(data[: len(data) // 2])
    with open("/flash/state/" + name, "ab") as file:
        file.write(data[len(data) // 2 :])


def narrow():
    """files.py's: main.py's mount is gone, if there is one."""
    try:
        vfs.umount(WIDE)
    except OSError:
        pass


def main():
    cuts, seed = int(sys.argv[1]), int(sys.argv[2])
    device = Device(Random(seed))
    if sys.argv[3:] == ["careless"]:
        files.write_state = careless
    device.writes_wide = sys.argv[3:] == ["wide"]
    for _ in range(cuts):
        device.life()
    device.flash = device._power()
    device._mount()
    device._check()
    print(
        json.dumps(
            {
                "cuts": cuts,
                "seed": seed,
                "torn": device.torn,
                "writes": device.writes,
                "mounts": device.mounts,
                "values": device.values,
                "wrongs": device.wrongs,
            }
        )
    )
    sys.exit(1 if any(device.wrongs.values()) else 0)


main()
