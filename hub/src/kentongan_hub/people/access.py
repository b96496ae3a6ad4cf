"""The only door to facts that decide who may know of confidential incidents; each change has two sides.

Nobody changes such a fact about himself, about his own household or about his own house. A change that
touches an agreed person waits for a second officer from another house. Every change is a line of the record
(who, what, before, after) and a row of `access_changes`; circles.py says what it does to open incidents.
"""

import json

from kentongan_wire.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said, either
from kentongan_hub.base.speech import code_words
from kentongan_hub.people import circles
from kentongan_hub.record import audit

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


def home(account):
    return (account["zone"], account["house"], account["outside"])


def known(account):
    """Tell whether somebody wrote down where this account lives, 'outside' included."""
    return bool(account["house"] or account["outside"])


def home_said(account):
    if account["outside"]:
        return Said(codes.OUTSIDE_RT)
    if not account["house"]:
        return Said(codes.HOME_UNKNOWN)
    return Said(codes.HOUSE_OF_RT, zone=f"{account['zone']:02d}", house=account["house"])


def home_words(account):
    return code_words.say(home_said(account))


def check_home(zone, house, outside):
    """Return a home as columns; LocalError when it is neither a house nor 'outside', or both."""
    if outside:
        if house:
            raise LocalError(_("rumah: tulis RT dan nomornya, atau pilih tinggal di luar RT; jangan "
                               "keduanya"))  # fmt: skip
        return OUTSIDE
    if not 1 <= zone <= 255 or not 1 <= house <= 0xFFFF:
        raise LocalError(_("rumah: tulis RT 1 sampai 255 dan nomor rumah, atau pilih tinggal di luar RT"))
    return (zone, house, 0)


def officers(db):
    """Accounts that may be a second person: they keep the register, and where they live is known."""
    rows = db.all(f"SELECT a.* FROM accounts a WHERE a.active = 1 AND {circles.KNOWN_HOME} ORDER BY a.id")
    return [row for row in rows if roles.allows(row["role"], roles.REGISTER)]


def may(db, by, account=None, touched=()):
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
    if circles.homes(db, by) & set(touched):
        raise LocalError(OWN_HOUSE)


def seconds(db, by, account=None, touched=()):
    """Officers who could be the second person to a change that `by` asks for."""
    theirs = circles.homes(db, by)
    return [
        one
        for one in officers(db)
        if one["id"] != by["id"]
        and (account is None or one["id"] != account["id"])
        and not circles.homes(db, one) & (set(touched) | theirs)
    ]


def agreed_once(account):
    """Tell whether this account is or ever was near confidential incidents: then two people are needed."""
    marks = ("once_named", "named_for_confidential", "stand_in")
    return bool(account) and any(account[mark] for mark in marks)


def is_near(db, account):
    """Tell whether this account is or was near confidential incidents, or holds an office called for them."""
    return agreed_once(account) or account["id"] in circles.holders(db, DUTIES)


def agreed_now(account):
    """Tell whether silent alarms may call this account: agreed, or a stand-in."""
    return bool(account["named_for_confidential"] or account["stand_in"])


def sensitive(db, person):
    """Return the account of a person of the register, when it is an agreed one or a called office; else None.

    An empty dict stands for an office without an account.
    """
    account = person["account"] and db.one("SELECT * FROM accounts WHERE id = ?", person["account"])
    if agreed_once(account):
        return account
    marks = ", ".join(f"'{duty}'" for duty in DUTIES)
    office = db.value(f"SELECT 1 FROM duties WHERE person = ? AND duty IN ({marks})", person["id"])
    return (account or {}) if office else None


def place(at_home):
    """Return a home for a row of access_changes: '5/7', '0/0' where nobody knows, 'luar' outside."""
    return "luar" if at_home[2] else f"{at_home[0]}/{at_home[1]}"


def place_of(text):
    """Return the home that place() wrote."""
    if text == "luar":
        return OUTSIDE
    zone, _, house = text.partition("/")
    return (int(zone), int(house), 0)


def house_of(row):
    return {(row["zone"], row["house"])} if row and row["house"] else set()


