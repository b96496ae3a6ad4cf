"""The demo as a person sees it: press a house on the plan, answer at the hub's board, see it at the house."""

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from kits.browser.browser_kit import SCREENSHOTS, SHOTS
from kits.patience import PATIENCE_S, wait_for

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
DESKTOP, PHONE = (1280, 800), (390, 844)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
)

COUNT_TONES = """
window.tones = 0;
const make = BaseAudioContext.prototype.createOscillator;
BaseAudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this); };
"""

pytestmark = pytest.mark.browser


class DemoProcess:
    """`kentongan-sim demo` as a person starts it; knows the addresses that it prints."""

    def __init__(self):
        command = [Path(sys.executable).parent / "kentongan-sim", "demo"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = ""
        self.known = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.known.wait(PATIENCE_S), self.output
        self.page = re.search(r"Village page\s+(\S+)", self.output).group(1)
        self.board = re.search(r"Hub board\s+(\S+)", self.output).group(1)
        self.login = re.search(r"Log in as\s+(\S+)\s+(\S+)", self.output).groups()

    def _read(self):
        for line in self.process.stdout:
            self.output += line
            if "Ctrl-C" in line:
                self.known.set()
        self.known.set()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


class Browser:
    """One chromium with a profile of its own; short names for what the tests do."""

    def __init__(self, profile):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        from selenium.webdriver.common.by import By

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(DRIVER, log_output=subprocess.DEVNULL))
        self.by = By.CSS_SELECTOR
        self.profile = profile

    def resize(self, size):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600},
        )

    def find(self, selector):
        return self.driver.find_element(self.by, selector)

    def click(self, selector):
        self.find(selector).click()

    def type(self, selector, text):
        self.find(selector).send_keys(text)

    def wait(self, what, condition):
        return wait_for(condition, what)

    def wait_for(self, selector):
        return self.wait(selector, lambda: self.driver.find_elements(self.by, selector))[0]

    def log_text(self):
        """The plan's list of events, newest first."""
        return self.find("#log").get_attribute("textContent")

    def shot(self, name):
        if not SHOTS:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"village-{name}.png"))

    def tab(self, number):
        self.driver.switch_to.window(self.driver.window_handles[number])

    def requests(self):
        """Addresses of everything that any page of this browser asked for."""
        told = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [
            one["params"]["request"]["url"] for one in told if one["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self):
        return [entry for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)


@pytest.fixture
def demo():
    running = DemoProcess()
    yield running
    if running.process.poll() is None:
        running.process.kill()


@pytest.fixture
def browser(require, tmp_path):
    require(
        Path(CHROMIUM).exists() and Path(DRIVER).exists(), "a browser", "apt install chromium chromium-driver"
    )
    made = Browser(tmp_path / "profile")
    yield made
    made.close()


def open_board(browser, demo):
    """The hub's board in a second tab, logged in as the village page says."""
    browser.click(".hub .go")
    browser.wait("second tab", lambda: len(browser.driver.window_handles) == 2)
    browser.tab(1)
    browser.resize(DESKTOP)
    browser.type("[name=masuk]", demo.login[0])
    browser.type("[name=sandi]", demo.login[1])
    browser.click("form button:not([type=button])")
    browser.wait("the board", lambda: browser.driver.current_url.endswith("/papan"))


def houses(browser):
    """The houses on the board's cards, without the RT that stands behind."""
    return {one.text.split(",")[0] for one in browser.driver.find_elements(browser.by, ".kartu .rumah")}


def answered_all(browser):
    """Answer at the first card that nobody has answered, also on a board that draws itself anew meanwhile."""
    from selenium.common.exceptions import StaleElementReferenceException

    try:
        cards = browser.driver.find_elements(browser.by, ".kartu")
        left = [one for one in cards if "Belum dijawab" in one.text]
        for one in left[:1]:
            one.find_element(browser.by, "form[action$='/datang'] button").click()
    except StaleElementReferenceException:
        return False
    return bool(cards) and not left


def state_of(browser, house):
    return browser.find(f"#{house}").get_attribute("data-state")


def test_press_a_house_answer_at_the_board_and_see_it_at_the_house(browser, demo):
    browser.resize(DESKTOP)
    browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_TONES})
    browser.driver.get(demo.page)
    browser.wait("the first alarm", lambda: "Rumah 07: tombol ditekan" in browser.log_text())
    browser.click("#sound")
    browser.wait("sound", lambda: browser.driver.execute_script("return Drum.on()"))
    browser.wait("strokes", lambda: browser.driver.execute_script("return window.tones > 20"))
    browser.click("#tombol-10 .roof")
    assert browser.find("#box-name").text == "Rumah 10"
    assert not browser.find("#reset").is_displayed()
    browser.click("#press")
    browser.wait("the siren", lambda: state_of(browser, "tombol-10") in ("sounding", "stored"))
    browser.shot("pressed-desktop")
    browser.wait("the receipt", lambda: state_of(browser, "tombol-10") == "stored")
    browser.click(".close")
    browser.wait_for(".post.sounding")
    browser.shot("stored-desktop")

    open_board(browser, demo)
    browser.wait("both incidents", lambda: {"Rumah 10", "Rumah 7"} <= houses(browser))
    browser.shot("board-desktop")
    browser.wait("answers for both houses", lambda: answered_all(browser))
    browser.tab(0)
    browser.wait("somebody comes", lambda: state_of(browser, "tombol-10") == "coming")
    assert browser.find("#tombol-10 .said").text == "ada yang datang"
    browser.shot("coming-desktop")
    if browser.driver.execute_script("return document.body.dataset.table"):  # where there is MicroPython
        browser.click("#papan-1 .roof")
        browser.click("#reset")
        browser.shot("table-desktop")

    assert browser.complaints() == []
    hosts = {
        address.split("/")[2].rsplit(":", 1)[0]
        for address in browser.requests()
        if address.startswith("http")
    }
    assert hosts == {"127.0.0.1"}
    assert demo.stop() == 0


def test_the_plan_on_a_phone_with_strokes_the_silent_key_and_switches(browser, demo):
    browser.resize(PHONE)
    browser.driver.get(demo.page)
    browser.wait("the first alarm", lambda: "Rumah 07: tombol ditekan" in browser.log_text())
    assert browser.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    browser.shot("plan-phone")
    browser.find("#tombol-12").send_keys("\n")  # the keyboard opens a house as well as a finger
    browser.driver.execute_script("document.querySelector('[name=strokes][value=\"3\"]').click()")
    browser.shot("box-phone")
    browser.click("#press")
    browser.wait("three strokes", lambda: "tiga-tiga (kebakaran)" in browser.log_text())
    browser.click("#silent")
    browser.wait("the silent key", lambda: "Satu tombol diam" in browser.log_text())
    browser.click(".close")
    for part, title in (("penerus-1", "Penerus"), ("hub", "Pusat data"), ("gateway", "Gateway")):
        switch = browser.find(f"[role=switch][data-part='{part}']")
        browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", switch)
        switch.click()
        browser.wait(f"{part} off", lambda title=title: f"{title} dimatikan" in browser.log_text())
        browser.wait(f"{part} off", lambda s=switch: s.get_attribute("aria-checked") == "false")
    browser.shot("parts-off-phone")
    for switch in browser.driver.find_elements(browser.by, "[role=switch][aria-checked=false]"):
        switch.click()
        browser.wait("on again", lambda s=switch: s.get_attribute("aria-checked") == "true")
    assert demo.stop() == 0
