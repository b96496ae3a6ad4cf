"""An unmodified Meshtastic node is configured through the library, reboots, and is read back."""

import re
import shlex
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, scenario
from kentongan_sim.stock.node import StockNode
from kentongan_sim.world.bridges import TcpBridge
from kentongan_sim.world.realtime import LiveWorld, plug_tcp
from kentongan_sim.world.world import World
from kentongan_tool import cli
from kentongan_tool.base.failures import ToolError
from kentongan_tool.jobs import stock, stock_link
from kentongan_wire.air import packet as wire
from kits.tool.technician_kit import Office
from meshtastic.protobuf import config_pb2, mesh_pb2

NODE = 0x6B74F0A1
CHANNEL = {"name": CHANNEL_NAME, "key": CHANNEL_KEY.hex(), "preset": "ShortSlow", "freq_hz": 920_625_000}
PUBLIC = wire.Channel("LongFast", bytes(16))
SPEED = 20
SLOW_LOOP_MS = 1_000  # all that a client sends without waiting for an answer is there before the node looks


class Served:
    """A node as it comes out of its box, reached over TCP, beside a stretch of air."""

    def __init__(self):
        scene = scenario("line3")
        world = World(scene, dead=[place.label for place in scene.places], gateway_hosts=False)
        self.live = LiveWorld(world, speed=SPEED)
        self.core = StockNode(
            {
                "node": NODE,
                "label": "Meshtastic f0a1",
                "channels": [PUBLIC],
                "preset": "LongFast",
                "role": "CLIENT",
            }
        )
        self.core.loop_ms = SLOW_LOOP_MS
        lora = self.core.api.settings.configs["lora"].lora
        lora.region, lora.channel_num = config_pb2.Config.LoRaConfig.RegionCode.UNSET, 0
        self.core.api.settings.save()
        world.host_core("stok", self.core, 0, 0, loss_db={})
        self.bridge = TcpBridge()
        plug_tcp(self.live, "stok", self.core, self.bridge)
        world.run_until(1_000_000)
        self.live.start()
        self.host = f"127.0.0.1:{self.bridge.port}"

    def close(self):
        self.bridge.close()
        self.live.close()


@pytest.fixture
def served():
    made = Served()
    yield made
    made.close()


def want(**more):
    return stock.wanted(CHANNEL, "repeater", "penerus-stok-1", **more)


def test_a_node_out_of_its_box_becomes_a_repeater_of_the_site(served):
    said = []
    assert stock.configure(want(), said.append, host=served.host) == NODE
    settings = served.core.api.settings
    lora, device = settings.configs["lora"].lora, settings.configs["device"].device
    assert (lora.region, lora.channel_num, lora.tx_power) == (config_pb2.Config.LoRaConfig.SG_923, 15, 17)
    assert device.rebroadcast_mode == config_pb2.Config.DeviceConfig.ALL
    assert (settings.role, served.core.preset.name) == ("ROUTER", "ShortSlow")
    (channel,) = settings.site_channels()
    assert (channel.name, channel.key) == (CHANNEL_NAME, CHANNEL_KEY)
    assert "semua benar" in said[-1]
    assert served.core.counters.get("inbox_full", 0) == 0  # a node that drops a fifth message had none
    assert sum("ditulis lagi" in line for line in said) == 0
    again = []
    stock.configure(want(), again.append, host=served.host)
    assert "tidak ada yang diubah" in again[-1]


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path / "hub")
    yield made
    made.process.kill()


