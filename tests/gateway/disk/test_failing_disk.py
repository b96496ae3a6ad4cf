"""A disk that is full, read-only or gone: no receipt, but sirens and hub hear of the alarm all the same."""

import os
import random
import shutil
import sqlite3

import pytest
from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.memory import new_state
from kentongan_gateway.core.gateway_core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.disk.database import ROWS_MAX
from kentongan_gateway.disk.memory import Held
from kentongan_gateway.disk.spool import REFUSED, UNREAD_S, Spool, SpoolError
from kentongan_gateway.disk.state import StateDir
from kentongan_gateway.outputs.virtual import VirtualVoice
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.performer import Performer
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message
from kits.gateway.gateway_kit import BUTTON, GATEWAY, SITE, alarm


class Radio:
    def __init__(self):
        self.sent = []

    def send(self, send):
        self.sent.append(open_message(send.payload, GATEWAY, BROADCAST, SITE))

    relay = drop = lambda self, *args: None


class Siren:
    plays = 0

    def play(self, *_):
        self.plays += 1

    def off(self):
        return


class House:
    """Hands on a real directory, with a clock that is moved by hand; the disk is turned off and on."""

    def __init__(self, path):
        self.now = 1_000.0
        self.path, self.radio, self.siren = path, Radio(), Siren()
        self.spool = Spool(path / "spool.sqlite3", "gateway-1", steady_s=lambda: self.now)
        self.state = StateDir(path)
        self.performer = None
        if not self.state.get("guard"):
            self.state.put("guard", new_state()["guard"])
        clock = Clock("b", lambda: int(self.now * 1e9), lambda: 1_800_000_000 + self.now, lambda: True)
        core = GatewayCore(CoreConfig(GATEWAY, "gateway-1", 5), SITE, Directory([]), self.state.all())
        self.performer = Performer(
            core,
            self.spool,
            self.state,
            self.radio,
            self.siren,
            VirtualVoice(path / "v"),
            self,
            clock,
            lambda: 7,
        )
        self.performer.start()

    def wake(self):
        return

    def order_done(self, *_):
        return

    def disk(self, works):
        """SQLite says what a read-only file system says; state files find no directory."""
        if self.spool._connection:
            self.spool._db.execute(f"PRAGMA query_only={0 if works else 1}")
        self.state._path = self.path if works else self.path / "gone"

    def hear(self, counter=100):
        heard = Heard(BUTTON, BROADCAST, counter, 1, 1, 7, alarm(counter=counter), -90, 12, "uji")
        self.performer.heard(heard)

    def run(self, seconds):
        for _ in range(int(seconds * 10)):
            self.now += 0.1
            self.performer.tick()
            if round(self.now * 10) % 50 == 0:
                self.performer.look_round()

    def receipts(self):
        return [e for message in self.radio.sent if message.type == m.RECEIPTS for e in message.body.entries]

    def offers(self):
        return [(event_id, e) for event_id, e in self.spool.unsent(1_000) if e["type"] == "alarm"]


@pytest.fixture(name="house")
def _house(tmp_path):
    house = House(tmp_path)
    house.hear(1)  # counters are reserved, so that receipts can go while the disk fails
    house.run(1)
    house.performer.taken([event_id for event_id, _ in house.spool.unsent(1_000)])
    house.spool.mark_sent([event_id for event_id, _ in house.spool.unsent(1_000)])
    house.radio.sent.clear()
    return house


def test_without_a_disk_there_is_no_receipt_but_the_siren_sounds_and_the_hub_is_offered_the_alarm(house):
    house.disk(False)
    house.hear()
    house.run(8)
    assert not house.receipts() and house.siren.plays == 1
    ((_, event),) = house.offers()
    assert event["counter"] == 100 and "disk" in house.performer.core.troubles()


