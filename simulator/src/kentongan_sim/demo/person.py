"""A scripted neighbour at the hub: logs in with the real form, waits for an alarm, clicks "Saya datang"."""

import http.cookiejar
import re
import time
import urllib.parse
import urllib.request

CSRF = re.compile(r'name="csrf"\s+value="([^"]+)"')
COME = re.compile(r'action="([^"]*/datang)"')
LOOK_S = 0.25  # between two looks at the board
REQUEST_S = 60  # a hub that starts on a busy machine; nobody waits for so long in front of a screen


class PageChanged(Exception):
    """Raised when a page has not the form that a person looks for."""


def _find(pattern: re.Pattern[str], page: str, what: str) -> str:
    found = pattern.search(page)
    if not found:
        raise PageChanged(f"no {what} on the page")
    return found.group(1)


class Person:
    """One browser session at the hub at `url`, which has `request_s` for each page."""

    def __init__(self, url: str, request_s: float = REQUEST_S):
        self.url = url
        self._request_s = request_s
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def _get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=self._request_s) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, fields: dict[str, str]) -> str:
        data = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.url + path, data, {"Origin": self.url})
        with self._opener.open(request, timeout=self._request_s) as answer:
            return str(answer.read().decode())

    def log_in(self, name: str, password: str) -> None:
        """Fill in the log-in form."""
        token = _find(CSRF, self._get("/masuk"), "log-in form")
        self._post("/masuk", {"csrf": token, "masuk": name, "sandi": password})

    def wait_for_alarm(self, timeout_s: float) -> str | None:
        """Return the board once it shows an alarm that waits for somebody, or None."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            board = self._get("/papan")
            if COME.search(board):
                return board
            time.sleep(LOOK_S)
        return None

    def come(self, board: str) -> None:
        """Click "Saya datang" on the first alarm of a board."""
        path = urllib.parse.urlsplit(_find(COME, board, "alarm")).path
        self._post(path, {"csrf": _find(CSRF, board, "form"), "dari": "papan"})
