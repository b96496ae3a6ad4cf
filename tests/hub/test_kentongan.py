"""The RT's code: as the posts beat it, without conflicts, chosen on a page and sent until it is reported."""

import pytest
from kentongan_hub import kentongan
from kentongan_node import patterns
from kentongan_wire.config import PROFILES


def test_hub_and_posts_have_the_same_codes_and_times():
    assert kentongan.CODES == patterns.CODES and tuple(kentongan.CODES) == PROFILES
    assert (kentongan.STROKE_MS, kentongan.GAP_MS) == (patterns.STROKE_MS, patterns.GAP_MS)
    for profile in PROFILES:
        for _, code in kentongan.table(profile):
            if code != kentongan.TITIR:
                assert tuple(kentongan.steps(code)) == patterns.parse(code)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_shipped_profile_has_a_conflict(profile):
    assert kentongan.conflicts(dict(kentongan.table(profile))) == []


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({1: "* -"}, "satu pukulan"),
        ({1: "****** -"}, "enam pukulan"),
        ({1: "** -", 2: "** -"}, "sama dengan jenis lain"),
        ({1: "dua"}, "tulis seperti"),
        ({1: "** . "}, "tulis seperti"),
    ],
)
def test_what_would_be_misunderstood_is_named(codes, words):
    assert [text for text in kentongan.conflicts(codes) if words in text]


def test_two_kinds_may_both_be_titir():
    assert kentongan.conflicts({1: "titir", 2: "titir", 3: "** . *** -"}) == []


def test_a_profile_is_chosen_sent_to_the_posts_of_that_rt_and_shown_until_reported(site):
    admin = site.enter("admin")
    site.post_events()
    site.hub.dispatch.step()
    assert admin.post("/kentongan", page="/kentongan", rt="5", profil="bali").status_code == 303
    site.hub.dispatch.step()
    orders = [order for order in site.orders() if order["type"] == "config"]
    sent = [d for order in orders for d in order["devices"] if d.get("settings", {}).get("profile") == "bali"]
    assert sent and sent[-1]["node"] == site.post
    page = admin.get("/kentongan").text
    assert "Pos memukul <b>Bali</b>" in page and "Belum dilaporkan oleh pos-1" in page
    assert admin.post("/kentongan", page="/kentongan", rt="5", profil="sunda").status_code == 400
    assert admin.post("/kentongan", page="/kentongan", rt="9", profil="bali").status_code == 400


def test_a_code_of_ones_own_is_tried_and_its_conflict_named(site):
    admin = site.enter("admin")
    assert "satu pukulan berarti" in admin.get("/kentongan?coba=*+-").text
    assert "tidak bertabrakan" in admin.get("/kentongan?coba=**+.+***+-").text
    assert "<script>" not in admin.get("/kentongan?coba=<script>alert(1)</script>").text
