"""Byte pipes and the real-time world: what happens when the other side is slow, gone, or comes back."""

import os
import socket
import threading

import pytest
import serial
from kentongan_sim.console.tail import Tail
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.bridges import PtyBridge, TcpBridge
from kentongan_sim.world.realtime import LiveWorld
from kentongan_sim.world.world import World
from kits.patience import PATIENCE_S, wait_for


class Box:
    """Collects what a pipe delivers."""

    def __init__(self):
        self.data = b""
        self.changed = threading.Condition()

    def take(self, data):
        with self.changed:
            self.data += data
            self.changed.notify_all()

    def wait_for(self, data):
        with self.changed:
            assert self.changed.wait_for(lambda: self.data == data, PATIENCE_S), self.data


@pytest.fixture
def pty(tmp_path):
    bridge = PtyBridge(tmp_path / "modem")
    yield bridge
    bridge.close()


def test_a_serial_port_carries_every_byte_both_ways(pty):
    box, every = Box(), bytes(range(256))
    pty.on_data = box.take
    with serial.Serial(str(pty.link), 115200, timeout=PATIENCE_S) as port:
        port.write(every)
        box.wait_for(every)
        pty.write(every)
        assert port.read(256) == every


def test_a_program_that_restarts_finds_its_serial_port_again(pty):
    box = Box()
    pty.on_data = box.take
    for _ in range(3):
        with serial.Serial(str(pty.link), 115200, timeout=PATIENCE_S) as port:
            port.write(b"x")
    box.wait_for(b"xxx")


def test_a_port_that_nobody_reads_drops_and_never_blocks(pty):
    for _ in range(64):
        pty.write(bytes(4096))
    assert pty.dropped_bytes > 0


def test_a_closed_port_leaves_no_link_and_no_descriptor(tmp_path):
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    PtyBridge(tmp_path / "modem").close()
    assert not (tmp_path / "modem").is_symlink()
    assert not before or len(os.listdir("/proc/self/fd")) == before


def test_the_newer_tcp_client_wins_and_an_unplugged_port_refuses():
    box = Box()
    bridge = TcpBridge(box.take)
    address = ("127.0.0.1", bridge.port)
    first = socket.create_connection(address, PATIENCE_S)
    first.sendall(b"1")
    box.wait_for(b"1")
    second = socket.create_connection(address, PATIENCE_S)
    assert first.recv(1) == b""
    second.sendall(b"2")
    box.wait_for(b"12")
    bridge.unplug()
    assert second.recv(1) == b""
    with pytest.raises(OSError):
        socket.create_connection(address, PATIENCE_S)
    bridge.replug()
    third = socket.create_connection(address, PATIENCE_S)
    third.sendall(b"3")
    box.wait_for(b"123")
    bridge.write(b"answer")
    assert third.recv(6) == b"answer"
    for one in (first, second, third):
        one.close()
    bridge.close()
    bridge.write(b"nobody is there")


def test_the_world_answers_other_threads_and_hands_them_its_errors():
    live = LiveWorld(World(scenario("line3"), gateway_hosts=False), speed=50)
    live.start()
    assert live.ask(live.world.is_on, "pos-1") in (True, False)
    with pytest.raises(KeyError):
        live.ask(live.world.is_on, "nobody")
    start_us = live.world.now_us
    wait_for(lambda: live.world.now_us >= start_us + 1_000_000, "a second of the world")
    live.close()
    live.call(print, "a call to an ended world is dropped")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_ends_the_world_is_kept_and_told_to_whoever_asks():
    live = LiveWorld(World(scenario("line3"), gateway_hosts=False))
    live.start()
    live.call(lambda: 1 / 0)
    wait_for(lambda: live.failure, "the failure")
    with pytest.raises(ZeroDivisionError):
        live.ask(live.world.is_on, "pos-1")
    live.close()


def test_a_log_is_read_from_its_start_in_whole_lines(tmp_path):
    lines, path, done = [], tmp_path / "log", threading.Event()

    def take(line):
        lines.append(line)
        if line == "end":
            done.set()

    tail = Tail(path, take)
    with path.open("w") as file:
        for piece in ("one\ntw", "o\n", "three\nen", "d\n", "half"):
            file.write(piece)
            file.flush()
    assert done.wait(PATIENCE_S)
    tail.close()
    assert lines == ["one", "two", "three", "end"]
