"""The post's tablet: paired by its code, read from 5 m, heard after one tap, answered by name and PIN."""

import pytest
from kits.browser.browser_kit import LYING, TABLET, WALL
from kits.browser.browser_screen import pair
from kits.browser.browser_village import PINS

pytestmark = pytest.mark.browser

# parts of the screen's short side, see hub.css: (what happened, where, how it stands)
LETTERS = {1: (0.10, 0.065, 0.05), 2: (0.06, 0.04, 0.03), 4: (0.05, 0.04, 0.03)}
READ = (".kartu .apa h2", ".kartu .rumah", ".kartu .keadaan")
COUNT_STROKES = (
    "window.strokes = 0; const make = BaseAudioContext.prototype.createOscillator;"
    "BaseAudioContext.prototype.createOscillator = function () { window.strokes++; return make.call(this); };"
)


@pytest.fixture
def tablet(night, village):
    """The walk goes on at the post's tablet, on its board."""
    if not getattr(village, "code", None):
        village.code = pair(night)
        night.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_STROKES})
    night.driver.get(village.tablet_address + "/papan")
    night.browser.resize(LYING)
    night.browser.wait_text("terhubung, langsung")
    return night


def strokes(night):
    return night.driver.execute_script("return window.strokes")


def wait_cards(night, count):
    """The board has so many cards; the words of closed ones stand below them."""
    night.browser.wait(lambda: len(night.all(".kartu")) == count, f"not {count} cards")


def tap(night, css):
    night.browser.find(css).click()


def tap_until(night, css, words):
    """Tap as somebody does whom a board that has just changed asks to look again."""

    def come():
        if night.all(css):
            tap(night, css)
        return words in night.text()

    night.browser.wait(come, f"{words!r} does not come after a tap on {css}")


def test_a_tablet_is_paired_by_its_code_and_can_only_look_and_answer(tablet):
    assert len(tablet.village.code.replace(" ", "")) == 6
    assert tablet.all(".layar #papan") and "Pos ronda Mawar" in tablet.text()
    assert "Keluar" not in tablet.text() and not tablet.all(".menu")
    tablet.driver.get(tablet.village.tablet_address + "/kejadian/kejadian-1")
    tablet.driver.get(tablet.village.tablet_address + "/lainnya")
    tablet.browser.complaints()
    assert "Orang dan rumah" not in tablet.text()
    tablet.driver.get(tablet.village.tablet_address + "/layar")
    tablet.browser.wait_text("Papan siaga")


def test_it_sounds_after_one_tap_says_so_until_then_and_sounds_again_after_a_pin(tablet):
    tablet.village.close_all()
    wait_cards(tablet, 0)
    tablet.browser.wait(lambda: tablet.browser.find("#bisu").is_displayed(), "it hides that it is mute")
    assert "SUARA MATI" in tablet.text()
    tablet.village.alarm(kind=1)
    wait_cards(tablet, 1)
    assert strokes(tablet) == 0
    tap(tablet, "#bisu")
    tablet.browser.wait(lambda: strokes(tablet) >= 6, "one tap, and it is heard")
    assert not tablet.browser.find("#bisu").is_displayed()
    assert not tablet.browser.find("#suara").is_enabled(), "nobody silences the post in passing"
    tablet.village.alarm(kind=2, device=tablet.village.made["other"])
    wait_cards(tablet, 2)
    tablet.browser.wait(lambda: strokes(tablet) >= 12, "the next alarm is heard")
    tap_until(tablet, ".kartu a.utama", "Nama Anda")
    tap(tablet, ".aksi a.tombol")
    tablet.browser.wait_text("terhubung, langsung")
    tablet.village.alarm(kind=5, device=tablet.village.made[12])
    wait_cards(tablet, 3)
    tablet.browser.wait(lambda: strokes(tablet) >= 6, "heard on the page that came after the PIN")
    assert not tablet.browser.find("#bisu").is_displayed()
    tablet.browser.complaints()  # who turns pages this fast is asked to poll for some seconds


