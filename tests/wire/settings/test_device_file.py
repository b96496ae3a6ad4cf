# runs: cpython micropython
"""The device's file: everything in it is typed and in range, or refused with the place and the remedy."""

from kentongan_wire.base.codes import ROLE_NAMES
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring.keys import HELD
from kentongan_wire.settings import device_file
from kentongan_wire.settings.device_file import check
from kits.both import raises

KEY = "0f" * 32
BASE = {
    "format": 1,
    "site": "RW 03",
    "node": 0x4B0A0107,
    "label": "tombol-07",
    "zone": 5,
    "house": 12,
    "channel_name": "kentongan",
    "channel_key": KEY,
}


def given(as_role, **changes):
    """A good file of that role with some fields changed."""
    return with_one(as_role, None, None, changes)


def with_one(as_role, name, value, changes=None):
    """A good file of that role in which one field has that value, or is left out when it is None."""
    out = dict(BASE)
    out["role"] = as_role
    del out["channel_key"]
    for key in device_file.KEYS_BY_ROLE[as_role]:
        out[key] = KEY
    out.update(changes or {})
    if name is not None and value is None:
        del out[name]
    elif name is not None:
        out[name] = value
    return out


def refused(values):
    return str(raises(LocalError, check, values, "device.json"))


def test_every_role_has_a_good_file_and_check_changes_nothing_in_it():
    for role in device_file.ROLES:
        values = given(role)
        before = dict(values)
        out = check(values, "device.json")
        assert values == before
        assert out["role"] == role
        assert sorted(out) == sorted(device_file.NAMES)
        assert check(out, "device.json") == out


def test_defaults_are_filled_in_by_role():
    button = check(given("tombol"), "x")
    assert (button["preset"], button["freq_hz"], button["hop_limit"]) == ("ShortSlow", 920_625_000, 1)
    assert button["one_press"] is True and button["strokes"] == [0, 1, 2, 3, 7]
    assert button["table"] == [] and button["status_period_s"] == 21_600
    siren = check(given("sirene"), "x")
    assert siren["table"] == [[5, 0xFFFF]] and siren["status_period_s"] == 140
    assert siren["profile"] == "jawa_umum" and siren["has_sense"] is False
    assert check(given("sirene", table=[]), "x")["table"] == []
    button["strokes"].append(9)
    assert check(given("tombol"), "x")["strokes"] == [0, 1, 2, 3, 7]


def test_an_unknown_key_names_the_nearest_known_one():
    for wrong, right in (
        ("lablel", "label"),
        ("freq_khz", "freq_hz"),
        ("hoplimit", "hop_limit"),
        ("keyA", "key_a"),
        ("x" * 5000, None),
    ):
        message = refused(with_one("tombol", wrong, 1))
        assert "device.json: " + wrong[:40] + ": unknown" in message
        assert right is None or "did you mean {}?".format(right) in message, message


def test_a_value_of_the_wrong_type_or_range_names_place_key_and_remedy():
    for name, values in (
        ("format", (2, 0, "1", True)),
        ("site", ("x" * 65, 5)),
        ("role", ("gateway", "", 1, [])),
        ("node", (0, 3, 0xFFFFFFFF, -1, 1 << 32, "7", 7.0, True)),
        ("label", ("x" * 65, 1)),
        ("zone", (256, -1, "5")),
        ("house", (65536, -1)),
        ("channel_name", ("x" * 12, 1, "")),
        ("channel_key", ("", "00", KEY + "0", KEY[:-1], "g" * 64, 5, " " + KEY[1:])),
        ("preset", ("ShortTurbo", "LongFast ", 1)),
        ("freq_hz", (920_625, 919_000_000, 920_000_000, 922_990_000, 920.625e6)),
        ("conducted_dbm", (23, -10, "17", 18)),
        ("gain_dbi", (2.15, 31, 4)),
        ("loss_db", (-1, 1.5)),
        ("generation", (16, -1)),
        ("key_a", ("", KEY[2:], KEY + "00")),
        ("key_c", ("", 7)),
        ("key_r", ("", "00", KEY + "00", True)),
        ("hop_limit", (0, 8)),
        ("one_press", (1, "true", 0)),
        ("strokes", ([], [8], [15], [True], [0] * 6, "012", 3)),
        (
            "table",
            (
                [[0, 1]],
                [[256, 1]],
                [[1]],
                [1],
                [[1, 65536]],
                [[1, 1], [1, 2]],
                [[i, 1] for i in range(1, 18)],
            ),
        ),
        ("profile", ("jawa", 0)),
        ("gateway", (3, -1, "0", False, 0xFFFFFFFF)),
        ("gateway_hops", (0, 8)),
        ("has_sense", (0, "no")),
        ("status_period_s", (59, 86_401, 0)),
        ("revoked", ([3], [True], [7] * 129, 7)),
    ):
        assert name in device_file.NAMES
        for value in values:
            message = refused(with_one("tombol", name, value))
            key = "conducted_dbm" if (name, value) == ("gain_dbi", 4) else name
            assert message.startswith("device.json: " + key + ": "), (name, value, message)


def test_no_field_takes_an_object():
    for name in device_file.NAMES:
        assert "device.json: {}: ".format(name) in refused(with_one("tombol", name, {}))


def test_a_missing_field_is_named():
    for name in ("format", "site", "role", "node"):
        values = given("tombol")
        del values[name]
        assert "device.json: {}: missing".format(name) in refused(values)
    for role, name in (
        ("tombol", "key_a"),
        ("tombol", "key_r"),
        ("penerus", "key_c"),
        ("penerus", "relay_root"),
        ("penerima", "relay_root"),
        ("penerima", "channel_key"),
        ("sirene", "key_c"),
        ("sirene", "alarm_root"),
        ("tombol", "zone"),
        ("sirene", "zone"),
        ("penerus", "channel_name"),
    ):
        assert "device.json: {}: ".format(name) in refused(with_one(role, name, None))


def test_a_role_never_holds_a_key_that_is_not_its_own():
    for role in device_file.ROLES:
        for name in device_file.ALL_KEYS:
            if name not in device_file.KEYS_BY_ROLE[role]:
                assert "must not hold it" in refused(with_one(role, name, KEY)), (role, name)


def test_only_a_post_could_raise_an_alarm_of_another_and_only_a_tombol_holds_an_a():
    assert [r for r in device_file.ROLES if "alarm_root" in device_file.KEYS_BY_ROLE[r]] == ["sirene"]
    assert [r for r in device_file.ROLES if "key_a" in device_file.KEYS_BY_ROLE[r]] == ["tombol"]


def test_the_file_and_the_key_ring_name_the_same_keys():
    for number in HELD:
        assert device_file.KEYS_BY_ROLE[ROLE_NAMES[number]] == ("channel_key",) + HELD[number]


def test_no_message_repeats_a_key():
    secret = "5ec2e7" * 10
    for name in device_file.ALL_KEYS:
        for value in (secret, secret + "aabb0", [secret]):
            assert secret not in refused(with_one("tombol", name, value))


def test_keys_come_out_in_lower_case():
    assert check(given("tombol", key_a="AB" * 32), "x")["key_a"] == "ab" * 32


def test_what_is_no_object_is_refused():
    for values in (None, [], "x", 5):
        assert "no JSON object" in refused(values)
