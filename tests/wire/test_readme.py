"""wire/README.md names everything that the code knows, and its tables are the code's."""

import runpy
import shlex
import subprocess
import sys
from pathlib import Path

from kentongan_wire.air import flood, link
from kentongan_wire.base import codes, errors
from kentongan_wire.settings import config, device_file
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "wire/README.md").read_text(encoding="utf-8")


def test_the_tables_are_drawn_from_the_code():
    redrawn = runpy.run_path(str(ROOT / "tests/wire/readme_tables.py"))["redrawn"]
    assert redrawn(TEXT) == TEXT, "run: .venv/bin/python tests/wire/readme_tables.py"


def test_every_name_of_the_code_appears():
    names = [
        *codes.TYPE_NAMES.values(),
        *codes.ROLE_NAMES.values(),
        *codes.KIND_NAMES.values(),
        *errors.REASONS,
        *config.NAMES,
        *config.PROFILES,
        *link.ERRORS,
        *link.REASON_NAMES.values(),
        *flood.CLASS_NAMES,
        *device_file.NAMES,
        *(kind.__name__ for _, kind, _, _ in link.LAYOUTS),
    ]
    assert [name for name in names if name not in TEXT] == []


def test_every_module_is_named():
    for path in (ROOT / "wire/src/kentongan_wire").glob("*.py"):
        assert path.name == "__init__.py" or f"`{path.name}`" in TEXT, path.name


def test_its_commands_run(tmp_path):
    key = tmp_path / "key"
    key.write_text("00" * 32, encoding="utf-8")
    commands = [line for line in TEXT.splitlines() if line.startswith(".venv/bin/python -m kentongan_wire")]
    assert len(commands) == 2
    for line in commands:
        words = shlex.split(line.split(" < ")[0].replace("HEX", "00" * 16).replace("FILE", str(key)))
        done = subprocess.run(
            [sys.executable, *words[1:]], input=b"zz\n", capture_output=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0 and b'"error"' in done.stdout, done.stderr
