"""KiCad's builds for the tests, each made once; what is missing is named with its apt packages."""
import shutil
from pathlib import Path

import pytest
from kentongan_hw import build

KICAD = "apt-get install -t bookworm-backports kicad kicad-symbols kicad-footprints"
NGSPICE = "apt-get install -t bookworm-backports ngspice"


@pytest.fixture(scope="session")
def kicad(request):
    from conftest import require
    require(shutil.which("kicad-cli") and Path(build.SYMBOLS).exists() and Path(build.FOOTPRINTS).exists(),
            "KiCad 9", KICAD)


@pytest.fixture(scope="session")
def built(kicad):
    """built(node): the folder with drawing and board made anew."""
    folders = {}

    def make(node):
        if node not in folders:
            folders[node] = build.sources(node)
        return folders[node]

    return make
