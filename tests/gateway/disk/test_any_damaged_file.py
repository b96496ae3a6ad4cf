"""Each field of each stored row, state and settings file is damaged in turn: the gateway starts all the same.

It receipts a new alarm, hands it to the hub, sounds, delivers what else it has, and tells people.
"""

import json
import os
import random
import shutil
import sqlite3
import zlib

import pytest
from kentongan_gateway.core.base import events
from kentongan_gateway.disk.database import SENT, UNSENT, Database
from kentongan_gateway.disk.spool import Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.service import daemon
from kentongan_gateway.service.clock import Clock
from kits.gateway.gateway_here import Here
from kits.gateway.gateway_kit import BUTTON, BUTTON_2, POST, alarm, report
from kits.gateway.gateway_process import wait_for

ODD = [
    None,
    "",
    "x",
    -1,
    7,
    2**40,
    1.5,
    b"\xff\xfe{",
    "[]",
    "{",
    '{"type": "alarm"}',
    '{"type": 5}',
    "9" * 400,
    "[" * 5_000,
]
STRANGE = [None, "", "x", -1, 2**40, 1e300, [], {}, True, "\ud800"]


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory):
    """Make the folder of a gateway that had a hub, lost it, and was killed: to be copied."""
    folder = tmp_path_factory.mktemp("former")
    here = Here(folder)
    here.start()
    here.walk(100, "an alarm that the hub has")
    here.air.hear(report(), POST)
    wait_for(lambda: here.hub.of("siren_report"), "the report at the hub")
    wait_for(lambda: not here.daemon._spool.unsent(), "all that there is at the hub")
    here.daemon._spool._write_marks()
    here.hub.answer = (500, {})
    for src, counter in ((BUTTON, 101), (BUTTON_2, 300)):
        receipted(here, src, counter)
    here.air.hear(report(counter=311, alarm_counter=101), POST)
    waiting = {"alarm", "siren_report"}
    wait_for(lambda: waiting <= {e["type"] for _, e in here.daemon._spool.unsent(100)}, "the rows")
    here.stop()
    here.hub.answer = None
    here.close()
    return folder


def receipted(here, src=BUTTON, counter=500):
    def is_so():
        here.air.hear(alarm(src, counter), src)
        return (src, counter) in here.receipts()

    wait_for(is_so, f"the receipt of {counter}")


@pytest.fixture(name="again")
def _again(tmp_path, made, monkeypatch):
    """A Here on a copy; damage(deed) is done before it starts."""
    monkeypatch.setattr(daemon, "STATUS_S", 0.05)
    monkeypatch.setattr(daemon, "LOOP_MAX_S", 0.05)
    all_of_them = []

    def begin(deed, name):
        here = Here(tmp_path / name)
        all_of_them.append(here)
        shutil.copytree(made / "state", here.directory / "state", dirs_exist_ok=True)
        deed(here)
        return here

    yield begin
    for here in all_of_them:
        here.close()


def tables(folder):
    db = sqlite3.connect(folder / "state/spool.sqlite3", isolation_level=None)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return db


def rows_of(folder):
    db = tables(folder)
    rows = db.execute("SELECT seq, class, state, body FROM event ORDER BY seq").fetchall()
    db.close()
    return rows


def damaged(here, sql, *values):
    """Do it to the tables as they lie there, whatever they were declared to hold."""
    db = tables(here.directory)
    db.execute(sql, values)
    db.close()


def goes_on(here, what, but=()):
    """Started on damage it does all that it is for; rows but for these sequence numbers reach the hub."""
    wanted = {row[0] for row in rows_of(here.directory) if row[2] == UNSENT} - set(but)
    here.start()
    here.walk(500, what)
    seen = lambda: {int(e["id"].rpartition("-")[2]) for e in list(here.hub.events)}  # noqa: E731
    wait_for(lambda: here.error or wanted <= seen() or here.daemon._spool.salvaged, f"{what}: the other rows")
    assert here.error is None, what


def test_the_former_run_left_rows_of_every_kind(made):
    kinds = {(json.loads(body)["type"], state) for _, _, state, body in rows_of(made)}
    assert {("alarm", SENT), ("alarm", UNSENT), ("siren_report", UNSENT)} <= kinds


