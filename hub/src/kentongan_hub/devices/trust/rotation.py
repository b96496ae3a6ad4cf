"""Key rotation: a new generation reaches every device before the old one is refused anywhere.

phase       devices accept   send     ends when every device in service
membagikan  g and g+1        g        has shown that it holds the keys of g+1
beralih     g and g+1        g+1      has reported, under keys of g+1, that it sends with them
menutup     g+1              g+1      (posts) has reported that it refuses g
selesai
A STATUS goes out under the newest keys that a device holds, so "has shown" is a proof: a stolen post holds
the alarm root of g and could forge any report under g, and none under g+1.
"""

import json
from collections.abc import Iterable
from typing import TypedDict

from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys, roots, site_keys

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Said, Who
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Device
from kentongan_hub.devices.trust import configs, directory, generations
from kentongan_hub.devices.trust.generations import Rotation
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db


class Sealed(TypedDict):
    generation: int
    sealed: str  # hexadecimal


NEXT = {
    generations.SHARE: generations.SWITCH,
    generations.SWITCH: generations.DROP,
    generations.DROP: generations.DONE,
}
ORDER_EXPIRES_MS = 7 * 86_400_000


def want(db: Db, now: Now, secret: Secret, why: str, who: Who) -> None:
    """Start a rotation; one that is under way is followed by another, for the device may hold its keys too.

    LocalError when the site has no generation left: then only a new site helps.
    """
    row = generations.running(db)
    if row is not None:
        db.set_setting("rotate_again", why)
        audit.record(db, now.wall, who, codes.ROTATION_ASKED, why, Said(codes.AFTER_THE_RUNNING))
        return
    new = generations.valid_now(db, secret).send + 1
    if new > keys.GENERATION_MAX:
        raise LocalError(
            f"key generation {new}: a site has {keys.GENERATION_MAX + 1}; make a new site and install "
            "every device again by cable (docs/safety.md)"
        )
    db.insert(
        "rotations",
        generation=new,
        phase=generations.SHARE,
        why=why,
        started_ms=now.ms,
        started_wall=now.wall,
        phase_ms=now.ms,
    )
    audit.record(db, now.wall, who, codes.ROTATION_STARTED, why, Said(codes.GENERATION, number=new))
    order_keys(db, now, secret)


def waiting(db: Db, row: Rotation) -> list[Device]:
    """Return the devices that the phase of this rotation still waits for."""
    devices: list[Device] = db.all(
        "SELECT * FROM devices WHERE revoked = 0 AND stranded = 0 ORDER BY role, label"
    )
    return [device for device in devices if not _done(device, row)]


def _done(device: Device, row: Rotation) -> bool:
    """Proof by generation: what came under the new keys came from the device itself."""
    new = row["generation"]
    if device["base_generation"] >= new:
        return True  # its device file brought it the new keys and no others
    if (device["reported_generation"] or 0) < new:
        return False
    if row["phase"] == generations.SHARE or (row["phase"] == generations.DROP and device["role"] != "sirene"):
        return True
    return configs.at_least(device["reported_version"], device["phase_version"])


def advance(db: Db, now: Now, secret: Secret) -> bool:
    """Go on to the next phase when nobody is waited for; true when something changed."""
    row = generations.running(db)
    if row is None:
        why = db.setting("rotate_again")
        if not why:
            return False
        db.set_setting("rotate_again", "")
        try:
            want(db, now, secret, why, HUB)
        except LocalError as error:
            db.set_setting("rotation_refused", str(error))
            return True
        _after_phase(db, now, secret)
        return True
    if waiting(db, row):
        return False
    _enter(db, now, secret, row, NEXT[row["phase"]], HUB)
    return True


def finish_without(db: Db, now: Now, secret: Secret, nodes: Iterable[int], who: Who) -> None:
    """Go on without these devices: they will need a visit with a cable. LocalError unless all are named."""
    row = generations.running(db)
    if row is None:
        raise LocalError("no rotation is under way")
    missing = {device["node"] for device in waiting(db, row)}
    if set(nodes) != missing:
        raise LocalError(
            "name exactly the devices that are still waited for: "
            + ", ".join(format(node, "08x") for node in sorted(missing))
        )
    for node in sorted(missing):
        db.run("UPDATE devices SET stranded = 1 WHERE node = ?", node)
        label = db.value("SELECT label FROM devices WHERE node = ?", node)
        audit.record(db, now.wall, who, codes.ROTATION_WITHOUT, label, format(node, "08x"))
    advance(db, now, secret)


def _enter(db: Db, now: Now, secret: Secret, row: Rotation, phase: str, who: Who) -> None:
    db.run(
        "UPDATE rotations SET phase = ?, phase_ms = ?, done_wall = ? WHERE generation = ?",
        phase,
        now.ms,
        now.wall if phase == generations.DONE else None,
        row["generation"],
    )
    which = Said(codes.GENERATION, number=row["generation"])
    audit.record(db, now.wall, who, codes.KEYS_ROTATED, which, phase)
    if phase != generations.DONE:
        order_keys(db, now, secret)
        _after_phase(db, now, secret)


def _after_phase(db: Db, now: Now, secret: Secret) -> None:
    changed = configs.refresh(db, now, secret)
    for node, version in changed.items():
        db.run("UPDATE devices SET phase_version = ? WHERE node = ?", version, node)
    directory.announce(db, now, secret)


def order_keys(db: Db, now: Now, secret: Secret, label: str | None = None) -> None:
    """Gateways learn the generations and the new roots, sealed under the roots that they hold already."""
    now_valid = generations.valid_now(db, secret)
    newest = now_valid.next or now_valid.send
    body = {
        "send": now_valid.send,
        "lowest": now_valid.lowest,
        "roots": [seal_roots(secret, g) for g in range(secret["generation"] + 1, newest + 1)],
    }
    labels = [label] if label else gateway_labels(db)
    for one in labels:
        outbox.add(db, now.ms, outbox.gateway_channel(one), "keys", json.dumps(body), ORDER_EXPIRES_MS)


def gateway_labels(db: Db) -> list[str]:
    return [row["label"] for row in db.all("SELECT label FROM gateways WHERE token IS NOT NULL")]


def seal_roots(secret: Secret, generation: int) -> Sealed:
    """Both roots of a generation for a gateway that holds those of the one before."""
    site_key = secret["site_key"]
    under = site_keys.control_root(site_key, generation - 1)
    made = site_keys.alarm_root(site_key, generation), site_keys.control_root(site_key, generation)
    return {"generation": generation, "sealed": roots.seal(*made, generation, under).hex()}
