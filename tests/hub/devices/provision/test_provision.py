"""Sites, device files and gateway files: who holds which key, and what never leaves site.json."""

import json
import stat

import pytest
from kentongan_hub.base import site as site_file
from kentongan_hub.cli import main
from kentongan_hub.devices import provision
from kentongan_hub.devices.provision import numbers
from kentongan_hub.storage.store import Store
from kentongan_wire.base.errors import LocalError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.settings import device_file
from kits.hub.hub_kit import PASSWORD


@pytest.fixture
def data(tmp_path):
    data_dir = tmp_path / "data"
    provision.create_site(data_dir, "RT 05 Sukamaju", "admin", PASSWORD, rt=5, rw=3)
    return data_dir


def test_a_site_file_is_readable_by_its_owner_only(data):
    assert stat.S_IMODE((data / "site.json").stat().st_mode) == 0o600
    (data / "site.json").chmod(0o644)
    with pytest.raises(LocalError, match="chmod 600"):
        provision.gateway_file(data)


def test_the_site_key_is_in_site_json_and_nowhere_else(data, caplog):
    provision.add_device(data, "sirene", "pos-1", 5)
    gateway = provision.gateway_file(data)
    secret = site_file.load(data)
    for path in data.iterdir():
        if path.name != "site.json":
            content = path.read_bytes()
            for key in (secret["site_key"], secret["channel_key"]):
                assert key not in content and key.hex().encode() not in content, path.name
            for root in (*gateway["alarm_roots"].values(), *gateway["control_roots"].values()):
                assert root.encode() not in content and bytes.fromhex(root) not in content, path.name
    assert secret["site_key"].hex() not in caplog.text


def test_a_button_holds_its_own_two_keys_and_no_root(data):
    made = provision.add_device(data, "tombol", "tombol-07", 5, 7)
    secret = site_file.load(data)
    alarm_root, control_root = (
        site_keys.alarm_root(secret["site_key"], 0),
        site_keys.control_root(secret["site_key"], 0),
    )
    assert made["key_a"] == keys.node_key(alarm_root, made["node"], m.TOMBOL, 0).hex()
    assert made["key_c"] == keys.node_key(control_root, made["node"], m.TOMBOL, 0).hex()
    assert made["alarm_root"] == ""
    assert device_file.check(made, "made") == made


def test_a_post_holds_the_alarm_root_and_its_own_c(data):
    made = provision.add_device(data, "sirene", "pos-1", 5)
    gateway = provision.gateway_file(data)
    assert made["alarm_root"] == gateway["alarm_roots"]["0"]
    assert made["key_a"] == ""
    root = bytes.fromhex(gateway["control_roots"]["0"])
    assert made["key_c"] == keys.node_key(root, made["node"], m.SIRENE, 0).hex()
    assert gateway["control_roots"]["0"] not in json.dumps(made)


def test_the_gateway_keeps_its_number_and_every_device_file_names_it(data):
    first, second = provision.gateway_file(data), provision.gateway_file(data)
    made = provision.add_device(data, "penerus", "penerus-1", 5)
    assert first["node"] == second["node"] == made["gateway"] == provision.modem_file(data)["node"]
    assert [d["label"] for d in provision.gateway_file(data)["devices"]] == ["penerus-1"]
    assert provision.gateway_file(data)["devices"][0]["place"] == "RT 05/RW 03"


def test_every_device_gets_a_new_number_and_relays_differ_in_the_low_byte(data, monkeypatch):
    draws = iter([1, 0x100 - 4, 0xAB11 - 4, 0xAB11 - 4, 0xCD11 - 4, 0xCD12 - 4, 0x11])
    monkeypatch.setattr(numbers.secrets, "randbelow", lambda _limit: next(draws))
    with Store(data).write() as db:
        db.run("UPDATE gateways SET node = 5")  # the first draw: taken; the second: low byte 0
        first = numbers.new_node(db, "sirene")
        db.insert(
            "devices", node=first, role="sirene", label="a", zone=5, house=0, place="", hops=1, created_wall=0
        )
        second = numbers.new_node(db, "penerus")  # same number, then same low byte, then free
    assert (first, second) == (0xAB11, 0xCD12)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"role": "gateway"}, "choose one of"),
        ({"label": ""}, "label"),
        ({"zone": 0}, "zone"),
        ({"label": "x" * 65}, "shorten"),
        ({"house": 70_000}, "house"),
        ({"conducted_dbm": 22}, "conducted_dbm"),
        ({"place": "x" * 81}, "place"),
    ],
)
def test_a_wrong_device_is_refused_with_the_field_and_leaves_nothing(data, change, says):
    with pytest.raises(LocalError, match=says):
        provision.add_device(data, **{"role": "tombol", "label": "tombol-07", "zone": 5, **change})
    with Store(data).read() as db:
        assert db.value("SELECT count(*) FROM devices") == 0


