# runs: cpython micropython
"""Sirene: what a stolen post sounds beforehand under a button's name keeps no press and no order silent."""

from kentongan_wire.message import messages as m
from kits.node.nodekit import key_c
from kits.node.sirenkit import NODE, SECOND, Post, order, pressed, receipt, stored

NEXT = 101  # the counter of the button's coming press
WRAP = 0x10000  # an alarm names its incident by 16 bits


def used_up(forge, times=3):
    """A post that has beaten so many forged alarms to their end. `forge(n)`: the frame."""
    post = Post()
    for n in range(times):
        post.hear(forge(n))
        post.wait(200 * SECOND)
    assert len(post.sounds()) == times and not post.loud()
    return post


def told_since(post, n):
    """(counter, state, source) of the post's reports from the n-th on, each once; the gateway stores them."""
    found = []
    for report in post.messages(m.SIREN_REPORT)[n:]:
        one = report.body.counter, report.body.state, report.body.source
        if one not in found:
            found.append(one)
        post.hear(stored(post, report))
    return found


def press_and_order(post, press=None):
    """Return the post's reports of the press in earnest, and of the gateway's order for it."""
    before = len(post.messages(m.SIREN_REPORT))
    post.hear(pressed(NEXT) if press is None else press)
    post.wait(2 * SECOND)
    refused = told_since(post, before)
    before = len(post.messages(m.SIREN_REPORT))
    post.hear(order(m.ACTION_START, NEXT))
    post.wait(2 * SECOND)
    return refused, told_since(post, before)


REFUSED = [(NEXT, m.STATE_REFUSED, m.SOURCE_DIRECT)]
OBEYED = [(NEXT, m.STATE_DRIVEN, m.SOURCE_ORDER)]


def test_who_sounds_the_sixteen_bits_of_a_coming_press_keeps_no_order_for_it_silent():
    post = used_up(lambda n: pressed(NEXT + WRAP + n, incident=NEXT))
    assert press_and_order(post) == (REFUSED, OBEYED)
    assert post.loud() and post.sounds()[-1].total_ms == 180 * SECOND


def test_the_same_by_a_receipt_that_a_post_has_made():
    forged = receipt(NEXT + WRAP, key=key_c(NODE, m.SIRENE))
    post = used_up(lambda n: pressed(NEXT + WRAP + n, incident=NEXT) if n else forged)
    assert press_and_order(post) == (REFUSED, OBEYED)
    assert post.loud()


def test_who_sounds_the_coming_incident_itself_beforehand_keeps_no_order_silent():
    for counters in ((NEXT, NEXT + 1, NEXT + 2), (NEXT + 5, NEXT + 6, NEXT + 7)):
        post = used_up(lambda n: pressed(counters[n], incident=NEXT, kind=m.KIND_MEDIS))  # noqa: B023
        assert press_and_order(post) == (REFUSED, OBEYED)
        assert post.loud() and post.patterns()[-1] == "titir"


def test_other_content_under_the_very_counter_of_a_press_is_told_and_ordered_over():
    post = used_up(lambda n: pressed(NEXT, kind=m.KIND_MEDIS), times=1)
    assert press_and_order(post) == (REFUSED, OBEYED)
    assert post.loud() and post.patterns()[-1] == "titir"


def test_who_has_a_range_of_counters_sound_does_not_give_the_order_his_own_name():
    post = used_up(lambda n: pressed(NEXT + 5 + n, incident=NEXT - 50))
    assert press_and_order(post) == (REFUSED, OBEYED)
    assert post.loud()


def test_an_order_lasts_for_all_of_its_time_when_a_forged_sounding_is_about_to_end():
    post = Post()
    post.hear(pressed(NEXT, kind=m.KIND_MEDIS))
    post.wait(150 * SECOND)
    post.hear(pressed(NEXT))
    post.hear(order(m.ACTION_START, NEXT))
    assert post.patterns()[-1] == "titir" and post.sounds()[-1].total_ms == 180 * SECOND
    post.wait(170 * SECOND)  # with the rest of the carrier in between
    assert post.loud()


def test_what_does_not_sound_here_uses_up_no_counter_of_what_does():
    """A stolen post plants alarms of another RT, or of a kind that others sound, under coming counters."""
    for planted in ({"zone": 9}, {"kind": 2}):
        post = Post(table=[[5, 1]])  # kind 0 of RT 5
        post.hear(pressed(40, **planted))
        assert not post.loud()
        post.hear(pressed(10))
        assert post.loud()


