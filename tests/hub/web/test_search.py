"""Lists are narrowed by plain forms: what is asked for is found, and nothing confidential is told."""

import re
from urllib.parse import quote

import pytest
from kentongan_hub.web import search, view
from kentongan_wire.message import messages as m


def listed(person, address):
    answer = person.get(address)
    assert answer.status_code == 200
    part = answer.text.split('<ul class="daftar">')[1].split("</ul>")[0]
    return re.findall(r'/kejadian/([\w-]+)"', part)


@pytest.fixture
def night(site):
    """Two houses press, one silently; the theft is answered and closed the next day."""
    site.account("bidan", "petugas_ronda", named=True)
    site.post_events(site.alarm(counter=9, kind=m.KIND_MALING))
    site.clock.advance(86_400_000)
    site.post_events(site.alarm(counter=10, kind=m.KIND_KEBAKARAN, device=site.other))
    site.post_events(site.alarm(counter=11, kind=m.KIND_KEKERASAN, silent=True, device=site.other))
    return site


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("cari=rumah+7", ["kejadian-1"]),
        ("cari=7", ["kejadian-1"]),
        ("cari=kejadian-2", ["kejadian-2"]),
        ("cari=KEJADIAN+8", ["kejadian-2"]),
        ("cari=17", []),
        ("cari=tombol", ["kejadian-2", "kejadian-1"]),
        (f"jenis={m.KIND_KEBAKARAN}", ["kejadian-2"]),
        ("rt=5", ["kejadian-2", "kejadian-1"]),
        ("rt=6", []),
        ("keadaan=terbuka", ["kejadian-2", "kejadian-1"]),
        ("keadaan=ditutup", []),
        ("jenis=bukan&rt=x&keadaan=y", ["kejadian-2", "kejadian-1"]),
    ],
)
def test_an_incident_is_found_by_word_kind_rt_and_state(night, asked, found):
    assert listed(night.enter("admin"), f"/kejadian?{asked}") == found


def test_incidents_of_a_day_are_those_of_the_sites_own_calendar(night):
    admin = night.enter("admin")
    days = re.findall(r"(\d\d)/(\d\d)/(\d{4}) ", admin.get("/kejadian").text)
    second, first = ("-".join(reversed(one)) for one in days[:2])
    assert listed(admin, f"/kejadian?dari={second}") == ["kejadian-2"]
    assert listed(admin, f"/kejadian?sampai={first}") == ["kejadian-1"]
    assert listed(admin, f"/kejadian?dari={first}&sampai={second}") == ["kejadian-2", "kejadian-1"]
    answer = admin.get("/kejadian?dari=kemarin")
    assert "Tanggal: tulis seperti 2026-12-26" in answer.text and answer.status_code == 200


@pytest.mark.parametrize(
    "asked", [f"jenis={m.KIND_MALING}", "cari=rumah", "cari=tombol", "cari=8", "rt=5", "jenis=latihan"]
)
def test_no_search_tells_where_a_confidential_incident_came_from(night, asked):
    named = night.enter("bidan")
    assert any(slug.startswith("rahasia-") for slug in listed(named, "/kejadian"))
    assert not any(slug.startswith("rahasia-") for slug in listed(named, f"/kejadian?{asked}"))


def test_whoever_is_not_named_finds_and_counts_none_that_is_confidential(night):
    named, other = night.enter("bidan"), night.enter("admin")
    assert len(listed(named, "/kejadian?jenis=rahasia")) == 1
    assert len(listed(named, "/kejadian?cari=rahasia")) == 1
    assert listed(other, "/kejadian?jenis=rahasia") == listed(other, "/kejadian?cari=rahasia") == []
    assert "3 kejadian" in named.get("/kejadian").text and "2 kejadian" in other.get("/kejadian").text


