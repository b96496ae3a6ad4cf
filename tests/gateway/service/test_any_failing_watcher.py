"""Parts that watch, log, show or speak may fail or hang: alarms are stored, receipted, sent, sounded."""

import fcntl
import logging
import os
import socket
import subprocess
import sys
import tempfile
import termios
import threading

import pytest
from kentongan_gateway import outputs
from kentongan_gateway.core.base import actions
from kentongan_gateway.outputs import key, lamp, virtual, voice
from kentongan_gateway.outputs.player import Player
from kentongan_gateway.service import daemon, logs, status
from kentongan_gateway.service.performer import Performer
from kits.gateway.gateway_here import Here, stored_on_air, troubles_of
from kits.gateway.gateway_kit import BUTTON, alarm
from kits.gateway.gateway_process import Air, Gateway, Hub, wait_for
from kits.patience import PATIENCE_S


@pytest.fixture(name="here")
def _here(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "STATUS_S", 0.02)
    monkeypatch.setattr(daemon, "LOOP_MAX_S", 0.02)
    here = Here(tmp_path)
    here.config.write_text(
        here.config.read_text().replace("label =", "metrics_port = 0\nlabel =")
        + '[lamp]\ndriver = "virtual"\nfile = "lamp"\n'
        '[voice]\ndriver = "virtual"\nfile = "voice"\n'
    )
    yield here
    here.close()


WATCHERS = [
    (daemon, "sd_notify"),
    (status, "write"),
    (virtual.VirtualLamp, "show"),
    (virtual.VirtualVoice, "say"),
    (virtual.VirtualVoice, "trouble"),
    (virtual.VirtualLamp, "trouble"),
    (logs, "trouble"),
    (key, "make"),
    (lamp, "make"),
    (voice, "make"),
    (daemon.Daemon, "_snapshot"),
    (daemon.Daemon, "_hub_trouble"),
]


@pytest.mark.parametrize("owner, name", WATCHERS, ids=[f"{one.__name__}.{name}" for one, name in WATCHERS])
def test_a_watcher_that_raises_ends_nothing_however_often_it_is_called(here, monkeypatch, owner, name):
    called, kinds = [], [OSError, RuntimeError, UnicodeError, KeyError, termios.error, ImportError]

    def raises(*_args, **_kwargs):
        called.append(name)
        raise kinds[len(called) % len(kinds)]("odd")

    monkeypatch.setattr(owner, name, raises)
    here.start()
    here.walk(100, name)
    if name not in ("make", "say"):
        wait_for(lambda: len(called) > 20 or here.error, "more calls than a run outlives of real faults")
    assert called
    here.walk(101, name)
    assert {"program", "key", "lamp", "voice"} & set(here.daemon._performer.core.troubles()), (
        "people are told"
    )


def test_a_voice_and_a_log_that_raise_at_every_alarm_end_no_run(here, monkeypatch):
    monkeypatch.setattr(virtual.VirtualVoice, "say", lambda *_: 1 // 0)
    monkeypatch.setitem(Performer._DOING, actions.Note, lambda *_: 1 // 0)
    here.start()
    for counter in range(100, 108):
        here.walk(counter, "an alarm")


def test_a_siren_whose_driver_cannot_be_made_is_told_and_alarms_go_on(here, monkeypatch):
    def none(*_):
        raise ImportError("no gpiod here")

    monkeypatch.setattr(outputs, "make", none)
    here.start()
    here.air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100) in here.receipts(), "the receipt")
    wait_for(lambda: "no gpiod here" in here.troubles().get("siren", ""), "the trouble")


def test_a_metrics_port_that_is_taken_is_told(here):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        here.config.write_text(here.config.read_text().replace("metrics_port = 0", f"metrics_port = {port}"))
        here.start()
        here.walk(100, "a port that is taken")
        wait_for(lambda: "metrics" in here.troubles(), "the trouble")


class Hangs:
    """A board, lamp or key whose library never comes back from one call."""

    def __init__(self, call):
        self._call, self.goes_on, self.inside = call, threading.Event(), threading.Event()
        for name in ("open", "set", "sense", "wait", "close"):
            setattr(self, name, self._stuck if name == call else lambda *_: None)

    def _stuck(self, *_):
        self.inside.set()
        self.goes_on.wait()


@pytest.mark.parametrize("call", ["open", "set", "sense"])
def test_a_board_that_hangs_holds_up_no_alarm_and_is_told(here, monkeypatch, call):
    monkeypatch.setattr("kentongan_gateway.outputs.player.HELD_UP_MS", 100)
    board = Hangs(call)
    monkeypatch.setattr(outputs, "make", lambda *_: Player(board, 50))
    here.start()
    here.air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100) in here.receipts(), "the receipt")
    wait_for(lambda: here.hub.of("alarm"), "the alarm at the hub")
    wait_for(lambda: "has not come back" in here.troubles().get("siren", ""), "the trouble")
    board.goes_on.set()
    wait_for(lambda: "siren" not in here.troubles(), "its end")


