"""Revocation, rotation, counters and settings at the hub, as gateways report them event by event."""

import json

import pytest
from kentongan_hub.base import site as site_file
from kentongan_hub.cli import main
from kentongan_hub.devices import provision
from kentongan_hub.devices.trust import (
    configs,
    counters,
    generations,
    periodic,
    revocations,
    rotation,
    status_plan,
)
from kentongan_hub.incidents.calling import rehearsal
from kentongan_wire.keyring import keys, roots, site_keys
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import HubProcess

HOUR_MS = 3_600_000


@pytest.fixture
def secret(site):
    return site_file.load(site.data_dir)


def node_of(site, label):
    return site.rows("SELECT node FROM devices WHERE label = ? AND revoked = 0", label)[0]["node"]


def status(site, node, version, generation=0, flags=1, last_control=0):
    """A STATUS as the gateway tells it; what the dispatch thread does about it is done as well."""
    role = site.rows("SELECT role FROM devices WHERE node = ?", node)[0]["role"]
    version = version & 0xFF if role == "tombol" else version
    body = {"flags": flags, "config_version": version, "last_control": last_control}
    event = site.event("status", device=node, generation=generation, counter=5 + site.sent, body=body)
    site.post_events(event)
    site.hub.dispatch.step()


def version(site, node):
    return site.rows("SELECT config_version FROM devices WHERE node = ?", node)[0]["config_version"]


def everybody_reports(site, generation):
    for row in site.rows("SELECT node, config_version FROM devices WHERE revoked = 0"):
        status(site, row["node"], row["config_version"], generation)


def take_orders(site):
    """The gateway takes everything that waits for it, and says so; the orders by type."""
    out = {}
    while orders := site.orders():
        for order in orders:
            out.setdefault(order["type"], []).append(order)
        site.done(*[order["id"] for order in orders])
        site.clock.advance(1)
    site.hub.dispatch.step()
    return out


def revoke(site, secret, node, **more):
    with site.hub.store.write() as db:
        revocations.revoke(db, site.hub.now(), secret, node, "dicuri", "Bu Admin", **more)


def revocation(site, secret, node):
    with site.hub.store.read() as db:
        return revocations.status(db, secret, node)


def running(site):
    with site.hub.store.read() as db:
        return revocations.rotation_status(db)


def phase(site):
    return site.rows("SELECT phase FROM rotations ORDER BY generation DESC LIMIT 1")[0]["phase"]


# revocation


def test_a_revoked_number_is_refused_here_at_once_and_what_came_before_is_kept(site, secret):
    revoke(site, secret, site.button)
    site.clock.advance(60_000)
    site.post_events(site.alarm(counter=10), site.alarm(counter=9, age_ms=120_000))
    assert [row["last_counter"] for row in site.incidents()] == [9], "the press from before it was revoked"
    assert site.rows("SELECT count FROM refusals WHERE reason = 'revoked'") == [{"count": 1}]


def test_a_revocation_is_done_when_the_gateway_and_every_post_have_taken_it_over(site, secret):
    second = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    take_orders(site)
    revoke(site, secret, site.button)
    assert [one["label"] for one in revocation(site, secret, site.button)["waiting"]] == [
        "gateway-1",
        "pos-1",
        "pos-2",
    ]
    taken = take_orders(site)
    assert site.button in taken["directory"][-1]["revoked"]
    told = {device["node"]: device for order in taken["config"] for device in order["devices"]}
    assert set(told) == {site.post, second} and told[second]["settings"]["revoked"] == [site.button]
    status(site, site.post, told[site.post]["version"])
    status(site, second, told[second]["version"] - 1)
    left = revocation(site, secret, site.button)
    assert not left["done"] and [one["label"] for one in left["waiting"]] == ["pos-2"]
    status(site, second, told[second]["version"])
    assert revocation(site, secret, site.button)["done"]


