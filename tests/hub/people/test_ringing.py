"""At which chimes a silent alarm rings: confirmed at home by somebody of its circle, before it was opened."""

import pytest
from kentongan_gateway.core.base.directory import Directory
from kentongan_hub.base import site as site_file
from kentongan_hub.base.clock import Now
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision import registration
from kentongan_hub.people import circles, ringing
from kentongan_hub.policies import gateway_calls
from kentongan_hub.upkeep import mending
from kentongan_wire.base.errors import LocalError
from kits.hub.access_kit import settle, silent

NOW = Now(1, 1)


@pytest.fixture
def village(site):
    return settle(site)


@pytest.fixture
def chime(village):
    """The helper's, in house 9, as a technician has just registered it."""
    return provision.add_device(village.data_dir, "penerima", "penerima-1", 5, 9)["node"]


def confirm(village, chime, login="penolong", action="benar"):
    return village.enter(login).post(f"/pengaturan/penerima/{chime}/{action}", page="/pengaturan")


def paged(village):
    """The chimes that the hub's newest page order names."""
    return [order for order in village.orders() if order["type"] == "page"][-1]["targets"]


def alone(village, chime):
    """Tell whether a gateway without the hub would page it for a silent alarm."""
    with village.hub.store.read() as db:
        return gateway_calls.chimes(db)[chime]["silent"]


def technician(village, label="penerima-1", replaces=None, account=None, **fields):
    """Register with a technician's token, then confirm that it works."""
    asked = {"role": "penerima", "label": label, "zone": 5, "house": 9, **fields}
    secret = site_file.load(village.data_dir)
    with village.hub.store.write() as db:
        now = Now(village.clock.now_ms, village.clock.now_ms)
        node = registration.register(db, now, secret, asked, "Teknisi", replaces, account)["node"]
        db.run("UPDATE devices SET heard_ms = ? WHERE node = ?", now.ms, node)
        registration.confirm(db, now, secret, node, "Teknisi")
    return node


# who registers a chime hears nothing by that alone


def test_a_chime_that_a_technician_registered_in_a_helpers_house_hears_no_silent_alarm(village, chime):
    silent(village)
    assert paged(village) == [] and not alone(village, chime)


def test_the_helper_confirms_it_in_his_own_account_and_it_hears_those_of_later(village, chime):
    page = village.enter("penolong").get("/pengaturan").text
    assert "penerima-1" in page and f"{chime:08x}" in page
    silent(village)
    village.clock.advance(1_000)
    assert confirm(village, chime).status_code == 303
    assert alone(village, chime)
    assert paged(village) == [], "the one that was opened before stays as it was"
    silent(village, 60)
    assert paged(village) == [chime]


@pytest.mark.parametrize("login", ["wakil", "bu_dewi", "admin"])
def test_nobody_else_confirms_it(village, chime, login):
    assert confirm(village, chime, login).status_code == 400
    village.account("serumah", "admin", house=9)
    assert confirm(village, chime, "serumah").status_code == 400, "lives there and is not agreed"
    silent(village)
    assert paged(village) == [] and not alone(village, chime)


def test_each_who_lives_there_confirms_for_himself(village, chime):
    """A person taken out of an incident does not bring it home by another's word, nor the other way."""
    village.account("kader", "wakil", named=True, house=9)
    confirm(village, chime, "kader")
    silent(village)
    assert paged(village) == [chime]
    with village.hub.store.write() as db:
        kader = db.value("SELECT id FROM accounts WHERE login = 'kader'")
        circles.end(db, Now(2, 2), kader, village.incidents()[0]["id"], "excluded")
        assert ringing.targets(db, village.incidents()[0]) == []


def test_it_is_taken_back_at_once_for_open_incidents_too(village, chime):
    confirm(village, chime)
    silent(village)
    assert confirm(village, chime, action="bukan").status_code == 303
    assert paged(village) == [] and not alone(village, chime)


# siblings: whatever makes it another device or puts it elsewhere asks anew


