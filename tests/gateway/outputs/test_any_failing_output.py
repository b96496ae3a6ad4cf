"""Errors of the library of a board, line, lamp or sound card: its thread lives, tells and goes on."""

import builtins
import shutil
import struct
import subprocess
import tempfile
import termios
import threading

import minimalmodbus
import pytest
import serial
from kentongan_gateway.core.base import actions
from kentongan_gateway.outputs import key, lamp, modbus, player, voice
from kentongan_gateway.outputs.lcus import LcusRelay
from kentongan_gateway.outputs.modbus import ModbusRelay
from kentongan_gateway.outputs.player import Player
from kentongan_sim.world.bridges import PtyBridge
from kits.gateway.gateway_kit import Bench, alarm
from kits.gateway.gateway_process import wait_for


def made(kind):
    """One of these exceptions; a few builtins want their arguments."""
    if kind is UnicodeDecodeError:
        return kind("ascii", b"\xff", 0, 1, "odd")
    if kind is UnicodeEncodeError:
        return kind("ascii", "\u00ff", 0, 1, "odd")
    if kind is UnicodeTranslateError:
        return kind("\u00ff", 0, 1, "odd")
    if issubclass(kind, BaseExceptionGroup):
        return kind("odd", [ValueError("x")])
    return kind("odd")


