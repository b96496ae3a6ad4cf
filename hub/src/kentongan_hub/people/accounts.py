"""People who may enter: scrypt passwords, sessions on the server, limits that never reach the alarm path."""

import functools
import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from typing import TypedDict

from kentongan_wire.base.errors import LocalError
from werkzeug.security import check_password_hash, generate_password_hash

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Home
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


class Locked(TypedDict):
    """Account or person that a password or PIN opens, by its hash."""

    password: str


class Kept(TypedDict):
    """The columns of a session that its account sees."""

    token: str  # its hash; shown to nobody
    created_wall: int | None
    address: str
    agent: str


class Session(Kept):
    this: bool  # the one that asks


LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}\Z")
PASSWORD_MIN, PASSWORD_MAX = 10, 200  # characters
NAME_LIMIT = 60  # characters
NOBODYS = ("pusat data", "teknisi", "petugas")  # names under which no person acts
SESSION_MS = 14 * 86_400_000  # a fortnight without use
SLIDE_MS = 86_400_000  # used again after this long, a session has its whole time anew
AGENT_LIMIT = 120  # characters kept of what a browser calls itself
SESSIONS_PER_ACCOUNT = 20  # the oldest end first
FAILS_LIMIT = 5  # failed attempts per login or address ...
FAILS_WINDOW_MS = 60_000  # ... in this time
ATTEMPT_KEYS_LIMIT = 1_000  # logins and addresses remembered
GUESSES_FREE = 10  # wrong passwords in a row for one login, from wherever, before its first wait
GUESS_WAIT_MS, GUESS_WAIT_MAX_MS = 15_000, 300_000  # then doubles; nobody is kept out for the night
GUESSES_FORGOTTEN_MS = 86_400_000
KNOWN_DEVICE_S = 400 * 86_400
SCRYPT_AT_ONCE = 2  # a flood of logins may take no more threads or memory than this
HASH_METHOD = "scrypt"  # werkzeug's default cost: 32 MB and about 70 ms


def check_new(login: str, password: str, name: str = "") -> None:
    """Raise LocalError with the remedy when these cannot make an account."""
    if not LOGIN.match(login):
        raise LocalError(_("nama masuk %(login)s: 2-32 huruf kecil a-z, angka, titik, - atau _",
                           login=f"{login!r}"))  # fmt: skip
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise LocalError(_("sandi: %(password_min)s-%(password_max)s karakter",
                           password_min=PASSWORD_MIN, password_max=PASSWORD_MAX))  # fmt: skip
    if len(name) > NAME_LIMIT:
        raise LocalError(_("nama: paling panjang %(limit)s karakter", limit=NAME_LIMIT))


def add(
    db: Db,
    wall_ms: int,
    login: str,
    name: str,
    role: str,
    password: str,
    named: bool = False,
    home: Home = (0, 0, 0),
) -> int:
    """Add an account and return its id; `home` as access.check_home gives it, without it nobody is named."""
    check_new(login, password, name)
    if role not in roles.ROLES:
        raise LocalError(_("peran %(role)s: pilih salah satu dari %(roles)s",
                           role=f"{role!r}", roles=", ".join(roles.ROLES)))  # fmt: skip
    if named and role in roles.NEVER_NAMED:
        raise LocalError(_("peran %(role)s: layar tidak boleh melihat kejadian rahasia", role=role))
    if named and not any(home):
        raise LocalError(_("disepakati untuk rahasia: tulis dulu rumahnya, atau bahwa ia tinggal di luar RT"))
    if db.value("SELECT 1 FROM accounts WHERE login = ?", login):
        raise LocalError(_("nama masuk %(login)s: sudah dipakai, pilih yang lain", login=f"{login!r}"))
    name = name.strip() or login
    check_name(db, name)
    return db.insert(
        "accounts",
        login=login,
        name=name,
        role=role,
        created_wall=wall_ms,
        password=hash_password(password),
        named_for_confidential=int(named),
        once_named=int(named),
        zone=home[0],
        house=home[1],
        outside=home[2],
    )


def check_name(db: Db, name: str) -> None:
    """Raise LocalError when this name would be read as another's: actions stand under people's names."""
    labels = [row["label"] for row in db.all("SELECT label FROM devices WHERE revoked = 0")]
    if is_somebodys(db, name) or _spoken(name) in map(_spoken, [*labels, *NOBODYS]):
        raise LocalError(_("nama %(name)s: sudah dipakai, tambahkan nama lain atau nomor rumah",
                           name=f"{name!r}"))  # fmt: skip


def is_somebodys(db: Db, name: str) -> bool:
    """Tell whether an account bears this name or one that reads like it; also one that was switched off.

    Not a screen that was: it said nothing in its own name, and a post is paired anew under the same.
    """
    rows = db.all("SELECT name FROM accounts WHERE active = 1 OR paired_by = ''")
    return _spoken(name) in [_spoken(row["name"]) for row in rows]


def _spoken(name: str) -> str:
    """'Bu Admin', 'bu  admin.' and 'BÚ ADMIN' alike."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum()) or plain


def hash_password(password: str) -> str:
    return generate_password_hash(password, HASH_METHOD)


@functools.cache
def _dummy(method: str) -> str:
    """Return a hash to compare where there is no such account; made at the first log-in, not at a start."""
    return generate_password_hash("no account has this password", method)


def open_session(
    db: Db, now: Now, account: int, address: str = "", agent: str = "", life_ms: int = SESSION_MS
) -> str:
    """Open a session and return its token, never one of the browser's; the database keeps only its hash."""
    now_ms = now.ms
    token = secrets.token_urlsafe(32)
    db.run("DELETE FROM sessions WHERE expires_ms <= ?", now_ms)
    db.run(
        "DELETE FROM sessions WHERE account = ? AND token NOT IN (SELECT token FROM sessions "
        "WHERE account = ? ORDER BY created_ms DESC LIMIT ?)",
        account,
        account,
        SESSIONS_PER_ACCOUNT - 1,
    )
    db.insert(
        "sessions",
        token=hash_token(token),
        account=account,
        created_ms=now_ms,
        expires_ms=now_ms + life_ms,
        created_wall=now.wall,
        address=address,
        agent=audit.clean(agent)[:AGENT_LIMIT],
    )
    return token


