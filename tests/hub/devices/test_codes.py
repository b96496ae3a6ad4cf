"""The RT's code: as the posts beat it, without conflicts, chosen on a page and sent until it is reported."""

import pytest
from kentongan_hub.devices import codes as kentongan_codes
from kentongan_hub.devices import provision
from kentongan_wire.base import patterns
from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings import config
from kentongan_wire.settings.config import PROFILES


@pytest.mark.parametrize("profile", PROFILES)
def test_every_code_is_shown_for_eye_and_ear_as_the_posts_beat_it(profile):
    for kind, code in kentongan_codes.table(profile):
        name, steps = patterns.steps_for(profile, kind)
        assert (code == "titir") == (name == "titir")
        assert tuple(kentongan_codes.steps(code)) == steps * (15 if name == "titir" else 1)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_shipped_profile_has_a_conflict(profile):
    assert kentongan_codes.conflicts(dict(kentongan_codes.table(profile))) == []


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({1: "* -"}, "satu pukulan"),
        ({1: "* . * -"}, "satu pukulan"),
        ({1: "****** -"}, "enam pukulan"),
        ({1: "** -", 2: "** -"}, "Kebakaran dan Maling (** -): terdengar sama"),
        ({1: "** -", 2: "** . ** -"}, "terdengar sama"),
    ],
)
def test_what_would_be_misunderstood_is_named(codes, words):
    assert [text for text in kentongan_codes.conflicts(codes) if words in text]


def test_two_kinds_may_both_be_titir_and_two_may_have_their_groups_the_other_way_round():
    assert kentongan_codes.conflicts({1: "titir", 2: "titir", 3: "** . *** -", 4: "*** . ** -"}) == []


def test_the_hub_lets_through_only_what_the_air_lets_through():
    for first in range(1, 10):
        for second in range(10):
            strokes = (first, second) if second else (first,)
            fits = not kentongan_codes.conflicts({1: kentongan_codes.spelled(strokes)})
            assert fits == config.groups_fit(strokes), strokes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2+3", "** . *** -"),
        ("** . *** -", "** . *** -"),
        ("  **.***  ", "** . *** -"),
        ("4", "**** -"),
        ("1-7-1", "* . ******* . * -"),
        ("TITIR", "titir"),
    ],
)
def test_a_code_is_typed_as_people_write_it(text, code):
    assert kentongan_codes.read(text) == code


@pytest.mark.parametrize(
    "text",
    ["dua", "", "10", "0", "2+0", "1+2+1+2+1", "** x", "*" * 10, "-", "+", "2,3", "²", "1e9", "9" * 500],
)
def test_what_is_no_code_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(LocalError):
        kentongan_codes.read(text)


def sent(site):
    """({node: the newest settings that orders of this moment give it}, the `codes` orders)."""
    site.hub.dispatch.step()
    orders = site.orders()
    devices = [d for order in orders if order["type"] == "config" for d in order["devices"]]
    return {d["node"]: d["settings"] for d in devices}, [o for o in orders if o["type"] == "codes"]


def report(site, node):
    """A STATUS of a mains device that holds what is wanted of it now."""
    (row,) = site.rows("SELECT config_version FROM devices WHERE node = ?", node)
    body = {"flags": 1, "config_version": row["config_version"], "last_control": 0}
    site.post_events(site.event("status", device=node, counter=50 + site.sent, generation=0, body=body))


def test_a_profile_is_chosen_sent_to_the_posts_of_that_rt_and_shown_until_reported(site):
    admin = site.enter("admin")
    site.post_events()
    site.hub.dispatch.step()
    assert admin.post("/kentongan", page="/kentongan", rt="5", profil="bali").status_code == 303
    assert "pos-1: belum melaporkan" in admin.get("/kentongan").text
    assert sent(site)[0][site.post]["profile"] == "bali"
    page = admin.get("/kentongan").text
    assert "RT 05: Bali" in page and "pos-1: belum melaporkan" in page
    report(site, site.post)
    assert "pos-1: sudah memukul kode ini" in admin.get("/kentongan").text
    assert admin.post("/kentongan", page="/kentongan", rt="5", profil="sunda").status_code == 400
    assert admin.post("/kentongan", page="/kentongan", rt="9", profil="bali").status_code == 400


