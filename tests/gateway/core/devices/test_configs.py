"""Settings to devices: sent until a STATUS reports them, within the air's budget, over restarts."""

import json

import pytest
from kentongan_gateway.core.base.actions import Send, Siren
from kentongan_gateway.core.base.air import HALF_S, SETTINGS_AIR_S
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.devices.configs import GAPS_MS, QUIET_MAX_MS, QUIET_MS, ROUNDS_MAX
from kentongan_wire.air import phy
from kentongan_wire.air.flood import CLASS_ORDER
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.keyring import keys, roots
from kentongan_wire.message import messages as m
from kentongan_wire.message import verify
from kits.gateway.gateway_kit import BUTTON, DEVICES, GATEWAY, POST, POST_2, REPEATER, SITE, Bench, alarm
from kits.gateway.settings_kit import BOTH, NEW, configs, entry, heard, order, status

STOLEN = 0x2099


def test_a_device_that_never_has_its_settings_keeps_them_from_no_other():
    """A stolen post goes on naming another version: its rounds took all the air of settings for hours."""
    buttons = [{"node": 0x6000 + n, "role": "tombol", "label": f"tombol-{n}", "zone": 5, "house": 20 + n,
                "hops": 1} for n in range(190)]  # fmt: skip
    bench = Bench(devices=[*DEVICES, *buttons])
    order(bench, "counters", table=[[0x6000 + n, 0, 0, 50 + n] for n in range(190)])
    order(bench, "config", devices=[entry(POST, counters=1)])
    for _ in range(40):
        heard(bench, POST)
        heard(bench, POST_2)
        bench.run(60_000, hub_ok_every_ms=10_000)
    start = bench.now_ms
    order(bench, "config", devices=[entry(POST_2, counters=1)])
    bench.run(10_000, hub_ok_every_ms=1_000)
    told = configs(bench, POST_2)
    assert told and told[0][0] - start < 5_000, "its table of all counters goes at once"
    parts = [body.part for _, _, body, _ in configs(bench, POST)]
    assert parts.count(0) == 3, "and the thief has had three rounds in forty minutes"


def test_a_post_that_was_heard_gets_its_settings_at_once_and_no_more_when_it_reports_them():
    bench = Bench()
    heard(bench)
    assert order(bench, "config", devices=[entry(settings={"revoked": [STOLEN], "table": [[5, 6]]})]) == "ok"
    bench.run(100)
    ((_, _, body, settings),) = configs(bench)
    assert (body.target, body.version, body.parts) == (POST, 3, 1)
    assert settings == {"revoked": [STOLEN], "table": [(5, 6)], "generations": (0, 0)}
    heard(bench, version=3)
    bench.run(3_600_000)
    assert len(configs(bench)) == 1


def test_the_rt_s_own_codes_go_to_its_posts():
    bench = Bench()
    heard(bench)
    order(bench, "config", devices=[entry(settings={"profile": "polri", "patterns": [[1, [4, 1]], [2, []]]})])
    bench.run(100)
    ((*_, settings),) = configs(bench)
    assert settings["patterns"] == [(1, (4, 1)), (2, ())] and settings["profile"] == "polri"


def beaten(bench):
    """Name and strokes of one round of our own siren, after an alarm with the hub silent."""
    bench.hear(alarm(kind=m.KIND_MALING), BUTTON)
    bench.run(7_000)
    return [(siren.pattern, len(siren.steps)) for siren in bench.all(Siren)]


def test_our_own_siren_beats_the_codes_that_the_rt_chose_after_a_restart_too():
    bench = Bench()
    assert order(bench, "codes", profile="polri", patterns=[[1, [4, 1]]]) == "ok"
    again = Bench(state={**new_state(), "codes": bench.state["codes"]})
    assert beaten(bench) == beaten(again) == [("maling", 5)]


@pytest.mark.parametrize("bad", [
    {}, {"profile": "polri"}, {"profile": "x", "patterns": []}, {"profile": "polri", "patterns": [[1, [1]]]},
    {"profile": "polri", "patterns": 3}, {"profile": "polri", "patterns": [[7, [2]]]},
])  # fmt: skip
def test_bad_codes_are_refused_and_change_nothing(bad):
    bench = Bench()
    assert order(bench, "codes", **bad).startswith("failed: config")
    assert "codes" not in bench.state and beaten(bench) == [("maling", 2)]


