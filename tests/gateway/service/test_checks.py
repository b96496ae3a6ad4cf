"""`kentongan-gateway check` asks the running gateway, a radio's one client, about its role."""

import time

import pytest
from kentongan_gateway.service import checks, settings, status

UNFIT = "the radio is a CLIENT"


@pytest.fixture(name="loaded")
def _loaded(tmp_path):
    def load(radio):
        (tmp_path / "state").mkdir(exist_ok=True)
        (tmp_path / "g.toml").write_text(
            f'[gateway]\nkey_file = "k"\nstate_dir = "{tmp_path / "state"}"\nlabel = "g"\n'
            f'[radio]\n{radio}\n[hub]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n'
        )
        return settings.load(tmp_path / "g.toml")

    return load


def found(read):
    return {one.id: one for one in checks.run(read)}.get("radio_role")


def test_the_role_of_a_stock_radio_is_what_the_running_gateway_found(loaded, monkeypatch):
    monkeypatch.setattr(status, "STALE_MS", 10**9)  # however slow this machine is
    read = loaded('type = "meshtastic"\nport = 4403')
    assert found(read).ok and "kentongan-tool stock --use gateway --check" in found(read).text
    now_ms = time.monotonic_ns() // 1_000_000
    for troubles, ok in (({}, True), ({"radio_role meshtastic": UNFIT}, False)):
        status.write(read, {"at_ms": now_ms, "troubles": troubles})
        assert found(read).ok is ok
    assert found(read).text == UNFIT
    status.write(read, {"at_ms": now_ms - status.STALE_MS - 1, "troubles": {"radio_role m": UNFIT}})
    assert found(read).ok  # a gateway of the past


def test_a_modem_has_no_role(loaded):
    assert found(loaded('type = "serial_modem"\nport = "/dev/null"')) is None
