"""A stranger's first day, from /mulai to an alarm that was tested: every click and key is counted."""

import re
from pathlib import Path

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.storage.store import Store
from kentongan_wire.message import messages as m
from kits.browser.browser_kit import CHROMIUM, DESKTOP, DRIVER, Browser
from kits.hub.hub_kit import PASSWORD, HubProcess

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).resolve().parents[3] / "docs/operate.md"
# a slow person on a phone: finds and taps a thing, types a letter
CLICK_S, KEY_S, LIMIT_S = 4.0, 0.6, 600
SIZES = (("360x740", (360, 740)), ("768x1024", (768, 1024)), ("1920x1080", (1920, 1080)))
GUESTS = (("Bidan Rina", "wakil", 11, "rina", "4827"), ("Budi Santoso", "petugas_ronda", 12, "budi", "7261"))


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path / "data")
    yield process
    process.stop()


@pytest.fixture
def browser(require, tmp_path):
    there = Path(CHROMIUM).exists() and Path(DRIVER).exists()
    require(there, "a browser", "apt install chromium chromium-driver")
    made = Browser(tmp_path / "profile")
    yield made
    made.close()


class Hand:
    """Does what a person does, and counts it."""

    def __init__(self, browser, hub, data):
        self.browser, self.hub, self.data, self.driver = browser, hub, data, browser.driver
        self.clicks = self.keys = self.told = 0

    def click(self, css=None, text=None):
        self._press(lambda: self.browser.find(css) if css else self.browser.button(text), css or text)

    def _press(self, find, what):
        """One click, also on a board that draws itself anew between the look and the click."""

        def pressed():
            one = find()
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
            one.click()
            return True

        self.browser.wait(pressed, f"no click on {what}")
        self.clicks += 1

    def type(self, inside="form", **fields):
        for name, value in fields.items():
            one = self.browser.find(f"{inside} [name={name}]")
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
            one.clear()
            one.send_keys(value)
            self.clicks += 1
            self.keys += len(value)

    def choose(self, name, value):
        self.browser.find(f"[name={name}] option[value='{value}']").click()
        self.clicks += 2

    def _follow(self, step):
        self._press(lambda: self.driver.find_element("xpath", f"//main//a[contains(., '{step}')]"), step)

    def back(self, *gone):
        """Over the board to the list again; what was done stands there no more."""
        self.click(".menu a[href='/papan']")
        self.browser.wait_text("hal belum selesai")
        self.click("#papan a[href='/penyiapan']")
        self.browser.wait_text("hilang dari daftar ini")
        for step in gone:
            assert step not in self.browser.find("main").text, step

    def look(self, name):
        """At every size and in both languages; none of it counts."""
        for language in ("en", "id"):
            for suffix, size in SIZES:
                self.browser.resize(size)
                sideways = "return document.documentElement.scrollWidth > innerWidth"
                assert not self.driver.execute_script(sideways), f"{name} {suffix} scrolls sideways"
                self.browser.shot(f"awal-{name}-{suffix}-{'id' if language == 'en' else 'en'}")
            assert self.browser.axe() == [], name
            self.browser.resize(DESKTOP)
            if self.driver.find_elements("css selector", f".bahasa [value={language}]"):
                self.browser.find(f".bahasa [value={language}]").click()

    def send(self, type_, **fields):
        """Send an event of the gateway."""
        self.told += 1
        event = {"id": f"gateway-1/{self.told}", "type": type_, "at_ms": self.told, "boot_id": "b1", **fields}
        answer = self.hub.call("/api/v1/events", {"boot_id": "b1", "events": [event]}, self.token)
        assert answer["accepted"] == [event["id"]], answer


