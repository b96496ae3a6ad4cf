"""One matter is one message, however many devices it is."""

import json
import re
from itertools import count

import pytest
from kentongan_hub.base import clock, codes
from kentongan_hub.devices import supervision
from kentongan_hub.upkeep import tellings
from kentongan_wire.message import messages as m
from kits.hub.fault_kit import fail, mend

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
    some = tellings.due(rows, at, False)
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
    some = tellings.due([*rows, joined], joined["next_ms"], False)
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
    assert {row["next_ms"] for row in more} == {tellings.JOINS_MS}
    later = opened(codes.LID_OPEN, ["tombol-4"], 20 * MINUTE_MS, told(first, 0))
    assert later[0]["next_ms"] == 20 * MINUTE_MS, "nobody waits for an old message"
    assert opened(codes.SIREN_SILENT, ["pos-1"], 0, told(first, 0))[0]["next_ms"] == 0, "another matter"


def test_forty_weak_batteries_of_one_look_are_one_message():
    rows = opened(codes.BATTERY_LOW, [f"tombol-{one}" for one in range(40)], 0)
    some = tellings.due(rows, 0, False)
    assert "40 peringatan: baterai tombol-0, tombol-1, tombol-2 dan 37 lagi" in tellings.text(some)


def test_what_a_named_person_sees_to_is_told_no_more_and_new_ones_are():
    taken = [{**row, "taken_by": "Budi", "next_ms": None} for row in told(street_without_power(), 0)]
    assert tellings.due(taken, 10 * HOUR_MS, False) == []
    (new,) = opened(codes.SIREN_LOST, ["pos-9"], HOUR_MS, taken)
    assert new["next_ms"] == HOUR_MS + tellings.GATHER_OUTAGE_MS
    assert tellings.due([*taken, new], new["next_ms"], False) == [new]


@pytest.mark.parametrize(
    ("what", "written"), [(codes.DEVICE_LOST, False), (codes.BATTERY_LOW, False), (codes.LID_OPEN, True)]
)
def test_at_night_nothing_is_written_that_can_wait(what, written):
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
    some = tellings.ended(back, 2 * HOUR_MS + tellings.SETTLED_MS, False)
    assert "berakhir: 40 peringatan" in tellings.end_text(some)


def test_what_comes_and_goes_makes_no_new_message():
    back = closed(told(opened(codes.GATEWAY_LOST, ["gateway-1"], 0), 0), MINUTE_MS)
    (again,) = opened(codes.GATEWAY_LOST, ["gateway-1"], 2 * MINUTE_MS, back)
    assert again["next_ms"] == 2 * MINUTE_MS + tellings.JOINS_MS
    both = [*back, *closed([again], 3 * MINUTE_MS)]
    some = tellings.ended(both, 3 * MINUTE_MS + tellings.SETTLED_MS, False)
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


def mixed(at_ms=0, before=()):
    """Faults of every sort, as one look finds them: a message of each would be seven."""
    return [
        row
        for what, subjects in (
            (codes.MAINS_OUT, [f"pos-{one}" for one in range(20)]),
            (codes.BATTERY_LOW, [f"tombol-{one}" for one in range(15)]),
            (codes.PART_WORN, ["tombol-31", "tombol-32"]),
            (codes.KEY_WORN, ["tombol-41", "tombol-42"]),
            (codes.LID_OPEN, ["pos-1"]),
            (codes.SIREN_BROKEN, ["pos-2", "pos-3"]),
            (codes.RADIO_DOWN, ["gateway-1 modem"]),
        )
        for row in opened(what, subjects, at_ms, before)
    ]


