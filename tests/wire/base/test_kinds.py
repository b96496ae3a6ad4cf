# runs: cpython micropython
"""The one table of kinds: whole, and no row says against another."""

from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m
from kentongan_wire.settings import config, device_file


def test_every_kind_has_one_number_of_a_half_byte_and_one_name():
    assert len(set(m.KIND_NAMES.values())) == len(m.KIND_NAMES)
    for kind in m.KIND_NAMES:
        assert 0 <= kind <= 15 and getattr(m, "KIND_" + m.KIND_NAMES[kind].upper()) == kind


def test_what_is_true_of_kinds_is_said_of_kinds_that_there_are():
    for group in (m.NEVER_SOUND, m.CONFIDENTIAL, m.CRIMES, m.CODED):
        assert len(set(group)) == len(group) and not [kind for kind in group if kind not in m.KIND_NAMES]


def test_what_is_confidential_never_sounds_and_what_never_sounds_has_no_code_and_no_strokes():
    assert not [kind for kind in m.CONFIDENTIAL if kind not in m.NEVER_SOUND]
    assert not [kind for kind in m.NEVER_SOUND if kind in m.CODED or kind in device_file.STROKE_KINDS]
    assert len(m.NEVER_SOUND) + len(device_file.STROKE_KINDS) == len(m.KIND_NAMES)


def test_codes_of_profiles_are_for_kinds_that_may_have_one():
    for profile in config.PROFILES:
        assert not [kind for kind in patterns.CODES[profile] if kind not in m.CODED]


def test_a_kind_that_is_unknown_here_may_be_a_crime():
    assert m.may_be_crime(14) and m.may_be_crime(m.KIND_BAHAYA) and not m.may_be_crime(m.KIND_MEDIS)


def test_a_post_sounds_what_its_table_says_medical_alarms_and_never_what_is_quiet():
    only_fire = [[5, 1 << m.KIND_KEBAKARAN]]
    assert m.sounds_by_itself(m.KIND_KEBAKARAN, 5, only_fire)
    assert not m.sounds_by_itself(m.KIND_KEBAKARAN, 6, only_fire)
    assert not m.sounds_by_itself(m.KIND_MALING, 5, only_fire)
    assert m.sounds_by_itself(m.KIND_MEDIS, 5, only_fire)
    assert not m.sounds_by_itself(m.KIND_MEDIS, 0, only_fire)
    assert m.sounds_by_itself(14, 5, [[5, 1]]) and not m.sounds_by_itself(14, 5, [[5, 1 << 14]])
    for kind in m.NEVER_SOUND:
        assert not m.sounds_by_itself(kind, 5, [[5, 0xFFFF]])
