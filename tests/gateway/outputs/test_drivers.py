"""A siren's driver tells everything about itself; one that cannot be loaded keeps nothing else away."""

import sys

import pytest
from kentongan_gateway import outputs
from kentongan_gateway.outputs.siren_driver import Relay, SirenDriver
from kentongan_gateway.service import checks, settings
from kentongan_wire.base.errors import LocalError

GOOD = (
    '[gateway]\nkey_file = "k"\nstate_dir = "state"\nlabel = "g"\n'
    '[radio]\ntype = "serial_modem"\nport = "/dev/null"\n'
    '[hub]\nurl = "http://127.0.0.1:9"\ntoken_file = "token"\n[siren]\n'
)


def loaded(folder, siren, strict=True):
    (folder / "g.toml").write_text(GOOD + siren)
    return settings.load(folder / "g.toml", strict)


@pytest.mark.parametrize("name", outputs.DRIVERS)
def test_every_driver_says_what_it_needs_and_is_made_from_its_section(name, tmp_path):
    kind = outputs.driver(name)
    assert issubclass(kind, Relay) != issubclass(kind, SirenDriver)
    (key,) = kind.needs
    with pytest.raises(LocalError, match=f"{key} is missing; give "):
        loaded(tmp_path, f'driver = "{name}"\n')
    made = outputs.make(loaded(tmp_path, f'driver = "{name}"\n{key} = "x"\n').siren)
    assert made.trouble() is None


def test_a_setting_that_a_driver_alone_has_is_read_by_its_own_rule(tmp_path, monkeypatch):
    kind = outputs.driver("lcus")
    monkeypatch.setattr(kind, "fields", {"pause_ms": ((0, 500), 20, "a pause, a whole number 0..500")})
    text = 'driver = "lcus"\nport = "/dev/x"\n'
    assert loaded(tmp_path, text).siren.pause_ms == 20
    assert loaded(tmp_path, text + "pause_ms = 7\n").siren.pause_ms == 7
    with pytest.raises(LocalError, match="pause_ms = 501 does not fit; give a pause"):
        loaded(tmp_path, text + "pause_ms = 501\n")
    with pytest.raises(LocalError, match="pause_ms is unknown"):
        loaded(tmp_path, 'driver = "gpio"\nline = "x"\npause_ms = 7\n')


def test_a_driver_that_cannot_be_loaded_is_told_and_leaves_the_settings_whole(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kentongan_gateway.outputs.gpio", None)
    read = loaded(tmp_path, 'driver = "gpio"\nline = "SIRENE"\n', strict=False)
    assert read.siren.driver == "gpio" and read.odd == ()
    with pytest.raises(ImportError):
        outputs.make(read.siren)
    found = {one.id: one for one in checks.run(read)}["siren"]
    assert not found.ok and "driver gpio cannot be loaded" in found.text


def test_a_line_of_a_siren_is_looked_for_and_not_taken(tmp_path):
    found = {one.id: one for one in checks.run(loaded(tmp_path, 'driver = "gpio"\nline = "SIRENE-1"\n'))}
    assert not found["siren_line"].ok and "no GPIO line is named 'SIRENE-1'" in found["siren_line"].text
