"""Facts of accounts and people that decide who may know: each changes by its rule, in one place.

want() is what pages call: it applies the change, or leaves it waiting for a second person (access.py).
A body holds ids and plain values only, so that a change can wait in the database.
"""

from collections import namedtuple

from kentongan_wire.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.people import access, accounts, circles, residents
from kentongan_hub.record import audit

# subject for people, account whose fact it is, {(zone, house)} that it concerns, whether two people are
# needed, whether it only adds what was never there; ruled: False for what decides nobody's sight
Look = namedtuple("Look", "subject account touched two first_time ruled")


def want(db, now, by, what, body, at=""):
    """Return True when the change was made, False when it waits for a second person; LocalError."""
    look = _RULES[what](db, body, by)
    if look.two:
        if not access.ask(
            db, now, by, what, look.subject, body, look.account, look.touched, look.first_time, at
        ):
            return False  # and nobody is logged out meanwhile: asking again and again would keep a helper out
    elif look.ruled:
        access.may(db, by, look.account, look.touched)
    _DEEDS[what](db, now, [by], body, at)
    return True


def confirm(db, now, by, number, at=""):
    """The second person agrees: the change is judged and made now, by what is true now."""
    row = access.request(db, number)
    look = _RULES[row["what"]](db, row["body"], row["first"])
    access.may_agree(db, by, row, look.account, look.touched)
    access.take(db, now, by, row, codes.SECOND_AGREED, at)
    _DEEDS[row["what"]](db, now, [row["first"], by], row["body"], at)


def refuse(db, now, by, number, at=""):
    row = access.request(db, number)
    if by["id"] != row["made_by"]:
        access.may(db, by, None, row["touched"])
    access.take(db, now, by, row, codes.SECOND_REFUSED, at)


def _account(db, number):
    row = db.one("SELECT * FROM accounts WHERE id = ?", number)
    if row is None:
        raise LocalError(_("Akun itu tidak ada. Pilih orang dari daftar."))
    return row


def _person(db, number):
    row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", number)
    if row is None:
        raise LocalError(_("Orang itu tidak ada di daftar."))
    return row


# facts whose change is one line of the record, and the marks in it that have a word
ON_RECORD = {
    "rahasia": codes.NAMED,
    "bukan-rahasia": codes.NOT_NAMED,
    "pengganti": codes.STAND_IN_MADE,
    "bukan-pengganti": codes.STAND_IN_ENDED,
    "matikan": codes.ACCOUNT_OFF,
    "hidupkan": codes.ACCOUNT_ON,
}
STATES = {"ya": Said(codes.YES), "tidak": Said(codes.NO), "hidup": Said(codes.ON), "mati": Said(codes.OFF)}


def _becomes(old, new):
    return Said(codes.BECOMES, old=old, new=new)


def _written(db, now, makers, what, account, old, new, at):
    """The record's line and the row for machines; whoever changed enters again with what is true now."""
    access.note(db, now, _ids(makers), what, old, new, account=account["id"])
    detail = _becomes(*(STATES.get(one, one) for one in (old, new))) if old != new else new
    audit.record(db, now.wall, makers[0]["login"], ON_RECORD[what], account["login"], detail, at)
    if account["id"] != makers[0]["id"]:
        accounts.end_sessions(db, account["id"])


def _ids(makers):
    return [one["id"] for one in makers]


# rules: (db, body, by) -> Look


def _of_home(db, body, by):
    account = _account(db, body["account"])
    new = access.check_home(body["zone"], body["house"], body["outside"])
    touched = access.homes_of(db, account) | ({new[:2]} if new[1] else set())
    two = access.agreed_once(account)
    return Look(account["login"], account, touched, two, not access.known(account), True)


def _of_naming(db, body, by):
    account = _account(db, body["account"])
    if account["role"] in roles.NEVER_NAMED:
        raise LocalError(_("Layar pos tidak boleh melihat kejadian rahasia."))
    if not account["active"]:
        raise LocalError(_("Akun itu dimatikan; hidupkan dulu."))
    if not access.known(account):
        raise LocalError(_("Catat dulu rumahnya di halaman Akses, atau bahwa ia tinggal di luar RT: tanpa "
                           "itu pusat data tidak tahu kejadian rumah mana yang bukan untuknya."))  # fmt: skip
    return Look(account["login"], account, access.homes_of(db, account), True, True, True)


def _of_leaving(db, body, by):
    account = _account(db, body["account"])
    return Look(account["login"], account, access.homes_of(db, account), True, False, True)