def test_a_press_that_sounds_no_more_by_itself_is_told_to_the_gateway():
    post = used_up(lambda n: pressed(NEXT - 30 + n * 10))
    before = len(post.messages(m.SIREN_REPORT))
    post.hear(pressed(NEXT))  # the fourth incident of that button in half an hour
    post.wait(2 * SECOND)
    assert told_since(post, before) == REFUSED
    post = used_up(lambda n: pressed(NEXT - 30 + n, incident=NEXT - 30))
    before = len(post.messages(m.SIREN_REPORT))
    post.hear(pressed(NEXT, incident=NEXT - 30))  # the fourth time of one incident
    post.wait(2 * SECOND)
    assert told_since(post, before) == REFUSED
    post = Post(state={})
    post.hear(pressed(NEXT))  # its counters lost
    post.wait(2 * SECOND)
    assert told_since(post, 0) == REFUSED


def test_late_copies_of_what_was_heard_or_ordered_are_told_to_nobody():
    post = Post()
    for n in range(3):
        post.hear(pressed(NEXT + n, incident=NEXT))
    post.wait(20 * SECOND)
    before = len(post.messages(m.SIREN_REPORT))
    for n in range(3):
        post.hear(pressed(NEXT + n, incident=NEXT, attempt=4))
    post.wait(20 * SECOND)
    assert told_since(post, before) == []
    post = used_up(lambda n: pressed(NEXT + WRAP + n, incident=NEXT))
    press_and_order(post)
    before = len(post.messages(m.SIREN_REPORT))
    post.hear(pressed(NEXT, attempt=7))
    post.wait(20 * SECOND)
    assert told_since(post, before) == []


def test_what_was_stopped_or_hushed_is_not_told_as_refused():
    for end in (lambda post: post.hear(order(m.ACTION_STOP, NEXT)), lambda post: post.key("hush")):
        post = Post()
        post.hear(pressed(NEXT))
        end(post)
        post.wait(20 * SECOND)
        before = len(post.messages(m.SIREN_REPORT))
        post.hear(pressed(NEXT + 1, incident=NEXT))
        post.wait(20 * SECOND)
        assert told_since(post, before) == [] and not post.loud()


def test_an_order_for_what_sounds_for_about_as_long_begins_nothing_anew():
    post = Post()
    post.hear(pressed(NEXT))
    post.wait(5 * SECOND)
    post.hear(order(m.ACTION_START, NEXT))
    assert len(post.sounds()) == 1
    post.hear(order(m.ACTION_START, NEXT, pattern=m.KIND_KEBAKARAN))
    assert post.patterns() == ["titir", "kebakaran"]


def test_an_order_that_a_person_gives_for_a_minute_shortens_nothing():
    post = Post()
    post.hear(pressed(NEXT))
    post.hear(order(m.ACTION_START, NEXT, seconds=60))
    post.wait(150 * SECOND)
    assert post.loud()


def test_an_order_is_obeyed_as_often_as_it_is_given():
    post = Post()
    for _ in range(5):
        post.hear(order(m.ACTION_START, NEXT, seconds=20))
        post.wait(40 * SECOND)
    assert len(post.sounds()) == 5


def test_after_a_reset_an_incident_is_still_known_by_its_whole_name():
    before = used_up(lambda n: pressed(NEXT + WRAP + n, incident=NEXT))
    post = Post("reset", dict(before.state))
    assert press_and_order(post) == (REFUSED, OBEYED)
    post = Post("reset", dict(post.state))
    assert post.loud() and [r.number for r in post.core.soundings.records][-1] == NEXT
    post.hear(order(m.ACTION_STOP, NEXT))
    assert not post.loud()


def test_a_later_press_of_the_same_incident_is_one_with_it_also_above_sixteen_bits():
    post = Post()
    first = 5 * WRAP - 3
    post.hear(pressed(first, incident=first & 0xFFFF))
    post.hear(pressed(first + 9, incident=first & 0xFFFF, kind=m.KIND_KEBAKARAN))
    assert len(post.core.soundings.records) == 1 and post.core.soundings.records[0].first == first
    post.hear(order(m.ACTION_STOP, first + 9))
    assert not post.loud()
