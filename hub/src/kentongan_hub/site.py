"""The site's secrets: one file, readable by the service user only, in no database, log or process list."""

import json
import os
from pathlib import Path

from kentongan_wire.errors import LocalError

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


def path_of(data_dir):
    return Path(data_dir) / FILE_NAME


def exists(data_dir):
    return path_of(data_dir).exists()


def load(data_dir):
    """The site with `site_key` and `channel_key` as bytes; LocalError names the file and the remedy."""
    path = path_of(data_dir)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LocalError(f"{path}: no site here; run `kentongan-hub init` or open /mulai in a browser")
    if path.stat().st_mode & 0o077:
        raise LocalError(f"{path}: readable by others; run `chmod 600 {path}` and consider a new site key")
    try:
        site = json.loads(text)
        missing = [name for name in FIELDS if name not in site]
        if missing or site["format"] != FORMAT:
            raise ValueError(f"format {FORMAT} with {', '.join(FIELDS)} wanted, missing: {missing}")
        site["site_key"] = bytes.fromhex(site["site_key"])
        site["channel_key"] = bytes.fromhex(site["channel_key"])
    except (ValueError, TypeError) as error:
        raise LocalError(f"{path}: not a readable site file ({error}); restore it from the backup")
    return site


def save_new(data_dir, site):
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


def write_secret(path, text):
    """Write a file only its owner can read, durable on return."""
    path = Path(path)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
