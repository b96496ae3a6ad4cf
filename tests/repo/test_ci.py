"""Effects of `.ci/run` on a machine: KiCad comes from the mirror that it already has, whichever that is."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / ".ci"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = "http://cermin.contoh/debian"
ONE_LINE = f"""\
# deb http://salah.contoh/debian bookworm main
deb cdrom:[Debian 12]/ bookworm main
deb-src http://sumber.contoh/debian bookworm main
deb http://cermin.contoh/debian-security bookworm-security main
deb [ arch=amd64 signed-by={KEYRING} ] {MIRROR} bookworm main contrib  # ours
"""
DEB822 = f"""\
# http://salah.contoh/debian
Types: deb
URIs: http://cermin.contoh/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}

Enabled: no
Types: deb
URIs: http://salah.contoh/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://sumber.contoh/debian
Suites: bookworm
Components: main

types: deb deb-src
URIs: {MIRROR}
# the next two belong together
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: {KEYRING}
"""
ENTRY = f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm-backports\nComponents: main\nSigned-By: {KEYRING}\n"


@pytest.fixture
def apt(tmp_path):
    (tmp_path / "apt/sources.list.d").mkdir(parents=True)
    return tmp_path / "apt"


def backports(apt, codename="bookworm"):
    return subprocess.run([CI / "backports", apt, codename], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", ONE_LINE),
        ("sources.list.d/debian.list", ONE_LINE),
        ("sources.list.d/debian.sources", DEB822),
    ],
)
def test_backports_come_from_the_mirror_that_the_machine_has_for_its_suite(apt, name, text):
    (apt / name).write_text(text)
    assert backports(apt).stdout == ENTRY


def test_a_key_that_stands_in_the_entry_comes_along(apt):
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----"
    (apt / "sources.list.d/debian.sources").write_text(DEB822.replace(f" {KEYRING}", key))
    assert backports(apt).stdout == ENTRY.replace(KEYRING, key)


def test_an_entry_without_a_key_gives_one_without_a_key(apt):
    (apt / "sources.list").write_text(f"deb {MIRROR} trixie main\n")
    assert backports(apt, "trixie").stdout == (
        f"Types: deb\nURIs: {MIRROR}\nSuites: trixie-backports\nComponents: main\n"
    )


@pytest.mark.parametrize("there", [f"deb {MIRROR} bookworm-backports main\n", None])
def test_backports_that_are_there_are_not_added_again(apt, there):
    (apt / "sources.list").write_text(ONE_LINE)
    (apt / "sources.list.d/more.sources").write_text(ENTRY if there is None else "")
    (apt / "sources.list.d/more.list").write_text(there or "")
    done = backports(apt)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("text", ["", f"deb {MIRROR} trixie main\n", f"deb {MIRROR} bookworm contrib\n"])
def test_a_machine_without_a_source_for_its_suite_is_told_so(apt, text):
    (apt / "sources.list").write_text(text)
    done = backports(apt)
    assert done.returncode == 1 and done.stdout == ""
    assert "no source of apt has the suite bookworm" in done.stderr


class Machine:
    """A machine whose apt only notes what it is asked; `offered` is the KiCad that its sources have."""

    def __init__(self, folder, apt, codename, offered, installed=()):
        self.etc, self.noted, self.path = apt.parent, folder / "noted", folder / "bin"
        self.noted.touch()
        self.path.mkdir()
        (self.etc / "os-release").write_text(f"ID=debian\nVERSION_CODENAME={codename}\n")
        for name in ("bash", "awk", "sed", "tee", "dirname"):
            (self.path / name).symlink_to(shutil.which(name))
        self._program("apt-get", f'echo "$@" >> "{self.noted}"')
        self._program("apt-cache", f'printf "kicad:\\n  Installed: (none)\\n  Candidate: {offered}\\n"')
        self._program("id", "echo 0")
        for name in installed:
            self._program(name, "exit 0")

    def _program(self, name, text):
        (self.path / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.path / name).chmod(0o755)

    def run(self):
        environment = {**os.environ, "PATH": str(self.path)}
        done = subprocess.run(
            [shutil.which("bash"), CI / "kicad", self.etc], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return self.noted.read_text().splitlines()

    def added(self):
        path = self.etc / "apt/sources.list.d/kentongan-backports.sources"
        return path.read_text() if path.exists() else None


def test_debian_12_gets_kicad_from_its_backports(tmp_path, apt):
    (apt / "sources.list").write_text(ONE_LINE)
    machine = Machine(tmp_path, apt, "bookworm", "6.0.11+dfsg-1")
    asked = machine.run()
    assert machine.added() == ENTRY
    assert [words.split()[-1] for words in asked[:-1]] == ["update", "update"]
    assert " -t bookworm-backports kicad " in asked[-1] and " ngspice" in asked[-1]


def test_debian_13_has_kicad_itself(tmp_path, apt):
    (apt / "sources.list.d/debian.sources").write_text(DEB822.replace("bookworm", "trixie"))
    machine = Machine(tmp_path, apt, "trixie", "9.0.2+dfsg-1")
    asked = machine.run()
    assert machine.added() is None
    assert " kicad " in asked[-1] and " -t " not in asked[-1]


def test_where_kicad_is_already_there_nothing_is_asked_of_apt(tmp_path, apt):
    machine = Machine(tmp_path, apt, "bookworm", "6.0.11+dfsg-1", installed=("kicad-cli", "ngspice"))
    assert machine.run() == [] and machine.added() is None


def test_no_package_host_is_named():
    for path in CI.iterdir():
        assert not re.search(r"https?://|debian\.org", path.read_text(encoding="utf-8")), path.name


def test_every_package_that_a_test_asks_for_is_installed():
    asked = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for words in re.findall(r"\bapt(?:-get)? install ([\w -]+?)[\"']", path.read_text(encoding="utf-8")):
            asked |= set(words.split())
    installed = set(re.findall(r"[\w-]+", (CI / "run").read_text() + (CI / "kicad").read_text()))
    assert {"chromium", "espeak-ng", "graphviz"} <= asked
    assert asked <= installed