def makes_the_site(hand):
    hand.driver.get(hand.hub.address + "/")
    hand.browser.shot("awal-mulai")
    hand.type(kode=hand.hub.read_setup_code(), nama="RT 05 Sukamaju", rt="5", rw="3", orang="Siti Aminah")
    hand.type(rumah="1", masuk="Siti", sandi=PASSWORD, sandi2=PASSWORD)
    hand.click(text="Buat")
    hand.browser.wait_text("Hanya tampil sekali")
    hand.token = hand.browser.find("#token").text
    hand.click("a.utama")
    hand.type(masuk="siti", sandi=PASSWORD)
    hand.click(text="Masuk")
    hand.browser.wait_text("0 dari 8 sudah")
    with Store(hand.data).write() as db:  # the test runs at any hour
        db.set_setting("quiet_from", "00.00")
        db.set_setting("quiet_to", "00.00")


def the_technician_installs(hand):
    """With kentongan-tool, at the benches and on the roofs: no click of this list."""
    hand.button = provision.add_device(hand.data, "tombol", "tombol-07", 5, 7)["node"]
    hand.post = provision.add_device(hand.data, "sirene", "pos-1", 5, place="Pos ronda Mawar")["node"]
    hand.send("radio", name="serial", up=True)
    for node, role in ((hand.button, 1), (hand.post, 2)):
        hand.send("status", device=node, role=role, body={"flags": m.STATUS_MAINS}, rssi=-80, snr_q=30)


def lets_the_post_test_itself(hand):
    hand._follow("Pos diuji")
    hand.browser.wait_text("pos-1")
    hand.click(text="Uji (diam)")
    hand.browser.wait_text("uji diminta")
    hand.send("status", device=hand.post, role=2, body={"flags": m.STATUS_MAINS}, rssi=-80, snr_q=30)
    hand.back("Gerbang terdengar", "Pos diuji")


def chooses_a_pin(hand):
    hand._follow("PIN untuk layar pos")
    hand.type("#pin", sandi=PASSWORD, pin="5938", pin2="5938")
    hand.click("#pin button")
    hand.browser.wait_text("PIN baru berlaku")
    hand.back()


def invites_two(hand):
    hand._follow("Dua orang untuk alarm diam")
    mine = hand.driver.current_window_handle
    for name, role, house, login, pin in GUESTS:
        hand.type(nama=name, rumah=str(house))
        hand.choose("peran", role)
        hand.click(text="Buat kode QR")
        hand.browser.wait_text("Hanya tampil sekali")
        address = hand.browser.find("#alamat").text.replace("127.0.0.1", "localhost")
        hand.driver.switch_to.new_window("window")  # the guest's own phone
        hand.driver.get(address)
        hand.type(masuk=login, sandi=PASSWORD, sandi2=PASSWORD, pin=pin, pin2=pin)
        hand.click(text="Simpan dan masuk")
        hand.browser.wait(lambda: hand.driver.find_elements("id", "papan"), f"{login} is not in")
        hand.driver.delete_all_cookies()
        hand.driver.close()
        hand.driver.switch_to.window(mine)
        hand.click("main a[href='/undangan']")
        hand.browser.wait_text("Undang orang")
    hand.back("PIN untuk layar pos")


def on_access(hand):
    return hand.driver.current_url.endswith("/akses")


def agrees_with_them(hand):
    hand._follow("Dua orang untuk alarm diam")
    for name, *_ in GUESTS:
        row = f"//li[contains(., '{name}')]//button[contains(., 'Sepakati untuk rahasia')]"
        one = hand.driver.find_element("xpath", row)
        hand.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
        one.click()
        hand.clicks += 1
        hand.browser.wait(
            lambda row=row: on_access(hand) or not hand.driver.find_elements("xpath", row), name
        )
    hand.browser.wait_text("Menunggu orang kedua")  # of the second one: the first is an officer, too
    hand.back()
    assert "Akses" in hand.browser.find("main").text, "the list says for whom it waits"
    the_second_officer_confirms(hand)
    hand.back("Dua orang")


