"""Device files: what a new button, siren post, relay or chime is given, and the directory of all of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.settings import device_file

from kentongan_hub.base import codes, site
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.said import PROVISIONING, Said, Who
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Device, Gateway
from kentongan_hub.devices.provision.numbers import new_node
from kentongan_hub.devices.trust import configs, directory, generations, status_plan
from kentongan_hub.people import accounts, residents
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db, Store

DeviceFile = dict[str, Any]  # kentongan_wire.settings.device_file names its fields and checks them

ROLES = {"tombol": m.TOMBOL, "sirene": m.SIRENE, "penerus": m.PENERUS, "penerima": m.PENERIMA}
PLACE_LIMIT = 80  # characters of a place, shown on boards
_NONE: Mapping[str, Any] = {}
KEPT_SETTINGS = ("hop_limit", "table", "profile", "one_press", "strokes")  # for CONFIG and labels


def add_device(
    data_dir: str | Path,
    role: str,
    label: str,
    zone: int,
    house: int = 0,
    place: str = "",
    hops: int = 1,
    **settings: Any,
) -> DeviceFile:
    """Add a device with a node number never used before, and return its checked device file as a dict.

    `settings` are further fields of kentongan_wire.settings.device_file. LocalError names the field and the
    remedy.
    """
    secret = site.load(data_dir)
    with Store(data_dir).write() as db:
        clock = Clock.of(db)  # of the hub that runs beside it
        now = Now(clock.steady_ms(), clock.wall_ms())
        return add(db, now, secret, role, label, zone, house, place, hops, settings)


def add(
    db: Db,
    now: Now,
    secret: Secret,
    role: str,
    label: str,
    zone: int,
    house: int = 0,
    place: str = "",
    hops: int = 1,
    settings: Mapping[str, Any] = _NONE,
    row: Mapping[str, Any] = _NONE,
    who: Who = PROVISIONING,
) -> DeviceFile:
    """add_device inside a transaction; `row`: further columns. Nothing stays after LocalError."""
    if role not in ROLES:
        raise LocalError(f"role {role!r}: choose one of {', '.join(ROLES)}")
    if len(place) > PLACE_LIMIT or not label.strip():
        raise LocalError(f"device {label!r}: give a label, and a place of at most {PLACE_LIMIT} characters")
    row = dict(row)
    # a chime answers under its label
    if _label_taken(db, label, row.get("replaces")) or accounts.is_somebodys(db, label):
        raise LocalError(f"label {label!r}: in use; choose another, or revoke the old device first")
    valid = generations.valid_now(db, secret)
    node = new_node(db, role)
    file = {
        **_of_site(secret),
        "role": role,
        "node": node,
        "label": label,
        "zone": zone,
        "house": house,
        "generation": valid.send,
        "gateway": db.value("SELECT node FROM gateways ORDER BY zone = ? DESC, label LIMIT 1", zone) or 0,
        "gateway_hops": hops,
        **node_keys(secret, role, node, valid.send),
        **dict(settings),
    }
    if role == "sirene":
        file["revoked"] = configs.revoked_numbers(db, valid.lowest)
    checked = device_file.check(file, f"device {label}")
    db.insert(
        "devices",
        node=node,
        role=role,
        label=label,
        zone=zone,
        house=house,
        place=place or place_of(db, zone),
        hops=hops,
        created_wall=now.wall,
        created_ms=now.ms,
        settings=json.dumps({name: checked[name] for name in KEPT_SETTINGS}),
        base_generation=valid.send,
        **row,
    )
    checked["status_period_s"] = _planned(db, secret, node)
    _keep_as_filed(db, secret, valid, checked)
    device = f"{role} {node:08x}"
    detail: str | Said = device
    if house:
        detail = Said(codes.DEVICE_AT_HOUSE, device=device, home=residents.house_at(zone, house))
    audit.record(db, now.wall, who, codes.DEVICE_ADDED, label, detail)
    configs.refresh(db, now, secret)
    directory.announce(db, now, secret)
    return checked


def _of_site(secret: Secret) -> DeviceFile:
    """Return the fields that are the same in every device's file."""
    return {
        "format": device_file.FORMAT,
        "site": secret["site"],
        "channel_name": secret["channel_name"],
        "channel_key": secret["channel_key"].hex(),
        "preset": secret["preset"],
        "freq_hz": secret["freq_hz"],
        "profile": secret["profile"],
    }


def _keep_as_filed(db: Db, secret: Secret, valid: generations.Generations, file: DeviceFile) -> None:
    """Note the file's contents as version 0; the rest (a generation being handed out) comes by CONFIG."""
    own: Device = db.one("SELECT * FROM devices WHERE node = ?", file["node"])
    plan = configs.site_plan(db, secret["preset"])
    as_filed = configs.desired(own, plan, valid._replace(next=None), file["revoked"], {})
    db.run(
        "UPDATE devices SET config_body = ?, period_s = ? WHERE node = ?",
        json.dumps(as_filed, sort_keys=True),
        file["status_period_s"],
        file["node"],
    )


def _label_taken(db: Db, label: str, replaces: int | None) -> bool:
    return bool(
        db.value(
            "SELECT 1 FROM devices WHERE label = ? AND revoked = 0 AND node != ? "
            "AND coalesce(replaces, 0) != ?",
            label,
            replaces or 0,
            replaces or -1,
        )
    )


def _planned(db: Db, secret: Secret, node: int) -> int:
    """Return the new device's status period; LocalError when the site's planned load has no room for it."""
    made = configs.site_plan(db, secret["preset"])
    status_plan.check(made)
    return made.period_s[node]


def modem_file(data_dir: str | Path, label: str = "gateway-1") -> DeviceFile:
    """Return the device file of a gateway's own radio: its gateway's number and no key."""
    secret = site.load(data_dir)
    with Store(data_dir).read() as db:
        return modem(secret, gateway_row(db, label))


def gateway_row(db: Db, label: str) -> Gateway:
    """Return the row of a gateway; LocalError when there is none of that label."""
    gateway = db.one("SELECT * FROM gateways WHERE label = ?", label, of=Gateway)
    if gateway is None:
        raise LocalError(f"gateway {label!r}: unknown; make it first with `kentongan-hub gateway-file`")
    return gateway


def modem(secret: Secret, gateway: Gateway) -> DeviceFile:
    """Return the checked device file of the radio of a gateway's row."""
    label = gateway["label"]
    return device_file.check(
        {
            "format": device_file.FORMAT,
            "site": secret["site"],
            "role": "modem",
            "node": gateway["node"],
            "label": f"modem-{label}",
            "zone": gateway["zone"],
            "preset": secret["preset"],
            "freq_hz": secret["freq_hz"],
        },
        f"modem of {label}",
    )


def place_of(db: Db, zone: int) -> str:
    """'RT 05/RW 03'; a zone is an RT's number."""
    return f"RT {zone:02d}/RW {db.number('rw'):02d}"


def node_keys(secret: Secret, role: str, node: int, generation: int) -> dict[str, str]:
    """Return the keys this role may hold, in hexadecimal, as its device file names them."""
    number = ROLES[role]
    alarm_root = site_keys.alarm_root(secret["site_key"], generation)
    control_root = site_keys.control_root(secret["site_key"], generation)
    held = site_keys.held(alarm_root, control_root, node, number, generation)
    return {name: key.hex() for name, key in zip(keys.HELD[number], held, strict=True)}