def _of_switching(db, body, by):
    account = _account(db, body["account"])
    two = access.is_near(db, account)
    if not two and account["id"] == by["id"]:
        raise LocalError(_("Akun sendiri tidak bisa dimatikan. Minta admin lain."))
    return Look(account["login"], account, access.homes_of(db, account), two, False, two)


def _of_switching_on(db, body, by):
    account = _account(db, body["account"])
    if account["active"]:  # its sessions would end: whoever asks again and again kept it out
        raise LocalError(_("Akun itu hidup. Muat ulang halaman."))
    return Look(account["login"], account, set(), False, True, False)


def _of_exclusion(db, body, by):
    account = _account(db, body["account"])
    touched = {(body["zone"], body["house"])} | access.homes_of(db, account)
    return Look(account["login"], account, touched, False, False, True)


def _of_link(db, body, by):
    person = _person(db, body["person"])
    new = _account(db, body["account"]) if body["account"] else None
    old = person["account"] and _account(db, person["account"])
    touched = access.house_of(person) | access.homes_of(db, new) | access.homes_of(db, old)
    two = any(access.agreed_once(one) for one in (new, old)) or access.sensitive(db, person) is not None
    own = next((one for one in (old, new) if one and one["id"] == by["id"]), None)
    first_time = not old and not (new and access.known(new))
    return Look(residents.subject_of(person["id"]), own or new or old, touched, two, first_time, True)


def _of_person(first_time):
    def rule(db, body, by):
        person = _person(db, body["person"])
        account = access.sensitive(db, person)
        touched = access.house_of(person) | access.homes_of(db, account)
        two = account is not None
        return Look(residents.subject_of(person["id"]), account or None, touched, two, first_time, two)

    return rule


def _of_withdrawal(db, body, by):
    """It ends a home of the account too, agreed or not: of that the household says nothing by itself."""
    look, person = _of_person(False)(db, body, by), _person(db, body["person"])
    account = person["account"] and _account(db, person["account"])
    if not account:
        return look
    touched = access.house_of(person) | access.homes_of(db, account)
    return look._replace(account=account, touched=touched, ruled=True)


def _of_address(db, body, by):
    residents.check_address(db, body["channel"], body["address"], body["delay_s"])
    return _of_person(True)(db, body, by)


def _of_duties(db, body, by):
    residents.check_duties(body["duties"])
    look = _of_person(False)(db, body, by)
    had = _duties(db, body["person"]) & set(access.DUTIES)
    gets = set(body["duties"]) & set(access.DUTIES)
    if had == gets:
        return look._replace(two=False, ruled=False)
    person = _person(db, body["person"])
    account = person["account"] and _account(db, person["account"])
    touched = access.house_of(person) | access.homes_of(db, account)
    look = look._replace(account=account or None, touched=touched, first_time=had <= gets)
    return look._replace(two=True, ruled=True)


def _duties(db, person):
    return {row["duty"] for row in db.all("SELECT duty FROM duties WHERE person = ?", person)}


def _of_moving_out(db, body, by):
    place = (body["zone"], body["house"])
    rows = db.all("SELECT * FROM people WHERE zone = ? AND house = ? AND erased_wall IS NULL", *place)
    two = any(access.sensitive(db, row) is not None for row in rows)
    return Look(residents.house_at(*place), None, {place}, two, False, True)


def _of_check(db, body, by):
    """That all is well say two people of different houses, or the technician.

    Who gains by facts that came back is not in them: a home that was moved back names nobody.
    """
    if not db.setting(access.RESTORED):  # asked beforehand, it would be said of facts that nobody has seen
        raise LocalError(_("Tidak ada yang perlu diperiksa. Muat ulang halaman."))
    return Look(Said(codes.THE_HUB), None, set(), True, False, True)


# deeds: (db, now, makers, body, at)


def _set_home(db, now, makers, body, at):
    account = _account(db, body["account"])
    new = access.check_home(body["zone"], body["house"], body["outside"])
    move(db, now, makers, account, new, at)


