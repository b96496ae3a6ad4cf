"""The unit as systemd reads it, and what the real process tells it: ready, alive while it works, ending."""

import configparser
import ctypes.util
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import require
from kentongan_gateway.outputs import lcus
from kentongan_hub.upkeep import backup
from kentongan_sim.world.bridges import PtyBridge
from kits import confined
from kits.gateway.gateway_kit import BUTTON, alarm
from kits.gateway.gateway_process import Air, Gateway, Hub, wait_for
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[3]
DEPLOY, HUB = ROOT / "gateway/deploy", ROOT / "hub/deploy"
EXPOSED_MAX = 3.0  # of systemd's ten


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(path))
        self.line.setblocking(False)
        self.told = []

    def listen(self):
        while True:
            try:
                self.told.append(self.line.recv(4096).decode())
            except BlockingIOError:
                return self.told

    def forget(self):
        self.listen()
        self.told.clear()

    def close(self):
        self.line.close()


@pytest.fixture(name="run")
def _run(tmp_path, monkeypatch):
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    hub, air = Hub(), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    gateway.start(may_hang=True)
    yield systemd, gateway, air, hub
    if gateway.process.poll() is None:
        gateway.kill()
    air.close()
    hub.close()
    systemd.close()


def test_it_says_when_it_is_ready_alive_and_stopping(run):
    systemd, gateway, air, hub = run
    wait_for(lambda: "READY=1" in systemd.listen(), "READY")
    wait_for(lambda: "WATCHDOG=1" in systemd.listen(), "the watchdog being fed")
    assert systemd.told[0] == "READY=1"
    assert gateway.stop() == 0
    assert systemd.listen()[-1] == "STOPPING=1"


def test_a_loop_that_hangs_feeds_nothing_though_every_other_thread_lives(run):
    """The uplink goes on asking the hub for orders; that keeps no watchdog quiet."""
    systemd, gateway, air, hub = run
    wait_for(lambda: systemd.listen().count("WATCHDOG=1") >= 2, "the watchdog being fed")
    (gateway.directory / "hang").touch()
    air.hear(alarm(), BUTTON)
    wait_for(lambda: "heard_by_gateway" in gateway.log.read_text(), "the loop's last turn")
    systemd.forget()
    asked = hub.polls
    wait_for(lambda: hub.polls >= asked + 3, "six seconds of the other threads")
    assert "WATCHDOG=1" not in systemd.listen()


def test_without_systemd_it_runs_all_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    hub, air = Hub(), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    gateway.start()
    try:
        wait_for(air.connected, "the gateway opening its radio")
        air.hear(alarm(), BUTTON)
        wait_for(lambda: hub.of("alarm"), "the alarm at the hub")
        assert gateway.stop() == 0
    finally:
        gateway.process.kill()
        air.close()
        hub.close()


def unit():
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read(DEPLOY / "kentongan-gateway.service")
    return parsed


def test_the_unit_restarts_for_ever_and_waits_for_no_network():
    service = unit()["Service"]
    assert service["Type"] == "notify" and int(service["WatchdogSec"]) <= 60
    assert service["Restart"] == "always" and unit()["Unit"]["StartLimitIntervalSec"] == "0"
    assert "network" not in unit()["Unit"].get("After", "") + unit()["Unit"].get("Wants", "")
    assert {"LogRateLimitBurst", "MemoryMax", "StateDirectory"} <= set(service)


def analyze():
    found = shutil.which("systemd-analyze")
    require(found, "systemd-analyze", "apt install systemd")
    return found


UNITS = [DEPLOY / "kentongan-gateway.service", HUB / "kentongan-hub.service"]


