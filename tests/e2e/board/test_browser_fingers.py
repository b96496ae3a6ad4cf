"""Under a finger, without a line, and after an answer: the board does what a frightened person needs."""

import pytest
from kits.browser.browser_screen import pair

pytestmark = pytest.mark.browser

CAME = "SELECT count(*) FROM timeline WHERE what = 'coming'"
HANDS = """
window.under = (x, y) => {
  const card = document.elementFromPoint(x, y)?.closest('article');
  return card ? card.id : '';
};
const clock = performance.now.bind(performance);
performance.now = () => window.stopped ?? clock();
"""
COUNT_STROKES = (
    "window.strokes = 0; const make = BaseAudioContext.prototype.createOscillator;"
    "BaseAudioContext.prototype.createOscillator = function () { window.strokes++; return make.call(this); };"
)


@pytest.fixture
def board(night, village):
    """A phone's board with one alarm that nobody has answered."""
    village.close_all()
    night.enter("ketua")
    night.browser.resize((360, 740))
    night.driver.execute_script(HANDS)
    village.alarm(kind=1)
    night.browser.wait(lambda: len(night.all(".kartu")) == 1, "no card")
    return night


def middle(night, css):
    return night.driver.execute_script(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return [Math.round(box.left + box.width / 2), Math.round(box.top + box.height / 2)]", css
    )  # fmt: skip


def mouse(night, what, place, **more):
    event = {"type": what, "x": place[0], "y": place[1], **more}
    night.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def under(night, place):
    return night.driver.execute_script("return under(...arguments)", *place)


def cards(night):
    return len(night.all(".kartu"))


def wait_line(night, css, words):
    night.browser.wait(lambda: words in night.browser.find(css).text, f"{css} does not say {words!r}")


def stop_time(night, after_ms=0):
    """Let the page's clock stand still, so much later than it stands now."""
    night.driver.execute_script("window.stopped = performance.now() + arguments[0]", after_ms)


def alarm_under_a_moving_finger(board, village):
    """Time stands still, a finger moves on the first card, and another house's alarm has been told."""
    place = middle(board, ".kartu .utama")
    own = under(board, place)
    stop_time(board)
    mouse(board, "mouseMoved", place)
    village.alarm(kind=2, device=village.made["other"])

    def told():
        for step in range(2):
            mouse(board, "mouseMoved", (place[0] + step, place[1]))
            assert under(board, place) == own, "another card came under the finger"
        return "Alarm baru: Kebakaran, Rumah 8" in board.browser.find("#kabar").text

    board.browser.wait(told, "no word of the new alarm")
    mouse(board, "mouseMoved", place)
    assert cards(board) == 1
    return place


def test_news_shifts_no_card_under_a_moving_finger_and_says_itself_meanwhile(board, village):
    alarm_under_a_moving_finger(board, village)
    board.driver.execute_script("window.stopped = null")
    board.browser.wait(lambda: cards(board) == 2, "the finger has gone, and the new alarm does not come")
    assert board.all(".kartu.tiba h2")[0].text == "Kebakaran"


def test_a_finger_or_mouse_that_never_rests_hides_no_alarm(board, village):
    place = alarm_under_a_moving_finger(board, village)
    mouse(board, "mousePressed", place, button="left", clickCount=1)
    stop_time(board, after_ms=4900)
    mouse(board, "mouseMoved", place)
    assert cards(board) == 1
    stop_time(board, after_ms=200)
    mouse(board, "mouseMoved", place)
    board.browser.wait(lambda: cards(board) == 2, "a mouse that never rests hides the new alarm")


def test_a_press_just_after_the_board_changed_answers_no_other_house(board, village):
    place = middle(board, ".kartu .utama")
    mouse(board, "mouseMoved", place)
    own = under(board, place)
    village.alarm(kind=2, device=village.made["other"])
    board.driver.execute_async_script(  # the very moment, from within
        "const done = arguments[arguments.length - 1], place = arguments[0];"
        "new MutationObserver((_, watcher) => { watcher.disconnect(); requestAnimationFrame(() => {"
        "  const one = document.elementFromPoint(...place);"
        "  one.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, detail: 1,"
        "    clientX: place[0], clientY: place[1]})); done(); }); })"
        ".observe(document.getElementById('papan'), {childList: true});", place,
    )  # fmt: skip
    if under(board, place) != own:
        wait_line(board, "#kabar", "Periksa rumahnya")
    answered = "SELECT count(*) FROM incidents WHERE closed_ms IS NULL AND answered_ms IS NOT NULL"
    assert village.value(answered) == 0


