"""The live stream: news at once, signs of life, a limit, and an end when the session ends."""

import json

import pytest
from kentongan_hub.shared import live


@pytest.fixture(autouse=True)
def no_gap(monkeypatch):
    for name in ("PACE_S", "PACE_MAX_S"):
        monkeypatch.setattr(live, name, 0.0)


def events_of(response, count):
    """The next events of a stream, as (name, data)."""
    out = []
    for chunk in response.response:
        lines = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if ": " in line)
        if "event" in lines:
            out.append((lines["event"], json.loads(lines["data"])))
        if len(out) == count:
            return out
    return out


def open_stream(person):
    return person.client.get("/papan/aliran", buffered=False)


def test_a_new_alarm_is_pushed_and_carries_this_viewers_form_token(site, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    person = site.enter("admin")
    stream = open_stream(person)
    (first,) = events_of(stream, 1)
    assert first[0] == "isi" and "Tidak ada kejadian terbuka" in first[1]["html"]
    site.post_events(site.alarm())
    news = next(data for name, data in events_of(stream, 20) if name == "isi" and "Maling" in data["html"])
    assert person.token("/papan") in news["html"] and "@@csrf@@" not in news["html"]
    assert news["menunggu"] == ["kejadian-1"]
    stream.close()


def test_without_news_it_still_says_that_it_lives(site, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    stream = open_stream(site.enter("admin"))
    assert [name for name, _data in events_of(stream, 3)] == ["isi", "hidup", "hidup"]
    stream.close()


def test_it_ends_when_the_session_ends(site, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    person = site.enter("admin")
    stream = open_stream(person)
    events_of(stream, 1)
    person.post("/keluar", page="/papan")
    assert events_of(stream, 5)[-1] == ("keluar", {})
    stream.close()


def test_streams_have_a_limit_and_give_their_place_back_however_they_end(site, monkeypatch):
    monkeypatch.setattr(live, "STREAMS_AT_ONCE", 2)
    person = site.enter("admin")
    for _ in range(5):
        open_stream(person).close()  # left before the first byte
    first, second = open_stream(person), open_stream(person)
    events_of(first, 1)
    assert open_stream(person).status_code == 503
    first.close()
    assert open_stream(person).status_code == 200
    second.close()


def test_one_browser_and_one_person_cannot_hold_every_place(site, monkeypatch):
    monkeypatch.setattr(live, "STREAMS_PER_SESSION", 2)
    monkeypatch.setattr(live, "STREAMS_PER_ACCOUNT", 3)
    site.account("budi", "petugas_ronda")
    here, there, other = site.enter("admin"), site.enter("admin"), site.enter("budi")
    held = [open_stream(here), open_stream(here)]
    assert open_stream(here).status_code == 503, "a third tab of one browser"
    held.append(open_stream(there))
    assert open_stream(there).status_code == 503, "a fourth stream of one person"
    held.append(open_stream(other))
    assert [one.status_code for one in held] == [200] * 4
    for one in held:
        one.close()
    assert open_stream(there).status_code == 200


def test_polling_gives_the_board_once_and_then_only_the_clock(site):
    person = site.enter("admin")
    board = person.get("/papan/isi").json
    again = person.get(f"/papan/isi?versi={board['versi']}").json
    assert set(again) == {"versi", "jam"}


def test_a_gateway_that_falls_silent_is_said_in_large_letters(site):
    site.post_events()
    person = site.enter("admin")
    assert "GERBANG TERPUTUS" not in person.get("/papan").text
    site.clock.advance(41_000)
    site.hub.store.bell.ring()
    assert "GERBANG TERPUTUS" in person.get("/papan").text


def boards_and(made):
    from kentongan_hub.storage.store import Bell

    bell = Bell()
    return live.Boards(bell), bell, lambda: made.append(1) or {"versi": len(made)}


def test_boards_are_rendered_once_for_all_who_see_the_same():
    made = []
    boards, bell, make = boards_and(made)
    for fresh in (True, False, True):
        boards.get("viewer", make, fresh)
    assert len(made) == 1
    bell.ring()
    assert boards.get("viewer", make).board == {"versi": 2}


def test_streams_share_one_rendering_in_a_burst_and_know_that_it_is_not_the_newest(monkeypatch):
    for name in ("PACE_S", "PACE_MAX_S"):
        monkeypatch.setattr(live, name, 60.0)
    made = []
    boards, bell, make = boards_and(made)
    first = boards.get("viewer", make, fresh=False)
    for _ in range(20):
        bell.ring()
        held = boards.get("viewer", make, fresh=False)
        assert held is first and held.rings < bell.count(), "so the stream looks again"
    assert boards.get("viewer", make, fresh=True).rings == bell.count(), "who loads the page sees the newest"


def test_the_pace_grows_with_the_board_and_with_the_screens_and_has_an_end(monkeypatch):
    monkeypatch.setattr(live, "PACE_S", 0.2)
    monkeypatch.setattr(live, "PACE_MAX_S", 2.0)
    boards, _, _ = boards_and([])
    assert boards.get("small", lambda: {"versi": 1}).pace_s == 0.2
    assert 0.5 < boards.get("long", lambda: {"versi": 1, "html": "x" * 60_000}).pace_s < 2
    assert boards.get("longer", lambda: {"versi": 1, "html": "x" * 900_000}).pace_s == 2.0
    for number in range(50):
        boards.seats.take(number, number)
    assert boards.get("many", lambda: {"versi": 1}).pace_s == 50 * live.STREAM_COST_S


def test_the_last_news_of_a_burst_reaches_every_stream(site, monkeypatch):
    for name in ("PACE_S", "PACE_MAX_S"):
        monkeypatch.setattr(live, name, 0.05)
    monkeypatch.setattr(live, "HEARTBEAT_S", 30.0)
    stream = open_stream(site.enter("admin"))
    events_of(stream, 1)
    for counter in range(5):
        site.post_events(site.alarm(counter=counter + 1, device=site.other if counter == 4 else site.button))
        seen = events_of(stream, 1) if counter in (0, 4) else None
    while "kejadian-2" not in seen[-1][1]["menunggu"]:
        seen = events_of(stream, 1)
    stream.close()


def test_many_screens_of_a_real_hub_stay_live_while_alarms_arrive():
    from kits.hub import hub_screens

    found = hub_screens.measure(screens=12, per_second=5, seconds=2)
    assert (found["refused"], found["never_seen"]) == (0, 0), found
