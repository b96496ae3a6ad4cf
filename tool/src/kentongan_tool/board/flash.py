"""MicroPython onto a blank board: chip found, image checked against it, written, and verified by the chip.

As one image the whole device goes along: code and settings as a littlefs of their own partition.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from kentongan_tool.base import progress
from kentongan_tool.base.asking import Sure, sure_already
from kentongan_tool.base.failures import Say, ToolError
from kentongan_tool.board import boards, devicetools, holders, images
from kentongan_tool.board.bundle import Bundle
from kentongan_tool.board.console import ask_for_prompt
from kentongan_tool.board.prompt import Prompt, check_port, staging

CHIP_S, FLASH_S = 60, 600
FIND_S, ERASE_S_PER_MB, VERIFY_S, VERIFY_BYTES_S = 6, 3, 4, 1_000_000  # what boards usually take
DEVICE = b"device.json"  # names lie in the open in littlefs, in the first two blocks of its first folder
ROM = "--no-stub"
LOOK_BYTES = 2 * images.BLOCK_BYTES
INLINE_BYTES = 128  # the port's cache: a larger file inside its folder it cannot always read (error 84)
CHIP_LINE = re.compile(r"^(?:Chip type:|Chip is|Detecting chip type\.\.\.)\s*(ESP32\S*)", re.MULTILINE)
SIZE_LINE = re.compile(r"Detected flash size:\s*(\d+)MB")
SILENT = "No serial data|Failed to connect|Timed out waiting"
# What went wrong, by esptool's words; the first that fits. A noisy line breaks a packet or its checksum; the
# chip's own comparison finds what arrived whole and is not kept.
SAID = (
    ("locked", "(?i)secure download mode|secure boot.* detected|flash encryption|active security features"),
    ("port_busy", "[Pp]ort is busy|could not exclusively lock|multiple access|Resource busy"),
    ("port_denied", "Permission denied"),
    ("cut", "Input/output error|device disconnected|No such device|No such file or directory: '/dev"),
    ("no_answer", SILENT),
    ("noise", "serial noise|Invalid head of packet|Corrupt data|[Cc]hecksum error|Packet content transfer"),
    ("wrong_chip", "wrong chip|[Uu]nexpected.*chip|This chip is|chip.*not match"),
    ("dead_flash", "[Vv]erif(?:y|ication) failed|digest mismatch|MD5 of file does not match"),
)
NATIVE_ESP32 = re.compile(r"ESP32-(?:D0|U4|PICO|S0)")  # names of the classic chip's packages


class Chip(NamedTuple):
    name: str
    flash_mb: int | None  # None: not told


def esptool(
    port: str,
    *words: object,
    chip: str = "auto",
    timeout_s: float = FLASH_S,
    heard: devicetools.Heard | None = None,
) -> str:
    """Output of one esptool command; its failures as ToolErrors."""
    check_port(port)
    done = devicetools.run(
        "esptool", "--chip", chip, "--port", port, *words, timeout_s=timeout_s, heard=heard
    )
    if done.returncode == 0:
        return done.stdout
    last = devicetools.last_line(done.stderr if done.stderr.strip() else done.stdout)
    raise failure(port, done.returncode, done.stdout + done.stderr, last)


def failure(port: str, code: int | None, said: str, last: str) -> ToolError:
    """Of what esptool said before it gave up; `last` is its last line."""
    there = "://" in port or os.path.exists(port)
    name = next((name for name, words in SAID if re.search(words, said)), "no_answer")
    if name == "port_busy" and there:
        return holders.busy(port)
    if name == "port_busy" or not there:
        return ToolError("cut", port)
    if name == "no_answer" and (code is None or re.search(SILENT, said)):
        return ToolError(name, f"{port}: the chip's loader is silent")
    return ToolError(name, f"{port}: {last}")


def find_chip(port: str, *options: str) -> Chip:
    """Ask esptool what is at the port: ESP32 or ESP32-S3 and the flash's size in MB (None: not told)."""
    with progress.reckoned("Mencari chip", FIND_S):
        said = esptool(port, *options, "flash-id", timeout_s=CHIP_S)
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


def ask_before(port: str, sure: Sure) -> None:
    """Look at what the board is, and ask before a device is erased: of the program that runs there, or where
    nothing speaks, a button asleep or a blank board, of the flash itself.
    """
    if sure is sure_already:
        return
    check_port(port)
    if "://" in port or not ask_for_prompt(port):
        if held(port):
            sure(
                f"{port}: papan ini berisi alat (holds a device), tidur atau macet (asleep or hung)", "hapus"
            )
        return
    prompt = Prompt(port)
    device = prompt.probe().device
    if device:
        role, label, node, _ = device
        number = format(node, "08x") if isinstance(node, int) else "?"
        try:
            sure(f"{port}: {role} {label} {number}", str(label))
        except BaseException:
            prompt.leave()
            raise


def held(port: str) -> bool:
    """Tell whether the first folder of MicroPython's file system has the names of a device."""
    chip = find_chip(port, ROM)
    if chip.name not in boards.GENERIC or not chip.flash_mb:
        return False  # flash() says why it takes no such board
    table = read_flash(port, chip.name, images.PARTITIONS_AT, images.TABLE_BYTES)
    image = bytes(images.PARTITIONS_AT - boards.FLASH_START[chip.name]) + table
    try:
        files = images.file_system(image, chip.name, port, chip.flash_mb << 20)
    except ToolError:
        return False  # blank, or no MicroPython
    return DEVICE in read_flash(port, chip.name, files.offset, LOOK_BYTES)


def read_flash(port: str, chip: str, offset: int, size: int) -> bytes:
    """By the chip's own loader, which needs nothing uploaded."""
    with staging() as folder:
        path = folder / "flash.bin"
        words = ROM, "read-flash", hex(offset), hex(size), path
        esptool(port, *words, chip=esptool_name(chip), timeout_s=CHIP_S)
        return path.read_bytes()


def flash(port: str, bundle: Bundle, say: Say, wanted: str | None = None) -> tuple[Chip, images.Partition]:
    """Erase the board and write MicroPython's image for its chip; (chip, vfs partition)."""
    chip = find_chip(port)
    say(f"Chip di {port}: {chip.name}, flash {chip.flash_mb or '?'} MB")
    path, partition = fitting(port, chip, bundle, wanted)
    say("Menghapus flash")
    with progress.reckoned("Menghapus", ERASE_S_PER_MB * (chip.flash_mb or 1)):
        esptool(port, "erase-flash", chip=esptool_name(chip.name))
    write_flash(port, chip.name, boards.FLASH_START[chip.name], path, say)
    return chip, partition


def fitting(
    port: str, chip: Chip, bundle: Bundle, wanted: str | None = None
) -> tuple[Path, images.Partition]:
    """MicroPython's image for that chip and where its files will lie; ToolError before anything is erased."""
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
    return path, partition


def write_flash(port: str, chip: str, offset: int, path: Path, say: Say) -> None:
    """Write one file and have the chip compare it."""
    say(f"Menulis {path.name}")
    with progress.Progress("Menulis") as told:
        heard = progress.of_percents(told)
        esptool(port, "write-flash", hex(offset), path, chip=esptool_name(chip), heard=heard)
    with progress.reckoned("Memeriksa", VERIFY_S + path.stat().st_size / VERIFY_BYTES_S):
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