def test_a_post_that_is_revoked_itself_is_waited_for_no_more(site, secret):
    second = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    revoke(site, secret, site.button)
    take_orders(site)
    status(site, site.post, version(site, site.post))
    revoke(site, secret, second, erased=True)
    site.hub.dispatch.step()
    assert revocation(site, secret, site.button)["done"]


def test_a_new_post_brings_the_revoked_numbers_in_its_file(site, secret):
    revoke(site, secret, site.button)
    assert provision.add_device(site.data_dir, "sirene", "pos-2", 5)["revoked"] == [site.button]
    assert provision.gateway_file(site.data_dir)["revoked"] == [site.button]


def test_the_numbers_of_the_list_are_limited_and_a_full_list_starts_a_rotation(site, secret, monkeypatch):
    monkeypatch.setattr(revocations, "REVOKED_LIMIT", 2)
    revoke(site, secret, site.button)
    assert running(site) is None
    revoke(site, secret, site.other)
    assert running(site)["why"] == "daftar nomor dicabut penuh"


# rotation


def test_a_stolen_post_starts_a_rotation_and_an_erased_one_does_not(site, secret):
    revoke(site, secret, site.post, erased=True)
    assert running(site) is None
    second = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    revoke(site, secret, second)
    assert running(site)["phase"] == generations.SHARE
    assert {one["label"] for one in running(site)["waiting"]} == {"tombol-07", "tombol-08"}
    assert revocation(site, secret, second)["rotation"]["generation"] == 1


def test_a_rotation_goes_through_its_phases_only_on_proof_under_the_new_keys(site, secret):
    second = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    take_orders(site)
    revoke(site, secret, site.post)
    order = take_orders(site)["keys"][-1]
    assert (order["send"], order["lowest"]) == (0, 0)
    sealed = bytes.fromhex(order["roots"][0]["sealed"])
    opened = roots.open_sealed(sealed, 1, site_keys.control_root(secret["site_key"], 0))
    made = (site_keys.alarm_root, site_keys.control_root)
    assert opened == tuple(root(secret["site_key"], 1) for root in made)
    everybody_reports(site, 0)
    assert phase(site) == generations.SHARE, "the right version under the old keys proves nothing"
    everybody_reports(site, 1)
    assert phase(site) == generations.SWITCH
    switch = take_orders(site)
    assert (switch["keys"][-1]["send"], switch["keys"][-1]["lowest"]) == (1, 0)
    assert {(d["generation"], d["lowest"]) for o in switch["config"] for d in o["devices"]} == {(1, 0)}
    status(site, site.button, version(site, site.button), 1)
    status(site, second, version(site, second), 1)
    assert [one["label"] for one in running(site)["waiting"]] == ["tombol-08"]
    status(site, site.other, version(site, site.other), 0)
    assert phase(site) == generations.SWITCH, "nor does a forged report"
    status(site, site.other, version(site, site.other), 1)
    assert phase(site) == generations.DROP
    drop = take_orders(site)
    assert (drop["keys"][-1]["send"], drop["keys"][-1]["lowest"]) == (1, 1)
    posts = {d["node"]: d for o in drop["config"] for d in o["devices"]}
    assert posts[second]["settings"]["revoked"] == [], "emptied: the stolen post holds no key of generation 1"
    assert not revocation(site, secret, site.post)["done"]
    status(site, second, version(site, second), 1)
    assert phase(site) == generations.DONE and running(site) is None
    assert revocation(site, secret, site.post)["done"]
    made = provision.add_device(site.data_dir, "tombol", "tombol-09", 5, 9)
    assert made["generation"] == 1


def test_a_device_that_never_reports_is_listed_until_somebody_decides_to_go_on_without_it(site, secret):
    provision.add_device(site.data_dir, "sirene", "pos-2", 5)
    revoke(site, secret, site.post)
    take_orders(site)
    for label in ("tombol-07", "pos-2"):
        status(site, node_of(site, label), version(site, node_of(site, label)), 1)
    assert [one["label"] for one in running(site)["waiting"]] == ["tombol-08"]
    with pytest.raises(Exception, match="name exactly"), site.hub.store.write() as db:
        rotation.finish_without(db, site.hub.now(), secret, [site.button], "Bu Admin")
    with site.hub.store.write() as db:
        rotation.finish_without(db, site.hub.now(), secret, [site.other], "Bu Admin")
    assert phase(site) == generations.SWITCH
    assert site.rows("SELECT label FROM devices WHERE stranded = 1") == [{"label": "tombol-08"}]


