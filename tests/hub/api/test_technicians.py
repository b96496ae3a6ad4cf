"""Routes for kentongan-tool: registrations that are confirmed or leave nothing, revocation, the uji."""

import base64
import json
import re

import pytest
from kentongan_hub.base import site as site_file
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision import technicians
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import Guard
from kentongan_wire.settings import device_file
from kits.hub.hub_kit import PASSWORD, Person

NEW = {"role": "tombol", "label": "tombol-09", "zone": 5, "house": 9}


class Tool:
    """A technician's program at the other end of the API."""

    def __init__(self, site, token=None, address="127.0.0.1"):
        self.site, self.address = site, address
        self.token = token
        if token is None:
            with site.hub.store.write() as db:
                self.token = technicians.new_token(db, site.hub.now(), "Pak Teknisi")

    def call(self, method, path, body=None, **more):
        return self.site.client.open(
            "/api/v1" + path,
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            environ_overrides={"REMOTE_ADDR": self.address, **more},
        )

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, **body):
        return self.call("POST", path, body)

    def register(self, **change):
        answer = self.post("/devices", **{**NEW, **change})
        assert answer.status_code == 201, answer.text
        return answer.json


@pytest.fixture
def tool(site):
    return Tool(site)


def uji(site, node):
    site.post_events(site.alarm(counter=3, kind=m.KIND_UJI, device=node, generation=0))


def of_account(site, login):
    """The tool of who exchanged this account's password for a token."""
    answer = site.client.post("/api/v1/login", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Tool(site, answer.json["token"])


def test_keys_leave_over_tls_or_on_this_machine_only(site):
    far = Tool(site, address="192.168.1.7")
    refused = far.post("/devices", **NEW)
    assert refused.status_code == 403 and "https" in refused.json["remedy"]
    assert far.call("POST", "/devices", NEW, **{"wsgi.url_scheme": "https"}).status_code == 201


def test_no_token_a_gateways_token_and_an_old_token_are_refused(site, tool):
    for token in ("", "nonsense", site.token):
        assert Tool(site, token).get("/site").status_code == 401
    site.clock.advance(technicians.CONSOLE_MS)
    assert tool.get("/site").status_code == 401


def test_an_admin_exchanges_the_password_for_a_token_and_others_do_not(site):
    tool = Tool(site, "none")
    made = tool.post("/login", login="admin", password=PASSWORD)
    assert Tool(site, made.json["token"]).get("/site").json["technician"] == "Bu Admin"
    assert tool.post("/login", login="admin", password="salah").status_code == 403
    site.account("ronda", "petugas_ronda")
    assert tool.post("/login", login="ronda", password=PASSWORD).status_code == 403
    assert PASSWORD not in str(site.rows("SELECT * FROM audit"))


def test_a_registration_gives_number_and_keys_once(site, tool):
    made = tool.register()
    assert device_file.check(made["file"], "made") == made["file"]
    secret = site_file.load(site.data_dir)
    root = site_keys.control_root(secret["site_key"], 0)
    assert made["file"]["key_c"] == keys.node_key(root, made["node"], m.TOMBOL, 0).hex()
    seen = tool.get(f"/devices/{made['node']}").text + tool.get("/devices").text
    assert made["file"]["key_a"] not in seen and made["file"]["key_c"] not in seen
    assert tool.get(f"/devices/{made['node']}").json["state"] == "pending"
    confirmed = tool.post(f"/devices/{made['node']}/confirm")
    assert confirmed.json["state"] == "in_service"
    assert tool.post(f"/devices/{made['node']}/confirm").status_code == 200, "safe to repeat"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": "tombol-07"}, "label"),
        ({"role": "gateway"}, "role"),
        ({"zone": "5"}, "zone"),
        ({"hops": True}, "hops"),
        ({"colour": "red"}, "colour"),
        ({"request": "x"}, "request"),
        ({"conducted_dbm": 22}, "conducted_dbm"),
    ],
)
def test_a_wrong_registration_names_the_field_and_leaves_nothing(site, tool, change, field):
    before = site.rows("SELECT * FROM devices")
    answer = tool.post("/devices", **{**NEW, **change})
    assert answer.status_code == 400
    assert answer.json["field"] == field and answer.json["remedy"], answer.json
    assert site.rows("SELECT * FROM devices") == before


