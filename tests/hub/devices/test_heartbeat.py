"""The bar of a device says when it was heard, when not, and when nobody watched; never more than is known."""

import pytest
from kentongan_hub.base.clock import Now
from kentongan_hub.devices import heartbeat, provision
from kentongan_hub.storage.store import Store

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
COUNTERS = iter(range(50, 10_000))


def told(site, device, counter=None):
    counter = next(COUNTERS) if counter is None else counter
    role = 1 if device == site.button else 2
    body = {"flags": 0, "battery_mv": 12_600}
    event = site.event("status", device=device, role=role, counter=counter, generation=0, body=body, age_ms=0)
    assert not site.post_events(event)["rejected"]
    return counter


def later(site, ms):
    site.clock.advance(ms)
    site.was_there()


def bar(site, device, scale):
    with site.hub.store.read() as db:
        row = db.one("SELECT * FROM devices WHERE node = ?", device)
        return heartbeat.bar(db, site.hub.now(), row, scale)


@pytest.fixture
def old_site(site):
    """Its devices have stood for two months, and the hour has just begun."""
    with Store(site.data_dir).write() as db:
        db.run("UPDATE devices SET created_wall = ?", site.clock.now_ms - 60 * DAY_MS)
    site.clock.advance(HOUR_MS - site.clock.now_ms % HOUR_MS)
    told(site, site.post)
    return site


def test_an_hour_in_which_a_post_was_heard_is_tall_and_one_without_is_named(old_site):
    site = old_site
    for hours in (1, 1, 3, 1):
        later(site, hours * HOUR_MS)
        told(site, site.post)
    found = bar(site, site.post, heartbeat.BY_HOUR)
    assert found.slots[-7:] == ["terdengar"] * 3 + ["diam"] * 2 + ["terdengar"] * 2
    assert str(found.words).startswith("24 jam terakhir: terdengar dalam 5 dari 24 jam; tidak terdengar ")


def test_the_hour_that_still_runs_is_never_called_silent(old_site):
    site = old_site
    later(site, HOUR_MS + 60_000)
    found = bar(site, site.post, heartbeat.BY_HOUR)
    assert found.slots[-2:] == ["terdengar", "kosong"]
    assert "dari 23 jam" in str(found.words)


def test_a_button_is_shown_by_days_of_the_sites_own_calendar(old_site):
    site = old_site
    for _day in range(3):
        later(site, DAY_MS)
        told(site, site.button)
    later(site, 2 * DAY_MS)
    with site.hub.store.read() as db:
        (found,) = heartbeat.bars(db, site.hub.now(), [site.button]).values()
    assert len(found.slots) == 30 and found.slots.count("terdengar") == 3
    assert found.slots[-5:] == ["terdengar"] * 3 + ["diam", "kosong"]


def test_what_was_before_the_device_is_no_silence(site):
    assert set(bar(site, site.post, heartbeat.BY_DAY).slots) == {"kosong"}
    assert bar(site, site.post, heartbeat.BY_DAY).words == "Belum ada tanda hidup untuk ditunjukkan."
    assert '<svg class="detak"' not in site.enter("admin").get("/perangkat/pos-1").text


def test_hours_in_which_the_hub_was_away_are_nobodys_silence(old_site):
    site = old_site
    now = site.hub.now()
    with site.hub.store.write() as db:
        db.insert("absences", from_ms=now.ms - 5 * HOUR_MS, to_ms=now.ms - 2 * HOUR_MS, sure=1,
                  to_wall=now.wall - 2 * HOUR_MS)  # fmt: skip
    found = bar(site, site.post, heartbeat.BY_HOUR)
    assert found.slots[-6:] == ["tak-diawasi"] * 3 + ["diam"] * 2 + ["terdengar"]
    assert "selebihnya tidak diawasi" in str(found.words)


def test_hours_in_which_its_only_gateway_was_deaf_are_nobodys_silence(old_site):
    site = old_site
    now = site.hub.now()
    with site.hub.store.write() as db:
        db.insert("deaf", gateway="gateway-1", from_ms=now.ms - 4 * HOUR_MS, to_ms=now.ms - HOUR_MS)
    assert bar(site, site.post, heartbeat.BY_HOUR).slots[-5:] == ["tak-diawasi"] * 3 + ["diam", "terdengar"]


def test_an_old_word_that_is_played_again_to_another_gateway_is_no_sign_of_life(old_site):
    site = old_site
    with Store(site.data_dir).write() as db:
        provision.add_gateway(db, "gateway-2", 6)
    counter = told(site, site.post)
    later(site, 3 * HOUR_MS)
    site.token = provision.gateway_token(site.data_dir, "gateway-2")
    told(site, site.post, counter)
    later(site, HOUR_MS)
    assert bar(site, site.post, heartbeat.BY_HOUR).slots[-2:] == ["diam", "kosong"]


def test_the_bars_stand_on_both_pages_with_words_for_who_cannot_see_them(old_site):
    site = old_site
    later(site, 2 * HOUR_MS)
    admin = site.enter("admin")
    for page in ("/perangkat", "/perangkat/pos-1"):
        text = admin.get(page).text
        assert 'role="img" aria-label="24 jam terakhir: terdengar dalam' in text, page
    assert "30 hari terakhir" in admin.get("/perangkat/pos-1").text
    assert "24 jam terakhir" not in admin.get("/perangkat/tombol-07").text


def test_a_bar_of_a_clock_that_stands_at_nothing_is_empty(site):
    with site.hub.store.read() as db:
        row = db.one("SELECT * FROM devices WHERE node = ?", site.post)
        assert set(heartbeat.bar(db, Now(0, 0), row, heartbeat.BY_DAY).slots) <= {"kosong"}
