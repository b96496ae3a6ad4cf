"""By hand: places on the denah, the language, an invitation that is scanned, a night by keyboard alone."""

import io

import pytest
from kits.browser.browser_kit import PHONE, SIZES, TABLET
from kits.hub.hub_kit import PASSWORD
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.action_chains import ActionBuilder
from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
from selenium.webdriver.common.actions.pointer_input import PointerInput

pytestmark = pytest.mark.browser


def on_plan(night, key):
    """Return the place of the mark of a house or post: on the page, and in the hub."""
    mark = night.browser.find(f"[data-apa={key}]")
    return mark, (int(mark.get_attribute("data-x")), int(mark.get_attribute("data-y")))


def saved(night, number=7):
    return tuple(night.village.value(f"SELECT {name} FROM houses WHERE number = ?", number) for name in "xy")


def test_a_house_is_put_on_the_denah_and_dragged_by_mouse_and_by_finger(night):
    night.enter("ketua")
    night.go("/denah", "Belum di denah: Rumah 7")
    night.driver.find_element("css selector", "option[value=rumah-7]").click()
    night.browser.press("Taruh")
    night.browser.wait(lambda: len(night.all("[data-apa=rumah-7]")) == 1, "the house is not on the plan")
    mark, (x, y) = on_plan(night, "rumah-7")
    assert saved(night) == (x, y)
    ActionChains(night.driver).click_and_hold(mark).move_by_offset(150, -90).release().perform()
    night.browser.wait_text("Rumah 7: tersimpan")
    scale = 1000 / night.browser.find("#denah").size["width"]
    assert saved(night) == pytest.approx((x + 150 * scale, y - 90 * scale), abs=4)
    night.driver.refresh()
    assert on_plan(night, "rumah-7")[1] == saved(night), "and it stays there"
    night.browser.resize(PHONE)
    before = saved(night)
    mark = on_plan(night, "rumah-7")[0]
    night.driver.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", mark)
    finger = ActionBuilder(night.driver, mouse=PointerInput(POINTER_TOUCH, "finger"))
    finger.pointer_action.move_to(mark).pointer_down().move_by(-60, 40).pointer_up()
    finger.perform()
    night.browser.wait(lambda: saved(night) != before, "the finger moved nothing")
    assert saved(night)[0] < before[0] and saved(night)[1] > before[1]
    night.browser.every_size("denah", (*SIZES, ("tablet", TABLET, "dark")))


