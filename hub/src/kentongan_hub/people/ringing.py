"""Chimes (penerima) that ring for silent alarms: those that an agreed person has confirmed at home.

Whoever registers devices chooses the house of each; that alone brings no chime the silent alarms of who is
agreed there. It takes two: the technician who registers it, and the person who finds this very device at home
and confirms it under the own account. A new number, label, house or role is another chime, confirmed anew.
Of an incident only chimes ring that a person of its circle had confirmed before it was opened.
"""

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Device, House, Incident
from kentongan_hub.people import access, circles
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


class Own(Device):
    """A chime at home of somebody; `number`: as its sticker has it."""

    number: str
    confirmed: bool


_CHIMES = "SELECT * FROM devices WHERE role = 'penerima' AND revoked = 0 AND pending = 0 AND house != 0"
# of the chime as it stands: one that was moved or relabelled is not the one that somebody confirmed
_CONFIRMED = (
    "SELECT c.account, d.node, d.zone, d.house FROM chime_consents c JOIN devices d ON d.node = c.chime "
    "AND d.zone = c.zone AND d.house = c.house AND d.label = c.label JOIN accounts a ON a.id = c.account "
    "WHERE d.role = 'penerima' AND d.revoked = 0 AND d.pending = 0 AND a.active = 1 "
    "AND c.ended_wall IS NULL"
)


def callable_now(db: Db) -> list[Account]:
    """Accounts that a silent alarm may reach now: agreed people, and stand-ins while those are too few."""
    return circles.agreed(db) + ([] if circles.enough(db) else circles.stand_ins(db))


def _confirmed(db: Db, before_ms: int | None = None) -> dict[int, set[int]]:
    """{node: {account ids}}: who lives at this chime and has confirmed it, in time for `before_ms`."""
    found: dict[int, set[int]] = {}
    lives: dict[int, set[House]] = {}
    rows = db.all(f"{_CONFIRMED} AND (? IS NULL OR c.at_ms <= ?)", before_ms, before_ms)
    for row in rows:
        if row["account"] not in lives:
            account: Account = db.one("SELECT * FROM accounts WHERE id = ?", row["account"])
            lives[row["account"]] = circles.homes(db, account)
        if (row["zone"], row["house"]) in lives[row["account"]]:
            found.setdefault(row["node"], set()).add(row["account"])
    return found


def silently(db: Db) -> set[int]:
    """{nodes} of chimes that a gateway without this hub pages for a silent alarm of today."""
    ids = {one["id"] for one in callable_now(db)}
    return {node for node, accounts in _confirmed(db).items() if accounts & ids}


def ring(db: Db, incident: Incident) -> set[int]:
    """{nodes} of chimes that may ring for, and answer, this confidential incident."""
    known = set(circles.members(db, incident))
    return {node for node, accounts in _confirmed(db, circles.facts_ms(incident)).items() if accounts & known}


def targets(db: Db, incident: Incident) -> list[int]:
    """[nodes] to page for a confidential incident: by its own circle, never by who is agreed by now.

    Those of its RT, else of the site; never one of the presser's house.
    """
    own, may_ring = circles.places(db, incident), ring(db, incident)
    every: list[Device] = db.all(f"{_CHIMES} ORDER BY node")
    found = [one for one in every if one["node"] in may_ring and (one["zone"], one["house"]) not in own]
    near = [one for one in found if one["zone"] == incident["zone"]]
    return [one["node"] for one in near or found]


def waiting(db: Db) -> list[Device]:
    """Chimes in the houses of people whom silent alarms call, which none of those has confirmed yet."""
    people, confirmed = callable_now(db), _confirmed(db)
    out: list[Device] = []
    every: list[Device] = db.all(f"{_CHIMES} ORDER BY label")
    for chime in every:
        at_home = {one["id"] for one in people if (chime["zone"], chime["house"]) in circles.homes(db, one)}
        if at_home and not at_home & confirmed.get(chime["node"], set()):
            out.append(chime)
    return out


def of_account(db: Db, account: Account) -> list[Own]:
    """[chimes with `confirmed` and the sticker's `number`] at home of whom silent alarms call; else []."""
    if not access.agreed_now(account):
        return []
    places, confirmed = circles.homes(db, account), _confirmed(db)
    every: list[Device] = db.all(f"{_CHIMES} ORDER BY label")
    return [
        {
            **chime,
            "number": format(chime["node"], "08x"),
            "confirmed": account["id"] in confirmed.get(chime["node"], ()),
        }
        for chime in every
        if (chime["zone"], chime["house"]) in places
    ]


def confirm(db: Db, now: Now, by: Account, node: int, at: str = "") -> None:
    """This person says that this very chime is the one at home; silent alarms of later ring there."""
    chime = _own(db, by, node)
    if not chime["confirmed"]:
        _end(db, now, by, node)  # of another house or label
        db.insert("chime_consents", chime=node, account=by["id"], zone=chime["zone"], house=chime["house"],
                  label=chime["label"], at_ms=now.ms, at_wall=now.wall)  # fmt: skip
        _written(db, now, by, chime, codes.CHIME_CONFIRMED, "", chime["label"], at)


def refuse(db: Db, now: Now, by: Account, node: int, at: str = "") -> None:
    """Not this person's, or no more: nothing silent rings there, of open incidents neither."""
    chime = _own(db, by, node)
    if _end(db, now, by, node):
        _written(db, now, by, chime, codes.CHIME_REFUSED, chime["label"], "", at)


def _end(db: Db, now: Now, by: Account, node: int) -> int:
    return db.run(
        "UPDATE chime_consents SET ended_wall = ? WHERE chime = ? AND account = ? AND ended_wall IS NULL",
        now.wall, node, by["id"],
    )  # fmt: skip


def _own(db: Db, by: Account, node: int) -> Own:
    found = next((one for one in of_account(db, by) if one["node"] == node), None)
    if found is None:
        raise LocalError(_("Penerima itu tidak ada di rumah Anda. Muat ulang halaman."))
    return found


def _written(db: Db, now: Now, by: Account, chime: Own, what: str, old: str, new: str, at: str) -> None:
    access.note(db, now, [by["id"]], "penerima", old, new, account=by["id"])
    audit.record(db, now.wall, by["login"], what, chime["label"], chime["number"], at)
