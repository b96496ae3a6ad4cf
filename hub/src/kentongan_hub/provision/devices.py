"""Device files: what a new button, siren post, relay or chime is given, and the directory of all of them."""

import json
import time

from kentongan_wire import device_file, keys
from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError

from kentongan_hub import audit, outbox, site
from kentongan_hub.provision.numbers import new_node
from kentongan_hub.store import Store

ROLES = {"tombol": m.TOMBOL, "sirene": m.SIRENE, "penerus": m.PENERUS, "penerima": m.PENERIMA}
DIRECTORY_EXPIRES_MS = 7 * 86_400_000  # a gateway away for longer fetches its file again
PLACE_LIMIT = 80  # characters of a place, shown on boards
DIRECTORY_FIELDS = ("node", "role", "label", "zone", "house", "place", "hops")


def add_device(data_dir, role, label, zone, house=0, place="", hops=1, **settings):
    """The checked device file of a new device as a dict for JSON, with a node number never used before.

    `settings` are further fields of kentongan_wire.device_file. LocalError names the field and the remedy.
    """
    if role not in ROLES:
        raise LocalError(f"role {role!r}: choose one of {', '.join(ROLES)}")
    if len(place) > PLACE_LIMIT or not label.strip():
        raise LocalError(f"device {label!r}: give a label, and a place of at most {PLACE_LIMIT} characters")
    secret = site.load(data_dir)
    store = Store(data_dir)
    now_ms = int(time.time() * 1000)
    with store.write() as db:
        if db.value("SELECT 1 FROM devices WHERE label = ? AND revoked = 0", label):
            raise LocalError(f"label {label!r}: in use; choose another, or revoke the old device first")
        node = new_node(db, role)
        gateway = db.value("SELECT node FROM gateways ORDER BY zone = ? DESC, label LIMIT 1", zone)
        file = {
            "format": device_file.FORMAT,
            "site": secret["site"],
            "role": role,
            "node": node,
            "label": label,
            "zone": zone,
            "house": house,
            "channel_name": secret["channel_name"],
            "channel_key": secret["channel_key"].hex(),
            "preset": secret["preset"],
            "freq_hz": secret["freq_hz"],
            "generation": secret["generation"],
            "gateway": gateway or 0,
            "gateway_hops": hops,
            "profile": secret["profile"],
            **_keys(secret, role, node),
            **settings,
        }
        checked = device_file.check(file, f"device {label}")
        place = place or place_of(db, zone)
        db.insert(
            "devices",
            node=node,
            role=role,
            label=label,
            zone=zone,
            house=house,
            place=place,
            hops=hops,
            created_wall=now_ms,
        )
        audit.record(db, now_ms, "provision", "device added", label, f"{role} {node:08x}")
        _announce(db, now_ms)
    return checked


def modem_file(data_dir, label="gateway-1"):
    """The device file of a gateway's own radio: its gateway's number and no key."""
    secret = site.load(data_dir)
    with Store(data_dir).read() as db:
        gateway = db.one("SELECT * FROM gateways WHERE label = ?", label)
    if gateway is None:
        raise LocalError(f"gateway {label!r}: unknown; make it first with `kentongan-hub gateway-file`")
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


def directory(db):
    """Every device in service, as gateway files and directory orders carry them."""
    rows = db.all("SELECT * FROM devices WHERE revoked = 0 ORDER BY node")
    return [{name: row[name] for name in DIRECTORY_FIELDS} for row in rows]


def place_of(db, zone):
    """'RT 05/RW 03'; a zone is an RT's number."""
    return f"RT {zone:02d}/RW {int(db.setting('rw', 0)):02d}"


def _keys(secret, role, node):
    """The keys this role may hold (wire-format.md section 4): a post the alarm root, others their own A."""
    generation = secret["generation"]
    alarm_root = keys.alarm_root(secret["site_key"], generation)
    control_root = keys.control_root(secret["site_key"], generation)
    key_c = keys.node_key(control_root, node, ROLES[role], generation).hex()
    if role == "sirene":
        return {"alarm_root": alarm_root.hex(), "key_c": key_c}
    return {"key_a": keys.node_key(alarm_root, node, ROLES[role], generation).hex(), "key_c": key_c}


def _announce(db, now_ms):
    """Gateways in service learn the new directory; an older list still waiting is superseded."""
    db.run(
        "UPDATE outbox SET state = ?, result = 'superseded', done_ms = ? "
        "WHERE type = 'directory' AND state = ?",
        outbox.EXPIRED,
        now_ms,
        outbox.WAITING,
    )
    for gateway in db.all("SELECT label FROM gateways WHERE token IS NOT NULL AND heard_ms IS NOT NULL"):
        outbox.add(
            db,
            now_ms,
            outbox.gateway_channel(gateway["label"]),
            "directory",
            json.dumps({"devices": directory(db)}),
            DIRECTORY_EXPIRES_MS,
        )
