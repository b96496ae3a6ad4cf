"""Screens at the post: paired by a code that they show and a person confirms, named, taken back at will.

A screen is an account of role tamu_layar without a password. What waits for its code is kept in memory only:
a restart of the hub shows a new code.
"""

import secrets
import threading
from typing import NamedTuple, TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people import accounts
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

CODE_DIGITS = 6
WAIT_MS = 600_000  # a code that nobody confirmed
WAITING_LIMIT, PER_ADDRESS_LIMIT = 40, 4  # tablets that wait at once; the oldest gives way
SESSION_MS = 400 * 86_400_000  # the longest that browsers keep a cookie
SCREENS_LIMIT = 30
NO_PASSWORD = "!"  # no password has this hash
PREFIX = "layar-"


class Waiting(NamedTuple):
    """A browser that shows a code."""

    code: str
    address: str
    agent: str
    since_ms: int
    account: int | None  # once a person has confirmed it


class Screen(TypedDict):
    """A screen in service, with its session's address."""

    id: int
    name: str
    paired_by: str
    created_wall: int
    address: str | None
    agent: str | None


class Pairings:
    """Browsers that show a code, by the hash of their cookie."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}  # hash of its cookie -> it

    def show(self, now_ms: int, token: str | None, address: str, agent: str) -> tuple[str, Waiting]:
        """(token, Waiting) of this browser; a new code where it has none that is still good."""
        with self._lock:
            self._forget(now_ms)
            found = self._waiting.get(accounts.hash_token(token)) if token else None
            if token and found:
                return token, found
            self._make_room(address)
            used = {one.code for one in self._waiting.values()}
            code = next(code for code in iter(_code, None) if code not in used)
            token = secrets.token_urlsafe(24)
            made = Waiting(code, address, audit.clean(agent)[: accounts.AGENT_LIMIT], now_ms, None)
            self._waiting[accounts.hash_token(token)] = made
            return token, made

    def waiting(self, now_ms: int) -> list[Waiting]:
        with self._lock:
            self._forget(now_ms)
            return [one for one in self._waiting.values() if one.account is None]

    def confirm(self, now_ms: int, code: str, account: int) -> Waiting:
        """Make the browser with this code that account from its next look on; LocalError: there is none."""
        with self._lock:
            self._forget(now_ms)
            for key, one in self._waiting.items():
                if secrets.compare_digest(one.code.encode(), code.encode()) and one.account is None:
                    self._waiting[key] = one._replace(account=account)
                    return one
        raise LocalError(_("Kode itu tidak ada, atau sudah lewat 10 menit. Lihat kode di layar, tulis lagi."))

    def finish(self, token: str) -> None:
        with self._lock:
            self._waiting.pop(accounts.hash_token(token), None)

    def _forget(self, now_ms: int) -> None:
        self._waiting = {k: v for k, v in self._waiting.items() if now_ms - v.since_ms < WAIT_MS}

    def _make_room(self, address: str) -> None:
        mine = [key for key, one in self._waiting.items() if one.address == address]
        for key in mine[: max(0, len(mine) + 1 - PER_ADDRESS_LIMIT)]:
            del self._waiting[key]
        while len(self._waiting) >= WAITING_LIMIT:
            del self._waiting[next(iter(self._waiting))]


def _code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def add(db: Db, now: Now, by: Account, name: str, at: str = "") -> int:
    """Add a screen with this name and return its account, for the caller to confirm its code with."""
    name = audit.clean(name).strip()
    if not 0 < len(name) <= accounts.NAME_LIMIT:
        raise LocalError(_("nama layar: 1 sampai %(limit)s huruf, misalnya Pos ronda Mawar",
                           limit=accounts.NAME_LIMIT))  # fmt: skip
    accounts.check_name(db, name)
    if db.value("SELECT count(*) FROM accounts WHERE paired_by != '' AND active = 1") >= SCREENS_LIMIT:
        raise LocalError(_("sudah ada %(limit)s layar; cabut yang tidak dipakai", limit=SCREENS_LIMIT))
    number = 1 + (db.value("SELECT max(id) FROM accounts") or 0)
    account = db.insert(
        "accounts",
        login=f"{PREFIX}{number}",
        name=name,
        role="tamu_layar",
        password=NO_PASSWORD,
        created_wall=now.wall,
        paired_by=by["name"],
    )
    audit.record(db, now.wall, by["login"], codes.SCREEN_PAIRED, name, address=at)
    return account


def listed(db: Db) -> list[Screen]:
    """Screens in service with their session's address."""
    return db.all(
        "SELECT a.id, a.name, a.paired_by, a.created_wall, s.address, s.agent FROM accounts a "
        "LEFT JOIN sessions s ON s.account = a.id WHERE a.paired_by != '' AND a.active = 1 "
        "GROUP BY a.id ORDER BY a.name"
    )


def revoke(db: Db, now: Now, by: Account, number: int, at: str = "") -> bool:
    """Make the screen nobody from now on; False when there is none of this number."""
    row = db.one("SELECT * FROM accounts WHERE id = ? AND paired_by != '' AND active = 1", number)
    if row is None:
        return False
    db.run("UPDATE accounts SET active = 0 WHERE id = ?", number)
    db.run("DELETE FROM sessions WHERE account = ?", number)
    audit.record(db, now.wall, by["login"], codes.SCREEN_REMOVED, row["name"], address=at)
    return True
