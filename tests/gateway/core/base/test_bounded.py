"""Tables with a limit: who fills one loses its own entries, and nobody else's."""

import pytest
from kentongan_gateway.core.answers import chime_pages
from kentongan_gateway.core.answers.stages import JOBS_LIMIT as STAGES_LIMIT
from kentongan_gateway.core.base.actions import OrderDone
from kentongan_gateway.core.base.bounded import make_room, owner, put
from kentongan_gateway.core.base.memory import HELD_LIMIT
from kentongan_gateway.core.base.records import RECORDS_LIMIT, STORED_LIMIT, Records
from kentongan_gateway.core.sirens.silenced import LIMIT as QUIET_LIMIT
from kentongan_gateway.core.sirens.sounding import WATCH_LIMIT
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    DEVICES,
    POST,
    RECEIVER,
    Bench,
    alarm,
    coming,
    report,
    starts,
)


def test_there_is_a_place_until_the_limit():
    table = {}
    for n in range(4):
        assert put(table, ("a", n), n, 4, owner) is None
    assert put(table, ("a", 3), 9, 4, owner) is None and table["a", 3] == 9, "what is there is renewed"


def test_of_whoever_has_most_the_oldest_leaves():
    table = {("thief", n): n for n in range(7)} | {("house", 1): 0}
    assert make_room(table, 8, "house", owner) == ("thief", 0)
    assert put(table, ("house", 2), 0, 8, owner) == ("thief", 0)
    assert put(table, ("thief", 99), 0, 8, owner) == ("thief", 1)
    assert ("house", 1) in table and len(table) == 8


def test_of_equals_the_newcomer_takes_nobodys_place_but_its_own():
    table = {("a", 1): 0, ("b", 1): 0}
    assert put(table, ("a", 2), 0, 2, owner) == ("a", 1)
    assert put(table, ("c", 1), 0, 2, owner) in (("a", 2), ("b", 1)), "with one each somebody has to"


FLOODS = {
    "penerima": (RECEIVER, lambda n: coming(RECEIVER, 1_000 + n, BUTTON, 100)),
    "sirene": (POST, lambda n: report(POST, 1_000 + n, 0x9000 + n, 5)),
    "tombol": (BUTTON_2, lambda n: alarm(BUTTON_2, 1_000 + n, kind=m.KIND_UJI)),
}


@pytest.mark.parametrize("role", FLOODS)
def test_a_running_alarm_is_never_pushed_out_by_a_devices_own_messages(role):
    src, frame = FLOODS[role]
    bench = Bench()
    bench.hear(alarm())
    bench.run(100, hub_ok_every_ms=100)
    for n in range(RECORDS_LIMIT + 1):
        bench.hear(frame(n), src=src)
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    assert bench.all(OrderDone)[-1].result == "ok" and bench.sent(m.PAGE)


def test_a_thousand_tests_of_one_button_make_no_other_buttons_alarm_unknown():
    records = Records()
    records.remember_stored((BUTTON, 0, 100, bytes(4)))
    for n in range(STORED_LIMIT + 1):
        records.remember_stored((BUTTON_2, 0, n, bytes(4)))
    assert records.knows(BUTTON, 100) and Records(records.dump()).knows(BUTTON, 100)


def test_a_button_that_cancels_again_and_again_starts_nothing_that_was_stopped_for_another():
    bench = Bench()
    quiet = bench.core.parts.context.quiet
    quiet.stop(BUTTON, 100, 100)
    for n in range(QUIET_LIMIT + 1):
        quiet.stop(BUTTON_2, n, n)
    assert quiet.stopped(BUTTON, 100, 100)


def test_a_button_that_alarms_again_and_again_keeps_no_siren_from_anothers_alarm():
    """Its alarms wait for one another's siren, three minutes each: of 128 places nobody else had one."""
    bench = Bench()
    for n in range(WATCH_LIMIT + 2):
        bench.hear(alarm(BUTTON_2, 1_000 + 40 * n, kind=2), src=BUTTON_2)
        bench.run(100, hub_ok_every_ms=1_000)
    bench.hear(alarm(kind=2))
    bench.run(40_000, hub_ok_every_ms=1_000)
    assert 100 in [counter for _, counter, _ in starts(bench)]


