"""Helpers of tests of confidential incidents: a silent alarm, people of the register, who knows what."""

from kentongan_hub.incidents import confidential
from kentongan_wire.message import messages as m

SLUG = "/kejadian/rahasia-1"


def silent(site, counter=9, device=None):
    site.post_events(site.alarm(counter=counter, kind=m.KIND_KEKERASAN, silent=True, device=device))


def person(site, name, house, login=None):
    """A person of the register, linked to this account; the person's number."""
    with site.hub.store.write() as db:
        account = login and db.value("SELECT id FROM accounts WHERE login = ?", login)
        return db.insert("people", name=name, zone=5, house=house, account=account, created_wall=0)


def knows(site, login, number=1):
    with site.hub.store.read() as db:
        account = db.one("SELECT * FROM accounts WHERE login = ?", login)
        incident = db.one("SELECT * FROM incidents WHERE slug = ?", f"rahasia-{number}")
        return confidential.may_see(db, account, incident)


def waiting(site):
    return [row["what"] for row in site.rows("SELECT what FROM access_requests WHERE done_wall IS NULL")]


def fact(site, login, name):
    return site.rows(f"SELECT {name} AS v FROM accounts WHERE login = ?", login)[0]["v"]


def settle(site):
    """An officer of house 7 who is agreed, a helper of house 9, two officers of other houses."""
    numbers = {
        "pelaku": site.account("pelaku", "ketua_rt", named=True, house=7),
        "penolong": site.account("penolong", "petugas_ronda", named=True, house=9),
        "wakil": site.account("wakil", "wakil", house=11),
        "bu_dewi": site.account("bu_dewi", "ketua_rt", house=12),
    }
    site.numbers = numbers
    return site
