"""Revocation: a number is refused at once by hub and gateways, and by each post once that post reports it."""

from collections.abc import Mapping
from typing import TypedDict

from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings.config import REVOKED_LIMIT

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Device, Gateway
from kentongan_hub.devices.trust import configs, directory, generations, rotation
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db

# stolen, lost, broken, replaced, taken down
WHY = (_("dicuri"), _("hilang"), _("rusak"), _("diganti"), _("dibongkar"))
WHY_LIMIT = 100  # characters


class Revocation(TypedDict):
    """Receiver that has to take a revoked number over, as a row."""

    device: int
    receiver: int
    version: int  # of a post's settings, or the id of a gateway's order
    done_wall: int | None


class Receiver(TypedDict):
    node: int
    label: str
    role: str
    place: str
    heard_wall: int | None
    done_wall: int | None


class WaitedFor(TypedDict):
    node: int
    label: str
    role: str
    house: int
    place: str
    heard_wall: int | None


class RotationStatus(TypedDict):
    generation: int
    phase: str
    why: str
    started_wall: int
    waiting: list[WaitedFor]


class Status(TypedDict):
    node: int
    label: str
    role: str
    why: str | None
    by: str | None
    revoked_wall: int | None
    done: bool
    waiting: list[Receiver]
    told: list[Receiver]
    rotation: RotationStatus | None
    refused: str


def revoke(db: Db, now: Now, secret: Secret, node: int, why: str, who: str, erased: bool = False) -> None:
    """Refuse a device's number for good; a post that may be in wrong hands starts a key rotation.

    `erased`: its keys were wiped before they could be read, so no rotation is needed. LocalError when it is
    unknown or revoked already.
    """
    device = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if device is None:
        raise LocalError(f"device {node:08x}: unknown; look it up on the page Perangkat")
    if device["revoked"]:
        raise LocalError(f"device {device['label']} ({node:08x}): revoked already")
    valid = generations.valid_now(db, secret)
    db.run(
        "UPDATE devices SET revoked = 1, pending = 0, revoked_ms = ?, revoked_wall = ?, revoked_by = ?, "
        "revoked_why = ?, revoked_upto = ?, erased = ? WHERE node = ?",
        now.ms,
        now.wall,
        who,
        why[:WHY_LIMIT],
        valid.next or valid.send,
        int(erased),
        node,
    )
    audit.record(db, now.wall, who, codes.DEVICE_REVOKED, device["label"], f"{node:08x} {why}")
    numbers = configs.revoked_numbers(db, valid.lowest)
    if device["role"] == "sirene" and not erased:
        _rotate(db, now, secret, f"pos {device['label']} dicabut", who)
    elif len(numbers) >= REVOKED_LIMIT:
        _rotate(db, now, secret, "daftar nomor dicabut penuh", who)
    changed = configs.refresh(db, now, secret)
    _expect(db, now, node, changed)
    directory.announce(db, now, secret)


def _rotate(db: Db, now: Now, secret: Secret, why: str, who: str) -> None:
    """Rotate the keys. A revocation stands even when no generation is left to rotate to; the page says so."""
    try:
        rotation.want(db, now, secret, why, who)
    except LocalError as error:
        db.set_setting("rotation_refused", str(error))


def _expect(db: Db, now: Now, node: int, changed: Mapping[int, int]) -> None:
    """Note the posts and gateways that have to take the number over, and the version of each."""
    posts: list[Device] = db.all("SELECT * FROM devices WHERE revoked = 0 AND role = 'sirene'")
    for post in posts:
        db.insert(
            "revocations",
            device=node,
            receiver=post["node"],
            version=changed.get(post["node"], post["config_version"]),
        )
    gateways: list[Gateway] = db.all("SELECT * FROM gateways WHERE token IS NOT NULL")
    for gateway in gateways:
        newest = db.value("SELECT coalesce(max(id), 0) FROM outbox")
        db.insert("revocations", device=node, receiver=gateway["node"], version=newest + 1)