def of_session(db: Db, now_ms: int, token: str | None) -> Account | None:
    """Return the active account of a session token, or None."""
    if not token:
        return None
    return db.one(
        "SELECT a.* FROM sessions s JOIN accounts a ON a.id = s.account "
        "WHERE s.token = ? AND s.expires_ms > ? AND a.active = 1",
        hash_token(token),
        now_ms,
    )


def is_worn(db: Db, now_ms: int, token: str, life_ms: int) -> bool:
    """Tell whether a valid session has lost a day of its life and is to be prolonged (prolong())."""
    ends_ms = db.value("SELECT expires_ms FROM sessions WHERE token = ?", hash_token(token))
    return ends_ms is not None and now_ms < ends_ms < now_ms + life_ms - SLIDE_MS


def prolong(db: Db, now_ms: int, token: str, life_ms: int) -> None:
    """Prolong a session that is used: nobody is asked for a password in the middle of an alarm."""
    db.run(
        "UPDATE sessions SET expires_ms = ? WHERE token = ? AND expires_ms > ?",
        *(now_ms + life_ms, hash_token(token), now_ms),
    )


def close_session(db: Db, token: str) -> None:
    db.run("DELETE FROM sessions WHERE token = ?", hash_token(token))


def sessions(db: Db, now_ms: int, account: int, token: str) -> list[Session]:
    """Open sessions of this account, the newest first; `this` marks the one with this token."""
    rows: list[Kept] = db.all(
        "SELECT token, created_wall, address, agent FROM sessions WHERE account = ? AND expires_ms > ? "
        "ORDER BY created_ms DESC",
        account,
        now_ms,
    )
    own = hash_token(token)
    return [{**row, "token": "", "this": row["token"] == own} for row in rows]


def end_sessions(db: Db, account: int, keep: str = "") -> int:
    """End every session of this account but the one with the token `keep`, and its tool's tokens."""
    ended = db.run("DELETE FROM sessions WHERE account = ? AND token != ?", account, hash_token(keep))
    return ended + db.run("DELETE FROM technicians WHERE account = ?", account)


def hash_token(token: str) -> str:
    """Return the stored form of a secret of 128 bits and more: it opens no door."""
    return hashlib.sha256(token.encode()).hexdigest()


class Attempts:
    """Counts failures per key in memory; too many and the key waits. Only login and set-up ask it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fails: dict[str, list[int]] = {}  # key -> list of steady ms

    def blocked(self, now_ms: int, *names: str) -> bool:
        with self._lock:
            return any(len(self._recent(now_ms, name)) >= FAILS_LIMIT for name in names)

    def failed(self, now_ms: int, *names: str) -> None:
        with self._lock:
            for name in names:
                recent = self._recent(now_ms, name)
                self._fails.pop(name, None)
                if len(self._fails) >= ATTEMPT_KEYS_LIMIT:
                    self._fails.pop(next(iter(self._fails)))
                self._fails[name] = (recent + [now_ms])[-FAILS_LIMIT:]

    def _recent(self, now_ms: int, name: str) -> list[int]:
        return [at for at in self._fails.get(name, ()) if now_ms - at < FAILS_WINDOW_MS]


class Guesses:
    """Wrong passwords in a row per login, wherever they came from; beyond the free ones each waits longer.

    Only for devices that have never logged in to that account. In memory; a restart forgets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fails: dict[
            str, tuple[int, int, int]
        ] = {}  # login -> (count, steady ms of the last, open again at steady ms)

    def left_ms(self, now_ms: int, login: str) -> int:
        with self._lock:
            return max(0, self._fails.get(login, (0, 0, 0))[2] - now_ms)

    def failed(self, now_ms: int, login: str) -> None:
        with self._lock:
            count, last_ms, _ = self._fails.pop(login, (0, now_ms, 0))
            count = 1 if now_ms - last_ms > GUESSES_FORGOTTEN_MS else count + 1
            over = count - GUESSES_FREE
            wait_ms = min(GUESS_WAIT_MAX_MS, GUESS_WAIT_MS << min(over, 20)) if over >= 0 else 0
            if len(self._fails) >= ATTEMPT_KEYS_LIMIT:
                self._fails.pop(next(iter(self._fails)))
            self._fails[login] = (count, now_ms, now_ms + wait_ms)

    def worked(self, login: str) -> None:
        with self._lock:
            self._fails.pop(login, None)


def known_device(account: Locked) -> str:
    """Return the mark that a browser keeps after logging in, to be told from a stranger's.

    Worth nothing without the password, and of no use once the password was changed.
    """
    return hmac.new(account["password"].encode(), b"kentongan known device", hashlib.sha256).hexdigest()


class Passwords:
    """scrypt checks, at most two at once: the rest come back later, the alarm path keeps its processor."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(SCRYPT_AT_ONCE)

    def check(self, account: Locked | None, password: str) -> bool | None:
        """Check a password; None: too many checks are running. An unknown login costs the same time."""
        if not self._slots.acquire(blocking=False):
            return None
        try:
            nobodys = _dummy(HASH_METHOD)  # for whoever logs in first: how long it takes names no account
            stored = account["password"] if account else nobodys
            return check_password_hash(stored, password[:PASSWORD_MAX]) and account is not None
        finally:
            self._slots.release()