def test_revoking_the_missing_device_lets_the_rotation_go_on(site, secret):
    provision.add_device(site.data_dir, "sirene", "pos-2", 5)
    revoke(site, secret, site.post)
    for label in ("tombol-07", "pos-2"):
        status(site, node_of(site, label), version(site, node_of(site, label)), 1)
    revoke(site, secret, site.other)
    site.hub.dispatch.step()
    assert phase(site) == generations.SWITCH


def test_a_device_installed_in_the_middle_of_a_rotation_takes_part_in_it(site, secret):
    provision.add_device(site.data_dir, "sirene", "pos-2", 5)
    revoke(site, secret, site.post)
    early = provision.add_device(site.data_dir, "tombol", "tombol-09", 5, 9)
    assert early["generation"] == 0 and "tombol-09" in {one["label"] for one in running(site)["waiting"]}
    everybody_reports(site, 1)
    late = provision.add_device(site.data_dir, "tombol", "tombol-10", 5, 10)
    assert late["generation"] == 1 and "tombol-10" not in {one["label"] for one in running(site)["waiting"]}
    everybody_reports(site, 1)
    everybody_reports(site, 1)
    assert phase(site) == generations.DONE


def test_a_second_stolen_post_waits_for_its_own_rotation(site, secret):
    second = provision.add_device(site.data_dir, "sirene", "pos-2", 5)["node"]
    provision.add_device(site.data_dir, "sirene", "pos-3", 5)
    revoke(site, secret, site.post)
    revoke(site, secret, second)
    for _ in range(3):
        everybody_reports(site, 1)
    take_orders(site)
    assert running(site)["generation"] == 2
    assert revocation(site, secret, second)["rotation"]["generation"] == 2
    assert revocation(site, secret, site.post)["done"]


def test_a_site_without_a_generation_left_says_so_and_still_refuses_the_number(site, secret, monkeypatch):
    monkeypatch.setattr(keys, "GENERATION_MAX", 0)
    revoke(site, secret, site.post)
    left = revocation(site, secret, site.post)
    assert "make a new site" in left["refused"] and not left["done"]
    assert site.post in take_orders(site)["directory"][-1]["revoked"]


# the page


def test_the_page_names_who_has_not_reported_and_goes_on_without_them_only_when_told_twice(site, secret):
    provision.add_device(site.data_dir, "sirene", "pos-2", 5)
    site.account("ketua", "ketua_rt")
    person = site.enter("ketua")
    assert "Belum ada." in person.get("/kunci").text
    revoke(site, secret, site.post)
    for label in ("tombol-07", "pos-2"):
        status(site, node_of(site, label), version(site, node_of(site, label)), 1)
    text = person.get("/kunci").text
    assert "tombol-08" in text and "Rumah 8" in text and "Bu Admin" in text and "pos-1" in text
    assert "belum melapor: gateway-1" in text and "detik per jam" in text
    sent = {"page": "/kunci", "alat": str(site.other)}
    assert person.post("/kunci/tanpa", **sent).status_code == 400
    assert person.post("/kunci/tanpa", page="/kunci", alat=str(site.button), paham="ya").status_code == 400
    assert phase(site) == generations.SHARE
    assert person.post("/kunci/tanpa", **sent, paham="ya").status_code == 303
    assert phase(site) == generations.SWITCH
    assert "Harus dipasang ulang" in person.get("/kunci").text


# settings


