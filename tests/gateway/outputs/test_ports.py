"""Serial adapters that share one name, a siren on the radio's line, and a check that talks to the board."""

import json
import os
from collections import namedtuple

import pytest
from kentongan_gateway import outputs
from kentongan_gateway.outputs import ports
from kentongan_gateway.outputs.lcus import frame
from kentongan_gateway.service import checks, settings
from kentongan_sim.world.bridges import PtyBridge
from kentongan_wire.base.errors import LocalError
from kits.gateway.gateway_process import Air, Gateway, Hub, wait_for

Port = namedtuple("Port", ("device", "vid", "pid", "serial_number"))
CH340 = 0x1A86, 0x7523


@pytest.fixture(name="plugs")
def _plugs(tmp_path):
    """Two CH340 and a CP2102 as the kernel and udev name them."""
    for name in ("ttyUSB0", "ttyUSB1", "ttyUSB2"):
        (tmp_path / name).touch()
    by_id, by_path = tmp_path / "by-id", tmp_path / "by-path"
    by_id.mkdir()
    by_path.mkdir()
    os.symlink(tmp_path / "ttyUSB1", by_id / "usb-1a86_USB_Serial-if00-port0")
    os.symlink(tmp_path / "ttyUSB2", by_id / "usb-Silicon_Labs_CP2102_0001-if00-port0")
    for number in (0, 1):
        os.symlink(tmp_path / f"ttyUSB{number}", by_path / f"platform-usb-0:1.{number + 1}:1.0-port0")
    listed = [
        Port(str(tmp_path / "ttyUSB0"), *CH340, None),
        Port(str(tmp_path / "ttyUSB1"), *CH340, None),
        Port(str(tmp_path / "ttyUSB2"), 0x10C4, 0xEA60, "0001"),
        Port("/dev/ttyS0", None, None, None),
    ]
    return tmp_path, listed


def test_two_adapters_without_a_serial_number_are_told_apart_by_their_path_only(plugs):
    folder, listed = plugs
    says = "2 adapters 1a86:7523 .* give one of .*1.1:1.0-port0, .*1.2:1.0"
    for name in ("by-id/usb-1a86_USB_Serial-if00-port0", "ttyUSB0"):
        with pytest.raises(LocalError, match=says):
            ports.check(str(folder / name), lambda: listed, str(folder / "by-path/*"))
    for name in (
        "by-path/platform-usb-0:1.1:1.0-port0",
        "by-id/usb-Silicon_Labs_CP2102_0001-if00-port0",
        "none",
    ):
        ports.check(str(folder / name), lambda: listed)
    ports.check(str(folder / "ttyUSB0"), lambda: listed[1:])


def test_a_siren_board_is_never_opened_on_the_radios_line(tmp_path):
    """Whichever name leads there: the modem would be disturbed, and no siren would sound."""
    got = bytearray()
    line = PtyBridge(tmp_path / "modem", got.extend)
    os.symlink(line.link, tmp_path / "board")
    siren = settings.load(_settings(tmp_path, tmp_path / "board")).siren
    player, heard = outputs.make(siren, [str(tmp_path / "modem"), 5]), []
    player.on_trouble = heard.append
    player.off()
    wait_for(lambda: heard, "the trouble")
    assert "leads to the radio's line" in heard[0] and not got
    player.close()
    player = outputs.make(siren, [str(tmp_path / "elsewhere")])
    player.off()
    wait_for(lambda: bytes(got).startswith(frame(1, False)), "a board of its own being switched off")
    player.close()
    line.close()


def _settings(folder, port, driver="lcus", radio="/dev/null"):
    (folder / "g.toml").write_text(
        f'[gateway]\nkey_file = "k"\nstate_dir = "state"\nlabel = "g"\n'
        f'[radio]\ntype = "serial_modem"\nport = "{radio}"\n'
        f'[hub]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n'
        f'[siren]\ndriver = "{driver}"\nport = "{port}"\nchannel = 1\n'
    )
    return folder / "g.toml"


def result(folder, name, *args, **more):
    return {one.id: one for one in checks.run(settings.load(_settings(folder, *args, **more)))}[name]


def test_check_talks_to_a_modbus_board_and_only_opens_one_that_never_answers(tmp_path):
    got = bytearray()
    line = PtyBridge(tmp_path / "board", got.extend)
    found = result(tmp_path, "siren_port", line.link)
    assert found.ok and "never answer" in found.text and not got, "nothing is switched by a check"
    found = result(tmp_path, "siren_port", line.link, "modbus")
    assert not found.ok and "board 1" in found.text and "does not answer; check A and B" in found.text
    assert bytes(got).startswith(bytes.fromhex("010100000008")), "it was asked, with nothing but questions"
    assert bytes(got)[1::8].strip(b"\x01") == b""
    found = result(tmp_path, "siren_port", line.link, radio=line.link)
    assert not found.ok and "[radio] too" in found.text
    line.close()


def test_check_leaves_the_line_to_a_running_gateway_and_asks_that_one(tmp_path):
    hub, air = Hub(), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    board = tmp_path / "board"
    text = gateway.config.read_text().replace(
        'driver = "virtual"\nfile = "siren.jsonl"', f'driver = "lcus"\nport = "{board}"'
    )
    gateway.config.write_text(text)
    line = PtyBridge(board)
    gateway.start()
    try:
        wait_for(lambda: (tmp_path / "state" / "status.json").exists(), "its first look round")
        found = {one.id: one for one in checks.run(settings.load(gateway.config))}["siren_port"]
        assert found.ok and "in use by the running gateway" in found.text
    finally:
        gateway.kill()
        air.close()
        hub.close()
    snapshot = json.loads((tmp_path / "state" / "status.json").read_text())
    snapshot["troubles"]["siren"] = "SerialException: gone"
    (tmp_path / "state" / "status.json").write_text(json.dumps(snapshot))
    found = {one.id: one for one in checks.run(settings.load(gateway.config))}["siren_port"]
    assert not found.ok and "SerialException: gone" in found.text
    line.close()


def test_a_token_that_others_may_read_is_named(tmp_path):
    (tmp_path / "token").write_text("t")
    (tmp_path / "token").chmod(0o644)
    found = result(tmp_path, "token_file", "/dev/null")
    assert not found.ok and "chmod 600" in found.text
    (tmp_path / "token").chmod(0o600)
    assert result(tmp_path, "token_file", "/dev/null").ok
