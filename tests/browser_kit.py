"""Debian's chromium as a person's browser: sizes, colour schemes, screenshots, accessibility."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from hub_kit import PASSWORD

AXE = Path(find_spec("axe_core_python").origin).with_name("axe.min.js")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
SCREENSHOTS = Path(__file__).resolve().parents[1] / "build/screenshots"
DESKTOP, PHONE, TABLET, WALL = (1280, 800), (390, 844), (820, 1180), (1920, 1080)
WAIT_S = 15
SIZES = (("desktop", DESKTOP, "light"), ("phone", PHONE, "dark"))
ALL_SIZES = (*SIZES, ("tablet", TABLET, "light"))
RENEWED = "does not belong to the document"  # chromedriver's word for it, now and then
CUT_OFF_S = 30  # three heartbeats of 5 s, and some
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
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
        """What axe-core finds on this page: [(impact, rule, places)]; its script comes from a package."""
        # through the debugger, past the page's policy, which lets no script in from anywhere else
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        found = self.driver.execute_async_script(
            "const done = arguments[0];"
            "axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations), done)"
        )
        return [
            (one["impact"], one["id"], [node["target"][0] for node in one["nodes"]][:5]) for one in found
        ]

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def fill(self, **fields):
        for name, value in fields.items():
            self.find(f"[name={name}]").send_keys(value)

    def button(self, text):
        return self.driver.find_element("xpath", f"//button[contains(., '{text}')]")

    def press(self, text):
        button = self.button(text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

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

        WebDriverWait(self.driver, WAIT_S, 0.05).until(met, what)

    def wait_text(self, text):
        self.wait(lambda: text.lower() in self.find("body").text.lower(), f"{text!r} did not appear")

    def enter(self, address, login):
        self.driver.get(address + "/masuk")
        self.fill(masuk=login, sandi=PASSWORD)
        self.press("Masuk")
        self.wait_text("Papan siaga")

    def wait_cut_off(self):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, CUT_OFF_S, 0.2).until(lambda _driver: self.find("#putus").is_displayed())

    def complaints(self):
        """What the console says of our own pages; refused forms are part of the tests and named there."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def hosts_asked(self):
        import json
        from urllib.parse import urlsplit

        asked = set()
        for line in self.driver.get_log("performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = urlsplit(message["params"]["request"]["url"])
                if url.scheme in (
                    "http",
                    "https",
                    "ws",
                    "wss",
                ):  # chromium's own chrome:// pages are no network
                    asked.add(url.netloc)
        return asked
