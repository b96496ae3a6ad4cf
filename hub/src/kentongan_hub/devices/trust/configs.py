"""Settings that every device should have, with a version; changes go to its gateway as an order.

The desired settings of a device are computed from the site (plan, revoked numbers, key generations) and
what was chosen for the device; when they differ from the last ones the version goes up and an order carries
them to the gateway, which sends CONFIG until a STATUS reports that version. Keys are in no row and no order.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from kentongan_wire.message import messages as m
from kentongan_wire.settings.config import REVOKED_LIMIT

from kentongan_hub.base.clock import Now
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Device
from kentongan_hub.devices.trust import generations as key_generations
from kentongan_hub.devices.trust import status_plan
from kentongan_hub.devices.trust.generations import Generations
from kentongan_hub.devices.trust.status_plan import Plan
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

ORDER_EXPIRES_MS = 7 * 86_400_000  # a gateway away for longer asks for everything when it is back
ORDER_DEVICES = 100  # devices in one order
VERSION_LIMIT = 0xFFFF
ROLES = {"tombol": m.TOMBOL, "sirene": m.SIRENE, "penerus": m.PENERUS, "penerima": m.PENERIMA}
KINDS_ALL = 0xFFFF
BEATING = ("sirene", "penerima")  # what sounds, or shows by its lamp, the code of its RT
REFRESH = "settings_refresh"  # a setting: something happened that the next refresh has to look at


class Codes(TypedDict):
    """Codes of an RT: a profile and codes of its own, (kind, groups) as JSON's lists."""

    profile: str
    patterns: list[tuple[int, list[int]]]


class Settings(TypedDict, total=False):
    """Settings of a device; its role decides which of them it has."""

    status_period_s: int
    hop_limit: int
    table: list[list[int]]  # (zone, bits of kinds) for which a post sounds
    revoked: list[int]
    profile: str
    patterns: list[tuple[int, list[int]]]


class Desired(TypedDict):
    settings: Settings
    generation: int
    lowest: int
    next: int | None
    counters: int


def refresh(db: Db, now: Now, secret: Secret) -> dict[int, int]:
    """Recompute every device's desired settings; versions and orders for those that changed.

    Returns {node: new version}.
    """
    db.set_setting(REFRESH, "")
    plan = site_plan(db, secret["preset"])
    generations = key_generations.valid_now(db, secret)
    revoked = revoked_numbers(db, generations.lowest)
    codes = chosen_codes(db)
    changed: dict[int, int] = {}
    for device in in_service(db):
        body = json.dumps(desired(device, plan, generations, revoked, codes), sort_keys=True)
        if body != device["config_body"]:
            changed[device["node"]] = version = next_version(device["config_version"])
            db.run(
                "UPDATE devices SET config_body = ?, config_version = ?, config_wall = ?, period_s = ? "
                "WHERE node = ?",
                body,
                version,
                now.wall,
                plan.period_s[device["node"]],
                device["node"],
            )
    send(db, now, list(changed))
    return changed


def in_service(db: Db) -> list[Device]:
    return db.all("SELECT * FROM devices WHERE revoked = 0 ORDER BY node")


def chosen_codes(db: Db) -> dict[int, Codes]:
    """{zone: the settings that say what is beaten there}, of the RTs that chose."""
    return {
        row["zone"]: {"profile": row["profile"], "patterns": json.loads(row["patterns"])}
        for row in db.all("SELECT * FROM codes")
    }


def desired(
    device: Device, plan: Plan, generations: Generations, revoked: list[int], codes: Mapping[int, Codes]
) -> Desired:
    """Return the settings of one device, as its gateway is told them; `counters` only counts."""
    chosen = json.loads(device["settings"])
    settings: Settings = {"status_period_s": plan.period_s[device["node"]]}
    if device["role"] == "tombol":
        settings["hop_limit"] = chosen.get("hop_limit", 1)
    if device["role"] == "sirene":
        settings["table"] = chosen.get("table") or [[device["zone"], KINDS_ALL]]
        settings["profile"] = chosen.get("profile", "jawa_umum")
        settings["revoked"] = revoked
    if device["role"] in BEATING:
        own = codes.get(device["zone"])
        if own is not None:
            settings.update(own)
    return {
        "settings": settings,
        "generation": generations.send,
        "lowest": generations.lowest,
        "next": generations.next,
        "counters": device["table_wanted"],
    }


