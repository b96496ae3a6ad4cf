"""The gateway's key file: the whole site's keys, made by the hub, readable by the service user only."""

import json
import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from kentongan_wire.air import phy
from kentongan_wire.air.packet import Channel
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring.site_keys import SiteKeys

from kentongan_gateway.core.base.directory import Directory, read_device

FORMAT = 1
KEY_BYTES = 32
REMEDY = "write it anew with `kentongan-hub gateway-file` on the hub's machine"


class KeyFile(NamedTuple):
    site: str
    node: int
    zone: int
    generation: int
    channel: Channel
    preset: str
    freq_hz: int
    keys: SiteKeys
    directory: Directory
    profile: str


def load(path: str | Path, odd: list[str] | None = None) -> KeyFile:
    """Read and check; LocalError names the file and the field, never a key.

    odd: a list that takes what does not keep a gateway from its alarms: who may read the file, and devices.
    """
    path = Path(path)
    try:
        mode = os.stat(path).st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: cannot be read ({type(error).__name__}); {REMEDY}") from error
    if stat.S_IMODE(mode) & 0o077:
        said = f"{path}: others may read the site's keys; run `chmod 600 {path}`"
        if odd is None:
            raise LocalError(said)
        odd.append(said)
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LocalError(f"{path}: no JSON; {REMEDY}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise LocalError(f"{path}: format is not {FORMAT}; {REMEDY}")
    try:
        return _read(raw, _directory(raw, odd))
    except LocalError as error:
        raise LocalError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise LocalError(f"{path}: {type(error).__name__} at {_field_name(error)}; {REMEDY}") from error


def _field_name(error: Exception) -> str:
    """Return the missing field's name; of other errors nothing, because their text may hold a key."""
    return str(error) if isinstance(error, KeyError) else "one of its fields"


def _roots(raw: dict[str, str]) -> dict[int, bytes]:
    roots = {int(generation): bytes.fromhex(key) for generation, key in raw.items()}
    if not roots or any(len(key) != KEY_BYTES for key in roots.values()):
        raise LocalError(f"a root key has not {KEY_BYTES} bytes; {REMEDY}")
    return roots


def _directory(raw: dict[str, Any], odd: list[str] | None) -> Directory:
    try:
        return Directory.from_dict(raw)
    except LocalError as error:
        if odd is None:
            raise
        odd.append(str(error))
    devices = raw["devices"] if isinstance(raw.get("devices"), list) else []
    return Directory([device for device in devices if _is_device(device)])


def _is_device(raw: object) -> bool:
    try:
        read_device(raw)
    except LocalError:
        return False
    return True


def _read(raw: dict[str, Any], directory: Directory) -> KeyFile:
    node, zone, generation = int(raw["node"]), int(raw["zone"]), int(raw["generation"])
    preset = phy.preset(raw["preset"])
    phy.check_frequency(raw["freq_hz"], preset.bw_hz)
    if not 4 <= node < 0xFFFFFFFF:
        raise LocalError(f"node {node} is no node number; {REMEDY}")
    keys = SiteKeys(_roots(raw["alarm_roots"]), _roots(raw["control_roots"]), generation)
    channel = Channel(raw["channel_name"], bytes.fromhex(raw["channel_key"]))
    return KeyFile(
        str(raw["site"]),
        node,
        zone,
        generation,
        channel,
        raw["preset"],
        raw["freq_hz"],
        keys,
        directory,
        str(raw.get("profile", "jawa_umum")),
    )
