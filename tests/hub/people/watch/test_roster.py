"""The roster: by the site's own days and hours, leave, and turns that somebody else has agreed to."""

import pytest
from kentongan_hub.base.clock import local_date_time, local_parts, wall_of
from kentongan_hub.people.watch import roster
from kentongan_wire.base.errors import LocalError
from kits.hub.hub_kit import with_pin

DAY_MS = 86_400_000


@pytest.fixture
def squad(site):
    """Siti and Budi each night from 22.00, Ani each fourth from 06.00; (site, {login: id}, day)."""
    people = {login: with_pin(site, login) for login in ("siti", "budi", "ani", "dewi")}
    day = f"{local_parts(site.clock.now_ms + DAY_MS, 'WIB'):%Y-%m-%d}"
    with site.hub.store.write() as db:
        now, by = site.hub.now(), officer(db)
        night = roster.set_squad(db, now, by, None, 5, "Malam", [people["siti"], people["budi"]])
        morning = roster.set_squad(db, now, by, None, 5, "Pagi", [people["ani"]])
        roster.add_shift(db, now, by, night, day, "22.00", "03.30", 1)
        roster.add_shift(db, now, by, morning, day, "06:00", "12.00", 4)
    return site, people, day


def officer(db, login="admin"):
    return db.one("SELECT * FROM accounts WHERE login = ?", login)


def duties(site, shift, day):
    with site.hub.store.read() as db:
        found = roster.duties(db, shift, day)
        return [
            (roster.name_of(db, one.account), one.state, roster.name_of(db, one.instead_of)) for one in found
        ]


@pytest.mark.parametrize("zone, hour", [("WIB", 7), ("WITA", 8), ("WIT", 9)])
def test_turns_come_by_the_sites_own_calendar_and_run_over_midnight(squad, zone, hour):
    site, _people, day = squad
    with site.hub.store.write() as db:
        db.set_setting("time_zone", zone)
        begin = wall_of(day, "00.00", zone)
        found = roster.turns(db, begin, begin + 5 * DAY_MS)
    nights = [one for one in found if one.name == "Malam"]
    assert len(nights) == 5 and len([one for one in found if one.name == "Pagi"]) == 2
    assert local_date_time(nights[0].begin_wall, zone)[11:] == f"22.00 {zone}"
    assert nights[0].end_wall - nights[0].begin_wall == 330 * 60_000
    assert nights[0].begin_wall == begin + 22 * 3_600_000
    inside = nights[0].end_wall - 1
    with site.hub.store.read() as db:
        assert [one.day for one in roster.turns(db, inside, inside + 1)] == [day]
        assert roster.turns(db, begin - DAY_MS, begin) == []


def test_leave_is_ones_own_before_the_turn_and_an_officers_afterwards(squad):
    site, people, day = squad
    siti = site.enter("siti")
    form = {"giliran": "1", "hari": day, "sebab": "sakit"}
    assert (
        siti.post("/ronda/jadwal/izin", page="/ronda/jadwal", orang=str(people["budi"]), **form).status_code
        == 400
    )
    assert (
        siti.post("/ronda/jadwal/izin", page="/ronda/jadwal", orang=str(people["siti"]), **form).status_code
        == 303
    )
    assert ("Siti", "izin", "") in duties(site, 1, day)
    site.clock.advance(2 * DAY_MS)
    form["orang"] = str(people["budi"])
    assert site.enter("budi").post("/ronda/jadwal/izin", page="/ronda/jadwal", **form).status_code == 400
    assert site.enter("admin").post("/ronda/jadwal/izin", page="/ronda/jadwal", **form).status_code == 303
    assert [row["what"] for row in site.lines("audit", "what = 'watch_excused'")] == ["izin ronda"] * 2


def ask(person, people, day, account, stand_in):
    form = {"giliran": "1", "hari": day, "orang": str(people[account]), "dengan": stand_in}
    return person.post("/ronda/jadwal/ganti", page="/ronda/jadwal", **form)


def test_nobody_stands_in_who_has_not_agreed(squad):
    site, people, day = squad
    siti, dewi = site.enter("siti"), site.enter("dewi")
    assert ask(siti, people, day, "siti", str(people["dewi"])).status_code == 303
    assert "menunggu jawaban Dewi" in siti.get("/ronda/jadwal").text
    assert ("Siti", "due", "") in duties(site, 1, day)
    assert (
        site.enter("budi").post("/ronda/jadwal/ganti/1", page="/ronda/jadwal", jawab="ya").status_code == 400
    )
    assert "Siti meminta Anda menggantikan" in dewi.get("/ronda/jadwal").text
    assert dewi.post("/ronda/jadwal/ganti/1", page="/ronda/jadwal", jawab="ya").status_code == 303
    assert ("Siti", "ganti", "") in duties(site, 1, day) and ("Dewi", "due", "Siti") in duties(site, 1, day)