def test_a_withdrawn_registration_frees_its_label_and_never_its_number(site, tool):
    first = tool.register()
    gone = tool.post(f"/devices/{first['node']}/withdraw", written=False)
    assert gone.json["state"] == "revoked"
    second = tool.register()
    assert second["node"] != first["node"]
    assert [d["label"] for d in tool.get("/devices").json["devices"]].count("tombol-09") == 1
    assert tool.post(f"/devices/{first['node']}/confirm").status_code == 400
    assert tool.post(f"/devices/{first['node']}/withdraw").status_code == 200, "safe to repeat"


def test_keys_that_may_be_on_a_board_are_refused_after_a_withdrawal(site, tool):
    made = tool.register()
    tool.post(f"/devices/{made['node']}/withdraw")
    newest = [order for order in site.orders() if order["type"] == "directory"][-1]
    assert made["node"] in newest["revoked"]
    assert made["node"] not in [device["node"] for device in newest["devices"]]


def test_a_lost_answer_is_asked_for_again_under_the_same_request(site, tool):
    first = tool.register(request="rumah-09-pertama")
    again = tool.register(request="rumah-09-pertama")
    assert again["node"] != first["node"]
    assert tool.get(f"/devices/{first['node']}").json["state"] == "revoked"
    tool.post(f"/devices/{again['node']}/confirm")
    assert tool.post("/devices", **NEW, request="rumah-09-pertama").status_code == 400


def test_a_service_device_cannot_be_withdrawn(site, tool):
    answer = tool.post(f"/devices/{site.button}/withdraw")
    assert answer.status_code == 400 and "revoke" in answer.json["remedy"]


def test_a_replacement_keeps_the_house_and_the_old_device_works_until_it_is_confirmed(site, tool):
    made = tool.post(f"/devices/{site.button}/replace").json
    assert (made["label"], made["file"]["house"]) == ("tombol-07", 7) and made["node"] != site.button
    assert tool.get(f"/devices/{site.button}").json["state"] == "in_service"
    answer = tool.post(f"/devices/{made['node']}/confirm")
    assert answer.status_code == 400 and "not heard yet" in answer.text, "keys that are on no board"
    assert tool.get(f"/devices/{site.button}").json["state"] == "in_service"
    uji(site, made["node"])
    tool.post(f"/devices/{made['node']}/confirm")
    assert tool.get(f"/devices/{site.button}").json["state"] == "revoked"
    labels = [d["label"] for d in tool.get("/devices").json["devices"]]
    assert labels.count("tombol-07") == 1


def test_nobody_replaces_confirms_or_gives_up_a_device_of_the_own_house(site, tool):
    """A resident of a house takes its button out of service by no road: a silent alarm may come from it."""
    site.account("suami", "admin", house=7)
    own = of_account(site, "suami")
    for asked in ({}, {"label": "tombol-71"}, {"house": 30}, {"one_press": True}):
        answer = own.post(f"/devices/{site.button}/replace", **asked)
        assert answer.status_code == 400 and "your own house" in answer.text, asked
    assert own.post(f"/devices/{site.other}/replace", house=7).status_code == 400, "nor one into it"
    made = tool.post(f"/devices/{site.button}/replace").json
    uji(site, made["node"])
    for word in ("confirm", "withdraw"):
        answer = own.post(f"/devices/{made['node']}/{word}")
        assert answer.status_code == 400 and "your own house" in answer.text, word
    assert tool.get(f"/devices/{made['node']}").json["state"] == "pending"
    assert tool.get(f"/devices/{site.button}").json["state"] == "in_service"
    site.post_events(site.alarm(counter=9, kind=8, silent=True))
    assert [one["slug"] for one in site.incidents()] == ["rahasia-1"]
    mine = own.register(house=7)  # one more takes nothing away, and is one's own to give up
    assert own.post(f"/devices/{mine['node']}/withdraw").status_code == 200


