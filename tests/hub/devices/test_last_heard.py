"""A device is known by its newest word, over whichever gateway and however late it comes."""

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.storage import kept
from kentongan_wire.message import messages as m

HOUR_MS = 3_600_000


@pytest.fixture(name="second")
def _second(site):
    """Posts events as a second gateway."""
    from kentongan_hub.storage.store import Store

    with Store(site.data_dir).write() as db:
        provision.add_gateway(db, "gateway-2", 6)
    token = provision.gateway_token(site.data_dir, "gateway-2")

    def post(*events):
        kept, site.token = site.token, token
        try:
            assert not site.post_events(*events)["rejected"]
        finally:
            site.token = kept

    return post


def status(site, counter, flags=m.STATUS_MAINS, battery_mv=12_600, age_ms=0, config=None):
    body = {"flags": flags, "battery_mv": battery_mv, "config_version": counter if config is None else config}
    return site.event("status", device=site.post, role=2, counter=counter, generation=0, body=body, rssi=-90,
                      snr_q=10, age_ms=age_ms)  # fmt: skip


def device(site):
    (row,) = site.rows("SELECT * FROM devices WHERE node = ?", site.post)
    return row


@pytest.mark.parametrize("age_ms", [HOUR_MS, 0, -1], ids=["an hour old", "by a clock that errs", "no age"])
def test_an_older_word_over_another_gateway_changes_nothing_that_a_newer_one_told(site, second, age_ms):
    site.clock.advance(2 * HOUR_MS)
    site.post_events(status(site, 51))
    before = device(site)
    assert (before["lid"], before["siren_fault"], before["mains"]) == (0, 0, 1)
    site.clock.advance(60_000)
    second(status(site, 50, m.STATUS_LID | m.STATUS_SIREN_FAULT, 11_000, age_ms))
    assert device(site) == before, "flags, battery, settings, when and by whom it was heard"
    heard = site.rows("SELECT gateway FROM hearings WHERE device = ? ORDER BY gateway", site.post)
    assert [row["gateway"] for row in heard] == ["gateway-1", "gateway-2"], "but that it hears it is known"


def test_the_last_word_played_to_another_gateway_is_no_new_sign_of_life(site, second):
    """A recording, of a dead or stolen post: nothing was heard of it since."""
    event = {"device": site.post, "role": 2, "generation": 0, "rssi": -90, "snr_q": 10, "age_ms": 0}
    for one in (status(site, 51),
                site.event("event", **event, counter=7, event=m.EVENT_AMAN, person=0),
                site.event("siren_report", **event, origin=site.button, counter=9, report_counter=8,
                           state=m.STATE_SOUNDING, source=1)):  # fmt: skip
        site.post_events(one)
        before = device(site)["heard_ms"]
        site.clock.advance(10 * 60_000)
        second({**one})
        assert device(site)["heard_ms"] == before and device(site)["heard_by"] == "gateway-1", one["type"]


def test_a_newer_word_counts_although_its_gateway_does_not_know_when_it_came(site, second):
    site.post_events(status(site, 51))
    second(status(site, 52, m.STATUS_LID, age_ms=-1))
    assert device(site)["lid"] == 1 and device(site)["status_counter"] == 52


def test_words_without_a_counter_go_by_the_time_at_which_they_were_heard(site, second):
    site.clock.advance(2 * HOUR_MS)
    site.post_events(status(site, None, m.STATUS_LID))
    second(status(site, None, 0, age_ms=HOUR_MS))
    assert device(site)["lid"] == 1


def test_a_gateways_old_opinion_that_a_device_is_lost_ends_with_what_was_heard_since(site, second):
    site.clock.advance(2 * HOUR_MS)
    site.post_events(status(site, 51))
    site.clock.advance(10_000)
    second(site.event("supervision", device=site.post, state="terputus", age_ms=HOUR_MS))
    assert device(site)["link"] == ""
    second(site.event("supervision", device=site.post, state="terputus", age_ms=0))
    assert device(site)["link"] == "terputus"


def test_a_status_that_tells_nothing_new_has_no_file_written_anew(site):
    """The copy that survives a damaged database is written when it changes, not at every word of a device."""
    keeper = kept.Keeper(site.data_dir)
    site.post_events(status(site, 51), button(site, 0, 7))
    with site.hub.store.read() as db:
        keeper.keep(db, site.clock.now_ms)
    for n in range(52, 55):
        site.post_events(status(site, n, battery_mv=12_500, config=51))
    with site.hub.store.read() as db:
        before = keeper._digest
        keeper.keep(db, site.clock.now_ms)
    changed = site.rows("SELECT status_counter FROM devices WHERE node = ?", site.post)
    assert changed == [{"status_counter": 54}]
    assert keeper._digest == before


# --- a battery that cannot be read ---


def unread(site):
    site.hub.dispatch.step()
    return site.warnings("what = 'battery_unread' AND closed_ms IS NULL")


def button(site, battery, n):
    body = {"flags": 0, "battery": battery}
    return site.event("status", device=site.button, role=1, counter=n, generation=0, body=body)


def pos(site, battery, n):
    return status(site, n, battery_mv=battery * 20)


@pytest.mark.parametrize("say", [button, pos])
def test_a_battery_that_can_no_longer_be_read_is_told_to_a_technician_until_it_can(site, say):
    site.post_events(say(site, 195, 1), say(site, 0, 2))
    site.clock.advance(60_000)
    assert not unread(site), "once may be a status that went before the reading"
    site.post_events(say(site, 0, 3))
    site.clock.advance(60_000)
    (row,) = unread(site)
    assert row["owner"] == "teknisi" and "periksa baterai" in row["detail"]
    assert "baterai tidak terbaca lagi" in site.enter("admin").get("/perangkat").text
    site.post_events(say(site, 195, 4))
    site.clock.advance(60_000)
    assert not unread(site)


@pytest.mark.parametrize("say", [button, pos])
def test_a_board_that_never_could_measure_its_battery_is_no_warning(site, say):
    site.post_events(*[say(site, 0, n) for n in range(1, 6)])
    site.clock.advance(60_000)
    assert not unread(site)


@pytest.mark.parametrize("what", ["event", "siren_report"])
def test_what_is_played_again_over_a_gateway_that_did_not_know_it_is_no_sign_of_life(site, second, what):
    """A dead post was connected: the second gateway had no counter of it."""

    def word(counter):
        about = {"counter": counter, "event": m.EVENT_COMING, "device": site.post}
        if what == "siren_report":
            about = {
                "report_counter": counter,
                "counter": 7,
                "origin": site.button,
                "device": site.post,
                "state": m.STATE_STOPPED,
                "source": m.SOURCE_DIRECT,
            }
        return site.event(what, role=2, generation=0, rssi=-90, snr_q=10, **about)

    site.post_events(word(500))
    site.clock.advance(HOUR_MS)
    before = device(site)
    second(word(300))
    assert device(site)["heard_ms"] == before["heard_ms"]
    second(word(501))
    assert device(site)["heard_ms"] > before["heard_ms"]
