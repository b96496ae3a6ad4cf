"""Each role's day in a browser, on phone, tablet and desktop, without the internet.

Screenshots go to build/screenshots/hub-peran-*.png.
"""

import pytest

pytestmark = pytest.mark.browser


def test_a_ronda_answers_arrives_writes_and_ends_and_hands_the_night_over(night):
    night.enter("ronda")
    night.village.alarm(kind=1)
    night.browser.wait_text("Maling")
    night.shot("ronda-papan")
    night.browser.press("Saya datang")
    night.browser.wait_text("Menuju lokasi")
    slug = night.village.newest()
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
        night.refused(path)


def test_a_ketua_rt_rehearses_a_fire_looks_at_the_people_and_opens_a_drill(night):
    night.enter("ketua")
    night.go("/kebijakan?jenis=2&rt=5&rumah=7", "Kebakaran")
    night.shot("ketua-kebijakan")
    night.go("/warga", "Warga Tujuh")
    night.shot("ketua-warga")
    night.go("/kentongan", "Kunci kentongan")
    night.driver.execute_script("document.querySelector('details').open = true")
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
    night.refused("/warga")


def test_an_operator_mutes_a_stuck_button_in_two_taps_and_looks_at_the_channels(night):
    for number, (label, role) in enumerate((("button", "tombol"), ("post", "sirene"))):
        body = {"flags": 0, "battery": 190} if role == "tombol" else {"flags": 1, "battery_mv": 12850}
        device = night.village.made[label]
        night.village.send("status", device=device, role=role, body=body, rssi=-80 - number, snr_q=20)
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
    night.village.alarm(kind=8, silent=True, device=night.village.made["other"])
    slug = night.village.newest()
    assert slug.startswith("rahasia-")
    night.enter("ronda")
    assert slug not in night.text() and "Rahasia" not in night.text()
    night.driver.get(f"{night.village.address}/kejadian/{slug}")
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
    assert not night.driver.find_elements("css selector", ".kartu button.utama")
    night.forget()
    night.go("/", "Masuk")
    night.shot("warga-masuk")
