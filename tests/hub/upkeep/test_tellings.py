"""One matter is one message, however many devices it is."""

import json
from itertools import count

import pytest
from kentongan_hub.base import codes
from kentongan_hub.devices import supervision
from kentongan_hub.upkeep import tellings
from kentongan_wire import messages as m

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NUMBERS = count(1)


def warned(what, subject, opened_ms=0, **fields):
    urgent, owner = supervision.KINDS[what]
    return {
        **{"id": next(NUMBERS), "what": what, "subject": subject, "urgent": int(urgent), "owner": owner},
        **{"said": "", "detail": "", "taken_by": None, "opened_ms": opened_ms, "closed_ms": None},
        **{"next_ms": None, "told": 0, **fields},
    }


def opened(what, subjects, at_ms, before=()):
    """As they open one after the other, in the same look."""
    rows = [warned(what, subject, at_ms) for subject in subjects]
    return [{**row, "next_ms": tellings.first_ms(row, before, at_ms)} for row in rows]


def told(rows, now_ms):
    return [{**row, "told": row["told"] + 1, "next_ms": now_ms + tellings.remind_ms(row)} for row in rows]


def street_without_power():
    late = opened(codes.DEVICE_LATE, [f"penerima-{one}" for one in range(36)], 0)
    lost = opened(codes.SIREN_LOST, [f"pos-{one}" for one in range(1, 5)], 20_000, late)
    return late + lost


def test_a_street_without_power_is_one_message_with_the_count_and_the_first_few():
    rows = street_without_power()
    at = min(row["next_ms"] for row in rows)
    assert at <= 20_000 + tellings.GATHER_OUTAGE_MS
    assert tellings.due(rows, at - 1, False) == []
    (some,) = tellings.due(rows, at, False)
    text = tellings.text(some)
    assert len(some) == 40 and "40 peringatan" in text
    assert "sirene terputus pos-1, pos-2, pos-3 dan 1 lagi" in text
    assert "penerima-0, penerima-1, penerima-2 dan 33 lagi" in text
    assert len(text) <= tellings.TEXT_LIMIT


def test_who_joins_later_is_named_by_the_next_message_and_makes_none():
    rows = told(street_without_power(), 200_000)
    (joined,) = opened(codes.DEVICE_LOST, ["penerus-9"], 300_000, rows)
    assert joined["next_ms"] == min(row["next_ms"] for row in rows)
    assert tellings.due([*rows, joined], joined["next_ms"] - 1, False) == []
    (some,) = tellings.due([*rows, joined], joined["next_ms"], False)
    assert joined in some


def test_a_device_with_two_troubles_of_one_power_cut_is_counted_once_under_the_worse():
    rows = [warned(codes.MAINS_OUT, "pos-1"), warned(codes.SIREN_LOST, "pos-1")]
    assert tellings.by_kind(rows) == {codes.SIREN_LOST: ["pos-1"]}


def test_worse_than_what_was_told_is_told_anew():
    rows = told(opened(codes.DEVICE_LATE, ["pos-1"], 0), 600_000)
    (lost,) = opened(codes.SIREN_LOST, ["pos-1"], 700_000, rows)
    assert lost["next_ms"] == 700_000 + tellings.GATHER_OUTAGE_MS


def test_urgent_things_are_told_at_once_and_more_of_the_kind_in_ten_minutes():
    first = opened(codes.LID_OPEN, ["tombol-1"], 0)
    assert first[0]["next_ms"] == 0
    more = opened(codes.LID_OPEN, ["tombol-2", "tombol-3"], MINUTE_MS, told(first, 0))
    assert {row["next_ms"] for row in more} == {tellings.JOINS_URGENT_MS}
    later = opened(codes.LID_OPEN, ["tombol-4"], 20 * MINUTE_MS, told(first, 0))
    assert later[0]["next_ms"] == 20 * MINUTE_MS, "nobody waits for an old message"
    assert opened(codes.SIREN_SILENT, ["pos-1"], 0, told(first, 0))[0]["next_ms"] == 0, "another matter"


def test_forty_weak_batteries_of_one_look_are_one_message():
    rows = opened(codes.BATTERY_LOW, [f"tombol-{one}" for one in range(40)], 0)
    (some,) = tellings.due(rows, 0, False)
    assert "40 peringatan: baterai tombol-0, tombol-1, tombol-2 dan 37 lagi" in tellings.text(some)


