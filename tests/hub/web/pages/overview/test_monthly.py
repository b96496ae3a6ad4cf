"""Rekap bulanan: what the record says of a month, and nothing of what is confidential."""

import re

import pytest
from kentongan_hub.base.clock import Now, local_parts
from kentongan_hub.web import monthly
from kentongan_hub.web.monthly import Month
from kentongan_wire.message import messages as m


def told(site, month=None):
    with site.hub.store.read() as db:
        now = site.hub.now()
        return monthly.of(db, now, month or monthly.read("", now, "WIB"), "WIB")


def sounded(site, counter, at_ms, device=None):
    """A post's word, so many ms after the gateway's boot."""
    return site.event("siren_report", device=site.post, origin=device or site.button, counter=counter,
                      state=m.STATE_SOUNDING, source=1, at_ms=at_ms)  # fmt: skip


def answer(site, slug, after_s):
    site.clock.advance(after_s * 1000)
    site.account(f"ronda{slug[-1]}", "petugas_ronda")
    person = site.enter(f"ronda{slug[-1]}")
    assert person.post(f"/kejadian/{slug}/datang", page=f"/kejadian/{slug}").status_code == 303


def test_a_month_counts_by_kind_with_medians_from_press_to_siren_and_to_an_answer(site):
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING, at_ms=1_000), sounded(site, 9, 3_500))
    answer(site, "kejadian-1", 90)
    site.post_events(site.alarm(counter=10, kind=m.KIND_MALING, device=site.other, at_ms=200_000))
    answer(site, "kejadian-2", 30)
    site.post_events(site.alarm(counter=30, kind=m.KIND_KEBAKARAN, at_ms=300_000))
    found = told(site)
    lines = {str(one["title"]): one for one in found["kinds"]}
    assert set(lines) == {"Maling", "Kebakaran"} and found["all"]["count"] == 3
    theft, fire = lines["Maling"], lines["Kebakaran"]
    assert (theft["count"], theft["unanswered"], fire["unanswered"]) == (2, 0, 1)
    assert str(theft["answer"]["middle"]) == "1 menit" and str(theft["answer"]["longest"]) == "90 dtk"
    assert str(theft["siren"]["middle"]) == "3 dtk" and theft["siren"]["of"] == 1
    assert fire["siren"] is None and fire["answer"] is None
    text = site.enter("admin").get("/rekap").text
    assert "1 menit (paling lama 90 dtk, dari 2)" in text and "Bulan ini masih berjalan." in text


def test_confidential_incidents_are_in_no_number(site):
    site.account("bidan", "petugas_ronda", named=True)
    site.post_events(site.alarm(counter=9, kind=m.KIND_KEKERASAN, silent=True))
    assert told(site)["all"]["count"] == 0 and told(site)["kinds"] == []
    for login in ("bidan", "admin"):
        text = site.enter(login).get("/rekap").text
        assert "rahasia-" not in text and "Kekerasan" not in text and "Tidak ada kejadian." in text


def test_drills_and_their_presses_are_told_apart_from_alarms(site):
    admin = site.enter("admin")
    with site.hub.store.write() as db:
        now = site.hub.now()
        db.insert("drills", zone=5, planned_wall=now.wall, minutes=10, planned_by="Siti", opened_ms=now.ms,
                  opened_wall=now.wall, ends_ms=now.ms + 600_000, ends_wall=now.wall + 600_000)  # fmt: skip
    site.post_events(site.alarm(counter=9, drill=True))
    found = told(site)
    assert (found["all"]["count"], found["practice"], len(found["drills"])) == (0, 1, 1)
    assert (found["drills"][0]["took_part"], found["drills"][0]["buttons"]) == (1, 2)
    text = admin.get("/rekap").text
    assert "1 dari 2" in text and "1 tekanan latihan tidak dihitung di atas." in text


def test_what_was_told_late_counts_and_says_nothing_of_how_fast(site):
    site.post_events(site.alarm(counter=9, late=True, at_ms=1_000), sounded(site, 9, 2_000))
    found = told(site)["all"]
    assert (found["count"], found["late"], found["siren"], found["answer"]) == (1, 1, None, None)


def test_a_month_begins_at_midnight_of_the_sites_own_zone(site):
    here = local_parts(site.clock.now_ms, "WIB")
    month = Month(here.year, here.month)
    for zone, hours in (("WIB", 7), ("WIT", 9)):
        assert local_parts(month.begin(zone), zone).strftime("%d %H.%M") == "01 00.00"
        assert local_parts(month.begin(zone), "WIB").hour == (24 + 7 - hours) % 24
    site.post_events(site.alarm(counter=9))
    assert told(site, month)["all"]["count"] == 1
    assert told(site, month.other(-1))["all"]["count"] == told(site, month.other(1))["all"]["count"] == 0


@pytest.mark.parametrize("text", ["", "x", "2026-13", "2026-00", "-1", "99999-01", "2026-11-01", "²-1"])
def test_an_address_that_names_no_month_is_this_month(site, text):
    now = site.hub.now()
    here = local_parts(now.wall, "WIB")
    assert monthly.read(text, now, "WIB") == Month(here.year, here.month)
    assert site.enter("admin").get(f"/rekap?bulan={text}").status_code == 200


def test_months_follow_each_other_over_a_new_year():
    assert Month(2026, 12).other(1) == Month(2027, 1) and Month(2026, 1).other(-1) == Month(2025, 12)
    assert monthly.read("2026-02", Now(0, 0), "WIB").shown == "02/2026"


def test_the_page_leads_to_the_months_beside_it(site):
    text = site.enter("admin").get("/rekap?bulan=2026-01").text
    assert re.findall(r"/rekap\?bulan=([\d-]+)", text) == ["2025-12", "2026-02"]
