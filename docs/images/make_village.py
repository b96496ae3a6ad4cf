"""Makes docs/images/village.png from the running demo: `.venv/bin/python docs/images/make_village.py`.

Starts `kentongan-sim demo`, opens its page in Debian's chromium, presses a house and takes the picture when
the post sounds. Needs the apt packages chromium and chromium-driver.
"""

import base64
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By

HERE = Path(__file__).resolve().parent
SIZE = (1280, 800)
HOUSE = "tombol-10"  # at the other end of the kampung than the house that presses itself
ROUND_TO = 4  # colour levels are rounded to this many, so that the file stays under 300 KB
WAIT_S = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)
RGB = 3  # bytes of a pixel


def browser(profile):
    """Debian's chromium with a fresh profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def take(address, profile):
    """Take the picture that chromium gives: frames in the air, two posts sounding, the house answered."""
    driver = browser(profile)
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False},
        )
        driver.get(address)
        time.sleep(2)  # the log and the states have come
        driver.find_element(By.CSS_SELECTOR, f"#{HOUSE} .roof").click()
        driver.find_element(By.ID, "press").click()
        driver.find_element(By.CSS_SELECTOR, ".close").click()
        house = driver.find_element(By.ID, HOUSE)
        until = time.monotonic() + WAIT_S
        while house.get_attribute("data-state") not in ("sounding", "stored") and time.monotonic() < until:
            time.sleep(0.02)
        return base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    finally:
        driver.quit()


def rows_of(png):
    """Width and unfiltered rows of an 8-bit RGB picture without interlace."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", body)
            assert (depth, colour) == (8, 2), "not an RGB picture"
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    data, size, above, rows = zlib.decompress(packed), width * RGB, bytes(width * RGB), []
    for y in range(height):
        start = y * (size + 1)
        above = unfilter(data[start], bytearray(data[start + 1 : start + 1 + size]), above)
        rows.append(above)
    return width, rows


def unfilter(kind, row, above):
    """One row without its filter (PNG specification, section 9)."""
    for i in range(len(row)):
        left = row[i - RGB] if i >= RGB else 0
        corner = above[i - RGB] if i >= RGB else 0
        if kind == 4:
            guess = left + above[i] - corner
            distances = (abs(guess - left), abs(guess - above[i]), abs(guess - corner))
            add = (left, above[i], corner)[distances.index(min(distances))]
        else:
            add = (0, left, above[i], (left + above[i]) // 2)[kind]
        row[i] = (row[i] + add) & 0xFF
    return row


def small(png):
    """Pack the same picture with rounded colours, without filters: flat drawings get smaller that way."""
    width, rows = rows_of(png)
    table = bytes(min(255, round(level / ROUND_TO) * ROUND_TO) for level in range(256))
    packed = zlib.compress(b"".join(b"\0" + bytes(row).translate(table) for row in rows), 9)
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")):
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return out


def main():
    command = [Path(sys.executable).parent / "kentongan-sim", "demo"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo,
    ):
        try:
            address = next(
                found.group(1) for line in demo.stdout if (found := re.search(r"Village page\s+(\S+)", line))
            )
            time.sleep(3)  # the first alarm has pressed itself
            picture = take(address, folder)
        finally:
            demo.terminate()
    (HERE / "village.png").write_bytes(small(picture))


if __name__ == "__main__":
    main()
