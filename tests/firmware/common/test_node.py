# runs: cpython micropython
"""The base of every role: tag first, then counter; what others did wrong is counted once and dropped."""

from kentongan_node.base import actions as act
from kentongan_node.common.node import Node
from kentongan_node.roles.modem import Modem
from kentongan_node.roles.repeater import Penerus
from kentongan_wire.message import messages
from kits.both import random_bytes
from kits.node.nodekit import (
    GATEWAY,
    Shell,
    alarm,
    frame,
    key_c,
    message_of,
    of,
    packet_of,
    receipt,
    settings,
)

POST = 0x52000021
NODE = 0x52000031
TOMBOL = 0x53000007


class Post(Node):
    """A listener with the alarm root that writes down what reaches it."""

    role = messages.SIRENE
    types = (messages.ALARM, messages.RECEIPTS, messages.SIREN_ORDER)

    def __init__(self, checked, state):
        super().__init__(checked, state)
        self.got = []

    def on_message(self, message, repeat, heard):
        self.got.append((message.type, message.counter, repeat))
        self.actions.append(act.Sound("test", (), 1))


class Listener(Node):
    """Takes its own receipts only."""

    role = messages.PENERUS
    relays = False

    def __init__(self, checked, state):
        super().__init__(checked, state)
        self.got = []

    def on_entry(self, entry, envelope, heard):
        self.got.append((entry.counter, entry.stage))


def post(state=None):
    return Shell(Post(settings("sirene", POST, revoked=[0x53000066]), state or {}))


def test_a_forged_replayed_altered_revoked_or_foreign_frame_never_reaches_the_role():
    shell = post()
    shell.hear(alarm(TOMBOL, 10))
    shell.hear(alarm(TOMBOL, 20, key=bytes(32)))
    shell.hear(alarm(TOMBOL, 9))
    shell.hear(alarm(TOMBOL, 10, kind=2, packet_id=11))
    shell.hear(alarm(0x53000066, 10))
    shell.hear(
        frame(
            messages.SIREN_REPORT,
            messages.SIRENE,
            0x52000022,
            5,
            messages.SirenReport(TOMBOL, 10, 1, 1),
            bytes(32),
        )
    )  # a type nobody asked for
    assert shell.core.got == [(messages.ALARM, 10, False)]
    assert shell.core.counters == {"tag": 1, "replay": 1, "altered": 1, "revoked": 1}


def test_memory_of_relayed_packets_never_decides_local_delivery():
    shell = post()
    for attempt in (0, 1):
        for _ in range(2):
            shell.hear(alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=1))
            shell.wait(800)
    assert [repeat for _, _, repeat in shell.core.got] == [False, True, True, True]
    assert len([f for f in shell.frames() if packet_of(f).src == TOMBOL]) == 2


def test_sound_comes_first_and_the_counters_follow_at_once():
    shell = post()
    mark = len(shell.all)
    shell.hear(alarm(TOMBOL, 10))
    kinds = [type(a).__name__ for a in shell.all[mark:]]
    assert kinds[:2] == ["Sound", "Persist"]
    again = post(shell.state)
    again.hear(alarm(TOMBOL, 10))
    again.hear(alarm(TOMBOL, 9))
    assert again.core.got == [(messages.ALARM, 10, True)] and again.core.counters == {"replay": 1}


def test_torn_counters_are_told():
    shell = post({"guard": b"\x00\x01"})
    assert shell.core.counters_lost and shell.core.counters == {"length": 1}


def test_an_order_counts_only_for_its_target_and_under_its_own_tag():
    shell = post()
    for target, key, counter in (
        (POST, key_c(POST, 2), 5),
        (NODE, key_c(NODE, 3), 6),
        (POST, bytes(32), 7),
        (POST, key_c(POST, 2), 8),
    ):
        pair = messages.order_target(GATEWAY, counter, target, TOMBOL, 10, 1, 0, 60, key)
        body = messages.SirenOrder(TOMBOL, 10, 1, 0, 60, (pair,))
        shell.hear(frame(messages.SIREN_ORDER, messages.GATEWAY, GATEWAY, counter, body))
    assert [c for _, c, _ in shell.core.got] == [5, 8]
    assert shell.core.counters == {"not_for_us": 1, "tag": 1}
    assert shell.core.last_control == 8


def test_a_post_carries_silent_alarms_like_loud_ones_for_it_cannot_tell_them_apart():
    for flags in (0, 1):
        for attempt in range(22):
            shell = post()
            shell.hear(alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=2, flags=flags))
            shell.wait(800)
            assert len(shell.frames()) == 1, (flags, attempt)