def test_on_a_new_card_one_buttons_alarms_take_no_place_of_anothers_that_waits():
    bench = Bench(state={})
    for n in range(HELD_LIMIT):
        bench.hear(alarm(BUTTON_2, 1_000 + 20 * n, kind=2), src=BUTTON_2)
    bench.hear(alarm(kind=2))
    bench.run(700_000, hub_ok_every_ms=5_000)
    assert 100 in [counter for _, counter, _ in starts(bench)], "after ten minutes, and in its turn"


def chimes(count):
    return [
        {
            "node": 0x4100 + n,
            "role": "penerima",
            "label": f"penerima-{n}",
            "zone": 5,
            "house": 100 + n,
            "hops": 1,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("hub", [True, False])
def test_one_buttons_alarms_keep_no_penerima_from_being_paged_about_anothers(hub):
    bench = Bench(devices=[*DEVICES, *chimes(4)])
    every = 1_000 if hub else None
    for n in range(13):
        bench.hear(alarm(BUTTON_2, 1_000 + 40 * n, kind=2), src=BUTTON_2)
        bench.run(1_000, every)
        if hub:
            bench.order(id=n, type="page", device=BUTTON_2, counter=1_000 + 40 * n)
    bench.hear(alarm(kind=2))
    bench.run(12_000, every)
    if hub:
        bench.order(id=500, type="page", device=BUTTON, counter=100)
        bench.run(3_000, every)
    paged = {o.body.target for *_, o in bench.sent(m.PAGE) if o.body.origin == BUTTON}
    assert len(paged) == 5
    assert not [done for done in bench.all(OrderDone) if done.result != "ok"]


def test_a_site_with_a_hundred_penerima_pages_them_all():
    bench = Bench(devices=[*DEVICES, *chimes(99)])
    bench.hear(alarm(kind=2))
    bench.run(100, hub_ok_every_ms=50)
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    bench.run(20_000, hub_ok_every_ms=1_000)
    assert bench.all(OrderDone)[-1].result == "ok"
    assert len({page.body.target for *_, page in bench.sent(m.PAGE)}) == 100


def test_what_there_is_no_room_to_page_is_answered_as_failed_and_told(monkeypatch):
    monkeypatch.setattr(chime_pages, "JOBS_LIMIT", 3)
    bench = Bench(devices=[*DEVICES, *chimes(4)])
    bench.hear(alarm(kind=2))
    bench.order(id=1, type="page", device=BUTTON, counter=100)
    assert bench.all(OrderDone)[-1].result == "failed: no room to call 2 penerima"
    assert bench.core.troubles()["pages"]
    bench.hear(coming(), src=RECEIVER)
    bench.run(601_000, hub_ok_every_ms=5_000)
    assert "pages" not in bench.core.troubles()


def test_a_page_that_was_overtaken_at_its_penerima_goes_on_under_a_counter_that_it_takes():
    """A penerima takes no page below the last one: an older incident's repeats were noise to it."""
    bench = Bench()
    for src, counter in ((BUTTON, 100), (BUTTON_2, 500)):
        bench.hear(alarm(src, counter, kind=2), src=src)
        bench.run(100, hub_ok_every_ms=50)
        bench.order(id=counter, type="page", device=src, counter=counter)
        bench.run(1_000, hub_ok_every_ms=500)
    bench.run(30_000, hub_ok_every_ms=1_000)
    pages_sent = [page for *_, page in bench.sent(m.PAGE)]
    assert {page.body.origin for page in pages_sent} == {BUTTON, BUTTON_2} and len(pages_sent) == 10
    assert [page.counter for page in pages_sent] == sorted(page.counter for page in pages_sent)


def test_one_buttons_many_alarms_keep_no_somebody_is_coming_from_another():
    """A stolen button tests hundreds of times; each test is answered with a stage that it never names."""
    bench = Bench()
    for n in range(STAGES_LIMIT + 1):
        bench.order(id=n + 1, type="stage", device=BUTTON_2, counter=1_000 + n, stage=m.STAGE_COMING)
    failed = [done for done in bench.all(OrderDone) if done.result == "failed: too many at once"]
    assert [done.order_id for done in failed] == [1], "of the one that has most the oldest"
    bench.hear(alarm())
    bench.order(id=9_000, type="stage", device=BUTTON, counter=100, stage=m.STAGE_COMING)
    bench.run(5_000)
    assert m.STAGE_COMING in [entry.stage for *_, entry in bench.entries(BUTTON)]