def test_what_the_hub_has_committed_is_receipted_though_our_disk_has_it_not(house):
    house.disk(False)
    house.hear()
    house.run(1)
    ((event_id, _),) = house.offers()
    house.performer.taken([event_id])
    house.spool.mark_sent([event_id])
    house.run(1)
    assert [(e.node, e.counter, e.stage) for e in house.receipts()] == [(BUTTON, 100, m.STAGE_STORED)]
    assert not house.offers()


def test_when_the_disk_works_again_what_waited_is_stored_and_receipted(house):
    house.disk(False)
    house.hear()
    house.run(3)
    house.disk(True)
    house.run(6)
    assert [(e.node, e.counter) for e in house.receipts()] == [(BUTTON, 100)]
    assert not len(house.spool.held) and "disk" not in house.performer.core.troubles()
    house.spool.close()
    fresh = Spool(house.path / "spool.sqlite3", "gateway-1")
    assert 100 in [e.get("counter") for _, e in fresh.unsent(100)]


def test_an_alarm_that_repeats_sets_sirens_going_once(house):
    house.disk(False)
    for _ in range(5):
        house.hear()
        house.run(2)
    house.disk(True)
    house.hear()
    house.run(3)
    assert house.siren.plays == 1 and len(house.receipts()) >= 1


def test_a_disk_that_dies_while_nothing_happens_is_named_within_a_minute(house):
    house.disk(False)
    house.run(61)
    assert "disk" in house.performer.core.troubles()


def test_a_delivery_that_the_disk_cannot_note_is_not_offered_again(house):
    house.hear()
    house.run(1)
    ((event_id, _),) = house.offers()
    house.disk(False)
    house.spool.mark_sent([event_id])
    assert not house.offers() and house.spool.trouble
    house.disk(True)
    house.spool.settle()
    assert house.spool.is_sent(event_id) and not house.spool._marks


def test_a_spool_that_cannot_be_opened_starts_all_the_same(tmp_path):
    (tmp_path / "spool.sqlite3").mkdir()
    spool = Spool(tmp_path / "spool.sqlite3")
    assert "unable to open" in spool.trouble
    with pytest.raises(SpoolError, match="unable to open"):
        spool.put({"type": "alarm", "key": "a"})
    held_id = spool.hold({"type": "alarm", "key": "a"})
    assert spool.unsent() == [(held_id, {"type": "alarm", "key": "a"})]
    os.rmdir(tmp_path / "spool.sqlite3")
    ((old, new),) = spool.settle()
    assert old == held_id and spool.trouble is None and [i for i, _ in spool.unsent()] == [new]