def withdraw(db: Db, now: Now, secret: Secret, node: int, who: str, written: bool = True) -> None:
    """Undo a registration that was not finished: its number is never used again, its label is free.

    `written`: its keys may be on a board, so posts refuse the number as well.
    """
    device = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if device is None:
        raise LocalError(f"device {node:08x}: unknown; nothing is left of it")
    if device["revoked"]:
        return
    if not device["pending"]:
        raise LocalError(f"device {device['label']} ({node:08x}): in service; revoke it instead")
    if written and device["role"] == "sirene":
        revoke(db, now, secret, node, "pemasangan batal", who)
        return
    valid = generations.valid_now(db, secret)
    db.run(
        "UPDATE devices SET revoked = 1, pending = 0, revoked_ms = ?, revoked_wall = ?, revoked_by = ?, "
        "revoked_why = 'pemasangan batal', revoked_upto = ? WHERE node = ?",
        now.ms,
        now.wall,
        who,
        (valid.next or valid.send) if written else -1,
        node,
    )
    audit.record(db, now.wall, who, codes.DEVICE_WITHDRAWN, device["label"], f"{node:08x}")
    changed = configs.refresh(db, now, secret)
    if written:
        _expect(db, now, node, changed)
    directory.announce(db, now, secret)


def open_and_taken(db: Db) -> list[Revocation]:
    """Return the rows of `revocations` that have been taken over since they were last marked."""
    rows: list[Revocation] = db.all("SELECT * FROM revocations WHERE done_wall IS NULL")
    return [row for row in rows if _taken(db, row)]


def follow(db: Db, now: Now) -> None:
    """Mark what has been taken over since the last look."""
    for row in open_and_taken(db):
        db.run(
            "UPDATE revocations SET done_wall = ? WHERE device = ? AND receiver = ?",
            now.wall,
            row["device"],
            row["receiver"],
        )


def _taken(db: Db, row: Revocation) -> bool:
    post = db.one("SELECT * FROM devices WHERE node = ?", row["receiver"], of=Device)
    if post is not None:
        if post["revoked"]:
            return True  # nothing there to wait for
        return configs.at_least(post["reported_version"], row["version"])
    label = db.value("SELECT label FROM gateways WHERE node = ?", row["receiver"])
    return bool(
        label is None
        or db.value(
            "SELECT 1 FROM outbox WHERE channel = ? AND type = 'directory' AND id >= ? AND state = ?",
            outbox.gateway_channel(label),
            row["version"],
            outbox.DONE,
        )
    )


def status(db: Db, secret: Secret, node: int) -> Status:
    """Return a revocation's progress: {"device", "done", "waiting": [{label, node, ...}], "rotation"}."""
    device = db.one("SELECT * FROM devices WHERE node = ? AND revoked = 1", node, of=Device)
    if device is None:
        raise LocalError(f"device {node:08x}: not revoked")
    rows: list[Receiver] = db.all(
        "SELECT r.receiver AS node, coalesce(d.label, g.label) AS label, "
        "coalesce(d.role, 'gateway') AS role, "
        "coalesce(d.place, '') AS place, coalesce(d.heard_wall, g.heard_wall) AS heard_wall, r.done_wall "
        "FROM revocations r LEFT JOIN devices d ON d.node = r.receiver "
        "LEFT JOIN gateways g ON g.node = r.receiver WHERE r.device = ? ORDER BY role, label",
        node,
    )
    waiting = [row for row in rows if row["done_wall"] is None]
    turning = generations.running(db)
    needs = device["role"] == "sirene" and not device["erased"] and device["revoked_upto"] >= 0
    rotating = needs and not generations.finished_beyond(db, device["revoked_upto"])
    return {
        "node": node,
        "label": device["label"],
        "role": device["role"],
        "why": device["revoked_why"],
        "by": device["revoked_by"],
        "revoked_wall": device["revoked_wall"],
        "done": not waiting and not rotating,
        "waiting": waiting,
        "told": [row for row in rows if row["done_wall"] is not None],
        "rotation": rotation_status(db) if rotating and turning else None,
        "refused": db.setting("rotation_refused") if rotating and not turning else "",
    }


def rotation_status(db: Db) -> RotationStatus | None:
    """Return the rotation under way: {"generation", "phase", "why", "waiting": [devices]}, or None."""
    row = generations.running(db)
    if row is None:
        return None
    return {
        "generation": row["generation"],
        "phase": row["phase"],
        "why": row["why"],
        "started_wall": row["started_wall"],
        "waiting": [
            {
                "node": one["node"],
                "label": one["label"],
                "role": one["role"],
                "house": one["house"],
                "place": one["place"],
                "heard_wall": one["heard_wall"],
            }
            for one in rotation.waiting(db, row)
        ],
    }
