"""A journal that the disk has altered is none that a power cut tore: told, and what is behind it saved."""

import random
import shutil
import sqlite3

import pytest
from conftest import require
from kentongan_gateway.disk import wal
from kentongan_gateway.disk.spool import REFUSED, UNREAD_S, Spool, SpoolError
from kentongan_gateway.disk.stored_row import alarm_of
from kentongan_hub.api import events
from kentongan_sim.soak import disk as soak_disk

EVENTS = 20


def event(number):
    return {"type": "alarm", "key": f"alarm/{number}", "counter": number, "label": "tombol-07", "rssi": -90}


def filled(path, events=EVENTS):
    """Files as kill -9 leaves them: a spool with so many events, each in a transaction of its own."""
    open_one = Spool(path / "open.sqlite3", "gateway-1")
    ids = [open_one.put(event(number)) for number in range(events)]
    mark = open_one.mark()
    for suffix in ("", "-wal"):
        shutil.copyfile(str(path / "open.sqlite3") + suffix, str(path / "spool.sqlite3") + suffix)
    open_one.close()
    return path / "spool.sqlite3", ids, mark


def journal(path):
    return path.with_name(path.name + "-wal")


def counters(spool):
    return sorted(e["counter"] for _, e in spool.unsent(1_000))


def test_a_journal_as_a_crash_leaves_it_is_whole(tmp_path):
    path, ids, mark = filled(tmp_path)
    assert wal.damage(journal(path)) is None and wal.damage(tmp_path / "none") is None
    spool = Spool(path, "gateway-1")
    assert [i for i, _ in spool.unsent(100)] == ids and not spool.quarantined and spool.missing(mark) == 0


def test_frames_of_an_older_generation_behind_the_end_are_no_damage(tmp_path):
    spool = Spool(tmp_path / "s.sqlite3", "gateway-1")
    for number in range(60):
        spool.put(event(number))
    spool._tidy()
    for number in range(60, 65):
        spool.put(event(number))
    raw = (tmp_path / "s.sqlite3-wal").read_bytes()
    _, frames = wal.frames(raw)
    assert 0 < len(frames) < (len(raw) - wal.HEADER_BYTES) // (wal.FRAME_BYTES + 4_096)
    assert wal.damage(tmp_path / "s.sqlite3-wal") is None
    spool.close()


def test_wherever_a_power_cut_tears_the_last_transaction_it_is_no_damage(tmp_path):
    """Cut short, or with pages of it that never reached the disk though later ones did."""
    path, _, _ = filled(tmp_path)
    raw = journal(path).read_bytes()
    _, before, after = (
        len(wal.frames(journal(filled(tmp_path / str(n), n)[0]).read_bytes())[1])
        for n in (0, EVENTS - 1, EVENTS)
        if (tmp_path / str(n)).mkdir() is None
    )
    size = wal.FRAME_BYTES + 4_096
    begin, end = wal.HEADER_BYTES + before * size, wal.HEADER_BYTES + after * size
    assert len(raw) >= end > begin
    for at in range(begin, end, 509):
        journal(path).write_bytes(raw[:at])
        assert wal.damage(journal(path)) is None
        journal(path).write_bytes(raw[:at] + bytes(min(512, end - at)) + raw[at + 512 : end])
        assert wal.damage(journal(path)) is None


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_disk_altered_is_saved_or_told(tmp_path, seed):
    """Never fewer events than were acknowledged, with nothing said."""
    rng = random.Random(seed)
    path, ids, mark = filled(tmp_path)
    raw = bytearray(journal(path).read_bytes())
    for _ in range(rng.choice([1, 8, 48])):
        raw[rng.randrange(len(raw))] ^= rng.randrange(1, 256)
    journal(path).write_bytes(raw)
    spool = Spool(path, "gateway-1")
    lost = spool.missing(mark)
    found = counters(spool)
    told = bool(spool.quarantined) or lost > 0 or spool.unreadable > 0
    assert told or found == list(range(EVENTS))
    assert len(found) == len(set(found))


def test_one_page_damaged_in_the_middle_costs_no_event(tmp_path):
    """Every later page of the same leaf holds what the damaged one held."""
    path, _, _ = filled(tmp_path)
    raw = bytearray(journal(path).read_bytes())
    raw[wal.HEADER_BYTES + 20 * (wal.FRAME_BYTES + 4_096) + 2_000] ^= 1
    journal(path).write_bytes(raw)
    copy = tmp_path / "sqlite_alone.sqlite3"
    for suffix in ("", "-wal"):
        shutil.copyfile(str(path) + suffix, str(copy) + suffix)
    alone = sqlite3.connect(copy).execute("SELECT count(*) FROM event").fetchone()[0]
    assert alone < EVENTS, "what SQLite makes of it, without a word"
    assert "damaged" in wal.damage(journal(path))
    spool = Spool(path, "gateway-1")
    assert counters(spool) == list(range(EVENTS)) and spool.salvaged == EVENTS
    assert len(spool.quarantined) == 1