def test_what_comes_together_is_one_message_that_begins_with_all_that_is_urgent():
    rows = mixed()
    some = tellings.due(rows, 0, False)
    assert len(some) == len(rows) == 43, "also what would have waited for more of its outage"
    text = tellings.text(some)
    assert text.startswith("Kentongan: 43 peringatan, 6 mendesak: ") and len(text) <= tellings.TEXT_LIMIT
    for what in ("kontak rusak", "tutup terbuka pos-1", "sirene rusak pos-2", "radio mati gateway-1 modem"):
        assert what in text, text
    assert text.index("radio mati") < text.index("baterai") and text.endswith("Lihat halaman Peringatan.")
    assert tellings.due(told(some, 0), 20 * MINUTE_MS, False, 0) == [], "reminders are one message, too"
    assert len(tellings.due(told(some, 0), 30 * MINUTE_MS, False, 0)) == 6, "of what is urgent"


def test_a_device_with_two_troubles_of_two_matters_is_named_under_both():
    rows = [warned(codes.LID_OPEN, "pos-1"), warned(codes.SIREN_LOST, "pos-1")]
    assert tellings.by_kind(rows) == {codes.LID_OPEN: ["pos-1"], codes.SIREN_LOST: ["pos-1"]}


def test_soon_after_a_message_only_what_is_urgent_is_told_and_the_rest_is_one_after_ten_minutes():
    rows = told(mixed(), 0)
    more = opened(codes.BATTERY_UNREAD, ["tombol-60"], MINUTE_MS, rows)
    more += opened(codes.PART_WORN, ["tombol-61"], 2 * MINUTE_MS, rows)
    assert tellings.due([*rows, *more], 3 * MINUTE_MS, False, 0) == []
    (silent,) = opened(codes.SIREN_SILENT, ["pos-1"], 3 * MINUTE_MS, [*rows, *more])
    some = tellings.due([*rows, *more, silent], 3 * MINUTE_MS, False, 0)
    assert some == [silent], "of the ronda: the technician's can wait"
    left = [*rows, *more, *told(some, 3 * MINUTE_MS)]
    assert tellings.due(left, 12 * MINUTE_MS, False, 3 * MINUTE_MS) == []
    (also,) = [tellings.due(left, 13 * MINUTE_MS, False, 3 * MINUTE_MS)]
    assert {row["subject"] for row in also if not row["told"]} == {"tombol-60", "tombol-61"}


def test_an_urgent_kind_that_is_new_goes_first_in_its_message_and_is_named_however_long_it_is():
    rows = told(mixed(), 0)
    (new,) = opened(codes.DISK_FILLING, ["pusat data"], MINUTE_MS, rows)
    text = tellings.text([*rows, new])
    assert text.index("mendesak: disk hampir penuh") > 0, text
    mine = [what for what, (_, owner) in supervision.KINDS.items() if owner == "teknisi"]
    text = tellings.text([warned(what, f"nama-yang-panjang-{one}") for what in mine for one in range(3)])
    for what in mine:
        urgent = supervision.KINDS[what][0]
        assert not urgent or f"{tellings.code_words.WARNINGS[what][0]} 3" in text, (what, text)
    assert len(text) <= 459, "three parts of an SMS"


def test_an_outage_that_another_message_took_along_has_its_own_time_for_who_joins_it():
    rows = told(opened(codes.MAINS_OUT, ["pos-1"], 0) + opened(codes.LID_OPEN, ["pos-1"], 0), 0)
    (joined,) = opened(codes.MAINS_OUT, ["pos-2"], MINUTE_MS, rows)
    assert joined["next_ms"] == MINUTE_MS + tellings.GATHER_LATE_MS


def test_who_is_merely_late_is_taken_along_by_no_other_message():
    rows = opened(codes.DEVICE_LATE, ["penerima-1"], 0) + opened(codes.LID_OPEN, ["pos-1"], 0)
    assert [row["what"] for row in tellings.due(rows, 0, False)] == [codes.LID_OPEN]