def test_a_button_is_replaced_by_a_button(site, tool):
    answer = tool.post(f"/devices/{site.button}/replace", role="penerima")
    assert answer.status_code == 400 and "a button is replaced by a button" in answer.text


@pytest.mark.parametrize("how", ["switched off", "new password", "logged out everywhere", "new link"])
def test_a_token_that_a_password_was_exchanged_for_ends_with_its_account(site, how):
    number = site.account("budi", "admin", house=21)
    budi, admin = site.enter("budi"), site.enter("admin")
    own = of_account(site, "budi")
    assert own.get("/devices").status_code == 200
    new = {"sandi": PASSWORD, "baru": "sandi baru yang panjang", "baru2": "sandi baru yang panjang"}
    if how == "switched off":
        assert admin.post(f"/akun/{number}/matikan", page="/akun").status_code == 303
    elif how == "new password":
        assert budi.post("/pengaturan/sandi", page="/pengaturan", **new).status_code == 200
    elif how == "logged out everywhere":
        assert budi.post("/pengaturan/keluar", page="/pengaturan").status_code == 303
    else:
        answer = admin.post(f"/undangan/akun/{number}", page="/akun")
        path = re.search(r"http://localhost(/u/[\w-]+)", answer.text)[1]
        form = {"sandi": "sandi baru yang panjang", "sandi2": "sandi baru yang panjang"}
        assert Person(site.app).post(path, page=path, **form).status_code == 303
    assert own.get("/devices").status_code == 401
    assert own.post(f"/devices/{site.other}/revoke", why="dicuri").status_code == 401


def test_a_label_is_nobodys_name(site, tool):
    """A chime answers under its label."""
    answer = tool.post("/devices", **{**NEW, "role": "penerima", "label": "bu admin"})
    assert answer.status_code == 400 and answer.json["field"] == "label"


def test_a_token_is_worth_no_more_than_its_account_is_now(site):
    site.account("budi", "admin", house=21)
    own = of_account(site, "budi")
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET active = 0 WHERE login = 'budi'")
    assert own.get("/devices").status_code == 401
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET active = 1, role = 'ketua_rt' WHERE login = 'budi'")
    assert own.get("/devices").status_code == 401


def test_a_second_replacement_of_the_same_device_withdraws_the_first(site, tool):
    first = tool.post(f"/devices/{site.button}/replace").json
    second = tool.post(f"/devices/{site.button}/replace").json
    assert tool.get(f"/devices/{first['node']}").json["state"] == "revoked"
    uji(site, second["node"])
    assert tool.post(f"/devices/{second['node']}/confirm").json["state"] == "in_service"


def test_an_uji_is_confirmed_only_when_the_hub_has_logged_it_since(site, tool):
    made = tool.register()
    node, mark = made["node"], made["mark"]
    assert tool.get(f"/devices/{node}/uji?since={mark}").json["logged"] is False
    site.clock.advance(1000)
    site.post_events(site.alarm(counter=3, kind=m.KIND_UJI, device=node, generation=0))
    answer = tool.get(f"/devices/{node}/uji?since={mark}").json
    assert answer["logged"] and answer["alarm"]["counter"] == 3
    assert tool.get(f"/devices/{node}/uji?since={answer['mark']}").json["logged"] is False
    assert tool.get(f"/devices/{node}/uji?since=yesterday").status_code == 400


def test_a_label_holds_words_and_no_key(site, tool):
    made = tool.register(one_press=False)
    label = tool.get(f"/devices/{made['node']}/label").json
    assert label["id"] == f"{made['node']:08x}" and label["id"] in label["qr"]
    assert len(label["steps"]) == 3 and "3 kebakaran" in label["steps"][0]
    assert made["file"]["key_a"] not in json.dumps(label)


def test_a_new_post_starts_with_the_counters_that_the_hub_knows(site, tool):
    site.post_events(site.alarm(counter=700, generation=0))
    body = {"flags": 1, "config_version": 0, "last_control": 4000}
    site.post_events(site.event("status", device=site.post, role=2, generation=0, counter=9, body=body))
    made = tool.register(role="sirene", label="pos-2", house=0)
    guard = Guard(256)
    guard.load(base64.b64decode(made["state"]["guard"]))
    assert guard.last(site.button, 0, m.ALARM) == 700
    assert guard.last(made["file"]["gateway"], 0, m.SIREN_ORDER) == 4000


