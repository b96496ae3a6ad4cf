"""A full inbox refuses what comes again, counts it, says so, and is well again by itself."""

import pytest
from kentongan_gateway.core.base.actions import OrderDone
from kentongan_gateway.hub_client.uplink import Backoff, Uplink
from kentongan_gateway.service import settings
from kentongan_gateway.service.daemon import Daemon
from kentongan_gateway.service.inbox import FRAMES_LIMIT, FULL, LIMIT, TOLD_S, Inbox
from kits.gateway.gateway_kit import BUTTON, Bench
from kits.gateway.gateway_process import Gateway


@pytest.fixture(name="now_s")
def _now_s():
    return [0.0]


def full(now_s, kind="heard"):
    inbox = Inbox(lambda: now_s[0])
    while inbox.offer(kind):
        pass
    return inbox


def test_frames_leave_room_for_an_order_a_radio_that_died_and_the_silence_key(now_s):
    inbox = full(now_s)
    assert inbox.qsize() == FRAMES_LIMIT
    for kind in ("orders", "radio", "hush", "taken", "trouble"):
        assert inbox.offer(kind)
    assert inbox.refused == 1


def test_it_is_bounded_for_everything_and_says_what_it_refused(now_s):
    inbox = full(now_s, "orders")
    assert inbox.qsize() == LIMIT and inbox.offer("orders") is False
    assert inbox.news() == 2 and inbox.news() == 0
    assert "2 messages" in inbox.trouble()


def test_once_there_is_room_again_the_trouble_ends_without_a_restart(now_s):
    inbox = full(now_s)
    while not inbox.empty():
        inbox.get_nowait()
    assert inbox.offer("heard") and inbox.trouble(), "people read it for a while"
    now_s[0] += TOLD_S
    assert inbox.trouble() is None and inbox.refused == 1


def test_a_full_inbox_is_counted_by_reason_told_to_the_hub_and_over_again(tmp_path, now_s):
    daemon = Daemon(settings.load(Gateway(tmp_path, 1, 1).config))
    daemon._inbox._steady_s = lambda: now_s[0]
    while daemon._inbox.offer("heard", None, 0.0):
        pass
    daemon._tell_troubles()
    assert daemon._performer.core.counters[FULL] == 1 and "inbox" in daemon._performer.core.troubles()
    now_s[0] += TOLD_S
    daemon._tell_troubles()
    assert daemon._performer.core.counters[FULL] == 1 and "inbox" not in daemon._performer.core.troubles()
    daemon._close()


def test_results_that_the_hub_does_not_take_are_a_trouble_of_their_own_and_no_hub_that_is_away(tmp_path):
    daemon = Daemon(settings.load(Gateway(tmp_path, 1, 1).config))
    daemon._uplink.untold = lambda: "does not hear what became of its orders"
    daemon._tell_troubles()
    assert "results" in daemon._performer.core.troubles() and "hub" not in daemon._performer.core.troubles()
    daemon._uplink.untold = lambda: None
    daemon._tell_troubles()
    assert "results" not in daemon._performer.core.troubles()
    daemon._close()


class NoWaiting(Backoff):
    def next_s(self):
        return 0.0


@pytest.mark.parametrize("room", [True, False])
def test_orders_that_found_no_room_are_asked_for_again(room):
    link = Uplink(None, None, "gateway-1", "boot", None, None, None, lambda orders: room)
    after = link._handed_on([{"id": 7}, {"id": 9}], 3, NoWaiting())
    assert after == (9 if room else 3)


def test_an_order_whose_result_was_lost_is_answered_again_and_not_done_again():
    bench = Bench()
    order = {"id": 5, "type": "stage", "device": BUTTON, "counter": 100, "stage": 9}
    bench.order(**order)
    bench.order(**order)
    done = bench.all(OrderDone)
    assert len(done) == 2 and done[0] == done[1], "else the hub asks for ever and calls it lost"
    bench.order(id=6, type="stage", device=BUTTON, counter=100, stage=3)
    bench.order(id=6, type="stage", device=BUTTON, counter=100, stage=3)
    assert len(bench.entries(BUTTON)) == 1, "one that is under way goes on as it is"
