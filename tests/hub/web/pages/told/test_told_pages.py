"""Umumkan and Saya aman as pages: on the board, at the post by PIN, from an incident, and on paper."""

import re

from kits.hub.hub_kit import PIN, pair, with_pin


def test_an_announcement_stands_on_every_board_until_it_is_ended(site):
    site.account("sari", "ketua_rt")
    sari, tablet = site.enter("sari"), pair(site)
    form = {"jenis": "death", "isi": "Pak Karto wafat <b>", "rt": "", "menit": "360", "suara": "1"}
    assert sari.post("/umumkan", page="/umumkan", **form).status_code == 303
    for person in (sari, tablet):
        page = person.get("/papan").text
        assert "Berita lelayu, semua RT" in page and "Pak Karto wafat &lt;b&gt;" in page
    assert sari.post("/umumkan/1/akhiri", page="/umumkan").status_code == 303
    assert "Pak Karto" not in tablet.get("/papan").text


def test_an_evacuation_at_the_post_takes_a_pin_and_a_second_thought(site):
    number, tablet = with_pin(site, "siti"), pair(site)
    form = {"jenis": "evacuate", "isi": "Kumpul di lapangan", "rt": "5", "menit": "30", "orang": str(number)}
    assert tablet.post("/umumkan", page="/umumkan", **form, yakin="1", pin="0000").status_code == 403
    answer = tablet.post("/umumkan", page="/umumkan", **form, pin=PIN)
    assert answer.status_code == 400 and "Anda yakin" in answer.text
    assert tablet.post("/umumkan", page="/umumkan", **form, yakin="1", pin=PIN).status_code == 303
    assert "oleh Siti" in tablet.get("/papan").text


def test_a_watchman_is_offered_evacuation_alone_and_nothing_else_is_taken_from_him(site):
    site.account("siti", "petugas_ronda")
    siti = site.enter("siti")
    page = siti.get("/umumkan").text
    assert 'value="evacuate"' in page and 'value="death"' not in page
    answer = siti.post("/umumkan", page="/umumkan", jenis="death", isi="x", menit="360")
    assert answer.status_code == 400 and site.rows("SELECT 1 FROM announcements") == []


def test_a_roll_call_begins_on_the_page_of_a_disaster_and_not_of_a_theft(site):
    site.post_events(site.alarm(kind=3), site.alarm(counter=3, device=site.other, kind=1))
    admin = site.enter("admin")
    assert "Mulai absen" not in admin.get("/kejadian/kejadian-2").text
    assert "Mulai absen" in admin.get("/kejadian/kejadian-1").text
    answer = admin.post("/aman", page="/papan", kejadian="kejadian-1", alasan="Bencana 10.00", rt="5")
    assert answer.headers["Location"] == "/aman/1"
    page = admin.get("/aman/1").text
    assert 'href="/kejadian/kejadian-1"' in page and "2 belum" in page
    assert "2 belum" in admin.get("/papan").text


def test_houses_are_marked_at_the_post_by_pin_and_what_is_not_chosen_stays(site):
    number, tablet = with_pin(site, "siti"), pair(site)
    site.enter("admin").post("/aman", page="/aman", rt="5", alasan="banjir")
    path, form = "/aman/1/tandai", {"rt": "5", "orang": str(number)}
    assert tablet.post(path, page="/aman/1", **form, **{"rumah-7": "help"}, pin="0000").status_code == 403
    assert tablet.post(path, page="/aman/1", **form, **{"rumah-7": "help"}, pin=PIN).status_code == 303
    page = tablet.get("/aman/1").text
    assert "1 butuh bantuan" in page and "1 belum" in page
    assert re.search(r"<b>Rumah 7</b> Butuh bantuan <small>kata Siti", page)
    for odd in ({"rumah-99": "safe"}, {"rumah-x": "safe"}, {"rumah-7": "x"}, {}):
        assert tablet.post(path, page="/aman/1", **form, **odd, pin=PIN).status_code == 409


def test_everybody_reads_it_and_who_may_not_mark_is_shown_nothing_to_press(site):
    site.account("lurah", "kelurahan")
    site.enter("admin").post("/aman", page="/aman", rt="5", alasan="banjir")
    page = site.enter("lurah").get("/aman/1").text
    assert "2 belum" in page and 'type="radio"' not in page and "data-cetak" in page
    assert 'action="/aman/1/akhiri"' not in page


def test_an_ended_roll_call_is_still_there_to_print(site):
    admin = site.enter("admin")
    admin.post("/aman", page="/aman", rt="5", alasan="banjir")
    assert admin.post("/aman/1/akhiri", page="/aman/1").status_code == 303
    page = admin.get("/aman/1").text
    assert "diakhiri" in page and 'type="radio"' not in page
    assert "/aman/1" not in admin.get("/papan").text and "/aman/1" in admin.get("/aman").text
    assert admin.get("/aman/2").status_code == 404


def test_a_pin_that_is_right_is_not_kept_by_these_pages(site):
    number, tablet = with_pin(site, "siti"), pair(site)
    answer = tablet.post("/aman", page="/aman", rt="5", alasan="", orang=str(number), pin=PIN)
    assert answer.status_code == 400 and PIN not in answer.text


def test_a_damaged_announcement_or_mark_takes_no_board_away(site):
    admin = site.enter("admin")
    admin.post("/umumkan", page="/umumkan", jenis="death", isi="Pak Karto wafat", menit="360")
    admin.post("/aman", page="/aman", rt="5", alasan="banjir")
    admin.post("/aman/1/tandai", page="/aman/1", rt="5", **{"rumah-7": "safe"})
    with site.hub.store.write() as db:
        db.run("UPDATE announcements SET kind = 'rusak'")
        db.run("UPDATE rollcall_marks SET state = 'rusak'")
    page = admin.get("/papan").text
    assert "Pak Karto wafat" in page and "2 belum" in page
    assert admin.get("/aman/1").status_code == 200 and admin.get("/umumkan").status_code == 200
