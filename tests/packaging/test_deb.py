"""The Debian packages: what is inside, whose it is, and what a purge is told to leave. Small trees stand for
libraries here; `make soak ONLY=install` installs the real ones."""

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from kentongan_deb import archive, papers, plans
from kentongan_deb.sources import EXPORT, BuildError, Sources, ran
from kentongan_gateway.service import settings

ROOT = Path(__file__).resolve().parents[2]
METADATA = "Metadata-Version: 2.4\nName: {}\nVersion: 1.5\n{}\n\nText.\n"
SERVICES = ("kentongan-hub", "kentongan-gateway")
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]


class Small(Sources):
    """Sources whose libraries are three files, so that a package takes no network and no second."""

    def install(self, target, folder):
        module = folder / plans.PROGRAMS[target.package]
        (module / "tests").mkdir(parents=True)
        (module / "cli.py").write_text("def main():\n    return 0\n")
        (module / "tests/test_cli.py").touch()
        (folder / "bin").mkdir()
        (folder / "bin/some-command").touch(0o755)
        for name, text in (("abc", "License-Expression: MIT"), ("kentongan-wire", "")):
            info = folder / f"{name.replace('-', '_')}-1.5.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(METADATA.format(name, text))
            (info / "RECORD").touch()


@pytest.fixture(scope="module")
def sources(require, tmp_path_factory):
    require(shutil.which("dpkg-deb"), "dpkg-deb", "it is in every Debian")
    return Small(ROOT, tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="module")
def made(sources):
    """{package: its file} for Debian 12 on a Pi."""
    return {name: archive.build(sources, plans.Target(name, "12", "arm64")) for name in plans.PACKAGES}


def field(deb, name):
    return ran(["dpkg-deb", "--field", deb, name], "").strip()


def unpacked(deb, folder):
    ran(["dpkg-deb", "--raw-extract", deb, folder], "")
    return folder


def test_the_same_commit_makes_the_same_bytes(sources, made):
    for name, deb in made.items():
        first = deb.read_bytes()
        shutil.rmtree(sources.work / f"{name}-deb12-arm64")
        assert archive.build(sources, plans.Target(name, "12", "arm64")).read_bytes() == first


def test_every_file_is_roots_and_nobody_else_may_write_it(made):
    for deb in made.values():
        lines = ran(["dpkg-deb", "--contents", deb], "").splitlines()
        assert lines
        assert all(re.match(r"(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root/root ", line) for line in lines), lines


@pytest.mark.parametrize("debian", plans.DEBIANS)
def test_a_package_asks_for_the_python_that_its_wheels_are_for_and_refuses_the_next(debian):
    text = papers.control(plans.Target("kentongan-hub", debian, "amd64"), "1", 1)
    known = plans.DEBIANS[debian]
    assert f"python3 (>= {known.python}), python3 (<< {known.next_python})" in text


def test_commands_run_apart_from_debians_own_packages_and_the_users(made, tmp_path):
    for name, deb in made.items():
        launcher = (unpacked(deb, tmp_path / name) / "usr/bin" / name).read_text()
        assert launcher.startswith("#!/usr/bin/python3 -IS\n") and f'"/usr/lib/{name}"' in launcher


def test_what_nobody_reads_is_left_out_and_only_the_command_may_run(made, tmp_path):
    for name, deb in made.items():
        tree = unpacked(deb, tmp_path / name)
        inside = {path.name for path in (tree / "usr/lib" / name).rglob("*")}
        assert "cli.py" in inside and not inside & {"RECORD", "tests", "some-command", "bin"}
        programs = {path for path in tree.rglob("*") if path.is_file() and path.stat().st_mode & 0o111}
        assert {p.relative_to(tree).as_posix() for p in programs if p.parent.name != "DEBIAN"} == {
            f"usr/bin/{name}"
        }


@pytest.mark.parametrize("name", SERVICES)
def test_the_unit_is_the_projects_own_with_the_packages_program(made, tmp_path, name):
    unit = f"{name}.service"
    shipped = (unpacked(made[name], tmp_path / "x") / "usr/lib/systemd/system" / unit).read_text()
    own = (ROOT / name.removeprefix("kentongan-") / "deploy" / unit).read_text()
    differ = set(shipped.splitlines()) ^ set(own.splitlines())
    assert all(line.startswith(("ExecStart=", "# Install", "# /etc/")) for line in differ)
    assert f"ExecStart=/usr/bin/{name} run " in shipped and "/opt/" not in shipped


@pytest.mark.parametrize("name", SERVICES)
def test_the_account_has_the_groups_that_its_unit_names(name):
    unit = (ROOT / name.removeprefix("kentongan-") / "deploy" / f"{name}.service").read_text()
    account = (ROOT / "packaging" / name / "sysusers.conf").read_text()
    assert "\nu kentongan -" in account and "\nUser=kentongan\n" in unit
    wanted = re.search(r"^SupplementaryGroups=(.*)$", unit, re.MULTILINE)[1].split()
    assert re.findall(r"^m kentongan (\w+)$", account, re.MULTILINE) == wanted
    assert ("\ng gpio" in account) == ("gpio" in wanted)  # Debian has every other of them


@pytest.mark.parametrize("name", SERVICES)
def test_keys_lie_where_only_root_and_the_service_read(name):
    words = (ROOT / "packaging" / name / "tmpfiles.conf").read_text().splitlines()[-1].split()
    assert words == ["d", "/etc/kentongan", "0750", "kentongan", "kentongan", "-"]


def test_the_gateways_settings_are_a_conffile_that_apt_never_overwrites(made, tmp_path):
    tree = unpacked(made["kentongan-gateway"], tmp_path / "x")
    (conffile,) = (tree / "DEBIAN/conffiles").read_text().split()
    assert settings.load(tree / conffile[1:]).radio.port
    assert not (unpacked(made["kentongan-hub"], tmp_path / "y") / "etc").exists()


