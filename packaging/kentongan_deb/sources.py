"""Sources of a build: version, date, wheels of our own, and the libraries that uv.lock names."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from kentongan_deb.plans import ARCHITECTURES, DEBIANS, PACKAGES, Target


class BuildError(Exception):
    """A step that failed; its text names the step and the remedy."""


def ran(words: Sequence[str | Path], remedy: str, cwd: Path | None = None) -> str:
    """Run a program to its end and return what it printed; BuildError with its last line otherwise."""
    try:
        done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    except FileNotFoundError:
        raise BuildError(f"{words[0]} is not on this machine; {remedy}")
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise BuildError(f"{Path(words[0]).name}: {' '.join(said[-3:])[:400]}; {remedy}")
    return done.stdout


UV = (sys.executable, "-m", "uv")
SETUP = "in the project's folder: make setup"
EXPORT = (*UV, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace", "--package")


class Sources:
    """The repository as the packages take it; wheels and lists are made once for all of them."""

    def __init__(self, root: Path, out: Path) -> None:
        self.root, self.out = root, out
        self.work = out / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.epoch = _epoch(root)
        self.number = _number(root, self.epoch)

    def wheel(self, part: str) -> Path:
        """Return the wheel of one of our own parts, built at the first call."""
        folder = self.work / "wheels" / part
        if not folder.exists():
            ran([*UV, "build", "--quiet", "--wheel", "--out-dir", folder, self.root / part], SETUP)
        (wheel,) = folder.glob("*.whl")
        return wheel

    def requirements(self, package: str) -> Path:
        """Return the list of libraries with their hashes, as uv.lock has them, without tests' or ours."""
        path = self.work / f"{package}.txt"
        if not path.exists():
            ran([*EXPORT, package, "--output-file", path], SETUP, self.root)
        return path

    def install(self, target: Target, folder: Path) -> None:
        """Unpack the libraries' wheels for that Python and machine, and ours, into one folder."""
        debian, arch = DEBIANS[target.debian], ARCHITECTURES[target.arch]
        words: list[str | Path] = [
            *UV,
            *("pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"),
            *("--python-version", debian.python),
            *("--python-platform", f"{arch.wheels}-manylinux_{debian.glibc}"),
            *("--target", folder),
        ]
        remedy = "the wheels come from PyPI the first time; with a connection: make deb"
        ran([*words, "--require-hashes", "-r", self.requirements(target.package)], remedy)
        ran([*words, *(self.wheel(part) for part in PACKAGES[target.package].workspace)], remedy)


def _epoch(root: Path) -> int:
    """Return the moment that every file of a package bears: of the commit, else SOURCE_DATE_EPOCH."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    remedy = "without git set SOURCE_DATE_EPOCH"
    return int(ran(["git", "log", "-1", "--format=%ct"], remedy, root))


def _number(root: Path, epoch: int) -> str:
    """Return the version: of a tagged commit the plain one, else with its moment behind it.

    So a package of a later commit is an upgrade, and the next release is one too.
    """
    text = (root / "wire/src/kentongan_wire/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise BuildError("wire/src/kentongan_wire/__init__.py: no __version__; write the number there")
    tags = ran(["git", "tag", "--points-at", "HEAD"], "install git", root).split()
    return found[1] if f"v{found[1]}" in tags else f"{found[1]}+{_stamp(epoch)}"


def _stamp(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%d.%H%M%S")