def test_ends_that_settle_together_are_one_message_and_wait_ten_minutes_at_most():
    gone = told(
        opened(codes.GATEWAY_LOST, ["gateway-1"], 0)
        + opened(codes.MAINS_OUT, ["pos-1", "pos-2"], 0)
        + opened(codes.RADIO_JAMMED, ["pos-1"], 0),
        0,
    )
    back = closed(gone[:1], HOUR_MS) + closed(gone[1:3], HOUR_MS + 2 * MINUTE_MS)
    back += closed(gone[3:], HOUR_MS + 3 * MINUTE_MS)
    settled_ms = HOUR_MS + tellings.SETTLED_MS
    assert tellings.ended(back, settled_ms, False) == [], "the others are over, too, and may go again"
    some = tellings.ended(back, settled_ms + 3 * MINUTE_MS, False)
    assert len(some) == 4 and "berakhir: 4 peringatan: " in tellings.end_text(some)
    assert tellings.ended(back, settled_ms + 3 * MINUTE_MS, False, settled_ms) == [], "one was just sent"
    flapping = [*closed(gone[:1], HOUR_MS), *closed(gone[3:], settled_ms + 9 * MINUTE_MS)]
    assert tellings.ended(flapping, settled_ms + 10 * MINUTE_MS, False)[0]["subject"] == "gateway-1"


def test_of_what_nobody_was_told_no_end_is_told_beside_one_that_is():
    rows = closed(told(opened(codes.GATEWAY_LOST, ["gateway-1"], 0), 0), HOUR_MS)
    rows += closed(opened(codes.RADIO_JAMMED, ["pos-1"], HOUR_MS), HOUR_MS)
    assert [row["subject"] for row in tellings.ended_told(rows)] == ["gateway-1"]


def duties(site, **people):
    """One person for each name with these duties, each with a telephone."""
    with site.hub.store.write() as db:
        for at, (name, some) in enumerate(people.items()):
            person = db.insert("people", name=name, created_wall=0)
            for duty in some:
                db.insert("duties", person=person, duty=duty, zone=0)
            db.insert("addresses", person=person, channel="sms", address=f"+628{at}")


def to_each(site):
    """{name: messages} of the news that were written."""
    found = {}
    for row in site.rows("SELECT body FROM outbox WHERE type = 'news' ORDER BY id"):
        body = json.loads(row["body"])
        found.setdefault(body["name"], []).append(body["text"])
    return found


def test_forty_three_mixed_faults_are_one_message_to_each_person_and_so_is_their_end(site):
    duties(site, Sari=("teknisi", "ronda"), Joko=("ketua_rt",), Budi=("ronda",))
    run(site, 15 * MINUTE_MS)  # what this site had before has been told
    before, open_before = to_each(site), len(site.warnings())
    fail(site.hub.store, site.hub.now())
    run(site, MINUTE_MS)
    assert len(site.warnings()) == open_before + 43
    new = {name: some[len(before.get(name, ())) :] for name, some in to_each(site).items()}
    assert {name: len(some) for name, some in new.items()} == {"Sari": 1, "Joko": 1, "Budi": 1}, new
    assert new["Sari"][0].startswith("Kentongan: 36 peringatan, 18 mendesak: "), new
    for urgent in ("tutup terbuka", "sirene rusak", "radio diganggu", "radio mati", "kontak rusak"):
        assert urgent in new["Sari"][0], new
    assert "tutup terbuka" in new["Budi"][0] and "radio" not in new["Budi"][0], "to each what is theirs"
    assert "7 peringatan: baterai" in new["Joko"][0]

    told = to_each(site)
    mend(site.hub.store)
    run(site, 25 * MINUTE_MS)
    after = {name: some[len(told[name]) :] for name, some in to_each(site).items()}
    ends = [(name, text) for name, some in after.items() for text in some if "berakhir" in text]
    assert [name for name, _ in ends] == ["Sari"] and "berakhir: 13 peringatan: " in ends[0][1], ends


