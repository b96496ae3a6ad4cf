"""Facts of accounts and people that decide who may know: each changes by its rule, in one place.

want() is what pages call: it applies the change, or leaves it waiting for a second person (access.py).
A body holds ids and plain values only, so that a change can wait in the database.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Home, House, Person, Row
from kentongan_hub.people import access, accounts, circles, residents, ways
from kentongan_hub.people.access import By
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


class Look(NamedTuple):
    """Verdict of a rule on a change."""

    subject: str | Said  # for people
    account: Account | None  # whose fact it is
    touched: set[House]  # that it concerns
    two: bool  # whether two people are needed
    first_time: bool  # whether it only adds what was never there
    ruled: bool  # False for what decides nobody's sight


Body = Row  # of a change: ids and plain values
Makers = Sequence[By]  # who asked, and who agreed where two are needed
Rule = Callable[[Db, Body, By], Look]
Deed = Callable[[Db, Now, Makers, Body, str], None]
PersonDeed = Callable[[Db, Now, By, Body, str], None]


def want(db: Db, now: Now, by: By, what: str, body: Body, at: str = "") -> bool:
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


def confirm(db: Db, now: Now, by: Account, number: int, at: str = "") -> None:
    """Take the second person's consent: the change is judged and made now, by what is true now."""
    row = access.request(db, number)
    look = _RULES[row["what"]](db, row["body"], row["first"])
    access.may_agree(db, by, row, look.account, look.touched)
    access.take(db, now, by, row, codes.SECOND_AGREED, at)
    _DEEDS[row["what"]](db, now, [row["first"], by], row["body"], at)


def refuse(db: Db, now: Now, by: Account, number: int, at: str = "") -> None:
    row = access.request(db, number)
    if by["id"] != row["made_by"]:
        access.may(db, by, None, row["touched"])
    access.take(db, now, by, row, codes.SECOND_REFUSED, at)


def _account(db: Db, number: int) -> Account:
    row = db.one("SELECT * FROM accounts WHERE id = ?", number, of=Account)
    if row is None:
        raise LocalError(_("Akun itu tidak ada. Pilih orang dari daftar."))
    return row


def _person(db: Db, number: int) -> Person:
    row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", number, of=Person)
    if row is None:
        raise LocalError(_("Orang itu tidak ada di daftar."))
    return row


def _account_of(db: Db, person: Person) -> Account | None:
    return _account(db, person["account"]) if person["account"] else None


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


def _becomes(old: str | Said, new: str | Said) -> Said:
    return Said(codes.BECOMES, old=old, new=new)


def _written(
    db: Db, now: Now, makers: Makers, what: str, account: Account, old: str, new: str, at: str
) -> None:
    """Write the record's line and the row for machines; whoever changed enters again, as is true now."""
    access.note(db, now, _ids(makers), what, old, new, account=account["id"])
    detail = _becomes(*(STATES.get(one, one) for one in (old, new))) if old != new else new
    audit.record(db, now.wall, makers[0]["login"], ON_RECORD[what], account["login"], detail, at)
    if account["id"] != makers[0]["id"]:
        accounts.end_sessions(db, account["id"])


def _ids(makers: Makers) -> list[int | None]:
    return [one["id"] for one in makers]


# rules: (db, body, by) -> Look