KINDS = sorted(
    {kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    | {SystemExit},
    key=lambda kind: kind.__name__,
)
KINDS += [
    termios.error,
    struct.error,
    serial.SerialException,
    serial.SerialTimeoutException,
    minimalmodbus.NoResponseError,
    minimalmodbus.InvalidResponseError,
]


class Part:
    """A relay, a sense line and a key; `fails`: the calls that raise, `kind`: what."""

    def __init__(self, wired_to=None):
        self.fails, self.kind, self.level, self.wired_to = (), None, False, wired_to or self

    def _call(self, name):
        if name in self.fails:
            raise made(self.kind)

    def open(self):
        self._call("open")

    def set(self, on):
        self._call("set")
        self.level = on

    def sense(self):
        self._call("sense")
        return self.wired_to.level

    def wait(self, timeout_s):
        self._call("wait")
        threading.Event().wait(timeout_s)
        return False

    def close(self):
        self._call("close")


def run(one, now, ms):
    """Step a player whose clock is now[0] for so long; the times at which its relay is on."""
    on, end = 0, now[0] + ms
    while now[0] < end:
        due = one.step(now[0])
        assert due > now[0], "a step that asks for itself again at once"
        on += one._relay.level
        now[0] = min(due, end)
    return on


@pytest.fixture(name="now")
def _now(monkeypatch):
    now = [100_000]
    monkeypatch.setattr(player, "now_ms", lambda: now[0])
    return now


def player_of(*parts):
    one = Player(parts[0], 50, *parts[1:])
    one._started, one.told = True, []
    one._thread = threading.current_thread()  # the test steps it
    one.on_trouble = one.told.append
    return one


@pytest.mark.parametrize("call", ["open", "set", "sense", "close"])
def test_a_board_whose_library_raises_anything_is_told_and_beats_again_when_it_works(now, call):
    for kind in KINDS:
        board = Part()
        one = player_of(board)
        one.play("titir", ((300, 300),), 600_000)
        assert run(one, now, 2_000)
        board.fails, board.kind = ("open", call) if call == "open" else (call,), kind
        if call in ("open", "close"):
            one._failed("pulled out", now[0])
        run(one, now, 10_000)
        assert one.told[0] and one.told[-1] == one.trouble(), kind
        board.fails = ()
        assert run(one, now, 10_000) > 10, kind
        assert one.told[-1] is None and one.trouble() is None, kind
        one.off()
        run(one, now, 500)
        assert not board.level


@pytest.mark.parametrize("call", ["open", "sense", "close"])
def test_a_sense_line_that_fails_is_told_and_the_siren_beats_without_it(now, call):
    for kind in KINDS:
        board = Part()
        line = Part(wired_to=board)
        line.fails, line.kind = ("sense", call), kind
        one = player_of(board, line)
        one.play("titir", ((300, 300),), 600_000)
        assert run(one, now, 6_000) > 10, kind
        assert "sense line" in one.told[-1] and "sense line" in one.trouble(), kind
        line.fails = ()
        run(one, now, 6_000)
        assert one.trouble() is None, kind


@pytest.mark.parametrize("call", ["open", "wait", "close"])
def test_a_key_whose_library_raises_anything_is_told_and_works_again(monkeypatch, call):
    for name in ("REOPEN_S", "WAIT_S"):
        monkeypatch.setattr(key, name, 0.001)
    for kind in KINDS:
        line, told = Part(), []
        line.fails, line.kind = ("wait" if call == "close" else call,), kind
        one = key.Key(line, lambda: None, told.append)
        wait_for(lambda told=told: told, f"{kind}")
        assert one.trouble() == told[-1]
        line.fails = ()
        wait_for(lambda told=told: told[-1] is None, f"the end of {kind}")
        assert one.trouble() is None
        one.close()


@pytest.mark.parametrize("place", ["folder", "popen", "remove"])
def test_a_voice_that_meets_anything_is_told_and_speaks_the_next_sentence(monkeypatch, tmp_path, place):
    for kind in [kind for kind in KINDS if kind is not SystemExit]:
        held, told = [], []
        one = voice.Voice("", held.append)
        one.on_trouble = told.append
        with monkeypatch.context() as patch:
            patch.setattr(voice.subprocess, "Popen", lambda *_a, **_k: Spoken())
            bad = {
                "folder": (tempfile, "mkdtemp"),
                "popen": (voice.subprocess, "Popen"),
                "remove": (shutil, "rmtree"),
            }[place]
            with monkeypatch.context() as worse:
                worse.setattr(*bad, lambda *_a, kind=kind, **_k: (_ for _ in ()).throw(made(kind)))
                one.say("kebakaran")
                wait_for(lambda told=told: told, f"{kind}")
            assert told[0] and one.trouble() == told[0] and held[-1] is False
            one.say("kebakaran")
            wait_for(lambda told=told: told[-1] is None, f"the sentence after {kind}")


class Spoken:
    """A process that ends well."""

    returncode = 0

    def communicate(self, *_given, **_timeout):
        return b"", b""


def test_a_sound_card_that_hangs_is_told_though_its_process_cannot_be_killed(monkeypatch):
    monkeypatch.setattr(voice, "SAY_S", 0.01)
    monkeypatch.setattr(voice, "KILLED_S", 0.01)
    killed = []

    class Stuck(Spoken):
        def communicate(self, *_given, timeout=None):
            if timeout is None:
                threading.Event().wait()
            raise subprocess.TimeoutExpired("aplay", timeout)

        def kill(self):
            killed.append(self)

    monkeypatch.setattr(voice.subprocess, "Popen", lambda *_a, **_k: Stuck())
    one, told = voice.Voice(), []
    one.on_trouble = told.append
    one.say("kebakaran")
    wait_for(lambda: told, "the trouble")
    assert killed and "took more than" in told[0] and one._thread.is_alive()


def test_a_board_that_never_comes_back_from_a_call_is_told(now):
    one = player_of(Part())
    one._busy_ms = now[0]
    now[0] += player.HELD_UP_MS
    assert "has not come back" in one.trouble()
    one._busy_ms = None
    one._thread = threading.Thread()
    assert one.trouble() == "its thread has ended"


def test_a_lamp_that_fails_says_so():
    board = Part()
    board.fails, board.kind = ("open",), termios.error
    shown = lamp.Lamp(Player(board, 1, name="lamp"))
    shown.show(lamp.FINE)
    wait_for(shown.trouble, "the trouble")
    shown.close()


class Adapter:
    """A serial adapter at `link` that can be pulled out in the middle of a sounding, and put in again."""

    def __init__(self, link, modbus_board):
        self.link, self._modbus, self.on = link, modbus_board, False
        self.strokes, self._rest = 0, b""
        self.plug()

    def plug(self):
        self._line = PtyBridge(self.link, self._got)

    def pull(self):
        self._line.close()

    def _got(self, data):
        if not self._modbus:
            self.strokes += data.count(bytes.fromhex("a00101a2"))
            return
        self._rest += data
        while len(self._rest) >= 8:
            asked, self._rest = self._rest[:8], self._rest[8:]
            if asked[1] == modbus.WRITE_COIL:
                self.on = asked[4] == 0xFF
                self.strokes += self.on
                self._line.write(asked)
            else:
                body = bytes((asked[0], 1, 1, int(self.on)))
                self._line.write(body + minimalmodbus._calculate_crc(body))


@pytest.mark.parametrize("kind", ["modbus", "lcus"])
def test_an_adapter_that_is_pulled_out_while_it_beats_is_told_and_beats_again_when_it_is_back(
    tmp_path, monkeypatch, kind
):
    monkeypatch.setattr(player, "RETRY_MS", 50)
    link = str(tmp_path / "board")
    adapter = Adapter(link, kind == "modbus")
    relay = ModbusRelay(link, 9_600, 1, 1) if kind == "modbus" else LcusRelay(link, 1)
    one, told = Player(relay, 20), []
    one.on_trouble = told.append
    one.play("titir", ((40, 40),), 600_000)
    for _ in range(4):
        before = adapter.strokes
        wait_for(lambda before=before: adapter.strokes > before + 2, "strokes")
        adapter.pull()
        wait_for(one.trouble, "the trouble")
        adapter.plug()
        wait_for(lambda: one.trouble() is None, "its end")
    assert one._thread.is_alive() and told.count(None) == 4
    one.close()
    adapter.pull()


def test_the_gateways_siren_is_driven_on_while_it_is_in_trouble_and_nobody_is_told_that_it_sounds():
    bench = Bench()
    bench.hear(alarm())
    bench.run(6_000)
    bench.done.clear()
    bench.do(bench.core.on_trouble("siren", "termios.error: (5, 'Input/output error')", bench.now_ms))
    assert not bench.all(actions.SirenOff) and not bench.core.parts.own.alarm
    bench.do(bench.core.on_trouble("siren", None, bench.now_ms))
    assert [e["state"] for e in bench.of_type("gateway_siren")] == ["sounding", "failed", "sounding"]
    assert bench.core.parts.own.alarm


def test_a_siren_that_does_not_work_is_driven_for_a_new_alarm_and_told_to_have_failed():
    bench = Bench()
    bench.do(bench.core.on_trouble("siren", "no such device", bench.now_ms))
    bench.hear(alarm())
    bench.run(6_000)
    assert bench.all(actions.Siren)
    assert [e["state"] for e in bench.of_type("gateway_siren")] == ["failed"]


def test_a_board_that_comes_and_goes_fills_no_spool():
    bench = Bench()
    bench.hear(alarm())
    bench.run(6_000)
    for n in range(101):
        bench.do(bench.core.on_trouble("siren", None if n % 2 else "no such device", bench.now_ms))
    states = [e["state"] for e in bench.of_type("gateway_siren")]
    assert len(states) < 10 and states[-1] == "failed"
