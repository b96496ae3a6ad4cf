"""The hub's API for technicians: register, confirm or withdraw, replace, revoke, label, the proof by "uji".

Keys come in one answer (the device file) and are held in memory only. The token is read from a file or typed
at a prompt; it is never an argument.
"""

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from kentongan_tool.base.answers import Device, Fields, Label, Made, Modem, Revocation, Site, Uji
from kentongan_tool.base.failures import ToolError

TIMEOUT_S = 15
WAIT_SLICE_S = 10  # of one long poll for an "uji"
ANSWER_BYTES_MAX = 4 << 20
BEHIND_PROXY = (502, 503, 504)  # of the web server in front of a hub that does not run
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def read_token(path: Path) -> str:
    """Return the first line of a token file; ToolError when others may read it."""
    path = Path(path)
    try:
        if path.stat().st_mode & 0o077:
            raise ToolError("token", f"{path}: others can read this token; `chmod 600 {path}`")
        lines = path.read_text(encoding="utf-8-sig").split()
    except OSError as error:
        raise ToolError("file", f"{path}: {error.strerror}")
    except UnicodeError:
        lines = []
    if len(lines) != 1 or not lines[0].isascii() or not lines[0].isprintable():
        raise ToolError("token", f"{path}: bukan token (holds no token)")
    return lines[0]


class Hub:
    """Talks to the hub at `url`; every failure is a ToolError that names the remedy."""

    def __init__(self, url: str, token: str | None = None, ca_file: Path | None = None):
        try:
            parts = urllib.parse.urlsplit(url)
            no_port = parts.port == 0  # reading it checks the others
        except ValueError:
            no_port = True
        if no_port:
            raise ToolError("argument", f"--hub {url}: write https://ADDRESS or https://ADDRESS:PORT")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ToolError("argument", f"--hub {url!r}: write https://ADDRESS, without blanks")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ToolError("argument", f"--hub {url}: write https://ADDRESS (on the hub http://127.0.0.1)")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ToolError("argument", f"--hub {url}: keys travel over https; http is for the hub itself")
        self.url = url.rstrip("/")
        self._token = token
        try:
            self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        except ssl.SSLError:
            raise ToolError("certificate", f"{ca_file}")
        except OSError as error:
            raise ToolError("file", f"--ca-file {ca_file}: {error.strerror or error}")
        # no proxy: the hub is in the neighbourhood, and a proxy would see the token
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self._tls:
            handlers.append(urllib.request.HTTPSHandler(context=self._tls))
        self._opener = urllib.request.build_opener(*handlers)

    def call(
        self, path: str, body: object = None, method: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> Any:
        """Return the JSON answer of one call."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers, method=method)
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                return json.loads(answer.read(ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as error:
            raise self._refusal(error)
        except http.client.RemoteDisconnected as error:  # a hub that went down, or a port that wants https
            raise ToolError("hub_unreachable", f"{self.url}: {error}")
        except (ValueError, http.client.HTTPException):  # a stranger's page, or no HTTP at all
            raise ToolError("hub_address", self.url)
        except OSError as error:  # URLError is one
            raise self._failure(getattr(error, "reason", None) or error)

    def _failure(self, reason: object) -> ToolError:
        """Of a call that brought no answer."""
        if isinstance(reason, ssl.SSLCertVerificationError):
            return ToolError("hub_certificate", f"{self.url}: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError) or "handshake" in str(reason):
            return ToolError("hub_address", f"{self.url}: tidak berbicara https (speaks no https)")
        return ToolError("hub_unreachable", f"{self.url}: {reason}")

    def _refusal(self, error: urllib.error.HTTPError) -> ToolError:
        try:
            told = json.loads(error.read(ANSWER_BYTES_MAX))
            what = "; ".join(str(told[name]) for name in ("error", "remedy") if told.get(name))
        except (ValueError, TypeError, OSError, AttributeError):
            if error.code in BEHIND_PROXY:
                return ToolError(
                    "hub_unreachable", f"{self.url}: HTTP {error.code}, kentongan-hub mati (is down)"
                )
            return ToolError("hub_address", f"{self.url}: HTTP {error.code}")
        return ToolError("hub_login" if error.code in (401, 403) else "hub_refused", f"{self.url}: {what}")

    def login(self, login: str, password: str) -> None:
        """Exchange an account's password for a token of this session."""
        self._token = self.call("login", {"login": login, "password": password})["token"]

    def site(self) -> Site:
        return self.call("site")

    def devices(self) -> list[Device]:
        """Return the devices in service; pending ones are left out."""
        return [one for one in self.call("devices")["devices"] if one["state"] == "in_service"]

    def device(self, node: int) -> Device:
        return self.call(f"devices/{node}")

    def find(self, name: str) -> Device:
        """Return a device in service by its label or its number in hexadecimal."""
        found = [one for one in self.devices() if name in (one["label"], one["id"])]
        if len(found) != 1:
            raise ToolError("which_device", f"{name}: no such device is in service at {self.url}")
        return found[0]

    def register(self, fields: Fields, replaces: int | None, request: str) -> Made:
        """Register a pending device: {"node", "file", "state", "mark", ...}. In service after confirm only.

        `request`: an id of this registration; the same one again withdraws what the first may have made.
        """
        path = "devices" if replaces is None else f"devices/{replaces}/replace"
        return self.call(path, {"request": request, **fields})

    def confirm(self, node: int, erased: bool = False) -> Device:
        return self.call(f"devices/{node}/confirm", {"erased": erased})

    def withdraw(self, node: int, written: bool) -> None:
        """Take a pending registration back; `written`: its keys may be on a board."""
        self.call(f"devices/{node}/withdraw", {"written": written})

    def modem(self, gateway: str) -> Modem:
        """{"file", "sticker"} of the radio of a gateway, by the gateway's label."""
        return self.call(f"gateways/{urllib.parse.quote(gateway, safe='')}/modem")

    def revoke(self, node: int, why: str, erased: bool = False) -> Revocation:
        return self.call(f"devices/{node}/revoke", {"why": why, "erased": erased})

    def revocation(self, node: int) -> Revocation:
        return self.call(f"devices/{node}/revocation")

    def revocations(self) -> list[Revocation]:
        """List the latest revocations, newest first."""
        return self.call("revocations")["revocations"]

    def label(self, node: int) -> Label:
        return self.call(f"devices/{node}/label")

    def uji(self, node: int, since: int, wait_s: float) -> Uji:
        """{"logged", "alarm", "mark"}: whether an "uji" of the device came in since that mark."""
        wait_s = int(min(wait_s, WAIT_SLICE_S))
        return self.call(f"devices/{node}/uji?since={since}&wait={wait_s}", timeout_s=TIMEOUT_S + wait_s)