def test_who_refuses_is_on_no_turn_and_may_be_asked_again(squad):
    site, people, day = squad
    siti, dewi = site.enter("siti"), site.enter("dewi")
    for number in (1, 2):
        ask(siti, people, day, "siti", str(people["dewi"]))
        dewi.post(f"/ronda/jadwal/ganti/{number}", page="/ronda/jadwal", jawab="tidak")
    assert ("Siti", "due", "") in duties(site, 1, day) and "Dewi" not in str(duties(site, 1, day))


def test_an_exchange_moves_both_turns_at_once(squad):
    site, people, day = squad
    siti, ani = site.enter("siti"), site.enter("ani")
    assert ask(siti, people, day, "siti", f"{people['ani']} 2 {day}").status_code == 303
    assert "sebagai gantinya" in ani.get("/ronda/jadwal").text
    assert ani.post("/ronda/jadwal/ganti/1", page="/ronda/jadwal", jawab="ya").status_code == 303
    assert ("Ani", "due", "Siti") in duties(site, 1, day) and ("Siti", "due", "Ani") in duties(site, 2, day)


@pytest.mark.parametrize("odd", ["", "x", "999", "1 2", "1 2 3 4", "{budi}", "{siti}", "{dewi} 2 {day}"])
def test_an_exchange_that_cannot_be_is_refused_and_changes_nothing(squad, odd):
    site, people, day = squad
    chosen = odd.format(day=day, **people)
    assert ask(site.enter("siti"), people, day, "siti", chosen).status_code == 400
    assert site.rows("SELECT 1 FROM watch_changes") == []


def test_an_officer_writes_an_exchange_down_and_stands_on_the_record(squad):
    site, people, day = squad
    assert ask(site.enter("admin"), people, day, "siti", str(people["dewi"])).status_code == 303
    assert ("Dewi", "due", "Siti") in duties(site, 1, day)
    assert [row["who"] for row in site.lines("audit", "what = 'watch_swap_agreed'")] == ["admin"]


SHIFT = {"regu": "1", "dari": "2026-12-20", "jam": "22.00", "sampai": "03.30", "tiap": "7"}


@pytest.mark.parametrize("name, odd", [
    ("regu", "99"), ("dari", "besok"), ("dari", "2036-01-01"), ("jam", "25.00"), ("sampai", ""),
    ("sampai", "22.10"), ("tiap", "0"), ("tiap", "61"), ("tiap", "x"),
])  # fmt: skip
def test_a_shift_that_cannot_be_read_is_refused_with_what_to_write(squad, name, odd):
    site, *_ = squad
    form, admin = {**SHIFT, "dari": squad[2], name: odd}, site.enter("admin")
    answer = admin.post("/ronda/jadwal/giliran", page="/ronda/jadwal", **form)
    assert answer.status_code == 400 and 'class="masalah"' in answer.text
    assert len(site.rows("SELECT 1 FROM watch_shifts")) == 2


@pytest.mark.parametrize("form", [
    {"nama": ""}, {"nama": "x" * 200}, {"anggota": "999"}, {"anggota": ""}, {"rt": "0"}, {"nama": "Malam"},
])  # fmt: skip
def test_a_squad_that_cannot_be_is_refused(squad, form):
    site, people, _day = squad
    body = {"rt": "5", "nama": "Baru", "anggota": str(people["dewi"]), **form}
    answer = site.enter("admin").post("/ronda/jadwal/regu", page="/ronda/jadwal", **body)
    assert answer.status_code == 400 and len(site.rows("SELECT 1 FROM watch_squads")) == 2


def test_a_squad_that_is_disbanded_has_no_turns_and_keeps_its_name_in_the_past(squad):
    site, _people, day = squad
    admin = site.enter("admin")
    assert admin.post("/ronda/jadwal/regu/1/hapus", page="/ronda/jadwal").status_code == 303
    assert admin.post("/ronda/jadwal/giliran/2/hapus", page="/ronda/jadwal").status_code == 303
    assert admin.post("/ronda/jadwal/giliran/2/hapus", page="/ronda/jadwal").status_code == 400
    assert "Belum ada giliran." in admin.get("/ronda/jadwal").text
    with site.hub.store.read() as db, pytest.raises(LocalError):
        roster.find(db, 1, day)


def test_a_damaged_first_day_takes_no_page_away(squad):
    site, *_ = squad
    with site.hub.store.write() as db:
        db.run("UPDATE watch_shifts SET first_day = 'rusak' WHERE id = 1")
    admin = site.enter("admin")
    assert admin.get("/ronda/jadwal").status_code == 200 and admin.get("/papan").status_code == 200