@pytest.mark.parametrize("at", [0, 9, 17, 25])
def test_a_damaged_head_hides_no_journal(tmp_path, at):
    path, _, _ = filled(tmp_path)
    raw = bytearray(journal(path).read_bytes())
    raw[at] ^= 0x55
    journal(path).write_bytes(raw)
    assert wal.damage(journal(path)) == "its head is damaged"
    spool = Spool(path, "gateway-1")
    assert spool.quarantined and len(counters(spool)) >= EVENTS - 1


def test_a_journal_that_is_gone_whole_is_counted(tmp_path):
    """The epoch is gone with it."""
    path, ids, mark = filled(tmp_path)
    journal(path).unlink()
    spool = Spool(path, "gateway-1")
    assert not spool.quarantined and spool.missing(mark) == EVENTS
    assert spool.put(event(99)) not in ids


def test_a_loss_at_the_end_is_counted_and_ids_begin_anew(tmp_path):
    """The last transactions gone: SQLite takes what is left for all there was."""
    path, ids, mark = filled(tmp_path)
    (tmp_path / "less").mkdir()
    size = len(wal.frames(journal(filled(tmp_path / "less", EVENTS - 5)[0]).read_bytes())[1])
    raw = journal(path).read_bytes()
    journal(path).write_bytes(raw[: wal.HEADER_BYTES + size * (wal.FRAME_BYTES + 4_096)])
    spool = Spool(path, "gateway-1")
    assert not spool.quarantined and spool.missing(mark) == 5
    assert spool.put(event(99)) not in ids, "the hub has had those: it would take the new one for a repeat"
    assert counters(spool) == [*range(EVENTS - 5), 99]
    assert spool.missing(None) == spool.missing(b"") == spool.missing(b"x y") == spool.missing(b"\xff") == 0


KEY = "alarm/0000002a/3/500/0a0b0c0d"
AGAIN = {"type": "alarm", "key": KEY, "device": 0x2A, "counter": 500, "kind": 2}
ALTERED = ['{"type":"alarm","key":"x', "[]", b"\xff\xfe{"]


def with_an_altered_alarm(path, body, steady_s=lambda: 0.0, state=0):
    spool = Spool(path, "gateway-1", steady_s=steady_s)
    spool.put({"type": "alarm", "key": KEY, "device": 0x2A, "counter": 500, "kind": 1})
    spool._db.execute("UPDATE event SET body=CAST(? AS TEXT), state=?", (body, state))
    return spool


@pytest.mark.parametrize("body", ALTERED)
def test_a_button_that_goes_on_brings_back_an_alarm_that_the_disk_has_altered(tmp_path, body):
    """The row's key is known; what it holds is not what was promised."""
    spool = with_an_altered_alarm(tmp_path / "s.sqlite3", body)
    assert spool.unsent() == []
    event_id = spool.put(AGAIN)
    assert spool.unsent() == [(event_id, AGAIN)] and not spool.is_sent(event_id)


@pytest.mark.parametrize("state", [0, REFUSED])
def test_one_that_the_hub_refused_is_offered_as_it_comes_again(tmp_path, state):
    body = "{" if state == 0 else '{"type":"alarm"}'
    spool = with_an_altered_alarm(tmp_path / "s.sqlite3", body, state=state)
    event_id = spool.put(AGAIN)
    assert spool.unsent() == [(event_id, AGAIN)]


@pytest.mark.parametrize("body", ALTERED)
def test_an_alarm_that_nobody_brings_again_is_told_of_its_key_alone_and_sounds_nothing(tmp_path, body):
    now = [0.0]
    spool = with_an_altered_alarm(tmp_path / "s.sqlite3", body, lambda: now[0])
    assert spool.unsent() == [] and not spool.offer_unread(), "its button has its time"
    now[0] = UNREAD_S
    assert spool.offer_unread() and not spool.offer_unread()
    ((_, event),) = spool.unsent()
    assert (event["device"], event["generation"], event["counter"]) == (0x2A, 3, 500)
    assert event["silent"] and spool.unreadable == 1
    assert events.check({**event, "id": "gateway-1/1"})["unread"]


