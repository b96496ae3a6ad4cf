"""One source of pins: firmware files, nets and tables are what pins/*.toml says."""

import pytest
from kentongan_hw import HARDWARE
from kentongan_hw.__main__ import CARRIERS
from kentongan_hw.parts import pins, signals

REMEDY = "edit hardware/pins/*.toml, not the copy, then run: make hardware-files"


@pytest.mark.parametrize("board", pins.boards())
def test_firmware_has_the_pins_of_the_source(board):
    text = pins.firmware_path(board).read_text(encoding="utf-8")
    assert text == pins.board_file(pins.load(board)), REMEDY


def test_every_firmware_board_has_a_source():
    firmware = {path.stem for path in pins.firmware_path("x").parent.glob("*.py")}
    assert firmware == set(pins.boards())


@pytest.mark.parametrize("node", CARRIERS)
def test_the_table_in_the_page_is_the_source(node):
    text = (HARDWARE / node / "README.md").read_text(encoding="utf-8")
    assert f"<!-- pins -->\n{signals.table(node)}\n<!-- /pins -->" in text, REMEDY


def forbidden(node):
    """Signals on strapping, USB, flash or on-board pins of the node's board."""
    chip = signals.board_of(node)["chip"]
    never = {*chip["strapping"], *chip["usb_or_flash"], *map(int, chip["onboard"])}
    return [s.slot for s in signals.load(node) if s.gpio in never]


@pytest.mark.parametrize("node", CARRIERS)
def test_no_signal_sits_on_a_strapping_or_taken_pin(node):
    assert not forbidden(node)


def test_what_wakes_the_button_sits_on_rtc_pins():
    rtc = signals.board_of("button")["chip"]["rtc"]
    assert {s.slot for s in signals.load("button") if s.gpio in rtc} >= {"key_main", "key_silent", "key_lid"}


def seeded(monkeypatch, tmp_path, board, old, new):
    """Let pins read a copy of the board's file with one fault in it."""
    source = (HARDWARE / "pins" / f"{board}.toml").read_text(encoding="utf-8")
    assert old in source
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / f"{board}.toml").write_text(source.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(pins, "HARDWARE", tmp_path)


def test_seeded_fault_a_moved_pin_is_seen(monkeypatch, tmp_path):
    seeded(monkeypatch, tmp_path, "heltec_v3", "siren = 4", "siren = 39")
    text = pins.firmware_path("heltec_v3").read_text(encoding="utf-8")
    assert text != pins.board_file(pins.load("heltec_v3"))
    page = (HARDWARE / "siren/README.md").read_text(encoding="utf-8")
    assert signals.table("siren") not in page


def test_seeded_fault_a_strapping_pin_is_seen(monkeypatch, tmp_path):
    seeded(monkeypatch, tmp_path, "heltec_v3", "key_test = 42", "key_test = 0")
    assert forbidden("siren") == ["key_test"]


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("key_lid = 6", "key_lid = 4", "GPIO 4"),
        ("siren = 4", "sirene = 4", "sirene is unknown"),
        ("[modem]", "[mod]", "unknown or missing"),
        ("battery_ratio_x10 = 57\n", "", "come together"),
        ("siren = 4", "siren = 14", "dio1"),
    ],
)
def test_seeded_fault_a_bad_file_is_refused_by_name(monkeypatch, tmp_path, old, new, words):
    seeded(monkeypatch, tmp_path, "heltec_v3", old, new)
    with pytest.raises(pins.PinError, match=words) as fault:
        pins.load("heltec_v3")
    assert "heltec_v3.toml" in str(fault.value)


def test_seeded_fault_a_signal_without_a_slot_is_refused(monkeypatch, tmp_path):
    seeded(monkeypatch, tmp_path, "heltec_v3", "sense_siren = 40\n", "")
    with pytest.raises(pins.PinError, match="sense_siren"):
        signals.load("siren")
