# runs: cpython micropython
"""Strokes become kinds; what is doubtful becomes bahaya. And when a message is sent again."""

from kentongan_node.press.repeats import SLOW_TURNS_S, TURNS_S, Repeats, hop_limit
from kentongan_node.press.strokes import HOLD_MS, QUIET_MS, Strokes
from kits.both import random_bytes

KINDS = (0, 1, 2, 3, 7)


def beat(strokes, n, t_ms=0, down_ms=150, gap_ms=250):
    """Beat n strokes from t_ms on; (kinds that came, time after the last release)."""
    came = []
    for _ in range(n):
        came += [strokes.tick(t_ms), strokes.press(t_ms)]
        t_ms += down_ms
        came.append(strokes.tick(t_ms))
        strokes.release(t_ms)
        t_ms += gap_ms
    return [kind for kind in came if kind is not None], t_ms - gap_ms


def test_one_to_five_strokes_are_their_kinds_600_ms_after_the_last_release():
    for n in range(1, 6):
        strokes = Strokes(KINDS)
        came, end_ms = beat(strokes, n)
        assert came == []
        assert strokes.deadline() == end_ms + QUIET_MS
        assert strokes.tick(end_ms + QUIET_MS - 1) is None
        assert strokes.tick(end_ms + QUIET_MS) == KINDS[n - 1]
        assert strokes.idle()


def test_the_sixth_stroke_cannot_be_a_code_and_is_bahaya_at_once():
    strokes = Strokes((4, 1, 2, 3, 7))
    came, end_ms = beat(strokes, 6)
    assert came == [0]


def test_a_key_that_is_hammered_on_gives_one_kind_and_no_second_one():
    strokes = Strokes(KINDS)
    came, end_ms = beat(strokes, 40)
    assert came == [0]
    assert strokes.tick(end_ms + QUIET_MS) is None
    assert strokes.idle()
    assert beat(strokes, 2, 60_000)[0] == []
    assert strokes.tick(70_000) == 1


def test_a_key_that_is_leaned_on_is_bahaya_after_two_seconds_and_the_release_adds_nothing():
    strokes = Strokes((7, 1))
    strokes.press(0)
    assert strokes.tick(HOLD_MS - 1) is None
    assert strokes.tick(HOLD_MS) == 0
    assert strokes.deadline() is None
    strokes.release(9_000)
    assert strokes.tick(9_000 + QUIET_MS) is None
    assert strokes.idle()


def test_the_stroke_that_woke_the_board_counts_when_it_is_still_held_at_the_end_of_the_boot():
    strokes = Strokes(KINDS)
    strokes.wake(350)
    assert strokes.tick(500) is None
    strokes.release(500)
    came, end_ms = beat(strokes, 1, 750)
    assert strokes.tick(end_ms + QUIET_MS) == 1


def test_a_wake_stroke_that_ended_during_the_boot_makes_the_code_doubtful():
    for later in (0, 1, 2):
        strokes = Strokes((7, 1, 2))
        strokes.wake(350)
        strokes.release(350)
        came, end_ms = beat(strokes, later, 600) if later else ([], 350)
        assert strokes.tick(end_ms + QUIET_MS) == 0


def test_a_doubtful_code_does_not_spoil_the_next_one():
    strokes = Strokes(KINDS)
    strokes.wake(350)
    strokes.release(350)
    assert strokes.tick(950) == 0
    came, end_ms = beat(strokes, 3, 2_000)
    assert strokes.tick(end_ms + QUIET_MS) == 2


def test_releases_without_a_press_and_presses_of_a_held_key_change_nothing():
    strokes = Strokes(KINDS)
    strokes.release(10)
    assert strokes.idle() and strokes.deadline() is None
    strokes.press(20)
    strokes.press(30)
    strokes.release(40)
    strokes.release(50)
    assert strokes.tick(40 + QUIET_MS) == 0


def test_a_late_tick_finds_the_code_that_was_ready_long_ago():
    strokes = Strokes(KINDS)
    came, end_ms = beat(strokes, 2)
    assert strokes.tick(end_ms + 1_000_000) == 1