def test_what_the_hub_says_of_the_key_alone_is_no_answer_to_the_alarm_that_comes_meanwhile(tmp_path):
    now = [0.0]
    spool = with_an_altered_alarm(tmp_path / "s.sqlite3", "[]", lambda: now[0])
    spool.unsent()
    now[0] = UNREAD_S
    assert spool.offer_unread()
    ((on_its_way, _),) = spool.unsent()
    event_id = spool.put(AGAIN)
    spool.mark_sent([on_its_way])
    assert spool.unsent() == [(event_id, AGAIN)]


@pytest.mark.parametrize(
    "key",
    [
        "alarm/0000002a/3/500",
        "alarm/x/3/500/0a0b0c0d",
        "alarm/2a/3/500/0a",
        "event/0000002a/3/500/0a0b0c0d",
        "alarm/0000002a/3/500/zzzzzzzz",
        None,
        5,
    ],
)
def test_a_key_that_names_no_alarm_is_told_as_none(key):
    assert alarm_of(key) is None


def test_an_altered_alarm_of_a_spool_that_was_set_aside_is_told_as_well(tmp_path):
    now, path = [0.0], tmp_path / "s.sqlite3"
    spool = with_an_altered_alarm(path, "[]", lambda: now[0])
    spool._db.execute("PRAGMA user_version=99")
    spool.close()
    spool = Spool(path, "gateway-1", steady_s=lambda: now[0])
    assert spool.quarantined and spool.unsent() == []
    now[0] = UNREAD_S
    assert spool.offer_unread()
    ((_, event),) = spool.unsent()
    assert event["unread"] and event["counter"] == 500


@pytest.mark.parametrize("body", ["{", "5", "[]", '{"type": 5}', "", None, b"\xff\xfe", "[" * 60_000])
def test_a_row_that_the_disk_has_altered_stops_none_behind_it(tmp_path, body):
    spool = Spool(tmp_path / "s.sqlite3", "gateway-1")
    for number in range(3):
        spool.put(event(number))
    if body is None:
        spool._db.execute("UPDATE event SET body=zeroblob(40) WHERE seq=1")
    else:
        spool._db.execute("UPDATE event SET body=CAST(? AS TEXT) WHERE seq=1", (body,))
    assert [e["counter"] for _, e in spool.unsent(1)] == [1]
    assert counters(spool) == [1, 2] and spool.unreadable == 1
    spool.close()
    assert counters(Spool(tmp_path / "s.sqlite3", "gateway-1")) == [1, 2]


def test_corruption_met_while_reading_is_set_aside_and_the_rest_goes_on(tmp_path):
    spool = Spool(tmp_path / "s.sqlite3", "gateway-1")
    for number in range(3):
        spool.put(event(number))
    tried = []

    def malformed(limit, good=spool._unsent):
        tried.append(limit)
        if len(tried) == 1:
            raise sqlite3.DatabaseError("database disk image is malformed")
        return good(limit)

    spool._unsent = malformed
    assert counters(spool) == [0, 1, 2] and len(spool.quarantined) == 1


@pytest.mark.parametrize("tidied", [False, True], ids=["a journal that grows", "a journal begun anew"])
def test_a_power_cut_with_torn_writes_is_never_taken_for_damage(tmp_path, tidied):
    """At each write and sync of a few commits, sectors torn or noise: nothing set aside, nothing missed."""
    rng, disk, torn = random.Random(4), power_disk(), 0
    try:
        for steps in range(70):
            path = tmp_path / str(steps) / "s.sqlite3"
            path.parent.mkdir()
            spool = Spool(path, "gateway-1")
            for number in range(30):
                spool.put(event(number))
            if tidied:
                spool._tidy()
                spool.put(event(30))
            mark, stored = spool.mark(), len(counters(spool))
            disk.arm(path.parent, steps)
            try:
                for number in range(100, 106):
                    spool.put_all([event(number), event(number + 100)])
                    mark, stored = spool.mark(), stored + 2
            except SpoolError:
                pass
            spool._drop_connection()
            torn += disk.cut(rng)
            after = Spool(path, "gateway-1")
            assert not after.quarantined and after.missing(mark) == 0 and after.unreadable == 0, steps
            assert len(counters(after)) >= stored, steps
            after.close()
    finally:
        disk.close()
    assert torn > 10


def power_disk():
    made = soak_disk.make()
    require(made, "SQLite as a shared library", "a Python that is linked with it")
    return made