def test_what_a_corrupt_file_still_holds_for_the_hub_is_taken_over(tmp_path):
    path = tmp_path / "spool.sqlite3"
    spool = Spool(path)
    for n in range(400):
        spool.put({"type": "alarm", "key": str(n), "counter": n, "padding": "x" * 200})
    spool.close()
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 & ~4095
    raw[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(raw)
    fresh = Spool(path)
    kept = {event["counter"] for _, event in fresh.unsent(1_000)}
    assert fresh.quarantined and fresh.salvaged == len(kept) >= 300


def test_memory_holds_a_bounded_number_and_statuses_give_way_to_alarms():
    held = Held(10)
    for n in range(30):
        held.add("g", 3, {"type": "status", "n": n})
    ids = [held.add("g", 0, {"type": "alarm", "key": n}) for n in range(10)]
    assert None not in ids and len(held) == 10 and held.add("g", 3, {"type": "status"}) is None
    assert [event["type"] for _, event in held.offers()] == ["alarm"] * 10
    assert held.add("g", 0, {"type": "alarm", "key": 4}) == ids[4], "a key is held once"


def test_in_memory_a_button_that_never_stops_pushes_out_its_own_alarms_and_nobody_elses():
    held = Held(10)
    held.add("g", 0, {"type": "alarm", "key": "honest", "device": 7})
    for n in range(30):
        held.add("g", 0, {"type": "alarm", "key": n, "device": 9})
    kept = [event["key"] for _, event in held.offers()]
    assert kept == ["honest", *range(21, 30)]


def test_thirty_days_without_a_hub_at_a_thousand_events_a_day_keep_every_alarm(tmp_path):
    """A tenth of the size: 3,000 events fit; then 3,000 more come, and what gives way are statuses."""
    assert ROWS_MAX >= 30 * 1_000
    spool = Spool(tmp_path / "spool.sqlite3", rows_max=ROWS_MAX // 10)
    spool._db.execute("PRAGMA synchronous=OFF")  # the test is about room, not about power
    for n in range(6_000):
        kind = "alarm" if n % 50 == 0 else "status"
        spool.put({"type": kind, "key": f"{kind}/{n}", "n": n, "padding": "x" * 300})
    counts = spool.counts()
    assert counts["rows"] <= ROWS_MAX // 10 and set(counts["evicted"]) == {"status"}
    spool.close()
    with sqlite3.connect(tmp_path / "spool.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM event WHERE class=0").fetchone() == (120,)
    assert os.path.getsize(tmp_path / "spool.sqlite3") < 6 << 20


def troubles_told(house):
    events = [e for _, e in house.spool.unsent(1_000) if e["type"] == "trouble" and e["active"]]
    return {e["name"]: e["detail"] for e in events}


def killed_and_started(house, path):
    """A new run on the files as kill -9 leaves them, once `path` has been given to whoever damages them."""
    path.mkdir()
    for file in house.path.iterdir():
        shutil.copyfile(file, path / file.name)
    return path


def test_a_journal_damaged_over_a_crash_is_told_to_people_and_what_is_behind_it_goes_to_the_hub(tmp_path):
    (tmp_path / "a").mkdir()
    house = House(tmp_path / "a")
    for counter in range(100, 120):
        house.hear(counter)
        house.run(1)
    after = killed_and_started(house, tmp_path / "b")
    rng, file = random.Random(9), after / "spool.sqlite3-wal"
    raw = bytearray(file.read_bytes())
    for _ in range(48):
        raw[rng.randrange(len(raw))] ^= 0xFF
    file.write_bytes(raw)
    again = House(after)
    told = troubles_told(again)
    assert "disk_spool" in told and "begun anew with" in told["disk_spool"]
    assert {"disk_spool"} <= set(again.performer.core.troubles()), "the lamp shows it too"
    assert len(again.offers()) >= 10


def test_acknowledged_events_that_are_gone_without_a_trace_are_told_to_people(tmp_path):
    (tmp_path / "a").mkdir()
    house = House(tmp_path / "a")
    for counter in range(100, 110):
        house.hear(counter)
    house.run(6)
    after = killed_and_started(house, tmp_path / "b")
    (after / "spool.sqlite3-wal").unlink()
    again = House(after)
    assert "stored events are gone" in troubles_told(again)["disk_lost"]


def test_a_stored_event_that_can_no_longer_be_read_is_told(house):
    house.disk(True)
    house.hear(200)
    house.spool._db.execute("UPDATE event SET body='{' WHERE state=0 AND class=0")
    house.spool.unsent(10)
    house.run(6)
    assert "can no longer be read" in troubles_told(house)["disk_lost"]


def altered_and_started(tmp_path, sent=False, to="'[]'"):
    """A new run, after the card has altered the text of the one alarm that the last one had stored."""
    (tmp_path / "a").mkdir()
    house = House(tmp_path / "a")
    house.hear(100)
    house.run(1)
    house.spool._db.execute(f"UPDATE event SET body={to} WHERE class=0")
    if sent:
        house.spool.mark_sent([event_id for event_id, _ in house.spool.unsent(100)])
        house.spool._db.execute("UPDATE event SET state=1 WHERE class=0")
    return House(killed_and_started(house, tmp_path / "b"))


def test_an_alarm_that_the_card_has_altered_sounds_and_is_told_whole_when_its_button_goes_on(tmp_path):
    house = altered_and_started(tmp_path)
    house.hear(100)
    house.run(7)  # the hub takes nothing: our own siren
    ((_, event),) = house.offers()
    assert event["kind"] == 1 and not event["silent"] and "unread" not in event
    assert house.receipts() and house.siren.plays == 1


def test_one_whose_button_is_silent_is_told_of_its_key_alone_within_a_look_or_two(tmp_path):
    house = altered_and_started(tmp_path)
    assert house.offers() == []
    house.run(UNREAD_S + 6)
    ((_, event),) = house.offers()
    assert event["unread"] and event["silent"] and event["counter"] == 100
    assert house.siren.plays == 0 and "disk_lost" in house.performer.core.troubles()
    again = House(killed_and_started(house, tmp_path / "c"))
    again.hear(100)  # and over another start its button may still come
    assert [e["silent"] for _, e in again.offers()] == [False]


ONE_LETTER = [
    f"replace(body, '{was}', '{now}')"
    for was, now in (
        ('"kind"', '"kine"'),
        ('"type":"alarm"', '"type":"alasm"'),
        ('"silent"', '"silant"'),
        ('"kind":1', '"kind":9'),
        ('"counter":100', '"counter":900'),
        ('"battery":150', '"battery":350'),
    )
]


@pytest.mark.parametrize("to", ONE_LETTER)
def test_one_letter_is_enough_for_both_also_where_what_it_makes_is_an_alarm(tmp_path, to):
    """Of another house, no longer silent, or one that the hub refuses for good."""
    house = altered_and_started(tmp_path, to=to)
    assert house.offers() == []
    house.run(UNREAD_S + 6)
    ((event_id, event),) = house.offers()
    assert event["unread"] and event["counter"] == 100 and "disk_lost" in house.performer.core.troubles()
    house.spool.mark_sent([event_id], REFUSED)
    house.run(20)
    assert house.offers() == [], "a refusal of the stand-in is the last word"
    house.hear(100)
    assert [e["kind"] for _, e in house.offers()] == [1]


@pytest.mark.parametrize("to", ONE_LETTER)
def test_and_where_its_button_goes_on_before_the_hub_has_answered(tmp_path, to):
    house = altered_and_started(tmp_path, to=to)
    house.hear(100)
    house.run(7)
    assert [e["kind"] for _, e in house.offers()] == [1] and house.siren.plays == 1


def test_one_that_the_hub_had_is_told_and_begun_no_more(tmp_path):
    house = altered_and_started(tmp_path, sent=True)
    house.run(UNREAD_S + 6)
    house.hear(100)
    house.run(7)
    assert house.offers() == [] and house.siren.plays == 0


def test_a_row_that_says_it_is_unread_and_names_nobody_keeps_no_other_from_being_resumed(tmp_path):
    (tmp_path / "a").mkdir()
    house = House(tmp_path / "a")
    house.spool.put({"type": "alarm", "key": "x", "unread": True})
    house.hear(100)
    again = House(killed_and_started(house, tmp_path / "b"))
    again.run(7)
    assert again.siren.plays == 1, "the alarm behind it is under way still"


def test_the_mark_is_written_after_an_alarm_and_seldom_for_statuses(tmp_path, monkeypatch):
    house, puts = House(tmp_path), []
    put = house.state.put
    monkeypatch.setattr(house.state, "put", lambda name, data: (puts.append(name), put(name, data)))
    house.run(600)
    before = puts.count("mark")
    for _ in range(20):
        house.spool.put({"type": "status", "counter": 1})
        house.run(30)
    assert puts.count("mark") - before <= 2, "a status costs the card no second write"
    before = puts.count("mark")
    house.hear(300)
    house.run(6)
    assert puts.count("mark") == before + 1
