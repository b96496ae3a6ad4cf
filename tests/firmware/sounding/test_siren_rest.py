# runs: cpython micropython
"""Sirene: rests before the carrier's own timer would silence it, says so, and goes on."""

from kentongan_node.base import actions as act
from kentongan_node.sounding.stretch import LIMIT_MS, REST_MS, Stretch
from kentongan_wire.message import messages as m
from kits.node.nodekit import of
from kits.node.sirenkit import SECOND, TOMBOL, Post, order, pressed

CARRIER_COUNT_MS = 180_000  # hardware/README.md: shuts the output after 180 to 260 s
CARRIER_RESET_MS = 16_000  # and begins anew after 3 to 16 s of quiet


def outputs(post):
    """[(ms, on)] of every change of the output; a Sound lasts until its end, the next one or a Quiet."""
    out, ends_ms = [], None
    for at_ms, action in post.heard:
        if ends_ms is not None and at_ms > ends_ms:
            out.append((ends_ms, False))
        on = isinstance(action, act.Sound)
        out.append((at_ms, on))
        ends_ms = at_ms + action.total_ms if on else None
    if ends_ms is not None:
        out.append((ends_ms, False))
    return out


def shut_by_the_carrier(post):
    """Tell whether the weakest carrier would have shut the output while the program drove it."""
    first_ms = quiet_ms = None
    for at_ms, on in outputs(post):
        if on:
            if first_ms is None or quiet_ms is not None and at_ms - quiet_ms >= CARRIER_RESET_MS:
                first_ms = at_ms
            quiet_ms = None
        elif first_ms is not None:
            if quiet_ms is None and at_ms - first_ms > CARRIER_COUNT_MS:
                return True
            quiet_ms = at_ms if quiet_ms is None else quiet_ms
    return False


class Timed(Post):
    """A post that keeps when its output changed."""

    def __init__(self, **options):
        self.heard = []
        super().__init__(**options)

    def take(self, actions):
        for action in actions:
            if isinstance(action, (act.Sound, act.Quiet)):
                self.heard.append((self.now_ms, action))
        super().take(actions)

    def loud(self):
        at_ms, last = self.heard[-1] if self.heard else (0, None)
        return isinstance(last, act.Sound) and self.now_ms < at_ms + last.total_ms

    def flags(self):
        return self.core.status_flags()

    def told(self, since_ms):
        """[(origin, state)] of the reports sent since then."""
        frames, self.sent = self.sent, [one for one in self.sent if one[0] >= since_ms]
        out = [(r.body.origin, r.body.state) for r in self.messages(m.SIREN_REPORT)]
        self.sent = frames
        return out


def overlapping(**options):
    """A post that hears another button every 100 s: each before the last sounding is over."""
    post = Timed(**options)
    post.start_ms = post.now_ms
    post.hear(pressed(10))
    post.wait(100 * SECOND)
    post.hear(pressed(10, src=TOMBOL + 1))
    return post


def test_a_post_rests_after_180_s_on_end_and_goes_on_with_what_still_runs():
    post = overlapping()
    post.wait(79 * SECOND)
    assert post.loud()
    post.wait(2 * SECOND)
    assert not post.loud()
    post.wait(14 * SECOND)
    assert not post.loud()
    post.wait(4 * SECOND)
    assert post.loud()
    post.wait(100 * SECOND)
    assert not post.loud()
    changes = [at_ms - post.start_ms for at_ms, on in outputs(post) if not on]
    assert changes[0] == LIMIT_MS
    assert changes[-1] == 280 * SECOND
    assert not shut_by_the_carrier(post)


def test_no_crowd_of_alarms_drives_the_output_beyond_what_the_carrier_allows():
    for seed in range(4):
        post = Timed(sensor=seed % 2 == 1)
        post.calls = seed * 100
        for n in range(12):
            post.hear(pressed(10 + n, src=TOMBOL + n % 5, kind=n % 4))
            post.wait((17 + 29 * ((n + seed) % 4)) * SECOND)
            if n == 6:
                post.key("hush")
                post.wait(5 * SECOND)
                post.key("test")
        post.wait(240 * SECOND)
        assert not shut_by_the_carrier(post), "seed {}".format(seed)
        assert not post.loud()
        assert len(outputs(post)) > 8


def test_a_lone_sounding_needs_no_rest():
    post = Timed()
    post.hear(pressed(10))
    post.wait(400 * SECOND)
    assert [on for _, on in outputs(post)] == [True, False]
    assert "siren_rests" not in [note.step for note in of(post.all, act.Note)]


