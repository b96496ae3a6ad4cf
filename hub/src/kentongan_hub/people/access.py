"""The only door to facts that decide who may know of confidential incidents; each change has two sides.

Nobody changes such a fact about himself, about his own household or about his own house. A change that
touches an agreed person waits for a second officer from another house. Every change is a line of the record
(who, what, before, after) and a row of `access_changes`; circles.py says what it does to open incidents.
"""

import json
from collections.abc import Collection, Sequence
from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Actor, Said, either
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Account, At, Home, House, Lives, Person, Row
from kentongan_hub.people import circles
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


class Console(TypedDict):
    """The technician at the hub's own machine, who is in nobody's household."""

    id: None
    login: Actor
    name: str


By = Account | Console  # who changes something


class Request(TypedDict):
    """A row of access_requests."""

    id: int
    what: str
    subject: str  # a login, or a packed Said
    body: str  # JSON
    account: int | None
    touched: str  # JSON, houses
    made_by: int
    made_wall: int
    done_wall: int | None
    done_by: int | None
    result: str  # a code


class Waiting(Request):
    asked_by: str


class Asked(TypedDict):
    """A request that waits, read; `first`: who asked."""

    id: int
    what: str
    subject: str
    made_by: int
    first: Account
    body: Row
    touched: set[House]


class Shown(TypedDict):
    """A row of access_changes, with names."""

    id: int
    at_ms: int
    at_wall: int
    made_by: int | None
    second: int | None
    account: int | None
    person: int | None
    fact: str
    old: str
    new: str
    whose: str | None
    made_name: str
    second_name: str | None


OUTSIDE = (0, 0, 1)  # home of an account: zone, house, outside the RTs of this hub
UNKNOWN = (0, 0, 0)
AGREED, STAND_IN = "rahasia", "pengganti"  # marks of an account that was switched off, in its row
DUTIES = ("ppa", "ketua_rw", "bhabin")  # duties whose holders are called for confidential incidents
RESTORED = "access_restored"  # setting: the facts came out of a backup and nobody has looked at them since
OWN_REQUESTS_LIMIT = 20  # of one officer, waiting at once: nobody shuts the door for another's changes
LISTED = 100
LATE_MS = 70 * 86_400_000  # a gateway's spool keeps a press for 40 days; a hub's guess is out by 30 at most

OWN_HOUSE = _("Ini menyangkut rumah Anda sendiri. Minta petugas dari rumah lain.")
NO_SECOND = _(
    "Perlu orang kedua: petugas dari rumah lain (admin, ketua RT atau wakil) yang rumahnya tercatat. "
    "Undang satu di halaman Undangan, atau minta teknisi di mesin pusat data: kentongan-hub access."
)


def home(account: Lives) -> Home:
    return (account["zone"], account["house"], account["outside"])


def lives(at_home: Home) -> Lives:
    """Return a home as the columns of an account."""
    zone, house, outside = at_home
    return {"zone": zone, "house": house, "outside": outside}


def known(account: Lives) -> bool:
    """Tell whether somebody wrote down where this account lives, 'outside' included."""
    return bool(account["house"] or account["outside"])


def home_said(account: Lives) -> Said:
    if account["outside"]:
        return Said(codes.OUTSIDE_RT)
    if not account["house"]:
        return Said(codes.HOME_UNKNOWN)
    return Said(codes.HOUSE_OF_RT, zone=f"{account['zone']:02d}", house=account["house"])


def home_words(account: Lives) -> str:
    return code_words.say(home_said(account))


def check_home(zone: int, house: int, outside: int) -> Home:
    """Return a home as columns; LocalError when it is neither a house nor 'outside', or both."""
    if outside:
        if house:
            raise LocalError(_("rumah: tulis RT dan nomornya, atau pilih tinggal di luar RT; jangan "
                               "keduanya"))  # fmt: skip
        return OUTSIDE
    if not 1 <= zone <= 255 or not 1 <= house <= 0xFFFF:
        raise LocalError(_("rumah: tulis RT 1 sampai 255 dan nomor rumah, atau pilih tinggal di luar RT"))
    return (zone, house, 0)


def officers(db: Db) -> list[Account]:
    """Accounts that may be a second person: they keep the register, and where they live is known."""
    rows: list[Account] = db.all(
        f"SELECT a.* FROM accounts a WHERE a.active = 1 AND {circles.KNOWN_HOME} ORDER BY a.id"
    )
    return [row for row in rows if roles.allows(row["role"], roles.REGISTER)]


def may(db: Db, by: By, account: Account | None = None, touched: Collection[House] = ()) -> None:
    """Raise LocalError unless `by` (a row; id None: the technician at the machine) may change this.

    `account`: whose fact it is; `touched`: {(zone, house)} of the houses that it concerns.
    """
    if by["id"] is None:
        return
    if account is not None and account["id"] == by["id"]:
        raise LocalError(_("Ini tentang Anda sendiri: orang lain yang harus mengubahnya. Minta petugas "
                           "lain, atau teknisi di mesin pusat data: kentongan-hub access."))  # fmt: skip
    if not known(by):
        if officers(db):
            raise LocalError(_("Rumah Anda belum dicatat. Minta petugas lain menulisnya di halaman Akses "
                               "dulu."))  # fmt: skip
        return  # a site being set up: nobody's house is known yet
    if homes_of(db, by) & set(touched):
        raise LocalError(OWN_HOUSE)


