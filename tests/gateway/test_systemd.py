"""The unit as systemd reads it, and what the real process tells it: ready, alive while it works, ending."""
import configparser
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import require
from gateway_kit import BUTTON, alarm
from gateway_process import Air, Gateway, Hub, wait_for
from patience import PATIENCE_S

DEPLOY = Path(__file__).resolve().parents[2] / "gateway/deploy"


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


def test_systemd_itself_finds_nothing_wrong_with_the_unit(tmp_path):
    """Every key known to it, every value good; the program's path exists only on a gateway."""
    verify = shutil.which("systemd-analyze")
    require(verify, "systemd-analyze", "apt install systemd")
    text = (DEPLOY / "kentongan-gateway.service").read_text()
    copy = tmp_path / "kentongan-gateway.service"
    copy.write_text(text.replace("/opt/kentongan/.venv/bin/kentongan-gateway", "/bin/true"))
    command = [verify, "verify", "--man=no", str(copy)]
    environment = {**os.environ, "SYSTEMD_LOG_TARGET": "console"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    ours = [line for line in done.stderr.splitlines() if "kentongan" in line]
    assert done.returncode == 0 and not ours, done.stderr
