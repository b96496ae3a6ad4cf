"""Debian's chromium as a person's browser: sizes, colour schemes, screenshots, accessibility."""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from kits.hub.hub_kit import PASSWORD
from kits.patience import PATIENCE_S

AXE = Path(find_spec("axe_core_python").origin).with_name("axe.min.js")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
SCREENSHOTS = Path(__file__).resolve().parents[3] / "build/screenshots"
SHOTS = bool(os.environ.get("KENTONGAN_SHOTS"))
DESKTOP, PHONE, TABLET, WALL = (1280, 800), (390, 844), (820, 1180), (1920, 1080)
LYING = (1280, 800)  # a cheap ten-inch tablet on its side
SIZES = (("desktop", DESKTOP, "light"), ("phone", PHONE, "dark"))
ALL_SIZES = (*SIZES, ("tablet", TABLET, "light"))
RENEWED = "does not belong to the document"  # chromedriver's word for it, now and then
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--kiosk",  # else the bars around the page are painted, too, a third of the time that a page takes
    "--force-prefers-reduced-motion",  # a card that beats is painted by the processor, sixty times a second
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """One chromium with a profile of its own."""

    def __init__(self, profile):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(DRIVER, log_output=subprocess.DEVNULL))
        self.profile = profile
        self._asked = set()

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def resize(self, size):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500},
        )

    def scheme(self, name):
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]}
        )

    def shot(self, name):
        """Keep a picture for a person's eyes, where one asked for them."""
        if not SHOTS:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def every_size(self, name, sizes=SIZES):
        for suffix, size, scheme in sizes:
            self.resize(size)
            self.scheme(scheme)
            assert self.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), (
                f"{name} scrolls sideways on {suffix}"
            )
            self.shot(f"hub-{name}-{suffix}")
        self.resize(DESKTOP)

    def axe(self):
        """Return axe-core's findings on this page: [(impact, rule, places)]; the script is a package's."""
        # through the debugger, past the page's policy, which lets no script in from anywhere else
        if not self.driver.execute_script("return Boolean(window.axe)"):
            self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = self.driver.execute_async_script(
            "const done = arguments[0];"
            "axe.run(document, {resultTypes: ['violations'], reporter: 'no-passes'})"
            ".then(found => done(found.violations), done)"
        )
        return [(one["impact"], one["id"], [node["target"][0] for node in one["nodes"]][:5]) for one in found]

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def text(self):
        """Return the words that the page shows; to ask chromedriver for them costs six times as much."""
        shown = self.driver.execute_script("return document.body ? document.body.innerText : ''")
        return shown.replace("\u00a0", " ")

    def letters(self, css):
        """Font size of the first such element, as a part of the screen's short side."""
        return self.driver.execute_script(
            "const one = document.querySelector(arguments[0]);"
            "return parseFloat(getComputedStyle(one).fontSize) / Math.min(innerWidth, innerHeight)",
            css,
        )

    def in_sight(self, css):
        """Tell whether the first such element is on the screen as a whole, without scrolling."""
        return self.driver.execute_script(
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return box.height > 0 && box.top >= 0 && box.left >= 0"
            " && box.right <= innerWidth && box.bottom <= innerHeight",
            css,
        )

    def fill(self, **fields):
        for name, value in fields.items():
            self.find(f"[name={name}]").send_keys(value)

    def button(self, text):
        return self.driver.find_element("xpath", f"//button[contains(., '{text}')]")

    def press(self, text):
        button = self.button(text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def turn(self, deed):
        """Do what brings another page, and wait until that one is there: it may say what this one says."""
        turned = "return !window.before && document.readyState === 'complete'"
        self.driver.execute_script("window.before = true")
        deed()
        self.wait(lambda: self.driver.execute_script(turned), "no other page comes")

    def wait(self, condition, what):
        from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        def met(_driver):
            try:
                return condition()
            except WebDriverException as error:  # the page was renewed while it was looked at
                if isinstance(error, StaleElementReferenceException) or RENEWED in str(error):
                    return False
                raise

        WebDriverWait(self.driver, PATIENCE_S, 0.05).until(met, what)

    def wait_text(self, text):
        where = self.driver.current_url
        self.wait(lambda: text.lower() in self.text().lower(), f"{text!r} is not on {where}")

    def enter(self, address, login):
        self.driver.get(address + "/masuk")
        self.fill(masuk=login, sandi=PASSWORD)
        self.press("Masuk")
        self.wait(lambda: self.driver.find_elements("id", "papan"), f"no board for {login}")

    def wait_cut_off(self):
        from selenium.webdriver.support.ui import WebDriverWait

        seen = "return document.getElementById('putus').checkVisibility()"
        WebDriverWait(self.driver, PATIENCE_S, 0.2).until(lambda driver: driver.execute_script(seen))

    def wait_without_a_line(self):
        """Wait until the board misses the hub: before, it says "terhubung" of the hub that is gone."""
        self.wait(lambda: "terhubung" not in self.find("#sambung").text, "the board does not miss the hub")

    def complaints(self):
        """List the console's messages about our pages; tests that refuse forms name theirs."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def network(self):
        """Return the debugger's network events since the last call: [(method, params)]."""
        messages = [json.loads(line["message"])["message"] for line in self.driver.get_log("performance")]
        told = [(one["method"], one["params"]) for one in messages if one["method"].startswith("Network.")]
        for method, params in told:
            if method == "Network.requestWillBeSent":
                url = urlsplit(params["request"]["url"])
                if url.scheme in ("http", "https", "ws", "wss"):  # chrome:// pages are no network
                    self._asked.add(url.netloc)
        return told

    def hosts_asked(self):
        """Every host that any page has asked for anything."""
        self.network()
        return self._asked

    def received(self):
        """Bytes over the network since the last question, headers too."""
        whole = [params for method, params in self.network() if method == "Network.loadingFinished"]
        return sum(params["encodedDataLength"] for params in whole)
