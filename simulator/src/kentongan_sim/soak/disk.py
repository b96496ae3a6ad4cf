"""A disk that loses power, fills up or turns read-only under the real SQLite of this process.

A VFS that wraps SQLite's own through ctypes: it passes everything on, remembers what was written since the
last sync, and on cut() leaves of that what a real disk may leave: each 512-byte sector new, old, or noise.
Nothing in the code under test knows of it.
"""

import ctypes as c
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECTOR = 512
OK, IOERR, FULL, READONLY = 0, 10, 13, 8
NOISE_CHANCE = 0.15  # of a torn sector holding neither the old nor the new
NAME = b"soak"

PTR, INT, LONG = c.c_void_p, c.c_int, c.c_longlong
ON_FILE = [  # sqlite3_io_methods, version 1, in order
    ("close", c.CFUNCTYPE(INT, PTR)),
    ("read", c.CFUNCTYPE(INT, PTR, PTR, INT, LONG)),
    ("write", c.CFUNCTYPE(INT, PTR, PTR, INT, LONG)),
    ("truncate", c.CFUNCTYPE(INT, PTR, LONG)),
    ("sync", c.CFUNCTYPE(INT, PTR, INT)),
    ("size", c.CFUNCTYPE(INT, PTR, PTR)),
    ("lock", c.CFUNCTYPE(INT, PTR, INT)),
    ("unlock", c.CFUNCTYPE(INT, PTR, INT)),
    ("reserved", c.CFUNCTYPE(INT, PTR, PTR)),
    ("control", c.CFUNCTYPE(INT, PTR, INT, PTR)),
    ("sector", c.CFUNCTYPE(INT, PTR)),
    ("traits", c.CFUNCTYPE(INT, PTR)),
]
OPEN = c.CFUNCTYPE(
    INT, PTR, PTR, PTR, INT, PTR
)  # names as pointers: SQLite keeps them, and reads beyond their end
DELETE = c.CFUNCTYPE(INT, PTR, PTR, INT)


class Methods(c.Structure):
    _fields_ = [("version", INT), *ON_FILE]


class Vfs(c.Structure):
    _fields_ = [
        ("version", INT),
        ("file_bytes", INT),
        ("path_bytes", INT),
        ("next", PTR),
        ("name", c.c_char_p),
        ("app", PTR),
        ("open", PTR),
        ("delete", PTR),
        ("access", PTR),
        ("full", PTR),
        ("dl_open", PTR),
        ("dl_error", PTR),
        ("dl_sym", PTR),
        ("dl_close", PTR),
        ("random", PTR),
        ("sleep", PTR),
        ("time", PTR),
        ("error", PTR),
        ("time64", PTR),
        ("set_call", PTR),
        ("get_call", PTR),
        ("next_call", PTR),
    ]


Callback = Any  # a C function of ctypes, which has no public type
HEAD = 16  # our file: pointer to methods, our number, then SQLite's own file