def test_any_edges_in_any_order_give_only_kinds_of_the_table_and_the_deadline_always_advances():
    bytes_ = random_bytes(11)
    for _ in range(200):
        strokes, now_ms = Strokes(KINDS), 0
        for _ in range(60):
            now_ms += next(bytes_) * 7
            what = next(bytes_) % 4
            if what == 0:
                kind = strokes.press(now_ms)
            elif what == 1:
                kind = strokes.release(now_ms)
            elif what == 2:
                kind = strokes.tick(now_ms)
            else:
                kind = strokes.wake(now_ms) if strokes.idle() else None
            assert kind is None or kind in KINDS
            for _ in range(4):
                deadline = strokes.deadline()
                if deadline is not None and deadline <= now_ms:
                    kind = strokes.tick(now_ms)
            assert strokes.deadline() is None or strokes.deadline() > now_ms


# -- repeats ----------------------------------------------------------------------------------------


def run_out(repeats, rnd=5):
    """All times at which the message is sent."""
    times = []
    for i in range(100):
        if repeats.due_ms is None:
            return times
        times.append(repeats.due_ms)
        repeats.sent(repeats.due_ms, rnd * 1000003 + i)
    raise AssertionError("sent without an end")


def test_an_alarm_is_sent_at_once_and_then_on_its_turns_a_quarter_of_the_gap_early_or_late():
    for rnd in range(50):
        times = run_out(Repeats(1_000), rnd)
        assert len(times) == len(TURNS_S) == 21
        assert times[0] == 1_000
        for i in range(1, 21):
            quarter_ms = (TURNS_S[i] - TURNS_S[i - 1]) * 250
            assert abs(times[i] - 1_000 - TURNS_S[i] * 1000) <= quarter_ms


def test_the_turns_are_those_of_the_plan():
    assert TURNS_S == (0, 2, 4, 6, 9, 12, 16, 20, 25, 30, 36, 42, 48, 54, 60, 90, 120, 150, 180, 300, 600)


def test_where_frames_take_longer_the_turns_are_as_many_frames_apart():
    for rnd in range(20):
        short, long = run_out(Repeats(0), rnd), run_out(Repeats(0, 188), rnd)
        assert len(short) == len(long) == 21
        for i in range(1, 21):
            gap_ms = (TURNS_S[i] - TURNS_S[i - 1]) * 1_880
            assert abs(long[i] - TURNS_S[i] * 1_880) <= gap_ms // 4


def test_two_buttons_pressed_at_once_drift_apart():
    assert run_out(Repeats(0), 1)[1:] != run_out(Repeats(0), 2)[1:]


def test_after_a_siren_sounds_only_the_sparse_turns_are_left():
    repeats = Repeats(0)
    repeats.sent(0, 1)
    repeats.slow_down(300, 1)
    repeats.slow_down(400, 1)
    times = run_out(repeats)
    assert len(times) == len(SLOW_TURNS_S) == 19
    for i in range(19):
        assert abs(times[i] - SLOW_TURNS_S[i] * 1000) <= 75_000  # a quarter of the longest gap


def test_a_busy_channel_takes_at_most_two_turns_in_a_row_and_never_the_first():
    repeats = Repeats(0)
    assert not repeats.skip(0, 1)
    repeats.sent(0, 1)
    assert repeats.skip(2_000, 1)
    assert repeats.skip(4_000, 1)
    assert not repeats.skip(6_000, 1)
    assert repeats.attempt == 1
    repeats.sent(6_000, 1)
    assert repeats.skip(9_000, 1)


def test_turns_that_were_slept_through_are_not_made_up_for():
    repeats = Repeats(0)
    repeats.sent(50_000, 1)
    assert repeats.due_ms > 50_000
    repeats.sent(10_000_000, 1)
    assert repeats.due_ms is None


def test_an_ended_message_has_no_turn_left():
    repeats = Repeats(0)
    repeats.end()
    assert repeats.due_ms is None
    repeats.slow_down(10, 1)
    assert repeats.due_ms is None


def test_hops_are_those_learned_first_three_from_the_fourth_attempt_five_from_the_eighth():
    assert [hop_limit(i, 1) for i in range(9)] == [1, 1, 1, 3, 3, 3, 3, 5, 5]
    assert [hop_limit(i, 4) for i in range(9)] == [4, 4, 4, 4, 4, 4, 4, 5, 5]
    assert hop_limit(20, 7) == 7