def picked(made):
    """A row of each kind: an alarm that the hub has, one that it has not, something else that it has not."""
    rows = rows_of(made)
    alarm_sent = next(row for row in rows if row[1] == 0 and row[2] == SENT)
    return [
        alarm_sent,
        *(next(row for row in rows if row[2] == UNSENT and (row[1] == 0) == loud) for loud in (True, False)),
    ]


def with_copies(here, changes):
    """Put a copy of a row behind the others for each (seq, {column: value}): the numbers of the copies."""
    db = tables(here.directory)
    out = []
    for number, (seq, change) in enumerate(changes):
        asked = "SELECT key, class, state, body, crc FROM event WHERE seq=?"
        names = "key", "class", "state", "body", "crc"
        row = dict(zip(names, db.execute(asked, (seq,)).fetchone(), strict=True))
        row = {**row, "key": f"copy {number}", **change}
        if isinstance(row["body"], (str, bytes)):  # should its check sum hold even so
            text = row["body"]
            row["crc"] = zlib.crc32(text if isinstance(text, bytes) else text.encode())
        marks = ",".join("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in row.values())
        into = f"INSERT INTO event ({','.join(row)}) VALUES ({marks})"
        out.append(db.execute(into, tuple(row.values())).lastrowid)
    db.close()
    return out


def is_event(change):
    """Tell whether a row so changed can still be offered."""
    try:
        return isinstance(json.loads(change.get("body", '{"type": ""}'))["type"], str)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def copies_go_on(again, what, changes):
    """All these copies lie in one spool; what is no event any more is missing at the hub, and told."""
    numbers = []
    here = again(lambda here: numbers.extend(with_copies(here, changes)), what)
    goes_on(
        here,
        what,
        {number for number, (_, change) in zip(numbers, changes, strict=True) if not is_event(change)},
    )
    troubles = here.daemon._performer.core.troubles()
    assert "fault" not in here.daemon._performer.core.counters and "program" not in troubles
    return troubles


@pytest.mark.parametrize("column", ["key", "class", "state", "body"])
def test_a_damaged_column_of_a_row(again, made, column):
    """Of each kind of row, with each odd value."""
    odds = [odd for odd in ODD if odd is not None or column == "key"]
    rows = picked(made)[:1] if column == "key" else picked(made)  # a key is there once
    troubles = copies_go_on(again, column, [(row[0], {column: odd}) for row in rows for odd in odds])
    if column == "body":
        assert "can no longer be read" in troubles["disk_lost"]
        assert "that the hub has were altered" in troubles["disk_state spool"]


def test_a_damaged_field_inside_a_row(again, made):
    """Every field of an alarm's event, altered in every way or gone: the alarms reach the hub even so."""
    changes = []
    for seq, _, _, body in picked(made):
        event = json.loads(body)
        for name in event:
            gone = {key: value for key, value in event.items() if key != name}
            altered = [{**event, name: odd} for odd in STRANGE]
            changes += [(seq, {"body": json.dumps(each)}) for each in (gone, *altered)]
    troubles = copies_go_on(again, "fields", changes)
    assert "can no longer be read" in troubles["disk_lost"] and "were altered" in troubles["disk_state spool"]


META = [
    ("meta", "value", "epoch"),
    ("meta", "value", "probes"),
    ("meta", "value", "evicted_status"),
    ("sqlite_sequence", "seq", "event"),
]


@pytest.mark.parametrize("table, column, name", META, ids=[row[2] for row in META])
def test_a_damaged_word_of_the_spool_about_itself(again, table, column, name):
    for number, odd in enumerate([*ODD[:8], 2**63 - 1]):

        def damage(here, odd=odd):
            if table == "meta":
                damaged(here, "INSERT OR IGNORE INTO meta VALUES (?, '1')", name)
            if odd is not None or table != "meta":
                value = "CAST(? AS TEXT)" if isinstance(odd, bytes) else "?"
                damaged(here, f"UPDATE {table} SET {column}={value} WHERE name=?", odd, name)

        here = again(damage, f"{name}{number}")
        goes_on(here, f"{name} {str(odd)[:9]}")
        here.close()


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA user_version=9",
        "DROP TABLE meta",
        "DROP TABLE event",
        "ALTER TABLE event RENAME COLUMN class TO klass",
        "ALTER TABLE event RENAME COLUMN body TO bodx",
    ],
)
def test_a_spool_of_another_shape_is_set_aside_and_told(again, sql):
    here = again(lambda here: damaged(here, sql), "shape")
    here.start()
    here.walk(500, sql)
    wait_for(lambda: "disk_spool" in here.daemon._performer.core.troubles(), "the trouble")


