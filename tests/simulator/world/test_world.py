"""The world is a board around every core: power, deep sleep, keys, a serial line, other makes of radio."""

import pytest
from kentongan_node.base.actions import Listen, Transmit
from kentongan_sim.scenarios.catalogue import INDOOR_DB, SCENARIOS, scenario
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.node_host import BOOT_US, NodeFault
from kentongan_sim.world.world import World, ranges
from kentongan_wire.base.errors import LocalError

AWAKE_US = 60_000_000  # by then all is switched on, and the buttons sleep


@pytest.fixture(name="world")
def rt_world():
    with World(scenario("rt"), seed=1) as world:
        yield world


def events(world, label, what):
    return [(t_us, detail) for t_us, who, kind, detail in world.trace.events if who == label and kind == what]


def count(name):
    roles = [place.role for place in scenario(name).places]
    return {role: roles.count(role) for role in set(roles)}


def test_every_scenario_has_what_its_name_promises():
    one = {"tombol": 20, "sirene": 2, "penerus": 1, "penerima": 2, "modem": 1}
    assert count("rt") == count("hostile") == one
    assert count("rt120") == {**one, "tombol": 120, "penerus": 3}
    assert count("rw7") == {role: 7 * number for role, number in one.items()}
    assert count("rw") == {"tombol": 300, "sirene": 14, "penerus": 14, "penerima": 14, "modem": 7}
    assert count("line3") == {"tombol": 1, "penerus": 3, "sirene": 1, "modem": 1}
    assert count("line5") == {"tombol": 1, "penerus": 5, "sirene": 1, "modem": 1}
    assert count("city1000") == {"tombol": 1000, "sirene": 50, "penerus": 50, "modem": 25}
    houses = [place for place in scenario("zinc").places if place.role == "tombol"]
    assert round(100 * len([p for p in houses if p.wall_db > INDOOR_DB]) / len(houses)) == 31
    assert [actor.kind for actor in scenario("hostile").actors] == ["foreign"] * 4 + ["replayer", "jammer"]


def test_node_numbers_follow_the_provisioning_rules():
    for name in SCENARIOS:
        places = scenario(name).places
        numbers = [place.node for place in places]
        low = [place.node & 0xFF for place in places if place.role != "tombol"]
        assert len(set(numbers)) == len(numbers) and len(set(low)) == len(low) and 0 not in low


def test_every_house_of_an_rt_has_a_path_to_the_gateway_and_line3_needs_three_relays(world):
    assert set(world.hops[1]) == set(world.nodes)
    with World(scenario("line3")) as line:
        assert line.hops[1]["tombol-01"] == 4


def test_a_press_wakes_a_sleeping_button_and_the_code_runs_after_its_boot(world):
    world.press("tombol-07", AWAKE_US)
    world.run_until(AWAKE_US + 1_000_000)
    boots = [(t_us, d["cause"]) for t_us, d in events(world, "tombol-07", "boot")]
    assert boots == [(AWAKE_US + BOOT_US, "wake_key")]
    first_alarm_us = events(world, "tombol-07", "tx")[-1][0]
    assert first_alarm_us - AWAKE_US < 600_000


def test_a_timer_wakes_a_sleeping_button():
    with World(scenario("line3")) as world:
        world.switch("tombol-01", False)
        world.switch("tombol-01", True)  # a new battery: one status, then it sleeps
        world.run_until(AWAKE_US)
        slept_us, detail = events(world, "tombol-01", "sleep")[-1]
        due_us = slept_us + detail["wake_ms"] * 1000
        world.run_until(due_us + BOOT_US)
        woken = {"cause": "wake_timer", "key": ""}
        assert events(world, "tombol-01", "boot")[-1] == (due_us + BOOT_US, woken)


def test_the_buttons_of_a_village_in_service_wake_for_their_status_all_over_the_day():
    minutes = 20
    with World(scenario("rt120"), gateway_hosts=False) as world:
        world.run_until(minutes * 60_000_000)
        woken = [
            t_us
            for t_us, _, what, detail in world.trace.events
            if what == "boot" and detail["cause"] == "wake_timer"
        ]
    share = 120 * minutes / 360  # every six hours each
    assert share / 3 <= len(woken) <= 3 * share and max(woken) - min(woken) > minutes * 30_000_000


def test_a_button_without_power_does_nothing_and_its_press_is_no_event(world):
    world.run_until(AWAKE_US)
    world.switch("tombol-07", False)
    world.press("tombol-07")
    world.run_until(AWAKE_US + 20_000_000)
    assert not [t_us for t_us, _ in events(world, "tombol-07", "tx") if t_us > AWAKE_US]


