"""The real gateway with a stock Meshtastic radio, through the unmodified library, in the simulated air."""

import pytest
from kentongan_sim.console.tail import Tail
from kentongan_sim.demo.proof import Proof
from kentongan_sim.demo.run import STOCK, Demo, answer_alarm
from kits.patience import PATIENCE_S
from kits.village.village_kit import Alarms

OTHER = "tombol-10"


@pytest.fixture
def demo(tmp_path):
    with Demo(tmp_path / "data", "cpython", radio=STOCK) as running:
        running.other = Proof(OTHER, running.site.nodes[OTHER])
        running.village.world.listen(running.other.watch)
        running.alarms = Alarms(running)
        running.start()
        running.tails.append(Tail(running.gateway.log, running.other.read_log))
        yield running


def test_an_alarm_goes_all_the_way_and_a_radio_that_was_unplugged_is_found_again(demo):
    answer_alarm(demo)
    demo.radio.bridge.unplug()
    demo.village.press(OTHER, 1)
    assert demo.other.wait_for("siren", PATIENCE_S)
    assert "stored" not in demo.other.at_s
    demo.radio.bridge.replug()
    demo.gateway.wait_for("handshake with its radio again", demo.radio.ready, PATIENCE_S)
    demo.alarms.press_again(OTHER)
    assert demo.other.wait_for("stored", PATIENCE_S)
    assert demo.other.wait_for("shown_stored", PATIENCE_S)