def test_a_lamp_that_hangs_holds_up_no_alarm_and_is_told(here, monkeypatch):
    monkeypatch.setattr("kentongan_gateway.outputs.player.HELD_UP_MS", 100)
    led = Hangs("set")
    monkeypatch.setattr(lamp, "make", lambda _: lamp.Lamp(Player(led, 1, name="lamp")))
    here.start()
    here.walk(100, "a lamp that hangs")
    wait_for(lambda: "has not come back" in here.troubles().get("lamp", ""), "the trouble")
    led.goes_on.set()


def test_a_voice_that_hangs_holds_up_no_alarm_and_is_told(here, monkeypatch):
    stuck = Hangs("open")
    monkeypatch.setattr(voice, "speech", stuck.open)
    monkeypatch.setattr(voice, "WAITING_LIMIT", 1)
    monkeypatch.setattr(voice, "make", lambda _settings, hold: voice.Voice("", hold))
    here.start()
    for counter in (100, 101):
        here.walk(counter, "a voice that hangs")
    for _ in range(3):
        here.daemon._voice.say("kebakaran")
    wait_for(lambda: "left out" in here.troubles().get("voice", ""), "the trouble")
    stuck.goes_on.set()


def test_a_temporary_folder_that_takes_nothing_is_told_by_the_voice_which_speaks_when_it_does(monkeypatch):
    told, one = [], voice.Voice()
    one.on_trouble = told.append

    def read_only(*_args, **_kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", read_only)
    one.say("kebakaran")
    wait_for(lambda: told, "the trouble")
    assert "Read-only file system" in told[0] and one._thread.is_alive()
    assert one.trouble() == told[0]


# what is outside the process: systemd's socket and the console


class Outside:
    """A real process between its hub and air; `start(**)` as subprocess.Popen takes it."""

    def __init__(self, directory):
        self.hub, self.air = Hub(), Air()
        self.gateway = Gateway(directory, self.hub.port, self.air.port)

    def start(self, **how):
        log = self.gateway.log.open("ab")
        command = [sys.executable, "-m", "kentongan_gateway", "run", "--config", str(self.gateway.config)]
        self.gateway.process = subprocess.Popen(command, **{"stdout": log, "stderr": log, **how})
        wait_for(self.air.connected, "the gateway opening its radio")

    def alarms(self, counters):
        for counter in counters:
            self.air.hear(alarm(counter=counter), BUTTON)
            wait_for(lambda n=counter: (BUTTON, n) in stored_on_air(self.air), f"the receipt of {counter}")
        wait_for(lambda: set(counters) <= {e["counter"] for e in self.hub.of("alarm")}, "them at the hub")
        assert self.gateway.process.poll() is None

    def close(self):
        self.gateway.process.kill()
        self.gateway.process.wait(PATIENCE_S)
        self.air.close()
        self.hub.close()


@pytest.fixture(name="outside")
def _outside(tmp_path):
    outside = Outside(tmp_path)
    yield outside
    outside.close()


def test_systemds_socket_that_vanishes_ends_nothing_and_is_told(outside, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        outside.start(env={**os.environ, "NOTIFY_SOCKET": str(path)})
    path.unlink()
    outside.alarms([100, 101])
    wait_for(lambda: "systemd" in troubles_of(outside.gateway), "the trouble")


def test_systemds_full_socket_holds_up_nothing_and_ready_is_said_when_there_is_room(outside, tmp_path):
    path = tmp_path / "notify"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others,
    ):
        line.bind(str(path))
        others.setblocking(False)
        try:
            while True:
                others.sendto(b"x", str(path))
        except BlockingIOError:
            pass  # it is full now
        outside.start(env={**os.environ, "NOTIFY_SOCKET": str(path)})
        outside.alarms([100, 101])
        while (said := line.recv(100)) == b"x":
            pass
        assert said == b"READY=1", "else systemd would end it at the end of its patience"
        assert line.recv(100) == b"WATCHDOG=1"


def test_a_console_that_nobody_reads_holds_up_nothing_and_is_told(outside):
    end, begin = os.pipe()
    fcntl.fcntl(begin, fcntl.F_SETPIPE_SZ, 4096)
    outside.start(stdout=begin, stderr=begin)
    outside.alarms(range(100, 130))
    writer = logs.Writer(begin, limit=3)
    for _ in range(500):
        writer.emit(logging.LogRecord("uji", logging.INFO, "", 0, "x" * 100, (), None))
    assert "lines" in writer.trouble()
    os.close(end)
    os.close(begin)


@pytest.mark.parametrize("kind", ["gone", "full", "closed"])
def test_a_console_that_takes_nothing_ends_nothing_and_is_told(outside, kind):
    if kind == "gone":
        end, begin = os.pipe()
        os.close(end)
        outside.start(stdout=begin, stderr=begin)
    elif kind == "full":
        with open("/dev/full", "wb") as full:
            outside.start(stdout=full, stderr=full)
    else:
        outside.start(stdout=None, stderr=None, preexec_fn=lambda: (os.close(1), os.close(2)))
    outside.alarms([100, 101])
    wait_for(lambda: "log" in troubles_of(outside.gateway), "the trouble")
