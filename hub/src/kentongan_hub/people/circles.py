"""Circles of confidential incidents: drawn when one is opened, by the facts of that moment.

The circle of an incident only ever shrinks: whoever was not in it when the alarm came is never let in by a
fact that changed later. It shrinks when a fact changes that bars a member, unless only people of the house
that pressed made the change: they can neither look in nor lock a helper out. A person taken out of one
incident by hand may be taken in again by those who are in it.
"""

from collections.abc import Iterable, Sequence, Set

from kentongan_hub.base import roles, sending, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Account, At, Concerns, House, Incident, Value
from kentongan_hub.storage.store import Db

AGREED_MIN = 2  # agreed people that a silent alarm should reach; below that the stand-in is called too
# kinds that go to offices of the RW and to nobody else, whoever is agreed
OFFICES_ONLY = {words.KONFLIK: ("ketua_rw", "bhabin")}
OFFICES_TOO = {words.NARKOBA: ("ketua_rw", "bhabin")}
# facts of access_changes by which an account was not what it is now, or lived elsewhere
MOVED = ("rumah", "akun", "tarik", "keluar", "akun baru", "hidupkan")

KNOWN_HOME = "(a.house != 0 OR a.outside = 1)"
_SUITED = (
    "SELECT a.* FROM accounts a WHERE a.active = 1 AND {home} AND a.role NOT IN ({screens}) AND {fact} "
    "ORDER BY a.id"
)


def _suited(db: Db, fact: str, *values: Value) -> list[Account]:
    screens = ", ".join(f"'{role}'" for role in roles.NEVER_NAMED)
    return db.all(_SUITED.format(home=KNOWN_HOME, screens=screens, fact=fact), *values)


def agreed(db: Db) -> list[Account]:
    """Accounts that are agreed now, whose home is known and who may log in."""
    return _suited(db, "a.named_for_confidential = 1")


def enough(db: Db) -> bool:
    """Tell whether a silent alarm of any house reaches an agreed person, and of most houses two."""
    found = [homes(db, one) for one in agreed(db)]
    return len(found) >= AGREED_MIN and not set.intersection(*found)


def stand_ins(db: Db) -> list[Account]:
    """Accounts that are called while there are not enough agreed people."""
    return _suited(db, "a.stand_in = 1 AND a.named_for_confidential = 0")


def _offices(db: Db, duties: Sequence[str]) -> list[Account]:
    marks = ", ".join("?" * len(duties))
    fact = (  # by the duty, which two people give, and not by the role, which an invitation gives
        "EXISTS (SELECT 1 FROM duties d JOIN people p ON p.id = d.person "
        f"WHERE p.account = a.id AND p.erased_wall IS NULL AND d.duty IN ({marks}))"
    )
    return _suited(db, fact, *duties)


def holders(db: Db, duties: Sequence[str]) -> set[int]:
    """{account ids} of who holds one of these duties."""
    return {one["id"] for one in _offices(db, duties)}


def places(db: Db, incident: Concerns) -> set[House]:
    """{(zone, house)} of the household: by the frame's RT and by the device's, which ought to be one."""
    if not incident["house"]:
        return set()
    known = db.value("SELECT zone FROM devices WHERE node = ? AND house = ?",
                     incident["device"], incident["house"])  # fmt: skip
    zones = {incident["zone"], incident["zone"] if known is None else known}
    return {(zone, incident["house"]) for zone in zones}


def eligible(db: Db, incident: Concerns) -> list[int]:
    """[account ids] of who may know of an incident (a row; id 0: an imagined one), by what is true now."""
    household, kind = places(db, incident), incident["kind"]
    only = OFFICES_ONLY.get(kind)
    found = _offices(db, only) if only else agreed(db)
    if kind in OFFICES_TOO:
        found += [one for one in _offices(db, OFFICES_TOO[kind]) if one not in found]
    found = [one for one in found if not barred(db, one, household)]
    if not only and len(found) < AGREED_MIN:
        found += [one for one in stand_ins(db) if one not in found and not barred(db, one, household)]
    return [one["id"] for one in found]


def homes(db: Db, account: Account) -> set[House]:
    """{(zone, house)} where this account (a row) lives, by itself or by the register."""
    rows: list[At] = db.all(
        "SELECT zone, house FROM people WHERE account = ? AND erased_wall IS NULL", account["id"]
    )
    return {(row["zone"], row["house"]) for row in (account, *rows) if row["house"]}