def test_what_a_named_person_sees_to_is_told_no_more_and_new_ones_are():
    taken = [{**row, "taken_by": "Budi", "next_ms": None} for row in told(street_without_power(), 0)]
    assert tellings.due(taken, 10 * HOUR_MS, False) == []
    (new,) = opened(codes.SIREN_LOST, ["pos-9"], HOUR_MS, taken)
    assert new["next_ms"] == HOUR_MS + tellings.GATHER_OUTAGE_MS
    assert tellings.due([*taken, new], new["next_ms"], False) == [[new]]


@pytest.mark.parametrize(
    ("what", "written"), [(codes.DEVICE_LOST, False), (codes.BATTERY_LOW, True), (codes.LID_OPEN, True)]
)
def test_at_night_nothing_is_written_that_may_be_over_by_the_morning(what, written):
    rows = opened(what, ["tombol-1"], 0)
    assert bool(tellings.due(rows, HOUR_MS, True)) == written
    assert tellings.due(rows, HOUR_MS, False), "and the rest in the morning"


def closed(rows, at_ms):
    return [{**row, "closed_ms": at_ms, "next_ms": tellings.end_ms(row, at_ms)} for row in rows]


def test_the_end_of_a_matter_is_told_once_it_is_over_for_all_and_has_settled():
    rows = told(street_without_power(), 200_000)
    back = closed(rows[:39], HOUR_MS)
    assert tellings.ended([*back, rows[39]], 2 * HOUR_MS, False) == [], "one is still away"
    back += closed(rows[39:], 2 * HOUR_MS)
    assert tellings.ended(back, 2 * HOUR_MS, False) == [], "it may go again"
    (some,) = tellings.ended(back, 2 * HOUR_MS + tellings.SETTLED_MS, False)
    assert "berakhir: 40 peringatan" in tellings.end_text(some)


def test_what_comes_and_goes_makes_no_new_message():
    back = closed(told(opened(codes.GATEWAY_LOST, ["gateway-1"], 0), 0), MINUTE_MS)
    (again,) = opened(codes.GATEWAY_LOST, ["gateway-1"], 2 * MINUTE_MS, back)
    assert again["next_ms"] == 2 * MINUTE_MS + tellings.JOINS_URGENT_MS
    both = [*back, *closed([again], 3 * MINUTE_MS)]
    (some,) = tellings.ended(both, 3 * MINUTE_MS + tellings.SETTLED_MS, False)
    assert tellings.end_text(some).count("gateway-1") == 1


def test_an_open_lid_that_was_closed_has_no_end_to_tell():
    assert tellings.end_ms(warned(codes.LID_OPEN, "tombol-1"), 0) is None


def technician(site):
    with site.hub.store.write() as db:
        person = db.insert("people", name="Teknisi", created_wall=0)
        for duty in ("teknisi", "ronda"):
            db.insert("duties", person=person, duty=duty, zone=0)
        db.insert("addresses", person=person, channel="sms", address="+62811")


def messages(site):
    return [
        json.loads(row["body"])["text"] for row in site.rows("SELECT body FROM outbox WHERE type = 'news'")
    ]


def run(site, ms):
    """The gateway and its post speak on."""
    for _ in range(0, ms, 20_000):
        site.clock.advance(20_000)
        site.post_events(site.event("status", device=site.post, role=2, body={"flags": m.STATUS_MAINS}))
        site.hub.dispatch.step()


@pytest.fixture
def street(site):
    """A hub of forty chimes, all heard, none of which speaks any more."""
    technician(site)
    with site.hub.store.write() as db:
        now = site.hub.now()
        for number in range(40):
            chime = {"node": 0x53000100 + number, "label": f"penerima-{number:02}", "role": "penerima"}
            place = {"zone": 5, "house": 0, "place": "RT 05/RW 03", "hops": 1}
            heard = {
                "heard_ms": now.ms,
                "heard_wall": now.wall,
                "created_ms": now.ms,
                "created_wall": now.wall,
            }
            db.insert("devices", **chime, **place, **heard)
    return site


def chimes_speak(site):
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET heard_ms = ? WHERE role = 'penerima'", site.hub.now().ms)


def test_forty_devices_that_fall_silent_are_one_message_and_their_end_is_one(street):
    run(street, 20 * MINUTE_MS)
    (message,) = messages(street)
    assert "40 peringatan: terputus penerima-00, penerima-01, penerima-02 dan 37 lagi" in message
    assert len([one for one in street.warnings() if one["what"] == "terputus"]) == 40
    for _ in range(2):
        chimes_speak(street)
        run(street, 4 * MINUTE_MS)
    assert len(messages(street)) == 2 and "berakhir: 40 peringatan" in messages(street)[1]
