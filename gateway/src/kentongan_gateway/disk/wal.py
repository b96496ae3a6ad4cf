"""SQLite's journal (WAL), looked at before SQLite opens it: it ends a damaged one without a word.

SQLite reads the journal up to the first frame whose check sum fails and takes that for the torn end of a
transaction that was never committed. Where other transactions follow it is no torn end: the first of them was
on disk before the next began, and was acknowledged. Intact pages behind the damage can still be read.

Layout: sqlite.org/fileformat2.html, section 4. A header of 32 bytes, then frames of 24 bytes and one page.
"""

import os
import struct
from typing import NamedTuple

HEADER_BYTES, FRAME_BYTES = 32, 24
BIG, LITTLE = 0x377F0683, 0x377F0682  # magic: in which byte order the check sums were made
PAGE_DEFAULT = 4_096
PAGES = tuple(1 << power for power in range(9, 17))
MASK = 0xFFFFFFFF

Sums = tuple[int, int]


class Frame(NamedTuple):
    page: int  # its number
    commit: int  # pages of the database where the frame ends a transaction, else 0
    whole: bool  # its check sum holds
    data: bytes


def _sums(data: bytes, order: str, seed: Sums) -> Sums:
    """Return the two running check sums over 32-bit words, two at a time."""
    first, second = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for at in range(0, len(words), 2):
        first = (first + words[at] + second) & MASK
        second = (second + words[at + 1] + first) & MASK
    return first, second


def _open(raw: bytes) -> tuple[int, str, tuple[int, ...], Sums, bool]:
    """(page size, byte order, salts, seed of the first frame, whether the header is whole)"""
    magic, _, page, _, salt_1, salt_2, sum_1, sum_2 = struct.unpack_from(">8I", raw)
    salts = salt_1, salt_2
    order, seed = ">" if magic == BIG else "<", (sum_1, sum_2)
    made = _sums(raw[:24], order, (0, 0))
    whole = magic in (BIG, LITTLE) and made == seed
    if not whole:
        page = page if page in PAGES else PAGE_DEFAULT
        first = raw[HEADER_BYTES : HEADER_BYTES + FRAME_BYTES + page]
        salts = struct.unpack_from(">2I", first, 8)
        if _sums(first[:8] + first[FRAME_BYTES:], order, made) == struct.unpack_from(">2I", first, 16):
            seed = made  # it is the sum itself that is damaged
    return page, order, salts, seed, whole


def frames(raw: bytes) -> tuple[bool, list[Frame]]:
    """(whether the header is whole, [Frame]) of the journal's present generation, damaged ones among them.

    Frames of an older generation, which SQLite has long copied and writes over, end the list.
    """
    if len(raw) < HEADER_BYTES + FRAME_BYTES + PAGES[0]:
        return True, []
    page, order, salts, seed, good_header = _open(raw)
    out: list[Frame] = []
    current = 0
    for at in range(HEADER_BYTES, len(raw) - FRAME_BYTES - page + 1, FRAME_BYTES + page):
        number, commit, salt_1, salt_2, sum_1, sum_2 = struct.unpack_from(">6I", raw, at)
        data = raw[at + FRAME_BYTES : at + FRAME_BYTES + page]
        whole = (salt_1, salt_2) == salts
        if whole:
            # each sum begins with the one before it, as it stands there: behind damage they hold again
            whole = _sums(raw[at : at + 8] + data, order, seed) == (sum_1, sum_2)
            current = len(out) + 1
        seed = sum_1, sum_2
        ours = (salt_1, salt_2) == salts  # else it is old, or noise, and ends nothing
        out.append(Frame(number, commit if ours else 0, whole, data))
    return good_header, out[:current]


def damage(path: str) -> str | None:
    """Describe the damage of the journal at `path`, or return None; OSError when it cannot be read.

    A torn end is none: a transaction that a power cut met, which nobody was told of. Nor is no journal.
    """
    raw = _read(path)
    good_header, all_frames = frames(raw)
    if not all_frames:
        return None
    if not good_header:
        return "its head is damaged"
    bad = next((at for at, frame in enumerate(all_frames) if not frame.whole), None)
    if bad is None:
        return None
    pads = _pads(all_frames)
    begin = bad + 1 if bad in pads else bad  # the next transaction shares a sector with the last one's copy
    end = next((at for at in range(begin, len(all_frames)) if all_frames[at].commit), None)
    if end is None or pads.issuperset(range(end + 1, len(all_frames))):
        return None
    return f"page {bad + 1} of {len(all_frames)} is damaged"


def _pads(all_frames: list[Frame]) -> set[int]:
    """Return the positions at which a transaction's last frame is repeated.

    SQLite fills up a sector with it, so that writing the next transaction endangers a copy only.
    """
    out: set[int] = set()
    before: Frame | None = None
    for at, frame in enumerate(all_frames):
        if before and before.commit and (frame.page, frame.commit) == (before.page, before.commit):
            out.add(at)
            before = None
        else:
            before = frame
    return out


def replay(path: str) -> None:
    """Write every intact page of `path`-wal into the database at `path` and remove the journal.

    For a copy of what was set aside: pages that only damaged frames had stay as they were before.
    """
    journal = path + "-wal"
    _, all_frames = frames(_read(journal))
    last = max((at for at, frame in enumerate(all_frames) if frame.commit), default=-1)
    with open(path, "r+b") as file:
        for frame in all_frames[: last + 1]:
            if frame.whole and frame.page:
                file.seek((frame.page - 1) * len(frame.data))
                file.write(frame.data)
    os.unlink(journal)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
