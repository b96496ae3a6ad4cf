"""Tokens of technicians, who may register devices: made at the console or for an account's password."""

import secrets
from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Said
from kentongan_hub.devices.provision.gateways import token_hash
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


class Technician(TypedDict):
    name: str
    account: int | None


class Held(Technician):
    """A token's technician, with the account as it stands now."""

    active: int | None
    role: str


TOKEN_BYTES = 32
LOGIN_MS = 12 * 3_600_000  # a token that a password was exchanged for: one install day
CONSOLE_MS = 30 * 86_400_000  # a token made at the console, by whoever may read the site key anyway
NAME_LIMIT = 60  # characters
TOKENS_LIMIT = 100  # made at the console
OWN_LIMIT = 10  # of one account: its oldest gives way


def new_token(db: Db, now: Now, name: str, lasts_ms: int = CONSOLE_MS, account: int | None = None) -> str:
    """Make a bearer token; only its hash stays here. `account`: whose password it was exchanged for."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise LocalError(f"technician {name[:40]!r}: give a name of 1..{NAME_LIMIT} characters")
    token = f"ktt_{secrets.token_urlsafe(TOKEN_BYTES)}"
    db.run("DELETE FROM technicians WHERE expires_ms <= ?", now.ms)
    if account:
        db.run(
            "DELETE FROM technicians WHERE account = ? AND token NOT IN (SELECT token FROM technicians "
            "WHERE account = ? ORDER BY rowid DESC LIMIT ?)",
            *(account, account, OWN_LIMIT - 1),
        )
    elif db.value("SELECT count(*) FROM technicians WHERE account IS NULL") >= TOKENS_LIMIT:
        raise LocalError(f"technician tokens: {TOKENS_LIMIT} are valid; end them with --end")
    db.insert(
        "technicians",
        token=token_hash(token),
        name=name,
        account=account,
        created_wall=now.wall,
        expires_ms=now.ms + lasts_ms,
    )
    lasts = Said(codes.HOURS, hours=lasts_ms // 3_600_000)
    audit.record(db, now.wall, name, codes.TECHNICIAN_KEY_MADE, "", lasts)
    return token


def end(db: Db, now: Now, name: str) -> None:
    """End every token of a technician; LocalError when there is none."""
    if not db.run("DELETE FROM technicians WHERE name = ?", name):
        raise LocalError(f"technician {name!r}: has no token")
    audit.record(db, now.wall, name, codes.TECHNICIAN_KEY_ENDED)


def of_token(db: Db, now: Now, token: str) -> Technician | None:
    """{"name", "account"} of the technician, or None; account None: the token was made at the console.

    A token got for a password is worth no more than its account is now.
    """
    row: Held | None = db.one(
        "SELECT t.name, t.account, a.active, a.role FROM technicians t LEFT JOIN accounts a "
        "ON a.id = t.account WHERE t.token = ? AND t.expires_ms > ?",
        token_hash(token),
        now.ms,
    )
    if row and row["account"] and not (row["active"] and roles.allows(row["role"], roles.INSTALL)):
        return None
    return {"name": row["name"], "account": row["account"]} if row else None
