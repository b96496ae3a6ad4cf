"""Damage to files: a hub's database, a gateway's journal and states. Each takes (path, rng)."""

import sqlite3

PAGE = 4_096


def torn(path, rng):
    """Leave of a file what a power cut leaves: some of it is nothing."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data) // 2)
    size = rng.randrange(PAGE, len(data) // 4)
    data[at : at + size] = bytes(size)
    path.write_bytes(data)


def headless(path, rng):
    data = bytearray(path.read_bytes())
    data[:PAGE] = rng.randbytes(PAGE)
    path.write_bytes(data)


def cut(path, rng):
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: rng.randrange(100, size - PAGE)])


def empty(path, rng):
    path.write_bytes(b"")


def strange(path, rng):
    """Another program's database under our name."""
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE states (id INTEGER)")
    other.commit()
    other.close()


def missing(path, rng):
    path.unlink()


def altered(path, rng):
    """A few bytes of a journal that the card has changed."""
    if not path.exists() or path.stat().st_size < 100:
        return
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 8, 48))):
        data[rng.randrange(32, len(data))] ^= rng.randrange(1, 256)
    path.write_bytes(data)


def unreadable(path, rng):
    """Noise where a state was."""
    path.write_bytes(rng.randbytes(rng.randrange(1, 60)))


def stored_alarms(path, rng):
    """Alarms that a spool has, whose text the card has altered; how many."""
    odd = rng.choice(('{"type":"alarm","key":"x', "[]", b"\xff\xfe{"))
    return _change(path, "UPDATE event SET body = CAST(? AS TEXT) WHERE class = 0", odd)


def stored_name(path, rng):
    """One letter of one name inside each stored event."""
    _change(path, "UPDATE event SET body = replace(body, ?, ?)", '"at_ms"', '"at_mr"')


def without_altered(path, rng):
    """Another card takes its place, with what could still be read."""
    _change(path, "DELETE FROM event WHERE CAST(body AS BLOB) NOT LIKE ?", '{%"at_ms"%}')


def _change(path, sql, *values):
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
