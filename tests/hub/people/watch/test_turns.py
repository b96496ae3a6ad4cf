"""Siskamling: check-in by PIN, "aman" every hour, what is missed; nobody is blamed by a wrong clock."""

import pytest
from kentongan_hub.base.clock import local_parts
from kentongan_hub.people.watch import attendance, stickers, turns
from kits.hub.hub_kit import PIN, pair, with_pin

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def at_night(site, hour=21, minute=50):
    """Move on to the next time that the site's wall shows this."""
    here = local_parts(site.clock.now_ms, "WIB")
    ahead = ((hour * 60 + minute) - (here.hour * 60 + here.minute)) % 1_440
    site.clock.advance(ahead * MINUTE_MS)
    site.was_there()


def step(site, minutes=0):
    """Time passes, and the hub looks."""
    for _ in range(max(1, minutes // 5)):
        site.clock.advance(minutes * MINUTE_MS // max(1, minutes // 5))
        site.was_there()
        site.hub.dispatch.step()


def roster(site, *people, end="03.30", name="Regu Melati"):
    """A squad of these accounts from 22.00 on each day; the officer who made it."""
    admin = site.enter("admin")
    form = {"rt": "5", "nama": name, "anggota": [str(one) for one in people]}
    assert admin.post("/ronda/jadwal/regu", page="/ronda/jadwal", **form).status_code == 303
    number = site.rows("SELECT max(id) AS id FROM watch_squads")[0]["id"]
    day = f"{local_parts(site.clock.now_ms, 'WIB'):%Y-%m-%d}"
    shift = {"regu": str(number), "dari": day, "jam": "22.00", "sampai": end, "tiap": "1"}
    assert admin.post("/ronda/jadwal/giliran", page="/ronda/jadwal", **shift).status_code == 303
    return admin


@pytest.fixture
def night(site):
    """Ten minutes before the turn of Siti and Budi; (site, admin, tablet, siti, budi)."""
    at_night(site)
    siti, budi = with_pin(site, "siti"), with_pin(site, "budi")
    return site, roster(site, siti, budi), pair(site), siti, budi


def press(tablet, person, what="hadir", pin=PIN, **form):
    return tablet.post("/ronda", page="/ronda", orang=str(person), pin=pin, apa=what, **form)


def warned(site):
    return {one["code"]: one["subject"] for one in site.warnings("closed_ms IS NULL AND what LIKE 'watch%'")}


def recap(site):
    with site.hub.store.read() as db:
        found = attendance.lines(db, 0, site.clock.wall_ms() + 1)
    return [(one["person"], one["state"]) for one in found]


def test_a_pin_at_the_post_checks_in_and_the_board_says_who_is_there_and_who_comes_next(night):
    site, _admin, tablet, siti, _budi = night
    assert "Berikutnya: RT 05 Regu Melati" in tablet.get("/papan").text
    step(site, 15)
    assert "Pos belum dijaga" in tablet.get("/papan").text
    assert press(tablet, siti, pin="0000").status_code == 403
    assert press(tablet, siti).status_code == 303
    page = tablet.get("/papan").text
    assert "Pos dijaga" in page and "Regu Melati: Siti, sampai 03.30 WIB" in " ".join(page.split())
    assert [row["what"] for row in site.lines("audit", "who = 'siti'")] == ["hadir ronda"]


def test_who_comes_before_the_turn_begins_is_there(night):
    site, _admin, tablet, siti, _budi = night
    assert press(tablet, siti).status_code == 303
    step(site, 15)
    assert "Regu Melati: Siti" in " ".join(tablet.get("/papan").text.split())


def test_a_post_that_nobody_comes_to_is_a_warning_with_an_owner_until_somebody_comes(night):
    site, admin, tablet, siti, _budi = night
    step(site, 35)
    assert warned(site) == {}
    step(site, 10)
    assert warned(site) == {"watch_absent": "RT 05 Regu Melati"}
    row = site.warnings("what = 'watch_absent'")[0]
    assert (row["owner"], row["urgent"]) == ("ketua_rt", 0)
    assert "pos belum dijaga" in admin.get("/peringatan").text
    press(tablet, siti)
    step(site, 1)
    assert warned(site) == {}


def test_an_hour_without_a_word_is_urgent_and_the_next_aman_ends_it(night):
    site, _admin, tablet, siti, _budi = night
    step(site, 15)
    press(tablet, siti)
    step(site, 60)
    press(tablet, siti, "aman")
    step(site, 60)
    assert warned(site) == {}
    step(site, 20)
    assert warned(site) == {"watch_silent": "RT 05 Regu Melati"}
    assert site.warnings("what = 'watch_silent'")[0]["urgent"] == 1
    assert "belum ada kabar sejak" in tablet.get("/papan").text
    press(tablet, siti, "aman")
    step(site, 1)
    assert warned(site) == {}


def test_a_hand_over_ends_the_hourly_word_and_its_note_is_read_by_the_next(night):
    site, _admin, tablet, siti, budi = night
    step(site, 15)
    press(tablet, siti)
    press(tablet, budi)
    assert press(tablet, siti, "serah", pesan="Lampu gang 2 mati <b>").status_code == 303
    page = " ".join(tablet.get("/ronda").text.split())
    assert "Lampu gang 2 mati &lt;b&gt;" in page and "di pos: Budi" in page
    press(tablet, budi, "serah")
    step(site, 90)
    assert warned(site) == {}


def test_the_turn_that_is_over_counts_who_came_and_who_did_not(night):
    site, admin, tablet, siti, _budi = night
    step(site, 15)
    press(tablet, siti)
    step(site, 6 * 60)
    assert recap(site) == [("Budi", "missed"), ("Siti", "came")]
    page = " ".join(admin.get("/ronda/rekap").text.split())
    assert "1 giliran dijaga, 0 tanpa penjaga, 0 tidak dihitung." in page
    table = admin.get("/ekspor/ronda.csv").text
    assert "Regu Melati" in table and "tidak hadir" in table and "PIN di pos" in table


@pytest.mark.parametrize("hours", [-5, 5])
def test_nobody_is_blamed_for_a_night_in_which_the_clock_was_stepped(clocks, hours):
    site = clocks
    at_night(site)
    siti, budi = with_pin(site, "siti"), with_pin(site, "budi")
    roster(site, siti, budi)
    step(site, 15)
    site.clock.wrong_ms = hours * HOUR_MS
    step(site, 60)
    assert warned(site) == {}
    step(site, 12 * 60)
    states = recap(site)
    assert ("Budi", "unknown") in states and ("Siti", "unknown") in states
    assert site.rows("SELECT doubt FROM watch_turns ORDER BY id LIMIT 1")[0]["doubt"] == turns.CLOCK


def test_a_clock_that_disagrees_with_a_gateways_blames_nobody_and_the_page_says_so(night):
    site, admin, *_ = night
    with site.hub.store.write() as db:
        db.run("UPDATE gateways SET clock_off_ms = ?", 3 * HOUR_MS)
    step(site, 60)
    assert warned(site) == {}
    assert "Jam pusat data tidak pasti" in admin.get("/ronda").text
    step(site, 6 * 60)
    assert recap(site) == [("Budi", "unknown"), ("Siti", "unknown")]


def test_nobody_is_blamed_for_a_turn_in_which_the_hub_was_off(night):
    site, *_ = night
    step(site, 15)
    site.clock.advance(2 * HOUR_MS)
    with site.hub.store.write() as db:
        db.insert("absences", from_ms=site.clock.now_ms - 2 * HOUR_MS, to_ms=site.clock.now_ms, sure=1,
                  from_wall=site.clock.now_ms - 2 * HOUR_MS, to_wall=site.clock.now_ms)  # fmt: skip
    step(site, 10)
    assert warned(site) == {}
    step(site, 5 * 60)
    assert recap(site) == [("Budi", "unknown"), ("Siti", "unknown")]


def test_an_own_telephone_checks_nobody_in_and_says_aman_only_for_who_is_there(night):
    site, _admin, tablet, siti, _budi = night
    step(site, 15)
    phone = site.enter("siti")
    for what in ("hadir", "aman"):
        assert phone.post("/ronda", page="/ronda", apa=what).status_code == 400
    press(tablet, siti)
    assert phone.post("/ronda", page="/ronda", apa="aman").status_code == 303
    assert phone.post("/ronda", page="/ronda", apa="x").status_code == 400


def test_an_officer_writes_in_somebody_else_and_stands_on_the_record(night):
    site, admin, _tablet, siti, _budi = night
    step(site, 15)
    assert admin.post("/ronda/catat", page="/ronda", orang=str(siti)).status_code == 303
    row = site.lines("audit", "what = 'watch_present'")[0]
    assert row["who"] == "admin" and "Siti" in row["subject"]
    assert site.enter("budi").post("/ronda/catat", page="/ronda", orang=str(siti)).status_code == 403
    assert admin.post("/ronda/catat", page="/ronda", orang="999").status_code == 400


def sticker(site, house=7, zone=5):
    with site.hub.store.write() as db:
        stickers.ready(db)
        return f"/ronda/r/{stickers.address(db, zone, house)}"


def test_the_sticker_of_a_house_notes_who_came_by_and_counts_as_a_word(night):
    site, admin, tablet, siti, _budi = night
    step(site, 15)
    path, phone = sticker(site), site.enter("siti")
    assert "Rumah 7 RT 05" in phone.get(path).text
    assert site.rows("SELECT 1 FROM watch_marks") == []
    assert phone.post(path, page=path).status_code == 303
    assert phone.post(path, page=path).status_code == 303
    assert [(row["house"], row["way"]) for row in site.rows("SELECT * FROM watch_marks")] == [(7, "stiker")]
    assert "Regu Melati: Siti" in " ".join(tablet.get("/papan").text.split())
    assert 'class="qr"' in admin.get("/ronda/stiker").text


def test_the_sticker_of_the_post_checks_in_also_by_pin_on_its_screen(night):
    site, _admin, tablet, siti, budi = night
    step(site, 15)
    path = sticker(site, house=0)
    assert site.enter("siti").post(path, page=path).status_code == 303
    assert tablet.post(path, page=path, orang=str(budi), pin="0000").status_code == 403
    assert tablet.post(path, page=path, orang=str(budi), pin=PIN).status_code == 303
    assert "di pos: Siti, Budi" in tablet.get("/ronda").text


def test_a_sticker_that_nobody_printed_here_is_no_page(night):
    site, *_ = night
    path, phone = sticker(site), site.enter("siti")
    for odd in (path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace("5-7", "5-8"), "/ronda/r/x"):
        assert phone.get(odd).status_code == 404 and phone.post(odd, page="/ronda").status_code == 404


def test_a_house_that_stands_empty_is_looked_at_by_its_sticker(night):
    site, admin, *_ = night
    form = {"nama": "Ani", "rt": "5", "rumah": "7", "setuju": "1"}
    admin.post("/warga", page="/warga", **form)
    day = f"{local_parts(site.clock.now_ms, 'WIB'):%Y-%m-%d}"
    admin.post("/rumah-kosong", page="/rumah-kosong", rt="5", rumah="7", dari=day, sampai=day)
    path, phone = sticker(site), site.enter("siti")
    assert "Rumah ini kosong" in phone.get(path).text
    phone.post(path, page=path)
    assert site.rows("SELECT seen_by FROM houses WHERE number = 7")[0]["seen_by"] == "Siti"


def test_turns_of_more_than_a_year_ago_are_forgotten(night):
    site, _admin, tablet, siti, _budi = night
    step(site, 15)
    press(tablet, siti)
    step(site, 6 * 60)
    site.clock.advance(401 * 24 * HOUR_MS)
    with site.hub.store.write() as db:
        turns.expire(db, site.hub.now())
    assert site.rows("SELECT 1 FROM watch_marks") == [] and site.rows("SELECT 1 FROM watch_duties") == []