@pytest.mark.parametrize("change", [
    {},
    {"label": "penerima-9"},
    {"house": 9, "place": "dapur"},
], ids=["replaced", "relabelled", "put elsewhere"])  # fmt: skip
def test_a_replacement_is_confirmed_anew(village, chime, change):
    confirm(village, chime)
    new = technician(village, replaces=chime, **change)
    silent(village)
    assert paged(village) == [] and not alone(village, new)
    confirm(village, new)
    village.clock.advance(1_000)
    silent(village, 60)
    assert paged(village) == [new]


def test_a_chime_that_is_moved_between_two_helpers_houses_is_confirmed_by_the_second(village, chime):
    confirm(village, chime)
    village.account("kader", "wakil", named=True, house=20)
    new = technician(village, replaces=chime, house=20)
    silent(village)
    assert paged(village) == []
    assert confirm(village, new).status_code == 400, "it stands in his house no more"
    confirm(village, new, "kader")
    silent(village, 60)
    assert paged(village) == [new]


@pytest.mark.parametrize(
    "column, value", [("house", 12), ("zone", 6), ("label", "lain"), ("role", "penerus")]
)
def test_no_change_of_the_row_itself_keeps_what_was_confirmed(village, chime, column, value):
    """Any door may one day write it, an import among them."""
    village.account("kader", "wakil", named=True, house=12)
    confirm(village, chime)
    with village.hub.store.write() as db:
        db.run(f"UPDATE devices SET {column} = ? WHERE node = ?", value, chime)
    silent(village)
    assert paged(village) == []


def test_a_repeater_that_becomes_a_chime_is_confirmed_like_any_other(village):
    relay = technician(village, "penerus-9", role="penerus")
    with village.hub.store.write() as db:
        by = db.one("SELECT * FROM accounts WHERE login = 'penolong'")
        with pytest.raises(LocalError, match="tidak ada di rumah Anda"):
            ringing.confirm(db, NOW, by, relay)
    new = technician(village, "penerus-9", replaces=relay, role="penerima")
    silent(village)
    assert paged(village) == [] and not alone(village, new)


def test_many_devices_of_a_list_wait_like_one(village):
    many = [technician(village, f"penerima-{number}") for number in range(3)]
    silent(village)
    assert paged(village) == [] and not any(alone(village, one) for one in many)
    with village.hub.store.read() as db:
        assert [one["node"] for one in ringing.waiting(db)] == many


def test_a_house_that_becomes_a_helpers_brings_its_chime_nothing_until_he_confirms(village):
    chime = provision.add_device(village.data_dir, "penerima", "penerima-4", 5, 30)["node"]
    village.account("bidan", "petugas_ronda", named=True, house=30)
    silent(village)
    assert paged(village) == [] and not alone(village, chime)


def test_who_moves_away_leaves_no_chime_that_hears(village, chime):
    confirm(village, chime)
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET house = 31 WHERE login = 'penolong'")
    silent(village)
    assert paged(village) == [] and not alone(village, chime)


def test_a_registration_that_is_not_finished_is_nothing_to_confirm(village):
    secret = site_file.load(village.data_dir)
    with village.hub.store.write() as db:
        asked = {"role": "penerima", "label": "penerima-5", "zone": 5, "house": 9}
        node = registration.register(db, NOW, secret, asked, "Teknisi")["node"]
    assert confirm(village, node).status_code == 400


# what people see of it


def test_the_board_says_that_a_chime_waits_and_names_no_incident_no_house_and_nobody(village, chime):
    silent(village)
    for login in ("admin", "penolong"):
        board = village.enter(login).get("/papan").text
        line = next(one for one in board.splitlines() if "menunggu dibenarkan" in one)
        assert "1 penerima" in line
        assert not any(word in line for word in ("rahasia", "penerima-1", "Penolong", "rumah 9"))
    village.hub.dispatch.step()
    (warning,) = village.rows("SELECT * FROM warnings WHERE what = 'chimes_waiting'")
    assert warning["urgent"] == 0 and "rahasia-1" not in warning["detail"]
    confirm(village, chime)
    assert "menunggu dibenarkan" not in village.enter("admin").get("/papan").text
    village.clock.advance(10_000)
    village.hub.dispatch.step()
    assert village.rows("SELECT * FROM warnings WHERE what = 'chimes_waiting' AND closed_ms IS NULL") == []