def test_a_node_becomes_a_gateways_radio_once_the_gateway_bears_its_number(served, office, tmp_path, capsys):
    token = office.folder / "token"
    words = [
        "stock",
        "--host",
        served.host,
        "--use",
        "gateway",
        "--label",
        "radio-gw",
        "--gateway",
        "gateway-2",
        "--hub",
        office.address,
        "--token-file",
        str(token),
    ]
    assert cli.main(words) == 1
    said = capsys.readouterr()
    assert (
        "Ditulis" not in said.out and "gateway gateway-2 is unknown" in said.err
    )  # it is somebody's radio yet
    command = re.search(r"kentongan-hub (gateway-file .*--out FILE --token-out FILE)", said.err)[1]
    command = command.replace("DIR", str(office.folder))
    command = command.replace("--out FILE", f"--out {tmp_path / 'key.json'}")
    command = command.replace("FILE", str(tmp_path / "gateway.token"))
    program = Path(sys.executable).parent / "kentongan-hub"
    subprocess.run([program, *shlex.split(command)], check=True, capture_output=True)
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "semua benar" in said and "sama dengan nomor gateway-2" in said
    lora, device = (served.core.api.settings.configs[name] for name in ("lora", "device"))
    assert (lora.lora.channel_num, device.device.rebroadcast_mode) == (15, config_pb2.Config.DeviceConfig.ALL)
    assert served.core.api.settings.role == "ROUTER"  # as a CLIENT it holds receipts back for seconds
    assert cli.main([*words, "--check", "--gateway", "gateway-1"]) == 1  # which has a number of its own
    assert "at the hub, this radio is 6b74f0a1" in capsys.readouterr().err


def test_a_router_relays_ours_only_with_rebroadcast_all():
    channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
    frame = channel.seal(0x6B740001, 9, 3, b"halo")
    for mode, relayed in (
        (config_pb2.Config.DeviceConfig.CORE_PORTNUMS_ONLY, False),
        (config_pb2.Config.DeviceConfig.ALL, True),
    ):
        core = StockNode({"node": NODE, "channels": [channel], "role": "ROUTER"})
        core.api.settings.configs["device"].device.rebroadcast_mode = mode
        core.receive(frame, -80, 20, 1_000, 7)
        assert core._queue.has(0x6B740001, 9) == relayed
        assert core.counters.get("not_core_port", 0) == (0 if relayed else 1)


def test_checking_changes_nothing_and_names_every_difference_without_the_key(served):
    said = []
    with pytest.raises(ToolError) as caught:
        stock.configure(want(), said.append, host=served.host, check_only=True)
    text = "\n".join([*said, *caught.value.lines()])
    assert "lora.channel_num: 0 instead of 15" in text and "lora.region: UNSET" in text
    assert "channel.psk: another key" in text and CHANNEL_KEY.hex() not in text
    assert served.core.api.settings.channels[0].settings.name == "LongFast"


def test_a_node_that_forgets_what_was_written_is_found_out(served, monkeypatch):
    monkeypatch.setattr(served.core.api.settings, "save", lambda: True)  # it restarts with what it had
    said = []
    with pytest.raises(
        ToolError, match="written 3 times, read back still .*lora.channel_num: 0 instead of 15"
    ):
        stock.configure(want(), said.append, host=served.host)
    assert sum("Ditulis satu per satu" in line for line in said) == stock.ROUNDS


def test_what_a_node_makes_of_a_setting_by_itself_is_written_again_alone(served, monkeypatch):
    """One whose role resets the mode only when it starts anew, as another version may."""
    settings = served.core.api.settings
    restart, seen = settings.restart, []

    def with_defaults():
        restart()
        if not seen and settings.role == "ROUTER":
            seen.append(settings.role)
            settings._role_defaults()
            settings.save()

    monkeypatch.setattr(settings, "restart", with_defaults)
    said = []
    stock.configure(want(), said.append, host=served.host)
    (again,) = [line for line in said if "ditulis lagi" in line]
    assert "device.rebroadcast_mode: CORE_PORTNUMS_ONLY instead of ALL" in again and "lora" not in again
    assert "semua benar" in said[-1]