def test_codes_of_ones_own_go_to_posts_chimes_and_the_gateway_and_back_again(site):
    chime = provision.add_device(site.data_dir, "penerima", "chime-1", 5, 9)["node"]
    admin = site.enter("admin")
    site.hub.dispatch.step()
    form = {"rt": "5", "profil": "polri", "kode1": "4+1", "kode6": "titir"}
    assert admin.post("/kentongan", page="/kentongan", **form).status_code == 303
    own = [[1, [4, 1]], [6, []]]
    settings, (codes,) = sent(site)
    assert settings[site.post]["patterns"] == settings[chime]["patterns"] == own
    assert (codes["profile"], codes["patterns"]) == ("polri", own)
    page = admin.get("/kentongan").text
    assert "gateway-1: belum melaporkan" in page and "**** . * -" in page and 'value="**** . * -"' in page
    site.done(codes["id"])
    assert "gateway-1: sudah memukul kode ini" in admin.get("/kentongan").text
    site.clock.advance(61_000)
    assert admin.post("/kentongan", page="/kentongan", rt="5", profil="polri").status_code == 303
    assert sent(site)[0][site.post]["patterns"] == []
    assert "polri; Maling **** . * -, Keributan titir" in admin.get("/catatan").text


def test_a_post_that_is_added_later_beats_what_its_rt_chose(site):
    admin = site.enter("admin")
    admin.post("/kentongan", page="/kentongan", rt="5", profil="bali", kode1="4+1")
    new = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    assert sent(site)[0][new]["patterns"] == [[1, [4, 1]]]


def test_a_gateway_that_starts_anew_is_told_what_its_siren_beats(site):
    admin = site.enter("admin")
    admin.post("/kentongan", page="/kentongan", rt="5", profil="bali")
    site.done(*[order["id"] for order in site.orders()])
    site.client.get("/api/v1/orders?fresh=1&wait=0", headers=site.headers)
    site.clock.advance(61_000)
    assert [order["profile"] for order in site.orders() if order["type"] == "codes"] == ["bali"]


def test_a_conflict_is_refused_with_its_reason_and_nothing_is_sent(site):
    admin = site.enter("admin")
    wrong = (("1", "satu pukulan"), ("6+6", "enam pukulan"), ("3", "terdengar sama"), ("x", "tulis seperti"))
    for code, why in wrong:
        answer = admin.post("/kentongan", page="/kentongan", rt="5", profil="polri", kode1=code)
        assert answer.status_code == 400 and why in answer.text and f'value="{code}"' in answer.text
    assert site.rows("SELECT * FROM codes") == []


def test_codes_are_seen_and_heard_before_they_are_sent(site):
    admin = site.enter("admin")
    answer = admin.post("/kentongan", page="/kentongan", rt="5", profil="polri", kode1="5+2", coba="1")
    assert answer.status_code == 200 and "belum dikirim" in answer.text and "***** . ** -" in answer.text
    answer = admin.post("/kentongan", page="/kentongan", rt="5", profil="polri", kode1="<script>1", coba="1")
    assert answer.status_code == 400 and "<script>1" not in answer.text
    assert site.rows("SELECT * FROM codes") == []


def test_the_key_of_an_rt_is_one_sheet_to_print(site):
    admin = site.enter("admin")
    admin.post("/kentongan", page="/kentongan", rt="5", profil="polri", kode1="4+1")
    sheet = admin.get("/kentongan/5/cetak").text
    assert "Kunci kentongan RT 05" in sheet and "4 + 1 kali" in sheet and "<td>3 kali" in sheet
    assert "serahkan ke polisi 110" in sheet, "the number is the one of the page Kontak"
    assert "Sakit mendadak" in sheet
    assert admin.get("/kentongan/77/cetak").status_code == 404