def test_damaged_codes_are_counted_and_the_key_file_s_profile_is_beaten():
    for damaged in (b"[{]", b"{}", b'["polri", [[1, [1]]]]', b'["x"]'):
        bench = Bench(state={**new_state(), "codes": damaged})
        assert bench.core.counters["codes_lost"] == 1 and beaten(bench) == [("maling", 2)]


def test_rounds_come_at_growing_gaps_with_fresh_counters_while_the_device_says_something_else():
    bench = Bench()
    heard(bench)
    order(bench, "config", devices=[entry()])
    for _ in range(60):
        bench.run(60_000)
        heard(bench, version=2)
    times = [at for at, *_ in configs(bench)]
    gaps = [b - a for a, b in zip(times, times[1:], strict=False)]
    assert gaps == sorted(gaps) and gaps[0] == GAPS_MS[0] and len(times) <= 10
    assert len({action.payload for _, action, opened in bench.sent(m.CONFIG)}) == len(times)


def test_nothing_is_sent_without_an_end():
    bench = Bench()
    for _ in range(ROUNDS_MAX + 20):
        heard(bench, BUTTON)
        order(bench, "config", devices=[entry(BUTTON, settings={"hop_limit": 2})])
        bench.run(6 * 3_600_000)
    assert len(configs(bench)) == ROUNDS_MAX


def test_a_device_that_is_switched_off_costs_no_air_and_gets_its_settings_when_it_is_back():
    bench = Bench()
    order(bench, "config", devices=[entry()])
    bench.run(86_400_000)
    assert configs(bench) == []
    heard(bench)
    bench.run(1_000)
    assert len(configs(bench)) == 1


def test_a_button_is_sent_to_only_while_it_listens_after_its_own_status():
    bench = Bench()
    order(bench, "config", devices=[entry(BUTTON, settings={"hop_limit": 2})])
    bench.run(3_600_000)
    assert configs(bench) == []
    heard(bench, BUTTON)
    at_ms = bench.now_ms
    bench.run(10_000)
    ((sent_ms, *_),) = configs(bench)
    assert sent_ms - at_ms <= 500
    bench.run(6 * 3_600_000)
    assert len(configs(bench)) == 1
    heard(bench, BUTTON, version=3)
    bench.run(10_000)
    assert len(configs(bench)) == 1, "the low byte is the version"


def test_after_an_alarm_settings_wait_and_a_button_that_sleeps_again_is_asked_next_time():
    bench = Bench()
    heard(bench)
    bench.hear(alarm())
    order(bench, "config", devices=[entry(), entry(BUTTON, settings={"hop_limit": 2})])
    heard(bench, BUTTON)
    bench.run(QUIET_MS - 2_000)
    assert configs(bench) == []
    bench.run(5_000)
    assert [body.target for _, _, body, _ in configs(bench)] == [POST]