def site_plan(db: Db, preset: str) -> Plan:
    """Return the planned status load with every device that is in service or being installed."""
    members = [
        status_plan.Member(
            row["node"],
            row["role"],
            row["zone"],
            row["hops"],
            json.loads(row["settings"]).get("hop_limit", 1),
            row["label"],
        )
        for row in in_service(db)
    ]
    zones = {row["zone"] for row in db.all("SELECT zone FROM gateways")}
    return status_plan.make(members, zones, preset)


def revoked_numbers(db: Db, lowest: int) -> list[int]:
    """Numbers that hold keys which are still accepted, the latest revoked first when they are too many."""
    rows = db.all(
        "SELECT node FROM devices WHERE revoked = 1 AND revoked_upto >= ? ORDER BY revoked_ms DESC LIMIT ?",
        lowest,
        REVOKED_LIMIT,
    )
    return sorted(row["node"] for row in rows)


def next_version(version: int) -> int:
    """Return one more, u16; never with a low byte of 0: a tombol reports the low byte and 0 means none."""
    version = version + 1 & VERSION_LIMIT
    return version if version & 0xFF else version + 1


def at_least(reported: int | None, version: int) -> bool:
    """Tell whether a reported version is this one or a later one; versions wrap around."""
    return reported is not None and (reported - version & VERSION_LIMIT) < 0x8000


def full_version(reported: int, version: int, role: str) -> int:
    """Return a reported version in full: a tombol tells its low byte only, and one it was sent lately."""
    if role != "tombol" or not reported:
        return reported
    return version - (version - reported & 0xFF) & VERSION_LIMIT


def reported(db: Db, now: Now, node: int, version: int, generation: int) -> bool:
    """Take which settings a device has, under keys of which generation, as a STATUS told.

    Once a device has shown newer keys, reports under older ones count no more: a stolen post can forge them.
    """
    device = db.one("SELECT * FROM devices WHERE node = ? AND revoked = 0", node, of=Device)
    if device is None or generation < (device["reported_generation"] or 0):
        return False
    full = full_version(version, device["config_version"], device["role"])
    if (full, generation) == (device["reported_version"], device["reported_generation"]):
        return False
    db.run(
        "UPDATE devices SET reported_version = ?, reported_generation = ?, reported_wall = ? WHERE node = ?",
        full,
        generation,
        now.wall,
        node,
    )
    if not at_least(device["config_version"], full):
        # a database from before: what the device has was numbered by a hub that is gone
        db.run("UPDATE devices SET config_version = ?, config_body = '' WHERE node = ?", full, node)
        db.set_setting(REFRESH, 1)
    return True


def has(device: Device) -> bool:
    """Tell whether a device's last STATUS reported the settings that are desired now."""
    return device["reported_version"] == device["config_version"]


def gateway_of(db: Db, zone: int) -> str | None:
    """Label of the gateway that configures a zone's devices: its own, else the first of the site."""
    return db.value(
        "SELECT label FROM gateways WHERE token IS NOT NULL ORDER BY zone = ? DESC, label LIMIT 1", zone
    )


def send(db: Db, now: Now, nodes: Iterable[int]) -> None:
    """Orders with the desired settings of these devices, to the gateway of each."""
    by_gateway: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        device: Device = db.one("SELECT * FROM devices WHERE node = ?", node)
        label = gateway_of(db, device["zone"])
        if label:
            by_gateway.setdefault(label, []).append(
                {"node": node, "version": device["config_version"], **json.loads(device["config_body"])}
            )
    for label, entries in by_gateway.items():
        for at in range(0, len(entries), ORDER_DEVICES):
            body = {"devices": entries[at : at + ORDER_DEVICES]}
            outbox.order(db, now.ms, [label], "config", body, ORDER_EXPIRES_MS)


def send_codes(db: Db, now: Now, label: str | None = None, zone: int | None = None) -> None:
    """Send gateways the codes of their own sirens: those of a zone, or one that has started."""
    codes = chosen_codes(db)
    for gateway in db.all("SELECT label, zone FROM gateways WHERE token IS NOT NULL"):
        if gateway["zone"] in codes and (gateway["label"] == label or gateway["zone"] == zone):
            channel, body = outbox.gateway_channel(gateway["label"]), json.dumps(codes[gateway["zone"]])
            row = outbox.add(db, now.ms, channel, "codes", body, ORDER_EXPIRES_MS)
            db.run("UPDATE gateways SET codes_order = ? WHERE label = ?", row, gateway["label"])
