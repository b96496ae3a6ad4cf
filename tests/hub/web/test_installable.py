"""A phone can install the hub: its manifest, and icons of our own in the sizes that they say."""

import json
import re
import struct

import pytest


def size(png):
    """Width and height out of a PNG's head."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return "{}x{}".format(*struct.unpack(">II", png[16:24]))


@pytest.fixture
def manifest(site):
    page = site.client.get("/masuk").text
    assert 'rel="manifest" href="/static/kentongan.webmanifest' in page
    answer = site.client.get("/static/kentongan.webmanifest")
    assert answer.status_code == 200 and answer.mimetype == "application/manifest+json"
    return json.loads(answer.data)


def test_it_opens_the_board_without_the_browsers_bars(site, manifest):
    assert (manifest["start_url"], manifest["display"], manifest["scope"]) == ("/papan", "standalone", "/")
    assert site.client.get(manifest["start_url"], headers={"Accept": "text/html"}).status_code == 302


def test_every_icon_is_here_and_as_large_as_it_says(site, manifest):
    sizes = set()
    for icon in manifest["icons"]:
        answer = site.client.get(f"/static/{icon['src']}")
        assert answer.status_code == 200 and answer.mimetype == icon["type"], icon
        if icon["type"] == "image/png":
            assert size(answer.data) == icon["sizes"]
            sizes.add((icon["sizes"], icon.get("purpose", "any")))
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes


def test_nothing_of_the_board_is_kept_by_a_phone(site):
    site.post_events(site.alarm())
    admin = site.enter("admin")
    for path in ("/papan", "/papan/isi", "/kejadian/kejadian-1"):
        assert admin.get(path).headers["Cache-Control"] == "no-store", path


def test_the_service_worker_may_stand_before_every_page_and_nothing_else_may(site):
    answer = site.client.get("/static/worker.js")
    assert answer.status_code == 200 and answer.headers["Service-Worker-Allowed"] == "/"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    for path in ("/static/hub.js", "/masuk", "/static/unreached.html"):
        assert "Service-Worker-Allowed" not in site.client.get(path).headers


def test_what_it_keeps_is_there_and_is_all_that_the_page_of_a_lost_line_asks_for(site):
    kept = re.search(r"const FILES = \[PAGE, (.*?)\]", site.client.get("/static/worker.js").text)[1]
    page = site.client.get("/static/unreached.html").text
    asked = re.findall(r'(?:href|src)="(/[^"]*)"', page)
    assert sorted(asked) == sorted(json.loads(f"[{kept}]"))
    for path in asked:
        assert site.client.get(path).status_code == 200, path


def test_the_page_of_a_lost_line_says_the_same_in_both_languages_and_nothing_of_the_rt(site):
    page = site.client.get("/static/unreached.html").text
    indonesian, english = page.split('lang="en"')
    for first, second in (
        ("Ini bukan papan siaga", "This is not the alert board"),
        ("Tekan tombol darurat", "Press the emergency button"),
        ("tidak ada jawaban yang terkirim", "No answer is sent"),
    ):
        assert first in indonesian and second in english
    for word in ("Sukamaju", "RT 05", "http:", "https:"):
        assert word not in page
