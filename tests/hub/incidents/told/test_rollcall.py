"""'Saya aman': houses are marked by people and by nothing else; listed by RT, begun and ended."""

import pytest
from kentongan_hub.base.clock import Now
from kentongan_hub.incidents.told import rollcall
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m


def who(site, role="petugas_ronda", login="siti"):
    number = site.account(login, role)
    (row,) = site.rows("SELECT * FROM accounts WHERE id = ?", number)
    return row


def begun(site, by, zone=5, reason="banjir", incident=None):
    with site.hub.store.write() as db:
        return rollcall.begin(db, site.hub.now(), by, zone, reason, incident)


def mark(site, by, number, states, zone=5):
    with site.hub.store.write() as db:
        return rollcall.mark(db, site.hub.now(), by, rollcall.find(db, number), zone, states, "Pos Mawar")


def counts(site, number=1):
    with site.hub.store.read() as db:
        return rollcall.counts(db, rollcall.find(db, number))


def test_every_known_house_begins_as_not_heard_of(site):
    with site.hub.store.write() as db:
        db.insert("houses", zone=5, number=12)
        db.insert("people", name="Budi", zone=5, house=30, created_wall=0)
        db.insert("houses", zone=6, number=1)
    siti = who(site)
    begun(site, siti)
    with site.hub.store.read() as db:
        (area,) = rollcall.areas(db, rollcall.find(db, 1))
    assert [one["house"] for one in area["houses"]] == [7, 8, 12, 30], "of the register and of buttons"
    assert counts(site) == {"help": 0, "unknown": 4, "safe": 0}


def test_a_house_is_what_the_last_person_said(site):
    siti = who(site)
    number = begun(site, siti)
    mark(site, siti, number, {7: rollcall.SAFE, 8: rollcall.HELP})
    assert counts(site) == {"help": 1, "unknown": 0, "safe": 1}
    budi = who(site, login="budi")
    mark(site, budi, number, {7: rollcall.UNKNOWN, 8: rollcall.SAFE})
    assert counts(site) == {"help": 0, "unknown": 1, "safe": 1}
    with site.hub.store.read() as db:
        (area,) = rollcall.areas(db, rollcall.find(db, number))
    assert [(one["house"], one["state"], one["by"]) for one in area["houses"]] == [
        (7, "unknown", ""), (8, "safe", "Budi"),
    ]  # fmt: skip


def test_who_needs_help_stands_first_and_an_open_alarm_beside_its_house(site):
    siti = who(site)
    number = begun(site, siti)
    mark(site, siti, number, {8: rollcall.HELP})
    site.post_events(site.alarm())
    with site.hub.store.read() as db:
        (area,) = rollcall.areas(db, rollcall.find(db, number))
    assert [(one["house"], one["alarm"]) for one in area["houses"]] == [(8, ""), (7, "kejadian-1")]


def test_no_press_and_no_time_marks_a_house(site):
    begun(site, who(site))
    site.post_events(site.alarm(kind=m.KIND_UJI), site.alarm(counter=3, device=site.other, cancel=True))
    site.clock.advance(86_400_000)
    site.hub.dispatch.step()
    assert counts(site) == {"help": 0, "unknown": 2, "safe": 0}


def test_a_confidential_alarm_does_not_show_beside_its_house(site):
    siti = who(site)
    number = begun(site, siti)
    site.post_events(site.alarm(silent=True, kind=m.KIND_KEKERASAN))
    with site.hub.store.read() as db:
        (area,) = rollcall.areas(db, rollcall.find(db, number))
    assert {one["alarm"] for one in area["houses"]} == {""}


def test_one_runs_for_an_rt_at_a_time(site):
    siti = who(site)
    begun(site, siti)
    for zone in (5, 0):
        with pytest.raises(LocalError, match="sudah berjalan"):
            begun(site, siti, zone)
    assert begun(site, siti, 6) == 2


def test_it_begins_from_a_disaster_or_by_hand_and_from_no_theft(site):
    siti = who(site)
    site.post_events(site.alarm(kind=m.KIND_MALING), site.alarm(counter=3, device=site.other, kind=3))
    theft, flood = site.incidents()
    with pytest.raises(LocalError, match="bencana"):
        begun(site, siti, incident=theft)
    assert begun(site, siti, incident=flood) == 1
    assert site.rows("SELECT incident FROM rollcalls") == [{"incident": flood["id"]}]


@pytest.mark.parametrize("states", [{}, {99: "safe"}, {0: "safe"}, {7: "asleep"}])
def test_what_is_no_house_or_no_state_changes_nothing(site, states):
    siti = who(site)
    number = begun(site, siti)
    with pytest.raises(LocalError):
        mark(site, siti, number, states)
    assert site.rows("SELECT 1 FROM rollcall_marks") == []


def test_the_record_says_who_marked_which_houses(site):
    siti = who(site)
    number = begun(site, siti)
    mark(site, siti, number, {7: rollcall.SAFE, 8: rollcall.HELP})
    with site.hub.store.write() as db:
        rollcall.end(db, site.hub.now(), siti, rollcall.find(db, number))
    lines = site.lines("audit", "who = 'siti' ORDER BY id")
    assert [line["what"] for line in lines] == [
        "memulai absen aman", "rumah butuh bantuan", "rumah aman", "mengakhiri absen aman",
    ]  # fmt: skip
    assert "RT 05: 8" in lines[1]["detail"] and "dari layar Pos Mawar" in lines[1]["detail"]


def test_an_ended_one_takes_no_marks(site):
    siti = who(site)
    number = begun(site, siti)
    with site.hub.store.write() as db:
        rollcall.end(db, site.hub.now(), siti, rollcall.find(db, number))
    with pytest.raises(LocalError, match="diakhiri"):
        mark(site, siti, number, {7: rollcall.SAFE})


def test_it_ends_by_itself_after_three_days_and_is_forgotten_after_ninety(site):
    siti = who(site)
    number = begun(site, siti)
    mark(site, siti, number, {7: rollcall.HELP})
    site.clock.advance(rollcall.LONGEST_MS)
    site.hub.dispatch.step()
    assert site.rows("SELECT ended_by FROM rollcalls WHERE ended_wall IS NOT NULL") == [{"ended_by": ""}]
    with site.hub.store.write() as db:
        assert rollcall.expire(db, Now(site.clock.now_ms + rollcall.KEEP_MS, 0)) == 1
        assert db.value("SELECT count(*) FROM rollcall_marks") == 0
