"""The hour's air: planned by kind, kept over restarts, honest about what is not known."""

import pytest
from kentongan_gateway.core.base import air
from kentongan_gateway.core.base.air import Ledger
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, POST, REPEATER, Bench, alarm, node_status

STOLEN = 0x2099
HOUR_MS = air.MINUTES * air.MINUTE_MS


def used_up(bench, seconds, kind=air.ALARM):
    bench.core.parts.context.spend_air(kind, 20)
    bench.core.parts.context.air.spend(seconds, bench.now_ms, kind)


def entry(node=POST, version=3, **settings):
    return {
        "node": node,
        "version": version,
        "settings": settings,
        "generation": 0,
        "lowest": 0,
        "next": None,
        "counters": 0,
    }


def test_a_ledger_says_when_so_much_may_be_sent_again():
    ledger = Ledger()
    for minute in range(10):
        ledger.spend(1.0, minute * 60_000)
    assert ledger.ready_ms(air.REST, 8.0, 600_000) == 600_000
    assert ledger.ready_ms(air.REST, 9.0, 600_000) == HOUR_MS
    assert ledger.ready_ms(air.REST, 9.0, HOUR_MS) == HOUR_MS


def test_presses_leave_a_revocation_and_the_end_of_a_drill_their_air_whatever_they_use():
    bench = Bench()
    bench.hear(node_status(), src=POST)
    bench.hear(node_status(REPEATER), src=REPEATER)
    bench.order(id=1, type="drill", minutes=20, zone=5, number=1)
    bench.run(20_000)
    used_up(bench, air.LIMITS_S[air.ANSWER])
    bench.order(id=2, type="config", devices=[entry(revoked=[STOLEN]), entry(REPEATER)])
    bench.order(id=3, type="drill", minutes=0, zone=5, number=1)
    before = len(bench.sent(m.RECEIPTS))
    bench.hear(alarm())
    bench.run(3_000)
    assert [message.body.target for *_, message in bench.sent(m.CONFIG)] == [POST], "of settings nothing else"
    assert m.ACTION_DRILL_END in [order.body.action for *_, order in bench.sent(m.SIREN_ORDER)]
    assert bench.of_type("alarm") and len(bench.sent(m.RECEIPTS)) == before, "stored; its answer waits"
    assert [e["name"] for e in bench.of_type("trouble") if e["active"]] == ["air"]
    assert [(e["what"], e["reason"]) for e in bench.of_type("waiting")] == [("settings", "alarm")]
    bench.run(HOUR_MS, hub_ok_every_ms=60_000)
    assert bench.core.troubles() == {}
    bench.hear(alarm(counter=101))
    bench.run(100)
    assert bench.entries(BUTTON)[-1][2].counter == 101


def test_posts_that_never_say_that_they_know_of_a_drill_leave_the_end_its_air():
    bench = Bench()
    bench.order(id=1, type="drill", minutes=60, zone=5, number=1)
    for counter in range(300, 630):
        bench.run(10_000)
        bench.hear(node_status(counter=counter), src=POST)
    air_s = bench.core.parts.context.air_s
    drill_s = sum(
        air_s(len(send.payload))
        for _, send, order in bench.sent(m.SIREN_ORDER)
        if order.body.action == m.ACTION_DRILL
    )
    assert drill_s <= 2 * air.DRILL_S, "three seconds, and what an hour fills up"
    assert ("drill", "air") in [(e["what"], e["reason"]) for e in bench.of_type("waiting")]
    bench.order(id=2, type="drill", minutes=0, zone=5, number=1)
    bench.run(6_000)
    ends = [o for *_, o in bench.sent(m.SIREN_ORDER) if o.body.action == m.ACTION_DRILL_END]
    assert len(ends) >= 5


def test_a_restart_gives_no_second_hour_and_forgets_no_age():
    bench = Bench()
    used_up(bench, 12.0)
    bench.run(30 * 60_000)
    used_up(bench, 5.0, air.SETTING)
    bench.do(bench.core.close(bench.now_ms))
    again = Bench(state=bench.state)
    ledger = again.core.parts.context.air
    assert ledger.used_s(again.now_ms) == pytest.approx(17.0, abs=1.0)
    assert ledger.ready_ms(air.SETTING, 3.5, again.now_ms) > again.now_ms, "its own share is used, too"
    later_ms = again.now_ms + 33 * 60_000
    assert ledger.used_s(later_ms) == pytest.approx(5.0, abs=0.6), "what was half an hour old is over first"


def test_what_a_power_cut_may_have_hidden_counts_as_sent():
    ledger, after = Ledger(), Ledger()
    assert not ledger.spend(0.6, 0) and ledger.spend(0.6, 0), "kept with every second"
    assert after.load(ledger.dump(0), 5_000) and after.used_s(5_000) == pytest.approx(1.2 + air.KEEP_S)
    assert after.load(ledger.dump(0, whole=True), 5_000)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"x",
        b"[]",
        b"7",
        b'{"rows": [[0]], "left": {}}',
        b'{"rows": []}',
        b'{"rows": [["a", "alarm", 1]], "left": {}}',
    ],
)
def test_a_damaged_ledger_counts_half_of_the_hour_as_sent_and_ends_nothing(damaged):
    bench = Bench(state={**Bench().state, "air": damaged})
    assert bench.core.counters["air_lost"] == 1
    assert bench.core.parts.context.air.used_s(bench.now_ms) >= air.HALF_S
    bench.hear(alarm())
    bench.run(100)
    assert bench.entries(BUTTON)


def test_what_the_modem_sent_for_a_run_that_nobody_knows_counts_until_the_modem_forgets_it():
    bench = Bench()
    ledger = bench.core.parts.context.air
    bench.core.on_radio_air(20_000, bench.now_ms)
    assert ledger.ready_ms(air.SETTING, 1.0, bench.now_ms) > bench.now_ms
    bench.core.on_radio_air(3_000, bench.now_ms + 60_000)
    assert ledger.ready_ms(air.SETTING, 1.0, bench.now_ms + 60_000) == bench.now_ms + 60_000
