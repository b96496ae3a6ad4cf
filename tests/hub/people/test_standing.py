"""Any changes by anybody in any order: the household sees nothing and locks nobody out."""

import json
import random

import pytest
from kentongan_hub.base import words
from kentongan_hub.devices.provision import registration as provision_register
from kentongan_hub.incidents.told import reports
from kentongan_hub.people import access, circles, invitations, standing
from kentongan_wire.base.errors import LocalError
from kits.hub.access_kit import fact, person, settle, silent


@pytest.fixture
def village(site):
    return settle(site)


DECIDING = ("house", "zone", "outside", "named_for_confidential", "stand_in", "active")


def facts(site):
    columns = ", ".join(DECIDING)
    out = {row["id"]: row for row in site.rows(f"SELECT id, {columns} FROM accounts")}
    live = site.rows("SELECT account, zone, house FROM exclusions WHERE ended_wall IS NULL")
    links = site.rows("SELECT id, account, house FROM people")
    called = site.rows("SELECT person, duty FROM duties") + site.rows("SELECT person, address FROM addresses")
    return json.dumps([out, *(sorted(map(str, rows)) for rows in (live, links, called))], sort_keys=True)


def own_facts(site, login):
    """Return the facts that decide what this account may see, but for whether it is in use."""
    mine = "SELECT id, house, zone, outside, named_for_confidential, stand_in FROM accounts WHERE login = ?"
    (row,) = site.rows(mine, login)
    live = "SELECT zone, house FROM exclusions WHERE ended_wall IS NULL AND account = ?"
    links = "SELECT id, house FROM people WHERE account = ?"
    return row, site.rows(live, row["id"]), site.rows(links, row["id"])


