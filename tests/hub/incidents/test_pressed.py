"""A silent press that arrives late: who may know is decided by the facts of the press."""

import pytest
from kentongan_hub.base.clock import Now
from kentongan_hub.devices import provision
from kentongan_hub.people import access, circles, ringing, standing
from kentongan_wire.message import messages as m
from kits.hub.access_kit import knows, person, settle

HOUR_MS = 3_600_000


@pytest.fixture
def village(site):
    """Settled for two days, and with a second officer of each side."""
    settle(site)
    site.account("istri", "wakil", house=7)
    site.clock.advance(48 * HOUR_MS)
    return site


def late(village, age_ms, counter=9, **fields):
    """Pressed `age_ms` ago, stored at the gateway, told only now."""
    village.post_events(
        village.alarm(counter=counter, kind=m.KIND_KEKERASAN, silent=True, age_ms=age_ms, **fields)
    )


def change(village, what, login, *makers, **body):
    """That these officers change it, as the page does."""
    with village.hub.store.write() as db:
        rows = [db.one("SELECT * FROM accounts WHERE login = ?", one) for one in makers]
        account = db.value("SELECT id FROM accounts WHERE login = ?", login)
        now = Now(village.clock.now_ms, village.clock.now_ms)
        standing._DEEDS[what](db, now, rows, {"account": account, **body}, "")


CHANGED = {  # what opened it to somebody, made by people of other houses
    "agreed": ("rahasia", "wakil", {}),
    "moved": ("rumah", "pelaku", {"zone": 5, "house": 30, "outside": 0}),
    "outside": ("rumah", "pelaku", {"zone": 0, "house": 0, "outside": 1}),
}


@pytest.mark.parametrize("name", CHANGED)
def test_nobody_whom_a_change_since_the_press_would_let_in_is_in_its_circle(village, name):
    what, login, body = CHANGED[name]
    village.clock.advance(HOUR_MS)
    change(village, what, login, "bu_dewi", "admin", **body)
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, login) and knows(village, "penolong")
    late(village, 30 * 60_000, counter=60)
    assert knows(village, login, 2), "of a press after the change he does know"


def test_an_exclusion_that_ended_since_the_press_still_holds_for_it(village):
    change(village, "kecualikan", "penolong", "bu_dewi", zone=5, house=7)
    village.clock.advance(HOUR_MS)
    change(village, "sertakan", "penolong", "bu_dewi", zone=5, house=7)
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, "penolong")
    late(village, 30 * 60_000, counter=60)
    assert knows(village, "penolong", 2)


def test_an_account_made_or_switched_on_since_the_press_is_not_in_its_circle(village):
    village.clock.advance(HOUR_MS)
    number = village.account("baru", "wakil", named=True, house=40)
    with village.hub.store.write() as db:
        access.made(db, Now(village.clock.now_ms, 0), None, number, (5, 40, 0))
        db.run("UPDATE accounts SET active = 0 WHERE login = 'penolong'")
    change(village, "hidupkan", "penolong", "bu_dewi")
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, "baru") and not knows(village, "penolong")


def test_a_home_in_the_register_that_was_given_up_since_the_press_still_bars(village):
    """He lived at house 7 by the register, and in house 9 by his account."""
    number = person(village, "Penolong", 7, "penolong")
    with village.hub.store.write() as db:
        db.insert("houses", zone=5, number=7)
    village.clock.advance(HOUR_MS)
    change(village, "keluar", "penolong", "bu_dewi", "admin", zone=5, house=7, reason="Pindah rumah")
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, "penolong")
    with village.hub.store.write() as db:
        db.run("UPDATE people SET house = 8 WHERE id = ?", number)
    change(village, "tarik", "penolong", "bu_dewi", "admin", person=number)
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000, counter=60, device=village.other)
    assert not knows(village, "penolong", 2), "nor is one who withdrew from the list of house 8"


def test_who_was_taken_out_since_by_people_of_other_houses_stays_out(village):
    village.clock.advance(HOUR_MS)
    change(village, "bukan-rahasia", "penolong", "bu_dewi", "admin")
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, "penolong")


@pytest.mark.parametrize("what, body", [
    ("bukan-rahasia", {}), ("kecualikan", {"zone": 5, "house": 7}),
    ("rumah", {"zone": 5, "house": 7, "outside": 0}),
])  # fmt: skip
def test_whom_only_the_household_locked_out_since_the_press_is_in_its_circle(village, what, body):
    """The household knows of the press before the hub does: the way to the hub was dead."""
    village.clock.advance(HOUR_MS)
    change(village, what, "penolong", "pelaku", "istri", **body)
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert knows(village, "penolong") and not knows(village, "pelaku")
    late(village, 30 * 60_000, counter=60)
    assert not knows(village, "penolong", 2), "it holds from then on"


def test_what_the_household_changed_and_others_changed_again_counts_as_the_others_left_it(village):
    village.clock.advance(HOUR_MS)
    change(village, "bukan-rahasia", "penolong", "pelaku", "istri")
    change(village, "rahasia", "penolong", "bu_dewi", "admin")
    change(village, "bukan-rahasia", "penolong", "bu_dewi", "admin")
    village.clock.advance(HOUR_MS)
    late(village, 90 * 60_000)
    assert not knows(village, "penolong")