def the_second_officer_confirms(hand):
    """On her own phone."""
    mine, (name, _role, _house, login, _pin) = hand.driver.current_window_handle, GUESTS[0]
    hand.driver.switch_to.new_window("window")
    hand.driver.get(hand.hub.address.replace("127.0.0.1", "localhost") + "/masuk")
    hand.type(masuk=login, sandi=PASSWORD)
    hand.click(text="Masuk")
    hand.browser.wait_text(name)
    hand.click(".menu a[href='/lainnya']")
    hand.click("main a[href='/akses']")
    hand.click(text="Benarkan")
    hand.browser.wait_text("Tidak ada yang menunggu")
    hand.driver.delete_all_cookies()
    hand.driver.close()
    hand.driver.switch_to.window(mine)


def checks_the_numbers(hand):
    hand._follow("Kontak dicek")
    unchecked = "//li[contains(., 'belum pernah dicek')]//button[contains(., 'Sudah dicek')]"
    hand.browser.wait_text("Kontak")
    while found := hand.driver.find_elements("xpath", unchecked):
        hand.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found[0])
        found[0].click()
        hand.clicks += 1
        left = len(found)
        hand.browser.wait(
            lambda left=left: len(hand.driver.find_elements("xpath", unchecked)) < left, "unchecked"
        )
    hand.back("Kontak dicek")


def fills_the_plan(hand):
    hand._follow("Denah terisi")
    hand.type(nama="Pak Harto", rumah="7")
    hand.click("[name=setuju]")
    hand.click(text="Daftarkan")
    hand.browser.wait_text("Pak Harto")
    hand.back()
    hand._follow("Denah terisi")
    hand.click(text="Taruh")
    hand.browser.wait_text("Denah RT")
    hand.back("Denah terisi")


def backs_up(hand):
    hand._follow("Cadangan di USB")
    hand.type(sandi="sandi cadangan", sandi2="sandi cadangan")
    hand.click("form[action='/simpanan/cadangan'] button")
    hand.browser.wait(lambda: Store(hand.data).path.exists() and backed_up(hand.data), "no backup")
    hand.back("Cadangan di USB")


def backed_up(data):
    with Store(data).read() as db:
        return bool(db.setting("backup_ms"))


def holds_the_first_drill(hand):
    hand._follow("Latihan pertama")
    hand.click(text="Mulai latihan")
    hand.browser.wait_text("INI LATIHAN")
    hand.click(".menu a[href='/papan']")
    about = {"device": hand.button, "counter": 9, "kind": 1, "zone": 5, "hops": 1}
    hand.send("alarm", **about, drill=True)
    hand.browser.wait_text("Rumah 7")
    hand.click("article .jawab button")
    hand.browser.wait_text("Anda tercatat datang ke Rumah 7")
    orders = hand.hub.call("/api/v1/orders?after=0&wait=0", token=hand.token)["orders"]
    assert [one["stage"] for one in orders if one["type"] == "stage" and one["device"] == hand.button] == [3]


def test_a_stranger_comes_from_mulai_to_a_tested_alarm_in_ten_minutes_of_clicks(hub, browser, tmp_path):
    hand = Hand(browser, hub, tmp_path / "data")
    browser.resize(DESKTOP)
    makes_the_site(hand)
    hand.look("kosong")
    the_technician_installs(hand)
    for doing in (
        lets_the_post_test_itself,
        chooses_a_pin,
        invites_two,
        agrees_with_them,
        checks_the_numbers,
    ):
        doing(hand)
    hand.look("separuh")
    for doing in (fills_the_plan, backs_up, holds_the_first_drill):
        doing(hand)
    clicks, keys = hand.clicks, hand.keys
    browser.driver.get(hub.address + "/penyiapan")
    browser.wait_text("Penyiapan selesai")
    hand.look("selesai")
    assert browser.complaints() == []
    print(f"{clicks} clicks, {keys} keys, {clicks * CLICK_S + keys * KEY_S:.0f} s")
    assert clicks * CLICK_S + keys * KEY_S < LIMIT_S
    told = re.search(r"(\d+) ketukan dan (\d+) huruf", GUIDE.read_text(encoding="utf-8"))
    assert told and (int(told[1]), int(told[2])) == (clicks, keys), (
        f"the guide: {clicks} ketukan dan {keys} huruf"
    )