def test_a_site_whose_statuses_would_fill_the_air_is_refused_with_the_figures(site, tool):
    answers = [tool.post("/devices", role="penerus", label=f"penerus-{n}", zone=5, hops=3) for n in range(20)]
    refused = [answer for answer in answers if answer.status_code == 400]
    assert answers[0].status_code == 201 and refused
    assert "paling banyak 12 detik" in refused[0].json["error"] and "gerbang" in refused[0].json["remedy"]
    plan = tool.get("/site").json["plan"]
    assert plan["load_s_per_hour"] <= 12 and plan["stretched"] and plan["lost_after_s"] > 300


def test_an_unknown_device_is_named_and_a_stranger_learns_nothing(site, tool):
    assert tool.get("/devices/77").status_code == 404
    assert tool.post("/devices/77/revoke", why="dicuri").status_code == 404
    assert Tool(site, "x").get("/devices/77").status_code == 401


def test_every_key_stays_out_of_the_database_and_the_log(site, tool, caplog):
    made = tool.register(role="sirene", label="pos-2", house=0)
    tool.post(f"/devices/{site.post}/revoke", why="dicuri")
    secret = site_file.load(site.data_dir)
    for path in site.data_dir.iterdir():
        if path.name != "site.json":
            content = path.read_bytes()
            for make_root in (site_keys.alarm_root, site_keys.control_root):
                for root in (make_root(secret["site_key"], 0), make_root(secret["site_key"], 1)):
                    assert root not in content and root.hex().encode() not in content
            assert made["file"]["key_c"].encode() not in content
    assert made["file"]["key_c"] not in caplog.text and tool.token not in caplog.text


def test_revoking_is_asked_a_reason_and_says_who_has_not_heard_yet(site, tool):
    assert tool.post(f"/devices/{site.button}/revoke").status_code == 400
    status = tool.post(f"/devices/{site.button}/revoke", why="dicuri").json
    assert status["done"] is False
    assert [one["label"] for one in status["waiting"]] == ["gateway-1", "pos-1"]
    assert tool.post(f"/devices/{site.button}/revoke", why="dicuri").json == status, "safe to repeat"
    assert tool.get(f"/devices/{site.button}/revocation").json == status
    assert tool.get("/revocations").json["revocations"] == [status]


def test_a_site_file_for_stock_radios_names_the_channel(site, tool):
    channel = tool.get("/site").json["channel"]
    made = provision.modem_file(site.data_dir)
    assert (channel["preset"], channel["freq_hz"]) == (made["preset"], made["freq_hz"])


def test_a_gateways_radio_gets_the_gateways_number_and_no_key(site, tool):
    made = tool.get("/gateways/gateway-1/modem").json
    gateway = tool.get("/site").json["gateways"][0]
    assert made["file"] == device_file.check(made["file"], "made") and made["file"]["role"] == "modem"
    assert (made["file"]["node"], made["file"]["zone"]) == (gateway["node"], gateway["zone"])
    assert not any(made["file"][name] for name in device_file.ALL_KEYS)
    sticker = made["sticker"]
    assert sticker["label"] == "modem-gateway-1" and len(sticker["steps"]) == 3
    assert sticker["qr"].endswith(f"modem-gateway-1 {gateway['node']:08x}")
    unknown = tool.get("/gateways/gateway-9/modem")
    assert unknown.status_code == 400 and "gateway-file" in unknown.json["remedy"]


def test_the_tokens_of_one_account_take_nobody_elses_place(site):
    first = of_account(site, "admin")
    for _ in range(technicians.TOKENS_LIMIT):
        last = of_account(site, "admin")
    assert first.get("/devices").status_code == 401 and last.get("/devices").status_code == 200
    assert Tool(site).get("/devices").status_code == 200, "one that is made at the console now"
