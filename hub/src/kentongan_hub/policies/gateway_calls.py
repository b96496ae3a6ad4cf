"""Calls of chimes by a gateway while this hub is silent: times by kind, chimes for a silent alarm."""

import hashlib
import json
from typing import TypedDict

from kentongan_wire.message import messages as m

from kentongan_hub.base import words
from kentongan_hub.base.tables import Excluded, House, Placed
from kentongan_hub.people import circles, ringing
from kentongan_hub.policies import policy, policy_store
from kentongan_hub.storage.store import Db

Paging = dict[str, dict[str, int | None]]  # as the JSON that gateways read

TOLD = "calls_told"  # setting: digest of what gateways have last been told


class Chime(TypedDict):
    """Call of one chime by a gateway."""

    silent: bool  # for a silent alarm too
    conflicts: list[int]  # nodes of buttons that it is never called for


def _homes(db: Db) -> dict[House, set[int]]:
    """{(zone, house): {account ids}} of people whom silent alarms call."""
    homes: dict[House, set[int]] = {}
    for account in ringing.callable_now(db):
        for place in circles.homes(db, account):
            homes.setdefault(place, set()).add(account["id"])
    return homes


def paging(db: Db) -> Paging:
    """{"RT": {"kind": seconds after the press, or None: chimes are never called for it}}, as JSON keys."""
    rows = db.all("SELECT DISTINCT zone FROM devices WHERE revoked = 0 ORDER BY zone")
    kinds = sorted(kind for kind in words.KINDS if kind < policy.REPORTS_FROM and kind != m.KIND_UJI)
    return {str(row["zone"]): {str(kind): _after_s(db, row["zone"], kind) for kind in kinds} for row in rows}


def _after_s(db: Db, zone: int, kind: int) -> int | None:
    body = policy_store.stored(db, zone, kind) or policy.default(kind)
    return next((step["detik"] for step in body["langkah"] if policy.CHIMES in step["kepada"]), None)


def chimes(db: Db) -> dict[int, Chime]:
    """{node: {"silent", "conflicts"}} of chimes: only those that an agreed person confirmed ring silently.

    `conflicts` are the buttons of houses that one of those people is excluded from.
    """
    homes, silent = _homes(db), ringing.silently(db)
    barred: list[Excluded] = db.all(
        "SELECT account, zone, house FROM exclusions "
        "WHERE incident IS NULL AND house != 0 AND ended_wall IS NULL"
    )
    buttons: list[Placed] = db.all(
        "SELECT node, zone, house FROM devices WHERE role = 'tombol' ORDER BY node"
    )
    out: dict[int, Chime] = {}
    ours: list[Placed] = db.all(
        "SELECT node, zone, house FROM devices WHERE role = 'penerima' AND revoked = 0"
    )
    for chime in ours:
        people = homes.get((chime["zone"], chime["house"]), set())
        houses = {(row["zone"], row["house"]) for row in barred if row["account"] in people}
        conflicts = [b["node"] for b in buttons if (b["zone"], b["house"]) in houses]
        out[chime["node"]] = {"silent": chime["node"] in silent, "conflicts": conflicts}
    return out


def changed(db: Db) -> str | None:
    """Return the digest of what gateways ought to know, if it differs from what they were told, else None."""
    facts = json.dumps([paging(db), sorted(chimes(db).items())]).encode()
    digest = hashlib.sha256(facts).hexdigest()[:16]
    return digest if digest != db.setting(TOLD) else None
