"""The list of the first days ends by itself, and is silent in the middle of an alarm."""

import pytest
from kentongan_hub.web import first_use

DONE = {
    **{"gateways_heard": 1, "posts": 1, "untested": [], "agreed": True, "asked": 0, "people": 3, "pins": 2},
    **{"unchecked": 0, "checked": 1, "placed": 5, "unplaced": 0, "backed_up": True, "drilled": 1},
}
FRESH = {
    **{"gateways_heard": 0, "posts": 0, "untested": [], "agreed": False, "asked": 0, "people": 1, "pins": 0},
    **{"unchecked": 3, "checked": 0, "placed": 0, "unplaced": 0, "backed_up": False, "drilled": 0},
}


def missing(**facts):
    return [str(one.name) for one in first_use.steps({**DONE, **facts}) if one.missing]


def test_a_new_site_has_everything_to_do_and_a_finished_one_nothing():
    assert len(first_use.steps(FRESH)) == len([one for one in first_use.steps(FRESH) if one.missing]) == 8
    assert missing() == []


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"gateways_heard": 0}, "Gerbang terdengar"),
        ({"posts": 0}, "Pos diuji"),
        ({"untested": ["pos-1"]}, "Pos diuji"),
        ({"agreed": False}, "Dua orang untuk alarm diam"),
        ({"pins": 1}, "PIN untuk layar pos"),
        ({"unchecked": 1}, "Kontak dicek"),
        ({"checked": 0}, "Kontak dicek"),
        ({"unplaced": 1}, "Denah terisi"),
        ({"placed": 0}, "Denah terisi"),
        ({"backed_up": False}, "Cadangan di USB"),
        ({"drilled": 0}, "Latihan pertama"),
    ],
)
def test_each_thing_that_is_missing_is_one_line(facts, name):
    assert missing(**facts) == [name]


def test_what_waits_for_a_second_officer_says_so_and_leads_there():
    steps = first_use.steps({**DONE, "agreed": False, "asked": 1})
    (one,) = [one for one in steps if one.missing]
    assert "menunggu orang kedua" in one.missing and one.endpoint == "access.page"


def test_the_page_leads_to_the_page_of_each_thing_and_forgets_what_is_done(site):
    admin = site.enter("admin")
    page = admin.get("/penyiapan").text
    assert "Cadangan di USB" in page and 'href="/simpanan"' in page and 'href="/undangan"' in page
    with site.hub.store.write() as db:
        db.set_setting("backup_ms", 1)
    assert "Cadangan di USB" not in admin.get("/penyiapan").text


def finish(site):
    with site.hub.store.write() as db:
        db.set_setting("backup_ms", 1)
        db.run("UPDATE gateways SET heard_ms = 1")
        db.run("UPDATE devices SET tested_ms = 1")
        db.run("UPDATE contacts SET verified_ms = 1")
        db.insert("houses", zone=5, number=7, x=1, y=1)
        db.insert("drills", zone=5, planned_wall=1, minutes=20, planned_by="admin", opened_ms=1)
        db.run("UPDATE accounts SET pin = 'x'")


def test_the_list_ends_by_itself_on_page_board_and_menu(site):
    admin = site.enter("admin")
    assert "hal belum selesai" in admin.get("/papan").text and "/penyiapan" in admin.get("/lainnya").text
    for login, house in (("bidan", 11), ("kader", 12)):
        site.account(login, "wakil", named=True, house=house)
    finish(site)
    assert "Penyiapan selesai" in admin.get("/penyiapan").text
    assert "hal belum selesai" not in admin.get("/papan").text
    assert "/penyiapan" not in admin.get("/lainnya").text


def test_what_is_missing_is_not_said_in_the_middle_of_an_alarm(site):
    admin = site.enter("admin")
    assert "ALARM DIAM TANPA PENERIMA" in admin.get("/papan").text
    site.post_events(site.alarm(counter=9))
    board = admin.get("/papan").text
    assert "ALARM DIAM TANPA PENERIMA" not in board and "hal belum selesai" not in board
    assert "Dua orang untuk alarm diam" in admin.get("/penyiapan").text, "it stays on the list"


def test_who_may_not_do_a_thing_reads_whom_to_ask(site):
    site.account("wakil", "wakil")
    page = site.enter("wakil").get("/penyiapan").text
    assert "Minta admin." in page and 'href="/simpanan"' not in page


def test_a_site_as_it_is_made_has_tested_no_post_and_checked_no_number(site):
    with site.hub.store.read() as db:
        facts = first_use.gather(db)
    assert facts["untested"] == ["pos-1"] and facts["checked"] == 0 and facts["unchecked"] > 0