def move(db, now, makers, account, new, at):
    """The account lives there from now on: no earlier incident opens, those of the new house close."""
    if access.home(account) == new:
        return
    db.run("UPDATE accounts SET zone = ?, house = ?, outside = ? WHERE id = ?", *new, account["id"])
    now_row = dict(zip(("zone", "house", "outside"), new, strict=True))
    detail = _becomes(access.home_said(account), access.home_said(now_row))
    places = [access.place(at) for at in (access.home(account), new)]
    access.note(db, now, _ids(makers), "rumah", *places, account=account["id"])
    audit.record(db, now.wall, makers[0]["login"], codes.HOME_CHANGED, account["login"], detail, at)
    if new[1]:
        where = "i.zone = ? AND i.house = ?"
        circles.shrink(db, now, account["id"], _ids(makers), where, new[0], new[1])


def _mark(column, value, what):
    def deed(db, now, makers, body, at):
        account = _account(db, body["account"])
        once = ", once_named = 1" if value else ""
        db.run(f"UPDATE accounts SET {column} = ?{once} WHERE id = ?", value, account["id"])
        _written(db, now, makers, what, account, "ya" if account[column] else "tidak",
                 "ya" if value else "tidak", at)  # fmt: skip
        if value:  # a link into it that waits was made when it opened less
            db.run("UPDATE invitations SET ended_wall = ? WHERE account = ? AND used_wall IS NULL "
                   "AND ended_wall IS NULL", now.wall, account["id"])  # fmt: skip
        else:
            _leave_circles(db, now, makers, account)

    return deed


def _leave_circles(db, now, makers, account):
    """Out of what one was let into as an agreed person; offices stay with their own incidents."""
    marks = ", ".join(str(kind) for kind in circles.OFFICES_ONLY)
    circles.shrink(db, now, account["id"], _ids(makers), f"i.kind NOT IN ({marks})")


def _leave_office(db, now, makers, account):
    """Out of the incidents that only offices may know, once this account is linked to none of them."""
    for kind, duties in circles.OFFICES_ONLY.items():
        if account and account["id"] not in circles.holders(db, duties):
            circles.shrink(db, now, account["id"], _ids(makers), "i.kind = ?", kind)


def _switch_off(db, now, makers, body, at):
    account = _account(db, body["account"])
    db.run(
        "UPDATE accounts SET active = 0, named_for_confidential = 0, stand_in = 0 WHERE id = ?", account["id"]
    )
    accounts.end_sessions(db, account["id"])
    marks = [word for word, on in ((access.AGREED, account["named_for_confidential"]),
                                   (access.STAND_IN, account["stand_in"])) if on]  # fmt: skip
    _written(db, now, makers, "matikan", account, " ".join(["hidup", *marks]), "mati", at)
    circles.shrink(db, now, account["id"], _ids(makers))


def _switch_on(db, now, makers, body, at):
    account = _account(db, body["account"])
    db.run("UPDATE accounts SET active = 1 WHERE id = ?", account["id"])
    _written(db, now, makers, "hidupkan", account, "mati", "hidup", at)


def _exclude(db, now, makers, body, at):
    account, place = _account(db, body["account"]), (body["zone"], body["house"])
    db.insert("exclusions", account=account["id"], zone=place[0], house=place[1],
              made_by=makers[0]["name"], made_wall=now.wall)  # fmt: skip
    access.note(db, now, _ids(makers), "kecualikan", "", f"{place[0]}/{place[1]}", account=account["id"])
    what = Said(codes.HOUSE, house=place[1])
    audit.record(db, now.wall, makers[0]["login"], codes.HOUSE_EXCLUDED, account["login"], what, at)
    circles.shrink(db, now, account["id"], _ids(makers), "i.zone = ? AND i.house = ?", *place)


def _include(db, now, makers, body, at):
    """The exclusion ends and its row stays; an incident that was opened meanwhile stays closed."""
    account, place = _account(db, body["account"]), (body["zone"], body["house"])
    db.run(
        "UPDATE exclusions SET ended_wall = ?, ended_by = ? WHERE account = ? AND zone = ? AND house = ? "
        "AND incident IS NULL AND ended_wall IS NULL",
        now.wall,
        makers[0]["name"],
        account["id"],
        *place,
    )
    access.note(db, now, _ids(makers), "sertakan", f"{place[0]}/{place[1]}", "", account=account["id"])
    what = Said(codes.HOUSE, house=place[1])
    audit.record(db, now.wall, makers[0]["login"], codes.HOUSE_INCLUDED, account["login"], what, at)