def test_a_label_in_use_is_refused(data):
    provision.add_device(data, "tombol", "tombol-07", 5, 7)
    with pytest.raises(LocalError, match="in use"):
        provision.add_device(data, "tombol", "tombol-07", 5, 8)


def test_a_second_site_in_the_same_directory_is_refused(data):
    before = (data / "site.json").read_bytes()
    with pytest.raises(LocalError, match="situs sudah ada"):
        provision.create_site(data, "Lain", "admin", PASSWORD)
    assert (data / "site.json").read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"admin_password": "pendek"},
        {"time_zone": "CET"},
        {"rt": 0},
        {"admin_login": "Bu RT"},
        {"freq_hz": 868_000_000},
        {"profile": "x"},
    ],
)
def test_a_wrong_site_leaves_no_site_file(tmp_path, change):
    given = {"name": "RT 05", "admin_login": "admin", "admin_password": PASSWORD, **change}
    with pytest.raises(LocalError):
        provision.create_site(tmp_path / "data", **given)
    assert not (tmp_path / "data/site.json").exists()


def test_the_commands_make_a_site_a_device_and_a_gateway(tmp_path, capsys):
    data, password = tmp_path / "data", tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    assert (
        main(
            [
                "init",
                "--data",
                str(data),
                "--site",
                "RT 05",
                "--admin",
                "siti",
                "--password-file",
                str(password),
                "--rt",
                "5",
                "--rw",
                "3",
            ]
        )
        == 0
    )
    assert (
        main(
            [
                "gateway-file",
                "--data",
                str(data),
                "--out",
                str(tmp_path / "g.json"),
                "--token-out",
                str(tmp_path / "token"),
                "--modem-out",
                str(tmp_path / "modem.json"),
            ]
        )
        == 0
    )
    assert (
        main(
            [
                "provision",
                "--data",
                str(data),
                "--role",
                "tombol",
                "--house",
                "7",
                "--zone",
                "5",
                "--label",
                "tombol-07",
                "--out",
                str(tmp_path / "t.json"),
            ]
        )
        == 0
    )
    for name in ("g.json", "token", "modem.json", "t.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name
    token = (tmp_path / "token").read_text().strip()
    assert token.startswith("ktg_") and token not in capsys.readouterr().out
    assert device_file.check(json.loads((tmp_path / "t.json").read_text()), "t.json")["house"] == 7


def test_a_command_that_cannot_says_why_in_one_line(tmp_path, capsys):
    assert main(["gateway-file", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "g.json")]) == 2
    assert "no site here; run `" in capsys.readouterr().err


def test_a_new_device_is_announced_to_gateways_in_service(site):
    assert site.orders() == []
    site.post_events()
    made = provision.add_device(site.data_dir, "tombol", "tombol-09", 5, 9)
    provision.add_device(site.data_dir, "tombol", "tombol-10", 5, 10)
    orders = site.orders()
    assert [order["type"] for order in orders] == ["directory"], "an older list is superseded"
    assert made["node"] in [device["node"] for device in orders[0]["devices"]]
    assert {device["label"] for device in orders[0]["devices"]} == {
        "tombol-07",
        "tombol-08",
        "tombol-09",
        "tombol-10",
        "pos-1",
    }


def test_a_new_gateway_takes_the_number_of_its_stock_radio(data):
    made = provision.gateway_file(data, "gateway-2", 5, radio=0x5A7B11C3)
    assert made["node"] == provision.gateway_file(data, "gateway-2")["node"] == 0x5A7B11C3
    provision.gateway_token(data, "gateway-2")
    with pytest.raises(LocalError, match="gateway-2's already"):
        provision.gateway_file(data, "gateway-3", 5, radio=0x5A7B11C3)
    with pytest.raises(LocalError, match="no node number"):
        provision.gateway_file(data, "gateway-3", 5, radio=0x5A7B1100)
