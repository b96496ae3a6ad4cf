"""Keadaan: anyone at the post reads what works, and nobody's name or house."""

import re

import pytest
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import pair


@pytest.fixture
def tablet(site):
    return pair(site)


def page(person):
    answer = person.get("/keadaan")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_a_paired_screen_reads_what_works_and_the_way_there_is_on_its_board(site, tablet):
    status = {"device": site.post, "role": "sirene", "body": "", "rssi": -80, "snr_q": 20}
    site.post_events(site.event("status", **status))
    text = page(tablet)
    assert "pos-1" in text and "terhubung" in text and "gateway-1" in text
    assert "belum pernah diuji" in text and "Belum pernah ada latihan." in text
    assert 'href="/keadaan"' in tablet.get("/papan").text


def test_what_does_not_work_is_said_with_when_it_was_heard_last(site, tablet):
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET siren_fault = 1, heard_ms = ?, heard_wall = ? WHERE role = 'sirene'",
               site.clock.now_ms, site.clock.now_ms)  # fmt: skip
    site.clock.advance(3 * 86_400_000)
    site.was_there()
    text = page(tablet)
    assert "sirene rusak" in text and "terputus" in text and "terakhir terdengar" in text


def test_buttons_are_counted_and_no_house_and_no_person_is_named(site, tablet):
    admin = site.enter("admin")
    admin.post("/warga", page="/warga", nama="Siti Aminah", rt="5", rumah="7", setuju="1")
    site.post_events(site.alarm(counter=9), site.alarm(counter=50, kind=8, silent=True, device=site.other))
    admin.post("/kejadian/kejadian-1/datang", page="/papan")
    text = page(tablet)
    assert re.search(r"Tombol rumah: \d dari 2 terhubung", text)
    for name in ("Siti", "Bu Admin", "Rumah 7", "tombol-07", "tombol-08", "rahasia-1", "Rahasia"):
        assert name not in text, name


def test_medians_are_those_of_real_alarms_alone(site, tablet):
    heard = site.alarm(counter=9)
    report = {"device": site.post, "origin": site.button, "counter": 9, "source": 1}
    sounded = site.event("siren_report", state=m.STATE_SOUNDING, **report)
    sounded["at_ms"] = heard["at_ms"] + 3_500
    site.post_events(heard, sounded)
    site.clock.advance(42_000)
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    site.post_events(site.alarm(counter=70, device=site.other, drill=True))
    text = page(tablet)
    assert "4 dtk (paling lama 4 dtk, dari 1)" in text and "42 dtk (paling lama 42 dtk, dari 1)" in text


def test_every_role_reads_it(site):
    for role in ("kelurahan", "petugas_ronda", "ketua_rw"):
        site.account(role.replace("_", "-"), role)
        assert page(site.enter(role.replace("_", "-")))