def test_versions_count_on_and_never_end_in_a_zero_byte():
    assert [configs.next_version(v) for v in (0, 254, 255, 256, 0xFFFF)] == [1, 255, 257, 257, 1]
    assert configs.at_least(1, 0xFFFF) and not configs.at_least(0xFFFF, 1) and not configs.at_least(None, 1)
    assert [configs.full_version(r, 300, "tombol") for r in (0, 44, 43, 45)] == [0, 300, 299, 45]


def test_a_database_from_before_never_reuses_a_version_that_a_device_has(site):
    status(site, site.post, 40)
    assert version(site, site.post) == 41
    told = [d for o in take_orders(site)["config"] for d in o["devices"] if d["node"] == site.post]
    assert told[-1]["version"] == 41


def test_a_gateway_that_starts_is_told_everything_again(site):
    take_orders(site)
    assert site.orders() == []
    answer = site.client.get("/api/v1/orders?after=0&wait=0&fresh=1", headers=site.headers).json["orders"]
    kinds = [order["type"] for order in answer]
    assert {"directory", "keys", "counters", "config"} == set(kinds)
    nodes = {d["node"] for order in answer if order["type"] == "config" for d in order["devices"]}
    assert nodes == {site.button, site.other, site.post}


def test_a_zone_with_a_gateway_of_its_own_is_configured_by_that_one(site):
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    provision.gateway_token(site.data_dir, "gateway-2")
    far = provision.add_device(site.data_dir, "sirene", "pos-6", 6)["node"]
    with site.hub.store.write() as db:
        periodic.sync(db, site.hub.now(), site_file.load(site.data_dir), "gateway-2")
    rows = site.rows("SELECT body FROM outbox WHERE channel = 'gateway:gateway-2' AND type = 'config'")
    assert {d["node"] for row in rows for d in json.loads(row["body"])["devices"]} == {far}


# counters


def test_posts_get_the_last_counters_once_a_day_and_a_post_that_lost_them_at_once(site):
    site.hub.dispatch.step()
    take_orders(site)
    told = []
    for _ in range(60):
        site.clock.advance(HOUR_MS)
        site.hub.dispatch.step()
        told += [d for o in take_orders(site).get("config", []) for d in o["devices"]]
    assert {d["node"] for d in told} == {site.post} and max(d["counters"] for d in told) == 2
    status(site, site.post, version(site, site.post), flags=m.STATUS_MAINS | m.STATUS_COUNTERS_LOST)
    (order,) = take_orders(site)["config"]
    assert order["devices"][0]["counters"] == 3
    status(site, site.post, version(site, site.post), flags=m.STATUS_MAINS | m.STATUS_COUNTERS_LOST)
    assert "config" not in take_orders(site), "not over and over"


def test_a_gateway_gets_every_counter_so_that_no_recorded_status_is_a_sign_of_life_to_it(site, secret):
    """It got those of buttons and reports: with a new card an old STATUS of a dead post was new to it."""
    status(site, site.post, 0)
    with site.hub.store.write() as db:
        periodic.sync(db, site.hub.now(), secret, "gateway-1")
    table = take_orders(site)["counters"][-1]["table"]
    assert (site.post, m.STATUS) in [(node, type_) for node, _, type_, _ in table]


def test_the_copy_of_counters_only_goes_up_and_leaves_with_the_device(site, secret):
    site.post_events(site.alarm(counter=30, generation=0), site.alarm(counter=20, generation=0))
    status(site, site.post, 0, last_control=900)
    status(site, site.post, 0, last_control=0xFFFF_FFF0)
    with site.hub.store.write() as db:
        periodic.sync(db, site.hub.now(), secret, "gateway-1")
    order = take_orders(site)["counters"][-1]
    assert [site.button, 0, 0, 30] in order["table"] and order["gateway_counter"] == 900
    assert provision.gateway_file(site.data_dir)["gateway_counter"] == 900
    revoke(site, secret, site.button)
    with site.hub.store.write() as db:
        periodic.sync(db, site.hub.now(), secret, "gateway-1")
    assert [row[0] for row in take_orders(site)["counters"][-1]["table"]] == [site.post]