def _link(db, now, makers, body, at):
    """Link a person to an account: it decides the person's calls, and the account's house."""
    person = _person(db, body["person"])
    new = _account(db, body["account"]) if body["account"] else None
    old = person["account"] and _account(db, person["account"])
    db.run("UPDATE people SET account = ? WHERE id = ?", new and new["id"], person["id"])
    _leave_office(db, now, makers, old)
    logins = [one["login"] if one else "tanpa akun" for one in (old, new)]  # read by machines
    for one in filter(None, (old, new) if old != new else ()):  # each has another home by it
        access.note(db, now, _ids(makers), "akun", *logins, account=one["id"], person=person["id"])
    subject = residents.subject_of(person["id"])
    nobody = Said(codes.WITHOUT_ACCOUNT)
    detail = _becomes(*(one["login"] if one else nobody for one in (old, new)))
    audit.record(db, now.wall, makers[0]["login"], codes.ACCOUNT_LINKED, subject, detail, at)
    if new and person["house"]:
        move(db, now, makers, new, (person["zone"], person["house"], 0), at)


def _person_deed(fact, deed):
    def apply(db, now, makers, body, at):
        person = _person(db, body["person"])
        ends_home = fact == "tarik" and person["account"]
        if ends_home or access.sensitive(db, person) is not None:
            old = access.place((person["zone"], person["house"], 0))
            access.note(db, now, _ids(makers), fact, old if fact == "tarik" else "", "",
                        account=person["account"], person=person["id"])  # fmt: skip
        account = person["account"] and _account(db, person["account"])
        deed(db, now, makers[0], body, at)
        _leave_office(db, now, makers, account)

    return apply


def _set_duties(db, now, makers, body, at):
    old = _duties(db, body["person"])
    if (old ^ set(body["duties"])) & set(access.DUTIES):
        words = [", ".join(sorted(some)) for some in (old, set(body["duties"]))]
        access.note(db, now, _ids(makers), "tugas", *words, person=body["person"])
    account = _person(db, body["person"])["account"]
    residents.set_duties(db, now, makers[0], body["person"], body["duties"], at)
    _leave_office(db, now, makers, account and _account(db, account))


def _move_out(db, now, makers, body, at):
    place = (body["zone"], body["house"])
    linked = db.all(
        "SELECT * FROM people WHERE zone = ? AND house = ? AND account IS NOT NULL AND erased_wall IS NULL",
        *place,
    )
    for row in linked:
        access.note(db, now, _ids(makers), "keluar", access.place((*place, 0)), "",
                    account=row["account"], person=row["id"])  # fmt: skip
    residents.move_out(db, now, makers[0], body["zone"], body["house"], body["reason"], at)
    for row in linked:  # its duties have ended
        _leave_office(db, now, makers, _account(db, row["account"]))


_RULES = {
    "rumah": _of_home,
    "rahasia": _of_naming,
    "bukan-rahasia": _of_leaving,
    "pengganti": _of_naming,
    "bukan-pengganti": _of_leaving,
    "matikan": _of_switching,
    "hidupkan": _of_switching_on,
    "kecualikan": _of_exclusion,
    "sertakan": _of_exclusion,
    "akun": _of_link,
    "alamat": _of_address,
    "hapus-alamat": _of_person(False),
    "tarik": _of_withdrawal,
    "tugas": _of_duties,
    "keluar": _of_moving_out,
    "diperiksa": _of_check,
}
_DEEDS = {
    "rumah": _set_home,
    "rahasia": _mark("named_for_confidential", 1, "rahasia"),
    "bukan-rahasia": _mark("named_for_confidential", 0, "bukan-rahasia"),
    "pengganti": _mark("stand_in", 1, "pengganti"),
    "bukan-pengganti": _mark("stand_in", 0, "bukan-pengganti"),
    "matikan": _switch_off,
    "hidupkan": _switch_on,
    "kecualikan": _exclude,
    "sertakan": _include,
    "akun": _link,
    "alamat": _person_deed(
        "alamat",
        lambda db, now, by, body, at: residents.add_address(
            db, now, by, body["person"], body["channel"], body["address"], body["delay_s"], at
        ),
    ),
    "hapus-alamat": _person_deed(
        "hapus-alamat",
        lambda db, now, by, body, at: residents.drop_address(db, now, by, body["person"], body["number"], at),
    ),
    "tarik": _person_deed(
        "tarik", lambda db, now, by, body, at: residents.withdraw(db, now, by, body["person"], at)
    ),
    "tugas": _set_duties,
    "keluar": _move_out,
    "diperiksa": lambda db, now, makers, body, at: access.checked(db, now, makers, at),
}
WHAT = tuple(_RULES)