def homes_of(db, account):
    return circles.homes(db, account) if account else set()


def note(db, now, makers, fact, old, new, *, account=None, person=None):
    """The row that machines read; the record's line is written beside it."""
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


def made(db, now, by, account, at_home):
    """Note a new account's home, as whoever made or invited it wrote it down."""
    note(db, now, [by], "akun baru", "", place(at_home), account=account)


def ask(db, now, by, what, subject, body, account, touched, first_time, at=""):
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
        account=account and account["id"],
        touched=json.dumps(sorted(touched)),
        made_by=by["id"],
        made_wall=now.wall,
    )
    audit.record(db, now.wall, by["login"], codes.SECOND_WAITED, subject, Said(codes.FACT, fact=what), at)
    return False


def waiting(db):
    """Changes that wait for a second person, with the name of who asked."""
    return db.all(
        "SELECT r.*, a.name AS asked_by FROM access_requests r JOIN accounts a ON a.id = r.made_by "
        "WHERE r.done_wall IS NULL ORDER BY r.id"
    )


def request(db, number):
    """Return the waiting request, with who asked (`first`), its `body`, and the houses it touched then."""
    row = db.one("SELECT * FROM access_requests WHERE id = ? AND done_wall IS NULL", number)
    if row is None:
        raise LocalError(_("Permintaan itu tidak ada lagi. Muat ulang halaman."))
    first = db.one("SELECT * FROM accounts WHERE id = ?", row["made_by"])
    touched = {tuple(place) for place in json.loads(row["touched"])}
    return {**row, "first": first, "body": json.loads(row["body"]), "touched": touched}


def may_agree(db, by, row, account, touched):
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


def take(db, now, by, row, result, at=""):
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


def history(db):
    """Return the latest changes with names, newest first."""
    return db.all(
        "SELECT c.*, coalesce(a.name, p.name) AS whose, coalesce(b.name, 'teknisi') AS made_name, "
        "s.name AS second_name FROM access_changes c LEFT JOIN accounts a ON a.id = c.account "
        "LEFT JOIN people p ON p.id = c.person LEFT JOIN accounts b ON b.id = c.made_by "
        "LEFT JOIN accounts s ON s.id = c.second ORDER BY c.id DESC LIMIT ?",
        LISTED,
    )


def homeless(db):
    """List the names of active accounts of people whose home nobody wrote down."""
    rows = db.all("SELECT a.* FROM accounts a WHERE a.active = 1 AND a.paired_by = '' ORDER BY a.name")
    return [one["name"] for one in rows if one["role"] not in roles.NEVER_NAMED and not known(one)]


def has_people(db):
    """Tell whether there is anybody: before set-up nobody could agree with anybody."""
    return bool(db.value("SELECT 1 FROM accounts LIMIT 1"))


def doubt(db, wall_ms):
    """The facts come out of a copy: what was ended since opens no door, what waited is asked anew.

    Whoever asked then has not said it of today's facts, and one more was enough. And people are to look.
    """
    db.run("DELETE FROM technicians")
    db.run("UPDATE invitations SET ended_wall = ? WHERE used_wall IS NULL AND ended_wall IS NULL", wall_ms)
    db.run("UPDATE access_requests SET done_wall = ?, result = 'from_copy', body = '{}' "
           "WHERE done_wall IS NULL", wall_ms)  # fmt: skip
    db.set_setting(RESTORED, 1)


def checked(db, now, makers, at=""):
    """Somebody has compared the agreed people and the exclusions with what holds today, after a restore."""
    if db.setting(RESTORED):
        db.run("DELETE FROM settings WHERE key = ?", RESTORED)
        audit.record(db, now.wall, makers[0]["login"], codes.ACCESS_CHECKED, "", "", at)


def trim(db, now):
    """Forget changes that no kept confidential incident, nor a press that may yet come, is older than.

    The record keeps its lines.
    """
    return db.run(
        "DELETE FROM access_changes WHERE at_ms < (SELECT min(opened_ms) FROM incidents "
        "WHERE confidential = 1 AND erased_wall IS NULL) AND at_ms < ?",
        now.ms - LATE_MS,
    )
