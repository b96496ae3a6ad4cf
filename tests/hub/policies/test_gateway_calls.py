"""Calls of a gateway while the hub is silent: it is told when, and whom for what."""

import json

import pytest
from kentongan_gateway.core.base.directory import Directory
from kentongan_hub.base import clock
from kentongan_hub.devices import provision
from kentongan_hub.people import ringing
from kentongan_hub.policies import gateway_calls, policy, policy_store
from kentongan_wire.message import messages as m


@pytest.fixture(name="chime")
def _chime(site):
    return provision.add_device(site.data_dir, "penerima", "penerima-1", 5, 12)["node"]


def directories(site):
    return [o for o in site.orders() if o["type"] == "directory"]


def look(site):
    """The dispatch's next look at what needs care."""
    site.clock.advance(10_000)
    site.hub.dispatch.step()


def name(site, login, zone, house):
    """An agreed person with an account who lives there."""
    number = site.account(login, "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET zone = ?, house = ? WHERE id = ?", zone, house, number)
    return number


def confirm(site, login, chime):
    """This person has found the chime at home."""
    with site.hub.store.write() as db:
        ringing.confirm(db, site.hub.now(), db.one("SELECT * FROM accounts WHERE login = ?", login), chime)


def told(site, chime):
    with site.hub.store.read() as db:
        return gateway_calls.chimes(db)[chime]


def test_the_key_file_and_the_order_carry_the_policy_as_the_gateway_reads_it(site, chime):
    made = Directory.from_dict(provision.gateway_file(site.data_dir))
    kinds = (m.KIND_MALING, m.KIND_MEDIS, m.KIND_KEKERASAN)
    assert [made.page_after_s(5, kind) for kind in kinds] == [120, 0, 0]
    assert directories(site)[-1]["paging"]["5"][str(m.KIND_KEBAKARAN)] == 120


def test_a_chime_rings_for_a_silent_alarm_only_where_an_agreed_person_lives_and_confirmed_it(site, chime):
    assert told(site, chime) == {"silent": False, "conflicts": []}
    name(site, "bidan", 5, 12)
    assert not told(site, chime)["silent"], "nobody has found it at home yet"
    confirm(site, "bidan", chime)
    assert told(site, chime)["silent"]
    made = Directory.from_dict(provision.gateway_file(site.data_dir))
    assert made.get(chime).pages_silent
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET active = 0 WHERE login = 'bidan'")
    assert not told(site, chime)["silent"]


def test_a_person_of_the_register_counts_with_the_house_written_there(site, chime):
    number = site.account("kader", "petugas_ronda", named=True)
    with site.hub.store.write() as db:
        db.insert("people", name="Bu Kader", zone=5, house=12, account=number, created_wall=0)
    confirm(site, "kader", chime)
    assert told(site, chime)["silent"]


def test_the_chime_of_an_excluded_person_is_in_conflict_with_that_house(site, chime):
    number = name(site, "paman", 5, 12)
    confirm(site, "paman", chime)
    with site.hub.store.write() as db:
        db.insert("exclusions", account=number, zone=5, house=7, made_by="Bu Admin", made_wall=0)
    assert told(site, chime) == {"silent": True, "conflicts": [site.button]}


def test_gateways_learn_within_seconds_of_a_new_policy_and_of_newly_agreed_people(site, chime):
    look(site)
    before = len(directories(site))
    look(site)
    assert len(directories(site)) == before, "nothing has changed"
    name(site, "bidan", 5, 12)
    confirm(site, "bidan", chime)
    look(site)
    (entry,) = [d for d in directories(site)[-1]["devices"] if d["node"] == chime]
    assert entry["silent"] is True
    body = json.loads(json.dumps(policy.default(m.KIND_MALING)))
    body["langkah"][1]["kepada"].remove("penerima")
    with site.hub.store.write() as db:
        admin = db.one("SELECT * FROM accounts LIMIT 1")
        policy_store.save(db, clock.Now(0, 0), admin, 5, m.KIND_MALING, body)
    look(site)
    last = directories(site)[-1]
    assert last["paging"]["5"][str(m.KIND_MALING)] is None
    assert Directory.from_dict(last).page_after_s(5, m.KIND_MALING) is None