def test_what_was_asked_stays_in_the_form_and_in_the_next_page(night, monkeypatch):
    monkeypatch.setattr(view, "LIST_LIMIT", 1)
    text = night.enter("admin").get("/kejadian?cari=tombol&rt=5&keadaan=terbuka").text
    assert 'name="cari" maxlength="60" autocomplete="off" value="tombol"' in text
    assert '<option value="terbuka" selected>' in text
    older = re.search(r'href="(/kejadian\?[^"]*sebelum=[^"]*)"', text)[1].replace("&amp;", "&")
    for part in ("cari=tombol", "rt=5", "keadaan=terbuka", "sebelum=kejadian-2"):
        assert part in older
    assert listed(night.enter("admin"), older) == ["kejadian-1"]
    assert "2 kejadian cocok" in text


def test_a_word_with_signs_of_sql_is_only_a_word(night):
    admin = night.enter("admin")
    for word in ("%", "_", "'", "';--", "\\", '"'):
        assert listed(admin, f"/kejadian?cari={quote(word)}") == []


def labels(page):
    return re.findall(r'href="/perangkat/([\w-]+)"', page.split('id="alat"')[1])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["pos-1", "tombol-07", "tombol-08"]),
        ("cari=rumah+7", ["tombol-07"]),
        ("cari=POS", ["pos-1"]),
        ("peran=tombol", ["tombol-07", "tombol-08"]),
        ("peran=sirene&rt=5", ["pos-1"]),
        ("rt=6", []),
        ("keadaan=ditunggu", ["pos-1", "tombol-08"]),
        ("keadaan=terhubung", ["tombol-07"]),
        ("keadaan=periksa", ["tombol-07"]),
    ],
)
def test_a_device_is_found_by_word_role_rt_and_state(site, asked, found):
    site.post_events(site.event("status", device=site.button, counter=5, rssi=-80, body={"flags": 1}))
    text = site.enter("admin").get(f"/perangkat?{asked}").text
    assert sorted(labels(text)) == found
    assert f"({len(found)})" in text


def test_pages_of_devices_keep_what_was_asked(site, monkeypatch):
    monkeypatch.setattr(view, "DEVICES_LIMIT", 1)
    admin = site.enter("admin")
    text = admin.get("/perangkat?peran=tombol").text
    assert labels(text) == ["tombol-07"]
    onward = re.search(r'href="(/perangkat\?halaman=1[^"#]*)#alat"', text)[1].replace("&amp;", "&")
    second = admin.get(onward).text
    assert labels(second) == ["tombol-08"] and 'href="/perangkat?peran=tombol#alat"' in second


def test_people_and_houses_are_found_by_word_and_rt(site):
    admin = site.enter("admin")
    people = (
        ("5", "7", "Budi Santoso"),
        ("5", "17", "Siti Aminah"),
        ("6", "7", "Made Widi"),
        ("5", "", "Bidan Rina"),
    )
    for zone, house, name in people:
        form = {"rt": zone, "rumah": house, "nama": name, "setuju": "1"}
        assert admin.post("/warga", page="/warga", **form).status_code == 303

    def houses(asked):
        return re.findall(r'id="rumah-(\d+-\d+)"', admin.get(f"/warga?{asked}").text)

    assert houses("") == ["5-7", "5-17", "6-7"]
    assert houses("cari=budi") == houses("cari=santoso+7") == ["5-7"]
    assert houses("cari=7") == ["5-7", "6-7"] and houses("cari=7&rt=6") == houses("rt=6") == ["6-7"]
    assert houses("cari=rina") == [] and "Bidan Rina" in admin.get("/warga?cari=rina").text
    assert "Bidan Rina" not in admin.get("/warga?cari=budi").text
    assert "2 rumah cocok" in admin.get("/warga?rt=5").text


def test_a_number_is_looked_for_as_a_whole():
    assert search.has(["7"], ["tombol-7", "Rumah 12"]) and not search.has(["7"], ["tombol-17"])
    assert search.has(["mawar", "7"], ["Gang Mawar, 7"]) and not search.has(["mawar", "8"], ["Gang Mawar, 7"])
