"""Gateway key files and tokens. A gateway file holds both roots of the site: it travels by cable or disk."""

import hashlib
import re
import secrets
import time
from pathlib import Path
from typing import Any

from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import site_keys

from kentongan_hub.base import codes, site
from kentongan_hub.base.said import PROVISIONING
from kentongan_hub.base.tables import Gateway
from kentongan_hub.devices.provision.numbers import check_radio, new_node
from kentongan_hub.devices.trust import directory, generations
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db, Store

LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
TOKEN_BYTES = 32


def add_gateway(db: Db, label: str, zone: int) -> Gateway:
    """Return the gateway's row, made with a new node number when there is none yet."""
    if not LABEL.match(label):
        raise LocalError(f"gateway label {label!r}: give 1..32 of a-z, 0-9 and -, for example gateway-2")
    row = db.one("SELECT * FROM gateways WHERE label = ?", label, of=Gateway)
    if row is None:
        db.insert("gateways", label=label, node=new_node(db, "gateway"), zone=zone)
        made: Gateway = db.one("SELECT * FROM gateways WHERE label = ?", label)
        return made
    return row


def _take_radio(db: Db, row: Gateway, radio: int) -> Gateway:
    """Give a gateway the number of its stock radio, which keeps its own; only before anybody knows it."""
    if radio == row["node"]:
        return row
    check_radio(db, radio)
    told = db.value("SELECT count(*) FROM devices WHERE revoked = 0")  # their files name their gateway
    if row["heard_ms"] is not None or told and row["token"] is not None:
        raise LocalError(f"gateway {row['label']}: is in use under {row['node']:08x}; give a new --label")
    db.run("UPDATE gateways SET node = ? WHERE label = ?", radio, row["label"])
    return {**row, "node": radio}


def gateway_file(
    data_dir: str | Path, label: str = "gateway-1", zone: int | None = None, radio: int | None = None
) -> dict[str, Any]:
    """Return the key file of a gateway as a dict; the same gateway keeps its number. Write it with mode 0600.

    `radio`: the node number of the stock Meshtastic radio that is to serve it.
    """
    secret = site.load(data_dir)
    with Store(data_dir).write() as db:
        row = add_gateway(db, label, zone or db.number("rt", 1))
        if radio is not None:
            row = _take_radio(db, row, radio)
        audit.record(db, int(time.time() * 1000), PROVISIONING, codes.GATEWAY_FILE_WRITTEN, label)
        valid = generations.valid_now(db, secret)
        held = range(valid.lowest, (valid.next or valid.send) + 1)
        return {
            "format": 1,
            "site": secret["site"],
            "node": row["node"],
            "zone": row["zone"],
            "generation": valid.send,
            "channel_name": secret["channel_name"],
            "channel_key": secret["channel_key"].hex(),
            "preset": secret["preset"],
            "freq_hz": secret["freq_hz"],
            "alarm_roots": {str(g): site_keys.alarm_root(secret["site_key"], g).hex() for g in held},
            "control_roots": {str(g): site_keys.control_root(secret["site_key"], g).hex() for g in held},
            **directory.body_of(db, secret),
            "gateway_counter": row["own_counter"],
            "profile": secret["profile"],
        }


def gateway_token(data_dir: str | Path, label: str = "gateway-1") -> str:
    """Make a bearer token for the gateway, which ends its old one; only a hash stays here, so keep it now."""
    token = f"ktg_{secrets.token_urlsafe(TOKEN_BYTES)}"
    with Store(data_dir).write() as db:
        if not db.run("UPDATE gateways SET token = ? WHERE label = ?", token_hash(token), label):
            raise LocalError(f"gateway {label!r}: unknown; make it first with `kentongan-hub gateway-file`")
        audit.record(db, int(time.time() * 1000), PROVISIONING, codes.GATEWAY_TOKEN_MADE, label)
    return token


def token_hash(token: str) -> str:
    """SHA-256 suffices: the token is 256 random bits, not a password."""
    return hashlib.sha256(token.encode()).hexdigest()
