"""The site's secrets: one file, readable by the service user only, in no database, log or process list."""

import json
import os
from pathlib import Path
from typing import Any, TypedDict, cast

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _

FILE_NAME = "site.json"
FORMAT = 1
FIELDS = (
    "format",
    "site",
    "site_key",
    "channel_name",
    "channel_key",
    "generation",
    "preset",
    "freq_hz",
    "profile",
)


# what is read of it is of these types
KINDS = {"site": str, "site_key": str, "channel_name": str, "channel_key": str, "generation": int,
         "preset": str, "freq_hz": int, "profile": str}  # fmt: skip
KEY_BYTES = 32


class Secret(TypedDict):
    """The site as load() reads it."""

    format: int
    site: str
    site_key: bytes  # 32
    channel_name: str
    channel_key: bytes  # 32
    generation: int
    preset: str
    freq_hz: int
    profile: str


def path_of(data_dir: str | Path) -> Path:
    return Path(data_dir) / FILE_NAME


def exists(data_dir: str | Path) -> bool:
    return path_of(data_dir).exists()


class Unreadable(LocalError):
    """The file of keys is gone, damaged or open to others; what needs no key goes on without it."""


def load(data_dir: str | Path) -> Secret:
    """Read the site, with `site_key` and `channel_key` as bytes; Unreadable names the file and the remedy."""
    path = path_of(data_dir)
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise Unreadable(f"{path}: no site here; run `kentongan-hub init` or open /mulai in a browser")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: not a readable site file ({error}); restore it from the backup")
    if mode & 0o077:
        raise Unreadable(f"{path}: readable by others; run `chmod 600 {path}` and consider a new site key")
    try:
        site: dict[str, Any] = json.loads(text)
        missing = [name for name in FIELDS if name not in site]
        if missing or site["format"] != FORMAT:
            raise ValueError(f"format {FORMAT} with {', '.join(FIELDS)} wanted, missing: {missing}")
        for name, kind in KINDS.items():
            if type(site[name]) is not kind:
                raise ValueError(f"{name} is no {kind.__name__}")
        for name in ("site_key", "channel_key"):
            site[name] = bytes.fromhex(site[name])
            if len(site[name]) != KEY_BYTES:
                raise ValueError(f"{name} is not {KEY_BYTES} bytes")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(f"{path}: not a readable site file ({error}); restore it from the backup")
    return cast(Secret, site)  # checked above, field by field


def problem(data_dir: str | Path) -> str:
    """Say what is wrong with the file of keys, in words for every page; '' when nothing is.

    Cheap: it is asked for with each page, and the file is read again only when it changed.
    """
    path = path_of(data_dir)
    try:
        stat = path.stat()
        seen = (str(path), stat.st_mtime_ns, stat.st_ctime_ns, stat.st_mode, stat.st_size)
    except OSError:
        return _("tidak ada")
    if _looked.get("at") != seen:
        _looked["at"], _looked["problem"] = seen, _wrong_with(data_dir)
    return _looked["problem"]


_looked: dict[str, Any] = {}  # at: the file that was looked at; problem: the answer


def _wrong_with(data_dir: str | Path) -> str:
    try:
        load(data_dir)
    except Unreadable as error:
        opened = "readable by others" in str(error)
        return _("terbuka untuk orang lain") if opened else _("isinya tidak terbaca")
    return ""


def save_new(data_dir: str | Path, site: Secret) -> None:
    """Write the file durably with mode 0600; never over an existing one (that would orphan every device)."""
    path = path_of(data_dir)
    body = dict(site, site_key=site["site_key"].hex(), channel_key=site["channel_key"].hex())
    write_secret(path.with_suffix(".tmp"), json.dumps(body, indent=1))
    try:
        os.link(path.with_suffix(".tmp"), path)
    except FileExistsError:
        raise LocalError(f"{path}: a site exists already; choose another --data directory")
    finally:
        path.with_suffix(".tmp").unlink()
    _sync_directory(path.parent)


def write_secret(path: str | Path, text: str) -> None:
    """Write a file only its owner can read, durable on return."""
    path = Path(path)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: str | Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
