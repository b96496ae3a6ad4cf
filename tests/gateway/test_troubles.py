"""What is wrong is told once and boundedly; radios that are dead or deaf are named within a minute."""
from gateway_kit import BUTTON, BUTTON_2, GATEWAY, POST, Bench, alarm, node_status
from kentongan_gateway.actions import Heard
from kentongan_gateway.core import CoreConfig
from kentongan_gateway.outputs import lamp
from kentongan_wire.packet import BROADCAST


def bench(*radios):
    return Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, radios=radios))


def told(bench):
    return [(e["name"], e["active"]) for e in bench.of_type("trouble") if e["name"] != "*"]


def hear_by(bench, radio, counter, src=BUTTON):
    heard = Heard(src, BROADCAST, counter, 1, 1, src & 0xFF, alarm(src, counter), -90, 12, radio)
    bench.do(bench.core.heard(heard, bench.now_ms, 5))


def test_a_trouble_is_told_when_it_begins_and_when_it_is_over():
    b = bench()
    b.do(b.core.trouble("disk", "full", b.now_ms))
    b.do(b.core.trouble("disk", "full, still", b.now_ms))
    assert told(b) == [("disk", True)] and b.core.troubles() == {"disk": "full, still"}
    b.do(b.core.trouble("disk", None, b.now_ms))
    assert told(b) == [("disk", True), ("disk", False)] and not b.core.troubles()


def test_one_that_flickers_buries_nothing_and_its_last_state_is_told():
    b = bench()
    for _ in range(500):
        b.do(b.core.trouble("siren", "gone", b.now_ms))
        b.run(100)
        b.do(b.core.trouble("siren", None, b.now_ms))
        b.run(100)
    b.do(b.core.trouble("siren", "gone", b.now_ms))
    assert len(told(b)) <= 8
    b.run(700_000)
    assert told(b)[-1] == ("siren", True)


def test_a_start_takes_back_what_a_former_run_said():
    assert [(e["name"], e["active"]) for e in bench().first] == [("*", False)]


def test_a_radio_that_never_comes_up_is_named_within_a_minute():
    b = bench("modem")
    b.run(31_000)
    assert [(e["name"], e["up"]) for e in b.of_type("radio")] == [("modem", False)]
    b.do(b.core.radio_state("modem", True, b.now_ms))
    assert b.of_type("radio")[-1]["up"] is True


def test_a_radio_that_hears_nothing_while_the_other_does_is_deaf_and_then_not():
    b = bench("modem", "meshtastic")
    for name in ("modem", "meshtastic"):
        b.do(b.core.radio_state(name, True, b.now_ms))
    for n in range(6):
        b.run(9_000)
        hear_by(b, "modem", 100 + n)
    b.run(2_000)
    assert told(b) == [("radio_deaf meshtastic", True)]
    hear_by(b, "meshtastic", 200, BUTTON_2)
    assert told(b)[-1] == ("radio_deaf meshtastic", False)


def test_the_only_radio_is_deaf_when_even_the_posts_are_silent():
    b = bench("modem")
    b.do(b.core.radio_state("modem", True, b.now_ms))
    b.hear(node_status(), POST)
    b.run(300_000)
    assert not told(b)
    b.run(20_000)
    assert told(b) == [("radio_deaf modem", True)]


def test_a_quiet_village_without_mains_devices_proves_nothing():
    b = Bench(config=CoreConfig(GATEWAY, "gateway-1", 5, radios=("modem",)),
              devices=[{"node": BUTTON, "role": "tombol", "label": "tombol-07", "zone": 5}])
    b.do(b.core.radio_state("modem", True, b.now_ms))
    b.run(3_600_000)
    assert not told(b)


def test_a_siren_that_fails_is_no_siren_that_sounds():
    b = bench()
    b.hear(alarm())
    b.run(6_000)
    assert b.core._own.alarm
    b.do(b.core.trouble("siren", "no such device", b.now_ms))
    assert not b.core._own.alarm and b.of_type("gateway_siren")[-1]["state"] == "failed"


def test_the_lamp_shows_the_worst_of_what_is_wrong():
    assert lamp.code_of({}) == lamp.FINE == lamp.code_of({"restart": ""})
    assert lamp.code_of({"hub": ""}) == lamp.HUB
    assert lamp.code_of({"hub": "", "radio_deaf modem": ""}) == lamp.RADIO
    assert lamp.code_of({"radio_down x": "", "disk_spool": "", "voice": ""}) == lamp.DISK
    assert lamp.code_of({"clock": ""}) == lamp.OTHER
    assert [len(lamp.steps_of(code)) for code in lamp.CODES] == [1, 2, 3, 4, 5, 6]
