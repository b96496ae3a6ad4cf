"""The whole hub in one encrypted file, and back: database and site keys, under passphrases that people keep.

File: magic, nonce prefix (8), number of locks (1), the file's key in each lock (keepers.SLOT), then chunks of
AES-256-GCM over [name length, name, size, bytes] of each file. Every chunk's nonce counts up and the last one
is marked, so that nothing can be cut off, swapped or repeated unnoticed.
"""

import os
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, sending, site
from kentongan_hub.base.language import _
from kentongan_hub.base.said import HUB
from kentongan_hub.people import access, keepers
from kentongan_hub.record import audit, chain, outbox
from kentongan_hub.storage import store

MAGIC = b"KENTONGAN-CADANGAN-1\n"
CHUNK = 1 << 20  # bytes of plain text in one chunk
TAG = 16
PREFIX = 8  # bytes
FILES = (store.FILE_NAME, site.FILE_NAME)
MEDIA = ("/media", "/run/media", "/mnt")  # where USB sticks are mounted


def make(data_dir: Path, passphrase: str, out: Path, locks: Sequence[keepers.Lock] = ()) -> int:
    """Write the backup durably with mode 0600; the hub goes on working meanwhile. Size in bytes.

    `locks`: of keepers, each of whom can open it; without them the passphrase opens it.
    """
    locks = list(locks) or [keepers.lock_of(passphrase)]
    data_dir, out = Path(data_dir), Path(out)
    if out.exists():
        raise LocalError(_("%(out)s: ada; pilih nama lain", out=out))
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        copy = Path(folder) / store.FILE_NAME
        connection = sqlite3.connect(data_dir / store.FILE_NAME, timeout=store.BUSY_TIMEOUT_S)
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        finally:
            connection.close()
        part = out.with_name(out.name + ".belum")
        try:
            _write(part, locks, [copy, data_dir / site.FILE_NAME])
            os.replace(part, out)
        finally:
            part.unlink(missing_ok=True)
    site._sync_directory(out.parent)
    return out.stat().st_size


def _write(path: Path, locks: Sequence[keepers.Lock], files: Iterable[Path]) -> None:
    prefix, key = os.urandom(PREFIX), os.urandom(keepers.KEY)
    cipher = AESGCM(key)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC + prefix + bytes([len(locks)]) + b"".join(keepers.slot(one, key) for one in locks))
        held, number = bytearray(), 0
        for piece in _plain(files):
            held += piece
            while len(held) > CHUNK:  # the last chunk is never empty and always marked
                file.write(cipher.encrypt(_nonce(prefix, number), bytes(held[:CHUNK]), b"more"))
                del held[:CHUNK]
                number += 1
        file.write(cipher.encrypt(_nonce(prefix, number), bytes(held), b"last"))
        file.flush()
        os.fsync(file.fileno())


def _plain(files: Iterable[Path]) -> Iterator[bytes]:
    for path in files:
        name, size = path.name.encode(), path.stat().st_size
        yield struct.pack(">HQ", len(name), size) + name
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece


def restore(backup: Path, passphrase: str, data_dir: Path) -> None:
    """Unpack into a new data directory, checked; work that waited then is not done now.

    LocalError when the passphrase or the file is wrong, or the directory has a hub already: nothing is left.
    """
    backup, data_dir = Path(backup), Path(data_dir)
    if any((data_dir / name).exists() for name in FILES):
        raise LocalError(_("%(data_dir)s: di sini sudah ada pusat data; pilih map kosong", data_dir=data_dir))
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        names = _unpack(backup, passphrase, Path(folder))
        if sorted(names) != sorted(FILES):
            raise LocalError(_("%(backup)s: bukan cadangan pusat data ini (isinya %(value)s)",
                               backup=backup, value=", ".join(names)[:80]))  # fmt: skip
        _settle(Path(folder))
        for name in FILES:  # site.json last: a site exists exactly when its file does
            os.replace(Path(folder) / name, data_dir / name)
    site._sync_directory(data_dir)


def _unpack(backup: Path, passphrase: str, folder: Path) -> list[str]:
    names: list[str] = []
    held, left = bytearray(), 0
    file: BinaryIO | None = None
    for piece in _chunks(backup, passphrase):
        held += piece
        while held:
            if left and file:
                taken = min(left, len(held))
                file.write(held[:taken])
                del held[:taken]
                left -= taken
                continue
            if file:
                file.close()
            if len(held) < 10 or len(held) < 10 + struct.unpack(">H", held[:2])[0]:
                break
            length, left = struct.unpack(">HQ", held[:10])
            name = bytes(held[10 : 10 + length]).decode()
            del held[: 10 + length]
            if name not in FILES:
                raise LocalError(_("%(backup)s: isi tidak dikenal; pakai berkas cadangan kentongan",
                                   backup=backup))  # fmt: skip
            names.append(name)
            file = os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    if file:
        file.close()
    if left or held:
        raise LocalError(_("%(backup)s: terpotong; pakai cadangan yang lain", backup=backup))
    return names


def _chunks(backup: Path, passphrase: str) -> Iterator[bytes]:
    size = backup.stat().st_size
    with backup.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise LocalError(_("%(backup)s: bukan berkas cadangan kentongan", backup=backup))
        prefix, count = file.read(PREFIX), file.read(1)
        slots = [file.read(keepers.SLOT) for _ in range(min(ord(count or b"\0"), keepers.LOCKS_LIMIT))]
        whole = [one for one in slots if len(one) == keepers.SLOT]
        key, number = keepers.opened(whole, passphrase), 0
        if key is None:
            raise LocalError(_("%(backup)s: kata sandi salah, atau berkas rusak atau terpotong",
                               backup=backup))  # fmt: skip
        cipher = AESGCM(key)
        while True:
            sealed = file.read(CHUNK + TAG)
            mark = b"last" if file.tell() >= size else b"more"
            try:
                yield cipher.decrypt(_nonce(prefix, number), sealed, mark)
            except (InvalidTag, ValueError):
                raise LocalError(_("%(backup)s: kata sandi salah, atau berkas rusak atau terpotong",
                                   backup=backup))  # fmt: skip
            if mark == b"last":
                return
            number += 1


def _settle(folder: Path) -> None:
    """Check file and chain before use, and cancel the sirens and messages of then."""
    restored = store.Store(folder)
    with restored.write() as db:
        if db.value("PRAGMA integrity_check") != "ok":
            raise LocalError(_("basis data di cadangan rusak; pakai cadangan yang lain"))
        for table in chain.WORDS:
            broken = chain.verify(db, table)[1]
            if broken:
                raise LocalError(
                    _(
                        "rantai %(table)s di cadangan putus di baris %(broken)s; pakai cadangan yang lain",
                        table=table,
                        broken=broken,
                    )  # fmt: skip
                )
        db.run(
            f"UPDATE outbox SET state = ?, result = '{sending.RESTORED}' WHERE {outbox.WAITS}", outbox.EXPIRED
        )
        db.run("UPDATE soundings SET due_ms = NULL WHERE due_ms IS NOT NULL")
        db.run("DELETE FROM sessions")
        access.doubt(db, db.number("wall_ms"))
        audit.record(db, db.number("wall_ms"), HUB, codes.BACKUP_RESTORED)


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def targets() -> list[str]:
    """List writable folders of mounted USB sticks."""
    found = []
    for root in map(Path, MEDIA):
        for path in [*root.glob("*"), *root.glob("*/*")]:
            if path.is_mount() and os.access(path, os.W_OK):
                found.append(str(path))
    return sorted(found)