def test_a_button_pressed_on_and_on_does_not_hold_up_settings_for_ever():
    bench = Bench()
    heard(bench)
    order(bench, "config", devices=[entry()])
    bench.done.clear()
    for counter in range(200, 200 + QUIET_MAX_MS // 60_000 + 2):
        bench.hear(alarm(counter=counter))
        bench.run(59_000)
        heard(bench, version=1)
        bench.run(1_000)
    assert configs(bench)


def test_a_test_alarm_holds_nothing_up():
    bench = Bench()
    heard(bench)
    bench.hear(alarm(kind=m.KIND_UJI))
    order(bench, "config", devices=[entry()])
    bench.run(500)
    assert len(configs(bench)) == 1


def test_long_settings_go_in_parts_and_stay_in_the_air_budget():
    bench = Bench()
    heard(bench)
    numbers = list(range(5000, 5128))
    for version in range(3, 40):
        order(bench, "config", devices=[entry(version=version, settings={"revoked": numbers})])
        bench.run(30_000)
        heard(bench, version=2)
    sent = configs(bench)
    assert sent[0][2].parts > 1
    assert sum(len(body.items) for _, _, body, _ in sent[: sent[0][2].parts]) > 4 * len(numbers)
    frames = [action.payload for _, action, _ in bench.sent(m.CONFIG)]
    air_s = sum(phy.airtime_us(phy.preset("ShortSlow"), len(frame) + 24) for frame in frames) / 1e6
    minutes = 37 * 0.5
    assert air_s <= SETTINGS_AIR_S * (1 + minutes / 60) + 0.1


def test_posts_go_before_relays():
    bench = Bench()
    for node in (REPEATER, POST):
        heard(bench, node)
    order(bench, "config", devices=[entry(REPEATER, settings={}), entry(POST)])
    bench.run(5_000)
    assert [body.target for _, _, body, _ in configs(bench)][0] == POST


def test_what_was_wanted_survives_a_restart_and_an_older_order_does_not_undo_it():
    bench = Bench()
    heard(bench)
    order(bench, "config", devices=[entry(version=4, settings={"revoked": [STOLEN]})])
    again = Bench(state=bench.state)
    heard(again, version=2)
    order(again, "config", devices=[entry(version=3, settings={"revoked": []})])
    again.run(1_000)
    assert [settings["revoked"] for *_, settings in configs(again)] == [[STOLEN]]


def test_damaged_settings_are_counted_and_the_gateway_starts():
    bench = Bench(state={"configs": b"[{]", "keys": b"{}"})
    assert bench.core.counters["configs_lost"] == 1 and bench.core.counters["keys_lost"] == 1
    assert order(bench, "config", devices=[entry()]) == "ok"


@pytest.mark.parametrize("bad", [
    {"devices": None}, {"devices": [3]}, {"devices": [{**entry(), "node": 3}]},
    {"devices": [{**entry(), "version": 1 << 16}]}, {"devices": [{**entry(), "settings": {"next_keys": 1}}]},
    {"devices": [entry(settings={"hop_limit": 9})]}, {"devices": [entry(settings={"patterns": [[1, [6]]]})]},
    {"devices": [entry(), entry(settings={"table": [[0, 1]]})]},
    {"devices": [{**entry(), "next": 16}]}, {"devices": [entry(settings={"revoked": [[1]]})]},
])  # fmt: skip
def test_a_bad_config_order_says_why_and_changes_nothing(bad):
    bench = Bench()
    heard(bench)
    assert order(bench, "config", **bad).startswith("failed: config")
    bench.run(60_000)
    assert configs(bench) == [] and "configs" not in bench.state


def test_a_post_gets_the_last_counters_once_for_each_time_they_are_wanted():
    bench = Bench()
    heard(bench)
    bench.hear(alarm(counter=777))
    bench.run(QUIET_MS)
    heard(bench)
    order(bench, "config", devices=[entry(counters=1)])
    bench.run(1_000)
    rows = configs(bench)[-1][3]["counters"]
    assert (BUTTON, 0, 0, 777) in rows
    own = [row for row in rows if row[0] == GATEWAY]
    assert {row[2] for row in own} == {m.RECEIPTS, m.SIREN_ORDER, m.CONFIG}
    assert all(0 < row[3] < configs(bench)[-1][2].version + 100_000 for row in own)
    heard(bench, version=3)
    order(bench, "config", devices=[entry(version=4, counters=1)])
    bench.run(1_000)
    assert "counters" not in configs(bench)[-1][3]


def test_the_hubs_copy_of_counters_keeps_old_alarms_out_after_a_loss():
    bench = Bench()
    assert order(bench, "counters", table=[[BUTTON, 0, 0, 500]], gateway_counter=9_000_000) == "ok"
    bench.hear(alarm(counter=499))
    bench.run(1_000)
    assert [event["late"] for event in bench.of_type("alarm")] == [True], "shown, and no siren"
    assert bench.core.parts.context.sequence.last >= 9_000_000 + (1 << 16)
    assert order(bench, "counters", table=[[1]], gateway_counter=0).startswith("failed")


# rotation


def sealed(generation):
    box = roots.seal(*NEW[generation], generation, NEW[generation - 1][1])
    return {"generation": generation, "sealed": box.hex()}


def test_new_keys_go_to_each_role_as_it_may_hold_them_until_a_status_proves_them():
    bench = Bench()
    for node in (POST, REPEATER):
        heard(bench, node)
    assert order(bench, "keys", send=0, lowest=0, roots=[sealed(1)]) == "ok"
    order(bench, "config", devices=[entry(POST, next=1), entry(REPEATER, settings={}, next=1)])
    bench.run(3_000)
    given = {body.target: settings["next_keys"] for _, _, body, settings in configs(bench)}
    no_third = bytes(keys.KEY_BYTES)
    assert given[POST] == (1, NEW[1][0], BOTH.c(POST, m.SIRENE, 1), no_third)
    relay_root = keys.relay_root(NEW[1][0])
    assert given[REPEATER] == (1, relay_root, BOTH.c(REPEATER, m.PENERUS, 1), no_third)
    heard(bench, POST, version=3, generation=0)
    bench.run(120_000)
    assert len(configs(bench, POST)) > 1, "a report under the old keys proves nothing"
    heard(bench, POST, version=3, generation=1)
    sent = len(configs(bench, POST))
    bench.run(3_600_000)
    assert len(configs(bench, POST)) == sent


def test_a_report_under_older_keys_than_a_device_has_shown_counts_no_more():
    bench = Bench()
    order(bench, "keys", send=0, lowest=0, roots=[sealed(1)])
    heard(bench, POST, version=2, generation=1)
    order(bench, "config", devices=[entry(POST, version=2, next=1)])
    heard(bench, POST, version=2, generation=1)
    order(bench, "config", devices=[entry(POST, version=3, generation=1, lowest=0, next=1)])
    bench.run(1_000)
    heard(bench, POST, version=3, generation=0)
    bench.run(3_600_000)
    assert len(configs(bench, POST)) > 1
    assert {generation for _, generation, _, _ in configs(bench, POST)} == {1}


def test_counters_used_up_by_a_forger_keep_nobody_from_the_new_keys():
    bench = Bench()
    order(bench, "keys", send=0, lowest=0, roots=[sealed(1)])
    bench.hear(status(BUTTON, counter=900_000), BUTTON)  # by who had the button's keys
    order(bench, "config", devices=[entry(BUTTON, settings={"hop_limit": 2}, next=1)])
    bench.run(3_600_000)
    before = len(configs(bench))
    heard(bench, BUTTON)
    bench.run(1_000)
    assert len(configs(bench)) == before + 1 and bench.core.counters["replay"] == 1
    heard(bench, BUTTON, version=3, generation=1)
    heard(bench, BUTTON)
    bench.run(60_000)
    assert len(configs(bench)) == before + 1


def test_both_generations_are_heard_until_the_old_one_is_dropped_and_that_survives_a_restart():
    bench = Bench()
    order(bench, "keys", send=1, lowest=0, roots=[sealed(1)])
    bench.hear(alarm(counter=5))
    assert len(bench.of_type("alarm")) == 1
    order(bench, "keys", send=1, lowest=1, roots=[sealed(1)])
    for one in (bench, Bench(state=bench.state)):
        one.hear(alarm(counter=6))
        one.run(5_000)
        assert one.core.counters["generation"] == 1
        assert [event["counter"] for event in one.of_type("alarm") if event["counter"] == 6] == []


def test_a_hub_restored_from_an_old_backup_does_not_wake_the_old_keys():
    bench = Bench()
    order(bench, "keys", send=1, lowest=1, roots=[sealed(1)])
    assert order(bench, "keys", send=0, lowest=0, roots=[]) == "ok"
    bench.hear(alarm(counter=5))
    bench.run(5_000)
    assert bench.of_type("alarm") == [] and bench.core.counters["generation"] == 1


def test_what_was_begun_under_the_old_keys_is_still_answered_under_them():
    bench = Bench()
    bench.hear(alarm(counter=5))
    order(bench, "keys", send=1, lowest=1, roots=[sealed(1)])
    bench.order(id=7, type="stage", device=BUTTON, counter=5, stage=3)
    bench.run(70_000)
    opened = [verify.open_message(a.payload, GATEWAY, BROADCAST, BOTH) for a in bench.all(Send)]
    stages = {(one.generation, e.stage) for one in opened if one.type == m.RECEIPTS for e in one.body.entries}
    assert (0, m.STAGE_COMING) in stages


@pytest.mark.parametrize("bad", [
    {"send": 1, "lowest": 0, "roots": [{"generation": 1, "sealed": "00" * 96}]},
    {"send": 1, "lowest": 0, "roots": []}, {"send": 0, "lowest": 1, "roots": []}, {"send": 0, "lowest": 0},
    {"send": 2, "lowest": 0, "roots": [sealed(2)]}, {"send": 1, "lowest": 0, "roots": [{"generation": 1}]},
])  # fmt: skip
def test_keys_that_this_hub_did_not_seal_are_refused(bad):
    bench = Bench()
    result = order(bench, "keys", **bad)
    assert result.startswith("failed") and "keys" not in bench.state
    bench.hear(alarm(counter=5))
    assert len(bench.of_type("alarm")) == 1


def test_a_revoked_button_is_refused_from_the_directory_order_on():
    bench = Bench()
    left = [device for device in DEVICES if device["node"] != BUTTON]
    order(bench, "directory", devices=left, revoked=[BUTTON], gateway_counter=0)
    bench.hear(alarm())
    bench.run(5_000)
    assert bench.of_type("alarm") == [] and bench.core.counters["revoked"] == 1
    again = Bench(state=bench.state, devices=left, revoked=[BUTTON])
    again.hear(alarm(counter=101))
    assert again.of_type("alarm") == []


def test_settings_of_a_device_that_is_gone_are_forgotten():
    bench = Bench()
    order(bench, "config", devices=[entry()])
    left = [device for device in DEVICES if device["node"] != POST]
    order(bench, "directory", devices=left, revoked=[POST], gateway_counter=0)
    assert json.loads(bench.state["configs"]) == []


def test_no_key_is_in_the_settings_that_are_kept():
    bench = Bench()
    order(bench, "keys", send=0, lowest=0, roots=[sealed(1)])
    order(bench, "config", devices=[entry(next=1)])
    heard(bench)
    bench.run(1_000)
    for key in (*NEW[1], SITE.c(POST, m.SIRENE, 0), BOTH.c(POST, m.SIRENE, 1)):
        assert key not in bench.state["configs"] and key.hex().encode() not in bench.state["configs"]


# what waits, and what never does


def waits(bench):
    told = [e for e in bench.of_type("waiting") if e["what"] == "settings"]
    return [(e["reason"], e["seconds"], e["devices"]) for e in told]


def test_a_number_that_is_to_be_shut_out_waits_for_no_alarm_and_goes_as_an_order():
    bench = Bench()
    heard(bench)
    heard(bench, src=REPEATER)
    for counter in range(100, 103):
        bench.hear(alarm(counter=counter, incident=100))
    order(bench, "config", devices=[entry(settings={"revoked": [STOLEN]}), entry(REPEATER)])
    bench.run(1_000)
    assert [body.target for *_, body, _ in configs(bench)] == [POST]
    sent = [a for _, a in bench.done if isinstance(a, Send) and m.parse(a.payload).type == m.CONFIG]
    assert {a.klass for a in sent} == {CLASS_ORDER}
    heard(bench, version=3)
    order(bench, "config", devices=[entry(version=4, settings={"revoked": [STOLEN], "hop_limit": 2})])
    bench.hear(alarm(counter=200))
    bench.run(5_000)
    assert len(configs(bench)) == 1, "the post has said that it refuses the number: the rest can wait"
    again = Bench(state=bench.state)
    heard(again)
    again.hear(alarm(counter=300))
    again.run(1_000)
    assert configs(again) == [], "and that is known over a restart"


def test_a_shut_out_number_has_air_when_everything_else_has_used_the_half():
    bench = Bench()
    heard(bench)
    bench.core.parts.context.air.spend(HALF_S, bench.now_ms)
    order(bench, "config", devices=[entry(settings={"revoked": [STOLEN]}), entry(REPEATER)])
    heard(bench, src=REPEATER)
    bench.run(2_000)
    assert [body.target for *_, body, _ in configs(bench)] == [POST]
    ((reason, seconds, _),) = waits(bench)
    assert reason == "air" and 3_600 < seconds <= 62 * 60, "as long as a radio may count it"
    bench.run(62 * 60_000, hub_ok_every_ms=60_000)
    heard(bench, src=REPEATER)
    bench.run(10_000)
    assert REPEATER in [body.target for *_, body, _ in configs(bench)]


def test_the_hub_is_told_why_settings_wait_and_until_when_and_that_they_do_no_more():
    bench = Bench()
    heard(bench)
    bench.hear(alarm())
    order(bench, "config", devices=[entry()])
    bench.run(30_000)
    assert waits(bench) == [("alarm", (QUIET_MS - 1) // 1000, 1)]
    bench.run(QUIET_MS)
    heard(bench, version=3)
    bench.run(5_000)
    assert len(configs(bench)) and waits(bench)[-1] == ("", 0, 1)
