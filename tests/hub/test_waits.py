"""What waits for air is shown with the reason and the time; an end of the wait takes it away."""

import pytest


@pytest.mark.parametrize(("reason", "words"), [
    ("air", "menunggu jatah udara sampai "), ("alarm", "menunggu karena ada alarm, sampai "),
])  # fmt: skip
def test_what_waits_is_shown_with_the_reason_and_the_time_until_it_is_over(site, reason, words):
    person = site.enter("admin")
    site.post_events(site.event("settings_wait", reason=reason, seconds=1_800, devices=3))
    for page in ("/perangkat", "/kunci"):
        text = person.get(page).text
        assert words in text and "gateway-1" in text and "(3 alat)" in text, page
    site.clock.advance(1_800_000)
    assert words not in person.get("/kunci").text
    site.post_events(site.event("settings_wait", reason=reason, seconds=1_800, devices=3))
    site.post_events(site.event("settings_wait", reason="", seconds=0, devices=3))
    assert words not in person.get("/perangkat").text


def test_a_reason_that_is_not_known_here_is_shown_as_none(site):
    site.post_events(site.event("settings_wait", reason="banjir", seconds=60, devices=1))
    assert "alat)" not in site.enter("admin").get("/kunci").text