def test_every_byte_of_a_spools_head_and_random_ones_behind_it(made, tmp_path):
    """Without the rest of the gateway, because there are many: it opens, takes an alarm and gives it back."""
    rng, raw = random.Random(9), (made / "state/spool.sqlite3").read_bytes()
    path = tmp_path / "spool.sqlite3"
    for at in [*range(100), *(rng.randrange(100, len(raw)) for _ in range(100))]:
        for file in tmp_path.iterdir():
            file.unlink()
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :])
        spool = Spool(path, "gateway-1")
        spool.put({"type": "alarm", "key": "new", "counter": 500})
        assert 500 in [event.get("counter") for _, event in spool.unsent(100)], at
        spool.alarms(100), spool.counts(), spool.missing(b"x 5"), spool.settle()
        spool.close()


HARM = [
    lambda raw: raw[:-1],
    lambda raw: b"",
    lambda raw: raw[:9] + b"\xff" + raw[10:],
    lambda raw: os.urandom(70_000),
]


def test_a_damaged_state_file_is_set_aside_and_told(again, made):
    there = {file.stem for file in (made / "state").glob("*.state")}
    assert {"guard", "mark", "run", "seq", "stored"} <= there
    for name in sorted(there):
        for number, make in enumerate(HARM):

            def damage(here, name=name, make=make):
                file = here.directory / f"state/{name}.state"
                file.write_bytes(make(file.read_bytes()))

            here = again(damage, f"{name}{number}")
            goes_on(here, f"{name} {number}")
            told = [f"{trouble} {text}" for trouble, text in here.daemon._performer.core.troubles().items()]
            assert [text for text in told if text.startswith("disk_state") and name in text], name
            here.close()


@pytest.mark.parametrize("data", [b"", b"\xff", b"x", b"x 9" + b"9" * 6_000, "x \u0665".encode(), b"x -5"])
def test_a_mark_that_is_whole_and_means_nothing(again, data):
    here = again(lambda here: StateDir(here.directory / "state").put("mark", data), "mark")
    goes_on(here, f"mark {data[:9]}")


def test_a_folder_in_the_place_of_a_file(again):
    for name in ("guard", "seq", "run", "mark"):

        def damage(here, name=name):
            (here.directory / f"state/{name}.state").unlink()
            (here.directory / f"state/{name}.state").mkdir()

        here = again(damage, f"folder{name}")
        here.start()
        here.walk(500, name, receipt=name != "seq")
        here.close()