@pytest.fixture(name="second")
def _second(site):
    """Token of a gateway of RT 6."""
    provision.gateway_file(site.data_dir, "gateway-2", 6)
    return provision.gateway_token(site.data_dir, "gateway-2")


def waiting(site, token):
    """Return the orders that that gateway's long poll would bring now."""
    headers = {"Authorization": f"Bearer {token}"}
    return site.client.get("/api/v1/orders?after=0&wait=0", headers=headers).json["orders"]


def done(site, token, orders):
    ids = [order["id"] for order in orders]
    site.client.post(
        "/api/v1/orders/done",
        headers={"Authorization": f"Bearer {token}"},
        json={"ids": ids, "results": {str(id_): "ok" for id_ in ids}},
    )


def test_every_gateway_learns_soon_who_alarmed_and_nothing_of_others(site, second):
    site.post_events(site.alarm(counter=30, generation=0, device=site.other))
    site.clock.advance(HOUR_MS)
    done(site, second, waiting(site, second))
    site.post_events(site.alarm(counter=70, generation=0), site.alarm(counter=71, generation=0))
    assert waiting(site, second) == [], "who hears the press itself acts as ever"
    site.clock.advance(counters.TELL_MS)
    for token in (second, site.token):
        (order,) = [one for one in waiting(site, token) if one["type"] == "counters" and
                    one["table"] == [[site.button, 0, 0, 71]]]  # fmt: skip
        assert order["part"] == 1 and "gateway_counter" not in order


def test_presses_of_half_a_minute_go_in_one_order_and_of_each_button_the_highest(site, second):
    for counter in (70, 90, 80):
        site.post_events(site.alarm(counter=counter, generation=0))
    site.post_events(site.alarm(counter=5, generation=0, device=site.other))
    site.clock.advance(counters.TELL_MS)
    (order,) = waiting(site, second)
    assert sorted(order["table"]) == sorted([[site.button, 0, 0, 90], [site.other, 0, 0, 5]])
    site.post_events(site.alarm(counter=95, generation=0))
    site.clock.advance(counters.TELL_MS)
    assert waiting(site, second)[-1]["table"] == [[site.button, 0, 0, 95]], "not in one that is on its way"


def test_a_gateway_that_was_away_gets_the_row_when_it_is_back(site, second):
    site.post_events(site.alarm(counter=70, generation=0))
    site.clock.advance(20 * HOUR_MS)
    assert [one["table"] for one in waiting(site, second)] == [[[site.button, 0, 0, 70]]]
    done(site, second, waiting(site, second))
    assert waiting(site, second) == []


def test_a_site_with_one_gateway_is_told_nothing_that_it_has_told(site):
    site.post_events(site.alarm(counter=70, generation=0))
    site.clock.advance(counters.TELL_MS)
    assert "counters" not in [one["type"] for one in site.orders()]


def test_the_row_of_a_silent_alarm_waits_where_nobody_sees_it(site, second):
    site.post_events(site.alarm(counter=70, generation=0, kind=3, silent=True))
    with site.hub.store.read() as db:
        shown = rehearsal.queue(db, site.hub.now(), "confidential = 0")
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'counters'") and "hitungan" not in str(shown)


def test_the_hub_says_which_alarms_are_new_and_an_old_one_is_not_whoever_tells_it(site, second):
    def told(token, event):
        answer = site.client.post("/api/v1/events", headers={"Authorization": f"Bearer {token}"},
                                  json={"boot_id": "boot-2", "events": [event]}).json  # fmt: skip
        assert answer["accepted"] == [event["id"]]
        return answer["new"] == [event["id"]]

    assert told(site.token, first := site.alarm(counter=70, generation=0))
    assert told(second, site.alarm(counter=70, generation=0)), "both have just heard it"
    assert told(site.token, first), "its answer was lost on the way"
    site.clock.advance(counters.OLD_MS)
    assert not told(second, site.alarm(counter=70, generation=0)), "it is played to the other gateway"
    assert not told(second, site.alarm(counter=69, generation=0, incident=69)), "so is one before it"
    assert told(second, site.alarm(counter=71, generation=0)), "and a new press is new"
    assert not told(second, site.event("status", device=site.button, role=1, counter=72, generation=0))


