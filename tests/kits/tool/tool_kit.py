"""Helpers of kentongan-tool's tests: made-up firmware images, a technician's folder, label data."""

import os
import shutil
import struct
import subprocess
import sys
import unittest.mock
from pathlib import Path

from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import bundle, devicetools, images
from kentongan_tool.board.boards import FLASH_START, GENERIC, IMAGE_CHIP_ID
from kentongan_tool.code import driver
from kits.patience import PATIENCE_S

PROGRAM = Path(sys.executable).parent / "kentongan-tool"
SECRET = "kunci-rahasia"
DOTS_PER_INCH = 200  # of a printed sheet that is read back


def need_tools(require, *names):
    """The helper programs, made once; without PyPI the test is skipped with the remedy."""
    try:
        devicetools.ensure(names)
    except ToolError as error:
        require(
            False,
            f"helper programs of kentongan-tool ({error.what})",
            "run `make tools` on a machine that reaches PyPI",
        )


def firmware_image(chip, parts=None, chip_id=None):
    """Bytes that look like MicroPython's image to whoever reads headers and the partition table.

    As in its own images, no partition is there for the file system.
    """
    data = bytearray(b"\xff" * (0x10000 - FLASH_START[chip] + 4096))
    struct.pack_into("<B", data, 0, images.IMAGE_MAGIC)
    data[1:12] = bytes(11)
    struct.pack_into("<H", data, images.CHIP_ID_AT, IMAGE_CHIP_ID[chip] if chip_id is None else chip_id)
    table = parts or [("nvs", 0x9000, 0x6000), ("phy_init", 0xF000, 0x1000), ("factory", 0x10000, 0x1F0000)]
    at = images.PARTITIONS_AT - FLASH_START[chip]
    for number, (name, offset, size) in enumerate(table):
        where = at + number * images.ENTRY.size
        images.ENTRY.pack_into(data, where, images.ENTRY_MAGIC, 1, 0x81, offset, size, name.encode(), 0)
    data[-16:] = os.urandom(16)
    return bytes(data)


RADIOS = driver.CHIPS


def technicians_folder(folder, driver=True, chips=tuple(GENERIC)):
    """Make the folder that a technician has downloaded: images and the radio driver."""
    (folder / "images").mkdir(parents=True)
    for chip in chips:
        (folder / "images" / f"{GENERIC[chip]}-20251209-v1.27.0.bin").write_bytes(firmware_image(chip))
    if driver:
        (folder / "lib/lora").mkdir(parents=True)
        for name in ("modem", "sync_modem"):
            (folder / f"lib/lora/{name}.py").write_text("import time\n")
        for name, kind in RADIOS.values():
            (folder / f"lib/lora/{name}.py").write_text(f"class {kind}:\n    pass\n")
    return folder


def quick_bundle(given, out):
    """A bundle of this folder with the code that of_checkout() keeps: to pack code takes half a minute.

    tests/tool/board/test_bundle.py holds that what is kept is what is packed.
    """
    kept = bundle.of_checkout().folder / "device"

    def copied(_code, device, _told):
        shutil.copytree(kept, device, dirs_exist_ok=True)

    with unittest.mock.patch.object(bundle, "_pack_code", copied):
        return bundle.make(given, out, with_wheels=False)


def run_tool(*args, **more):
    words = [PROGRAM, *map(str, args)]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, **more)


def label_data(number=7, **changed):
    """Return the answer of the hub's label route for a button."""
    node = 0x6B74F000 + number
    return {
        "site": "rt-05-sukamaju",
        "name": "RT 05 Sukamaju",
        "node": node,
        "id": f"{node:08x}",
        "label": f"tombol-{number:02d}",
        "role": "tombol",
        "role_word": "tombol darurat",
        "house": number,
        "zone": 5,
        "place": "Gang Mawar",
        "steps": ["Tekan tombol merah sekali.", "Lihat lampunya.", "Salah tekan? Tahan 3 detik."],
        "qr": f"KENTONGAN rt-05-sukamaju tombol-{number:02d} {node:08x}",
        **changed,
    }


def text_of(path, require):
    require(_has("pdftotext"), "pdftotext", "apt install poppler-utils")
    words = ["pdftotext", "-layout", path, "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _has(program):
    return shutil.which(program) is not None


def codes_on(path, require):
    """Every QR code on every page, as a phone's camera would read it."""
    require(_has("pdftoppm"), "pdftoppm", "apt install poppler-utils")
    import zxingcpp
    from PIL import Image

    subprocess.run(["pdftoppm", "-r", str(DOTS_PER_INCH), "-png", path, path.with_suffix("")], check=True)
    pages = sorted(path.parent.glob(f"{path.stem}-*.png"))
    return [code.text for page in pages for code in zxingcpp.read_barcodes(Image.open(page))]


MOCK, MOCK_VERSION = "esp32-mock-bootloader", "0.3.0"  # answers esptool as a chip's ROM loader does


class MockBoard:
    """A chip's loader that holds what is flashed, in a process of its own: on a pty, or on a TCP port, which
    loses nothing on a busy machine."""

    def __init__(self, require, chip, pty=False):
        with unittest.mock.patch.dict(devicetools.VERSIONS, {MOCK: MOCK_VERSION}):
            need_tools(require, MOCK)
            program = devicetools.folder_of(MOCK) / "bin" / MOCK
        words = [program, "run", "--chip", chip, *(["--pty"] if pty else ["--port", "0"])]
        self.process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        said = self.process.stdout.readline().strip()
        self.port = said if pty else "socket://" + said.rsplit(" ", 1)[-1]

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
