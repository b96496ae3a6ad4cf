"""Troubles are told once and boundedly; radios that are dead or deaf are named within a minute."""

import pytest
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.troubles import LOST
from kentongan_gateway.core.gateway_core import CoreConfig
from kentongan_gateway.outputs import lamp
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    GATEWAY,
    POST,
    POST_2,
    RECEIVER,
    REPEATER,
    Bench,
    alarm,
    node_status,
)


def bench(*radios):
    return Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, radios=radios))


def told(bench):
    return [(e["name"], e["active"]) for e in bench.of_type("trouble") if e["name"] != "*"]


def hear_by(bench, radio, counter, src=BUTTON):
    heard = Heard(src, BROADCAST, counter, 1, 1, src & 0xFF, alarm(src, counter), -90, 12, radio)
    bench.do(bench.core.on_frame(heard, bench.now_ms, 5))


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over():
    b = bench()
    b.do(b.core.on_trouble("disk", "full", b.now_ms))
    b.do(b.core.on_trouble("disk", "full, still", b.now_ms))
    assert told(b) == [("disk", True)] and b.core.troubles() == {"disk": "full, still"}
    b.do(b.core.on_trouble("disk", None, b.now_ms))
    assert told(b) == [("disk", True), ("disk", False)] and not b.core.troubles()


def test_one_that_flickers_buries_nothing_and_its_last_state_is_told():
    b = bench()
    for _ in range(500):
        b.do(b.core.on_trouble("siren", "gone", b.now_ms))
        b.run(100)
        b.do(b.core.on_trouble("siren", None, b.now_ms))
        b.run(100)
    b.do(b.core.on_trouble("siren", "gone", b.now_ms))
    assert len(told(b)) <= 8
    b.run(700_000)
    assert [active for name, active in told(b) if name == "siren"][-1] is True


def test_a_board_that_fails_and_answers_in_turn_is_told_as_a_bad_line_and_kept():
    """Each second try succeeds: what the hub looks at every few seconds must not miss it."""
    b = bench()
    for _ in range(20):
        b.do(b.core.on_trouble("siren", "no answer", b.now_ms))
        b.run(2_000)
        b.do(b.core.on_trouble("siren", None, b.now_ms))
        b.run(400)
    assert told(b)[-2:] == [("siren", True), ("siren line", True)], "neither is over, and nothing flaps"
    assert "siren line" in b.core.troubles() and lamp.code_of(b.core.troubles()) == lamp.OUTPUT
    b.run(500_000)
    assert told(b)[-1] == ("siren line", True)
    b.run(200_000)
    assert sorted(told(b)[-2:]) == [("siren", False), ("siren line", False)] and not b.core.troubles()


@pytest.mark.parametrize("name", ["hub", "voice", "key", "radio_cable modem", "disk"])
def test_whatever_comes_and_goes_lasts_until_it_stays_away(name):
    b = bench()
    for _ in range(10):
        b.do(b.core.on_trouble(name, "gone", b.now_ms))
        b.do(b.core.on_trouble(name, None, b.now_ms))
        b.run(20_000)
    assert told(b) == [(name, True), (name, False)] * 2 + [(name, True)]
    b.run(600_000)
    assert told(b)[-1] == (name, False)


def test_a_start_takes_back_what_a_former_run_said():
    assert [(e["name"], e["active"]) for e in bench().first] == [("*", False)]


def test_a_radio_that_never_comes_up_is_named_within_a_minute():
    b = bench("modem")
    b.run(31_000)
    assert [(e["name"], e["up"]) for e in b.of_type("radio")] == [("modem", False)]
    b.do(b.core.on_radio_state("modem", True, b.now_ms))
    assert b.of_type("radio")[-1]["up"] is True


def test_a_radio_that_hears_nothing_while_the_other_does_is_deaf_and_then_not():
    b = bench("modem", "meshtastic")
    for name in ("modem", "meshtastic"):
        b.do(b.core.on_radio_state(name, True, b.now_ms))
    for n in range(6):
        b.run(9_000)
        hear_by(b, "modem", 100 + n)
    b.run(2_000)
    assert told(b) == [("radio_deaf meshtastic", True)]
    hear_by(b, "meshtastic", 200, BUTTON_2)
    assert told(b)[-1] == ("radio_deaf meshtastic", False)


def asks(bench):
    return [at for at, _, opened in bench.sent(m.SIREN_ORDER) if opened.body.action == m.ACTION_TEST]


