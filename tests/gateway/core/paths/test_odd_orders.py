"""Odd orders of the hub, a proxy or a newer version of either are refused and told: no more."""

import copy
import json
import random

import pytest
from kentongan_gateway.core.base.actions import Note, OrderDone, Siren
from kentongan_gateway.core.base.directory import Directory, read_device
from kentongan_gateway.core.devices.faults import REST_MS
from kentongan_gateway.core.hub import order_forms
from kentongan_gateway.core.paths.hub_orders import HubOrders
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import BUTTON, DEVICES, POST, RECEIVER, Bench, alarm

MUTATIONS = 50_000
SETTINGS = {
    "node": POST,
    "version": 3,
    "generation": 0,
    "lowest": 0,
    "next": None,
    "counters": 0,
    "settings": {"revoked": [7], "status_period_s": 140, "profile": "polri", "patterns": [[1, [2]]]},
}
GOOD = [
    {"type": "stage", "device": BUTTON, "counter": 100, "stage": 3},
    {
        "type": "siren",
        "action": "start",
        "origin": BUTTON,
        "counter": 100,
        "kind": 1,
        "seconds": 9,
        "targets": "zone",
        "zone": 5,
    },
    {"type": "siren", "action": "stop", "origin": BUTTON, "counter": 100, "targets": [POST]},
    {"type": "page", "device": BUTTON, "counter": 100, "targets": [RECEIVER]},
    {"type": "drill", "minutes": 3, "zone": 5},
    {
        "type": "directory",
        "devices": DEVICES,
        "revoked": [9],
        "gateway_counter": 5,
        "paging": {"5": {"1": 0, "8": None}},
    },
    {"type": "config", "devices": [SETTINGS]},
    {"type": "codes", "profile": "polri", "patterns": [[1, [2]]]},
    {"type": "keys", "send": 0, "lowest": 0, "roots": [{"generation": 1, "sealed": "00" * 96}]},
    {"type": "counters", "table": [[BUTTON, 0, 0, 7]], "gateway_counter": 9},
]
ODD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    255,
    256,
    2**31,
    2**63,
    2**70,
    -(2**40),
    1.5,
    float("inf"),
    "",
    "x",
    "5",
    "\u00b2",
    "9" * 5_000,
    "\ud800",
    "zone",
    "start",
    "sirene",
    [],
    [[]],
    [None],
    [1, [2]],
    ["a"],
    {},
    {"a": {}},
    {"5": {"1": 2**40}},
    {"9" * 5_000: {}},
]


