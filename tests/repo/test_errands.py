"""The errands of CONTRIBUTING take the files that it names: each is really done on a copy of the tree.

An errand changes the copy as a contributor would. What changed is compared with CONTRIBUTING's row, and the
copy proves itself: by a file of tests/repo/errands/ and what a reviewer would run, in a process of its own.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import polib
import pytest
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "wire",
    "firmware",
    "gateway",
    "hub",
    "tool",
    "simulator",
    "tests",
    "docs",
    "hardware/pins",
    "hardware/kentongan_hw",
    "hardware/lib",
    "hardware/siren/README.md",
    "hardware/siren/signals.toml",
    "hardware/button/README.md",
    "hardware/button/signals.toml",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
)
LEFT = shutil.ignore_patterns("*.pyc.*", "images", "*.egg-info", ".hypothesis", "build")
SOURCES = ("wire/src", "firmware/src", "gateway/src", "hub/src", "tool/src", "simulator/src", "hardware")
BESIDE = ("docs/", "tests/", "hub/src/kentongan_hub/languages/")  # told apart from what a product is made of
HUB, GATEWAY = "hub/src/kentongan_hub", "gateway/src/kentongan_gateway"
EN = f"{HUB}/languages/en.po"
SECURITY = "tests/hub/web/security/test_security.py"


@pytest.fixture(name="fresh", scope="module")
def _fresh(tmp_path_factory):
    """The tree as it is here, once."""
    there = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        (there / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, there / part, ignore=LEFT)
        else:
            shutil.copy(ROOT / part, there / part)
    return there


class Tree:
    """A copy to work in."""

    def __init__(self, folder):
        self.folder = folder

    def put(self, path, old, new):
        """Write `new` before the one place of `old`."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path}: {old!r} stands there {text.count(old)} times"
        (self.folder / path).write_text(text.replace(old, new + old), encoding="utf-8")

    def add(self, path, text):
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(text, encoding="utf-8")

    def run(self, *command):
        paths = [str(self.folder / source) for source in SOURCES]
        here = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment = {**here, "PYTHONPATH": ":".join(paths)}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=environment,
            text=True,
            timeout=PATIENCE_S,
            capture_output=True,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def say(self, **english):
        """Bring en.po up to date as tests/repo/draw/texts.py does, and fill in what is new."""
        self.run("tests/repo/draw/texts.py")
        kept = polib.pofile(str(self.folder / EN), wrapwidth=100)
        left = {one.msgid for one in kept if not one.msgstr}
        assert left == set(english.values())
        for word, text in english.items():
            kept.find(text).msgstr = word.replace("_", " ")
        kept.save()


def changed(old, new):
    """Paths of files that differ, are new or are gone."""
    files = [
        {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and not {"__pycache__", ".pytest_cache", ".hypothesis"} & set(path.parts)
        }
        for root in (old, new)
    ]
    return {path for path in files[0].keys() | files[1].keys() if files[0].get(path) != files[1].get(path)}


# What a contributor types.


def new_kind(tree):
    kinds, patterns = "wire/src/kentongan_wire/base/kinds.py", "wire/src/kentongan_wire/base/patterns.py"
    tree.put(kinds, "KIND_NAMES = {", "KIND_BANJIR = 9\n")
    tree.put(kinds, '    15: "uji",', '    9: "banjir",\n')
    tree.put(kinds, "KIND_MALING, KIND_KEBAKARAN, KIND_BENCANA, KIND_PENCURIAN_TERNAK, K", "KIND_BANJIR, ")
    tree.put(patterns, '        kinds.KIND_KERIBUTAN: "', '        kinds.KIND_BANJIR: "**** . * -",\n')
    tree.put(f"{HUB}/base/words.py", '    m.KIND_UJI: _("Uji coba")', '    m.KIND_BANJIR: _("Banjir"),\n')
    tree.put(f"{HUB}/base/words.py", '    m.KIND_MEDIS: "medis"', '    m.KIND_BANJIR: "ombak",\n')
    tree.say(Flood="Banjir")
    tree.put("docs/kamus.md", "| maling | thief", "| banjir | a flood |\n")
    tree.run("tests/wire/readme_tables.py")


