"""MicroPython's firmware images (.bin): which chip one is for, and where its file system lies.

Layouts from ESP-IDF: esp_app_format.h (image header) and gen_esp32part.py (partition table at 0x8000).
"""

import struct
from typing import NamedTuple

from kentongan_tool.base.failures import ToolError
from kentongan_tool.board.boards import FLASH_START, IMAGE_CHIP_ID

IMAGE_MAGIC = 0xE9
CHIP_ID_AT = 12
PARTITIONS_AT = 0x8000  # in flash
ENTRY = struct.Struct("<HBBII16sI")  # magic, type, subtype, offset, size, label, flags
ENTRY_MAGIC = 0x50AA
ENTRIES_MAX = 96
TABLE_BYTES = ENTRIES_MAX * ENTRY.size
BLOCK_BYTES = 4096  # erase block, and littlefs's block
FILE_SYSTEM, FAT = "vfs", "ffat"  # the labels that MicroPython mounts; the second one holds no littlefs


class Partition(NamedTuple):
    name: str
    offset: int
    size: int


def check_chip(data: bytes, chip: str, where: str) -> None:
    """ToolError("wrong_image") unless `data` is a firmware image for that chip."""
    if len(data) < CHIP_ID_AT + 2 or data[0] != IMAGE_MAGIC:
        raise ToolError("wrong_image", f"{where}: starts with no ESP image header")
    number = struct.unpack_from("<H", data, CHIP_ID_AT)[0]
    if number != IMAGE_CHIP_ID[chip]:
        names = {value: name for name, value in IMAGE_CHIP_ID.items()}
        known = names.get(number, f"chip {number}")
        raise ToolError("wrong_image", f"{where}: is for {known}, not for {chip}")


def partitions(data: bytes, chip: str, where: str) -> list[Partition]:
    """Return the partition table of a whole image, in its order."""
    at, found = PARTITIONS_AT - FLASH_START[chip], []
    for number in range(ENTRIES_MAX):
        entry = data[at + number * ENTRY.size : at + (number + 1) * ENTRY.size]
        if len(entry) < ENTRY.size:
            break
        magic, _, _, offset, size, label, _ = ENTRY.unpack(entry)
        if magic != ENTRY_MAGIC:
            break
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), offset, size))
    if not found:
        raise ToolError("wrong_image", f"{where}: no partition table; take the whole image, not -app.bin")
    return found


def file_system(data: bytes, chip: str, where: str, flash_bytes: int) -> Partition:
    """Return the partition that MicroPython mounts as its file system, on a flash of that size.

    Its own images name none: then all that lies behind the last one is it (ports/esp32/main.c).
    """
    table = partitions(data, chip, where)
    for one in table:
        if one.name == FILE_SYSTEM and one.size % BLOCK_BYTES == 0:
            return one
    if {one.name for one in table} & {FILE_SYSTEM, FAT}:
        raise ToolError(
            "wrong_image", f"{where}: has no partition {FILE_SYSTEM!r}; take MicroPython's own image"
        )
    end = max(one.offset + one.size for one in table)
    if end >= flash_bytes:
        raise ToolError("wrong_image", f"{where}: leaves no room for files on {flash_bytes >> 20} MB")
    return Partition(FILE_SYSTEM, end, flash_bytes - end)