TOKENS = {
    "gone": lambda file: file.unlink(),
    "binary": lambda file: file.write_bytes(b"\xff\xfe"),
    "empty": lambda file: file.write_bytes(b""),
    "other": lambda file: file.write_text("ktg_other"),
    "lines": lambda file: file.write_text("a\nb"),
    "folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_is_not_there_is_told_and_the_hub_gets_everything_when_it_is(again, monkeypatch, kind):
    monkeypatch.setattr(daemon, "HUB_SILENT_S", 0.5)
    here = again(lambda here: TOKENS[kind](here.directory / "token"), kind)
    here.start()
    receipted(here)
    wait_for(lambda: "hub" in here.daemon._performer.core.troubles(), "the trouble")
    if kind != "other":
        assert "token" in here.daemon._performer.core.troubles()["hub"]
    if kind == "folder":
        (here.directory / "token").rmdir()
    (here.directory / "token").write_text("ktg_uji")
    here.walk(501, kind)
    assert here.daemon._uplink.healthy()


@pytest.mark.parametrize("pem", [None, b"", b"-----BEGIN CERT", b"\xff\x00"])
def test_a_certificate_that_is_not_there_is_told_and_alarms_are_receipted(again, pem):
    def damage(here):
        text = here.config.read_text()
        here.config.write_text(text.replace('url = "http:', 'ca_file = "ca.pem"\nurl = "https:'))
        if pem is not None:
            (here.directory / "ca.pem").write_bytes(pem)

    here = again(damage, "ca")
    here.start()
    receipted(here)
    wait_for(lambda: "ca.pem" in here.daemon._performer.core.troubles().get("hub", ""), "the trouble")
    wait_for(lambda: here.siren_lines(), "the siren: the hub is silent")
    assert here.daemon._uplink.healthy() and here.error is None


SLIPS = [
    ('token_file = "token"', ""),
    ("url =", "urk ="),
    ("[hub]", "[hub"),
    ("http://", "htp://"),
    ('driver = "virtual"', 'driver = "siren"'),
    ("[siren]", "[lamp]\ndriver = 5\n[siren]"),
    ("[siren]", "[voice]\ndriver = \n[siren]"),
    ("label =", 'log_level = "loud"\nlabel ='),
]


@pytest.mark.parametrize("slip", SLIPS, ids=[f"{number} {old}" for number, (old, _) in enumerate(SLIPS)])
def test_a_slip_or_a_damaged_line_of_the_settings_keeps_no_alarm_back_and_is_told(again, slip):
    here = again(lambda here: here.config.write_text(here.config.read_text().replace(*slip)), "slip")
    here.start()
    receipted(here)
    wait_for(lambda: "settings" in here.daemon._performer.core.troubles(), "the trouble")
    if "hub" not in slip[0] and "url" not in slip[0] and "token" not in slip[0] and "http" not in slip[0]:
        wait_for(lambda: 500 in [e.get("counter") for e in here.hub.of("alarm")], "the alarm at the hub")
    assert here.error is None


def test_a_key_file_that_others_may_read_keeps_no_alarm_back_and_is_told(again):
    here = again(lambda here: (here.directory / "keys.json").chmod(0o644), "keys")
    here.start()
    here.walk(500, "keys")
    assert "chmod 600" in here.daemon._performer.core.troubles()["settings"]


def test_a_clock_that_cannot_be_read_keeps_no_alarm_back(again, monkeypatch):
    for name in ("stamp", "offered", "age_ms", "quality", "jumped_s", "wall_iso"):
        with monkeypatch.context() as patch:
            here = again(lambda _: None, name)
            patch.setattr(Clock, name, lambda *_: 1 // 0)
            here.start()
            here.walk(500, name)
            here.close()


def test_a_spool_that_fails_in_a_way_of_its_own_costs_the_receipt_and_nothing_else(again, monkeypatch):
    for error in (OSError(30, "read-only"), KeyError("x"), RuntimeError("x"), SpoolError("x")):
        with monkeypatch.context() as patch:
            here = again(lambda _: None, type(error).__name__)
            here.start()
            patch.setattr(Database, "_put", lambda *_, error=error: (_ for _ in ()).throw(error))
            here.walk(600, str(error), receipt=False)
            wait_for(lambda here=here: "disk" in here.daemon._performer.core.troubles(), "the trouble")
            here.close()


def test_ages_and_dates_that_mean_nothing_are_no_age():
    clock = Clock("b", lambda: 10**15, lambda: 1_800_000_000, lambda: True)
    for at_ms in (None, "x", True, 1.5, -(10**30), [], {}):
        assert clock.age_ms({"boot_id": "b", "at_ms": at_ms, "type": "x"}) == -1
        assert clock.offered({"boot_id": "b", "at_ms": at_ms, "clock": "unsure"})["age_ms"] == -1
    for wall in ("x", 5, [], "0001-01-01", "9999-99", "0001-01-01T00:00:00+23:00", True):
        assert clock.age_ms({"boot_id": "c", "at_ms": 5, "wall": wall, "clock": "sync"}) == -1
    far = Clock("b", lambda: 10**15, lambda: 10**14, lambda: True)
    assert far.stamp({"type": "alarm"})["wall"] is None


def test_a_stored_alarm_with_any_field_of_another_type_or_range_is_none(made):
    event = json.loads(picked(made)[1][3])
    assert events.record_of(event).src == BUTTON or events.record_of(event).src == BUTTON_2
    for name in (*events.NUMBERS, *events.TRUTHS, "digest"):
        for odd in (*STRANGE, -5):
            if name in events.TRUTHS and (odd is None or odd is True):
                continue
            with pytest.raises((KeyError, TypeError, ValueError)):
                events.record_of({**event, name: odd})
