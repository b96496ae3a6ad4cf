"""A person's evening with the hub, in Debian's chromium: set-up, an alarm, 'Saya datang'."""

import threading
from pathlib import Path

import pytest
from kentongan_hub.devices import provision
from kits.browser.browser_kit import CHROMIUM, DRIVER, Browser
from kits.hub.hub_kit import PASSWORD, HubProcess
from kits.patience import PATIENCE_S

pytestmark = pytest.mark.browser


@pytest.fixture
def hub(tmp_path):
    process = HubProcess(tmp_path / "data")
    yield process
    if process.process.poll() is None:
        process.stop()


@pytest.fixture
def browser(require, tmp_path):
    require(
        Path(CHROMIUM).exists() and Path(DRIVER).exists(), "a browser", "apt install chromium chromium-driver"
    )
    made = Browser(tmp_path / "profile")
    yield made
    made.close()


def set_up(browser, hub):
    """The first-run page, filled by a person who reads the console; the gateway's token."""
    browser.driver.get(hub.address + "/")
    browser.every_size("mulai")
    browser.fill(
        kode=hub.read_setup_code(),
        nama="RT 05 Sukamaju",
        rt="5",
        rw="3",
        orang="Siti Aminah",
        masuk="siti",
        sandi=PASSWORD,
        sandi2=PASSWORD,
    )
    browser.press("Buat")
    browser.wait_text("Hanya tampil sekali")
    browser.every_size("siap")
    return browser.find("#token").text


class Gateway:
    """Stand-in of the gateway: sends what it would."""

    def __init__(self, hub, token):
        self.hub, self.token, self.seq = hub, token, 0

    def send(self, type_, at_ms, **fields):
        self.seq += 1
        event = {
            "id": f"gateway-1/{self.seq}",
            "type": type_,
            "at_ms": at_ms,
            "boot_id": "b1",
            "wall": None,
            **fields,
        }
        answer = self.hub.call("/api/v1/events", {"boot_id": "b1", "events": [event]}, self.token)
        assert answer["accepted"] == [event["id"]]

    def orders(self, after=0, wait=20):
        return self.hub.call(f"/api/v1/orders?after={after}&wait={wait}", token=self.token)["orders"]

    def next_stage(self):
        """The next order that tells a button something; settings and siren orders come on the same road."""
        after = 0
        for _ in range(20):
            for order in self.orders(after):
                if order["type"] == "stage":
                    return order
                after = max(after, order["id"])
        return None


def add_village(data_dir):
    nodes = {
        f"tombol-{n:02d}": provision.add_device(data_dir, "tombol", f"tombol-{n:02d}", 5, n)["node"]
        for n in (3, 7, 12)
    }
    nodes["pos-1"] = provision.add_device(data_dir, "sirene", "pos-1", 5, place="Pos ronda Mawar")["node"]
    nodes["pos-2"] = provision.add_device(data_dir, "sirene", "pos-2", 5)["node"]
    return nodes


def test_an_evening_from_set_up_to_saya_datang_at_the_button(hub, browser, tmp_path):
    token = set_up(browser, hub)
    nodes = add_village(tmp_path / "data")
    gateway = Gateway(hub, token)
    gateway.send("radio", 500, name="serial", up=True)
    for seq, (label, node) in enumerate(nodes.items()):
        role = "sirene" if label.startswith("pos") else "tombol"
        body = (
            {"flags": 0, "battery": 200 - 4 * seq} if role == "tombol" else {"flags": 1, "battery_mv": 12850}
        )
        gateway.send(
            "status", 600 + seq, device=node, role=role, body=body, rssi=-88 - seq, snr_q=26 - 14 * seq
        )
    browser.enter(hub.address, "siti")
    browser.wait_text("Tidak ada kejadian terbuka")
    browser.wait_text("terhubung, langsung")
    browser.every_size("papan-tenang")

    waiting = {}
    poll = threading.Thread(target=lambda: waiting.update(order=gateway.next_stage()))
    poll.start()
    button = nodes["tombol-07"]
    browser.driver.execute_script("window.samaHalaman = true")
    gateway.send(
        "alarm", 10_000, device=button, counter=1234, incident=1234, zone=5, kind=1, attempt=0, hops=1
    )
    gateway.send(
        "siren_report", 11_300, device=nodes["pos-1"], origin=button, counter=1234, state=1, source=1
    )
    browser.wait_text("Sirene berbunyi")
    assert browser.driver.execute_script("return window.samaHalaman"), "the page was loaded again"
    card = browser.find(".kartu").text
    for text in ("Maling", "Rumah 7", "RT 05/RW 03", "WIB", "jangan main hakim sendiri", "110"):
        assert text in card, text
    browser.every_size("papan-alarm")

    browser.press("Saya datang")
    browser.wait_text("Menuju lokasi")
    browser.wait_text("Siti Aminah")
    poll.join(PATIENCE_S)
    order = waiting["order"]
    assert {name: order[name] for name in ("type", "device", "counter", "stage")} == {
        "type": "stage",
        "device": button,
        "counter": 1234,
        "stage": 3,
    }
    browser.every_size("papan-dijawab")

    gateway.send("alarm", 12_000, device=nodes["tombol-12"], counter=77, kind=2, zone=5)
    gateway.send("alarm", 12_500, device=nodes["tombol-03"], counter=5, kind=7, zone=5, drill=True)
    browser.wait_text("INI LATIHAN")
    browser.wait_text("Kebakaran")
    browser.every_size("papan-tiga")
    closes_as_a_mistake_with_a_reason(browser)
    looks_at_the_other_pages(browser, hub)
    assert browser.hosts_asked() == {hub.address.removeprefix("http://")}
    assert browser.complaints() == []


def closes_as_a_mistake_with_a_reason(browser):
    browser.find("#kejadian-1 h2 a").click()
    browser.wait_text("Riwayat")
    browser.every_size("satu-kejadian")
    browser.find("[value='Anak bermain']").click()
    browser.press("Tutup sebagai alarm keliru")
    browser.wait_text("Anak bermain")
    assert "alarm keliru" in browser.find(".riwayat").text


def looks_at_the_other_pages(browser, hub):
    for path in ("kejadian", "perangkat", "latihan", "akun", "akses", "catatan"):
        browser.driver.get(f"{hub.address}/{path}")
        browser.every_size(path)
