"""Boards are told apart where that can be done, asked for where not, and refused where they do not fit."""

import pytest
from conftest import ROOT
from kentongan_tool.base.failures import ToolError
from kentongan_tool.board import boards, flash, radios
from kentongan_tool.board.prompt import Found
from kentongan_tool.jobs import provision
from kentongan_tool.jobs.provision import choose_board
from kits.board.esp32_fake import Board
from kits.node.boardkit import Space

S3 = "Generic ESP32S3 module with ESP32S3"


class Pins:
    """A bundle's pin files."""

    def board_text(self, name):
        return (ROOT / "firmware/boards" / f"{name}.py").read_text(encoding="utf-8")


class AtPrompt:
    """A board of that kind at its prompt: runs what it is asked on the models of its chips."""

    def __init__(self, name):
        self.board = Board(name)

    def ask(self, program):
        said = []
        modules = {"time": self.board.clock, "machine": self.board._machine()}
        spi = self.board.chip
        modules["machine"].SPI = lambda *args, **names: Space(
            write_readinto=spi.write_readinto, deinit=lambda: None
        )
        scope = {
            "print": said.append,
            "__builtins__": {**vars(__import__("builtins")), "__import__": lambda name, *rest: modules[name]},
        }
        exec(program, scope)
        return [eval(line[len("KENTONGAN ") :]) for line in said]


def named(found):
    return [board.name for board in found]


def found(platform="esp32", machine=S3, chip=boards.ESP32S3):
    return Found(platform, machine, chip, [], 1_000_000, None)


def told(name, function, *args, **more):
    with pytest.raises(ToolError) as caught:
        function(*args, **more)
    assert caught.value.name == name
    return caught.value.what


def test_usb_and_flash_narrow_the_choice_as_far_as_they_go():
    bridged = boards.candidates(boards.ESP32S3, boards.CP2102, 8)
    assert named(bridged) == ["heltec_v3", "wireless_stick_lite_v3"]
    assert named(boards.candidates(boards.ESP32S3, boards.NATIVE, 4)) == ["lilygo_t3s3"]
    assert named(boards.candidates(boards.ESP32S3, boards.NATIVE_MPY, 8)) == [
        "xiao_esp32s3",
        "xiao_esp32s3_header",
    ]
    assert len(boards.candidates(boards.ESP32S3, None, 4)) == 5
    assert named(boards.candidates(boards.ESP32, (1, 2), 4)) == ["lilygo_t3", "tbeam_sx1276", "tbeam_sx1262"]


@pytest.mark.parametrize("name", sorted(boards.BOARDS))
def test_a_radio_answers_on_the_pins_of_its_own_board_and_of_those_that_have_the_same(name):
    numbers = radios.numbers(Pins().board_text(name))
    alike = [
        other
        for other in boards.BOARDS
        if [radios.numbers(Pins().board_text(other))[pin] for pin in radios.RADIO]
        == [numbers[pin] for pin in radios.RADIO]
    ]
    at = AtPrompt(name)
    assert radios.answering(at, Pins(), boards.BOARDS.values()) == alike
    at.board.chip.faults.add("no_chip")
    assert radios.answering(at, Pins(), boards.BOARDS.values()) == []


def test_the_two_wio_boards_for_the_xiao_are_told_apart_by_their_radio():
    for name in ("xiao_esp32s3", "xiao_esp32s3_header"):
        heard = radios.answering(AtPrompt(name), Pins(), boards.candidates(boards.ESP32S3, boards.NATIVE_MPY))
        assert choose_board(found(), None, boards.NATIVE_MPY, heard).name == name
        other = ({"xiao_esp32s3", "xiao_esp32s3_header"} - {name}).pop()
        assert name in told("wrong_board", choose_board, found(), other, boards.NATIVE_MPY, heard)


def test_where_nothing_answers_a_person_is_asked():
    assert "xiao_esp32s3_header" in told("which_board", choose_board, found(), None, boards.NATIVE_MPY, [])
    assert choose_board(found(), "xiao_esp32s3", boards.NATIVE_MPY, []).name == "xiao_esp32s3"
    assert "wireless_stick_lite_v3" in told(
        "which_board", choose_board, found(), None, boards.CP2102, ["heltec_v3", "wireless_stick_lite_v3"]
    )


def test_a_heltec_v4_is_refused_by_its_usb_or_its_flash_with_the_reason(monkeypatch):
    for wanted in (None, "heltec_v3"):
        words = told("unfit_board", choose_board, found(), wanted, boards.NATIVE_MPY, ["heltec_v3"])
        assert "V4" in words and "amplifier" in words
    assert choose_board(found(), "heltec_v3", boards.CP2102, ["heltec_v3"]).name == "heltec_v3"
    monkeypatch.setattr(flash, "find_chip", lambda port: flash.Chip(boards.ESP32S3, 16))
    for wanted in (None, "heltec_v3", "xiao_esp32s3"):  # the XIAO ESP32S3 Plus has as much
        words = told("unfit_board", flash.flash, "/dev/null", None, lambda text: None, wanted)
        assert "16 MB: a Heltec" in words and "V4" in words and "or a board that is not supported" in words


class Desk(AtPrompt):
    """A board on the desk that was made a device once."""

    def __init__(self, name):
        super().__init__(name)
        self.left = 0

    def probe(self):
        return Found("esp32", S3, boards.ESP32S3, ["/device.json"], 1_000_000, ["modem", "modem-1", 5, 1])

    def leave(self):
        self.left += 1


@pytest.fixture(name="desk")
def _desk(monkeypatch):
    made = Desk("xiao_esp32s3_header")
    monkeypatch.setattr(provision, "Prompt", lambda port: made)
    monkeypatch.setattr(flash, "usb_of", lambda port: boards.NATIVE_MPY)
    return made


def look(board=None, erase=True):
    hub = Space(url="http://hub", device=lambda node: {"state": "revoked"})
    return provision.Job(hub, Pins(), "/dev/null", lambda text: None, board, erase).look()


def test_a_device_that_may_be_erased_is_asked_for_its_radio_like_a_blank_board(desk):
    assert look()[1].name == "xiao_esp32s3_header"
    assert "xiao_esp32s3_header" in told("wrong_board", look, "xiao_esp32s3")


def test_a_device_that_may_not_be_erased_is_named_before_its_pins_are_touched_and_goes_on(desk):
    desk.ask = None
    for board in (None, "xiao_esp32s3", "lilygo_t3"):  # also where its board is not certain, or another
        assert "modem-1 00000005" in told("occupied", look, board, erase=False)
    assert desk.left == 3


def test_a_board_is_refused_for_a_role_that_it_has_no_pins_for():
    header = boards.BOARDS["xiao_esp32s3_header"]
    for role in ("tombol", "sirene", "penerima"):
        assert "modem" in told("unfit_board", boards.refuse_role, header, role)
    boards.refuse_role(header, "modem")
    for board in boards.BOARDS.values():
        boards.refuse_role(board, "penerus")