# status load


def member(node, role="penerus", hops=1, zone=5):
    return status_plan.Member(node, role, zone, hops, 1, f"{role}-{node}")


def test_near_devices_report_every_140_s_and_far_ones_as_often_as_the_air_allows():
    near = status_plan.make([member(n) for n in range(4, 12)], {5}, "ShortSlow")
    assert set(near.period_s.values()) == {140} and near.load_s < 3 and not near.stretched
    line = status_plan.make([member(n, hops=n - 3) for n in range(4, 12)], {5}, "ShortSlow")
    assert line.stretched and line.load_s <= status_plan.LOAD_LIMIT_S and not line.problem
    assert line.period_s[4] == 140 and len(set(line.period_s.values())) == 2
    slow = status_plan.make([member(n) for n in range(4, 12)], {5}, "LongFast")
    assert slow.load_s <= status_plan.LOAD_LIMIT_S and min(slow.period_s.values()) > 140


def test_zones_with_a_gateway_of_their_own_are_planned_apart():
    crowd = [member(n, hops=2, zone=1 + n % 7) for n in range(4, 60)]
    assert status_plan.make(crowd, {1}, "ShortSlow").problem
    assert not status_plan.make(crowd, set(range(1, 8)), "ShortSlow").problem


# the command line and the process


def test_the_console_revokes_and_says_who_is_still_to_be_told(site, capsys):
    assert main(["revoke", "--data", str(site.data_dir), "--label", "pos-1", "--why", "hilang"]) == 0
    said = capsys.readouterr().out
    assert "gateway-1" in said and "generation 1" in said
    assert main(["revoke", "--data", str(site.data_dir), "--label", "pos-1"]) == 2


def test_a_technicians_token_goes_to_a_file_of_mode_600_and_can_be_ended(site, tmp_path, capsys):
    path = tmp_path / "token"
    data = str(site.data_dir)
    assert main(["technician-token", "--data", data, "--name", "Pak Budi", "--out", str(path)]) == 0
    assert path.stat().st_mode & 0o077 == 0 and path.read_text().strip() not in capsys.readouterr().out
    assert main(["technician-token", "--data", data, "--name", "Pak Budi", "--end"]) == 0
    assert main(["technician-token", "--data", data, "--name", "Pak Budi", "--end"]) == 2


def test_a_rotation_goes_on_after_the_hub_was_killed_in_the_middle(tmp_path):
    data = tmp_path / "data"
    provision.create_site(data, "RT 05", "admin", "sandi yang panjang")
    post = provision.add_device(data, "sirene", "pos-1", 1)["node"]
    button = provision.add_device(data, "tombol", "tombol-07", 1, 7)["node"]
    token = provision.gateway_token(data)
    hub = HubProcess(data)
    assert main(["revoke", "--data", str(data), "--label", "pos-1"]) == 0
    hub.kill()
    hub = HubProcess(data)
    orders = hub.call("/api/v1/orders?after=0&wait=10", token=token)["orders"]
    assert post in [o for o in orders if o["type"] == "directory"][-1]["revoked"]
    assert [o["send"] for o in orders if o["type"] == "keys"] == [0]
    event = {"id": "gateway-1/1", "type": "status", "at_ms": 1, "device": button, "generation": 1,
             "counter": 9, "body": {"flags": 0, "config_version": 1}}  # fmt: skip
    hub.call("/api/v1/events", {"boot_id": "b1", "events": [event]}, token)
    after = max(order["id"] for order in orders)
    switched = hub.call(f"/api/v1/orders?after={after}&wait=20", token=token)["orders"]
    assert [o["send"] for o in switched if o["type"] == "keys"][:1] == [1]
    hub.stop()
