"""One board has the modem's name, by its serial number or its socket; a second one never takes it."""

from types import SimpleNamespace

import pytest
from kentongan_gateway import cli
from kentongan_gateway.radio import modem_name
from kentongan_wire.base.errors import LocalError


def board(device="/dev/ttyUSB0", serial="8a2f7c01", vid=0x10C4, pid=0xEA60):
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=serial)


@pytest.fixture
def sockets(tmp_path):
    """Two serial devices and the names that udev gives their sockets."""
    for number, name in enumerate(("plat-usb-0:1.1:1.0-port0", "plat-usb-0:1.2:1.0-port0")):
        (tmp_path / f"ttyUSB{number}").touch()
        for alias in (name, name.replace("-usb-", "-usbv2-")):
            (tmp_path / alias).symlink_to(tmp_path / f"ttyUSB{number}")
    return tmp_path


def test_a_board_with_a_number_of_its_own_is_known_by_it_in_every_socket():
    one = board()
    assert modem_name.rule(one, [one, board("/dev/ttyUSB1", "77aa0012")]) == (
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="10c4", ATTRS{serial}=="8a2f7c01", SYMLINK+="kentongan-modem"\n'
    )


@pytest.mark.parametrize("serial", ["0001", "1", "", None, 'a" RUN+="x', "12345678", "a*", "a b"])
def test_a_number_that_many_boards_bear_names_the_socket_instead(sockets, serial):
    one = board(str(sockets / "ttyUSB1"), serial)
    assert modem_name.rule(one, [one], f"{sockets}/plat-*") == (
        'SUBSYSTEM=="tty", ENV{ID_PATH}=="plat-usb-0:1.2:1.0", SYMLINK+="kentongan-modem"\n'
    )


def test_two_boards_with_one_number_are_told_apart_by_their_sockets(sockets):
    one, other = (board(str(sockets / f"ttyUSB{number}")) for number in range(2))
    rules = {modem_name.rule(mine, [one, other], f"{sockets}/plat-*") for mine in (one, other)}
    assert len(rules) == 2 and all("ID_PATH" in rule for rule in rules)


def test_a_socket_without_a_name_is_said(tmp_path):
    with pytest.raises(LocalError, match="no serial number of its own"):
        modem_name.rule(board(serial=""), [], f"{tmp_path}/*")


def test_the_only_board_is_taken_and_of_several_one_must_be_named():
    others = [board("/dev/ttyS0", vid=None, pid=None), board("/dev/ttyACM1", vid=0x0BDA, pid=1)]
    one, two = board(), board("/dev/ttyACM0", "F4:12:FA:00:11:22", 0x303A, 0x1001)
    assert modem_name.choose(None, modem_name.boards(lambda: [*others, one])) is one
    found = modem_name.boards(lambda: [one, *others, two])
    assert modem_name.choose("/dev/ttyUSB0", found) is one
    with pytest.raises(LocalError, match="several boards: /dev/ttyACM0 .*--port"):
        modem_name.choose(None, found)
    with pytest.raises(LocalError, match="/dev/ttyS0: no board of ours"):
        modem_name.choose("/dev/ttyS0", found)
    with pytest.raises(LocalError, match="no board is plugged in"):
        modem_name.choose(None, [])


def test_the_command_writes_the_rule_and_says_what_makes_it_hold(tmp_path, monkeypatch, capsys):
    rules = tmp_path / "71.rules"
    monkeypatch.setattr(modem_name, "RULES", rules)
    monkeypatch.setattr(modem_name.list_ports, "comports", lambda: [board()])
    assert cli.main(["modem"]) == 0
    assert 'ATTRS{serial}=="8a2f7c01"' in rules.read_text()
    assert "udevadm control --reload" in capsys.readouterr().out


def test_without_roots_rights_the_command_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(modem_name, "RULES", tmp_path / "missing/71.rules")
    monkeypatch.setattr(modem_name.list_ports, "comports", lambda: [board()])
    assert cli.main(["modem"]) == 2
    assert "sudo kentongan-gateway modem" in capsys.readouterr().err