def seconds(db: Db, by: By, account: Account | None = None, touched: Collection[House] = ()) -> list[Account]:
    """Officers who could be the second person to a change that `by` asks for."""
    theirs = homes_of(db, by)
    return [
        one
        for one in officers(db)
        if one["id"] != by["id"]
        and (account is None or one["id"] != account["id"])
        and not circles.homes(db, one) & (set(touched) | theirs)
    ]


def agreed_once(account: Account | None) -> bool:
    """Tell whether this account is or ever was near confidential incidents: then two people are needed."""
    return account is not None and bool(
        account["once_named"] or account["named_for_confidential"] or account["stand_in"]
    )


def is_near(db: Db, account: Account) -> bool:
    """Tell whether this account is or was near confidential incidents, or holds an office called for them."""
    return agreed_once(account) or account["id"] in circles.holders(db, DUTIES)


def agreed_now(account: Account) -> bool:
    """Tell whether silent alarms may call this account: agreed, or a stand-in."""
    return bool(account["named_for_confidential"] or account["stand_in"])


def account_of(db: Db, person: Person) -> Account | None:
    """Return the account of a person of the register."""
    number = person["account"]
    return db.one("SELECT * FROM accounts WHERE id = ?", number, of=Account) if number else None


def sensitive(db: Db, person: Person) -> bool:
    """Tell whether a person of the register has an agreed account, or a called office."""
    if agreed_once(account_of(db, person)):
        return True
    marks = ", ".join(f"'{duty}'" for duty in DUTIES)
    return bool(db.value(f"SELECT 1 FROM duties WHERE person = ? AND duty IN ({marks})", person["id"]))


def place(at_home: Home) -> str:
    """Return a home for a row of access_changes: '5/7', '0/0' where nobody knows, 'luar' outside."""
    return "luar" if at_home[2] else f"{at_home[0]}/{at_home[1]}"


def place_of(text: str) -> Home:
    """Return the home that place() wrote."""
    if text == "luar":
        return OUTSIDE
    zone, _, house = text.partition("/")
    return (int(zone), int(house), 0)


def house_of(row: At | None) -> set[House]:
    return {(row["zone"], row["house"])} if row and row["house"] else set()


def homes_of(db: Db, account: By | None) -> set[House]:
    return circles.homes(db, account) if account and account["id"] is not None else set()


def note(
    db: Db,
    now: Now,
    makers: Sequence[int | None],
    fact: str,
    old: str,
    new: str,
    *,
    account: int | None = None,
    person: int | None = None,
) -> None:
    """Note the row that machines read; the record's line is written beside it."""
    db.insert(
        "access_changes",
        at_ms=now.ms,
        at_wall=now.wall,
        made_by=makers[0],
        second=makers[1] if len(makers) > 1 else None,
        account=account,
        person=person,
        fact=fact,
        old=old,
        new=new,
    )


def made(db: Db, now: Now, by: int | None, account: int, at_home: Home) -> None:
    """Note a new account's home, as whoever made or invited it wrote it down."""
    note(db, now, [by], "akun baru", "", place(at_home), account=account)


def ask(
    db: Db,
    now: Now,
    by: By,
    what: str,
    subject: str | Said,
    body: Row,
    account: Account | None,
    touched: Collection[House],
    first_time: bool,
    at: str = "",
) -> bool:
    """Tell whether the change may be made now; else it waits for a second person, on the page Akses.

    `first_time`: it only adds what was never there, so that a site with one officer is no dead end.
    """
    may(db, by, account, touched)
    if by["id"] is None:
        return True
    if not seconds(db, by, account, touched):
        if first_time:
            return True
        raise LocalError(NO_SECOND)
    text = json.dumps(body, sort_keys=True)
    same = "SELECT 1 FROM access_requests WHERE what = ? AND body = ? AND done_wall IS NULL"
    if db.value(same, what, text):
        raise LocalError(_("Ini sudah menunggu orang kedua, lihat halaman Akses."))
    own = "SELECT count(*) FROM access_requests WHERE done_wall IS NULL AND made_by = ?"
    if db.value(own, by["id"]) >= OWN_REQUESTS_LIMIT:
        raise LocalError(_("sudah ada %(limit)s perubahan Anda yang menunggu orang kedua",
                           limit=OWN_REQUESTS_LIMIT))  # fmt: skip
    db.insert(
        "access_requests",
        what=what,
        subject=str(subject),  # a login, which begins with no "{", or a Said
        body=text,
        account=account["id"] if account else None,
        touched=json.dumps(sorted(touched)),
        made_by=by["id"],
        made_wall=now.wall,
    )
    audit.record(db, now.wall, by["login"], codes.SECOND_WAITED, subject, Said(codes.FACT, fact=what), at)
    return False