def test_a_named_person_answers_with_a_pin_and_wrong_ones_make_only_that_person_wait(tablet):
    tablet.village.close_all()
    wait_cards(tablet, 0)
    tablet.village.alarm(kind=2)
    wait_cards(tablet, 1)
    tap_until(tablet, ".kartu a.utama", "Nama Anda")
    names = [one.text for one in tablet.all(".nama-nama label")]
    assert names == sorted(PINS)
    tablet.browser.every_size("pin", (("tablet", TABLET, "light"), ("lying", LYING, "dark")))
    for _ in range(5):
        person(tablet, "Budi Santoso")
        tablet.browser.fill(pin="0007")
        tablet.browser.turn(lambda: tablet.browser.press("Saya datang"))  # the page before says the same
        tablet.browser.wait_text("PIN tidak cocok")
    by_the_pad(tablet, "Budi Santoso")
    tablet.browser.wait_text("Tunggu 1 menit")
    assert "Sirene dan panggilan tetap berjalan" in tablet.text()
    tablet.browser.every_size("pin-tunggu", (("tablet", TABLET, "light"),))
    tablet.browser.complaints()  # the refusals above are in the console, too
    tablet.browser.resize(LYING)
    by_the_pad(tablet, "Siti Aminah")
    tablet.browser.wait_text("Menuju lokasi")
    tablet.browser.wait_text("terhubung, langsung")
    sql = "SELECT who FROM timeline WHERE what = 'coming' ORDER BY id DESC LIMIT 1"
    assert tablet.village.value(sql) == "Siti Aminah"


def person(night, name):
    night.driver.find_element("xpath", f"//label[contains(., '{name}')]").click()


def by_the_pad(night, name):
    """As a finger does it: the name, the digits below the field, one of them twice and taken back."""
    person(night, name)
    for digit in PINS[name] + PINS[name][-1]:
        night.driver.find_element("xpath", f"//*[@data-untuk]/button[. = '{digit}']").click()
    tap(night, "[data-hapus]")
    night.browser.press("Saya datang")


@pytest.mark.parametrize("size", [WALL, LYING, TABLET], ids=["wall", "lying", "standing"])
def test_what_and_where_and_how_it_stands_are_read_from_5_m(tablet, size):
    tablet.village.close_all()
    tablet.browser.wait_text("Tidak ada kejadian terbuka")
    tablet.browser.resize(size)
    name = "x".join(map(str, size))
    assert tablet.browser.letters(".tenang h1") >= 0.06
    tablet.browser.shot(f"hub-layar-tenang-{name}")
    made = tablet.village.made
    for count, alarms in {1: [(2, "button")], 2: [(4, "other")], 4: [(7, 12), (1, 21)]}.items():
        for kind, device in alarms:
            tablet.village.alarm(kind=kind, device=made[device])
        wait_cards(tablet, count)
        for css, least in zip(READ, LETTERS[count], strict=True):
            assert tablet.browser.letters(css) >= least, (css, count)
            assert all(tablet.browser.in_sight(f".kartu:nth-child({n + 1}) {css.split()[-1]}")
                       for n in range(count)), (css, count)  # fmt: skip
        assert tablet.browser.in_sight(".kartu .utama"), "the answer is pressed without a search"
        tablet.browser.shot(f"hub-layar-{count}-{name}")


def test_warnings_leave_room_for_the_alarm_and_its_answer(tablet):
    tablet.village.close_all()
    wait_cards(tablet, 0)
    tablet.village.alarm(kind=1)
    wait_cards(tablet, 1)
    tablet.village.send("radio", name="serial", up=False)
    tablet.browser.wait_text("RADIO MATI")
    for css in (*READ, ".kartu .utama"):
        assert tablet.browser.in_sight(css), css
    tablet.browser.shot("hub-layar-radio-mati")
    tablet.village.send("radio", name="serial", up=True)


def test_a_wall_screen_that_is_cut_off_says_so_large_and_stops_when_it_is_back(tablet, village):
    """The post's Wi-Fi or the hub goes; the alarm below is said to be old."""
    tablet.village.close_all()
    wait_cards(tablet, 0)  # of the test before, which had as many
    village.alarm(kind=2)
    wait_cards(tablet, 1)
    tablet.browser.resize(WALL)
    port = village.process.address.rsplit(":", 1)[1]
    village.process.kill()
    tablet.browser.wait_cut_off()
    assert "terputus" in tablet.browser.find("#sambung").text
    assert "TERPUTUS" in tablet.text() and tablet.browser.letters("#putus strong") >= 0.09
    assert tablet.browser.in_sight("#putus")
    tablet.browser.shot("hub-layar-terputus")
    village.start(port)
    tablet.browser.wait(lambda: not tablet.browser.find("#putus").is_displayed(), "TERPUTUS for ever")
    tablet.browser.complaints()  # of the time without a hub
