"""Commands that the hub prints can be typed on its machine as they stand."""

import html
import os
import pwd
import shlex
import sys
from pathlib import Path

import pytest
from kentongan_hub import cli
from kentongan_hub.base.entries import typed as typing
from kentongan_hub.base.entries.typed import typed
from kentongan_hub.storage import store
from kentongan_hub.web.pages.site import storage
from kits.hub.hub_kit import PASSWORD, Person

PROGRAM = str(Path(sys.executable).parent / "kentongan-hub")


def printed(text):
    """The words of the first command in the text."""
    start = text.index(PROGRAM)
    return shlex.split(text[start:].partition("`")[0].partition("<")[0])


def test_a_command_is_printed_by_its_path_and_with_this_hubs_data():
    assert typed("Minta: kentongan-hub access.", "/srv/x") == f"Minta: {PROGRAM} access --data /srv/x."
    assert typed("(kentongan-hub recovery-link)", "/a b") == f"({PROGRAM} recovery-link --data '/a b')"
    given = "`kentongan-hub restore --data BARU --from FILE`"
    assert typed(given, "/var/lib/x") == given.replace("kentongan-hub", PROGRAM)
    for other in ("kentongan-hub: no site", "/opt/kentongan/.venv/bin/kentongan-hub check", "kentongan-hub"):
        assert typed(other, "/var/lib/x") == other


@pytest.fixture
def service(monkeypatch):
    """The data are those of a service's account, as on an installed machine."""
    monkeypatch.setattr(typing, "owner_of", lambda data_dir: 1)
    monkeypatch.delenv("SUDO_COMMAND", raising=False)
    return f"sudo -u {pwd.getpwuid(1).pw_name} {PROGRAM}"


def test_on_an_installed_machine_a_command_runs_as_who_owns_the_data(service, monkeypatch):
    assert typed("kentongan-hub check", "/srv/x") == f"{service} check --data /srv/x"
    assert typed("kentongan-hub restore --data NEW", "/srv/x") == f"{service} restore --data NEW"
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    for command, said in (("/bin/bash", PROGRAM), (f"{PROGRAM} check", service), ("", service)):
        monkeypatch.setenv("SUDO_COMMAND", command)
        assert typed("kentongan-hub check", "/x").startswith(f"{said} check"), "in a shell of it"


@pytest.mark.parametrize("uid", [None, 0, 1_000])
def test_data_of_a_person_or_of_root_need_no_other_account(monkeypatch, uid):
    monkeypatch.setattr(typing, "owner_of", lambda data_dir: uid)
    assert typed("kentongan-hub check", "/srv/x") == f"{PROGRAM} check --data /srv/x"


def test_every_command_on_a_page_of_an_installed_machine_says_as_whom(site, service):
    admin = site.enter("admin")
    for page in ("/simpanan", "/catatan", "/perangkat", "/akses", "/akun", "/peringatan"):
        text = html.unescape(admin.get(page).text)
        assert text.count(PROGRAM) == text.count(service), page
    assert service in html.unescape(admin.get("/simpanan").text)


def test_what_a_command_writes_goes_where_its_account_may_write(site, service, monkeypatch, tmp_path):
    """/var/lib and the folder of whoever types are not the service's; /etc/kentongan is, by the guide."""
    guide = (Path(__file__).resolve().parents[4] / "docs/technician.md").read_text(encoding="utf-8")
    assert f"sudo install -d -o kentongan -m 0750 {typing.KEYS}" in guide
    assert typing.gateway_key_file() == "gateway-1.json" or typing.KEYS.is_dir()
    monkeypatch.setattr(typing, "KEYS", tmp_path)
    assert typing.gateway_key_file() == str(tmp_path / "gateway-1.json")
    assert storage.RESTORE.format(site.data_dir).split()[3] == f"{site.data_dir}/pulih"


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_pages_print_commands_as_they_can_be_typed(site, language):
    admin = site.enter("admin")
    admin.post("/bahasa", page="/papan", ke=language)
    for page, command in (("/simpanan", "restore"), ("/catatan", "check")):
        text = admin.get(page).text
        assert printed(text)[:2] == [PROGRAM, command] and "--data" in printed(text)
        assert "kentongan-hub " not in text.replace(PROGRAM, "")


def test_the_page_after_set_up_prints_a_command_that_runs(tmp_path):
    from kentongan_hub.app import create_app

    app = create_app(tmp_path / "data", dispatch=False)
    person = Person(app)
    form = {"nama": "RT 05", "rt": "5", "rw": "3", "zona": "WIB", "orang": "Siti", "masuk": "siti",
            "sandi": PASSWORD, "sandi2": PASSWORD, "kode": app.hub.setup_code}  # fmt: skip
    text = person.post("/mulai", page="/mulai", **form).text
    program, *words = printed(text)
    assert program == PROGRAM and words[0] == "gateway-file"
    words[words.index("--out") + 1] = str(tmp_path / "gateway-1.json")
    assert cli.main(words) == 0 and (tmp_path / "gateway-1.json").exists()


def test_the_consoles_messages_are_typable_too_and_the_api_tells_a_stranger_no_path(site, capsys):
    remedy = site.client.get("/api/v1/orders?after=0&wait=0").json["remedy"]
    assert "`kentongan-hub gateway-file" in remedy and str(site.data_dir) not in remedy
    (site.data_dir / store.FILE_NAME).write_bytes(b"")
    assert cli.main(["check", "--data", str(site.data_dir)]) == 1
    assert printed(capsys.readouterr().out)[:4] == [PROGRAM, "run", "--data", str(site.data_dir)]
