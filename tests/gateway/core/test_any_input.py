"""Any input, heard, ordered or ticked, in any order: the core never raises, never grows, never lies."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_gateway.core.base.actions import Heard, Send, Store
from kentongan_gateway.core.gateway_core import GatewayCore
from kentongan_wire.air.packet import PAYLOAD_MAX
from kentongan_wire.message.messages import CARRY_BYTES
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    POST,
    RECEIVER,
    Bench,
    alarm,
    button_status,
    node_status,
    report,
    stage_1,
)

U32 = st.integers(0, 2**32 - 1)
HEARD = st.builds(
    Heard,
    U32,
    U32,
    U32,
    st.integers(0, 7),
    st.integers(0, 7),
    st.integers(0, 255),
    st.binary(max_size=300),
    st.integers(-200, 50),
    st.integers(-128, 127),
    st.just("uji"),
)


@given(st.lists(HEARD, max_size=20))
@settings(deadline=None, max_examples=100)
def test_any_bytes_heard_never_raise_and_never_act(frames):
    bench = Bench()
    for heard in frames:
        bench.do(bench.core.on_frame(heard, bench.now_ms, 1))
    assert not bench.all(Send) and not bench.of_type("alarm")


GOOD = [
    (alarm, BUTTON),
    (lambda: alarm(src=BUTTON_2, counter=50), BUTTON_2),
    (button_status, BUTTON),
    (node_status, POST),
    (report, POST),
    (stage_1, POST),
    (lambda: alarm(under_c=True, counter=104), BUTTON),
]


@given(st.integers(0, 2**32), st.integers(0, len(GOOD) - 1), st.integers(0, PAYLOAD_MAX * 8))
@settings(deadline=None, max_examples=150)
def test_one_bit_flipped_is_refused(seed, which, bit):
    """In all but the carry tag at the end, which is for relays."""
    make, src = GOOD[which]
    payload = bytearray(make())
    payload[bit // 8 % (len(payload) - CARRY_BYTES)] ^= 1 << bit % 8
    bench = Bench()
    bench.hear(bytes(payload), src=src)
    bench.run(1_000)
    assert not [e for e in bench.events if e["type"] != "refusals"]


ORDERS = st.fixed_dictionaries(
    {"id": st.integers(1, 50)},
    optional={
        "type": st.sampled_from(
            ["stage", "siren", "page", "drill", "directory", "config", "codes", "keys", "counters", "x", None]
        ),
        "device": st.one_of(st.sampled_from([BUTTON, BUTTON_2]), U32),
        "origin": st.sampled_from([BUTTON, 0, "x"]),
        "counter": st.one_of(st.sampled_from([100, 50]), U32, st.none()),
        "stage": st.integers(0, 9),
        "action": st.sampled_from(["start", "stop", "test", 1]),
        "kind": st.integers(-1, 300),
        "seconds": st.integers(-5, 500),
        "profile": st.sampled_from(["polri", "x", 3]),
        "patterns": st.sampled_from([[[1, [2]]], [[1, [1]]], [3], 4]),
        "targets": st.sampled_from(["zone", [POST], [RECEIVER], [], 5, ["a"]]),
        "zone": st.integers(-1, 300),
        "minutes": st.integers(-1, 100),
        "devices": st.just([{"node": 9}]),
        "expires_in_s": st.integers(-5, 100),
    },
)


@given(st.lists(ORDERS, max_size=15), st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_any_orders_between_any_frames_never_raise_and_silence_stays_silence(orders, seed):
    rng = random.Random(seed)
    bench = Bench()
    for order in orders:
        make, src = rng.choice(GOOD)
        bench.hear(make(), src=src)
        bench.do(bench.core.on_order(order, bench.now_ms, rng.getrandbits(32)))
        bench.run(rng.choice([0, 10, 3_000, 70_000]))
    assert not [e for e in bench.of_type("gateway_siren") if (e["origin"], e["counter"]) == (BUTTON, 104)]


def test_a_flood_of_authentic_alarms_keeps_memory_bounded():
    bench = Bench()
    for i in range(3_000):
        src = 0x100000 + i % 1_500
        bench.hear(alarm(src=src, counter=10 + i), src=src)
        if i % 50 == 0:
            bench.run(500, hub_ok_every_ms=500)
    core: GatewayCore = bench.core
    sizes = [
        len(core.parts.records._records),
        len(core.parts.records._stored),
        len(core.parts.hub._waiting),
        len(core.parts.watch._due),
        len(core.parts.watch._sounding),
        len(core.parts.pages._jobs),
        len(core.parts.orders._jobs),
    ]
    assert all(size <= 1_024 for size in sizes), sizes


def test_a_disk_that_never_commits_keeps_memory_bounded():
    bench = Bench()
    bench.disk_ok = False
    for i in range(2_000):
        bench.hear(alarm(src=0x100000 + i, counter=10), src=0x100000 + i)
    assert len(bench.all(Store)) >= 2_000 and len(bench.core.parts.context._pending) <= 512
    assert not bench.all(Send)
