"""Access to silent alarms: their circle, never the house they came from, never anybody excluded.

One condition, used by every list, page, feed and search. Whoever may not know of an incident gets the same
answer as for one that does not exist. circles.py draws the circle, standing.py changes the facts behind it.
"""

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Incident, Row
from kentongan_hub.incidents import orders
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import circles, standing
from kentongan_hub.record import audit, timeline
from kentongan_hub.storage.store import Db

BY_HAND = "excluded"  # why somebody left a circle; only this can be undone


def condition(account: Account) -> str:
    """Give the SQL condition on `incidents` for this account."""
    if account["role"] in roles.NEVER_NAMED:
        return "incidents.confidential = 0"
    return (
        "(incidents.confidential = 0 OR EXISTS (SELECT 1 FROM circles k WHERE k.incident = incidents.id "
        f"AND k.account = {int(account['id'])} AND k.ended_wall IS NULL))"
    )


def may_see(db: Db, account: Account, incident: Incident) -> bool:
    return not incident["confidential"] or bool(
        db.value(f"SELECT 1 FROM incidents WHERE id = ? AND {condition(account)}", incident["id"])
    )


def viewer(db: Db, account: Account) -> tuple[str, int]:
    """Give a key that accounts share exactly when they see the same lists."""
    inside = db.value("SELECT 1 FROM circles WHERE account = ? AND ended_wall IS NULL LIMIT 1", account["id"])
    return (account["role"], account["id"] if inside else 0)


def exclude(
    db: Db,
    now: Now,
    by: Account,
    account_id: int,
    *,
    incident: Incident | None = None,
    zone: int = 0,
    house: int = 0,
    address: str = "",
) -> bool:
    """Keep this person out of one incident, or out of all from this house (kin, a dispute)."""
    person = db.one("SELECT * FROM accounts WHERE id = ?", account_id, of=Account)
    if person is None:
        raise LocalError(_("Akun itu tidak ada. Pilih orang dari daftar."))
    if not incident and not (zone and house):
        raise LocalError(_("Pilih satu kejadian, atau RT dan nomor rumah."))
    if incident is None:
        body = {"account": account_id, "zone": zone, "house": house}
        return standing.want(db, now, by, "kecualikan", body, address)
    inside = circles.members(db, incident)
    event = _event(db, incident)
    if account_id not in inside:
        raise LocalError(_("Orang itu sudah tidak tahu kejadian ini."))
    db.insert("exclusions", account=account_id, incident=incident["id"], made_by=by["name"],
              made_wall=now.wall)  # fmt: skip
    for one in event:  # what was merged is one event, and nobody knows half of it
        circles.end(db, now, account_id, one["id"], BY_HAND)
    timeline.tell(db, now, incident, by["name"], codes.EXCLUDED, person["name"], address)
    return True


def include(
    db: Db,
    now: Now,
    by: Account,
    number: int,
    *,
    account: int | None = None,
    incident: Incident | None = None,
    address: str = "",
) -> bool:
    """End one exclusion of this account from a house, or from this incident; the record of it stays.

    Only who was in the circle when the incident was opened, and is not barred by now, comes back into it.
    """
    row = db.one(
        "SELECT x.*, a.name, a.login FROM exclusions x JOIN accounts a ON a.id = x.account WHERE x.id = ? "
        "AND x.ended_wall IS NULL AND x.incident IS ? AND (? IS NULL OR x.account = ?)",
        *(number, incident and incident["id"], account, account),
    )
    if row is None:
        raise LocalError(_("Pengecualian itu tidak ada lagi."))
    if row["account"] == by["id"]:
        raise LocalError(_("Orang lain yang harus menyertakan Anda lagi."))
    if incident is None:
        body = {"account": row["account"], "zone": row["zone"], "house": row["house"]}
        return standing.want(db, now, by, "sertakan", body, address)
    if row["account"] not in circles.eligible(db, incident):
        raise LocalError(_("Orang itu sekarang tidak boleh tahu kejadian rumah ini."))
    db.run("UPDATE exclusions SET ended_wall = ?, ended_by = ? WHERE id = ?", now.wall, by["name"], number)
    for one in _event(db, incident):
        db.run(
            "UPDATE circles SET ended_wall = NULL, ended_by = '' WHERE incident = ? AND account = ? "
            "AND ended_by = ?",
            one["id"],
            row["account"],
            BY_HAND,
        )
    timeline.tell(db, now, incident, by["name"], codes.INCLUDED_AGAIN, row["name"], address)
    return True


def _event(db: Db, incident: Incident) -> list[Incident]:
    root = incident_of(db, incident["merged_into"]) if incident["merged_into"] else incident
    return orders.members(db, root)


def excluded_houses(db: Db) -> dict[int, list[Row]]:
    """List, by account, the houses whose silent alarms it learns nothing of: {account: [id, zone, house]}."""
    out: dict[int, list[Row]] = {}
    for row in db.all(
        "SELECT * FROM exclusions WHERE incident IS NULL AND ended_wall IS NULL ORDER BY zone, house"
    ):
        out.setdefault(row["account"], []).append(row)
    return out


def excluded(db: Db, incident: Incident) -> list[Row]:
    """List who was taken out of one incident: [{"id", "account", "name"}]."""
    return db.all(
        "SELECT x.id, x.account, a.name FROM exclusions x JOIN accounts a ON a.id = x.account "
        "WHERE x.incident = ? AND x.ended_wall IS NULL ORDER BY a.name",
        incident["id"],
    )


def log_view(db: Db, now: Now, account: Account, incident: Incident, address: str) -> None:
    """Put this view of a confidential incident on the record."""
    audit.record(db, now.wall, account["login"], codes.CONFIDENTIAL_SEEN, incident["slug"], address=address)