def _of_home(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    new = access.check_home(body["zone"], body["house"], body["outside"])
    touched = access.homes_of(db, account) | ({new[:2]} if new[1] else set())
    two = access.agreed_once(account)
    return Look(account["login"], account, touched, two, not access.known(account), True)


def _of_naming(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    if account["role"] in roles.NEVER_NAMED:
        raise LocalError(_("Layar pos tidak boleh melihat kejadian rahasia."))
    if not account["active"]:
        raise LocalError(_("Akun itu dimatikan; hidupkan dulu."))
    if not access.known(account):
        raise LocalError(_("Catat dulu rumahnya di halaman Akses, atau bahwa ia tinggal di luar RT: tanpa "
                           "itu pusat data tidak tahu kejadian rumah mana yang bukan untuknya."))  # fmt: skip
    return Look(account["login"], account, access.homes_of(db, account), True, True, True)


def _of_leaving(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    return Look(account["login"], account, access.homes_of(db, account), True, False, True)


def _of_switching(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    two = access.is_near(db, account)
    if not two and account["id"] == by["id"]:
        raise LocalError(_("Akun sendiri tidak bisa dimatikan. Minta admin lain."))
    return Look(account["login"], account, access.homes_of(db, account), two, False, two)


def _of_switching_on(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    if account["active"]:  # its sessions would end: whoever asks again and again kept it out
        raise LocalError(_("Akun itu hidup. Muat ulang halaman."))
    return Look(account["login"], account, set(), False, True, False)


def _of_exclusion(db: Db, body: Body, by: By) -> Look:
    account = _account(db, body["account"])
    touched = {(body["zone"], body["house"])} | access.homes_of(db, account)
    return Look(account["login"], account, touched, False, False, True)


def _of_link(db: Db, body: Body, by: By) -> Look:
    person = _person(db, body["person"])
    new = _account(db, body["account"]) if body["account"] else None
    old = _account_of(db, person)
    touched = access.house_of(person) | access.homes_of(db, new) | access.homes_of(db, old)
    two = any(access.agreed_once(one) for one in (new, old)) or access.sensitive(db, person)
    own = next((one for one in (old, new) if one and one["id"] == by["id"]), None)
    first_time = not old and not (new and access.known(new))
    return Look(residents.subject_of(person["id"]), own or new or old, touched, two, first_time, True)


def _of_person(first_time: bool) -> Rule:
    def rule(db: Db, body: Body, by: By) -> Look:
        person = _person(db, body["person"])
        two = access.sensitive(db, person)
        account = access.account_of(db, person) if two else None
        touched = access.house_of(person) | access.homes_of(db, account)
        return Look(residents.subject_of(person["id"]), account, touched, two, first_time, two)

    return rule


def _of_withdrawal(db: Db, body: Body, by: By) -> Look:
    """It ends a home of the account too, agreed or not: of that the household says nothing by itself."""
    look, person = _of_person(False)(db, body, by), _person(db, body["person"])
    account = _account_of(db, person)
    if not account:
        return look
    touched = access.house_of(person) | access.homes_of(db, account)
    return look._replace(account=account, touched=touched, ruled=True)


def _of_address(db: Db, body: Body, by: By) -> Look:
    residents.check_address(db, body["channel"], body["address"], body["delay_s"])
    return _of_person(True)(db, body, by)


def _of_duties(db: Db, body: Body, by: By) -> Look:
    residents.check_duties(body["duties"])
    look = _of_person(False)(db, body, by)
    had = _duties(db, body["person"]) & set(access.DUTIES)
    gets = set(body["duties"]) & set(access.DUTIES)
    if had == gets:
        return look._replace(two=False, ruled=False)
    person = _person(db, body["person"])
    account = _account_of(db, person)
    touched = access.house_of(person) | access.homes_of(db, account)
    look = look._replace(account=account, touched=touched, first_time=had <= gets)
    return look._replace(two=True, ruled=True)


def _duties(db: Db, person: int) -> set[str]:
    return {row["duty"] for row in db.all("SELECT duty FROM duties WHERE person = ?", person)}


def _of_moving_out(db: Db, body: Body, by: By) -> Look:
    place = (body["zone"], body["house"])
    rows: list[Person] = db.all(
        "SELECT * FROM people WHERE zone = ? AND house = ? AND erased_wall IS NULL", *place
    )
    two = any(access.sensitive(db, row) for row in rows)
    return Look(residents.house_at(*place), None, {place}, two, False, True)


def _of_check(db: Db, body: Body, by: By) -> Look:
    """That all is well say two people of different houses, or the technician.

    Who gains by facts that came back is not in them: a home that was moved back names nobody.
    """
    if not db.setting(access.RESTORED):  # asked beforehand, it would be said of facts that nobody has seen
        raise LocalError(_("Tidak ada yang perlu diperiksa. Muat ulang halaman."))
    return Look(Said(codes.THE_HUB), None, set(), True, False, True)


# deeds: (db, now, makers, body, at)


def _set_home(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    account = _account(db, body["account"])
    new = access.check_home(body["zone"], body["house"], body["outside"])
    move(db, now, makers, account, new, at)


def move(db: Db, now: Now, makers: Makers, account: Account, new: Home, at: str) -> None:
    """Move the account there from now on: no earlier incident opens, those of the new house close."""
    if access.home(account) == new:
        return
    db.run("UPDATE accounts SET zone = ?, house = ?, outside = ? WHERE id = ?", *new, account["id"])
    detail = _becomes(access.home_said(account), access.home_said(access.lives(new)))
    places = [access.place(at) for at in (access.home(account), new)]
    access.note(db, now, _ids(makers), "rumah", *places, account=account["id"])
    audit.record(db, now.wall, makers[0]["login"], codes.HOME_CHANGED, account["login"], detail, at)
    if new[1]:
        where = "i.zone = ? AND i.house = ?"
        circles.shrink(db, now, account["id"], _ids(makers), where, new[0], new[1])


Mark = Literal["named_for_confidential", "stand_in"]  # of an account


def _mark(column: Mark, value: int, what: str) -> Deed:
    def deed(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
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


def _leave_circles(db: Db, now: Now, makers: Makers, account: Account) -> None:
    """Out of what one was let into as an agreed person; offices stay with their own incidents."""
    marks = ", ".join(str(kind) for kind in circles.OFFICES_ONLY)
    circles.shrink(db, now, account["id"], _ids(makers), f"i.kind NOT IN ({marks})")


def _leave_office(db: Db, now: Now, makers: Makers, account: Account | None) -> None:
    """Out of the incidents that only offices may know, once this account is linked to none of them."""
    for kind, duties in circles.OFFICES_ONLY.items():
        if account and account["id"] not in circles.holders(db, duties):
            circles.shrink(db, now, account["id"], _ids(makers), "i.kind = ?", kind)


def _switch_off(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    account = _account(db, body["account"])
    db.run(
        "UPDATE accounts SET active = 0, named_for_confidential = 0, stand_in = 0 WHERE id = ?", account["id"]
    )
    accounts.end_sessions(db, account["id"])
    for row in db.all("SELECT id FROM people WHERE account = ?", account["id"]):
        ways.drop_waiting(db, now, row["id"])
    marks = [word for word, on in ((access.AGREED, account["named_for_confidential"]),
                                   (access.STAND_IN, account["stand_in"])) if on]  # fmt: skip
    _written(db, now, makers, "matikan", account, " ".join(["hidup", *marks]), "mati", at)
    circles.shrink(db, now, account["id"], _ids(makers))


def _switch_on(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    account = _account(db, body["account"])
    db.run("UPDATE accounts SET active = 1 WHERE id = ?", account["id"])
    _written(db, now, makers, "hidupkan", account, "mati", "hidup", at)


def _exclude(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    account, place = _account(db, body["account"]), (body["zone"], body["house"])
    db.insert("exclusions", account=account["id"], zone=place[0], house=place[1],
              made_by=makers[0]["name"], made_wall=now.wall)  # fmt: skip
    access.note(db, now, _ids(makers), "kecualikan", "", f"{place[0]}/{place[1]}", account=account["id"])
    what = Said(codes.HOUSE, house=place[1])
    audit.record(db, now.wall, makers[0]["login"], codes.HOUSE_EXCLUDED, account["login"], what, at)
    circles.shrink(db, now, account["id"], _ids(makers), "i.zone = ? AND i.house = ?", *place)


def _include(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    """End the exclusion; its row stays, and an incident that was opened meanwhile stays closed."""
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


def _link(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    """Link a person to an account: it decides the person's calls, and the account's house."""
    person = _person(db, body["person"])
    new = _account(db, body["account"]) if body["account"] else None
    old = _account_of(db, person)
    db.run("UPDATE people SET account = ? WHERE id = ?", new["id"] if new else None, person["id"])
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


def _person_deed(fact: str, deed: PersonDeed) -> Deed:
    def apply(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
        person = _person(db, body["person"])
        ends_home = fact == "tarik" and person["account"]
        if ends_home or access.sensitive(db, person):
            old = access.place((person["zone"], person["house"], 0))
            access.note(db, now, _ids(makers), fact, old if fact == "tarik" else "", "",
                        account=person["account"], person=person["id"])  # fmt: skip
        account = _account_of(db, person)
        deed(db, now, makers[0], body, at)
        _leave_office(db, now, makers, account)

    return apply


def _set_duties(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    old = _duties(db, body["person"])
    if (old ^ set(body["duties"])) & set(access.DUTIES):
        words = [", ".join(sorted(some)) for some in (old, set(body["duties"]))]
        access.note(db, now, _ids(makers), "tugas", *words, person=body["person"])
    account = _account_of(db, _person(db, body["person"]))
    residents.set_duties(db, now, makers[0], body["person"], body["duties"], at)
    _leave_office(db, now, makers, account)


def _move_out(db: Db, now: Now, makers: Makers, body: Body, at: str) -> None:
    place = (body["zone"], body["house"])
    linked: list[Person] = db.all(
        "SELECT * FROM people WHERE zone = ? AND house = ? AND account IS NOT NULL AND erased_wall IS NULL",
        *place,
    )
    for row in linked:
        access.note(db, now, _ids(makers), "keluar", access.place((*place, 0)), "",
                    account=row["account"], person=row["id"])  # fmt: skip
    residents.move_out(db, now, makers[0], body["zone"], body["house"], body["reason"], at)
    for row in linked:  # its duties have ended
        _leave_office(db, now, makers, _account_of(db, row))


_RULES: dict[str, Rule] = {
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
_DEEDS: dict[str, Deed] = {
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
