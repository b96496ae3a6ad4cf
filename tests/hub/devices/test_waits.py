"""Orders that wait for air are shown with the reason and the time; the end of the wait takes them away."""

import pytest


@pytest.mark.parametrize(("what", "reason", "words"), [
    ("settings", "air", "pengaturan, kode dan kunci menunggu jatah udara sampai "),
    ("settings", "alarm", "pengaturan, kode dan kunci menunggu karena ada alarm, sampai "),
    ("revocation", "air", "pencabutan menunggu jatah udara sampai "),
    ("drill", "air", "awal atau akhir latihan menunggu jatah udara sampai "),
])  # fmt: skip
def test_what_waits_is_shown_with_the_reason_and_the_time_until_it_is_over(site, what, reason, words):
    person = site.enter("admin")
    site.post_events(site.event("waiting", what=what, reason=reason, seconds=1_800, devices=3))
    for page in ("/perangkat", "/kunci"):
        text = person.get(page).text
        assert words in text and "gateway-1" in text and "(3 " in text, page
    site.clock.advance(1_800_000)
    assert words not in person.get("/kunci").text
    site.post_events(site.event("waiting", what=what, reason=reason, seconds=1_800, devices=3))
    site.post_events(site.event("waiting", what=what, reason="", seconds=0, devices=3))
    assert words not in person.get("/perangkat").text


def test_a_reason_that_is_not_known_here_is_shown_as_none(site):
    site.post_events(site.event("waiting", what="settings", reason="banjir", seconds=60, devices=1))
    site.post_events(site.event("waiting", what="sarapan", reason="air", seconds=60, devices=1))
    assert "alat)" not in site.enter("admin").get("/kunci").text


def test_several_things_wait_side_by_side_and_a_word_that_came_late_ends_when_its_wait_does(site):
    for what in ("settings", "drill"):
        site.post_events(
            site.event("waiting", what=what, reason="air", seconds=1_800, devices=3, age_ms=1_700_000)
        )
    site.post_events(site.event("waiting", what="revocation", reason="air", seconds=1_800, devices=3))
    person = site.enter("admin")
    text = person.get("/perangkat").text
    assert all(said in text for said in ("pengaturan, kode", "akhir latihan menunggu", "pencabutan menunggu"))
    site.clock.advance(120_000)
    text = person.get("/perangkat").text
    assert "pencabutan menunggu" in text and "pengaturan, kode" not in text
