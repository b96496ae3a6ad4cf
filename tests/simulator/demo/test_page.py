"""The village page: who may press, what a page is told, and what it never tells."""

import json

import pytest
from kentongan_sim.demo import plan, words
from kentongan_sim.demo.feed import BEHIND_MAX, LOG_LINES, STREAMS_MAX, Feed
from kentongan_sim.demo.page import create_page


class FakeVillage:
    """Remembers what was pressed."""

    engine_name = "cpython"

    def __init__(self):
        self.feed = Feed()
        self.pressed = []

    def now_ms(self):
        return 5_000

    def press(self, label, how):
        self.pressed.append((label, how))


@pytest.fixture
def village():
    return FakeVillage()


@pytest.fixture
def switched():
    return []


@pytest.fixture
def browser(village, switched):
    app = create_page(
        village,
        lambda part, up: switched.append((part, up)),
        {"url": "http://127.0.0.1:1", "name": "admin", "password": "kata-sandi"},
        lambda: switched.append("reset"),
    )
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = "127.0.0.1:8000"
    return client


def token_of(browser):
    return browser.get("/").get_data(as_text=True).split('data-token="')[1].split('"')[0]


def post(browser, path, body, token=None):
    headers = {"X-Village": token_of(browser) if token is None else token}
    return browser.post(path, data=json.dumps(body), headers=headers, content_type="application/json")


def test_the_plan_shows_every_house_post_and_part(browser):
    page = browser.get("/").get_data(as_text=True)
    for spot in plan.DEVICES:
        assert f'id="{spot.label}"' in page
    for name, title, _ in words.PARTS:
        assert f'data-part="{name}"' in page and title in page
    assert "kata-sandi" in page and "http://127.0.0.1:1" in page


def test_the_page_loads_nothing_from_outside(browser):
    page = browser.get("/")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    text = page.get_data(as_text=True) + "".join(
        browser.get(f"/static/{name}").get_data(as_text=True)
        for name in ("village.css", "village.js", "drum.js", "drum.svg")
    )
    for outside in text.split("http")[1:]:
        assert outside.startswith(("://127.0.0.1:1", "://www.w3.org/2000/svg")), outside[:60]


def test_a_house_can_be_pressed_in_every_way(browser, village):
    for how in (1, 5, "silent", "cancel"):
        assert post(browser, "/press", {"label": "tombol-07", "how": how}).status_code == 200
    assert post(browser, "/press", {"label": "penerima-1", "how": "come"}).status_code == 200
    assert village.pressed == [
        *(("tombol-07", how) for how in (1, 5, "silent", "cancel")),
        ("penerima-1", "come"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"label": "pos-1", "how": 1},
        {"label": "tombol-07", "how": 0},
        {"label": "tombol-07", "how": 6},
        {"label": "tombol-07", "how": True},
        {"label": ["tombol-07"], "how": 1},
        {"label": "tombol-07", "how": {}},
        {"label": "tombol-07", "how": "come"},
        {"label": "penerima-1", "how": 1},
    ],
)
def test_nonsense_presses_nothing(browser, village, body):
    assert post(browser, "/press", body).status_code == 400
    assert village.pressed == []


def test_parts_are_switched_by_name(browser, switched):
    assert post(browser, "/switch", {"part": "hub", "up": False}).status_code == 200
    assert post(browser, "/switch", {"part": "rumah", "up": False}).status_code == 400
    assert post(browser, "/switch", {"part": "hub", "up": "no"}).status_code == 400
    assert switched == [("hub", False)]


def test_a_foreign_page_in_the_same_browser_can_do_nothing(browser, village):
    assert post(browser, "/press", {"label": "tombol-07", "how": 1}, token="guessed").status_code == 403
    for path in ("/", "/state", "/events"):
        assert browser.get(path, headers={"Host": "evil.example:8000"}).status_code == 403
    assert village.pressed == []


def test_a_new_page_is_told_how_things_stand(browser, village):
    village.feed.add({"t": "show", "at": "tombol-07", "state": "stored"}, 1_000)
    village.feed.add({"t": "sound", "at": "pos-1", "total_ms": 9_000}, 2_000)
    village.feed.add({"t": "sound", "at": "pos-2", "total_ms": 100}, 2_000)
    village.feed.add({"t": "part", "name": "hub", "up": False}, 3_000)
    village.feed.add({"t": "log", "time": "00.00.00", "tone": "good", "text": "halo"}, 3_000)
    stream = browser.get("/events")
    first = next(chunk for chunk in stream.response if b"data:" in chunk).decode()
    event = json.loads(first.split("data: ")[1])
    stream.close()
    assert event["states"] == {"tombol-07": "stored"} and event["parts"] == {"hub": False}
    assert list(event["sounds"]) == ["pos-1"] and event["sounds"]["pos-1"]["elapsed_ms"] == 3_000
    assert event["log"][0]["text"] == "halo"
    assert browser.get("/state").get_json()["states"] == {"tombol-07": "stored"}


def test_a_page_that_does_not_read_is_cut_off_and_the_others_go_on():
    feed = Feed()
    slow, quick = feed.subscribe(0), feed.subscribe(0)
    for number in range(BEHIND_MAX + 5):
        feed.add({"t": "rx", "n": number})
        while not quick.empty():
            last = quick.get()
    assert last["n"] == BEHIND_MAX + 4
    seen = [slow.get() for _ in range(slow.qsize())]
    assert seen[-1] is None


def test_the_number_of_pages_and_of_lines_is_limited():
    feed = Feed()
    pages = [feed.subscribe(0) for _ in range(STREAMS_MAX)]
    assert all(pages) and feed.subscribe(0) is None
    feed.unsubscribe(pages[0])
    assert feed.subscribe(0) is not None
    for number in range(LOG_LINES + 9):
        feed.add({"t": "log", "text": number})
    assert len(feed.snapshot(0)["log"]) == LOG_LINES
    feed.close()
    assert [pages[1].get() for _ in range(pages[1].qsize())][-1] is None


def test_a_part_that_dies_shows_and_sounds_nothing_more():
    feed = Feed()
    feed.add({"t": "sound", "at": "pos-1", "total_ms": 9_000}, 0)
    feed.add({"t": "part", "name": "pos-1", "up": False}, 1)
    assert feed.snapshot(2)["sounds"] == {}


def test_the_list_of_events_names_no_house_for_the_silent_key():
    tone, text = words.line_for("key", "tombol-07", "Rumah 07", {"key": "silent", "down": True})
    assert "07" not in text and tone == "hush"
    assert words.line_for("key", "tombol-07", "Rumah 07", {"key": "main", "down": False}) is None


def test_the_board_on_the_technicians_table_has_a_reset_key(browser, switched, village):
    page = browser.get("/").get_data(as_text=True)
    assert f'data-table="{plan.BENCH.label}"' in page and 'id="reset"' in page
    assert post(browser, "/reset", {}, token="x").status_code == 403 and switched == []
    assert post(browser, "/reset", {}).status_code == 200 and switched == ["reset"]
    without = create_page(village, print).test_client()
    without.environ_base["HTTP_HOST"] = "127.0.0.1:8000"
    assert 'data-table=""' in without.get("/").get_data(as_text=True)
    assert post(without, "/reset", {}).status_code == 400
