"""MicroPython onto a blank board: chip found, image checked against it, written, and verified by the chip.

As one image the whole device goes along: code and settings as a littlefs of their own partition.
"""

import re
from pathlib import Path
from typing import NamedTuple

from kentongan_tool import boards, devicetools, images
from kentongan_tool.bundle import Bundle
from kentongan_tool.failures import Say, ToolError
from kentongan_tool.prompt import check_port, staging

CHIP_S, FLASH_S = 60, 600
INLINE_BYTES = 128  # the port's cache: a larger file inside its folder it cannot always read (error 84)
CHIP_LINE = re.compile(r"^(?:Chip type:|Chip is|Detecting chip type\.\.\.)\s*(ESP32\S*)", re.MULTILINE)
SIZE_LINE = re.compile(r"Detected flash size:\s*(\d+)MB")
NATIVE_ESP32 = re.compile(r"ESP32-(?:D0|U4|PICO|S0)")  # names of the classic chip's packages


class Chip(NamedTuple):
    name: str
    flash_mb: int | None  # None: not told


def esptool(port: str, *words: object, chip: str = "auto", timeout_s: float = FLASH_S) -> str:
    """Output of one esptool command; its failures as ToolErrors."""
    check_port(port)
    done = devicetools.run("esptool", "--chip", chip, "--port", port, *words, timeout_s=timeout_s)
    if done.returncode == 0:
        return done.stdout
    said = done.stdout + done.stderr
    last = devicetools.last_line(done.stderr if done.stderr.strip() else done.stdout)
    if done.returncode is None or re.search("No serial data|Failed to connect|Timed out waiting", said):
        raise ToolError("no_answer", f"{port}: the chip's loader is silent")
    if re.search("[Pp]ort is busy|could not exclusively lock|multiple access", said):
        raise ToolError("port_busy", port)
    if "Permission denied" in said:
        raise ToolError("port_denied", port)
    if re.search("wrong chip|[Uu]nexpected.*chip|This chip is|chip.*not match", said):
        raise ToolError("wrong_chip", f"{port}: {last}")
    if re.search("[Vv]erif|digest mismatch|MD5 of file does not match", said):
        raise ToolError("not_written", f"{port}: {last}")
    raise ToolError("no_answer", f"{port}: {last}")


def find_chip(port: str) -> Chip:
    """Ask esptool what is at the port: ESP32 or ESP32-S3 and the flash's size in MB (None: not told)."""
    said = esptool(port, "flash-id", timeout_s=CHIP_S)
    found = CHIP_LINE.search(said)
    if not found:
        raise ToolError("no_answer", f"{port}: esptool names no chip")
    word = found.group(1)
    name = (
        boards.ESP32S3
        if word.startswith(boards.ESP32S3)
        else boards.ESP32
        if word == boards.ESP32 or NATIVE_ESP32.match(word)
        else word
    )
    size = SIZE_LINE.search(said)
    return Chip(name, int(size.group(1)) if size else None)


def flash(port: str, bundle: Bundle, say: Say, wanted: str | None = None) -> tuple[Chip, images.Partition]:
    """Erase the board and write MicroPython's image for its chip; (chip, vfs partition)."""
    chip = find_chip(port)
    say(f"Chip di {port}: {chip.name}, flash {chip.flash_mb or '?'} MB")
    if chip.name not in boards.GENERIC:
        raise ToolError("wrong_chip", f"{port}: {chip.name}; boards here have an ESP32 or ESP32-S3")
    if wanted and boards.BOARDS[wanted].chip != chip.name:
        raise ToolError("wrong_chip", f"--board {wanted} has {boards.BOARDS[wanted].chip}, not {chip.name}")
    boards.refuse_unfit(chip.name, usb_of(port), chip.flash_mb, [wanted] if wanted else [])
    path, data = bundle.image(chip.name)
    if not chip.flash_mb:
        raise ToolError("no_answer", f"{port}: the chip tells no size of its flash")
    partition = images.file_system(data, chip.name, path.name, chip.flash_mb << 20)
    if partition.offset + partition.size > chip.flash_mb << 20:
        raise ToolError("wrong_image", f"{path.name}: wants more than the {chip.flash_mb} MB of this board")
    say("Menghapus flash")
    esptool(port, "erase-flash", chip=esptool_name(chip.name))
    write_flash(port, chip.name, boards.FLASH_START[chip.name], path, say)
    return chip, partition


def write_flash(port: str, chip: str, offset: int, path: Path, say: Say) -> None:
    """Write one file and have the chip compare it."""
    say(f"Menulis {path.name}")
    esptool(port, "write-flash", hex(offset), path, chip=esptool_name(chip))
    esptool(port, "verify-flash", hex(offset), path, chip=esptool_name(chip))
    say("Diperiksa oleh chip: sama")


def esptool_name(chip: str) -> str:
    return chip.lower().replace("-", "")


def littlefs(files: dict[str, bytes], size: int, path: Path) -> None:
    """Write {path: bytes} as one littlefs image of `size` bytes, as MicroPython mounts it."""
    with staging() as folder:
        for name, data in files.items():
            target = folder / "files" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        done = devicetools.run(
            "littlefs-python",
            "create",
            "--block-size",
            images.BLOCK_BYTES,
            "--fs-size",
            size,
            "--inline-max",
            INLINE_BYTES,
            f"{folder}/files",
            path,
        )
    if done.returncode:
        raise ToolError("not_written", f"littlefs image: {devicetools.last_line(done.stderr + done.stdout)}")


def usb_of(port: str) -> boards.Usb | None:
    """(vendor, product) of a USB port, or None."""
    from serial.tools import list_ports

    for one in list_ports.comports():
        if one.device == str(port):
            return one.vid, one.pid
    return None