def deeds(rng, accounts_, people, asked):
    """One random form of what decides sight; `asked`: what waits for a second person."""
    account, one = rng.choice(accounts_), rng.choice(people)
    house = str(rng.choice((7, 7, 8, 9, 11, 12)))
    return rng.choice(
        (
            (f"/akses/{account}/rumah", {"rt": "5", "rumah": house}),
            (f"/akses/{account}/rumah", {"luar": "1"}),
            (f"/warga/{one}/akun", {"akun": str(rng.choice((0, account)))}),
            (f"/akun/{account}/{rng.choice(('rahasia', 'pengganti'))}", {}),
            (f"/akun/{account}/{rng.choice(('bukan-rahasia', 'bukan-pengganti'))}", {}),
            (f"/akun/{account}/{rng.choice(('matikan', 'hidupkan'))}", {}),
            (f"/akun/{account}/kecualikan", {"rt": "5", "rumah": house}),
            (f"/akun/{account}/sertakan", {"nomor": str(rng.randrange(1, 9))}),
            (f"/warga/{one}/tugas", {"tugas": rng.choice(("ppa", "ronda"))}),
            (f"/warga/{one}/alamat", {"kanal": "sms", "alamat": f"0812345{rng.randrange(1000, 9999)}"}),
            *((f"/akses/menunggu/{number}/benarkan", {}) for number in asked),
        )
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_changes_lets_the_household_see_or_lock_out_a_helper(village, seed):
    """Random changes by everybody; after each: sight never grows, every change has its line, the household's
    own changes shrink nothing of its house."""
    rng = random.Random(seed)
    village.account("suami", "admin", house=7)
    village.account("admin2", "admin", house=13)
    logins = ("pelaku", "suami", "wakil", "bu_dewi", "admin2", "admin")
    everybody = [row["id"] for row in village.rows("SELECT id FROM accounts")]
    people = [person(village, f"Warga {number}", number) for number in (7, 9, 11)]
    silent(village), silent(village, 50, village.other)
    browsers = {login: village.enter(login) for login in logins}
    household = {village.numbers["pelaku"], everybody[-2]}
    circle = {(row["incident"], row["account"]) for row in village.rows("SELECT * FROM circles")}
    assert not household & {account for incident, account in circle if incident == 1}
    made = 0
    for _ in range(80):
        village.clock.advance(1_000)
        login = rng.choice(logins)
        if browsers[login].get("/papan").status_code != 200:  # changed, or switched off, by others
            if not fact(village, login, "active"):
                continue
            browsers[login] = village.enter(login)
        before, lines = facts(village), len(village.rows("SELECT id FROM audit"))
        own = own_facts(village, login)
        asked = [row["id"] for row in village.rows("SELECT id FROM access_requests WHERE done_wall IS NULL")]
        path, form = deeds(rng, everybody, people, asked)
        answer = browsers[login].post(path, page="/papan", **form)
        assert answer.status_code < 500, (seed, login, path, form)
        assert own_facts(village, login) == own, (seed, login, path, form, "of himself, by his own word")
        now = {
            (row["incident"], row["account"])
            for row in village.rows("SELECT * FROM circles WHERE ended_wall IS NULL")
        }
        assert now <= circle, (seed, login, path, form)
        lost = {pair for pair in circle - now if pair[0] == 1}
        if login in ("pelaku", "suami") and "menunggu" not in path:
            assert not lost, (seed, login, path, form)
        circle = now
        if facts(village) != before:
            made += 1
            assert len(village.rows("SELECT id FROM audit")) > lines, (seed, login, path, form)
    assert made >= 5, "the sequence changed something"
    silent(village, 90)
    last = "SELECT c.account FROM circles c JOIN accounts a ON a.id = c.account WHERE c.incident = 3 "
    assert village.rows(last + "AND (a.house = 7 OR a.house = 0 AND a.outside = 0)") == []
    assert not household & {account for incident, account in circle if incident == 1}


def at_home_in_two(site, login, role, account_house=9, register_house=7):
    """An account whose own home is one house, and whom the register has in another."""
    number = site.account(login, role, house=account_house)
    with site.hub.store.write() as db:
        db.insert("people", name=login.title(), zone=5, house=register_house, account=number, created_wall=0)
        return db.one("SELECT * FROM accounts WHERE id = ?", number)


@pytest.mark.parametrize("houses", [(9, 7), (7, 9)], ids=["by the register", "by the account"])
def test_ones_own_house_is_one_at_every_door(site, houses):
    """Muting, revoking, replacing, a change of access, the second person to it, and locking a helper out."""
    suami = at_home_in_two(site, "suami", "admin", *houses)
    site.account("ketua", "ketua_rt", house=11)
    browser = site.enter("suami")
    page = "/perangkat/tombol-07"
    assert browser.post(f"{page}/bisukan", page=page, jam="24", alasan="x").status_code == 400
    assert browser.post(f"{page}/cabut", page=page, alasan="hilang").status_code == 400
    assert not site.rows("SELECT 1 FROM devices WHERE label = 'tombol-07' AND (revoked OR muted_until_ms)")
    site.post_events(site.alarm(counter=4321, kind=8, silent=True))
    with site.hub.store.read() as db:
        button = db.one("SELECT * FROM devices WHERE label = 'tombol-07'")
        incident = db.one("SELECT * FROM incidents WHERE confidential = 1")
        ketua = db.one("SELECT * FROM accounts WHERE login = 'ketua'")
        with pytest.raises(LocalError, match="own house"):
            provision_register.not_own_house(db, suami["id"], button)
        with pytest.raises(LocalError, match="rumah Anda sendiri"):
            access.may(db, suami, None, {(5, 7)})
        assert "suami" not in [one["login"] for one in access.seconds(db, ketua, None, {(5, 7)})]
        assert circles.interested(db, suami["id"], incident)
        assert circles.barred(db, suami, circles.places(db, incident))


# every deed that standing.py knows: about oneself, and about somebody of one's own house
BODIES = {
    "rumah": {"zone": 5, "house": 20, "outside": 0},
    **dict.fromkeys(("rahasia", "bukan-rahasia", "pengganti", "bukan-pengganti", "matikan"), {}),
    **dict.fromkeys(("kecualikan", "sertakan"), {"zone": 5, "house": 7}),
    "alamat": {"channel": "sms", "address": "08123456789", "delay_s": 0},
    "hapus-alamat": {"number": 1},
    "tugas": {"duties": ["ppa"]},
    "tarik": {},
    "akun": {},
    "keluar": {"zone": 5, "house": 7, "reason": "pindah"},
}
NO_SIGHT = ("hidupkan", "diperiksa")  # an account that is off; about nobody: tests of their own
AGREED_ONLY = ("alamat", "hapus-alamat", "matikan")  # decide the sight of nobody else


def household(site, agreed):
    """Two of house 7: an admin whose own home is house 9 and whom the register has there, and another."""
    suami = at_home_in_two(site, "suami", "admin")
    ibu = at_home_in_two(site, "ibu", "wakil", 7)
    site.account("ketua", "ketua_rt", house=11)
    site.account("dewi", "wakil", house=12)
    site.account("bidan", "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        db.insert("houses", zone=5, number=7, place="")
        db.run("UPDATE accounts SET once_named = ? WHERE login IN ('suami', 'ibu')", int(agreed))
        return {"suami": suami["id"], "ibu": ibu["id"]}


def asks(site, login, what, body):
    with site.hub.store.write() as db:
        by = db.one("SELECT * FROM accounts WHERE login = ?", login)
        return standing.want(db, site.hub.now(), by, what, body)


def test_every_deed_is_looked_at_for_oneself_and_the_own_house():
    assert sorted((*BODIES, *NO_SIGHT)) == sorted(standing.WHAT)


@pytest.mark.parametrize("agreed", [False, True], ids=["never-agreed", "agreed-once"])
@pytest.mark.parametrize("whose", ["suami", "ibu"], ids=["oneself", "the-own-house"])
@pytest.mark.parametrize("what", BODIES)
def test_nobody_does_it_about_himself_or_his_own_house(site, what, whose, agreed):
    if not agreed and what in AGREED_ONLY:
        pytest.skip("decides nobody's sight")
    numbers = household(site, agreed)
    silent(site)
    with site.hub.store.write() as db:
        row = db.value("SELECT id FROM people WHERE account = ?", numbers[whose])
    body = {"account": numbers[whose], "person": row, **BODIES[what]}
    if what == "akun":
        body["account"] = 0
    before = facts(site)
    with pytest.raises(LocalError, match="Anda sendiri"):
        asks(site, "suami", what, body)
    assert facts(site) == before and not site.rows("SELECT 1 FROM access_requests")


def suami_is(site, number):
    with site.hub.store.read() as db:
        account = db.one("SELECT * FROM accounts WHERE id = ?", number)
        incident = db.one("SELECT * FROM incidents WHERE confidential = 1")
        return circles.interested(db, number, incident), circles.members(db, incident), account["login"]


@pytest.mark.parametrize("what", ["tarik", "keluar", "akun"])
def test_whose_home_others_ended_since_the_press_still_locks_no_helper_out(site, what):
    """An admin of the house by the register alone; an officer of another house takes him off it."""
    suami = household(site, False)["suami"]
    (bidan,) = site.rows("SELECT id FROM accounts WHERE login = 'bidan'")
    (row,) = site.rows("SELECT id FROM people WHERE account = ?", suami)
    silent(site)
    site.clock.advance(1_000)
    asks(site, "ketua", what, {"person": row["id"], **BODIES[what], "account": 0})
    noted = site.rows("SELECT fact FROM access_changes WHERE account = ?", suami)
    assert [one["fact"] for one in noted] == [what]
    assert suami_is(site, suami)[:2] == (True, [bidan["id"]])
    assert asks(site, "suami", "kecualikan", {"account": bidan["id"], "zone": 5, "house": 7})
    assert suami_is(site, suami)[1] == [bidan["id"]], "for later incidents, not for this one"


def test_an_account_switched_on_since_the_press_locks_no_helper_out(site):
    household(site, False)
    sekutu = site.account("sekutu", "admin", house=30)
    (bidan,) = site.rows("SELECT id FROM accounts WHERE login = 'bidan'")
    asks(site, "ketua", "matikan", {"account": sekutu})
    site.clock.advance(1_000)
    silent(site)
    site.clock.advance(1_000)
    asks(site, "suami", "hidupkan", {"account": sekutu})
    asks(site, "sekutu", "kecualikan", {"account": bidan["id"], "zone": 5, "house": 7})
    assert suami_is(site, sekutu)[:2] == (True, [bidan["id"]])


def test_the_holder_of_a_called_office_is_switched_off_by_two_and_recovered_at_the_machine_only(site):
    household(site, False)
    rw = site.account("rw", "ketua_rw", house=40)
    with site.hub.store.write() as db:
        person = db.insert("people", name="Pak RW", zone=5, house=40, account=rw, created_wall=0)
        db.insert("duties", person=person, duty="ketua_rw")
    assert asks(site, "suami", "matikan", {"account": rw}) is False
    assert fact(site, "rw", "active") == 1
    with site.hub.store.write() as db, pytest.raises(LocalError, match="di mesin pusat data"):
        account = db.one("SELECT * FROM accounts WHERE id = ?", rw)
        invitations.recover(db, site.hub.now(), "suami", account)


def test_who_moves_out_with_his_house_leaves_the_circle_of_his_office(site):
    household(site, False)
    rw = site.account("rw", "ketua_rw", house=40)
    with site.hub.store.write() as db:
        person = db.insert("people", name="Pak RW", zone=5, house=40, account=rw, created_wall=0)
        db.insert("duties", person=person, duty="ketua_rw")
        db.insert("houses", zone=5, number=40, place="")
        admin = db.one("SELECT * FROM accounts WHERE login = 'ketua'")
        reports.take(db, site.hub.now(), admin, words.KONFLIK, 5, 31, "", "ribut")
    assert suami_is(site, rw)[1] == [rw]
    asks(site, "ketua", "keluar", {"zone": 5, "house": 40, "reason": "pindah"})
    with site.hub.store.write() as db:
        dewi = db.one("SELECT * FROM accounts WHERE login = 'dewi'")
        standing.confirm(db, site.hub.now(), dewi, 1)
    assert suami_is(site, rw)[1] == []
