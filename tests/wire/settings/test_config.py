# runs: cpython micropython
"""CONFIG items: settings go over the air in parts and come back whole; anything else has its reason."""

from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.message.messages import Config
from kentongan_wire.settings import config
from kentongan_wire.settings.compose import split
from kentongan_wire.settings.config import Collector, read, seal
from kits.both import raises, random_bytes

C = bytes(range(32))
GATEWAY = 0x4B0A01F0
TARGET = 0x4B0A0102
EVERYTHING = {
    "table": [(5, 0xFFFF), (6, 0x0006)],
    "profile": "polri",
    "revoked": [0x4B0A0107],
    "counters": [(0x4B0A0105, 1, 0, 77), (GATEWAY, 1, 9, 0xFFFFFFFF)],
    "next_keys": (2, b"\x01" * 32, b"\x02" * 32, b"\x03" * 32),
    "status_period_s": 140,
    "hop_limit": 3,
    "generations": (2, 1),
    "patterns": [(1, (2,)), (3, (3, 1)), (6, ()), (5, (9, 9, 9, 8))],
}
AT_LIMIT = dict(EVERYTHING)
AT_LIMIT["table"] = [(zone, 0xFFFF) for zone in range(1, config.TABLE_LIMIT + 1)]
AT_LIMIT["revoked"] = [1000 + i for i in range(config.REVOKED_LIMIT)]
AT_LIMIT["counters"] = [(1000 + i, 1, 0, i) for i in range(config.COUNTERS_LIMIT)]


def bodies(settings, counter=100, version=7):
    """(Config, counter) of every part, sealed as a gateway would."""
    parts = split(settings)
    return [
        (Config(TARGET, version, i, len(parts), seal(parts[i], C, GATEWAY, counter + i)), counter + i)
        for i in range(len(parts))
    ]


def collected(pairs):
    collector = Collector()
    return [collector.add(body, C, GATEWAY, counter) for body, counter in pairs]


def test_every_setting_comes_back_from_one_part():
    parts = split(EVERYTHING)
    assert len(parts) == 1 and len(parts[0]) <= config.PART_BYTES
    assert read(seal(parts[0], C, GATEWAY, 9), C, GATEWAY, 9) == EVERYTHING
    assert sorted(EVERYTHING) == sorted(config.NAMES)


def test_each_setting_alone_leaves_the_others_unchanged():
    for name in config.NAMES:
        one = {name: EVERYTHING[name]}
        assert collected(bodies(one)) == [(7, one)]
    assert split({}) == [b""]
    assert collected(bodies({})) == [(7, {})]


def test_an_empty_list_empties():
    for name in ("table", "revoked", "counters", "patterns"):
        assert collected(bodies({name: []})) == [(7, {name: []})]


def test_everything_at_its_limit_fits_the_parts():
    pairs = bodies(AT_LIMIT)
    assert 1 < len(pairs) <= config.PARTS_LIMIT
    for body, _ in pairs:
        assert len(body.items) <= config.PART_BYTES
    results = collected(pairs)
    assert results[:-1] == [None] * (len(pairs) - 1)
    assert results[-1] == (7, AT_LIMIT)


def test_parts_come_in_any_order_and_twice():
    pairs = bodies(AT_LIMIT)
    results = collected(pairs[3:] + pairs[3:6] + pairs[1:2] + pairs[2:3] + pairs[:1])
    assert results[-1][0] == 7
    assert sorted(results[-1][1]["revoked"]) == AT_LIMIT["revoked"]
    assert results[-1][1]["counters"] == AT_LIMIT["counters"]


def test_a_newer_version_starts_anew():
    old, new = bodies(AT_LIMIT), bodies(AT_LIMIT, 500, 8)
    results = collected(old[:-1] + new)
    assert results[-1] == (8, AT_LIMIT)
    assert results.count(None) == len(results) - 1


def test_next_keys_are_unreadable_without_c_and_differ_per_message():
    plain = split(EVERYTHING)[0]
    sealed = seal(plain, C, GATEWAY, 9)
    for i in (1, 2, 3):
        assert bytes([i]) * 4 not in sealed
    assert seal(plain, C, GATEWAY, 10) != sealed
    assert seal(plain, C, GATEWAY + 1, 9) != sealed
    assert seal(sealed, C, GATEWAY, 9) == plain
    assert read(sealed, C, GATEWAY, 10)["next_keys"][1] != b"\x01" * 32
    assert "next_keys" not in read(sealed, None, GATEWAY, 9)
    assert len(read(sealed, None, GATEWAY, 9)) == len(EVERYTHING) - 1


