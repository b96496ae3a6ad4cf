"""`python -m kentongan_wire`: frames to JSON and back, line by line, whatever the lines hold."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_wire import cli
from kentongan_wire.air.packet import Channel
from kentongan_wire.base.errors import REASONS, LocalError, RemoteError
from kentongan_wire.describe import every_generation, frame_to_object, object_to_frame
from kentongan_wire.keyring.site_keys import SiteKeys, alarm_root, control_root
from kits.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / "wire/vectors.json").read_text(encoding="utf-8"))
CAPTURES = json.loads((ROOT / "wire/captures/meshtastic-air.json").read_text(encoding="utf-8"))["channels"]
CHANNEL = Channel(VECTORS["channel"], bytes.fromhex(VECTORS["channel_key"]))
RING = every_generation(bytes.fromhex(VECTORS["site_key"]))
OPTIONS = ["--channel", VECTORS["channel"], "--psk", VECTORS["channel_key"]]
KEYED = [*OPTIONS, "--site-key", VECTORS["site_key"]]
GOOD = [case["frame"] for case in VECTORS["good"]]
HEADER_FIELDS = (
    "to",
    "from",
    "id",
    "hop_limit",
    "hop_start",
    "want_ack",
    "channel_hash",
    "next_hop",
    "relay_node",
)


def run(*arguments, text=b""):
    """(exit status, lines of standard output, standard error) of the real command."""
    text = text if isinstance(text, bytes) else text.encode()
    command = [sys.executable, "-m", "kentongan_wire", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, timeout=PATIENCE_S)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


def converted(convert, text, ring=RING):
    """The output lines for this input, without a process."""
    sink = io.StringIO()
    cli.run(convert, CHANNEL, ring, io.BytesIO(text), sink)
    return sink.getvalue().splitlines()


def decoded(text, ring=RING):
    return [json.loads(line) for line in converted(cli._decode_line, text, ring)]


def encoded(*objects):
    return converted(cli._encode_line, "\n".join(json.dumps(one) for one in objects).encode())


def test_every_good_vector_is_decoded_to_its_fields():
    status, lines, errors = run("decode", *KEYED, text="\n".join(GOOD))
    assert (status, errors) == (0, "")
    for case, line in zip(VECTORS["good"], lines, strict=True):
        out = json.loads(line)
        assert out == {name: case[name] for name in case if name not in ("name", "frame", "canonical")}
        assert all(type(out[name]) is int for name in HEADER_FIELDS)
        assert out["tag_ok"] is True


def test_captured_stock_frames_go_there_and_back_through_a_pipe():
    for channel in CAPTURES:
        options = ["--channel", channel["name"], "--psk", channel["psk"]]
        frames = [frame["hex"] for frame in channel["frames"]]
        status, lines, errors = run("decode", *options, text="\n".join(frames))
        assert (status, errors) == (0, "")
        for frame, line in zip(channel["frames"], lines, strict=True):
            out = json.loads(line)
            assert (out["portnum"], out["payload"]) == (frame["portnum"], frame["payload"])
            assert (out["to"], out["from"], out["id"]) == tuple(int(frame[n], 16) for n in ("to", "fr", "id"))
            assert out["tag_ok"] is None
        assert run("encode", *options, text="\n".join(lines)) == (0, frames, "")


def test_decoding_then_encoding_gives_the_canonical_frames():
    assert encoded(*decoded("\n".join(GOOD).encode())) == [case["canonical"] for case in VECTORS["good"]]


def test_a_message_alone_is_encoded_with_the_sites_keys():
    # unusual keys
    exceptions = ("alarm medis under C without the flag", "alarm that a relay carries at nobody's charge")
    for case in VECTORS["good"]:
        if case["name"] in exceptions:
            continue
        out = decoded(case["frame"].encode())[0]
        del out["payload"]
        for entry in out["message"]["body"].get("entries", []):
            del entry["tag4"]
        for target in out["message"]["body"].get("targets", []):
            del target["tag8"]
        assert encoded(out) == [case["canonical"]], case["name"]


def test_header_fields_have_defaults_that_a_sender_would_choose():
    case = VECTORS["good"][0]
    out = decoded(encoded({"from": case["from"], "id": 1234, "payload": case["payload"]})[0].encode())[0]
    assert {name: out[name] for name in HEADER_FIELDS if name not in ("from", "id", "channel_hash")} == {
        "to": 0xFFFFFFFF,
        "hop_limit": 1,
        "hop_start": 1,
        "want_ack": 0,
        "next_hop": 0,
        "relay_node": 7,
    }
    assert (out["portnum"], out["bitfield"], out["via_mqtt"], out["tag_ok"]) == (256, 0, 0, True)


def test_without_a_site_key_nothing_is_said_about_tags():
    for out in decoded("\n".join(GOOD).encode(), ring=None):
        assert (out["tag_ok"], out["carry_ok"]) == (None, None)
        message = out["message"]
        masked = message["type"] in ("ALARM", "EVENT", "PAGE") or (message["type"], message["role"]) == (
            "STATUS",
            "tombol",
        )
        assert (out["message"]["body"] is None) == masked


def test_a_forged_tag_is_shown_as_such():
    for case in VECTORS["rejected"]:
        if case["reason"] == "tag" and case["judge"] == "message" and case["receiver"][0] == 4:
            out = decoded(case["frame"].encode())[0]
            assert (out["tag_ok"], out["message_error"]) == (False, "tag"), case["name"]
            assert out["message"]["type"] != "ALARM" or out["message"]["body"] is None


def test_an_alarm_without_its_proof_is_shown_as_such_and_says_nothing():
    shown = [
        decoded(case["frame"].encode())[0]
        for case in VECTORS["rejected"]
        if case["reason"] == "unproved" and case["receiver"][0] == 4
    ]
    assert shown
    for out in shown:
        assert (out["tag_ok"], out["carry_ok"], out["message_error"]) == (True, True, "unproved")
        assert out["message"]["body"] is None


def test_forged_entries_and_targets_are_shown_as_such():
    shown = [
        out["message"]["body"]
        for case in VECTORS["rejected"]
        if case["judge"] in ("entry", "order")
        for out in decoded(case["frame"].encode())
        if case["reason"] == "tag"
    ]
    assert len(shown) == 6
    assert all(not one["tag_ok"] for body in shown for one in body.get("entries", body.get("targets")))


def test_no_next_key_is_printed():
    case = next(case for case in VECTORS["good"] if case["name"] == "keys of the next generation")
    out = decoded(case["frame"].encode())[0]
    assert out["message"]["body"]["settings"] == {}


def test_a_frame_that_cannot_be_read_says_why_and_the_stream_goes_on():
    good = GOOD[0]
    text = "\n".join(["", good, "  ", "zz", good[:-1], "é", good[:20], good + "00" * 256, "00" * 40, good])
    out = decoded(text.encode())
    assert [one.get("reason") for one in out] == [None, "hex", "hex", "hex", "short", "long", "header", None]
    assert [one["line"] for one in out if "error" in one] == [4, 5, 6, 7, 8, 9]
    assert all(one["error"] for one in out if "error" in one)


def test_rejected_vectors_are_described_or_refused_with_a_known_reason():
    for case in VECTORS["rejected"]:
        for ring in (RING, None):
            for out in decoded(case["frame"].encode(), ring):
                assert out.get("reason", "short") in REASONS
                assert out.get("message_error", "short") in REASONS


@pytest.mark.parametrize(
    "text",
    [
        GOOD[0].upper(),
        "0x" + GOOD[0],
        "0X" + GOOD[0].upper(),
        " " + GOOD[0] + "\t",
        GOOD[0] + "\r",
        " ".join(GOOD[0][i : i + 2] for i in range(0, len(GOOD[0]), 2)),
        "\ufeff" + GOOD[0],
        GOOD[0] + "\0",
    ],
)
def test_frames_are_read_however_they_are_written(text):
    assert decoded(text.encode()) == decoded(GOOD[0].encode())
    assert decoded(text.encode() + b"\r\n") == decoded(GOOD[0].encode())


def test_bytes_that_are_no_text_are_one_error():
    out = decoded(b"\xff\xfe\n" + GOOD[0].encode() + b"\n\x80")
    assert [one.get("reason") for one in out] == ["hex", None, "hex"]
    assert [json.loads(line)["reason"] for line in converted(cli._encode_line, b"\xff\n\x80")] == ["json"] * 2


def test_an_endless_line_takes_no_memory_and_one_error():
    class Endless(io.RawIOBase):
        left = 3000

        def readline(self, limit=-1):
            self.left -= 1
            if self.left <= 0:
                return b""
            return b"a" * limit if self.left > 1 else GOOD[0].encode()

    sink = io.StringIO()
    cli.run(cli._decode_line, CHANNEL, RING, Endless(), sink)
    assert [json.loads(line)["reason"] for line in sink.getvalue().splitlines()] == ["line"]
    long = b"a" * 200_000 + b"\n" + GOOD[0].encode()
    assert [one.get("reason") for one in decoded(long)] == ["line", None]


@pytest.mark.parametrize(
    "bad", ["", "[]", "1", "null", "{", "[" * 100_000, '{"from":' + "9" * 5000 + "}", '"x"']
)
def test_lines_that_are_no_object_are_errors_when_encoding(bad):
    lines = converted(cli._encode_line, (bad + "\n" + json.dumps(VECTORS["good"][0])).encode())
    assert lines[-1] == GOOD[0]
    assert [json.loads(line)["line"] for line in lines[:-1]] == [1] * bool(bad)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"from": None}, "from"),
        ({"from": -1}, "from"),
        ({"from": 1 << 32}, "from"),
        ({"from": "77"}, "from"),
        ({"from": 3}, "sender"),
        ({"id": 1.5}, "id"),
        ({"hop_limit": 8}, "hop_limit"),
        ({"hop_start": 0}, "hop"),
        ({"channel_hash": 1}, "channel_hash"),
        ({"payload": "zz"}, "payload"),
        ({"payload": 5}, "payload"),
        ({"payload": "00" * 300}, "body"),
        ({"payload": None, "message": None}, "payload"),
        ({"payload": None, "message": {}}, "type"),
        ({"payload": None, "message": {"type": "ALARM"}}, "role"),
        ({"payload": None, "message": {"type": 99, "role": 1}}, "type"),
        ({"portnum": None}, "portnum"),
        ({"bitfield": -1}, "bitfield"),
        ({"want_ack": 2}, "want_ack"),
        ({"relay_node": 256}, "relay_node"),
        ({"payload": None, "message": {"type": "ALARM", "role": "tombol", "counter": 1}}, "body"),
        (
            {"payload": None, "message": {"type": "ALARM", "role": "gateway", "counter": 1, "body": {}}},
            "attempt",
        ),
        ({"payload": None, "message": {"type": "RECEIPTS", "role": 4, "counter": 1, "body": {}}}, "entries"),
    ],
)
def test_an_object_that_cannot_be_a_frame_is_an_error_that_names_the_field(changes, word):
    lines = encoded(dict(VECTORS["good"][0], **changes), VECTORS["good"][1])
    error = json.loads(lines[0])
    assert error["line"] == 1 and error["reason"] == "field" and word in error["error"], error
    assert lines[1] == GOOD[1]


def test_an_error_object_is_passed_on_with_its_reason():
    assert json.loads(encoded({"error": "short", "reason": "short"})[0])["reason"] == "short"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "decode"),
        (["decode"], "--channel"),
        (["decode", "--channel", "x"], "--psk"),
        (["open"], "decode"),
        (["decode", "--channel", "x", "--psk", ""], "--psk"),
        (["decode", "--channel", "x", "--psk", "01"], "--psk"),
        (["decode", "--channel", "x", "--psk", "0" * 62], "--psk"),
        (["decode", "--channel", "x", "--psk", "AQ=="], "--psk"),
        (["decode", "--channel", "", "--psk", "00" * 16], "--channel"),
        (["decode", "--channel", "x" * 12, "--psk", "00" * 16], "--channel"),
        (["encode", *OPTIONS, "--site-key", "00"], "--site-key"),
        (["encode", *OPTIONS, "--site-key", ""], "--site-key"),
        (["encode", *OPTIONS, "--site-key-file", "/nowhere/at all"], "--site-key-file"),
        (["encode", *OPTIONS, "--site-key-file", "/"], "--site-key-file"),
        (["encode", *KEYED, "--site-key-file", "/"], "--site-key"),
        (["decode", *OPTIONS, "--verbose"], "--verbose"),
    ],
)
def test_a_wrong_option_is_one_line_that_names_it(arguments, words, capsys):
    try:
        status = cli.main(arguments)
    except SystemExit as exit:
        status = exit.code
    out, error = capsys.readouterr()
    assert (status, out) == (2, "")
    assert words in error and error.count("\n") == 1 and error.startswith("kentongan_wire: ")


@pytest.mark.parametrize(
    "content",
    [
        VECTORS["site_key"],
        VECTORS["site_key"].upper() + "\r\n",
        json.dumps({"site_key": VECTORS["site_key"]}),
    ],
)
def test_the_site_key_is_read_from_a_file(tmp_path, content):
    path = tmp_path / "site.json"
    path.write_text(content, encoding="utf-8")
    status, lines, errors = run("decode", *OPTIONS, "--site-key-file", str(path), text=GOOD[0])
    assert (status, errors) == (0, "")
    assert json.loads(lines[0])["tag_ok"] is True


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 32,
        b"5ec2e7",
        b"{}",
        b'{"site_key": 5}',
        b"{",
        VECTORS["site_key"].encode()[:-1],
        b"5ec2e7" * 900,
    ],
)
def test_a_bad_key_file_is_one_line_that_never_shows_it(tmp_path, content, capsys):
    path = tmp_path / "key"
    path.write_bytes(content)
    assert cli.main(["decode", *OPTIONS, "--site-key-file", str(path)]) == 2
    error = capsys.readouterr().err
    assert "--site-key-file" in error and str(path) in error and error.count("\n") == 1
    assert "5ec2e7" not in error and VECTORS["site_key"][:8] not in error


def test_each_line_is_answered_before_the_next_is_written():
    with subprocess.Popen(
        [sys.executable, "-m", "kentongan_wire", "decode", *KEYED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        for frame in GOOD[:3]:
            process.stdin.write(frame.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["tag_ok"] is True
        process.stdin.close()
        assert process.wait(timeout=PATIENCE_S) == 0


def test_a_reader_that_leaves_ends_it_without_a_traceback():
    with subprocess.Popen(
        [sys.executable, "-m", "kentongan_wire", "decode", *KEYED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        process.stdin.write(GOOD[0].encode() + b"\n")
        process.stdin.close()
        assert process.wait(timeout=PATIENCE_S) == cli.EXIT_PIPE
        assert process.stderr.read() == b""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_input_gives_objects_only(text):
    for line in converted(cli._decode_line, text) + converted(cli._encode_line, text):
        json.loads(line)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=260), st.integers(min_value=0, max_value=3))
def test_any_data_on_our_channel_is_described_and_comes_back(plain, hop_limit):
    case = VECTORS["good"][0]
    head = bytes.fromhex(case["frame"])[:12] + bytes([hop_limit | 3 << 5, CHANNEL.hash, 9, 8])
    frame = head + CHANNEL.crypt(case["from"], case["id"], plain)
    try:
        out = frame_to_object(frame, CHANNEL, RING)
    except RemoteError as error:
        assert error.reason in REASONS
        return
    again = frame_to_object(object_to_frame(json.loads(json.dumps(out)), CHANNEL, RING), CHANNEL, RING)
    assert again == out


WORDS = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
PATHS = [
    (case["name"], path)
    for case in VECTORS["good"]
    for path in (
        ["message"],
        ["message", "body"],
        *[["message", name] for name in case["message"]],
        *[["message", "body", name] for name in case["message"]["body"]],
        *[[name] for name in case if name != "name"],
    )
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PATHS), JSON)
def test_any_value_in_any_field_is_encoded_or_refused(place, value):
    name, path = place
    case = json.loads(json.dumps(next(case for case in VECTORS["good"] if case["name"] == name)))
    if path != ["payload"]:
        del case["payload"]
    inner = case
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    try:
        assert len(object_to_frame(case, CHANNEL, RING)) <= 255
    except LocalError as error:
        assert str(error)


def test_a_ring_without_the_frames_generation_reads_it_unproved_and_makes_none():
    site_key = bytes.fromhex(VECTORS["site_key"])
    ring = SiteKeys({0: alarm_root(site_key, 0)}, {0: control_root(site_key, 0)}, 0)
    for case in json.loads(json.dumps(VECTORS["good"])):
        if not case.get("message"):
            continue
        case["message"]["generation"] = 1
        for entry in case["message"]["body"].get("entries", []):
            entry.pop("tag4")
        for target in case["message"]["body"].get("targets", []):
            target.pop("tag8")
        del case["payload"]
        frame = object_to_frame(case, CHANNEL, RING)
        out = frame_to_object(frame, CHANNEL, ring)
        assert out["message_error"] == "generation" and not out["carry_ok"]
        with pytest.raises(LocalError, match="generation: the site's keys here have none of it"):
            object_to_frame(case, CHANNEL, ring)


def test_every_option_is_explained():
    for command in ("decode", "encode"):
        status, lines, _ = run(command, "--help")
        assert status == 0
        for option in ("--channel", "--psk", "--site-key-file", "--site-key"):
            assert option in "\n".join(lines)
