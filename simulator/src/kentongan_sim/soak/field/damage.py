"""Damage to files: a hub's database, a gateway's journal and states. Each takes (path, rng)."""

import random
import sqlite3
from pathlib import Path

PAGE = 4_096


def torn(path: Path, rng: random.Random) -> None:
    """Leave of a file what a power cut leaves: some of it is nothing."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data) // 2)
    size = rng.randrange(PAGE, len(data) // 4)
    data[at : at + size] = bytes(size)
    path.write_bytes(data)


def headless(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[:PAGE] = rng.randbytes(PAGE)
    path.write_bytes(data)


def cut(path: Path, rng: random.Random) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: rng.randrange(100, size - PAGE)])


def empty(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def strange(path: Path, rng: random.Random) -> None:
    """Another program's database under our name."""
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE states (id INTEGER)")
    other.commit()
    other.close()


def missing(path: Path, rng: random.Random) -> None:
    path.unlink()


def altered(path: Path, rng: random.Random) -> None:
    """Alter a few bytes of a journal, as a card does."""
    if not path.exists() or path.stat().st_size < 100:
        return
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 8, 48))):
        data[rng.randrange(32, len(data))] ^= rng.randrange(1, 256)
    path.write_bytes(data)


def unreadable(path: Path, rng: random.Random) -> None:
    """Noise where a state was."""
    path.write_bytes(rng.randbytes(rng.randrange(1, 60)))


def stored_alarms(path: Path, rng: random.Random) -> int:
    """Alarms that a spool has, whose text the card has altered; how many."""
    odd = rng.choice(('{"type":"alarm","key":"x', "[]", b"\xff\xfe{"))
    return _change(path, "UPDATE event SET body = CAST(? AS TEXT) WHERE class = 0", odd)


def stored_name(path: Path, rng: random.Random) -> None:
    """One letter of one name inside each stored event."""
    _change(path, "UPDATE event SET body = replace(body, ?, ?)", '"at_ms"', '"at_mr"')


def without_altered(path: Path, rng: random.Random) -> None:
    """Another card takes its place, with what could still be read."""
    _change(path, "DELETE FROM event WHERE CAST(body AS BLOB) NOT LIKE ?", '{%"at_ms"%}')


def _change(path: Path, sql: str, *values: str | bytes) -> int:
    spool = sqlite3.connect(path)
    spool.execute("PRAGMA locking_mode = EXCLUSIVE")  # no shared memory beside the journal, as the gateway
    count = spool.execute(sql, values).rowcount
    spool.commit()
    spool.close()
    return count


DATABASE = {
    "torn": torn,
    "without its head": headless,
    "cut short": cut,
    "empty": empty,
    "another program's": strange,
    "gone": missing,
}
