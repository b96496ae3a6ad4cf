# runs: cpython micropython
"""Kentongan codes: what is beaten for which kind, and that it can be told apart."""

from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m
from kentongan_wire.settings import config

PROFILES = ("jawa_umum", "polri", "tmmd", "bali")


def strokes(steps):
    return len(steps)


def groups(steps):
    """Strokes between pauses longer than the gap within a group."""
    out, count = [], 0
    for _, off_ms in steps:
        count += 1
        if off_ms > patterns.GAP_MS:
            out.append(count)
            count = 0
    return out


def test_every_profile_that_can_be_set_over_the_air_has_a_table():
    assert tuple(sorted(config.PROFILES)) == tuple(sorted(patterns.CODES))


def test_two_strokes_mean_a_thief_and_three_a_fire_on_every_printed_board_of_java():
    for profile in ("jawa_umum", "polri", "tmmd"):
        assert groups(patterns.steps_for(profile, m.KIND_MALING)[1]) == [2]
        assert groups(patterns.steps_for(profile, m.KIND_KEBAKARAN)[1]) == [3]


def test_polri_beats_a_disaster_as_three_and_one_and_an_accident_as_one_and_three():
    assert groups(patterns.steps_for("polri", m.KIND_BENCANA)[1]) == [3, 1]
    assert groups(patterns.steps_for("polri", m.KIND_KECELAKAAN)[1]) == [1, 3]
    assert groups(patterns.steps_for("polri", m.KIND_KERIBUTAN)[1]) == [2, 3]


def test_the_pauses_of_a_group_are_short_and_the_one_after_it_is_long():
    steps = patterns.steps_for("polri", m.KIND_BENCANA)[1]
    assert steps == ((150, 250), (150, 250), (150, 500), (150, 950))


def test_bali_beats_bulus_for_everything_but_what_has_no_code_anywhere():
    for kind in range(7):
        assert patterns.steps_for("bali", kind) == ("titir", patterns.TITIR_STEPS)


def test_titir_has_seven_to_eight_strokes_a_second():
    assert 7 <= 1000 / patterns.cycle_ms(patterns.TITIR_STEPS) <= 8


def test_an_unknown_kind_and_an_unknown_profile_are_still_heard():
    for kind in (9, 14, 16, 200, 255):
        assert patterns.steps_for("jawa_umum", kind)[0] == "titir"
    assert patterns.steps_for("nowhere", m.KIND_MALING) == patterns.steps_for("jawa_umum", m.KIND_MALING)


def test_no_alarm_is_ever_a_single_stroke_or_a_group_of_six():
    for profile in PROFILES:
        for kind in range(256):
            name, steps = patterns.steps_for(profile, kind)
            if not steps or name in ("titir", "medis"):
                continue
            assert strokes(steps) not in (1, 6)
            assert 6 not in groups(steps)


def test_violence_and_the_test_kind_make_no_sound_at_all():
    for profile in PROFILES:
        for drill in (False, True):
            for kind in (m.KIND_KEKERASAN, m.KIND_UJI):
                assert patterns.steps_for(profile, kind, drill) == ("diam", ())


def test_a_sick_person_is_one_second_on_and_two_off_everywhere():
    for profile in PROFILES:
        assert patterns.steps_for(profile, m.KIND_MEDIS) == ("medis", ((1000, 2000),))


def test_a_drill_begins_with_two_steady_tones_and_leaves_long_gaps():
    for profile in PROFILES:
        for kind in range(8):
            name, steps = patterns.steps_for(profile, kind, True)
            assert name.startswith("latihan_")
            assert steps[:2] == ((2000, 1000), (2000, 1000))
            assert len([off for _, off in steps[2:] if off >= 2500]) == patterns.DRILL_GROUPS


def test_an_own_code_takes_the_place_of_the_profile_s_for_its_kind_alone():
    own = [(m.KIND_MALING, (4, 1)), [m.KIND_KEBAKARAN, []], (m.KIND_KERIBUTAN, (2, 3))]
    assert groups(patterns.steps_for("jawa_umum", m.KIND_MALING, False, own)[1]) == [4, 1]
    assert patterns.steps_for("jawa_umum", m.KIND_KEBAKARAN, False, own) == ("titir", patterns.TITIR_STEPS)
    assert patterns.steps_for("jawa_umum", m.KIND_KERIBUTAN, False, own)[0] == "keributan"
    assert groups(patterns.steps_for("bali", m.KIND_KERIBUTAN, False, own)[1]) == [2, 3]
    assert groups(patterns.steps_for("jawa_umum", m.KIND_BENCANA, False, own)[1]) == [4]
    assert patterns.steps_for("polri", m.KIND_BENCANA, True, own) == patterns.steps_for(
        "polri", m.KIND_BENCANA, True
    )


def test_an_own_code_never_gives_a_silent_kind_a_sound_or_a_sick_person_a_hard_one():
    own = [(kind, (2,)) for kind in range(256)]
    assert patterns.steps_for("polri", m.KIND_KEKERASAN, False, own) == ("diam", ())
    assert patterns.steps_for("polri", m.KIND_UJI, False, own) == ("diam", ())
    assert patterns.steps_for("polri", m.KIND_MEDIS, False, own)[0] == "medis"


def test_every_code_that_can_come_over_the_air_has_steps_that_count_its_strokes():
    for first in range(1, config.STROKES_LIMIT + 1):
        for second in range(config.STROKES_LIMIT + 1):
            code = (first, second) if second else (first,)
            if not config.groups_fit(code):
                continue
            steps = patterns.steps_for("bali", m.KIND_MALING, False, [(m.KIND_MALING, code)])[1]
            assert groups(steps) == list(code) and steps[-1] == (150, 950)


def test_the_end_tone_is_one_long_steady_tone():
    assert patterns.END_STEPS == ((5000, 0),)


def test_a_parsed_code_ignores_what_it_does_not_know_and_never_starts_with_a_pause():
    assert patterns.parse("") == ()
    assert patterns.parse(" - . x") == ()
    assert patterns.parse("-*x*-") == ((150, 250), (150, 950))


def test_the_output_follows_the_steps_and_begins_again():
    steps = ((150, 250), (150, 950))
    assert patterns.edge_at(steps, 0) == (True, 150)
    assert patterns.edge_at(steps, 149) == (True, 150)
    assert patterns.edge_at(steps, 150) == (False, 400)
    assert patterns.edge_at(steps, 400) == (True, 550)
    assert patterns.edge_at(steps, 1499) == (False, 1500)
    assert patterns.edge_at(steps, 1500) == (True, 1650)
    assert patterns.edge_at(steps, 15_000 + 151) == (False, 15_400)


def test_every_edge_of_every_pattern_lies_ahead_so_that_a_driver_always_advances():
    for profile in PROFILES:
        for kind in range(17):
            for drill in (False, True):
                steps = patterns.steps_for(profile, kind, drill)[1]
                t_ms, edges = 0, 0
                while t_ms is not None and t_ms < 20_000:
                    on, next_ms = patterns.edge_at(steps, t_ms)
                    assert next_ms is None or next_ms > t_ms
                    t_ms = next_ms
                    edges += 1
                assert edges < 400


def test_no_steps_and_steps_of_no_length_are_off_for_good():
    assert patterns.edge_at((), 5) == (False, None)
    assert patterns.edge_at(((0, 0),), 5) == (False, None)
    assert patterns.edge_at(patterns.END_STEPS, 4_999) == (True, 5_000)
