"""Frames carried for other gateways: proved and of now, a few times, out of a purse of their own."""

import pytest
from kentongan_gateway.core.answers import copies
from kentongan_gateway.core.base import air
from kentongan_gateway.core.base.actions import RelayCopy
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    DEVICES,
    GATEWAY_2,
    POST,
    POST_2,
    RECEIVER,
    SITE,
    Bench,
    alarm,
    message,
    stage_1,
    starts,
)

INVENTED = 0x70007
OTHER = [
    *DEVICES,
    {"node": GATEWAY_2, "role": "gateway", "label": "gateway-2", "zone": 6, "house": 0, "hops": 1},
]


def receipt(counter=41, of=99, sender=GATEWAY_2, key=None, entries=1):
    entry = m.receipt_entry(sender, BUTTON, of, 3, 0, 0, 0, key or SITE.c(BUTTON, m.TOMBOL, 0))
    of_it = sender, m.GATEWAY, 0
    return m.encode(
        m.RECEIPTS,
        m.GATEWAY,
        0,
        counter,
        sender,
        m.Receipts((entry,) * entries),
        SITE.a(*of_it),
        SITE.r(*of_it),
    )


def order(counter=50, post=POST_2):
    fixed = BUTTON, 100, m.ACTION_START, 1, 180
    target = m.order_target(GATEWAY_2, counter, post, *fixed, SITE.c(post, m.SIRENE, 0))
    return message(m.SIREN_ORDER, GATEWAY_2, counter, m.SirenOrder(*fixed, (target,)))


def page(counter=50, sender=GATEWAY_2):
    body = m.Page(RECEIVER, BUTTON, 100, 1, 7, 5, 0)
    return m.encode(
        m.PAGE,
        m.GATEWAY,
        0,
        counter,
        sender,
        body,
        SITE.c(RECEIVER, m.PENERIMA, 0),
        SITE.r(sender, m.GATEWAY, 0),
    )


def carried(bench):
    return len(bench.all(RelayCopy))


ONE_OF_EACH = {
    "post": (POST, stage_1()),
    "receipt": (GATEWAY_2, receipt()),
    "order": (GATEWAY_2, order()),
    "page": (GATEWAY_2, page()),
}


@pytest.mark.parametrize("what", ONE_OF_EACH)
def test_one_recording_under_ever_new_packet_ids_is_carried_six_times_at_most(what):
    """No tag covers a packet id: 360 copies of one frame took the hour, for whoever has the channel key."""
    src, payload = ONE_OF_EACH[what]
    bench = Bench(devices=OTHER)
    for n in range(400):
        bench.hear(payload, src=src, packet_id=5_000 + n, hop_start=3)
        bench.run(500, hub_ok_every_ms=500)
    assert 1 <= carried(bench) <= 6, "as often as a gateway says one thing"
    bench.hear(alarm())
    bench.run(4_000, hub_ok_every_ms=1_000)
    assert bench.entries(BUTTON) and starts(bench)


def test_what_a_stolen_post_makes_in_the_name_of_invented_gateways_is_not_carried():
    bench = Bench(devices=OTHER)
    for n in range(50):
        bench.hear(receipt(sender=INVENTED + n), src=INVENTED + n, hop_start=3)
        bench.hear(page(sender=INVENTED + n), src=INVENTED + n, hop_start=3)
    assert not carried(bench)


def test_a_receipt_none_of_whose_entries_holds_is_not_carried():
    """The whole is under A, which every post has."""
    bench = Bench(devices=OTHER)
    bench.hear(receipt(key=bytes(32), entries=14), src=GATEWAY_2, hop_start=3)
    assert not carried(bench)


@pytest.mark.parametrize("frame", [order, page])
def test_old_orders_and_pages_are_not_carried_once_newer_ones_were(frame):
    bench = Bench(devices=OTHER)
    bench.hear(frame(5_000), src=GATEWAY_2, hop_start=3)
    for n in range(60):
        bench.hear(frame(100 + n), src=GATEWAY_2, hop_start=3)
    assert carried(bench) == 1


def test_old_receipts_of_posts_are_not_carried():
    bench = Bench(devices=OTHER)
    bench.hear(stage_1(counter=5_000), src=POST, hop_start=3)
    for n in range(60):
        bench.hear(stage_1(counter=100 + n), src=POST, hop_start=3)
    assert carried(bench) == 1


def test_a_first_copy_with_no_hops_left_makes_the_true_one_no_less_new():
    for src, payload in ONE_OF_EACH.values():
        bench = Bench(devices=OTHER)
        bench.hear(payload, src=src, packet_id=7, hops=3, hop_start=3)
        bench.hear(payload, src=src, packet_id=8, hops=1, hop_start=3)
        assert carried(bench) == 1


def test_who_proves_frames_of_its_own_spends_its_share_of_the_purse_and_no_other():
    bench = Bench(devices=OTHER)
    for n in range(200):
        bench.hear(stage_1(counter=320 + n, alarm_counter=100 + n), src=POST, hop_start=3)
        bench.run(500, hub_ok_every_ms=500)
    assert bench.core.parts.context.air.used_s(bench.now_ms) <= copies.SHARE_S + 0.1
    before = carried(bench)
    bench.hear(order(), src=GATEWAY_2, hop_start=3)
    assert carried(bench) == before + 1


def test_all_of_them_together_spend_the_purse_and_no_more():
    posts = [
        {"node": 0x3100 + n, "role": "sirene", "label": f"sirene-{n}", "zone": 5, "house": 0, "hops": 1}
        for n in range(6)
    ]
    bench = Bench(devices=[*OTHER, *posts])
    for n in range(40):
        for one in posts:
            key = SITE.a(BUTTON, m.TOMBOL, 0)
            entry = m.receipt_entry(one["node"], BUTTON, 100 + n, m.STAGE_SOUNDING, 1, 0, 0, key)
            of = one["node"], m.SIRENE, 0
            payload = m.encode(
                m.RECEIPTS, m.SIRENE, 0, 300 + n, one["node"], m.Receipts((entry,)), SITE.c(*of), SITE.r(*of)
            )
            bench.hear(payload, src=one["node"], hop_start=3)
        bench.run(500, hub_ok_every_ms=500)
    assert air.COPY_S - 0.2 <= bench.core.parts.context.air.used_s(bench.now_ms) <= air.COPY_S + 0.1