def test_settings_out_of_range_are_our_own_error():
    for name, values in (
        ("table", ([(0, 1)], [(256, 1)], [(1, 65536)], [(1,)], [1], 5, [(1, 1)] * 17)),
        ("profile", ("jawa", 0, None)),
        ("revoked", ([3], [0xFFFFFFFF], ["7"], 7, [1000] * 129)),
        (
            "counters",
            (
                [(1000, 16, 0, 1)],
                [(1000, 0, 16, 1)],
                [(1000, 0, 0, 1 << 32)],
                [(3, 0, 0, 1)],
                [(1000, 0, 0)],
                [(1000, 1, 0, 1)] * 401,
            ),
        ),
        (
            "next_keys",
            (
                (16,) + (b"1" * 32,) * 3,
                (1, b"1", b"2" * 32, b"3" * 32),
                (1,) + (b"1" * 32,) * 2,
                (1, b"1" * 32, b"2" * 32, b"3" * 33),
                (1,) + (b"1" * 32,) * 4,
                None,
            ),
        ),
        ("status_period_s", (59, 86_401, "60", None)),
        ("hop_limit", (0, 8, True)),
        ("generations", ((16, 0), (1, 2), (1,), 1)),
        (
            "patterns",
            (
                [(0, (2,))],
                [(7, (2,))],
                [(1, (10,))],
                [(1, (0,))],
                [(1, (2, 0, 2))],
                [(1, 2)],
                [(1,)],
                [(1, (2,) * 5)],
                [(1, (1,))],
                [(1, (6,))],
                [(1, (1, 1))],
                [(1, (6, 6, 6))],
                [(1, ("2",))],
                [(1, (2,))] * 7,
            ),
        ),
        ("unknown", (1,)),
    ):
        for value in values:
            assert name in str(raises(LocalError, split, {name: value})), (name, value)


def test_each_fault_of_a_part_has_its_reason():
    for reason, items in (
        ("length", b"\x01"),
        ("length", b"\x08\x02\x01"),
        ("length", b"\x08\x01\x01\x08"),
        ("length", b"\x08\x02\x01\x01"),
        ("length", b"\x08\x00"),
        ("length", b"\x01\x02\x05\xff"),
        ("length", b"\x05\x61" + b"k" * 96),
        ("length", b"\x05\x60" + b"k" * 96),
        ("length", b"\x05\x41" + b"k" * 65),  # two keys
        ("field", b"\x01\x03\x00\xff\xff"),
        ("field", b"\x02\x01\x04"),
        ("field", b"\x03\x04\x03\x00\x00\x00"),
        ("field", b"\x07\x04\x3b\x00\x00\x00"),
        ("field", b"\x08\x01\x00"),
        ("field", b"\x09\x02\x01\x02"),
        ("length", b"\x09\x01\x01"),
        ("field", b"\x08\x01\x01\x08\x01\x01"),
        ("length", b"\x0a\x02\x01\x02"),
        ("field", b"\x0a\x03\x00\x02\x00"),
        ("field", b"\x0a\x03\x07\x02\x00"),
        ("field", b"\x0a\x03\x01\x01\x00"),
        ("field", b"\x0a\x03\x01\x06\x00"),
        ("field", b"\x0a\x03\x01\x11\x00"),
        ("field", b"\x0a\x03\x01\x0a\x00"),
        ("field", b"\x0a\x03\x01\x02\x02"),
        ("field", b"\x0a\x03\x01\x20\x00"),
        ("field", b"\x0a\x15" + b"\x01\x02\x00" * 7),
        ("field", b"\x01\x33" + b"\x05\xff\xff" * 17),
    ):
        assert raises(RemoteError, read, items, C, GATEWAY, 1).reason == reason, items
        collector = Collector()
        error = raises(RemoteError, collector.add, Config(TARGET, 1, 0, 1, items), C, GATEWAY, 1)
        assert error.reason == reason, items


def test_unknown_items_are_skipped():
    assert read(b"\x63\x02ab\x08\x01\x03\xff\x00", C, GATEWAY, 1) == {"hop_limit": 3}


def test_a_part_number_outside_its_parts_is_refused():
    for part, parts in ((0, 0), (1, 1), (3, 2), (0, config.PARTS_LIMIT + 1), (255, 255)):
        error = raises(RemoteError, Collector().add, Config(TARGET, 1, part, parts, b""), C, GATEWAY, 1)
        assert error.reason == "config_part"


def test_lists_that_pass_their_limit_over_several_parts_are_refused():
    part = split({"revoked": [1000 + i for i in range(52)]})[0]
    collector = Collector()
    for i in range(2):
        assert collector.add(Config(TARGET, 1, i, 3, part), C, GATEWAY, i) is None
    error = raises(RemoteError, collector.add, Config(TARGET, 1, 2, 3, part), C, GATEWAY, 2)
    assert error.reason == "field"


def test_a_code_of_the_rt_is_three_bytes_with_the_first_group_lowest():
    assert split({"patterns": [(3, (3, 1)), (6, ())]}) == [b"\x0a\x06\x03\x13\x00\x06\x00\x00"]
    assert read(b"\x0a\x03\x05\x99\x89", C, GATEWAY, 1) == {"patterns": [(5, (9, 9, 9, 8))]}


def test_a_single_stroke_or_six_may_stand_beside_another_group_and_never_alone():
    for groups in ((1, 3), (3, 1), (6, 2), (2, 6), (1, 7, 1)):
        assert read(split({"patterns": [(1, groups)]})[0], C, GATEWAY, 1) == {"patterns": [(1, groups)]}


def test_any_items_are_read_or_refused():
    byte = random_bytes(5)
    read_well = 0
    for _ in range(3000):
        items = bytes([next(byte) % 11 for _ in range(next(byte) % 30)])
        try:
            settings = read(items, C, GATEWAY, 1)
            read_well += 1
            assert read(seal(split(settings)[0], C, GATEWAY, 1), C, GATEWAY, 1) == settings
        except RemoteError as error:
            assert error.reason in ("length", "field")
    assert read_well > 50