CHANNEL = '''"""UDP: a box in the same network that shows or speaks each datagram as it comes."""

import re
import socket

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Failure, Worker

ADDRESS = re.compile(r"([\\w.-]{1,100}):(\\d{1,5})\\Z")


class Udp(Worker):
    name = "udp"
    label = _("Kotak UDP")
    word = "UDP"
    address_label = _("Alamat kotak")
    secret_address = False
    fields = (("awalan", _("Awalan pesan"), ""),)

    @staticmethod
    def checked(db, address):
        if not ADDRESS.match(address.strip()):
            raise LocalError(_("alamat kotak: tulis seperti 192.168.1.20:5140"))
        return address.strip()

    def send(self, body):
        host, port = ADDRESS.match(body["to"]).groups()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                line.sendto((self.settings.get("awalan", "") + body["text"]).encode(), (host, int(port)))
        except OSError as error:
            raise Failure(error.strerror or str(error)) from error
'''


def new_channel(tree):
    tree.add(f"{HUB}/channels/udp.py", CHANNEL)
    start = f"{HUB}/channels/__init__.py"
    tree.put(start, "from kentongan_hub.people import ways", "from kentongan_hub.channels.udp import Udp\n")
    tree.put(start, "HomeAssistant)", "Udp, ")
    tree.say(
        UDP_box="Kotak UDP",
        Address_of_the_box="Alamat kotak",
        Prefix_of_the_message="Awalan pesan",
        **{
            "the box's address: write it like 192.168.1.20:5140": "alamat kotak: tulis seperti "
            "192.168.1.20:5140"
        },
    )
    tree.put("docs/reference.md", "`board`, `sms`, `apprise`, `mqtt`", "`udp`, ")


DRIVER = '''"""A relay that is a file of the kernel's: 1 switches it on, 0 off (GPIO or LED class in /sys)."""
import os

from kentongan_gateway.outputs.siren_driver import Relay


class SysfsRelay(Relay):
    """It has no memory of its own: what was written is what is so."""

    needs = ("switch",)
    fields = {"switch": ("path", "", "the file that switches it, /sys/class/leds/NAME/brightness")}
    shortest_ms = 50

    @classmethod
    def of(cls, siren):
        return cls(siren.switch)

    def __init__(self, path):
        self._path = path

    def open(self):
        self.set(False)

    def set(self, on):
        file = os.open(self._path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(file, b"1" if on else b"0")
        finally:
            os.close(file)

    def sense(self):
        return None

    def look(self) -> str:
        with open(self._path, encoding="ascii") as file:
            return f"{self._path} is {file.read().strip()}"

    def close(self):
        self.set(False)
'''


def new_driver(tree):
    tree.add(f"{GATEWAY}/outputs/sysfs.py", DRIVER)
    tree.put(f"{GATEWAY}/outputs/__init__.py", '    "virtual": ', '    "sysfs": "sysfs.SysfsRelay",\n')
    tree.put(
        "docs/reference.md",
        "| | `shortest_ms` | the relay's",
        "| | `switch` | of `sysfs`: the file that switches the relay |\n",
    )


def new_board(tree):
    text = (tree.folder / "hardware/pins/heltec_v3.toml").read_text(encoding="utf-8")
    text = re.sub('about = ".*"', 'about = "A board that nobody sells."', text)
    tree.add(
        "hardware/pins/papan_uji.toml",
        text.replace(
            "lamp = 47\nbuzzer = 48\nmotor = 33\nsense_contact",
            "lamp = 21\nbuzzer = 48\nmotor = 33\nsense_contact",
        ),
    )
    tree.run("-m", "kentongan_hw", "pins")
    tree.put(
        "tool/src/kentongan_tool/board/boards.py",
        "    )\n}\n# Sold in place of the V3",
        '    Board("papan_uji", "Papan uji", ESP32S3, GENERIC[ESP32S3], (CH340,), 8, ROLES),\n',
    )


PAGE = '''"""Tentang: which site this hub serves, for whoever asks it on the phone."""

from flask import Blueprint, current_app, render_template

from kentongan_hub.base import roles
from kentongan_hub.web import view, web

blueprint = Blueprint("about", __name__)


@blueprint.get("/tentang")
@web.needs(roles.SEE)
def page():
    with current_app.hub.store.read() as db:
        return render_template("site/about.html", site=view.site_words(db))
'''
TEMPLATE = """{% extends "layout.html" %}
{% block title %}{{ _('Tentang') }} · Kentongan{% endblock %}
{% block main %}
<h1>{{ _('Tentang pusat data ini') }}</h1>
<p>{{ site.name }}</p>
{% endblock %}
"""


