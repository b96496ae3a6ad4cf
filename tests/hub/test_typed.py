"""What the hub prints of its own commands can be typed on its machine as it stands."""

import shlex
import sys
from pathlib import Path

import pytest
from hub_kit import PASSWORD, Person
from kentongan_hub import cli, store
from kentongan_hub.typed import typed

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


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_pages_print_commands_as_they_can_be_typed(site, language):
    admin = site.enter("admin")
    admin.post("/bahasa", page="/papan", ke=language)
    for page, command in (("/simpanan", "restore"), ("/catatan", "check")):
        text = admin.get(page).text
        assert printed(text)[:2] == [PROGRAM, command] and "--data" in printed(text)
        assert "kentongan-hub " not in text.replace(PROGRAM, "")


def test_the_page_after_set_up_prints_a_command_that_runs(tmp_path):
    from kentongan_hub import create_app

    app = create_app(tmp_path / "data", dispatch=False)
    person = Person(app)
    form = {"nama": "RT 05", "rt": "5", "rw": "3", "zona": "WIB", "orang": "Siti", "masuk": "siti",
            "sandi": PASSWORD, "sandi2": PASSWORD, "kode": app.hub.setup_code}  # fmt: skip
    text = person.post("/mulai", page="/mulai", **form).text
    program, *words = printed(text)
    assert program == PROGRAM and words[0] == "gateway-file"
    words[words.index("--out") + 1] = str(tmp_path / "gateway-1.json")
    assert cli.main(words) == 0 and (tmp_path / "gateway-1.json").exists()


def test_the_apis_remedies_and_the_consoles_messages_are_typable_too(site, capsys):
    remedy = site.client.get("/api/v1/orders?after=0&wait=0").json["remedy"]
    words = printed(remedy)
    assert words[:2] == [PROGRAM, "gateway-file"] and words[words.index("--data") + 1] == str(site.data_dir)
    (site.data_dir / store.FILE_NAME).write_bytes(b"")
    assert cli.main(["check", "--data", str(site.data_dir)]) == 1
    assert printed(capsys.readouterr().out)[:4] == [PROGRAM, "run", "--data", str(site.data_dir)]