def test_a_gateway_that_is_switched_off_takes_its_modem_with_it_and_comes_back(world):
    world.run_until(AWAKE_US)
    world.switch("gateway-1", False)
    assert not world.is_on("modem-1")
    world.switch("gateway-1", True)
    world.press("tombol-02", AWAKE_US + 10_000_000)
    world.run_until(AWAKE_US + 40_000_000)
    assert [d for _, d in events(world, "gateway-1", "store") if d["type"] == "alarm"]


def test_an_alarm_goes_all_the_way_to_a_person_and_back_to_the_button(world):
    world.press("tombol-07", AWAKE_US)
    world.run_until(AWAKE_US + 30_000_000)
    shown = [d["state"] for t_us, d in events(world, "tombol-07", "show") if t_us > AWAKE_US]
    assert shown[0] == "sending" and "stored" in shown and shown[-1] == "coming"
    assert any(d["type"] == "stage_seen" for _, d in events(world, "gateway-1", "store"))


def test_while_the_hub_is_down_nothing_is_lost_and_it_catches_up(world):
    world.run_until(AWAKE_US)
    world.switch("hub", False)
    world.press("tombol-05", AWAKE_US + 1_000_000)
    world.run_until(AWAKE_US + 30_000_000)
    assert not events(world, "gateway-1", "answer")
    world.switch("hub", True)
    world.run_until(AWAKE_US + 50_000_000)
    assert events(world, "gateway-1", "answer")


def test_stepping_in_real_time_is_the_same_history_as_running_through():
    def history(steps):
        with World(scenario("line3"), seed=5) as world:
            world.press("tombol-01", 30_000_000)
            for t_us in steps:
                world.step_to(t_us)
            return world.trace.sha256()

    assert history([60_000_000]) == history(range(0, 60_000_001, 250_000))


def test_the_next_event_is_never_in_the_past(world):
    world.run_until(5_000_000)
    assert world.next_event_us() > world.now_us


def test_an_unknown_device_is_named_with_those_there_are(world):
    with pytest.raises(LocalError, match=r"no device 'pos-9' in rt; did you mean pos-1\? .*tombol-01"):
        world.press("pos-9")
    assert ranges(["a-1", "a-2", "hub"]) == "a-1..a-2, hub"


def test_positions_name_every_device_and_gateway(world):
    places = world.positions()
    assert places["gateway-1"]["role"] == "gateway" and places["tombol-07"]["house"] == 7
    assert set(places) | {"hub"} == set(world.labels())


def test_bytes_take_their_time_on_the_serial_line_and_keep_their_order(world):
    seen = []
    world.on_host("modem-1", lambda data: seen.append((world.now_us, data)))
    world.nodes["modem-1"].on_host(b"x" * 100)
    world.nodes["modem-1"].on_host(b"y")
    world.run_until(20_000)
    assert seen == [(8_700, b"x" * 100), (8_787, b"y")]


class Beacon:
    """A radio of another make: sends once when its host tells it to."""

    node = 99
    counters = {}

    def __init__(self):
        self.heard = []

    def start(self, boot, now_ms, rnd):
        return [Listen(True)]

    def host(self, data, now_ms, rnd):
        return [Transmit(data)]

    def receive(self, frame, rssi, snr_q, now_ms, rnd):
        self.heard.append(frame)
        return []

    def sent(self, ok, now_ms, rnd):
        return []

    def next_deadline(self):
        return None


def test_a_core_of_another_make_hears_and_is_heard(world):
    beacon = Beacon()
    world.host_core("stock-1", beacon, 50, 40)
    world.press("tombol-07", AWAKE_US - 10_000_000)
    world.run_until(AWAKE_US)
    assert beacon.heard
    world.host_write("stock-1", b"not one of ours")
    world.run_until(AWAKE_US + 1_000_000)
    sent = events(world, "stock-1", "tx")[0][1]
    assert sent["type"] == "FOREIGN"
    assert any(d["tx"] == sent["tx"] for label in world.nodes for _, d in events(world, label, "rx"))


class Stuck(Beacon):
    """Wants its tick now, for ever."""

    def tick(self, now_ms, rnd):
        return []

    def next_deadline(self):
        return 0


def test_a_core_that_never_moves_on_is_named(world):
    world.host_core("stuck-1", Stuck(), 50, 40)
    with pytest.raises(NodeFault, match="stuck-1 was called"):
        world.run_until(1_000_000)


def test_what_cannot_be_read_is_described_all_the_same():
    assert Describer().describe(b"\x00" * 5) == {"bytes": 5, "type": "FOREIGN"}
    assert Describer().describe(b"\xff" * 60)["type"] == "FOREIGN"
