"""Checks and questions before anything is destroyed."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from kentongan_tool.base.failures import ToolError

Sure = Callable[[str, str], None]  # (what would be lost, the word to type): returns, or a ToolError

ROOM_BYTES = 5 << 20  # for a journal, a label, a result


def sure(what: str, word: str) -> None:
    """Ask a person; ToolError when nobody is there or says anything else."""
    if not sys.stdin.isatty():
        raise ToolError("not_sure", f"{what}: tidak ada yang menjawab (nobody to ask)")
    print(f"{what}. Isinya akan hilang (it will be lost).", flush=True)
    if input(f"Ketik {word} untuk menghapus (type it to erase): ").strip() != word:
        raise ToolError("not_sure", f"{what}: tidak jadi (not erased)")


def sure_already(_what: str, _word: str) -> None:
    """--yes: the question was answered before."""


def check_room(path: Path | None) -> None:
    """ToolError when a file cannot be written there later."""
    if path is None:
        return
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise ToolError("file", f"{path}: map {folder} tidak ada (no such folder)")
    if Path(path).is_dir():
        raise ToolError("file", f"{path}: sebuah map, bukan nama berkas (is a folder; give a file's name)")
    if not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise ToolError("file", f"{path}: tidak boleh ditulis (may not be written)")
    if shutil.disk_usage(folder).free < ROOM_BYTES:
        raise ToolError("file", f"{path}: disk penuh (the disk is full)")