def test_a_press_of_unknown_age_takes_the_narrower_of_both(village):
    """Its gateway lost the time in a power cut: what changed within the last day counts as later."""
    change(village, "rahasia", "wakil", "bu_dewi", "admin")
    village.clock.advance(23 * HOUR_MS)
    late(village, -1)
    assert not knows(village, "wakil") and knows(village, "penolong")
    village.clock.advance(2 * HOUR_MS)
    late(village, -1, counter=60)
    assert knows(village, "wakil", 2)


def test_what_the_hub_only_guesses_of_its_own_absence_makes_a_press_older(village):
    """It thinks that it was off for ten hours, and perhaps was for one: the press may be from before."""
    change(village, "rahasia", "wakil", "bu_dewi", "admin")
    with village.hub.store.write() as db:
        from_ms = village.clock.now_ms + HOUR_MS
        db.insert("absences", from_ms=from_ms, to_ms=from_ms + 10 * HOUR_MS, to_wall=0, sure=0)
    village.clock.advance(11 * HOUR_MS)
    late(village, 5 * HOUR_MS)
    assert not knows(village, "wakil")


def test_numbers_and_chimes_added_since_the_press_are_not_called_either(village):
    helper = person(village, "Penolong", 9, "penolong")
    chime = provision.add_device(village.data_dir, "penerima", "penerima-1", 5, 9)["node"]
    village.clock.advance(HOUR_MS)
    with village.hub.store.write() as db:
        now = Now(village.clock.now_ms, 0)
        db.insert("addresses", person=helper, channel="sms", address="08123456789", created_ms=now.ms)
        ringing.confirm(db, now, db.one("SELECT * FROM accounts WHERE login = 'penolong'"), chime)
    for counter, age_ms in ((9, 2 * HOUR_MS), (60, -1)):
        late(village, age_ms, counter=counter)
    assert village.rows("SELECT * FROM outbox WHERE channel = 'sms'") == []
    assert [order["targets"] for order in village.orders() if order["type"] == "page"] == [[], []]
    late(village, 0, counter=90)
    assert len(village.rows("SELECT * FROM outbox WHERE channel = 'sms'")) == 1
    assert [order["targets"] for order in village.orders() if order["type"] == "page"][-1] == [chime]


def test_the_look_at_how_it_was_changes_nothing(village):
    village.clock.advance(HOUR_MS)
    change(village, "rahasia", "wakil", "bu_dewi", "admin")
    change(village, "kecualikan", "penolong", "bu_dewi", zone=5, house=8)
    tables = ("accounts", "exclusions", "people")
    before = [village.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]
    late(village, 2 * HOUR_MS)
    assert before == [village.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]


def test_every_fact_that_lets_somebody_in_can_be_undone():
    from kentongan_hub.incidents import pressed

    # a number has its own time, an office hears of reports only, and who looked at the facts changes none
    quiet = {"alamat", "hapus-alamat", "tugas", "diperiksa"}
    assert set(standing.WHAT) - quiet <= set(pressed._UNDO)


def test_changes_are_kept_for_as_long_as_a_press_may_still_come(village):
    change(village, "rahasia", "wakil", "bu_dewi", "admin")
    late(village, 0)
    with village.hub.store.write() as db:
        db.run("UPDATE incidents SET opened_ms = ?", village.clock.now_ms + 80 * 24 * HOUR_MS)
        rows = db.value("SELECT count(*) FROM access_changes")
        access.trim(db, Now(village.clock.now_ms + 69 * 24 * HOUR_MS, 0))
        assert db.value("SELECT count(*) FROM access_changes") == rows
        access.trim(db, Now(village.clock.now_ms + 71 * 24 * HOUR_MS, 0))
        assert db.value("SELECT count(*) FROM access_changes") == 0
        assert circles.members(db, db.one("SELECT * FROM incidents"))


def test_a_press_of_unknown_age_that_another_gateway_can_date_reaches_whom_it_would_have_reached(village):
    village.clock.advance(30 * HOUR_MS)
    change(village, "rahasia", "wakil", "bu_dewi", "admin")
    change(village, "bukan-rahasia", "penolong", "bu_dewi", "admin")
    village.clock.advance(HOUR_MS)
    late(village, -1, digest="aa")
    assert not knows(village, "wakil"), "agreed within the last day"
    late(village, 60_000, digest="aa")
    assert knows(village, "wakil") and not knows(village, "penolong")
    assert village.incidents()[0]["opened_ms"] == village.clock.now_ms - 60_000
    late(village, 2 * HOUR_MS, digest="aa")
    assert village.incidents()[0]["opened_ms"] == village.clock.now_ms - 60_000, "the first that knew"


def test_who_was_taken_out_is_not_let_in_by_a_date(village):
    late(village, -1, digest="aa")
    assert knows(village, "penolong")
    change(village, "bukan-rahasia", "penolong", "bu_dewi", "admin")
    change(village, "rahasia", "penolong", "bu_dewi", "admin")
    late(village, 0, digest="aa")
    assert not knows(village, "penolong")
