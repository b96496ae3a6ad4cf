"""By ear and by keyboard: short news of what is new, the house in every name, the focus never lost, and
the screen awake.
"""

import pytest
from kentongan_hub.base import states

pytestmark = pytest.mark.browser

# what a screen reader would say of the board by itself, line by line
LISTEN = """
window.told = [];
const regions = document.querySelectorAll('[role=alert], [role=status], [aria-live]');
new MutationObserver((all) => {
  for (const one of all) {
    const node = one.target.nodeType === 3 ? one.target.parentElement : one.target;
    const region = node.closest('[role=alert], [role=status], [aria-live]');
    if (region && !region.hidden && region.textContent.trim()) told.push(region.textContent.trim());
  }
}).observe(document.body, {subtree: true, childList: true, characterData: true});
return [...regions].map((one) => one.id);
"""
FOCUSED = "const one = document.activeElement; return one.closest('article')?.id || one.id || one.tagName"
WAKE = """
window.woken = 0;
Object.defineProperty(Navigator.prototype, 'wakeLock', {value: {request: async () => {
  window.woken += 1;
  window.lock = new EventTarget();
  return window.lock;
}}});
"""
DEEDS = """
return [...document.querySelectorAll(".kartu")].map((card) => [
  card.querySelector(".rumah").textContent.trim(),
  [...card.querySelectorAll("button, .jawab a, .aksi a")].map((one) => [one.textContent, one.outerHTML]),
]);
"""


@pytest.fixture
def board(night, village):
    village.close_all()
    night.enter("ketua")
    village.alarm(kind=1)
    village.alarm(kind=2, device=village.made["other"])
    night.browser.wait(lambda: len(night.all(".kartu")) == 2, "not two cards")
    return night


def told(board):
    return board.driver.execute_script("return told")


def focus_on(board, css):
    board.driver.execute_script("document.querySelector(arguments[0]).focus()", css)


def slug_of(village, house):
    return village.value("SELECT slug FROM incidents WHERE closed_ms IS NULL AND house = ?", house)


def elsewhere(village, slug, what):
    """Somebody acts on another phone."""
    from kentongan_hub.base.clock import Clock, Now
    from kentongan_hub.incidents import actions

    with village.store().write() as db:
        row = db.one("SELECT * FROM incidents WHERE slug = ?", slug)
        by = db.one("SELECT * FROM accounts WHERE login = 'ronda'")
        actions.act(db, Now(Clock().steady_ms(), Clock().wall_ms()), row, what, by)
    village.send("radio", name="serial", up=True)  # the hub looks again


def test_every_button_and_link_of_a_card_says_whose_it_is(board):
    board.browser.press("Saya datang")
    board.browser.wait_text("Sudah di lokasi")
    cards = board.driver.execute_script(DEEDS)  # at one moment: news may put others in their place
    for house, deeds in cards:
        assert len(deeds) >= 4
        assert not [html for words, html in deeds if house.split(",")[0] not in words]
    assert cards


def test_a_new_alarm_is_said_in_one_short_line_and_nothing_else_is_read_again(board, village):
    regions = board.driver.execute_script(LISTEN)
    assert "kabar" in regions and "perubahan" in regions and "papan" not in regions
    village.alarm(kind=2, device=village.made[12])
    board.browser.wait(lambda: len(board.all(".kartu")) == 3, "no third card")
    board.browser.wait(lambda: told(board), "nothing is said")
    assert set(told(board)) == {"Alarm baru: Kebakaran, Rumah 12, RT 05"}


def test_what_changes_on_a_card_is_said_with_its_house_and_once(board, village):
    slug = slug_of(village, 8)
    board.driver.execute_script(LISTEN)
    elsewhere(village, slug, states.DATANG)
    change = "Kebakaran, Rumah 8, RT 05: Menuju lokasi"
    board.browser.wait(lambda: told(board) == [change], f"not said: {change}")
    elsewhere(village, slug, states.TUTUP)
    board.browser.wait(
        lambda: told(board)[1:] == ["Kebakaran, Rumah 8, RT 05: tidak terbuka lagi"], "not said"
    )


def test_the_focus_stays_with_the_card_and_goes_to_its_neighbour_when_it_is_closed(board, village):
    first, second = (slug_of(village, house) for house in (7, 8))
    focus_on(board, f"#{second} .aksi button")
    elsewhere(village, second, states.DATANG)
    board.browser.wait_text("Menuju lokasi")
    assert board.driver.execute_script(FOCUSED) == second
    elsewhere(village, second, states.TUTUP)
    board.browser.wait(lambda: len(board.all(".kartu")) == 1, "it is still there")
    assert board.driver.execute_script(FOCUSED) == first
    assert board.driver.execute_script("return document.activeElement.tagName") == "ARTICLE", (
        "Enter does nothing"
    )
    elsewhere(village, first, states.TUTUP)
    board.browser.wait(lambda: not board.all(".kartu"), "it is still there")
    assert board.driver.execute_script(FOCUSED) == "papan"


def test_an_answer_by_keyboard_leaves_the_focus_on_its_card(board, village):
    from selenium.webdriver import ActionChains, Keys

    slug = slug_of(village, 7)
    focus_on(board, f"#{slug} .jawab button")
    ActionChains(board.driver).send_keys(Keys.ENTER).perform()
    board.browser.wait(
        lambda: "Anda tercatat datang" in board.browser.find("#tercatat").text, "no confirmation"
    )
    board.browser.wait(
        lambda: "Menuju lokasi" in board.browser.find(f"#{slug}").text, "the card does not follow"
    )
    assert board.driver.execute_script(FOCUSED) == slug


def test_an_unsent_answer_is_said_once_with_its_house_and_taken_back_by_keyboard(board, village):
    slug = slug_of(village, 7)
    port = int(village.address.rpartition(":")[2])
    village.process.stop()
    board.driver.execute_script(LISTEN)
    focus_on(board, f"#{slug} .jawab button")
    board.driver.execute_script("document.activeElement.click()")
    said = "Belum terkirim: Saya datang, Maling, Rumah 7, RT 05. Dikirim begitu tersambung."
    board.browser.wait(lambda: said in told(board), "not said")
    focus_on(board, f"#{slug} .belum-terkirim button")
    board.driver.execute_script("document.activeElement.click()")
    assert board.driver.execute_script(FOCUSED) == slug
    board.browser.wait_without_a_line()
    village.start(port)
    board.browser.wait_text("terhubung, langsung")
    assert told(board).count(said) == 1
    board.browser.complaints()  # the console names what could not be reached


def test_a_screen_with_sound_is_kept_awake_also_after_a_reload_and_again_when_it_was_let_sleep(board):
    board.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WAKE})
    board.driver.refresh()
    board.browser.wait_text("terhubung, langsung")
    board.browser.wait(lambda: board.browser.find("#sambung").is_displayed(), "no board")
    assert board.driver.execute_script("return woken") == 0, "a phone that wants no sound may sleep"
    board.browser.press("Aktifkan suara")
    board.browser.wait(lambda: board.driver.execute_script("return woken") == 1, "not kept awake")
    board.driver.refresh()
    board.browser.wait(lambda: board.driver.execute_script("return woken") == 1, "not after a reload")
    board.driver.execute_script("lock.dispatchEvent(new Event('release'))")
    board.browser.wait(lambda: board.driver.execute_script("return woken") == 2, "not again")
    board.driver.execute_script("localStorage.removeItem('suara')")