def test_a_changed_role_is_written_alone_and_first_and_what_it_resets_after_it():
    all_of_it = want()
    first, *rest = stock.steps({"device.role": "ROUTER"}, all_of_it)
    assert first == ("device", {"device.role": "ROUTER"})
    assert [step.part for step in rest] == ["device", "position", "telemetry"]
    assert rest[0].settings["device.rebroadcast_mode"] == "ALL"
    assert [step.part for step in stock.steps({"device.rebroadcast_mode": "ALL"}, all_of_it)] == ["device"]
    assert [step.part for step in stock.steps(all_of_it, all_of_it)] == [
        *("device", "device", "lora", "position", "telemetry", "owner", "channel")
    ]


def test_no_use_of_a_radio_makes_it_a_client():
    roles = {use: stock.wanted(CHANNEL, use, "x")["device.role"] for use in stock.ROLES}
    assert roles == {"repeater": "ROUTER", "gateway": "ROUTER", "gateway-mute": "CLIENT_MUTE"}
    assert {stock.wanted(CHANNEL, use, "x")["device.rebroadcast_mode"] for use in stock.ROLES} == {"ALL"}


def test_a_node_that_does_not_answer_is_asked_again_and_then_named(served, monkeypatch):
    monkeypatch.setattr(stock_link, "ANSWER_S", 0.2)
    monkeypatch.setattr(served.core.api, "admin", lambda packet: (b"", False))  # as one in Managed Mode
    with pytest.raises(ToolError, match="gives no answer to begin") as caught:
        stock.configure(want(), lambda _: None, host=served.host)
    assert "Managed Mode" in "\n".join(caught.value.lines())


def test_a_node_that_refuses_says_why(served, monkeypatch):
    monkeypatch.setattr(
        served.core.api,
        "admin",
        lambda packet: (served.core.api.routing(packet.id, mesh_pb2.Routing.Error.NOT_AUTHORIZED), False),
    )
    with pytest.raises(ToolError, match="refuses begin: NOT_AUTHORIZED"):
        stock.configure(want(), lambda _: None, host=served.host)


def test_a_node_that_goes_away_in_the_middle_is_told_in_a_sentence_without_tracebacks(
    served, monkeypatch, capfd
):
    take = served.core.api.admin

    def pulled(packet):
        answer = take(packet)
        served.bridge.drop()
        return answer

    monkeypatch.setattr(served.core.api, "admin", pulled)
    with pytest.raises(ToolError, match="went away before it took begin"):
        stock.configure(want(), print, host=served.host)
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err and out.startswith("Radio Meshtastic f0a1")


def test_what_the_librarys_threads_print_stays_off_the_screen(capsys):
    def fails():
        print("from the thread")
        try:
            raise BrokenPipeError
        except OSError:
            traceback.print_exc()

    with stock_link.quiet():
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        print("from us")
    out, err = capsys.readouterr()
    assert (out, err) == ("from us\n", "")


POWERS = [(3, 0, 17), (0, 0, 20), (5, 2, 17), (-3, 0, 22), (8, 1, 13)]


@pytest.mark.parametrize(("gain", "loss", "power"), POWERS)
def test_the_power_keeps_antenna_and_cable_within_the_law(gain, loss, power):
    assert want(gain_dbi=gain, loss_db=loss)["lora.tx_power"] == power


def test_what_the_law_or_the_band_forbids_is_refused():
    with pytest.raises(ToolError, match="leaves no power"):
        want(gain_dbi=25)
    with pytest.raises(ToolError, match="is no slot"):
        stock.wanted({**CHANNEL, "freq_hz": 920_700_000}, "repeater", "x")


def test_slots_are_those_of_the_meshtastic_firmware():
    assert [stock.slot(hz, 250_000) for hz in (917_125_000, 920_125_000, 920_625_000, 922_875_000)] == [
        1,
        13,
        15,
        24,
    ]


def test_a_radio_that_is_not_there_is_named_without_a_traceback():
    with pytest.raises(ToolError) as caught:
        stock.configure(want(), lambda _: None, host="127.0.0.1:9")
    assert caught.value.name == "radio"
    with pytest.raises(ToolError) as caught:
        stock.configure(want(), lambda _: None, port="/dev/tidak-ada")
    assert caught.value.name == "radio"
