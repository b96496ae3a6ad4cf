"""The one file of each role, made once for all that only want to run it.

To join and compile a role takes seconds, and the files of tests that start roles wanted it thirty times.
"""

import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from kentongan_tool.board.bundle import join

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {
    "kentongan_node": ROOT / "firmware/src/kentongan_node",
    "kentongan_wire": ROOT / "wire/src/kentongan_wire",
}
MADE_OF = (*SOURCES.values(), ROOT / "firmware/roles", ROOT / "tool/src/kentongan_tool", ROOT / "uv.lock")
KEPT = ROOT / "build/joined"


def digest(made_of=MADE_OF):
    """Return a hash of every source that has a say in it; uv.lock names the compiler."""
    told = hashlib.sha256()
    for place in made_of:
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            told.update(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}\0".encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:32]


@functools.cache
def joined(role):
    """Return the path of the role's .mpy: made anew whenever a source has changed, else what a test made."""
    folder = KEPT / digest()
    made = folder / f"{role}.mpy"
    if not made.exists():
        for old in set(KEPT.glob("*")) - {folder}:
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder
        ) as making:  # of other workers', too: a whole file or none
            join(ROOT / "firmware/roles" / role / "role.py", SOURCES, Path(making) / "role.mpy")
            os.replace(Path(making) / "role.mpy", made)
    return made


def put(role, target):
    """Copy the role's .mpy to that place."""
    shutil.copyfile(joined(role), target)