def test_a_post_answers_a_stored_alarm_instead_of_carrying_it():
    shell = post()
    shell.hear(alarm(TOMBOL, 10, hop_limit=2))
    stored = receipt(TOMBOL, 10)
    shell.hear(stored)  # before the slot of the copy: it is dropped
    shell.hear(alarm(TOMBOL, 10, attempt=1, packet_id=11, hop_limit=2))
    shell.wait(1_000)
    assert shell.frames() == [stored]
    assert shell.core.mesh.drops == {"alarm_doubt": 2}
    for attempt in range(2, 7):  # a stolen post could have made that answer: not for good
        shell.wait(30_000)
        shell.hear(alarm(TOMBOL, 10, attempt=attempt, packet_id=10 + attempt, hop_limit=2))
        shell.wait(1_000)
        carried = [f for f in shell.frames() if packet_of(f).src == TOMBOL]
        assert len(carried) == (attempt == 6)


def test_a_post_keeps_no_receipt_that_it_cannot_verify():
    shell = post()
    entry = messages.receipt_entry(GATEWAY, TOMBOL, 10, 2, 0, 5, 0, bytes(32))
    body = messages.Receipts((entry,))
    shell.hear(frame(messages.RECEIPTS, messages.GATEWAY, GATEWAY, 900, body, bytes(32), hop_limit=0))
    shell.hear(alarm(TOMBOL, 10, hop_limit=2))
    shell.wait(1_000)
    assert [packet_of(f).src for f in shell.frames()] == [TOMBOL]


def test_our_own_entry_of_a_receipt_is_judged_by_its_own_tag():
    shell = Shell(Listener(settings("penerus", NODE), {}))
    entry = messages.receipt_entry(GATEWAY, NODE, 77, 3, 0, 0, 0, key_c(NODE, 3))
    forged = messages.receipt_entry(GATEWAY, NODE, 77, 4, 0, 0, 0, bytes(32))
    for one, outer in ((entry, None), (forged, None), (entry, bytes(32))):
        shell.hear(frame(messages.RECEIPTS, messages.GATEWAY, GATEWAY, 900, messages.Receipts((one,)), outer))
    assert shell.core.got == [(77, 3), (77, 3)]  # the outer tag is not ours to judge
    assert shell.core.counters == {"tag": 1}


def test_no_sequence_value_is_used_twice_over_restarts():
    used, state = [], {}
    for _ in range(5):
        shell = Shell(Penerus(settings("penerus", NODE), state))
        for n in range(3):
            shell.take(shell.core.key("lid", n % 2 == 0, shell.now_ms, n))
            shell.wait(2_000)
        used += [packet_of(f).id for f in shell.frames()]
        state = shell.state
    assert len(used) == 15 and used == sorted(set(used))


def test_what_is_persisted_stands_before_the_frame_that_needs_it():
    shell = Shell(Penerus(settings("penerus", NODE), {}))
    shell.take(shell.core.key("lid", True, shell.now_ms, 5))
    shell.wait(2_000)
    kinds = [a for a in shell.all if isinstance(a, act.Transmit) or getattr(a, "name", "") == "seq"]
    assert isinstance(kinds[0], act.Persist) and isinstance(kinds[1], act.Transmit)
    assert message_of(kinds[1].frame).counter == 1


def test_a_core_that_sleeps_leaves_its_air_behind_and_asks_for_nothing_more():
    class Sleeper(Listener):
        def on_start(self, boot):
            body = messages.NodeStatus(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (0, 1, 0))
            self.send(messages.STATUS, body, first=True)
            self.actions.append(act.Sleep(5_000))

    actions = Sleeper(settings("penerus", NODE), {}).start(act.Boot("power", "", False), 0, 1)
    assert [type(a).__name__ for a in actions][-2:] == ["Persist", "Sleep"]
    assert not of(actions, act.Cad) and actions[-2].name == "air"


def test_any_call_in_any_order_with_any_bytes_raises_nothing():
    cores = (
        Penerus(settings("penerus", NODE), {}),
        Modem(settings("modem", GATEWAY), {}),
        Post(settings("sirene", POST), {}),
    )
    for core in cores:
        noise, now_ms = random_bytes(3), 0
        good = [alarm(TOMBOL, 10, hop_limit=2), receipt(TOMBOL, 10), alarm(TOMBOL, 11, key=bytes(32))]
        for _ in range(1_500):
            now_ms += next(noise) * 4
            rnd = next(noise) << 24 | next(noise) << 16 | next(noise) << 8 | next(noise)
            call = next(noise) % 8
            if call == 0:
                core.start(act.Boot("reset", "", bool(rnd & 1)), now_ms, rnd)
            elif call == 1:
                core.cad(bool(rnd & 1), now_ms, rnd)
            elif call == 2:
                core.sent(bool(rnd & 1), now_ms, rnd)
            elif call == 3:
                core.key("lid", bool(rnd & 1), now_ms, rnd)
            elif call == 4:
                core.sense("battery", rnd % 9_000, now_ms, rnd)
            elif call == 5:
                core.sense("siren", rnd & 1, now_ms, rnd)
            elif call == 6:
                core.tick(now_ms, rnd)
            else:
                data = bytearray(good[rnd % 3])
                data[rnd % len(data)] ^= next(noise)
                core.receive(bytes(data[: max(0, len(data) - rnd % 3)]), -rnd % 200, rnd % 60, now_ms, rnd)
            deadline = core.next_deadline()
            assert deadline is None or type(deadline) is int
