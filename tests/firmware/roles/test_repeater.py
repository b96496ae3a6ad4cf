# runs: cpython micropython
"""Penerus: carries on, answers repeats of stored alarms as well, and says that it lives."""

from kentongan_node.base import actions as act
from kentongan_node.roles.repeater import Penerus
from kentongan_wire.message import messages
from kentongan_wire.settings import compose
from kits.node.nodekit import (
    GATEWAY,
    Shell,
    alarm,
    frame,
    gaps,
    key_c,
    message_of,
    of,
    packet_of,
    receipt,
    settings,
)

NODE = 0x52000031
TOMBOL = 0x53000007


def penerus(state=None, **changes):
    return Shell(Penerus(settings("penerus", NODE, **changes), state or {}))


def relays(shell):
    return [f for f in shell.frames() if packet_of(f).src != NODE]


def test_an_alarm_is_carried_on_once_with_one_hop_less_and_our_own_relay_byte():
    shell = penerus()
    heard = alarm(TOMBOL, 10, hop_limit=3)
    shell.hear(heard)
    shell.wait(500)
    shell.hear(heard)
    shell.wait(500)
    assert len(relays(shell)) == 1
    out, came = packet_of(relays(shell)[0]), packet_of(heard)
    assert (out.hop_limit, out.hop_start, out.relay_node) == (2, 3, NODE & 0xFF)
    assert (out.src, out.id, out.body) == (came.src, came.id, came.body)


def test_a_stored_alarm_is_answered_from_the_cache_byte_for_byte_and_from_its_fourth_attempt_carried_on_too():
    shell = penerus()
    shell.hear(alarm(TOMBOL, 10, hop_limit=1))
    shell.wait(500)
    answer = receipt(TOMBOL, 10)
    shell.hear(answer)
    for attempt, carried in ((1, 1), (2, 1), (3, 2), (4, 3)):
        shell.hear(alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=1))
        shell.wait(3_000)
        assert shell.frames().count(answer) == attempt
        assert len(relays(shell)) == attempt + carried


def test_an_answer_from_the_cache_comes_at_most_once_in_two_seconds_and_thirty_times():
    shell = penerus()
    answer = receipt(TOMBOL, 10)
    shell.hear(answer)
    for n in range(80):
        shell.hear(alarm(TOMBOL, 10, attempt=1 + n, packet_id=100 + n, hop_limit=1))
        shell.wait(1_000)
    times = [t for t, f in shell.sent if f == answer]
    assert len(times) == 30
    assert min(gaps(times)) >= 1_400  # two seconds, slots aside


def test_a_receipt_that_a_penerus_cannot_verify_keeps_back_no_more_than_three_attempts():
    shell = penerus()
    shell.hear(receipt(TOMBOL, 10, key=bytes(32)))
    for attempt in range(5):
        shell.hear(alarm(TOMBOL, 10, attempt=attempt, packet_id=20 + attempt, hop_limit=1))
        shell.hear(receipt(TOMBOL, 10, key=bytes(32)))
        shell.wait(3_000)
    carried = [packet_of(f).id for f in relays(shell) if packet_of(f).src == TOMBOL]
    assert carried == [23, 24]


def test_status_comes_at_an_even_pace_and_not_all_at_once_after_a_power_cut():
    firsts = []
    for n in range(8):
        shell = Shell(Penerus(settings("penerus", NODE + n), {}), now_ms=1_000 + n)
        shell.calls = 1_000 * n
        shell.core.timers.clear()
        shell.take(shell.core.start(act.Boot("power", "", False), shell.now_ms, shell.rnd()))
        shell.wait(900_000)
        times = [t for t, f in shell.sent]
        firsts.append(times[0])
        assert 5 <= len(times) <= 7
        assert all([120_000 <= gap <= 142_000 for gap in gaps(times)])
    assert max(firsts) - min(firsts) > 40_000


def test_status_keeps_quiet_after_an_alarm_but_never_long_enough_to_look_dead():
    shell = penerus()
    shell.wait(200_000)
    last_ms = shell.sent[-1][0]
    for n in range(400):
        shell.hear(alarm(TOMBOL, 10 + n, hop_limit=0))
        shell.wait(1_000)
    times = [t for t, _ in shell.sent if t >= last_ms]
    assert len(times) > 1 and 240_000 <= gaps(times)[0] <= 262_000


def test_status_tells_air_boots_and_the_lid():
    shell = penerus({"boots": b"\x04\x00"})
    shell.take(shell.core.key("lid", True, shell.now_ms, shell.rnd()))
    shell.wait(3_000)
    envelope = message_of(shell.frames()[-1])
    body = messages.decode_body(envelope.type, envelope.role, envelope.body)
    assert body.boots == 5 and body.flags & messages.STATUS_LID and body.flags & messages.STATUS_MAINS


def test_a_quiet_test_for_us_is_answered_and_a_forged_one_counted():
    shell = penerus()
    for key, counter in ((key_c(NODE, 3), 5), (bytes(32), 6)):
        target = messages.order_target(GATEWAY, counter, NODE, 0, 0, messages.ACTION_TEST, 0, 0, key)
        body = messages.SirenOrder(0, 0, messages.ACTION_TEST, 0, 0, (target,))
        before = len([f for f in shell.frames() if packet_of(f).src == NODE])
        shell.hear(frame(messages.SIREN_ORDER, messages.GATEWAY, GATEWAY, counter, body))
        shell.wait(3_000)
        after = len([f for f in shell.frames() if packet_of(f).src == NODE])
        assert after - before == (1 if counter == 5 else 0)
    assert shell.core.counters == {"tag": 1}


def test_settings_over_the_air_change_and_survive_a_restart():
    shell = penerus()
    parts = compose.split({"status_period_s": 300, "hop_limit": 4, "revoked": [TOMBOL]})
    body = messages.Config(NODE, 7, 0, len(parts), parts[0])
    shell.hear(frame(messages.CONFIG, messages.GATEWAY, GATEWAY, 20, body, key_c(NODE, 3)))
    again = Penerus(settings("penerus", NODE), shell.state)
    for core in (shell.core, again):
        assert core.config_version == 7
        assert core.settings["status_period_s"] == 300 and core.settings["revoked"] == [TOMBOL]
    assert again.last_control == 20


def test_any_bytes_are_dropped_and_counted():
    shell = penerus()
    good = alarm(TOMBOL, 10, hop_limit=1)
    for n in range(len(good)):
        shell.hear(good[:n])
        shell.hear(good[:n] + bytes([good[n] ^ 0x40]) + good[n + 1 :])
    assert shell.core.counters["short"] >= 16
    assert not of(shell.all, act.Sound)