def test_a_house_is_moved_on_the_denah_by_keyboard_and_what_is_not_saved_goes_back(night):
    night.enter("ketua")
    night.go("/denah", "Denah RT")
    night.driver.find_element("css selector", "option[value=rumah-8]").click()
    night.browser.press("Taruh")
    night.browser.wait(lambda: len(night.all("[data-apa=rumah-8]")) == 1, "the house is not on the plan")
    (x, y) = on_plan(night, "rumah-8")[1]
    assert tab_to(night, "Rumah 8").startswith("Rumah 8")
    press(night, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    ActionChains(night.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_UP).key_up(Keys.SHIFT).perform()
    assert saved(night, 8) == (x, y), "nothing is saved before Enter"
    press(night, Keys.ENTER)
    night.browser.wait_text("Rumah 8: tersimpan")
    assert saved(night, 8) == (x + 20, y - 50)
    press(night, Keys.ARROW_LEFT, Keys.ESCAPE)
    assert saved(night, 8) == (x + 20, y - 50)
    assert on_plan(night, "rumah-8")[0].get_attribute("transform") == f"translate({x + 20} {y - 50})"


def test_one_tap_makes_every_page_english_and_one_tap_brings_indonesian_back(night):
    night.enter("rw")
    night.browser.press("English")
    night.browser.wait_text("Alert board")
    night.browser.wait_text("connected, live")
    assert night.driver.execute_script("return document.documentElement.lang") == "en"
    night.village.alarm(kind=2)
    night.browser.wait_text("Fire")
    night.browser.every_size("english", (("phone", PHONE, "dark"), ("tablet", TABLET, "light")))
    night.go("/kejadian", "Incidents")
    night.forget()
    night.browser.enter(night.village.address, "ketua")
    assert "Papan siaga" in night.text(), "another person's choice is their own"
    night.forget()
    night.driver.get(night.village.address + "/masuk")
    night.browser.fill(masuk="rw", sandi=PASSWORD)
    night.browser.press("Masuk")
    night.browser.wait_text("Alert board")
    night.browser.press("Bahasa Indonesia")
    night.browser.wait_text("terhubung, langsung")


def test_an_invitation_is_scanned_from_the_screen_and_opens_the_board_on_the_phone(night):
    import zxingcpp
    from PIL import Image

    night.enter("ketua")
    night.go("/undangan", "Undang orang")
    night.browser.fill(nama="Rudi Hartono")
    night.browser.press("Buat kode QR")
    night.browser.wait_text("Hanya tampil sekali")
    night.browser.every_size("undangan-qr", (("phone", PHONE, "dark"), ("tablet", TABLET, "light")))
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(night.browser.find(".qr").screenshot_as_png)))
    assert code.text == night.browser.find("#alamat").text
    night.forget()
    night.browser.resize(PHONE)
    night.driver.get(code.text)
    night.browser.wait_text("Selamat datang")
    night.browser.shot("hub-undangan-buka-phone")
    night.browser.fill(masuk="rudi", sandi=PASSWORD, sandi2=PASSWORD, pin="4827", pin2="4827")
    night.browser.press("Simpan dan masuk")
    night.browser.wait_text("terhubung, langsung")
    assert night.village.value("SELECT role FROM accounts WHERE login = 'rudi'") == "petugas_ronda"
    night.forget()
    night.driver.get(code.text)
    night.browser.wait_text("tidak berlaku")
    night.browser.complaints()  # it is gone, with status 404


def press(night, *keys):
    ActionChains(night.driver).send_keys(*keys).perform()


NAME = (
    "const one = document.activeElement; const label = one.labels && one.labels[0];"
    "return one === document.body ? '' : one.getAttribute('aria-label') || label && label.innerText"
    " || one.innerText || one.name || '';"
)
SEEN = (
    "const one = document.activeElement, look = getComputedStyle(one);"
    "const shape = one.querySelector('path, circle');"
    "return look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2"
    " || Boolean(shape) && parseFloat(getComputedStyle(shape).strokeWidth) >= 6"
)


def tab_to(night, text, limit=60):
    """Presses Tab until the focus is on what has this name; the focus is seen at every stop."""
    for _ in range(limit):
        press(night, Keys.TAB)
        name = night.driver.execute_script(NAME).strip()
        if name:
            assert night.driver.execute_script(SEEN), f"the focus on {name!r} is not seen"
        if text.lower() in name.lower():
            return name
    raise AssertionError(f"Tab never came to {text!r}")


def test_a_ronda_does_a_whole_night_with_the_keyboard_alone(night):
    night.forget()
    night.driver.get(night.village.address + "/masuk")
    tab_to(night, "Nama masuk")
    press(night, "ronda", Keys.TAB, PASSWORD, Keys.ENTER)
    night.browser.wait_text("terhubung, langsung")
    night.village.close_all()
    night.village.alarm(kind=1)
    night.browser.wait_text("Maling")
    assert tab_to(night, "Langsung ke isi")
    press(night, Keys.ENTER)
    tab_to(night, "Saya datang", limit=8)
    press(night, Keys.ENTER)
    night.browser.wait_text("Menuju lokasi")
    tab_to(night, "Maling")
    press(night, Keys.ENTER)
    night.browser.wait_text("Riwayat")
    tab_to(night, "Sudah di lokasi")
    press(night, Keys.ENTER)
    night.browser.wait_text("Ditangani")
    tab_to(night, "Tulis satu kalimat")
    press(night, "Jendela belakang terbuka, tidak ada orang.", Keys.ENTER)
    night.browser.wait_text("tidak ada orang.")
    tab_to(night, "Tutup sebagai selesai")
    press(night, Keys.ENTER)
    slug = night.village.newest()
    state = "SELECT state FROM incidents WHERE slug = ?"
    night.browser.wait(lambda: night.village.value(state, slug) == "selesai", "not closed")
    tab_to(night, "Lainnya")
    press(night, Keys.ENTER)
    night.browser.wait_text("Serah terima malam")
    tab_to(night, "Serah terima malam")
    press(night, Keys.ENTER)
    night.browser.wait_text("Operator")
    tab_to(night, "Keluar")
    press(night, Keys.ENTER)
    night.browser.wait_text("Nama masuk")


