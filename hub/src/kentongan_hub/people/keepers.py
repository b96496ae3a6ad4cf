"""Keepers of backups: agreed people with a passphrase (penjaga cadangan), never the maker of a backup.

A backup holds the site's keys and every record, confidential incidents too. Each keeper chooses a passphrase
in the own account; the hub keeps only the public half of a key made from it, which locks and never opens. So
backups are made unattended, and who carries one away cannot read it without a keeper. A keeper is agreed for
confidential incidents and no admin: the file and its passphrase are never one person's. While there is none,
a backup is locked by the passphrase of who makes it, and the page says who can read it then.
"""

import hashlib
import os
from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people import access, circles
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

SCRYPT = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}  # 32 MB and a tenth of a second
PASSPHRASE = (12, 200)  # characters
SALT, PUBLIC, KEY, TAG = 16, 32, 32, 16  # bytes
SLOT = SALT + PUBLIC + KEY + TAG  # of one lock in the file: salt, one-time public half, locked key
LOCKS_LIMIT = 8  # in one file; opening tries each


class Lock(NamedTuple):
    salt: bytes
    public: bytes


class Keeper(TypedDict):
    """A row of backup_keepers, with the name of its account."""

    account: int
    salt: bytes
    public: bytes
    made_wall: int
    name: str


def check_passphrase(text: str) -> None:
    if not PASSPHRASE[0] <= len(text) <= PASSPHRASE[1]:
        raise LocalError(
            _(
                "kata sandi cadangan: %(value)s sampai %(value2)s huruf; simpan di tempat lain",
                value=PASSPHRASE[0],
                value2=PASSPHRASE[1],
            )  # fmt: skip
        )


def lock_of(passphrase: str) -> Lock:
    """Return the Lock that this passphrase opens, another each time."""
    check_passphrase(passphrase)
    salt = os.urandom(SALT)
    return Lock(salt, _private(passphrase, salt).public_key().public_bytes_raw())


def _private(passphrase: str, salt: bytes) -> X25519PrivateKey:
    made = hashlib.scrypt(passphrase.encode(), salt=salt, dklen=KEY, **SCRYPT)
    return X25519PrivateKey.from_private_bytes(made)


def slot(lock: Lock, key: bytes) -> bytes:
    """Return the key of a file, locked: SLOT bytes."""
    once = X25519PrivateKey.generate()
    shared = once.exchange(X25519PublicKey.from_public_bytes(lock.public))
    half = once.public_key().public_bytes_raw()
    return lock.salt + half + _cipher(shared, half, lock.public).encrypt(bytes(12), key, None)


def opened(slots: Iterable[bytes], passphrase: str) -> bytes | None:
    """Return the key of a file from its slots, or None when none of them is this passphrase's."""
    for one in slots:
        salt, half, locked = one[:SALT], one[SALT : SALT + PUBLIC], one[SALT + PUBLIC :]
        own = _private(passphrase, salt)
        try:
            shared = own.exchange(X25519PublicKey.from_public_bytes(half))
            return _cipher(shared, half, own.public_key().public_bytes_raw()).decrypt(bytes(12), locked, None)
        except (InvalidTag, ValueError):
            continue
    return None


def _cipher(shared: bytes, half: bytes, public: bytes) -> AESGCM:
    """Used for one key only, so its nonce may be zero."""
    return AESGCM(hashlib.sha256(b"kentongan cadangan" + shared + half + public).digest())


def may_keep(account: Account) -> bool:
    """Tell whether this account (a row) may be a keeper: agreed, its home known, and no maker of backups."""
    makes = roles.allows(account["role"], roles.SYSTEM)
    return bool(
        account["active"] and account["named_for_confidential"] and access.known(account) and not makes
    )


def listed(db: Db) -> list[Keeper]:
    """[rows with name, salt, public, made_wall] of keepers who may be so now."""
    rows: list[Keeper] = db.all(
        "SELECT k.*, a.name FROM backup_keepers k JOIN accounts a ON a.id = k.account ORDER BY k.account"
    )
    able = {one["id"] for one in circles.agreed(db) if may_keep(one)}
    return [row for row in rows if row["account"] in able][:LOCKS_LIMIT]


def locks(db: Db) -> list[Lock]:
    """Return the Locks of a backup that is made now; empty: nobody keeps its passphrase."""
    return [Lock(bytes(row["salt"]), bytes(row["public"])) for row in listed(db)]


def keep(db: Db, now: Now, by: Account, passphrase: str, at: str = "") -> None:
    """This person keeps the passphrase of backups from now on; those of before open with the one of then."""
    if not may_keep(by):
        raise LocalError(_("Penjaga cadangan: orang yang disepakati untuk kejadian rahasia, dan bukan "
                           "admin."))  # fmt: skip
    lock = lock_of(passphrase)
    db.run(
        "INSERT OR REPLACE INTO backup_keepers (account, salt, public, made_wall) VALUES (?, ?, ?, ?)",
        by["id"], lock.salt, lock.public, now.wall,
    )  # fmt: skip
    audit.record(db, now.wall, by["login"], codes.BACKUP_PASSPHRASE_SET, by["login"], "", at)