def barred(db: Db, account: Account, household: Set[House]) -> bool:
    """Tell whether this account lives in one of these houses or is excluded from one."""
    rows = db.all(
        "SELECT zone, house FROM exclusions WHERE account = ? AND house != 0 AND ended_wall IS NULL",
        account["id"],
    )
    return bool(household & (homes(db, account) | {(row["zone"], row["house"]) for row in rows}))


def facts_ms(incident: Concerns) -> int:
    """Up to when a change of a fact counts for this incident: its press, or earlier where that is unsure."""
    return incident["opened_ms"] if incident["facts_ms"] is None else incident["facts_ms"]


def draw(db: Db, incident: Incident) -> None:
    """Keep who may know of this new incident; of a public one nothing is kept."""
    if incident["confidential"]:
        for account in eligible(db, incident):
            let_in(db, incident, account)


def let_in(db: Db, incident: Incident, account: int) -> None:
    """Once: whose row has ended stays out."""
    db.run("INSERT OR IGNORE INTO circles (incident, account) VALUES (?, ?)", incident["id"], account)


def knows(db: Db, account_id: int | None, incident: Concerns) -> bool:
    """Tell whether this account may know of the incident, as its circle stands; imagined ones: as of now."""
    if not incident["id"]:
        return account_id in eligible(db, incident)
    return bool(
        db.value(
            "SELECT 1 FROM circles WHERE incident = ? AND account = ? AND ended_wall IS NULL",
            incident["id"],
            account_id,
        )
    )


def members(db: Db, incident: Concerns) -> list[int]:
    """[account ids] in the circle now."""
    rows = db.all(
        "SELECT account FROM circles WHERE incident = ? AND ended_wall IS NULL ORDER BY account",
        incident["id"],
    )
    return [row["account"] for row in rows]


def shrink(
    db: Db, now: Now, account_id: int, makers: Iterable[int | None], where: str = "1", *values: Value
) -> None:
    """Take the account out of the circles of incidents where `where` holds (SQL on incidents i).

    `makers` are the ids of the accounts that made the change. Where all of them belong to the house that
    pressed, now or when it pressed, nothing changes: they may not lock out who helps against them.
    """
    incidents: list[Incident] = db.all(
        "SELECT i.* FROM circles c JOIN incidents i ON i.id = c.incident "
        f"WHERE c.account = ? AND c.ended_wall IS NULL AND {where}",
        account_id,
        *values,
    )
    for incident in incidents:
        if all(interested(db, one, incident) for one in makers):
            continue
        end(db, now, account_id, incident["id"], "facts_changed")


def end(db: Db, now: Now, account_id: int, incident_id: int, why: str) -> None:
    db.run(
        "UPDATE circles SET ended_wall = ?, ended_by = ? "
        "WHERE incident = ? AND account = ? AND ended_wall IS NULL",
        now.wall,
        why,
        incident_id,
        account_id,
    )
    _unsent(db, now, account_id, incident_id)


def _unsent(db: Db, now: Now, account_id: int, incident_id: int) -> None:
    """Expire the unsent messages to this person about the incident."""
    db.run(
        f"UPDATE outbox SET state = '{sending.EXPIRED}', result = '{sending.EXCLUDED}', done_ms = ? "
        f"WHERE incident = ? AND state = '{sending.WAITING}' AND EXISTS (SELECT 1 FROM addresses t "
        "JOIN people p ON p.id = t.person WHERE p.account = ? AND t.channel = outbox.channel "
        "AND t.address = json_field(outbox.body, 'to'))",
        now.ms,
        incident_id,
        account_id,
    )


def interested(db: Db, account_id: int | None, incident: Incident) -> bool:
    """Tell whether this account may side with the house that pressed.

    It lives there, or nobody knows where, or since the incident was opened it is new, was switched on, or a
    home of it, its own or the register's, began or ended: a made-up officer locks nobody out either. None is
    the technician at the hub's own machine, who holds its keys anyway.
    """
    if account_id is None:
        return False
    account: Account = db.one("SELECT * FROM accounts WHERE id = ?", account_id)
    if not (account["house"] or account["outside"]):
        return True
    if homes(db, account) & places(db, incident):
        return True
    marks = ", ".join(f"'{fact}'" for fact in MOVED)
    return bool(
        db.value(
            f"SELECT 1 FROM access_changes WHERE account = ? AND at_ms >= ? AND fact IN ({marks})",
            account_id,
            facts_ms(incident),
        )
    )
