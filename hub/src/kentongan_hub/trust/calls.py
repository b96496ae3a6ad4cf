"""What a gateway calls chimes by while this hub is silent: when for which kind, whom for a silent alarm."""

import hashlib
import json

from kentongan_wire import messages as m

from kentongan_hub import circles, policies, policy, words

TOLD = "calls_told"  # setting: digest of what gateways have last been told


def _homes(db):
    """{(zone, house): {account ids}} of agreed people, and of stand-ins while those are too few."""
    found = circles.agreed(db)
    if not circles.enough(db):
        found += circles.stand_ins(db)
    homes = {}
    for account in found:
        rows = db.all(
            "SELECT zone, house FROM people WHERE account = ? AND withdrawn_wall IS NULL "
            "AND erased_wall IS NULL",
            account["id"],
        )
        for row in (account, *rows):
            if row["house"]:
                homes.setdefault((row["zone"], row["house"]), set()).add(account["id"])
    return homes


def paging(db):
    """{"RT": {"kind": seconds after the press, or None: chimes are never called for it}}, as JSON keys."""
    rows = db.all("SELECT DISTINCT zone FROM devices WHERE revoked = 0 ORDER BY zone")
    kinds = sorted(kind for kind in words.KINDS if kind < policy.REPORTS_FROM and kind != m.KIND_UJI)
    return {str(row["zone"]): {str(kind): _after_s(db, row["zone"], kind) for kind in kinds} for row in rows}


def _after_s(db, zone, kind):
    body = policies.stored(db, zone, kind) or policy.default(kind)
    return next((step["detik"] for step in body["langkah"] if policy.CHIMES in step["kepada"]), None)


def chimes(db):
    """{node: {"silent", "conflicts"}} of the chimes: only those in an agreed person's house ring silently.

    `conflicts` are the buttons of houses that one of those people is excluded from.
    """
    homes = _homes(db)
    barred = db.all(
        "SELECT account, zone, house FROM exclusions "
        "WHERE incident IS NULL AND house != 0 AND ended_wall IS NULL"
    )
    buttons = db.all("SELECT node, zone, house FROM devices WHERE role = 'tombol' ORDER BY node")
    out = {}
    for chime in db.all("SELECT node, zone, house FROM devices WHERE role = 'penerima' AND revoked = 0"):
        people = homes.get((chime["zone"], chime["house"]), set())
        houses = {(row["zone"], row["house"]) for row in barred if row["account"] in people}
        conflicts = [b["node"] for b in buttons if (b["zone"], b["house"]) in houses]
        out[chime["node"]] = {"silent": bool(people), "conflicts": conflicts}
    return out


def changed(db):
    """The digest of what gateways ought to know, when it is another than they have been told, else None."""
    facts = json.dumps([paging(db), sorted(chimes(db).items())]).encode()
    digest = hashlib.sha256(facts).hexdigest()[:16]
    return digest if digest != db.setting(TOLD) else None
