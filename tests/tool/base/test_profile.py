"""Profiles that a technician types once: saved as paths, checked, and given to their own hub only."""

import json
import stat

import pytest
from kentongan_tool import cli
from kentongan_tool.base import profile
from kentongan_tool.base.failures import ToolError
from kentongan_tool.commands import arguments

HUB = "https://kentongan.lan"


@pytest.fixture
def laptop(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    token = tmp_path / "teknisi.token"
    token.touch(0o600)
    token.write_text("ktt_rahasia\n")
    return tmp_path


class Typed:
    """The arguments of a command."""

    def __init__(self, hub=None, token_file=None, login=None, ca_file=None):
        self.hub, self.token_file, self.login, self.ca_file = hub, token_file, login, ca_file


def save(*words):
    return cli.main(["profile", *words])


def test_what_is_saved_need_not_be_typed_again_and_holds_no_token(laptop, capsys):
    assert save("--hub", HUB + "/", "--token-file", "teknisi.token") == 0
    text = profile.path().read_text()
    assert json.loads(text) == {"hub": HUB, "token_file": str(laptop / "teknisi.token")}
    assert "ktt_rahasia" not in text + capsys.readouterr().out
    assert stat.S_IMODE(profile.path().parent.stat().st_mode) == 0o700
    hub = arguments.open_hub(Typed())
    assert hub.url == HUB and hub._token == "ktt_rahasia"
    assert save() == 0 and f"pusat data: {HUB}" in capsys.readouterr().out


def test_its_token_goes_to_no_other_hub_and_what_is_typed_comes_first(laptop):
    save("--hub", HUB, "--token-file", "teknisi.token")
    with pytest.raises(ToolError, match="--token-file or --login"):
        arguments.open_hub(Typed("https://lain.example"))
    other = laptop / "lain.token"
    other.touch(0o600)
    other.write_text("ktt_lain\n")
    assert arguments.open_hub(Typed(HUB, other))._token == "ktt_lain"
    assert profile.of_hub(None, None, None, login=True) == (HUB, None, None)


def test_another_hub_in_the_profile_takes_the_old_ones_token_with_it(laptop):
    save("--hub", HUB, "--token-file", "teknisi.token")
    assert save("--hub", "https://lain.example") == 0
    assert profile.read() == {"hub": "https://lain.example"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hub", "kentongan.lan"], "write https://"),
        (["--hub", HUB, "--token-file", "tidak-ada"], "tidak-ada"),
        (["--hub", HUB, "--ca-file", "teknisi.token"], "bukan sertifikat"),
        (["--hub", HUB, "--bundle", "tidak-ada"], "MANIFEST"),
        (["--token-file", "teknisi.token"], "give --hub with them"),
        ([], "belum ada yang disimpan"),
    ],
)
def test_what_could_not_be_used_is_not_saved(laptop, capsys, words, said):
    assert save(*words) in (1, 2)
    assert said in capsys.readouterr().err and not profile.path().exists()


def test_a_damaged_profile_is_named_with_what_removes_it(laptop, capsys):
    profile.path().parent.mkdir(parents=True)
    for text in ("{", "[]", '{"hub": 5}'):
        profile.path().write_text(text)
        assert cli.main(["label", "--out", "x.pdf"]) == 1
        assert "profile --clear`" in capsys.readouterr().err
    assert save("--clear") == 0 and profile.read() == {}


def test_without_a_profile_it_is_said_how_to_make_one(laptop, capsys):
    assert cli.main(["label", "--out", "x.pdf"]) == 2
    assert "profile --hub URL" in capsys.readouterr().err


def test_flash_and_provision_find_the_bundle_of_the_profile(laptop, capsys):
    profile.write({"bundle": str(laptop / "bundel")})
    assert cli.main(["flash", "--port", "/dev/none"]) == 1
    assert str(laptop / "bundel") in capsys.readouterr().err