def test_ones_own_answer_is_confirmed_with_the_place_and_what_is_next(board, village):
    board.browser.press("Saya datang")
    wait_line(board, "#tercatat", "Anda tercatat datang ke Rumah 7")
    line = board.browser.find("#tercatat")
    assert "RT 05" in line.text and "Sudah di lokasi" in line.text
    assert board.browser.in_sight("#tercatat .tercatat")
    board.driver.refresh()
    board.browser.wait_text("Anda tercatat datang ke Rumah 7")
    board.browser.shot("papan-tercatat")
    board.browser.press("Sudah di lokasi")
    wait_line(board, "#tercatat", "tutup kejadiannya")


def test_an_answer_without_a_line_stays_on_the_board_and_goes_when_the_line_is_back(board, village):
    port, before = int(village.address.rpartition(":")[2]), village.value(CAME)
    village.process.stop()
    board.browser.press("Saya datang")
    board.browser.wait_text("Belum terkirim: Saya datang")
    board.browser.find(".kartu h2 a").click()
    wait_line(board, "#kabar", "tidak terjangkau")
    board.browser.shot("papan-belum-terkirim")
    assert board.driver.current_url.endswith("/papan") and cards(board) == 1
    village.start(port)
    wait_line(board, "#tercatat", "Anda tercatat datang")
    board.browser.wait(lambda: not board.all(".belum-terkirim"), "it is still said to be unsent")
    assert village.value(CAME) == before + 1
    board.browser.complaints()  # the console names what could not be reached


def test_what_ends_an_incident_is_never_sent_later(board, village):
    port = int(village.address.rpartition(":")[2])
    village.process.stop()
    board.driver.execute_script("window.confirm = () => true")
    board.browser.press("Selesai")
    wait_line(board, "#kabar", "Selesai tidak terkirim")
    board.browser.wait_without_a_line()
    village.start(port)
    board.browser.wait_text("terhubung, langsung")
    assert not board.all(".belum-terkirim")
    assert village.value("SELECT count(*) FROM incidents WHERE closed_ms IS NULL") == 1
    board.browser.complaints()  # the console names what could not be reached


def test_an_answer_that_the_hub_refuses_says_why_on_its_card(board, village):
    port = int(village.address.rpartition(":")[2])
    village.process.stop()
    board.browser.press("Saya datang")
    board.browser.wait_text("Belum terkirim")
    with village.store().write() as db:  # who pressed may not come any more
        db.run("UPDATE accounts SET role = 'kelurahan' WHERE login = 'ketua'")
    village.start(port)
    board.browser.wait_text("Saya datang tidak diterima.")
    board.browser.press("Mengerti")
    board.browser.wait(lambda: not board.all(".belum-terkirim"), "it stays")
    with village.store().write() as db:
        db.run("UPDATE accounts SET role = 'ketua_rt' WHERE login = 'ketua'")
    board.browser.complaints()


def test_an_answer_that_waits_can_be_taken_back(board, village):
    port, before = int(village.address.rpartition(":")[2]), village.value(CAME)
    village.process.stop()
    board.browser.press("Saya datang")
    board.browser.wait_text("Belum terkirim")
    board.browser.press("Urungkan")
    board.browser.wait_without_a_line()
    village.start(port)
    board.browser.wait_text("terhubung, langsung")
    assert village.value(CAME) == before
    board.browser.complaints()


def test_the_screens_sound_repeats_until_somebody_answers_also_after_a_reload(board, village):
    board.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_STROKES})
    board.driver.refresh()
    board.browser.wait_text("terhubung, langsung")
    board.browser.press("Aktifkan suara")
    board.browser.wait(lambda: strokes(board) >= 18, "one second of sound, and never again")
    board.driver.refresh()
    board.browser.wait_text("terhubung, langsung")
    mute = board.browser.find("#bisu")
    board.browser.wait(lambda: mute.is_displayed() or strokes(board), "neither heard nor said to be mute")
    if mute.is_displayed():  # this browser wants a tap first
        mute.click()
    board.browser.wait(lambda: strokes(board) >= 12, "not heard after a reload")
    board.browser.press("Saya datang")
    board.browser.wait_text("Anda tercatat datang")
    board.browser.wait(lambda: "(" not in board.driver.title, "it still counts as waiting, and sounds")
    board.browser.press("aktif")


def strokes(night):
    return night.driver.execute_script("return window.strokes")


def test_a_screen_that_is_revoked_goes_dark(board, village):
    pair(board, "Pos cabut")
    board.browser.wait(lambda: cards(board) == 1, "no card on the screen")
    with village.store().write() as db:
        db.run("UPDATE accounts SET active = 0 WHERE name = 'Pos cabut'")
    village.send("radio", name="serial", up=True)
    ended = board.browser.find("#pensiun")
    board.browser.wait(lambda: cards(board) == 0 and ended.is_displayed(), "it still shows")
    board.browser.complaints()