def waiting(db: Db) -> list[Waiting]:
    """Changes that wait for a second person, with the name of who asked."""
    return db.all(
        "SELECT r.*, a.name AS asked_by FROM access_requests r JOIN accounts a ON a.id = r.made_by "
        "WHERE r.done_wall IS NULL ORDER BY r.id"
    )


def request(db: Db, number: int) -> Asked:
    """Return the waiting request, with who asked (`first`), its `body`, and the houses it touched then."""
    sql = "SELECT * FROM access_requests WHERE id = ? AND done_wall IS NULL"
    row = db.one(sql, number, of=Request)
    if row is None:
        raise LocalError(_("Permintaan itu tidak ada lagi. Muat ulang halaman."))
    first: Account = db.one("SELECT * FROM accounts WHERE id = ?", row["made_by"])
    return {
        "id": row["id"],
        "what": row["what"],
        "subject": row["subject"],
        "made_by": row["made_by"],
        "first": first,
        "body": json.loads(row["body"]),
        "touched": {(zone, house) for zone, house in json.loads(row["touched"])},
    }


def may_agree(db: Db, by: Account, row: Asked, account: Account | None, touched: set[House]) -> None:
    """Raise LocalError unless `by` may be the second to this request, and who asked could still ask for it.

    `account`, `touched`: whom and which houses it concerns now; those of the day it was asked count too.
    """
    first, touched = row["first"], touched | row["touched"]
    if not first["active"] or not roles.allows(first["role"], roles.REGISTER):
        raise LocalError(_("Yang memintanya bukan petugas lagi. Tolak, dan minta sekali lagi sendiri."))
    may(db, first, account, touched)
    if by["id"] not in [one["id"] for one in seconds(db, first, account, touched)]:
        raise LocalError(
            _("Orang kedua harus petugas dari rumah lain daripada yang meminta, dan bukan yang bersangkutan.")
        )


def take(db: Db, now: Now, by: Account, row: Asked, result: str, at: str = "") -> None:
    """Mark a request as done; `result`: the code of what the second person said."""
    db.run(
        # what it held, a number among it, is not kept longer than it waits
        "UPDATE access_requests SET done_wall = ?, done_by = ?, result = ?, body = '{}' WHERE id = ?",
        now.wall,
        by["id"],
        result,
        row["id"],
    )
    asked = Said(codes.ASKED_BY, fact=Said(codes.FACT, fact=row["what"]), login=row["first"]["login"])
    audit.record(db, now.wall, by["login"], result, either(row["subject"]), asked, at)


def history(db: Db) -> list[Shown]:
    """Return the latest changes with names, newest first."""
    return db.all(
        "SELECT c.*, coalesce(a.name, p.name) AS whose, coalesce(b.name, 'teknisi') AS made_name, "
        "s.name AS second_name FROM access_changes c LEFT JOIN accounts a ON a.id = c.account "
        "LEFT JOIN people p ON p.id = c.person LEFT JOIN accounts b ON b.id = c.made_by "
        "LEFT JOIN accounts s ON s.id = c.second ORDER BY c.id DESC LIMIT ?",
        LISTED,
    )


def homeless(db: Db) -> list[str]:
    """List the names of active accounts of people whose home nobody wrote down."""
    rows: list[Account] = db.all(
        "SELECT a.* FROM accounts a WHERE a.active = 1 AND a.paired_by = '' ORDER BY a.name"
    )
    return [one["name"] for one in rows if one["role"] not in roles.NEVER_NAMED and not known(one)]


def has_people(db: Db) -> bool:
    """Tell whether there is anybody: before set-up nobody could agree with anybody."""
    return bool(db.value("SELECT 1 FROM accounts LIMIT 1"))


def doubt(db: Db, wall_ms: int) -> None:
    """Doubt facts that come out of a copy: what was ended since opens no door, what waited is asked anew.

    Whoever asked then has not said it of today's facts, and one more was enough. And people are to look.
    """
    db.run("DELETE FROM technicians")
    db.run("UPDATE invitations SET ended_wall = ? WHERE used_wall IS NULL AND ended_wall IS NULL", wall_ms)
    db.run("UPDATE access_requests SET done_wall = ?, result = 'from_copy', body = '{}' "
           "WHERE done_wall IS NULL", wall_ms)  # fmt: skip
    db.set_setting(RESTORED, 1)


def checked(db: Db, now: Now, makers: Sequence[By], at: str = "") -> None:
    """Somebody has compared the agreed people and the exclusions with what holds today, after a restore."""
    if db.setting(RESTORED):
        db.run("DELETE FROM settings WHERE key = ?", RESTORED)
        audit.record(db, now.wall, makers[0]["login"], codes.ACCESS_CHECKED, "", "", at)


def trim(db: Db, now: Now) -> int:
    """Forget changes that no kept confidential incident, nor a press that may yet come, is older than.

    The record keeps its lines.
    """
    return db.run(
        "DELETE FROM access_changes WHERE at_ms < (SELECT min(opened_ms) FROM incidents "
        "WHERE confidential = 1 AND erased_wall IS NULL) AND at_ms < ?",
        now.ms - LATE_MS,
    )
