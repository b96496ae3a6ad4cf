"""Results on disk: build/bench/<digest of the code>/<cell>.jsonl, one line a seed, so that a grid can resume.

Only one process writes. A line that a kill has torn is skipped; its seed is then run again.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from kentongan_sim.bench import grid
from kentongan_sim.bench.grid import Cell
from kentongan_sim.bench.record import Record

PACKAGES = ("kentongan_wire", "kentongan_node", "kentongan_gateway", "kentongan_sim")
# Parts of the simulator that change no figure of a run: the demo's pages, diagrams, and what judges the grid.
OUTSIDE = ("demo/", "world/realtime.py", "checkers/plot.py")
BENCH_INSIDE = ("record.py",)


def code_files() -> list[Path]:
    """List every source file on which a result depends, in order."""
    files = []
    for package in PACKAGES:
        root = Path(import_module(package).__path__[0])
        for path in sorted(root.rglob("*.py")):
            if package == "kentongan_sim" and not matters(path.relative_to(root)):
                continue
            files.append(path)
    return files


def matters(path: Path) -> bool:
    """Tell whether a file of the simulator, by its path within the package, can change a result."""
    if path.parts[0] == "bench":
        return path.name in BENCH_INSIDE
    return not path.as_posix().startswith(OUTSIDE)


def code_digest(files: Iterable[Path] | None = None) -> str:
    """12 hexadecimal digits that change with the code that matters."""
    digest = sha256()
    for path in code_files() if files is None else files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


class Store:
    """The results of one digest under one folder."""

    def __init__(self, folder: str | Path, digest: str):
        self.folder = Path(folder) / digest
        self.digest = digest

    def path(self, cell: Cell) -> Path:
        return self.folder / f"{grid.name(cell)}.jsonl"

    def load(self, cell: Cell) -> dict[int, Record]:
        """{seed: record} of this cell as it is defined now, by this code."""
        found: dict[int, Record] = {}
        try:
            lines = self.path(cell).read_bytes().split(b"\n")
        except FileNotFoundError:
            return found
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if (record.get("key"), record.get("digest")) == (grid.key(cell), self.digest):
                found[record["seed"]] = record
        return found

    def append(self, cell: Cell, record: dict) -> None:
        """Keep one result; it is on its way to the disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({**record, "key": grid.key(cell), "digest": self.digest}, separators=(",", ":"))
        with self.path(cell).open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                torn = file.read(1) != b"\n"
                if torn:
                    line = "\n" + line
            file.write(line.encode() + b"\n")
