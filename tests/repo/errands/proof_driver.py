"""On a copy with a siren's driver `sysfs`: chosen, with a setting of its own, checked, and beaten."""

import pytest
from kentongan_gateway import outputs
from kentongan_gateway.service import checks, settings
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.patterns import steps_for
from kits.patience import wait_for

GOOD = (
    '[gateway]\nkey_file = "k"\nstate_dir = "state"\nlabel = "g"\n'
    '[radio]\ntype = "serial_modem"\nport = "/dev/null"\n'
    '[hub]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n[siren]\ndriver = "sysfs"\n'
)


def loaded(folder, more):
    (folder / "g.toml").write_text(GOOD + more)
    return settings.load(folder / "g.toml")


def test_it_is_chosen_checked_and_beaten(tmp_path):
    with pytest.raises(LocalError, match="switch is missing; give the file"):
        loaded(tmp_path, "")
    read = loaded(tmp_path, 'switch = "relay"\n')
    found = {one.id: one for one in checks.run(read)}["siren_switch"]
    assert not found.ok and "relay" in found.text
    (tmp_path / "relay").write_text("9")
    assert {one.id: one for one in checks.run(read)}["siren_switch"].ok
    assert (tmp_path / "relay").read_text() == "9", "a check switches nothing"
    player, seen = outputs.make(read.siren), set()
    player.play(*steps_for("jawa_umum", 1), 600)
    wait_for(lambda: seen.add((tmp_path / "relay").read_text()) or {"0", "1"} <= seen, "strokes")
    wait_for(lambda: player._score is None or not player._wanted(10**15)[0], "its end")
    player.close()
    assert (tmp_path / "relay").read_text() == "0"
