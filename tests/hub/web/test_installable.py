"""A phone can install the hub: its manifest, and icons of our own in the sizes that they say."""

import json
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
