"""Names of buttons: alone they tell a listener which house, person or device each is for."""

import re
from collections import Counter

import pytest
from kentongan_hub.people import contacts

PAGES = (
    "/papan",
    "/peringatan",
    "/perangkat",
    "/akun",
    "/akses",
    "/kontak",
    "/warga",
    "/layar/pos",
    "/undangan",
)


@pytest.fixture
def admin(site):
    """At least two of everything that a list can hold."""
    admin = site.enter("admin")
    for login in ("budi", "siti"):
        site.account(login, "petugas_ronda", named=True)
    for house, name in (("7", "Budi Santoso"), ("8", "Siti Aminah")):
        form = {"rt": "5", "rumah": house, "nama": name, "setuju": "1"}
        assert admin.post("/warga", page="/warga", **form).status_code == 303
    for name in ("Kartu A", "Kartu B"):
        form = {"nama": name, "peran": "petugas_ronda", "luar": "1"}
        admin.post("/undangan", page="/undangan", **form)
    site.post_events(
        *(
            site.alarm(counter=9 + number, device=device)
            for number, device in enumerate((site.button, site.other))
        ),
        *(
            site.event("status", device=device, counter=5, rssi=-80, body={"flags": 1})
            for device in (site.button, site.other)
        ),
    )
    site.hub.dispatch.step()
    return admin


@pytest.mark.parametrize("path", PAGES)
def test_no_two_buttons_of_a_page_have_one_name(site, admin, path):
    text = admin.get(path).text
    buttons = re.findall(r"<(?:button|summary)[^>]*>(.*?)</(?:button|summary)>", text, re.S)
    names = Counter(" ".join(re.sub("<[^>]+>", "", one).split()) for one in buttons)
    twice = {name for name, count in names.items() if count > 1}
    assert len(names) > 2 and twice == set(), path


def test_there_is_more_than_one_of_everything(site, admin):
    assert admin.get("/peringatan").text.count('name="nomor"') >= 2
    assert admin.get("/papan").text.count('class="kartu ') == 2
    with site.hub.store.read() as db:
        assert len(contacts.numbers(db)) > 1
    assert admin.get("/warga").text.count('id="rumah-') == 2
