"""The tests of the radio shell, on MicroPython, with micropython-lib's own driver in place of our stand-in,
made into one file a chip as kentongan-tool makes it for a board.

usage: python tests/firmware/parts/real_lora.py PATH

PATH is a checkout of micropython-lib, or a folder into which its packages were installed, with micropython or
mpremote: `micropython -m mip install --no-mpy --target PATH lora-sx126x lora-sx127x lora-sync`.
Exit status of the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kentongan_tool.code import driver

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PARTS = ("lora", "lora-sync", "lora-sx126x", "lora-sx127x")


def gather(source, target):
    """The one package `lora` of a checkout's parts, or of an installed folder."""
    checkout = source / "micropython/lora"
    folders = [checkout / part / "lora" for part in PARTS] if checkout.is_dir() else [source / "lora"]
    for folder in folders:
        if not folder.is_dir():
            sys.exit(f"{folder} is missing; give a checkout of micropython-lib, or a folder with lora")
        shutil.copytree(folder, target / "given", dirs_exist_ok=True)
    (target / "lora").mkdir()
    shell = (ROOT / "firmware/src/kentongan_node/parts/radio.py").read_text(encoding="utf-8")
    for chip, (_, name) in driver.CHIPS.items():
        (target / "lora" / f"{chip}.py").write_text(driver.source(target / "given", chip, shell))
        with open(target / "lora/__init__.py", "a", encoding="utf-8") as file:
            file.write(f"from lora.{chip} import {name}\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        gather(Path(sys.argv[1]), Path(folder))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "micropython",
            "tests/firmware/parts/test_radio.py",
        ]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "KENTONGAN_LORA": folder})
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