STICKS_OUT = (
    "const shown = one => one.getBoundingClientRect().width > 0;"
    "const out = box => box.right > innerWidth + 1 || box.left < -1;"
    "return [...document.querySelectorAll('main *, .menu *, .atas *')].filter(one => shown(one)"
    " && out(one.getBoundingClientRect()) && !one.closest('.bingkai, .terdengar')"
    ").map(one => one.className + ': ' + one.textContent.trim().slice(0, 30))"
)


def test_news_leaves_the_focus_on_the_same_button_of_the_same_card(night):
    night.village.close_all()
    night.village.alarm(kind=2)
    night.enter("ronda")
    night.browser.wait(lambda: len(night.all(".kartu")) == 1, "no card")
    slug = night.village.newest()
    tab_to(night, "Matikan bunyi")
    night.village.alarm(kind=1, device=night.village.made["other"])
    night.browser.wait(lambda: len(night.all(".kartu")) == 2, "no second card")
    held = night.driver.switch_to.active_element
    assert held.text == "Matikan bunyi\nKebakaran, Rumah 7"
    assert held.find_element("xpath", "ancestor::article").get_attribute("id") == slug
    tab_to(night, "Selesai")
    night.village.close_all()
    night.browser.wait(lambda: not night.all(".kartu"), "the cards did not go")


def test_a_small_old_phone_and_large_letters_cut_nothing(night):
    night.enter("ronda")
    night.village.alarm(kind=4)
    slug = night.village.newest()
    for path in ("/papan", f"/kejadian/{slug}", "/peringatan", "/lainnya", "/serah-terima"):
        night.driver.get(night.village.address + path)
        for size, letters in (((320, 568), "100%"), (PHONE, "150%")):
            night.browser.resize(size)
            night.driver.execute_script(f"document.documentElement.style.fontSize = '{letters}'")
            assert night.driver.execute_script(STICKS_OUT) == [], (path, size, letters)
            night.browser.shot(f"hub-kecil-{path.split('/')[1]}-{size[0]}")


def test_on_a_small_old_phone_the_answer_is_in_sight(night):
    night.village.close_all()
    night.village.alarm(kind=4)
    night.enter("ronda")
    night.browser.resize((360, 640))
    night.browser.wait(lambda: len(night.all(".kartu")) == 1, "no card")
    menu = night.browser.find(".menu").rect["y"]
    answer = night.browser.find(".kartu .utama").rect
    assert answer["y"] + answer["height"] <= menu, "under the menu"


def test_the_first_page_and_the_board_are_small_on_the_wire(night):
    """Kept for a phone on the RT's Wi-Fi: what comes over the network with an empty cache, headers too."""
    night.forget()
    for path, words in (("/masuk", "Nama masuk"), ("/papan", "terhubung, langsung")):
        night.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        night.browser.received()
        night.go(path, words)
        assert 20_000 < night.browser.received() < 100_000, path
        if path == "/masuk":
            night.browser.enter(night.village.address, "ronda")
            night.village.alarm(kind=2)
