"""`make setup` on a machine that lacks something, and after it was cut off at any step."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from kentongan_node.common.node import FIRMWARE
from kentongan_wire import __version__

ROOT = Path(__file__).resolve().parents[2]
# A python3 that makes environments without a network: `-m venv`, pip and uv leave what the real ones leave.
# CUT names the step that is cut off in the middle. What is asked of it is noted in `asked`.
PYTHON = f"""#!/bin/sh
echo "$@" >> "{{folder}}/asked"
case "$*" in
*"-m venv"*)
    for venv; do :; done
    mkdir -p "$venv/bin"
    ln -sf "{{folder}}/path/python3" "$venv/bin/python"
    [ "$CUT" = venv ] && exit 1
    touch "$venv/pip"; exit 0 ;;
*"-m pip install"*)
    [ -e .venv/pip ] || {{{{ echo "No module named pip"; exit 1; }}}}
    touch .venv/uv-metadata
    [ "$CUT" = pip ] && exit 1
    touch .venv/uv; exit 0 ;;
*"-m uv --version"*) [ -e .venv/uv ]; exit ;;
*"-m uv sync"*)
    [ -e .venv/uv ] || {{{{ echo "No module named uv"; exit 1; }}}}
    [ "$CUT" = sync ] && {{{{ touch .venv/some; exit 1; }}}}
    touch .venv/all; exit 0 ;;
*"-m uv venv"*) mkdir -p build/cad/bin; touch build/cad/bin/python; exit 0 ;;
*"-m uv pip install"*)
    [ "$CUT" = cad ] && exit 1
    touch build/cad/all; exit 0 ;;
*ensurepip*) [ "$LACKS" != venv ]; exit ;;
esac
exec {sys.executable} "$@"
"""


class Machine:
    """A copy of what `make setup` reads, and a machine that has only what `path` holds."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "path"
        self.path.mkdir()
        for name in ("Makefile", "pyproject.toml", "uv.lock"):
            shutil.copy(ROOT / name, folder)
        (folder / "hardware").mkdir()
        shutil.copy(ROOT / "hardware/cad-requirements.txt", folder / "hardware")
        for name in ("make", "sh", "rm", "touch", "mkdir", "ln"):
            (self.path / name).symlink_to(shutil.which(name))
        (self.path / "python3").write_text(PYTHON.format(folder=folder))
        (self.path / "python3").chmod(0o755)

    def make(self, *words, **environment):
        environment = {**os.environ, "PATH": str(self.path), "MAKEFLAGS": "", **environment}
        return subprocess.run(
            ["make", *(words or ["setup"])], cwd=self.folder, env=environment, capture_output=True, text=True
        )

    def asked(self):
        text = (self.folder / "asked").read_text()
        (self.folder / "asked").unlink()
        return text

    def whole(self):
        return (self.folder / ".venv/all").exists() and (self.folder / ".venv/.stamp").exists()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize("cut", ["venv", "pip", "sync"])
def test_a_setup_that_was_cut_off_is_finished_by_the_same_command(machine, cut):
    assert machine.make(CUT=cut).returncode != 0
    assert (machine.folder / ".venv").is_dir() and not machine.whole()
    done = machine.make()
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.whole()


def test_the_environment_that_draws_is_finished_too_when_it_was_cut_off(machine):
    assert machine.make("cad", CUT="cad").returncode != 0
    assert (machine.folder / "build/cad/bin/python").exists()
    assert machine.make("cad").returncode == 0 and (machine.folder / "build/cad/all").exists()


def test_an_environment_that_debian_left_without_pip_is_made_anew(machine):
    (machine.folder / ".venv/bin").mkdir(parents=True)
    (machine.folder / ".venv/bin/python").symlink_to(machine.path / "python3")
    assert machine.make().returncode == 0 and machine.whole()


def test_an_environment_whose_python_went_away_is_made_anew(machine):
    assert machine.make().returncode == 0
    (machine.folder / ".venv/bin/python").unlink()
    (machine.folder / ".venv/bin/python").symlink_to("/tidak/ada/python3.9")
    assert machine.make().returncode == 0 and machine.whole()


def test_what_is_finished_is_not_made_again_and_a_new_lock_is_followed_in_place(machine):
    machine.make()
    machine.asked()
    assert machine.make().returncode == 0
    assert machine.asked().split() == ["-c"]  # only whether it starts
    later = (machine.folder / ".venv/.stamp").stat().st_mtime + 5
    os.utime(machine.folder / "uv.lock", (later, later))
    assert machine.make().returncode == 0
    asked = machine.asked()
    assert "uv sync" in asked and "-m venv" not in asked and "pip install" not in asked


def test_debians_package_is_named_when_python_has_no_venv(machine):
    done = machine.make(LACKS="venv")
    assert done.returncode != 0 and "apt-get install git make python3 python3-venv" in done.stdout
    assert "then: make setup" in done.stdout and not (machine.folder / ".venv").exists()
    assert machine.make().returncode == 0 and machine.whole()


def test_a_machine_without_python_is_told_what_to_install(machine):
    (machine.path / "python3").unlink()
    done = machine.make("demo")
    assert done.returncode != 0 and "python3-venv; then: make demo" in done.stdout


def test_an_old_python_is_refused_with_the_command_for_a_newer_one(machine):
    (machine.path / "python3").write_text("#!/bin/sh\nexit 1\n")
    done = machine.make()
    assert done.returncode != 0 and "3.11" in done.stdout and "make setup PYTHON=python3.11" in done.stdout


def test_every_step_is_said_before_it_begins(machine):
    said = machine.make().stdout
    assert [line[:5] for line in said.splitlines() if line.startswith("[")] == ["[1/3]", "[2/3]", "[3/3]"]


@pytest.mark.parametrize("goal", ["test", "$(CAD_STAMP)", "boxes"])
def test_what_is_silent_at_first_says_so_before_it_begins(goal):
    recipe = (ROOT / "Makefile").read_text().split(f"\n{goal}:", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    assert recipe[0].startswith("\t@echo ")


def test_a_post_gets_only_what_runs_there(tmp_path):
    machine = Machine(tmp_path)
    assert machine.make("setup", "POST=1").returncode == 0
    assert "uv sync --frozen --inexact" in (asked := machine.asked())
    assert "--no-dev --package kentongan-gateway --package kentongan-hub" in asked
    assert machine.make("setup", "POST=1").returncode == 0 and "uv sync" not in machine.asked()


def test_a_post_that_is_to_run_tests_gets_the_rest(tmp_path):
    machine = Machine(tmp_path)
    machine.make("setup", "POST=1")
    machine.asked()
    assert machine.make("setup").returncode == 0 and "--no-dev" not in machine.asked() and machine.whole()


def test_one_number_is_the_version_of_every_package():
    for path in ROOT.glob("*/pyproject.toml"):
        project = tomllib.loads(path.read_text(encoding="utf-8"))
        assert "version" in project["project"]["dynamic"], path
        source = (path.parent / project["tool"]["hatch"]["version"]["path"]).resolve()
        assert source == ROOT / "wire/src/kentongan_wire/__init__.py", path
    assert ".".join(map(str, FIRMWARE)) == __version__, "what a device says in STATUS"
    written = subprocess.run(
        ["git", "grep", "-lF", f'= "{__version__}"', "*.py", "*.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert written == ["wire/src/kentongan_wire/__init__.py"]