def new_page(tree):
    tree.add(f"{HUB}/web/pages/site/about.py", PAGE)
    tree.add(f"{HUB}/web/templates/site/about.html", TEMPLATE)
    tree.put(f"{HUB}/app.py", "    channels,\n    device,", "    about,\n")
    tree.put(f"{HUB}/app.py", "    *(invite, screen,", "    about,\n")
    tree.put(
        f"{HUB}/web/pages/overview/more.py",
        '    (\n        "people.page",',
        '    ("about.page", "daftar", _("Tentang"), _("Pusat data siapa ini."), roles.SEE),\n',
    )
    tree.say(
        About="Tentang",
        About_this_hub="Tentang pusat data ini",
        **{"Whose hub this is.": "Pusat data siapa ini."},
    )
    tree.put("docs/reference.md", "| `/catatan` |", "| `/tentang` | whose hub this is |\n")
    tree.put("hub/README.md", "| `/serah-terima` |", "| `/tentang` | all see | whose hub this is |\n")
    tree.put(SECURITY, '    "board.page": ', '    "about.page": roles.SEE,\n')
    tree.run("tests/repo/draw/rooms.py")


FAULT = """def _cut_relay(place, rng):
    place.boxes["penerus-1"].power_off()


def _power_relay(place, rng):
    place.boxes["penerus-1"].power_on()


"""
FAULT_ROW = """\
    Fault("penerus: without power", _cut_relay, _power_relay, 30, 60, None, ("terputus", "terlambat")),
"""


def new_fault(tree):
    devices = "simulator/src/kentongan_sim/soak/field/on_devices.py"
    tree.put(devices, "DEVICES = (\n", FAULT)
    tree.put(devices, '    Fault("pos: flash takes no write"', FAULT_ROW)


POLICY = """    m.KIND_KERIBUTAN: {
        **_PACE,
        "langkah": [
            _step(0, NO, "tugas:ronda tugas:keamanan"),
            _step(60, RT, "penerima tugas:ketua_rt tugas:linmas tugas:babinsa", "{polisi}, {polsek}"),
        ],
    },
"""


def new_policy(tree):
    tree.put(f"{HUB}/policies/policy.py", "    m.KIND_KECELAKAAN: {", POLICY)


@dataclass
class Errand:
    name: str  # as in the table
    do: object
    proofs: tuple  # what is run on the copy


TEXTS = "tests/hub/base/test_language.py::test_a_language_says_every_text_beyond_doubt_and_no_others"
ERRANDS = (
    Errand(
        "alarm kind",
        new_kind,
        (
            "proof_kind",
            "tests/wire/base/test_kinds.py",
            "tests/wire/test_readme.py",
            "tests/hub/devices/test_codes.py::test_no_shipped_profile_has_a_conflict",
            TEXTS,
        ),
    ),
    Errand("paging channel", new_channel, ("proof_channel", TEXTS)),
    Errand("siren driver", new_driver, ("proof_driver", "tests/gateway/outputs/test_drivers.py")),
    Errand("board", new_board, ("proof_board", "tests/hardware/parts/test_pins.py")),
    Errand(
        "hub page",
        new_page,
        (
            "proof_page",
            "tests/repo/test_docs.py::test_every_route_is_documented",
            f"{SECURITY}::test_no_route_is_without_a_rule",
            TEXTS,
        ),
    ),
    Errand("fault of the campaign", new_fault, ("proof_fault",)),
    Errand(
        "default policy",
        new_policy,
        ("proof_policy", "tests/hub/policies/test_policy.py::test_what_is_shipped_passes_its_own_check"),
    ),
)


def told():
    """{errand: (files of the product, files beside it)} of CONTRIBUTING's table."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- errands -->") : text.index("<!-- /errands -->")]
    rows = [line.strip("|").split("|") for line in table.splitlines() if "`" in line]
    files = [tuple(set(re.findall("`([^`]+)`", cell)) for cell in row[2:]) for row in rows]
    return {row[0].strip(): of_row for row, of_row in zip(rows, files, strict=True)}, rows


def test_every_errand_that_is_told_is_done_here_and_its_number_is_right():
    table, rows = told()
    assert list(table) == [errand.name for errand in ERRANDS]
    assert [int(row[1]) for row in rows] == [len(table[errand.name][0]) for errand in ERRANDS]


@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.name)
def test_an_errand_takes_the_files_that_are_told_and_works(errand, fresh, tmp_path):
    tree = Tree(tmp_path / "tree")
    shutil.copytree(fresh, tree.folder)
    errand.do(tree)
    found = changed(fresh, tree.folder)
    beside = {path for path in found if path.startswith(BESIDE) or path.endswith("README.md")}
    product, rest = told()[0][errand.name]
    assert (found - beside, beside) == (product, rest)
    proofs = [f"tests/repo/errands/{one}.py" if one.startswith("proof_") else one for one in errand.proofs]
    tree.run("-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *proofs)