def test_logs_have_an_end_and_the_lines_of_boards_are_the_groups(made, tmp_path):
    tree = unpacked(made["kentongan-gateway"], tmp_path / "x")
    assert "SystemMaxUse=64M" in (tree / "usr/lib/systemd/journald.conf.d/kentongan-gateway.conf").read_text()
    assert 'GROUP="dialout"' in (tree / "usr/lib/udev/rules.d/70-kentongan.rules").read_text()


def test_the_licence_of_every_library_inside_is_told(made, tmp_path):
    for name, deb in made.items():
        text = (unpacked(deb, tmp_path / name) / "usr/share/doc" / name / "copyright").read_text()
        assert "abc 1.5: MIT" in text and "kentongan-wire" not in text and "common-licenses/GPL-3" in text


def test_no_two_packages_have_a_file_in_common(made):
    seen = {}
    for name, deb in made.items():
        for line in ran(["dpkg-deb", "--contents", deb], "").splitlines():
            if line.startswith("-"):
                assert seen.setdefault(line.split()[5], name) == name


SCRIPTS = sorted(ROOT.glob("packaging/kentongan-*/p*"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name} {path.name}")
def test_maintainer_scripts_can_be_read_and_stop_at_an_error(script):
    assert script.read_text().startswith("#!/bin/sh\nset -e\n")
    subprocess.run(["sh", "-n", script], check=True)


def test_a_later_build_and_a_later_debian_count_as_newer():
    order = ["0.3.0~deb12", "0.3.0~deb13", "0.3.0+20261130.1~deb12", "0.3.0+20261201.1~deb12", "0.3.1~deb12"]
    for old, new in zip(order, order[1:], strict=False):
        assert subprocess.run(["dpkg", "--compare-versions", old, "lt", new]).returncode == 0, (old, new)


OTHER_SYSTEMS = re.compile(r"; [^;]*sys_platform == '(win32|darwin)' *$")


@cache
def needed(package):
    """Names of what a package brings along on Linux, as uv.lock has it; our own parts are left out."""
    lines = ran([*EXPORT, package, "--no-hashes", "--no-header"], "make setup", ROOT).splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line and not OTHER_SYSTEMS.search(line)}


@pytest.mark.parametrize("package", SERVICES)
def test_no_developers_tool_is_inside(package):
    tools = {
        "pytest",
        "ruff",
        "mypy",
        "hypothesis",
        "matplotlib",
        "numpy",
        "selenium",
        "uv",
        "pip",
        "setuptools",
    }
    assert "cryptography" in needed(package) and not needed(package) & tools


@pytest.mark.parametrize("debian", plans.DEBIANS)
@pytest.mark.parametrize("arch", plans.ARCHITECTURES)
def test_every_library_has_a_wheel_for_each_machine_and_python(arch, debian):
    """So that nothing is compiled: neither here for another machine, nor on the Pi."""
    python = plans.DEBIANS[debian].python.replace(".", "")
    machine = plans.ARCHITECTURES[arch].wheels
    for package in plans.PACKAGES:
        for library in (one for one in LOCK if one["name"] in needed(package)):
            wheels = [wheel["url"].rpartition("/")[2] for wheel in library.get("wheels", ())]
            assert [name for name in wheels if fits(name, python, machine)], (
                package,
                library["name"],
                wheels,
            )


def fits(wheel, python, machine):
    """Tell whether a wheel's name promises this Python and machine."""
    pythons, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    for_python = "py3" in pythons or f"cp{python}" in pythons or abi == "abi3"
    return for_python and (platform == "any" or "manylinux" in platform and machine in platform)


def test_a_step_that_fails_is_told_with_its_remedy():
    with pytest.raises(BuildError, match="tidak-ada is not on this machine; get it"):
        ran(["tidak-ada"], "get it")
    with pytest.raises(BuildError, match="sh: oops; get it"):
        ran(["sh", "-c", "echo oops >&2; exit 1"], "get it")


STUBS = (
    *("systemd-sysusers", "systemd-tmpfiles", "py3compile", "install", "rm", "udevadm", "systemctl"),
    *("deb-systemd-helper", "deb-systemd-invoke"),
)


def script_ran(folder, package, script, *words, failing=()):
    """Run a maintainer script where every program only notes what it is asked; returns the notes."""
    for name in STUBS:
        text = f'#!/bin/sh\necho "{name} $*" >> "{folder}/asked"\nexit {int(name in failing)}\n'
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    command = [shutil.which("sh"), ROOT / "packaging" / package / script, *words]
    done = subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "asked").read_text().splitlines()


@pytest.mark.parametrize("package", SERVICES)
def test_where_proc_is_missing_the_folder_of_keys_is_made_all_the_same(package, tmp_path):
    """As in the root of an image in the making; and a module that does not compile stops nothing."""
    asked = script_ran(tmp_path, package, "postinst", "configure", failing=("systemd-tmpfiles", "py3compile"))
    assert "install -d -o kentongan -g kentongan -m 0750 /etc/kentongan" in asked


@pytest.mark.parametrize("package", SERVICES)
def test_remove_takes_the_program_and_purge_the_data_and_keys(package, tmp_path):
    data = {"kentongan-hub": "/var/lib/kentongan-hub", "kentongan-gateway": "/var/lib/kentongan"}[package]
    removed = [line for line in script_ran(tmp_path, package, "postrm", "remove") if line.startswith("rm ")]
    assert removed == [f"rm -rf /usr/lib/{package}"]
    assert {f"rm -rf {data}", "rm -rf /etc/kentongan"} <= set(
        script_ran(tmp_path, package, "postrm", "purge")
    )