def places(value, at=()):
    """Every place inside a JSON value, the value itself first."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*at, key))


def mutated(order, rng):
    """A copy with one to three places replaced, removed or doubled."""
    order = copy.deepcopy(order)
    for _ in range(rng.randint(1, 3)):
        *way, last = rng.choice([at for at in places(order) if at])
        inside = order
        for key in way:
            inside = inside[key]
        what = rng.randrange(8)
        if what == 0:
            del inside[last]
        elif what == 1 and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[last]))
        else:
            inside[last] = copy.deepcopy(rng.choice(ODD))
        if not order:
            break
    return order


def test_fifty_thousand_odd_orders_meet_nothing_but_their_refusal():
    """Every one with an id is answered; time passes between them, so that what they planted would go off."""
    rng = random.Random(13)
    bench = Bench()
    known = [*GOOD, {"type": "directory", "devices": [DEVICES[1]], "paging": {"5": {"1": 3}}}]
    for number in range(1, MUTATIONS + 1):
        if number % 2_500 == 1:
            bench = Bench()
            bench.hear(alarm(counter=100), src=BUTTON)
        order = {"id": number, **mutated(rng.choice(known), rng)}
        bench.done.clear()
        bench.do(bench.core.on_order(order, bench.now_ms, number))
        answered = [done.result for done in bench.all(OrderDone)]
        waits = "stage", "siren", "page"  # until the button names it, until there is air
        assert answered or order.get("type") in waits, order
        assert "fault" not in bench.core.counters, (order, [n for n in bench.all(Note) if n.step == "fault"])
        json.dumps([action for action in bench.all(OrderDone)])
        if number % 50 == 0:
            bench.run(rng.choice([1, 3_000, 61_000]))
            assert "fault" not in bench.core.counters, [n for n in bench.all(Note) if n.step == "fault"]


def test_what_an_odd_order_left_behind_is_read_again_at_the_next_start():
    rng = random.Random(8)
    for number in range(300):
        bench = Bench()
        for n in range(5):
            bench.order(id=5 * number + n + 1, **mutated(rng.choice(GOOD), rng))
        bench.run(70_000)
        again = Bench(state=bench.state)
        again.run(5_000)
        assert "fault" not in again.core.counters


@pytest.mark.parametrize(
    "order, says",
    [
        ({"type": "siren", "action": [], "origin": BUTTON, "counter": 1}, "action []"),
        ({"type": [], "device": BUTTON}, "type [] is unknown here"),
        ({"type": "stage", "device": BUTTON, "counter": 1, "stage": {}}, "stage {}"),
        ({"type": "directory", "devices": [{"node": 9, "role": []}]}, "role []"),
        ({"type": "directory", "devices": [], "paging": 5}, "paging"),
        ({"type": "page", "device": BUTTON, "counter": 1, "targets": [[]]}, "targets are node numbers"),
        ({"type": "keys", "send": {}, "lowest": 0, "roots": []}, "send {}"),
    ],
)
def test_an_order_of_a_wrong_type_is_refused_told_and_counted(order, says):
    bench = Bench()
    bench.order(id=1, **order)
    (done,) = bench.all(OrderDone)
    assert done.result.startswith("failed: ") and says in done.result
    assert bench.core.counters["order_odd"] == 1
    bench.run(3_000)
    (event,) = bench.of_type("refusals")
    assert event["counters"] == {"order_odd": 1}, "the hub shows it on the page Perangkat"


@pytest.mark.parametrize("odd_id", [None, "7", True, 0, -1, 2**63, [], 1.0])
def test_an_order_without_an_id_is_counted_and_told(odd_id):
    bench = Bench()
    bench.do(bench.core.on_order({"id": odd_id, "type": "drill", "minutes": 5}, bench.now_ms, 1))
    assert not bench.all(OrderDone)
    bench.run(3_000)
    (event,) = bench.of_type("refusals")
    assert event["counters"] == {"order_malformed": 1}


def test_a_fault_of_ours_in_one_order_ends_that_order_and_nothing_else(monkeypatch):
    def explodes(self, order, order_id):
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setitem(HubOrders._DEEDS, "drill", explodes)
    bench = Bench()
    bench.faults_expected = True
    bench.order(id=1, type="drill", minutes=5)
    (done,) = bench.all(OrderDone)
    assert done.result.startswith("failed: TypeError at test_odd_orders.py:")
    assert "TypeError" in bench.core.troubles()["program"], "a person is told"
    bench.order(id=1, type="drill", minutes=5)
    assert bench.all(OrderDone) == [done, done] and bench.core.counters["fault"] == 1, "not repeated"
    bench.hear(alarm(counter=100), src=BUTTON)
    bench.run(6_000)
    assert bench.all(Siren) and bench.entries(BUTTON), "alarms go on as ever"
    assert bench.of_type("refusals")[0]["counters"] == {"fault": 1}


def test_a_fault_of_ours_in_one_frame_drops_that_frame_only(monkeypatch):
    bench = Bench()
    bench.faults_expected = True
    with monkeypatch.context() as patch:
        patch.setitem(bench.core.frames.paths, m.ALARM, lambda *_: 1 // 0)
        bench.hear(alarm(counter=100), src=BUTTON)
    assert "ZeroDivisionError" in bench.core.troubles()["program"]
    bench.hear(alarm(counter=101), src=BUTTON)
    bench.run(6_000)
    assert bench.all(Siren) and bench.entries(BUTTON)


def test_a_part_whose_deadline_fails_rests_and_holds_up_no_other(monkeypatch):
    bench = Bench()
    bench.faults_expected = True
    calls = []

    def fails():
        calls.append(bench.now_ms)
        raise KeyError("nobody thought of this")

    monkeypatch.setattr(bench.core.parts.supervision, "tick", fails)
    bench.hear(alarm(counter=100), src=BUTTON)
    bench.run(200_000)
    assert bench.all(Siren) and bench.entries(BUTTON)
    assert len(calls) > 1 and all(b - a >= REST_MS for a, b in zip(calls, calls[1:], strict=False))


@pytest.mark.parametrize("value", ["\u00b2", "9" * 5_000, "-1", "5.0", " 7", "\u0665"])
def test_a_number_written_as_text_is_plain_digits_or_the_default(value):
    device = read_device({"node": 9, "role": "tombol", "house": value})
    assert device.house == 0


LONG = [["x" * 100_000], [{"node": "9" * 90_000}], [{"node": 9, "role": "r" * 900}]]


@pytest.mark.parametrize("devices", LONG)
def test_a_refused_order_is_answered_in_a_line(devices):
    bench = Bench()
    bench.order(id=1, type="directory", devices=devices)
    (done,) = bench.all(OrderDone)
    assert done.result.startswith("failed: device list") and len(done.result) <= 300


def test_a_refused_value_is_told_in_a_line():
    with pytest.raises(LocalError) as refused:
        order_forms.read({"id": 1, "type": "x" * 100_000})
    assert len(str(refused.value)) < 100
    with pytest.raises(LocalError):
        Directory.from_dict({"devices": "x", "revoked": []})


STATES = (
    "seq",
    "guard",
    "stored",
    "secrets",
    "quiet",
    "hushed",
    "forged",
    "codes",
    "configs",
    "keys",
    "directory",
    "drill",
)


@pytest.mark.parametrize("name", STATES)
def test_a_kept_state_that_is_whole_and_means_nothing_is_left_out_and_the_gateway_starts(name):
    """Written by another version, or restored from elsewhere: its check sum holds, its content does not."""
    rng = random.Random(name)
    texts = [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"5",
        b"null",
        b'"x"',
        b"[5]",
        b"[[]]",
        b"[" * 100_000,
        b"\xff" * 64,
        b'[{"node": []}]',
        b'{"roots": 5}',
        b'{"roots": {"x": []}, "send": 1e999, "lowest": 0}',
        b'{"roots": {}, "send": 1e999, "lowest": 0}',
        b'["polri", 5]',
        b'[{"node": 9, "version": "x", "settings": 5, "generation": [], "lowest": 0, "next": 0, '
        b'"counters": "y"}]',
    ]
    for data in [*texts, *(rng.randbytes(rng.randrange(200)) for _ in range(200))]:
        bench = Bench(state={name: data})
        bench.order(id=1, type="counters", table=[[BUTTON, 0, 0, 99]], gateway_counter=0)  # else it waits
        bench.hear(alarm(counter=100), src=BUTTON)
        bench.run(6_000)
        assert bench.all(Siren) and "fault" not in bench.core.counters, data[:60]
