"""Late before lost, and nothing green without proof."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kentongan_hub.base import clock, quiet_hours
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import supervision as s
from kentongan_hub.people import residents
from kentongan_node.roles.repeater import Penerus
from kentongan_wire.air import flood
from kentongan_wire.message import messages as m
from kits.gateway.gateway_kit import REPEATER, Bench, node_status
from kits.node import nodekit
from kits.node.nodekit import Shell

MINUTE_MS = 60_000
RELAY = 0x52000031


@pytest.mark.parametrize(
    ("role", "silent_ms", "state"),
    [
        ("sirene", 279_000, s.TERHUBUNG),
        ("sirene", 280_000, s.TERLAMBAT),
        ("sirene", 5 * MINUTE_MS, s.TERPUTUS),
        ("tombol", 12 * s.HOUR_MS, s.TERHUBUNG),
        ("tombol", 13 * s.HOUR_MS, s.TERLAMBAT),
        ("tombol", 26 * s.HOUR_MS, s.TERPUTUS),
        ("gateway", 39_000, s.TERHUBUNG),
        ("gateway", 40_000, s.TERLAMBAT),
    ],
)
def test_a_silent_device_is_late_before_it_is_lost(role, silent_ms, state):
    assert s.link(role, 1_000, 1_000 + silent_ms) == state


def test_a_device_whose_status_gives_way_to_an_alarm_is_called_late_neither_by_hub_nor_gateway():
    """It was 'terlambat' 20 s after an alarm put its STATUS off by design, and a technician was told."""
    shell = Shell(Penerus(nodekit.settings("penerus", RELAY), {}))
    for counter in range(1, 400):
        shell.hear(nodekit.alarm(0x53000007, counter))
        shell.wait(10_000)
    told_ms = [
        at_ms
        for at_ms, frame in shell.sent
        if nodekit.message_of(frame).type == m.STATUS and nodekit.packet_of(frame).src == RELAY
    ]
    silent_ms = max(nodekit.gaps(told_ms))
    assert 240_000 < silent_ms <= 262_000 < flood.STATUS_LATE_MS < s.MAINS_LIMITS_MS[1]
    assert s.link("penerus", 1_000, 1_000 + silent_ms + 15_000) == s.TERHUBUNG
    gateway = Bench()
    gateway.hear(node_status(REPEATER), src=REPEATER)
    gateway.run(silent_ms + 15_000, hub_ok_every_ms=1_000)
    assert not gateway.of_type("supervision")


def test_a_device_that_was_never_heard_is_not_called_connected():
    assert s.link("tombol", None, 1_000) == s.BELUM


def test_a_gateways_report_makes_a_device_worse_and_never_better():
    assert s.link("sirene", 1_000, 2_000, s.TERPUTUS) == s.TERPUTUS
    assert s.link("sirene", 1_000, 2_000, s.TERLAMBAT) == s.TERLAMBAT
    assert s.link("sirene", 1_000, 1_000 + 6 * MINUTE_MS, s.TERHUBUNG) == s.TERPUTUS


def test_a_battery_reads_nothing_at_the_mark_where_the_button_calls_it_low():
    assert [s.battery_percent(mv) for mv in (4_200, 4_100, 3_700, 3_300, 2_900)] == [100, 100, 50, 0, 0]
    assert s.battery_percent(None) is None and s.battery_percent(0) is None


def test_the_signal_is_named_for_people():
    assert [s.signal(-90, snr_q) for snr_q in (20, -20, -21, None)] == ["kuat", "cukup", "lemah", ""]


FACTS = {
    **dict.fromkeys(("gateways", "radios", "devices", "stuck", "silent", "channels"), ()),
    **{"broken_policies": (), "old_contacts": (), "missed_drills": (), "troubles": (), "broken_chains": ()},
    **{"failed": None, "disk_free": 0.5, "clock_back_ms": 0, "backed_up": True, "unsaved_ms": 0},
}
DEVICE = {
    **{"label": "tombol-07", "role": "tombol", "heard_ms": 0, "link": "", "created_ms": 0, "mains": None},
    **{"siren_fault": 0, "lid": 0, "jammed": 0, "days_left": None, "battery_mv": 4_000, "low_battery": 0},
    **{"muted_until_ms": None, "muted_reason": None},
}
TROUBLE = {"gateway": "g", "name": "disk", "words": "penuh", "urgent": False}


def found(now_ms=0, **facts):
    return sorted(code_words.WARNINGS[what][0] for what, _ in s.findings({**FACTS, **facts}, now_ms))


def test_nothing_wrong_is_no_warning():
    assert found(devices=[DEVICE]) == []
    for role, battery_mv in (("sirene", 12_600), ("penerus", 3_700), ("penerus", 0)):
        assert found(devices=[{**DEVICE, "role": role, "battery_mv": battery_mv}]) == []


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"gateways": [{"label": "g", "heard_ms": -5 * MINUTE_MS}]}, "gerbang terputus"),
        ({"radios": [{"gateway": "g", "name": "serial"}]}, "radio mati"),
        ({"devices": [{**DEVICE, "role": "sirene", "heard_ms": -5 * MINUTE_MS}]}, "sirene terputus"),
        ({"devices": [{**DEVICE, "heard_ms": -13 * s.HOUR_MS}]}, "terlambat"),
        ({"devices": [{**DEVICE, "heard_ms": -26 * s.HOUR_MS}]}, "terputus"),
        ({"devices": [{**DEVICE, "heard_ms": None}], "now_ms": s.NEVER_HEARD_MS + 1}, "belum terdengar"),
        ({"devices": [{**DEVICE, "siren_fault": 1}]}, "sirene rusak"),
        ({"devices": [{**DEVICE, "lid": 1}]}, "tutup terbuka"),
        ({"devices": [{**DEVICE, "jammed": 1}]}, "radio diganggu"),
        ({"devices": [{**DEVICE, "mains": 0}]}, "listrik padam"),
        ({"devices": [{**DEVICE, "key_stuck": 1}]}, "kontak rusak"),
        ({"devices": [{**DEVICE, "flash_failing": 1}]}, "flash gagal"),
        ({"devices": [{**DEVICE, "part_failing": 1}]}, "bagian rusak"),
        ({"devices": [{**DEVICE, "battery_unread": 2}]}, "baterai tidak terbaca"),
        ({"devices": [{**DEVICE, "role": "sirene", "battery_mv": 11_700}]}, "aki lemah"),
        ({"devices": [{**DEVICE, "days_left": 30}]}, "baterai"),
        ({"devices": [{**DEVICE, "low_battery": 1}]}, "baterai"),
        ({"devices": [{**DEVICE, "battery_mv": 3_400}]}, "baterai"),
        ({"devices": [{**DEVICE, "muted_until_ms": 1, "muted_reason": "macet"}]}, "tombol dibisukan"),
        ({"stuck": [{"label": "tombol-07", "count": 4}]}, "tombol macet"),
        ({"silent": [{"label": "pos-1", "state": "silent"}]}, "sirene diam"),
        ({"silent": [{"label": "pos-1", "state": "failed"}]}, "sirene gagal"),
        ({"disk_free": 0.09}, "disk hampir penuh"),
        ({"clock_back_ms": 2 * MINUTE_MS}, "jam tidak pasti"),
        ({"backed_up": False, "unsaved_ms": s.BACKUP_AGE_MS + 1}, "cadangan lama"),
        ({"unsaved_ms": s.BACKUP_AGE_MS + 1}, "cadangan lama"),
        ({"failed": "memanggil, tombol-07 #9"}, "pusat data gagal"),
        ({"broken_policies": ["maling, RT 05"]}, "kebijakan rusak"),
        ({"old_contacts": ["Polisi", "PLN"]}, "kontak lama"),
        ({"troubles": [{**TROUBLE, "urgent": True}]}, "gerbang bermasalah"),
        ({"troubles": [TROUBLE]}, "gerbang perlu dilihat"),
        ({"troubles": [{**TROUBLE, "name": "siren relay"}]}, "gerbang tanpa sirene"),
        ({"broken_chains": [("audit", 17)]}, "catatan diubah"),
        ({"missed_drills": [{"id": 3}]}, "latihan terlewat"),
        ({"channels": [{"name": "sms", "fails": 3, "problem": "tidak ada sinyal"}]}, "kanal gagal"),
    ],
)
def test_each_thing_that_needs_care_is_a_warning_with_an_owner_and_a_remedy(facts, what):
    assert found(**facts) == [what]
    (one,) = s.findings({**FACTS, **facts}, facts.get("now_ms", 0)).values()
    urgent, owner = s.KINDS[one.what]
    assert type(urgent) is bool and owner in residents.DUTIES and len(code_words.WARNINGS[one.what][1]) > 10


def test_a_falling_battery_says_how_many_days_are_left():
    falling = [(day, 4_000 - 10 * day) for day in range(20)]
    assert s.days_left(falling) == (4_000 - 190 - s.BATTERY_EMPTY_MV) // 10
    assert s.days_left(falling[:6]) is None, "a week is needed"
    assert s.days_left([(day, 3_900 + day % 2) for day in range(20)]) is None, "a flat line has no end"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(2_500, 4_300), min_size=7, max_size=60))
def test_any_series_of_voltages_gives_a_sane_number_or_none(levels):
    left = s.days_left(list(enumerate(levels)))
    assert left is None or 0 <= left <= s.DAYS_LEFT_MAX


def open_now(site):
    return {(w["what"], w["subject"]): w for w in site.warnings()}


def step(site, ms=0):
    site.clock.advance(ms)
    site.hub.dispatch.step()
    return open_now(site)


def test_a_warning_opens_once_is_told_to_its_owner_and_closes_when_it_is_well(site):
    with site.hub.store.write() as db:
        person = db.insert("people", name="Teknisi", created_wall=0)
        db.insert("duties", person=person, duty="teknisi", zone=0)
        db.insert("addresses", person=person, channel="sms", address="+62811")
    status = {"device": site.post, "role": 2}
    site.post_events(site.event("status", body={"flags": m.STATUS_SIREN_FAULT | m.STATUS_MAINS}, **status))
    for _ in range(3):
        assert ("sirene rusak", "pos-1") in step(site, 10_000)
    (message,) = site.rows("SELECT body FROM outbox WHERE type = 'news'")
    assert "pos-1 sirene rusak" in message["body"]
    site.post_events(site.event("status", body={"flags": m.STATUS_MAINS}, **status))
    assert ("sirene rusak", "pos-1") not in step(site, 10_000)
    assert "Sudah pulih" in site.enter("admin").get("/peringatan").text


@pytest.mark.parametrize("duty", ["ketua_rt", "wakil_rt", "ketua_rw"])
def test_a_warning_whose_owner_has_no_address_is_told_to_the_next_in_line_at_once(site, duty):
    with site.hub.store.write() as db:
        for name, holds in (("Tanpa nomor", "teknisi"), ("Bu Next", duty)):
            person = db.insert("people", name=name, zone=5, created_wall=0)
            db.insert("duties", person=person, duty=holds, zone=5)
        db.insert("addresses", person=person, channel="sms", address="+62811")
    status = {"device": site.post, "role": 2}
    site.post_events(site.event("status", body={"flags": m.STATUS_SIREN_FAULT | m.STATUS_MAINS}, **status))
    step(site, 10_000)
    (message,) = site.rows("SELECT body FROM outbox WHERE type = 'news'")
    assert "Bu Next" in message["body"] and "sirene rusak pos-1" in message["body"]


def test_an_urgent_warning_is_told_again_until_a_named_person_takes_it(site):
    site.post_events(site.event("status", device=site.post, role=2, body={"flags": m.STATUS_LID}))
    first = step(site, 10_000)["tutup terbuka", "pos-1"]
    assert step(site, 1_800_000)["tutup terbuka", "pos-1"]["told"] == 2
    person = site.enter("admin")
    person.post("/peringatan/urus", page="/peringatan", nomor=first["id"], catatan="Saya ke pos")
    taken = step(site, 7_200_000)["tutup terbuka", "pos-1"]
    assert (taken["told"], taken["taken_by"], taken["note"]) == (2, "Bu Admin", "Saya ke pos")
    assert "Diurus Bu Admin" in person.get("/peringatan").text


@pytest.mark.parametrize(("hour", "waits_h"), [(23, 6), (2, 3), (12, 0), (5, 0), (21, 0)])
def test_news_that_can_wait_waits_for_the_morning_and_alarms_never_do(site, hour, waits_h):
    midnight = 1_790_000_000_000 // 86_400_000 * 86_400_000 - 7 * s.HOUR_MS  # in WIB
    at = clock.Now(0, midnight + hour * s.HOUR_MS)
    with site.hub.store.read() as db:
        assert quiet_hours.quiet_left_ms(db, at) == waits_h * s.HOUR_MS


def test_a_post_that_does_not_report_sounding_within_15_s_is_itself_an_alarm(site):
    site.post_events(site.alarm(counter=9))
    assert ("sirene diam", "pos-1") not in step(site, 14_999)
    assert ("sirene diam", "pos-1") in step(site, 10_001)
    person = site.enter("admin")
    assert ">sirene diam</strong> pos-1" in person.get("/papan").text
    assert "sirene tidak melapor berbunyi: pos-1" in person.get("/kejadian/kejadian-1").text
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_SOUNDING, **report))
    assert ("sirene diam", "pos-1") not in step(site, 10_000)
    assert "merasakan bunyinya sendiri" in person.get("/perangkat").text


def test_the_board_says_one_trouble_of_many_devices_in_one_line_and_links_only_who_may_follow(site):
    site.account("budi", "petugas_ronda")
    site.account("lurah", "kelurahan")
    with site.hub.store.write() as db:
        for at, (subject, who) in enumerate((("pos-1", None), ("pos-2", None), ("pos-3", "Budi"))):
            db.insert("warnings", what="siren_silent", subject=subject, taken_by=who, detail="",
                      owner="ronda", urgent=1, opened_ms=at, opened_wall=at)  # fmt: skip
    lines = {}
    for login in ("budi", "lurah"):
        text = site.enter(login).get("/papan").text
        lines[login] = re.findall(r">sirene diam</strong> (.*?)</p>", text)
    link = '<a href="/peringatan">belum ada yang mengurus</a>'
    assert lines["budi"] == [f"pos-2, pos-1: {link}", "pos-3: diurus Budi"]
    assert lines["lurah"][0].endswith(": belum ada yang mengurus")
    budi = site.enter("budi")
    budi.post("/bahasa", page="/papan", ke="en")
    assert ">siren silent</strong>" in budi.get("/papan").text


def lid_open(db, label):
    at = {"opened_ms": 1, "opened_wall": 1}
    db.insert("warnings", what="lid_open", subject=label, detail="", owner="ronda", urgent=1, **at)


def lids(site, count):
    with site.hub.store.write() as db:
        for number in range(count):
            lid_open(db, f"tombol-{number:02}")


def test_forty_open_lids_are_one_card_with_a_list_and_one_press(site):
    lids(site, 40)
    admin = site.enter("admin")
    page = admin.get("/peringatan").text
    assert page.count("<article") == 1 and "tutup terbuka</span>: 40" in page
    assert "tombol-00, tombol-01, tombol-02 dan 37 lagi" in page and "Semua 40" in page
    assert "dan 36 lagi" in admin.get("/papan").text, "four of them are named on the board"
    numbers = [row["id"] for row in site.rows("SELECT id FROM warnings")]
    with site.hub.store.write() as db:
        lid_open(db, "tombol-99")
    assert admin.post("/peringatan/urus", page="/peringatan", nomor=numbers).status_code == 303
    left = site.rows("SELECT subject FROM warnings WHERE taken_by IS NULL")
    assert [row["subject"] for row in left] == ["tombol-99"], "nobody takes what was not shown"
    page = admin.get("/peringatan").text
    assert page.index("tombol-99: tutup terbuka") < page.index('class="kartu diurus"')
    assert admin.post("/peringatan/urus", page="/peringatan", nomor="nol").status_code == 404


def test_a_broken_siren_that_somebody_sees_to_is_calm_on_the_board(site):
    broken = {"flags": m.STATUS_SIREN_FAULT | m.STATUS_MAINS}
    site.post_events(site.event("status", device=site.post, role=2, body=broken))
    number = step(site, 10_000)["sirene rusak", "pos-1"]["id"]
    admin = site.enter("admin")
    assert '<p class="ganggu"><strong>SIRENE RUSAK' in admin.get("/papan").text
    admin.post("/peringatan/urus", page="/peringatan", nomor=number)
    text = admin.get("/papan").text
    assert '<p class="ganggu diurus"><strong>SIRENE RUSAK' in text and "(diurus Bu Admin)" in text


def test_a_failure_report_is_an_alarm_at_once_and_ends_when_somebody_checked(site):
    site.post_events(site.alarm(counter=9))
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_FAILED, **report))
    warning = step(site, 1)["sirene gagal", "pos-1"]
    site.clock.advance(60_000)
    person = site.enter("admin")
    checked = {"page": "/peringatan", "nomor": warning["id"]}
    assert person.post("/peringatan/diperiksa", **checked).status_code == 303
    assert ("sirene gagal", "pos-1") not in step(site)
    assert person.post("/peringatan/diperiksa", **checked).status_code == 404


def test_a_post_that_cannot_sense_its_siren_says_so_and_raises_no_alarm(site):
    site.post_events(site.alarm(counter=9))
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    site.post_events(site.event("siren_report", state=m.STATE_DRIVEN, **report))
    assert not [what for what, _ in step(site, 20_000) if what.startswith("sirene")]
    assert "tidak bisa merasakan bunyinya" in site.enter("admin").get("/perangkat").text


@pytest.mark.parametrize(
    "fields", [{"silent": True, "kind": 8}, {"drill": True}, {"late": True}, {"age_ms": 60_000}]
)
def test_nobody_waits_for_a_siren_that_was_not_meant_to_sound(site, fields):
    site.post_events(site.alarm(counter=9, **fields))
    assert site.rows("SELECT * FROM soundings") == []


def test_the_day_list_of_a_battery_keeps_the_lowest_and_gives_the_days_left(site):
    for day in range(10):
        for battery in (200 - day, 190 - day):
            body = {"flags": 0, "battery": battery}
            site.post_events(site.event("status", device=site.button, role="tombol", body=body, rssi=-80))
        site.clock.advance(s.DAY_MS)
    days = site.rows("SELECT low_mv FROM battery_days WHERE device = ? ORDER BY day", site.button)
    assert [row["low_mv"] for row in days] == [3_800 - 20 * day for day in range(10)]
    assert site.rows("SELECT days_left FROM devices WHERE node = ?", site.button) == [{"days_left": 17}]
    assert "baterai cukup untuk sekitar 17 hari" in site.enter("admin").get("/perangkat").text


def test_a_quiet_test_is_ordered_for_one_post_and_is_on_the_record(site):
    person = site.enter("admin")
    assert person.post("/perangkat/pos-1/uji", page="/perangkat").status_code == 303
    (order,) = site.orders()
    assert (order["type"], order["action"], order["targets"]) == ("siren", "test", [site.post])
    assert person.post("/perangkat/tombol-07/uji", page="/perangkat").status_code == 404
    assert site.rows("SELECT who FROM audit WHERE what = 'siren_tested'") == [{"who": "admin"}]


@pytest.mark.parametrize(("after_ms", "answered"), [(4_000, True), (130_000, False)])
def test_the_answer_to_a_quiet_test_is_shown_and_so_is_that_none_came(site, after_ms, answered):
    person = site.enter("admin")
    person.post("/perangkat/pos-1/uji", page="/perangkat")
    assert "belum dijawab: muat ulang" in person.get("/perangkat").text
    site.clock.advance(after_ms)
    status = {"device": site.post, "role": "sirene", "body": {"flags": m.STATUS_MAINS}}
    site.post_events(site.event("status", **status))
    text = person.get("/perangkat").text
    assert (" · diuji " in text) is answered and ("belum dijawab: muat ulang" in text) is not answered


def clock_of(site, off_s, age_ms=5_000, wall=True):
    """The gateway reports something of `age_ms` ago, by a clock that is off_s seconds ahead of the hub's."""
    from datetime import UTC, datetime

    site.clock.advance(60_000)  # warnings are looked at every 10 s
    then_s = (site.clock.wall_ms() - age_ms) / 1000 + off_s
    told = datetime.fromtimestamp(then_s, UTC).isoformat() if wall else None
    site.post_events(site.event("radio", name="serial", up=True) | {"wall": told, "age_ms": age_ms})
    site.hub.dispatch.step()
    return site.warnings("what = 'clock_unsure' AND closed_ms IS NULL")


@pytest.mark.parametrize("off_s", [-3_600, -130, 130, 86_400])
def test_a_gateways_clock_that_is_steady_and_wrong_is_a_warning_until_it_is_right(site, off_s):
    assert clock_of(site, 0) == []
    (warning,) = clock_of(site, off_s)
    assert warning["subject"] == "gateway-1" and f"berbeda {abs(off_s) // 60} menit" in warning["detail"]
    assert len(clock_of(site, 0, wall=False)) == 1, "a clock that says nothing has not become right"
    assert clock_of(site, 0) == []


def test_a_report_that_waited_long_says_nothing_of_the_clock(site):
    assert clock_of(site, 0, age_ms=7_200_000) == []
    assert clock_of(site, 100) == [], "below two minutes nobody reads a wrong time"
    assert clock_of(site, 9_000, age_ms=-1) == [], "of unknown age"
