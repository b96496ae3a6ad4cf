"""Stock radios among ours: what is pressed is stored and said, through gateways and repeaters of stock."""

import pytest
from kentongan_sim.checkers import check_all
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.stock import mixed
from kentongan_sim.stock.node import SIGNATURE
from kentongan_sim.world.history import History
from kentongan_sim.world.presses import WARM_UP_S, plan_presses

PRESS_US = WARM_UP_S * 1_000_000


def run(name, seed=1, **options):
    with mixed.mixed_world(scenario(name), seed, **options) as world:
        plan_presses(world, 1, 0)
        world.run_until(PRESS_US + 30_000_000)
        return world, History.of(world)


def senders(world):
    return {label for _, label, what, _ in world.trace.events if what == "tx"}


@pytest.mark.parametrize("role", ["ROUTER", "CLIENT_MUTE"])
def test_a_gateway_on_a_fit_stock_radio_stores_and_says_so_and_keeps_every_promise(role):
    world, history = run("rt", gateway=role)
    (alarm,) = history.alarms
    assert alarm.stored_us and mixed.first_answer_ms(history, alarm) < mixed.LATE_MS
    assert "modem-1" in senders(world)
    assert not any(check_all(history).values())


def test_stock_routers_in_a_row_carry_an_alarm_and_its_receipt():
    _, history = run("line3", repeaters="ROUTER")
    (alarm,) = history.alarms
    assert alarm.stored_us and alarm.sounded_us and mixed.first_answer_ms(history, alarm) is not None


def test_a_stock_radio_of_2_8_signs_the_receipts_and_the_button_reads_them():
    sizes = {}
    for signs in (False, True):
        world, history = run("rt", gateway="CLIENT_MUTE", signs=signs)
        assert mixed.first_answer_ms(history, history.alarms[0]) is not None
        sizes[signs] = {
            d["bytes"] for _, who, what, d in world.trace.events if what == "tx" and who == "modem-1"
        }
    assert max(sizes[True]) >= min(sizes[False]) + len(SIGNATURE)


def test_the_command_prints_its_figures(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["mixed", "line3", "--seeds", "1", "--repeaters", "ROUTER"])
    mixed.main()
    assert "presses 1, stored 100.0" in capsys.readouterr().out
