"""KiCad's builds for the tests, each made once; what is missing is named with its apt packages."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from kentongan_hw import build

KICAD = "run .ci/kicad"


@pytest.fixture(scope="session")
def kicad(request):
    from conftest import require

    require(
        shutil.which("kicad-cli") and Path(build.SYMBOLS).exists() and Path(build.FOOTPRINTS).exists(),
        "KiCad 9",
        KICAD,
    )


@pytest.fixture(scope="session")
def built(kicad):
    """built(node): the folder with drawing and board made anew, once for all processes of a test run."""
    run, folders = os.environ.get("PYTEST_XDIST_TESTRUNUID"), {}

    def make(node):
        if node not in folders:
            folders[node] = build.BUILD / node
            stamp = build.BUILD / f"{node}.run"
            build.BUILD.mkdir(parents=True, exist_ok=True)
            with (build.BUILD / f"{node}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if run is None or not stamp.exists() or stamp.read_text(encoding="utf-8") != run:
                    stamp.unlink(missing_ok=True)
                    build.sources(node)
                    stamp.write_text(run or "", encoding="utf-8")
        return folders[node]

    return make