def shared_sqlite() -> c.CDLL | None:
    """Return the SQLite library that Python's module runs on, or None where it is built in."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        paths = {line.split()[-1] for line in maps if "libsqlite3" in line}
    return c.CDLL(min(paths)) if paths else None


_FOREVER: "list[Disk]" = []  # SQLite calls back as long as any connection lives, which nobody here knows


class Disk:
    """One for the process; `fault` is None, "full" or "readonly" for the directories in `failing`."""

    def __init__(self, library: c.CDLL) -> None:
        library.sqlite3_vfs_find.restype, library.sqlite3_vfs_find.argtypes = PTR, [c.c_char_p]
        library.sqlite3_vfs_register.argtypes = [PTR, INT]
        self._library = library
        self._real_at = library.sqlite3_vfs_find(None)
        self._real = Vfs.from_address(self._real_at)
        _FOREVER.append(self)
        self._keep: list[Any] = []
        self._paths: dict[int, str] = {}
        self._numbers = 0
        self._methods = self._make_methods()
        self._vfs = Vfs.from_buffer_copy(self._real)
        self._vfs.version, self._vfs.name, self._vfs.next = min(self._real.version, 2), NAME, None
        self._vfs.file_bytes = HEAD + self._real.file_bytes
        self._vfs.open = self._pointer(OPEN(self._open))
        self._vfs.delete = self._pointer(DELETE(self._delete))
        self.only = ""  # part of the paths that this is about
        self.fault: str | None = None
        self.failing: str | Path | None = None
        self._armed: str | None = None
        self._synced: dict[str, bytes | None] = {}
        self._touched: set[str] = set()
        self.disarm()
        library.sqlite3_vfs_register(c.addressof(self._vfs), 1)

    def close(self) -> None:
        """SQLite's own VFS is the default again."""
        self._library.sqlite3_vfs_register(self._real_at, 1)

    # what a campaign says

    def arm(self, directory: str | Path, steps: int) -> None:
        """Cut the power at the steps-th write, sync, truncation or deletion below directory."""
        self._armed, self._left, self.dead = str(directory), steps, False
        self._synced, self._touched = {}, set()

    def disarm(self) -> None:
        self._armed, self._left, self.dead, self._synced, self._touched = None, 0, False, {}, set()

    def cut(self, rng: random.Random) -> int:
        """After everybody has let go of the files: leave what the disk has. The number of torn files."""
        torn = 0
        for path in sorted(self._touched):
            old = self._synced[path]
            new = Path(path).read_bytes() if os.path.exists(path) else None
            if new == old:
                continue
            torn += 1
            left = _torn(old, new, rng)
            if left is None:
                Path(path).unlink(missing_ok=True)
            else:
                Path(path).write_bytes(left)
        self.disarm()
        return torn

    # inside

    def _pointer(self, function: Callback) -> int | None:
        self._keep.append(function)
        return c.cast(function, PTR).value

    def _make_methods(self) -> Methods:
        def passed(name: str, kind: Any) -> Callback:
            return kind(lambda file, *args: getattr(self._real_methods(file), name)(file + HEAD, *args))

        own: dict[str, Callable[..., int]] = {
            "write": self._write,
            "truncate": self._truncate,
            "sync": self._sync,
            "close": self._close,
        }
        made = {name: kind(own[name]) if name in own else passed(name, kind) for name, kind in ON_FILE}
        self._keep.append(made)
        return Methods(1, *(made[name] for name, _ in ON_FILE))

    def _real_methods(self, file: int) -> Methods:
        at = PTR.from_address(file + HEAD).value
        assert at is not None
        return Methods.from_address(at)

    def _open(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        path = c.string_at(name).decode() if name else ""
        if self.only not in path:  # a file of somebody else's: SQLite's own methods, without us
            return OPEN(self._real.open)(self._real_at, name, file, flags, out)
        code = OPEN(self._real.open)(self._real_at, name, file + HEAD, flags, out)
        self._numbers += 1
        self._paths[self._numbers] = path
        c.c_longlong.from_address(file + 8).value = self._numbers
        has_methods = PTR.from_address(file + HEAD).value
        PTR.from_address(file).value = c.addressof(self._methods) if has_methods else None
        return code

    def _path(self, file: int) -> str:
        return self._paths.get(c.c_longlong.from_address(file + 8).value, "")

    def _close(self, file: int) -> int:
        self._paths.pop(c.c_longlong.from_address(file + 8).value, None)
        return self._real_methods(file).close(file + HEAD)

    def _gone(self, path: str) -> bool:
        """Counts one step of the armed directory; whether the power is gone by now."""
        if self._armed is None or not path.startswith(self._armed):
            return False
        if not self.dead:
            self._left -= 1
            self.dead = self._left < 0
        if not self.dead and path not in self._synced:
            self._synced[path] = Path(path).read_bytes() if os.path.exists(path) else None
            self._touched.add(path)
        return self.dead

    def _fails(self, path: str) -> int:
        """Return the code of a disk that takes nothing, or 0."""
        if self.fault is None or self.failing is None or not path.startswith(str(self.failing)):
            return 0
        return FULL if self.fault == "full" else READONLY

    def _write(self, file: int, data: int, size: int, offset: int) -> int:
        path = self._path(file)
        if self._gone(path):
            return IOERR
        return self._fails(path) or self._real_methods(file).write(file + HEAD, data, size, offset)

    def _truncate(self, file: int, size: int) -> int:
        if self._gone(self._path(file)):
            return IOERR
        return self._real_methods(file).truncate(file + HEAD, size)

    def _sync(self, file: int, flags: int) -> int:
        path = self._path(file)
        if self._gone(path):
            return IOERR
        if path in self._touched:
            self._touched.discard(path)
            self._synced.pop(path, None)
        return self._real_methods(file).sync(file + HEAD, flags)

    def _delete(self, _vfs: int, name: int, sync: int) -> int:
        path = c.string_at(name).decode()
        if self._gone(path):
            return IOERR
        return DELETE(self._real.delete)(self._real_at, name, sync)


def _torn(old: bytes | None, new: bytes | None, rng: random.Random) -> bytes | None:
    """Return what a disk that had old and was given new may hold after a power cut: bytes, or None."""
    if old is None or new is None:
        return (old or new) if rng.random() < 0.5 else (None if old is None else new)
    size = rng.choice((len(old), len(new)))
    old, new = old.ljust(size, b"\0"), new.ljust(size, b"\0")
    left = bytearray()
    for at in range(0, size, SECTOR):
        end = min(at + SECTOR, size)
        a, b = old[at:end], new[at:end]
        if a == b:
            left += a
        elif rng.random() < NOISE_CHANCE:
            left += rng.randbytes(end - at)
        else:
            left += rng.choice((a, b))
    return bytes(left)


def make() -> Disk | None:
    """Make a Disk, or None where Python's SQLite is no shared library: then no power is cut, as is said."""
    library = shared_sqlite()
    if library is None or library.sqlite3_libversion_number() < 3_008_000:
        return None
    return Disk(library)
