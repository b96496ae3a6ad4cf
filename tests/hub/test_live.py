"""The live stream: news at once, signs of life, a limit, and an end when the session ends."""

import json

import pytest
from kentongan_hub import live


@pytest.fixture(autouse=True)
def no_gap(monkeypatch):
    monkeypatch.setattr(live, "GAP_S", 0.0)


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
    import threading

    monkeypatch.setattr(site.hub.boards, "slots", threading.BoundedSemaphore(2))
    person = site.enter("admin")
    for _ in range(5):
        open_stream(person).close()  # left before the first byte
    first, second = open_stream(person), open_stream(person)
    events_of(first, 1)
    assert open_stream(person).status_code == 503
    first.close()
    assert open_stream(person).status_code == 200
    second.close()


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


def test_boards_are_rendered_once_for_all_who_see_the_same():
    from kentongan_hub.store import Bell

    bell, made = Bell(), []
    boards = live.Boards(bell)
    for _ in range(3):
        boards.get("viewer", lambda: made.append(1) or len(made))
    assert len(made) == 1
    bell.ring()
    assert boards.get("viewer", lambda: "new") == "new"
