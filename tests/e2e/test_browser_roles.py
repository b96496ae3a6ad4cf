"""Each role's day in a browser, on phone, tablet and desktop, without the internet; and axe on every page.

Screenshots go to build/screenshots/peran-*.png. axe-core's rules must find nothing, whatever the impact.
"""

import re
from pathlib import Path

import pytest
from browser_kit import ALL_SIZES, CHROMIUM, DESKTOP, DRIVER, PHONE, Browser
from hub_kit import PASSWORD, HubProcess, make_site
from kentongan_hub import accounts, create_app, provision, register
from kentongan_hub.clock import Clock
from kentongan_hub.incidents import Now
from kentongan_hub.store import Store

pytestmark = pytest.mark.browser

PEOPLE = (  # login, name, role, named for confidential incidents
    ("ronda", "Budi Santoso", "petugas_ronda", False),
    ("ketua", "Siti Aminah", "ketua_rt", False),
    ("rw", "Pak Joko", "ketua_rw", False),
    ("bidan", "Bidan Rina", "wakil", True),
    ("lurah", "Bu Lurah", "kelurahan", False),
)
SAMPLES = {
    "slug": "kejadian-1", "number": "1", "label": "tombol-07", "zone": "5", "name": "sms",
    "table": "kejadian", "form": "csv", "filename": "hub.css",
    "token": "x",
}  # fmt: skip
NO_PAGES = (  # answers that are no page of HTML, or need a secret of their own
    "/papan/aliran", "/papan/isi", "/ekspor/", "/static/", "/api/", "/foto/", "/denah/gambar", "/undangan/<",
    "/simpanan/cadangan",
)  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A village with a night behind it: people, devices, an alarm, a drill, a confidential one, warnings."""
    data = tmp_path_factory.mktemp("peran") / "data"
    made = make_site(data)
    provision.add_device(data, "penerima", "chime-1", 5, 9)
    with Store(data).write() as db:
        for login, name, role, named in PEOPLE:
            accounts.add(db, 0, login, name, role, PASSWORD, named)
        now = Now(Clock().steady_ms(), Clock().wall_ms())
        by = db.one("SELECT * FROM accounts WHERE login = 'admin'")
        for house, name, duty in ((7, "Warga Tujuh", "ronda"), (8, "Warga Delapan", "ketua_rt")):
            person = register.add_person(db, now, by, name, 5, house, True, head=True)
            db.insert("duties", person=person, duty=duty, zone=5)
    process = HubProcess(data)
    process.made, process.data = made, data
    yield process
    process.stop()


@pytest.fixture(scope="module")
def browser(hub, tmp_path_factory):
    if not (Path(CHROMIUM).exists() and Path(DRIVER).exists()):
        pytest.skip("needs a browser: apt install chromium chromium-driver")
    made = Browser(tmp_path_factory.mktemp("chromium") / "profile")
    yield made
    assert made.hosts_asked() <= {hub.address.removeprefix("http://")}, "a page asked somebody outside"
    made.close()


class Night:
    """What the gateway tells, and a person who walks through the pages."""

    def __init__(self, hub, browser):
        self.hub, self.browser = hub, browser

    def send(self, type_, **fields):
        self.hub.told = getattr(self.hub, "told", 0) + 1
        event = {"id": f"gateway-1/{self.hub.told}", "type": type_, "at_ms": 1, "boot_id": "b", **fields}
        answer = self.hub.call("/api/v1/events", {"boot_id": "b", "events": [event]}, self.hub.made["token"])
        assert answer["accepted"] == [event["id"]], answer

    def alarm(self, **fields):
        self.hub.pressed = getattr(self.hub, "pressed", 100) + 1
        self.send("alarm", **{"device": self.hub.made["button"], "counter": self.hub.pressed, "kind": 1,
                              "zone": 5, "hops": 1, **fields})  # fmt: skip

    def enter(self, login):
        self.browser.resize(DESKTOP)
        self.browser.driver.delete_all_cookies()
        self.browser.enter(self.hub.address, login)

    def go(self, path, text):
        self.browser.driver.get(self.hub.address + path)
        self.browser.wait_text(text)

    def shot(self, name):
        self.browser.every_size(f"peran-{name}", ALL_SIZES)

    def text(self):
        return self.browser.find("body").text


@pytest.fixture
def night(hub, browser):
    walk = Night(hub, browser)
    yield walk
    assert browser.complaints() == []


def newest(night):
    with Store(night.hub.data).read() as db:
        return db.value("SELECT slug FROM incidents ORDER BY id DESC LIMIT 1")


def test_a_ronda_answers_arrives_writes_and_ends_and_hands_the_night_over(night):
    night.enter("ronda")
    night.alarm(kind=1)
    night.browser.wait_text("Maling")
    night.shot("ronda-papan")
    night.browser.press("Saya datang")
    night.browser.wait_text("Menuju lokasi")
    slug = newest(night)
    night.go(f"/kejadian/{slug}", "Riwayat")
    night.browser.press("Sudah di lokasi")
    night.browser.wait_text("Ditangani")
    night.go(f"/kejadian/{slug}", "Riwayat")
    night.browser.find("[name=catatan]").send_keys("Pintu belakang terbuka, orangnya lari ke arah sawah.")
    night.browser.press("Simpan catatan")
    night.browser.wait_text("arah sawah")
    night.shot("ronda-kejadian")
    night.browser.press("Tutup sebagai selesai")
    night.browser.wait_text("selesai")
    night.go("/serah-terima", "Siti Aminah")
    night.shot("ronda-serah-terima")
    for path in ("/kebijakan", "/warga", "/akun", "/simpanan"):
        night.browser.driver.get(night.hub.address + path)
        assert "Tidak diizinkan" in night.text(), path
    night.browser.complaints()  # the four refusals above are in the console


def test_a_ketua_rt_rehearses_a_fire_looks_at_the_people_and_opens_a_drill(night):
    night.enter("ketua")
    night.go("/kebijakan?jenis=2&rt=5&rumah=7", "Kebakaran")
    night.shot("ketua-kebijakan")
    night.go("/warga", "Warga Tujuh")
    night.shot("ketua-warga")
    night.go("/kentongan", "Kunci kentongan")
    night.browser.driver.execute_script("document.querySelector('details').open = true")
    night.browser.fill(kode1="4+1")
    night.browser.press("Lihat dan dengarkan")
    night.browser.wait_text("belum dikirim")
    night.shot("ketua-kentongan")
    night.go("/peringatan", "Peringatan")
    night.shot("ketua-peringatan")
    night.go("/latihan", "Latihan")
    night.shot("ketua-latihan")


def test_a_ketua_rw_sees_and_does_not_rule_the_house(night):
    night.enter("rw")
    night.go("/kejadian", "kejadian")
    night.shot("rw-kejadian")
    night.go("/lainnya", "Kebijakan")
    night.shot("rw-lainnya")
    night.browser.driver.get(night.hub.address + "/warga")
    assert "Tidak diizinkan" in night.text()
    night.browser.complaints()


def test_an_operator_mutes_a_stuck_button_in_two_taps_and_looks_at_the_channels(night):
    for number, (label, role) in enumerate((("button", "tombol"), ("post", "sirene"))):
        body = {"flags": 0, "battery": 190} if role == "tombol" else {"flags": 1, "battery_mv": 12850}
        night.send("status", device=night.hub.made[label], role=role, body=body, rssi=-80 - number, snr_q=20)
    night.enter("admin")
    night.go("/perangkat", "tombol-07")
    night.shot("operator-perangkat")
    night.go("/perangkat/tombol-07", "tombol-07")
    night.browser.find("[name=alasan]").send_keys("tertekan terus")
    night.shot("operator-alat")
    night.browser.find("button[name=jam]").click()
    night.browser.wait_text("Hidupkan lagi")
    night.browser.press("Hidupkan lagi")
    night.browser.wait(lambda: "Hidupkan lagi" not in night.text(), "still muted")
    for path, text in (
        ("/kanal", "SMS"),
        ("/simpanan", "Cadangan"),
        ("/kunci", "kunci"),
        ("/catatan", "Catatan"),
    ):
        night.go(path, text)
        night.shot(f"operator{path.replace('/', '-')}")


def test_the_confidential_circle_is_called_and_nobody_else_sees_anything(night):
    night.alarm(kind=8, silent=True, device=night.hub.made["other"])
    slug = newest(night)
    assert slug.startswith("rahasia-")
    night.enter("ronda")
    assert slug not in night.text() and "Rahasia" not in night.text()
    night.browser.driver.get(f"{night.hub.address}/kejadian/{slug}")
    assert "Rumah 8" not in night.text() and "Kekerasan" not in night.text()
    night.browser.complaints()
    night.enter("bidan")
    night.browser.wait_text("tercatat")
    night.shot("rahasia-papan")
    night.go(f"/kejadian/{slug}", "Riwayat")
    night.shot("rahasia-kejadian")
    night.browser.press("Saya datang")
    night.browser.wait_text("Menuju lokasi")


def test_the_kelurahan_looks_on_and_a_warga_needs_no_account(night):
    night.enter("lurah")
    night.shot("kelurahan-papan")
    assert not night.browser.driver.find_elements("css selector", ".kartu button.utama")
    night.browser.driver.delete_all_cookies()
    night.go("/", "Masuk")
    night.shot("warga-masuk")


def pages(hub):
    app = create_app(hub.data, dispatch=False)
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not any(part in str(rule) for part in NO_PAGES):
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES[found[1]], str(rule))


def test_axe_finds_nothing_on_any_page_on_phone_or_desktop(night):
    night.enter("admin")
    found, looked = {}, 0
    for path in [*sorted(set(pages(night.hub))), "/tidak-ada"]:
        night.browser.driver.get(night.hub.address + path)
        if night.browser.driver.execute_script("return document.contentType") != "text/html":
            continue
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            night.browser.resize(size)
            night.browser.scheme(scheme)
            looked += 1
            for one in night.browser.axe():
                found.setdefault(one[:2], []).append((path, scheme, one[2]))
    night.browser.complaints()
    assert looked > 50 and found == {}, "\n".join(
        f"{rule}: {places}" for rule, places in sorted(found.items())
    )