def test_while_it_rests_nobody_is_told_that_it_sounds():
    post = overlapping()
    post.wait(79 * SECOND)
    assert post.flags() & m.STATUS_SOUNDING
    post.wait(2 * SECOND)
    began_ms = post.now_ms
    assert not post.flags() & m.STATUS_SOUNDING
    post.hear(pressed(10, src=TOMBOL + 2))
    post.hear(pressed(10, attempt=3, src=TOMBOL + 2))
    post.hear(order(m.ACTION_START, 10, TOMBOL + 2))
    post.wait(12 * SECOND)
    assert not [entry for entry in post.stage1() if entry.node == TOMBOL + 2]
    said = post.told(began_ms - 2 * SECOND)
    assert (TOMBOL + 1, m.STATE_STOPPED) in said
    assert {state for _, state in said} == {m.STATE_STOPPED}
    assert not post.flags() & (m.STATUS_SOUNDING | m.STATUS_SIREN_FAULT)


def test_after_the_rest_each_alarm_that_runs_is_reported_as_it_is():
    for sensor, state in ((False, m.STATE_DRIVEN), (True, m.STATE_SOUNDING)):
        post = overlapping(sensor=sensor)
        post.wait(85 * SECOND)
        post.hear(pressed(10, src=TOMBOL + 2, kind=2))
        rested_ms = post.now_ms
        post.wait(60 * SECOND)
        said = post.told(rested_ms)
        assert (TOMBOL + 1, state) in said and (TOMBOL + 2, state) in said
        assert m.STATE_FAILED not in [one for _, one in said]
        assert post.flags() & m.STATUS_SOUNDING
        assert [e for e in post.stage1() if e.node == TOMBOL + 2] == []
        post.hear(pressed(10, attempt=8, src=TOMBOL + 2, kind=2))
        post.wait(2 * SECOND)
        assert [e.stage for e in post.stage1() if e.node == TOMBOL + 2] == [m.STAGE_SOUNDING]


def test_a_siren_that_stays_silent_after_its_rest_is_reported_as_failed():
    post = overlapping(sensor=True)
    post.wait(82 * SECOND)
    post.broken = True
    rested_ms = post.now_ms
    post.wait(14 * SECOND)
    assert m.STATE_FAILED not in [state for _, state in post.told(rested_ms)]
    post.wait(20 * SECOND)
    assert (TOMBOL + 1, m.STATE_FAILED) in post.told(rested_ms)
    assert post.flags() & m.STATUS_SIREN_FAULT


def test_a_new_press_just_after_a_whole_sounding_waits_for_the_rest():
    post = Timed()
    post.hear(pressed(10))
    post.wait(185 * SECOND)
    assert not post.loud()
    post.hear(pressed(10, src=TOMBOL + 1))
    assert not post.loud()
    post.wait(REST_MS - 5 * SECOND + 1 * SECOND)
    assert post.loud()
    assert not shut_by_the_carrier(post)


def test_what_is_stopped_in_the_rest_stays_silent():
    for stop in ("hush", "order"):
        post = overlapping()
        post.wait(85 * SECOND)
        if stop == "hush":
            post.key("hush")
        else:
            post.hear(order(m.ACTION_STOP, 10, TOMBOL + 1))
        post.wait(60 * SECOND)
        assert not post.loud()
        assert not post.flags() & m.STATUS_SOUNDING
        assert post.core.next_deadline() is not None


def test_an_order_to_start_in_the_rest_is_obeyed_after_it():
    post = Timed()
    post.hear(pressed(10))
    post.wait(185 * SECOND)
    post.hear(order(m.ACTION_START, 0, 0, seconds=30))
    assert not post.loud()
    post.wait(15 * SECOND)
    assert post.loud()
    post.wait(30 * SECOND)
    assert not post.loud()


def test_a_reset_does_not_make_the_carrier_forget():
    post = overlapping()
    post.wait(70 * SECOND)
    again = Timed(state=post.state, cause="reset")
    begun_ms = again.now_ms
    again.wait(60 * SECOND)
    quiet = [at_ms - begun_ms for at_ms, on in outputs(again) if not on]
    assert quiet and quiet[0] <= 10 * SECOND
    assert again.loud()


def test_a_tone_that_would_be_cut_off_is_not_begun():
    post = Timed()
    post.hear(pressed(10))
    post.wait(178 * SECOND)
    post.hear(order(m.ACTION_STOP, counter=10, seconds=1))
    assert post.patterns()[-1] != "selesai"
    assert not post.loud()
    assert post.core.counters["tone_skipped"] == 1


def test_quiet_shorter_than_the_carriers_longest_reset_begins_nothing_anew():
    stretch = Stretch()
    stretch.driven(0)
    stretch.quiet(100_000)
    assert stretch.left_ms(110_000) == LIMIT_MS - 110_000
    assert stretch.left_ms(100_000 + CARRIER_RESET_MS) < LIMIT_MS
    assert stretch.left_ms(100_000 + REST_MS) == LIMIT_MS
    stretch.driven(130_000)
    assert stretch.left_ms(140_000) == LIMIT_MS - 10_000
    assert stretch.age_s(140_000) == 10
