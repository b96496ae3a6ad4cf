"""Settings and key file: every refusal names the file, the place and the remedy; keys are never shown."""

import json
import random

import pytest
from kentongan_gateway import sections
from kentongan_gateway.service import keyfile, settings
from kentongan_wire.base.errors import LocalError
from kits.gateway.gateway_process import write_key_file

GOOD = """# gateway
[gateway]
key_file = "keys.json"
state_dir = "state"
label = "gateway-1"

[radio]
type = "serial_modem"
port = "/dev/kentongan-modem"

[hub]
url = "http://127.0.0.1:8080"
token_file = "token"
"""


def load(tmp_path, text):
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return settings.load(path)


def refusal(tmp_path, text):
    with pytest.raises(LocalError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_every_section_has_the_keys_that_its_type_names():
    types = sections.Settings.__annotations__
    assert {name: list(types[name].__annotations__) for name in settings.FIELDS} == {
        name: list(fields) for name, fields in settings.FIELDS.items()
    }


def test_paths_are_relative_to_the_file_and_defaults_are_filled(tmp_path):
    loaded = load(tmp_path, GOOD)
    assert loaded.gateway.key_file == str(tmp_path / "keys.json")
    assert (loaded.siren.driver, loaded.radio.conducted_dbm, loaded.gateway.log_level) == ("none", 14, "info")


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("label =", "lable ="), 5, "[gateway] lable is unknown; remove it, or use one of key_file"),
        (("[hub]", "[pusat]"), 11, "section [pusat] is unknown; known are gateway, radio, radio_2, hub"),
        (('"serial_modem"', '"carrier_pigeon"'), 8, "one of serial_modem, meshtastic, loopback"),
        (('"http://127.0.0.1:8080"', '"127.0.0.1"'), 12, "give http://127.0.0.1:8080, or https://"),
        (('port = "/dev/kentongan-modem"', "port = 99"), 9, "stable path, /dev/kentongan-modem"),
        (('port = "/dev/kentongan-modem"', ""), 7, "port"),
        (('port = "/dev/kentongan-modem"', 'port = "/dev/x"\ngain_dbi = "2"'), 10, "in dBi, a whole number"),
        (('label = "gateway-1"', ""), 2, "label is missing; give the name that the hub gave it"),
        (('label = "gateway-1"', 'label = ""'), 5, "label = '' does not fit"),
        (('type = "serial_modem"', 'type = "loopback"'), 9, "must be a number for loopback"),
        (
            ("http://127.0.0.1:8080", "http://192.168.1.5:8080"),
            12,
            "token in clear; give an https:// address",
        ),
        (("http://127.0.0.1:8080", "https://192.168.1.5"), 11, "ca_file is missing"),
        (("http://127.0.0.1:8080", "http://127.0.0.1:99999"), 12, "names no host and port"),
        (("[hub]", '[siren]\ndriver = "gpio"\n[hub]'), 11, "line is missing; give the name of the GPIO line"),
        (
            ("[hub]", '[siren]\ndriver = "lcus"\nport = "/dev/x"\nchannel = 0\n[hub]'),
            14,
            "a whole number 1..64",
        ),
        (("[hub]", "[siren]\nactive_low = 1\n[hub]"), 12, "else false"),
        (
            ("[hub]", '[radio_2]\ntype = "serial_modem"\nport = "/dev/kentongan-modem"\n[hub]'),
            13,
            "is the first radio's",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_file_line_and_remedy(tmp_path, change, line, says):
    text = refusal(tmp_path, GOOD.replace(*change))
    assert text.startswith(f"{tmp_path / 'gateway.toml'}:{line}: ") and says in text


FULL = (
    GOOD
    + """[radio_2]
type = "loopback"
port = 4403
[siren]
driver = "lcus"
port = "/dev/kentongan-siren"
channel = 1
[button]
line = "TOMBOL"
[lamp]
driver = "led"
name = "ACT"
[voice]
driver = "espeak"
device = "default"
"""
)


def test_what_is_wrong_beside_the_alarms_way_is_left_out_and_told_when_the_gateway_runs(tmp_path):
    """Every line in turn, altered in every way: only [gateway] and [radio] are reasons not to start."""
    path, lines, rng, section = tmp_path / "gateway.toml", FULL.splitlines(), random.Random(4), ""
    whole = load(tmp_path, FULL)
    needed = ("gateway", "radio")
    for number, line in enumerate(lines):
        section = line.strip("[]") if line.startswith("[") else section
        head, _, value = line.partition("=")
        if section in (*needed, ""):
            continue
        noise = rng.randbytes(20).replace(b"\n", b"").replace(b"\r", b"")
        worst = ("", "[", line[:-1], f"{head}= {{", f"{head}= []", f'{head}= "\\u0000"', f"x{line}")
        for worse in (b"\xff\xfe", noise, *map(str.encode, worst)):
            all_lines = [line.encode() for line in lines]
            path.write_bytes(b"\n".join([*all_lines[:number], worse, *all_lines[number + 1 :], b""]))
            got = settings.load(path, strict=False)
            same = [name for name in settings.SECTIONS if getattr(got, name) == getattr(whole, name)]
            assert set(needed) <= set(same), (line, worse)
            good = worse in (b"", line[:-1].encode())  # another value, as good as the first
            assert got.odd or good or got[:-1] == whole[:-1], (line, worse)
            assert len(same) >= len(settings.SECTIONS) - 2, (line, worse, got.odd)


@pytest.mark.parametrize(
    "change",
    [
        ('label = "gateway-1"', 'label = "gateway-1"\nlog_level = "loud"'),
        ('label = "gateway-1"', 'label = "gateway-1"\nmetrics_port = -1'),
        ('label = "gateway-1"', 'label = "gateway-1"\nlog_format = 5\nx = 1'),
    ],
)
def test_what_the_gateway_itself_can_do_without_has_its_default_when_it_runs(tmp_path, change):
    load(tmp_path, GOOD)
    (tmp_path / "gateway.toml").write_text(GOOD.replace(*change))
    got = settings.load(tmp_path / "gateway.toml", strict=False)
    assert got.odd and got.gateway == settings.load(write(tmp_path / "good.toml", GOOD)).gateway


def write(path, text):
    path.write_text(text)
    return path


def test_a_gateway_without_a_radio_or_a_key_file_is_told_so_and_does_not_run(tmp_path):
    for change in (("serial_modem", "pigeon"), ("key_file =", "x ="), ("[radio]", "[radios]")):
        with pytest.raises(LocalError):
            settings.load(write(tmp_path / "gateway.toml", GOOD.replace(*change)), strict=False)


def test_a_key_file_that_others_may_read_or_with_odd_devices_is_told_and_its_keys_are_used(tmp_path):
    path = tmp_path / "k.json"
    good = [{"node": 9, "role": "tombol", "label": "t"}, {"node": 10, "role": "sirene"}]
    for odd in ({"node": "x", "role": "tombol"}, 5, None, [], {"node": 11, "role": "x"}, {}):
        told = []
        write_key_file(path, devices=[good[0], odd, good[1]])
        path.chmod(0o644)
        loaded = keyfile.load(path, told)
        assert len(told) == 2 and "chmod 600" in told[0] and "device list" in told[1]
        assert loaded.directory.get(9).label == "t" and loaded.directory.get(10)
    for changes in ({"devices": 5}, {"revoked": 5}, {"paging": 5}, {"devices": None}):
        told = []
        write_key_file(path, **changes)
        assert keyfile.load(path, told).node and len(told) == 1


def test_the_virtual_siren_needs_its_file(tmp_path):
    assert "file is missing" in refusal(tmp_path, GOOD + '[siren]\ndriver = "virtual"\n')


def test_what_is_no_toml_or_no_file_is_said(tmp_path):
    assert "no TOML" in refusal(tmp_path, "[gateway\n")
    assert "gateway is no section" in refusal(tmp_path, "gateway = 5\n")
    with pytest.raises(LocalError, match="cannot be read"):
        settings.load(tmp_path / "none.toml")


def test_the_key_file_gives_keys_channel_and_devices(tmp_path):
    write_key_file(tmp_path / "k.json")
    loaded = keyfile.load(tmp_path / "k.json")
    assert loaded.channel.name == "kentongan" and loaded.directory.label(0x2007) == "tombol-07"
    assert loaded.keys.generation == 0 and loaded.zone == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"node": 1},
        {"node": "x"},
        {"alarm_roots": {"0": "00"}},
        {"alarm_roots": 5},
        {"generation": 3},
        {"channel_key": "zz" * 32},
        {"preset": "Fast"},
        {"freq_hz": 868_000_000},
        {"devices": [{"node": 9}]},
        {"devices": None},
    ],
)
def test_a_bad_key_file_is_refused_by_name_and_never_shows_a_key(tmp_path, changes):
    path = tmp_path / "k.json"
    write_key_file(path, **changes)
    with pytest.raises(LocalError) as caught:
        keyfile.load(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    raw = json.loads(path.read_text())
    assert raw["channel_key"] not in text and bytes(range(8)).hex() not in text


def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "k.json"
    write_key_file(path)
    path.chmod(0o644)
    with pytest.raises(LocalError, match="chmod 600"):
        keyfile.load(path)


ODD_TOML = [
    '"a\\u0000b"',
    '"\\n"',
    '"http://["',
    '"http://a b"',
    '"http://x:y"',
    "[]",
    "[" * 2_000,
    "{}",
    "nan",
    "inf",
    "-1",
    "99999999999999999999",
    "1979-05-27",
    "true",
    '""',
    "0x10",
    "'\t'",
]


def test_any_settings_file_is_good_or_refused_with_its_name(tmp_path):
    """One value, line or character of a good file replaced by another: never a traceback."""
    rng, whole = random.Random(5), GOOD + '[siren]\ndriver = "modbus"\nport = "/dev/x"\nchannel = 2\n'
    for _ in range(800):
        lines = whole.splitlines()
        at = rng.choice([n for n, line in enumerate(lines) if line])
        head = lines[at].partition("=")[0]
        lines[at] = rng.choice(
            [
                f"{head}= {rng.choice(ODD_TOML)}",
                rng.choice(ODD_TOML),
                "",
                lines[at][: rng.randrange(len(lines[at]))],
                lines[at] + "\n" + lines[at],
            ]
        )
        try:
            load(tmp_path, "\n".join(lines))
        except LocalError as refused:
            assert str(refused).startswith(str(tmp_path / "gateway.toml")) and len(str(refused)) < 500


@pytest.mark.parametrize(
    "name",
    [
        "node",
        "zone",
        "generation",
        "channel_key",
        "preset",
        "freq_hz",
        "devices",
        "alarm_roots",
        "control_roots",
        "site",
        "profile",
        "revoked",
        "paging",
    ],
)
def test_any_key_file_is_good_or_refused_with_its_name(tmp_path, name):
    path = tmp_path / "k.json"
    for odd in (
        None,
        True,
        -1,
        2**70,
        float("inf"),
        float("nan"),
        "",
        "x",
        "9" * 5_000,
        [],
        [[]],
        {},
        {"0": []},
        {"x": "00" * 32},
        [None],
        [{"node": 9, "role": []}],
        {"5": 3},
    ):
        write_key_file(path, **{name: odd})
        try:
            keyfile.load(path)
        except LocalError as refused:
            assert str(refused).startswith(str(path))
    path.write_text("[" * 100_000)
    with pytest.raises(LocalError, match="no JSON"):
        keyfile.load(path)
