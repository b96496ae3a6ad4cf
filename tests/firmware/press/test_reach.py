# runs: cpython micropython
"""The hop limit that a button learns from its answers, and keeps over sleep, battery and torn files."""

from kentongan_node.press.reach import LEAST, LOWER_AFTER, MOST, NAME, Reach
from kits.both import random_bytes
from kits.node.buttonkit import Box
from kits.node.nodekit import alarm, packet_of


def told(reach, *hops):
    kept = []
    for n in hops:
        reach.told(n, False, kept)
    return kept


def test_a_longer_way_is_taken_at_once_and_a_shorter_one_step_by_step():
    reach = Reach(1)
    told(reach, 3)
    assert reach.hops == 3
    told(reach, 1)
    assert reach.hops == 3
    told(reach, 1)
    assert reach.hops == 2
    told(reach, 1, 2, 1)
    assert reach.hops == 2  # one that needed them all begins the count again
    told(reach, 1)
    assert reach.hops == 1


def test_what_anybody_could_write_into_a_header_stays_within_bounds():
    reach = Reach(2)
    told(reach, 7)
    assert reach.hops == MOST
    for _ in range(MOST * LOWER_AFTER):
        told(reach, 0)
    assert reach.hops == LEAST


def test_a_frame_that_several_share_says_at_most_that_the_way_was_shorter():
    reach = Reach(2)
    kept = []
    for hops in (5, 2, 5):
        reach.told(hops, True, kept)
    assert reach.hops == 2 and kept == []
    for _ in range(LOWER_AFTER):
        reach.told(1, True, kept)
    assert reach.hops == 1


def test_only_a_change_is_written_to_flash():
    reach = Reach(1)
    assert told(reach, 1, 0, 1) == []
    assert [a.name for a in told(reach, 2, 2)] == [NAME]


def test_it_is_found_again_after_sleep_and_forgotten_with_another_setting():
    reach = Reach(1)
    data = told(reach, 4, 1)[-1].data
    again = Reach(1, data)
    assert again.hops == 4
    told(again, 1)
    assert again.hops == 3  # the count of shorter ways was kept as well
    assert Reach(2, data).hops == 2


def test_no_file_whatever_it_holds_makes_another_hop_limit_than_the_setting_or_a_possible_one():
    good = told(Reach(1), 3)[-1].data
    for at in range(len(good)):
        torn = bytearray(good)
        torn[at] ^= 0x10
        assert Reach(1, bytes(torn)).hops == 1
    noise = random_bytes(7)
    for data in (b"", good[:3], good + good, bytes([next(noise) for _ in range(4)])):
        assert Reach(1, data).hops == 1


def pressed(state=None, hop_start=None, **changes):
    box = Box(state=state, **changes)
    box.wait(300)
    first = packet_of(box.sent[0][1]).hop_limit
    if hop_start is not None:
        box.stage(3, hop_start=hop_start)
        box.wait(5_000)
        box.stage(4)
        box.wait(20_000)
    return first, box.state


def test_the_next_press_goes_as_far_as_the_last_one_had_to():
    first, state = pressed(hop_start=3)
    assert first == 1
    assert pressed(state)[0] == 3


def test_a_box_in_a_dense_rt_learns_to_send_one_hop():
    state = None
    seen = []
    for _ in range(5):
        first, state = pressed(state, hop_start=0, hop_limit=3)
        seen.append(first)
    assert seen == [3, 3, 2, 2, 1]


def test_repeats_go_farther_whatever_was_learned_later_in_a_crowd():
    box = Box()
    box.wait(40_000)
    hops = [packet_of(f).hop_limit for _, f in box.sent]
    assert hops[:8] == [1, 1, 1, 3, 3, 3, 3, 5]


def test_in_a_crowd_more_hops_come_later_once_a_siren_sounds_and_not_before():
    def hops_sent(sounds):
        box = Box()
        box.wait(300)
        if sounds:
            box.stage(1)
        for n in range(20):
            for other in (0x53000101, 0x53000102):
                box.hear(alarm(other, 10 + n, hop_limit=0))
            box.wait(2_000)
        return [packet_of(f).hop_limit for _, f in box.sent]

    assert hops_sent(False)[:8] == [1, 1, 1, 3, 3, 3, 3, 5]
    assert hops_sent(True)[:8] == [1, 1, 1, 1, 1, 1, 1, 3]