@pytest.mark.parametrize("path", UNITS, ids=["gateway", "hub"])
def test_systemd_itself_finds_nothing_wrong_with_the_unit(tmp_path, path):
    """Every key known to it, every value good; the program's path exists only on a gateway."""
    verify = analyze()
    copy = tmp_path / path.name
    copy.write_text(re.sub("/opt/kentongan/.venv/bin/kentongan-[a-z]+", "/bin/true", path.read_text()))
    command = [verify, "verify", "--man=no", str(copy)]
    environment = {**os.environ, "SYSTEMD_LOG_TARGET": "console"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    ours = [line for line in done.stderr.splitlines() if "kentongan" in line]
    assert done.returncode == 0 and not ours, done.stderr


@pytest.mark.parametrize("path", UNITS, ids=["gateway", "hub"])
def test_what_a_unit_leaves_open_is_little(path):
    command = [analyze(), "security", "--offline=true", "--no-pager", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout + done.stderr)
    assert level and float(level[1]) <= EXPOSED_MAX, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("path", UNITS, ids=["gateway", "hub"])
def test_nothing_in_a_unit_hides_devices_that_are_plugged_in_later(path):
    """A device list, PrivateDevices= and ProtectClock= each do, the first for drivers not yet loaded."""
    lines = dict(confined.settings(path))
    assert lines.get("DevicePolicy") == "auto" and "DeviceAllow" not in lines
    assert lines.get("PrivateDevices", "no") == "no" and lines.get("ProtectClock", "no") == "no"
    assert "dialout" in lines["SupplementaryGroups"].split()
    assert lines["SystemCallErrorNumber"] == "EPERM", "a call that is refused ends no process"


def test_the_hubs_unit_lets_a_backup_onto_a_stick():
    lines = dict(confined.settings(HUB / "kentongan-hub.service"))
    assert {f"-{place}" for place in backup.MEDIA} == set(lines["ReadWritePaths"].split())


def test_the_gateways_unit_lets_it_switch_the_lamp_of_a_pi_and_ask_for_the_clock():
    lines = confined.settings(DEPLOY / "kentongan-gateway.service")
    assert "-/sys/devices/platform/leds" in dict(lines)["ReadWritePaths"].split()
    assert {"adjtimex", "clock_adjtime"} <= confined.allowed_calls(lines)
    assert "ProcSubset" not in dict(lines), "it would hide the boot's id"


def run_confined(unit_file, *command):
    analyze()
    require(ctypes.util.find_library("seccomp"), "libseccomp", "apt install systemd")
    return [sys.executable, str(ROOT / "tests/kits/confined.py"), str(unit_file), *map(str, command)]


def test_what_a_unit_forbids_is_refused_and_what_it_leaves_works():
    """The test's own ground: without it the two below would pass with no fence at all."""
    code = (
        "import os, socket, ctypes, mmap\n"
        "def no(deed, *args):\n"
        "    try: deed(*args)\n"
        "    except OSError: return\n"
        "    raise SystemExit(f'{deed} was let through')\n"
        "no(os.chroot, '/tmp'); no(os.setpriority, 0, 0, 3); no(socket.socket, 16, 3)\n"
        "socket.socket(); socket.socket(1)\n"
        "assert ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(208)) >= 0\n"
    )
    done = subprocess.run(run_confined(UNITS[0], sys.executable, "-c", code), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_under_its_units_fence_the_gateway_takes_an_alarm_beats_a_board_and_speaks(tmp_path):
    got, air, hub = bytearray(), Air(), Hub()
    board = PtyBridge(tmp_path / "board", got.extend)
    gateway = Gateway(tmp_path, hub.port, air.port)
    text = gateway.config.read_text()
    gateway.config.write_text(
        text.replace(
            'driver = "virtual"\nfile = "siren.jsonl"', f'driver = "lcus"\nport = "{tmp_path / "board"}"'
        )
    )
    hub.answer = (500, {})  # it acts by itself
    program = sys.executable, "-m", "kentongan_gateway", "run", "--config", gateway.config
    command = run_confined(UNITS[0], *program)
    with gateway.log.open("ab") as log:
        gateway.process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(air.connected, "the gateway opening its radio", PATIENCE_S)
        air.hear(alarm(), BUTTON)
        wait_for(lambda: air.sent, "the receipt", PATIENCE_S)
        wait_for(lambda: lcus.frame(1, True) in bytes(got), "a stroke on the board", PATIENCE_S)
        hub.answer = None
        wait_for(lambda: hub.of("alarm"), "the alarm at the hub", PATIENCE_S)
        assert gateway.stop() == 0
    finally:
        gateway.process.kill()
        board.close()
        air.close()
        hub.close()
    speak = shutil.which("espeak-ng")
    require(speak, "espeak-ng", "apt install espeak-ng")
    sound = tmp_path / "kata.wav"
    command = run_confined(UNITS[0], speak, "-v", "id", "-w", sound, "kebakaran")
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    assert sound.stat().st_size > 1_000


DEBIANS_OWN = {"dialout", "audio"}  # groups of every Debian (base-passwd); gpio is Raspberry Pi OS's


def test_every_group_of_the_units_is_there_on_plain_debian_once_the_printed_steps_are_done():
    """A unit with a group that is not there does not start, and useradd refuses an account with one."""
    text = (ROOT / "docs/technician.md").read_text(encoding="utf-8")
    account = text.index("useradd --system --groups ")
    given = set(re.match(r"[a-z,]+", text[account + len("useradd --system --groups ") :])[0].split(","))
    wanted = set()
    for unit in (*DEPLOY.glob("*.service"), *HUB.glob("*.service")):
        found = re.findall(r"(?m)^(?:SupplementaryGroups|Group)=(.*)$", unit.read_text(encoding="utf-8"))
        wanted |= {group for line in found for group in line.split()}
    assert "gpio" in wanted and wanted - {"kentongan"} <= given
    for group in (wanted | given) - DEBIANS_OWN - {"kentongan"}:
        made = text.find(f"groupadd --force --system {group}`")
        assert 0 <= made < account, f"{group}: not on plain Debian, and no step makes it before the account"
        assert f'GROUP="{group}"' in (DEPLOY / "70-kentongan.rules").read_text(encoding="utf-8")