def test_the_only_radio_is_deaf_when_nobody_it_asks_is_heard():
    """The silence of one device would say little: all that are there are asked, one after the other."""
    b = bench("uji")
    b.do(b.core.on_radio_state("uji", True, b.now_ms))
    b.hear(node_status(), POST)
    begin = b.now_ms
    b.run(57_000)
    assert not told(b) and [at - begin for at in asks(b)] == [42_000, 48_000, 53_000]
    orders = [[node for node, _ in opened.body.targets] for _, _, opened in b.sent(m.SIREN_ORDER)]
    assert orders[0] == [POST], "the one that was heard last"
    assert {node for nodes in orders for node in nodes} == {POST, POST_2, RECEIVER, REPEATER}
    b.run(2_000)
    assert told(b) == [("radio_deaf uji", True)]
    assert lamp.code_of(b.core.troubles()) == lamp.RADIO and "trouble" in b.notes()
    b.run(60_000)
    assert len(asks(b)) == 3, "one that is known to be deaf asks no more"
    b.hear(node_status(counter=301), POST)
    assert told(b)[:2] == [("radio_deaf uji", True), ("radio_deaf uji", False)]
    assert told(b)[2:] == [("radio_away", True)], "nobody was watched meanwhile"


def test_an_answer_proves_that_the_radio_hears_however_quiet_the_night():
    """One device answers of those that are asked in turn: a question every 42 to 53 s, no trouble."""
    b = bench("uji")
    b.do(b.core.on_radio_state("uji", True, b.now_ms))
    b.hear(node_status(), POST)
    answered = 0
    for n in range(600):
        b.run(1_000)
        ours = [order for _, _, order in b.sent(m.SIREN_ORDER) if order.body.targets[0][0] == POST]
        if len(ours) > answered:
            answered = len(ours)
            b.hear(node_status(counter=1_000 + n), POST)
    assert 10 <= answered <= 14 and not told(b), "the one that answers is asked, and the others rarely"


def test_a_slow_preset_is_asked_and_judged_more_slowly():
    """On LongFast a question takes eight times the air, and the law leaves no more of it."""
    b = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, radios=("uji",), preset="LongFast"))
    b.do(b.core.on_radio_state("uji", True, b.now_ms))
    begin = b.now_ms
    b.run(200_000)
    own = [at - begin for at in asks(b) if at - begin not in (160_000, 190_000)]
    assert not own and not told(b)


def test_anybodys_frame_proves_that_a_radio_hears():
    """Nobody can make a deaf radio hear: a forged frame, or our own carried on, is proof as well."""
    b = bench("uji")
    b.do(b.core.on_radio_state("uji", True, b.now_ms))
    for src in (GATEWAY, 0x9999) * 20:
        b.run(30_000)
        b.do(b.core.on_frame(Heard(src, BROADCAST, 5, 1, 1, 9, b"\x18" * 40, -90, 12, "uji"), b.now_ms, 5))
    assert not told(b) and not [at for at in asks(b) if at < b.now_ms - 1_200_000 + 160_000]


def test_the_second_of_two_radios_hears_though_the_first_is_always_quicker():
    b = bench("modem", "meshtastic")
    for name in ("modem", "meshtastic"):
        b.do(b.core.on_radio_state(name, True, b.now_ms))
    for n in range(30):
        b.run(9_000)
        hear_by(b, "modem", 100 + n)
        b.do(b.core.on_duplicate("meshtastic", b.now_ms))
    assert not [name for name, _ in told(b) if name.startswith("radio")]


def test_a_quiet_village_without_mains_devices_proves_nothing():
    b = Bench(
        config=CoreConfig(GATEWAY, "gateway-1", 5, radios=("modem",)),
        devices=[{"node": BUTTON, "role": "tombol", "label": "tombol-07", "zone": 5}],
    )
    b.do(b.core.on_radio_state("modem", True, b.now_ms))
    b.run(3_600_000)
    assert not told(b)


def test_a_siren_that_fails_is_no_siren_that_sounds():
    b = bench()
    b.hear(alarm())
    b.run(6_000)
    assert b.core.parts.own.alarm
    b.do(b.core.on_trouble("siren", "no such device", b.now_ms))
    assert not b.core.parts.own.alarm and b.of_type("gateway_siren")[-1]["state"] == "failed"


def test_the_lamp_shows_the_worst_of_what_is_wrong():
    assert lamp.code_of({}) == lamp.FINE == lamp.code_of({"restart": ""})
    assert lamp.code_of({"hub": ""}) == lamp.HUB
    assert lamp.code_of({"hub": "", "radio_deaf modem": ""}) == lamp.RADIO
    assert lamp.code_of({"radio_down x": "", "disk_spool": "", "voice": ""}) == lamp.DISK
    assert lamp.code_of({"clock": ""}) == lamp.OTHER
    assert [len(lamp.steps_of(code)) for code in lamp.CODES] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["keys", "configs", "codes", "guard", "drill", "air", "pages"])
def test_a_state_that_cannot_be_read_is_told_by_its_name_with_the_remedy(name):
    bench = Bench(state={**Bench().state, name: b"\xff{"})
    (told,) = [event for event in bench.events if event["type"] == "trouble" and event["active"]]
    assert told["name"] == f"disk_state {name}" and told["detail"] == f"{name}: {LOST[name]}"
    assert len(told["detail"]) <= 200, "the hub keeps no more"
