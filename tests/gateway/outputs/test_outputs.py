"""Patterns on relays: true to the rhythm, off at every way out, and trouble named within a minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kentongan_gateway.outputs import player as player_module
from kentongan_gateway.outputs.player import IDLE_MS, RETRY_MS, SENSE_AFTER_MS, Player
from kentongan_gateway.outputs.score import Score, coarser
from kentongan_wire.base.patterns import CODES, steps_for
from kentongan_wire.message import messages as m
from kits.patience import wait_for


class Relay:
    """A relay and a wire back from the siren; its faults are named."""

    def __init__(self):
        self.level, self.log, self.opened = True, [], 0
        self.unplugged = self.welded = self.cut = False
        self.senses = True

    def open(self):
        self._work()
        self.opened += 1

    def set(self, on):
        self._work()
        self.level = on
        self.log.append(on)

    def sense(self):
        self._work()
        return (self.welded or (self.level and not self.cut)) if self.senses else None

    def close(self):
        if not self.unplugged:
            self.level = False

    def _work(self):
        if self.unplugged:
            raise OSError("no such device")


class Bench:
    """A player whose clock is a number and whose thread is the test."""

    def __init__(self, monkeypatch, shortest_ms=50):
        self.now, self.troubles, self.strokes = 100_000, [], []
        monkeypatch.setattr(player_module, "now_ms", lambda: self.now)
        self.relay = Relay()
        self.player = Player(self.relay, shortest_ms)
        self.player._started = True  # steps are taken here
        self.player.on_trouble = self.troubles.append

    def run(self, ms):
        end = self.now + ms
        while self.now <= end:
            before = self.relay.level
            due = self.player.step(self.now)
            if self.relay.level != before:
                self.strokes.append((self.now, self.relay.level))
            assert due > self.now, "a step that asks for itself again at once"
            self.now = min(due, end + 1)


@pytest.fixture(name="bench")
def _bench(monkeypatch):
    return Bench(monkeypatch)


def test_a_board_is_off_as_soon_as_it_is_opened(bench):
    bench.player.off()
    bench.run(0)
    assert bench.relay.log == [False] and not bench.relay.level


def test_maling_is_beaten_as_the_table_says_and_ends_by_itself(bench):
    bench.player.off()
    bench.run(0)
    start = bench.now
    _, steps = steps_for("jawa_umum", m.KIND_MALING)
    bench.player.play("maling", steps, 3_100)
    bench.run(10_000)
    rises = [at - start for at, level in bench.strokes if level]
    falls = [at - start for at, level in bench.strokes[1:] if not level]
    assert rises == [0, 400, 1_500, 1_900, 3_000] and falls == [150, 550, 1_650, 2_050, 3_100]
    assert not bench.relay.level and not bench.troubles


@pytest.mark.parametrize("stroke_ms, gap_ms", [(65, 65), (100, 100), (120, 120), (150, 150), (180, 180)])
def test_a_siren_with_power_is_believed_at_every_beat(bench, stroke_ms, gap_ms):
    """A look every 200 ms falls into the gaps of a fast beat, and into nothing else."""
    bench.player.off()
    bench.run(5_000)
    bench.player.play("titir", ((stroke_ms, gap_ms),), 20_000)
    bench.run(25_000)
    assert len(bench.strokes) > 100 and bench.troubles == []


def test_a_stop_and_a_hold_are_obeyed_at_the_next_step(bench):
    bench.player.play("titir", ((5_000, 0),), 60_000)
    bench.run(1_000)
    assert bench.relay.level
    bench.player.hold(True)
    bench.run(100)
    assert not bench.relay.level
    bench.player.hold(False)
    bench.run(100)
    assert bench.relay.level
    bench.player.off()
    bench.run(100)
    assert not bench.relay.level


def test_a_hold_that_is_forgotten_ends_by_itself(bench):
    bench.player.play("titir", ((5_000, 0),), 180_000)
    bench.player.hold(True)
    bench.run(player_module.HOLD_MAX_MS + 1_000)
    assert bench.relay.level


def test_a_board_that_is_unplugged_while_it_sounds_is_named_and_sounds_on_when_it_is_back(bench):
    bench.player.play("titir", ((5_000, 0),), 60_000)
    bench.run(1_000)
    bench.relay.unplugged = True
    bench.run(2_000)
    assert len(bench.troubles) == 1 and "no such device" in bench.troubles[0]
    bench.relay.unplugged = False
    bench.run(RETRY_MS + 100)
    assert bench.relay.level and bench.troubles[-1] is None


def test_a_board_that_goes_while_idle_is_named_within_a_minute(bench):
    bench.player.off()
    bench.run(10_000)
    bench.relay.unplugged = True
    bench.run(IDLE_MS + 1_000)
    assert bench.troubles
    bench.relay.unplugged, bench.relay.level = False, True
    bench.run(RETRY_MS + 1)
    assert not bench.relay.level, "a board that comes back switched on is switched off"
    assert bench.troubles[-1] is None


def test_a_siren_without_power_is_named_by_its_sense_line(bench):
    bench.relay.cut = True
    bench.player.play("maling", ((150, 250), (150, 950)), 60_000)
    bench.run(SENSE_AFTER_MS - 500)
    assert not bench.troubles
    bench.run(2_000)
    assert bench.troubles == ["the siren was switched on and has no power"]
    bench.relay.cut = False
    bench.run(3_000)
    assert bench.troubles[-1] is None


def test_a_relay_that_sticks_is_named(bench):
    bench.player.play("x", ((1_000, 0),), 1_000)
    bench.relay.welded = True
    bench.run(5_000)
    assert bench.troubles == ["the siren was switched off and has power"]
    bench.relay.welded = False
    bench.run(IDLE_MS)
    assert bench.troubles[-1] is None


def test_where_nothing_senses_nothing_is_claimed(bench):
    bench.relay.senses, bench.relay.cut = False, True
    bench.player.play("x", ((1_000, 0),), 30_000)
    bench.run(60_000)
    assert not bench.troubles


@pytest.mark.parametrize("profile", sorted(CODES))
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_slow_relay_gets_a_coarser_pattern_with_the_same_strokes(profile, kind):
    _, steps = steps_for(profile, kind)
    slow = coarser(steps, 200)
    assert len(slow) == len(steps)
    assert all(ms >= 200 for step in slow for ms in step if ms)
    ratios = [
        b / a for step, other in zip(steps, slow, strict=True) for a, b in zip(step, other, strict=True) if a
    ]
    assert max(ratios) - min(ratios) < 0.01, "one factor for all: the rhythm stays"


def test_a_fast_relay_plays_what_stands_there():
    steps = steps_for("jawa_umum", m.KIND_MALING)[1]
    assert coarser(steps, 50) == steps and coarser((), 200) == ()


STEPS = st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000)), max_size=6)


@given(STEPS, st.one_of(st.none(), st.integers(1, 200_000)), st.integers(-5, 300_000))
def test_a_score_always_moves_on_and_is_off_at_its_end(steps, total_ms, at):
    level, until = Score(tuple(steps), total_ms).at(at)
    assert until is None or until > at
    if until is None or (total_ms is not None and at >= total_ms):
        assert level is False


def test_the_real_thread_beats_and_is_off_after_close():
    relay = Relay()
    player = Player(relay, 1)
    player.play("x", ((2, 2),), None)
    wait_for(lambda: relay.log.count(True) >= 3, "three strokes")
    player.close()
    assert relay.log.count(True) >= 3 and not relay.level and not player._thread.is_alive()
