"""Who may know of a silent alarm: agreed people only, never the house it came from, never an excluded person.

One condition, used by every list, page, feed and search. Whoever may not know of an incident gets the same
answer as for one that does not exist.
"""

from kentongan_wire.errors import LocalError

from kentongan_hub import audit, incidents, roles


def condition(account):
    """SQL condition on `incidents` for this account (a row)."""
    if not roles.may_see_confidential(account):
        return "incidents.confidential = 0"
    number, zone, house = (int(account[name]) for name in ("id", "zone", "house"))
    return (
        "(incidents.confidential = 0 OR (NOT (incidents.house != 0 AND "
        f"incidents.zone = {zone} AND incidents.house = {house}) AND NOT EXISTS (SELECT 1 FROM exclusions x "
        f"WHERE x.account = {number} AND (x.incident = incidents.id OR (x.house != 0 AND "
        "x.zone = incidents.zone AND x.house = incidents.house)))))"
    )


def may_see(db, account, incident):
    return not incident["confidential"] or bool(
        db.value(f"SELECT 1 FROM incidents WHERE id = ? AND {condition(account)}", incident["id"])
    )


def viewer(account):
    """Accounts with the same answer here see the same lists."""
    return (account["role"], account["id"] if roles.may_see_confidential(account) else 0)


def exclude(db, now, by, account_id, *, incident=None, zone=0, house=0, address=""):
    """This person learns nothing more of one incident, or of any from this house (kin, a dispute)."""
    person = db.one("SELECT * FROM accounts WHERE id = ?", account_id)
    if person is None:
        raise LocalError("Akun itu tidak ada. Pilih orang dari daftar.")
    if not incident and not (zone and house):
        raise LocalError("Pilih satu kejadian, atau RT dan nomor rumah.")
    if account_id == by["id"] and incident is None:
        raise LocalError("Orang lain yang harus mengecualikan Anda. Minta admin lain.")
    db.insert(
        "exclusions",
        account=account_id,
        zone=zone,
        house=house,
        incident=incident and incident["id"],
        made_by=by["name"],
        made_wall=now.wall,
    )
    if incident:
        incidents.tell(db, now, incident, by["name"], "mengecualikan", person["name"], address)
    else:
        audit.record(
            db, now.wall, by["login"], "kecualikan dari rahasia", person["login"], f"rumah {house}", address
        )


def include(db, now, by, number, *, account=None, incident=None, address=""):
    """End one exclusion of this account from a house, or from this incident; the record of it stays."""
    row = db.one(
        "SELECT x.*, a.name, a.login FROM exclusions x JOIN accounts a ON a.id = x.account WHERE x.id = ? "
        "AND x.incident IS ? AND (? IS NULL OR x.account = ?)",
        *(number, incident and incident["id"], account, account),
    )
    if row is None:
        raise LocalError("Pengecualian itu tidak ada lagi.")
    if row["account"] == by["id"]:
        raise LocalError("Orang lain yang harus menyertakan Anda lagi.")
    db.run("DELETE FROM exclusions WHERE id = ?", number)
    if incident:
        incidents.tell(db, now, incident, by["name"], "menyertakan lagi", row["name"], address)
    else:
        what = f"rumah {row['house']}"
        audit.record(db, now.wall, by["login"], "pengecualian dicabut", row["login"], what, address)


def excluded_houses(db):
    """{account: [{"id", "zone", "house"}]} of whoever learns nothing of the silent alarms of a house."""
    out = {}
    for row in db.all("SELECT * FROM exclusions WHERE incident IS NULL ORDER BY zone, house"):
        out.setdefault(row["account"], []).append(row)
    return out


def excluded(db, incident):
    """[{"id", "account", "name"}] of those who were taken out of one incident."""
    return db.all(
        "SELECT x.id, x.account, a.name FROM exclusions x JOIN accounts a ON a.id = x.account "
        "WHERE x.incident = ? ORDER BY a.name",
        incident["id"],
    )


def log_view(db, now, account, incident, address):
    """Each view of a confidential incident is on the record."""
    audit.record(db, now.wall, account["login"], "lihat kejadian rahasia", incident["slug"], address=address)