def test_an_urgent_kind_that_opens_among_them_is_told_at_once(site):
    duties(site, Sari=("teknisi", "ronda"))
    run(site, 15 * MINUTE_MS)
    fail(site.hub.store, site.hub.now())
    run(site, MINUTE_MS)
    before = len(to_each(site)["Sari"])
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET flash_failing = 1 WHERE label = 'alat-40'")
    run(site, 40_000)
    (new,) = to_each(site)["Sari"][before:]
    assert "alat-40 flash gagal" in new or "flash gagal alat-40" in new


def test_at_night_what_can_wait_is_one_message_in_the_morning(site):
    duties(site, Joko=("ketua_rt",))
    run(site, 15 * MINUTE_MS)
    with site.hub.store.write() as db:
        minutes = clock.local_minutes(site.hub.now().wall, "WIB")
        db.set_setting("quiet_from", f"{minutes // 60:02}.{minutes % 60:02}")
        over = (minutes + 60) % 1440
        db.set_setting("quiet_to", f"{over // 60:02}.{over % 60:02}")
    fail(site.hub.store, site.hub.now())
    run(site, 50 * MINUTE_MS)
    assert "baterai" not in " ".join(to_each(site).get("Joko", ()))
    run(site, 12 * MINUTE_MS)
    assert len([text for text in to_each(site)["Joko"] if "baterai" in text]) == 1


def test_all_that_nobody_has_taken_is_one_card_with_a_part_for_each_kind_and_a_press_takes_one_or_all(site):
    fail(site.hub.store, site.hub.now())
    run(site, MINUTE_MS)
    admin = site.enter("admin")
    page = admin.get("/peringatan").text
    assert page.count("<article") == 1 and "Saya urus semuanya" in page
    for kind in ("tutup terbuka", "sirene rusak", "radio diganggu", "listrik padam", "baterai"):
        assert page.count(f'<h2><span class="huruf-besar">{kind}</span>: ') == 1, kind
    assert page.index("radio diganggu") < page.index("listrik padam"), "the urgent ones first"
    some = [row["id"] for row in site.rows("SELECT id FROM warnings WHERE what = 'jammed'")]
    some += [row["id"] for row in site.rows("SELECT id FROM warnings WHERE what = 'lid_open'")]
    admin.post("/peringatan/urus", page="/peringatan", nomor=some)
    page = admin.get("/peringatan").text
    assert page.count("<article") == 2 and page.count('class="kartu diurus"') == 1
    assert page.index("Saya urus semuanya") < page.index('class="kartu diurus"'), "below, and calm"
    left = re.findall(
        r'name="nomor" value="(\d+)"', page.rpartition("Saya urus semuanya")[0].rpartition("<form")[2]
    )
    admin.post("/peringatan/urus", page="/peringatan", nomor=left)
    page = admin.get("/peringatan").text
    assert page.count("<article") == 1 and "Saya urus" not in page


def test_a_siren_that_is_lost_after_another_is_told_ten_minutes_later_at_most():
    told = warned(codes.SIREN_LOST, "pos-1", 0, told=1, next_ms=180_000 + tellings.REMIND_URGENT_MS)
    new = warned(codes.SIREN_LOST, "pos-2", 240_000)
    assert tellings.first_ms(new, [told], 240_000) - 240_000 <= tellings.JOINS_MS


def test_a_lost_siren_is_told_at_once_days_after_another_that_came_back():
    """A button that stays dead keeps their matter open."""
    dead = warned(codes.DEVICE_LOST, "tombol-9", 0, told=1, next_ms=None, taken_by="Siti")
    back_ms, now_ms = 3_600_000, 72 * 3_600_000
    back = warned(
        codes.SIREN_LOST, "pos-1", 0, told=1, closed_ms=back_ms, next_ms=back_ms + tellings.SETTLED_MS
    )
    new = warned(codes.SIREN_LOST, "pos-2", now_ms)
    assert tellings.first_ms(new, [dead, back], now_ms) - now_ms <= tellings.GATHER_OUTAGE_MS