def test_confirming_and_taking_back_are_in_the_record(village, chime):
    confirm(village, chime)
    confirm(village, chime, action="bukan")
    rows = village.rows("SELECT who, what, subject FROM audit WHERE what LIKE 'chime%' ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("penolong", "chime_confirmed", "penerima-1"),
        ("penolong", "chime_refused", "penerima-1"),
    ]
    facts = village.rows("SELECT old, new FROM access_changes WHERE fact = 'penerima'")
    assert facts == [{"old": "", "new": "penerima-1"}, {"old": "penerima-1", "new": ""}]


def test_what_was_confirmed_outlives_a_damaged_database(village, chime):
    confirm(village, chime)
    village.hub.dispatch.keep()
    mending.replace(village.data_dir, "uji")
    village.restart()
    assert alone(village, chime)


# whom an incident calls is decided by its own circle


def test_somebody_agreed_later_is_never_paged_for_an_earlier_incident(village, chime):
    """The order followed the directory of today: a page that went out again called who is agreed by now."""
    other = provision.add_device(village.data_dir, "penerima", "penerima-2", 5, 12)["node"]
    confirm(village, chime)
    silent(village)
    village.clock.advance(1_000)
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET named_for_confidential = 1, once_named = 1 WHERE login = 'bu_dewi'")
    confirm(village, other, "bu_dewi")
    assert paged(village) == [chime]
    assert alone(village, other), "from now on"
    silent(village, 60)
    assert sorted(paged(village)) == sorted([chime, other])


def test_somebody_taken_out_of_the_circle_is_not_paged_by_an_order_that_still_waits(village, chime):
    confirm(village, chime)
    silent(village)
    with village.hub.store.write() as db:
        circles.end(db, Now(2, 2), village.numbers["penolong"], village.incidents()[0]["id"], "excluded")
    assert paged(village) == []


def test_who_the_household_locked_out_for_later_is_still_paged_for_this_one(village, chime):
    """His mark is gone, his place in the circle is not: the gateway's directory says silent: false by now."""
    confirm(village, chime)
    silent(village)
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET named_for_confidential = 0 WHERE login = 'penolong'")
    assert not alone(village, chime) and paged(village) == [chime]


def test_the_pressers_own_chime_is_in_no_order(village):
    own = provision.add_device(village.data_dir, "penerima", "penerima-7", 5, 7)["node"]
    confirm(village, own, "pelaku")
    silent(village)
    assert paged(village) == []
    silent(village, 60, village.other)
    assert paged(village) == [own]


def test_chimes_of_the_alarms_own_rt_come_first_and_others_only_where_it_has_none(village, chime):
    village.account("jauh", "wakil", named=True, house=40)
    with village.hub.store.write() as db:
        db.run("UPDATE accounts SET zone = 6 WHERE login = 'jauh'")
    far = provision.add_device(village.data_dir, "penerima", "penerima-6", 6, 40)["node"]
    confirm(village, far, "jauh")
    silent(village)
    assert paged(village) == [far], "nobody of RT 5 has confirmed one"
    confirm(village, chime)
    village.clock.advance(1_000)
    silent(village, 60)
    assert paged(village) == [chime]


def test_a_loud_alarm_names_nobody_the_gateway_knows_all_chimes(village, chime):
    village.post_events(village.alarm(counter=70))
    village.clock.advance(121_000)
    village.hub.dispatch.step()
    order = [one for one in village.orders() if one["type"] == "page"][-1]
    assert "targets" not in order


def test_the_gateway_reads_what_was_confirmed_from_the_key_file_too(village, chime):
    made = Directory.from_dict(provision.gateway_file(village.data_dir))
    assert not made.get(chime).pages_silent
    confirm(village, chime)
    made = Directory.from_dict(provision.gateway_file(village.data_dir))
    assert made.get(chime).pages_silent
