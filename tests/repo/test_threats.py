"""The table of threats: no empty cell, every test is there and asserts, every limit has its cost, both pages
are drawn from it."""

import copy
import re
import subprocess
import sys

import pytest
from kentongan_hub.base import roles
from kentongan_sim.attack.attacks import ATTACKS
from kits.hub import role_table
from repo.draw import threats

TEST = "hub/base/test_roles.py::test_no_account_mutes_a_silent_alarm[wakil]"
CI = "repo/test_ci.py::test"


@pytest.fixture(scope="module")
def data():
    return threats.load()


@pytest.fixture
def spoilt(data):
    return copy.deepcopy(data)


def test_every_cell_is_proved_or_has_its_cost(data):
    assert threats.problems(data, roles.ROLES) == []


def test_the_pages_are_drawn_from_it(data):
    for language, page in threats.PAGES.items():
        text = page.read_text(encoding="utf-8")
        remedy = "run python tests/repo/draw/threats.py"
        assert threats.redrawn(text, data, language) == text, f"{page.name}: {remedy}"


def test_the_rows_are_those_who_may_attack_and_the_columns_what_is_promised(data):
    for name in ("nobody", "jammer", "channel", "tombol", "penerima", "penerus", "sirene", "gateway", "sms",
                 "wifi", "household", "technician", "backup"):  # fmt: skip
        assert name in data["attackers"]
    columns = {"siren", "lost", "received", "coming", "muting", "secret", "settings", "watch"}
    assert set(data["promises"]) == columns


def test_tests_that_are_one_of_several_are_collected_by_their_ids(data):
    """The words in a bracket are known only when pytest has made the list."""
    wanted = {test for *_, cell in threats.cells(data) for test in cell.get("tests", ()) if "[" in test}
    files = sorted({f"tests/{test.partition('::')[0]}" for test in wanted})
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "--collect-only", *files]
    done = subprocess.run(command, cwd=threats.ROOT, capture_output=True, text=True)
    there = set(re.findall(r"^tests/(\S+)$", done.stdout, re.MULTILINE))
    assert there, done.stdout + done.stderr
    assert sorted(wanted - there) == []


def test_a_walked_attack_stands_in_the_row_of_who_holds_what_it_needs(data):
    """And never in a row of somebody who holds less: that would prove nothing of him."""
    more = {"jammer": ("channel",)}  # the one who jams in that walk forges besides
    walked = 0
    for attacker, _, cell in threats.cells(data):
        for name in re.findall(r"test_attack\.py::\w+\[([\w-]+)\]", " ".join(cell.get("tests", ()))):
            name = name if name in ATTACKS else re.sub(r"-\d+$", "", name)  # of one seed
            holder = ATTACKS[name].holder.partition("-")[0].replace("pos", "sirene")
            assert holder in more.get(attacker, (attacker,)), (attacker, name, holder)
            walked += 1
    assert walked > 20


def test_what_a_role_may_do_badly_stands_in_its_row_and_nothing_that_it_may_not(data):
    for role in role_table.MAY:
        has = {name for cell in data["cells"][role].values() for name in cell.get("limits", ())}
        for limit, right in role_table.LIMITS.items():
            assert (limit in has) == role_table.may(role, right), (role, limit)
    given = set(" ".join(role_table.MAY.values()).split())
    harmless = {"lihat", "sendiri", "perangkat", "catatan", "undang"}  # to see, to invite
    assert given == harmless | set(role_table.LIMITS.values())


def test_no_command_of_a_limit_is_unknown(data):
    """They run as they stand; what each walks is named in the list of attacks."""
    commands = [one["command"] for one in data["limits"].values() if "command" in one]
    assert commands
    for command in commands:
        found = re.fullmatch(r"\.venv/bin/kentongan-sim attack ([\w-]+) --seeds \d+-\d+", command)
        assert command.startswith(".venv/bin/python -c") or found and found[1] in ATTACKS, command


FAULTS = {
    "an empty cell": (lambda d: d["cells"]["nobody"].pop("siren"), "cells.nobody.siren: empty"),
    "a cell without a word": (lambda d: d["cells"]["sms"]["lost"].pop("why"), "cells.sms.lost: why"),
    "a role without a row": (lambda d: d["attackers"].pop("wakil"), "no row for the role wakil"),
    "a column that is none": (lambda d: d["cells"]["sms"].update(luck={}), "cells.sms.luck: no such"),
    "a word that is none": (lambda d: d["cells"]["sms"]["lost"].update(test=[]), "lost: test is unknown"),
    "a limit that is none": (lambda d: d["cells"]["sms"]["lost"].update(limits=["x"]), "lost: x is unknown"),
    "a limit of nobody": (lambda d: d["limits"].update(luck=d["limits"]["jam"]), "limits.luck: no cell"),
    "no cost": (lambda d: d["limits"]["jam"].update(cost_en="little"), "jam.cost_en: needs a number"),
    "a bare cost": (lambda d: d["limits"]["jam"].update(cost_id="1"), "jam.cost_id: needs a number"),
    "two costs": (lambda d: d["limits"]["jam"].update(cost_id="2 s"), "jam: cost_en and cost_id name other"),
    "no Indonesian": (lambda d: d["limits"]["jam"].update(id=" "), "limits.jam.id: missing"),
    "no file": (lambda d: d["cells"]["sms"]["lost"].update(tests=["hub/x.py::test_x"]), "no such file"),
    "no test": (lambda d: d["cells"]["sms"]["lost"].update(tests=[f"{CI}_x"]), "no such test"),
    "no ids": (
        lambda d: d["cells"]["sms"]["lost"].update(tests=[f"{CI}_no_package_host_is_named[a]"]),
        "it has no ids"),
    "another's": (lambda d: d["cells"]["sms"]["lost"].update(tests=[TEST]), "about another attacker"),
    "twice": (lambda d: d["cells"]["sms"]["lost"].update(tests=[TEST, TEST]), "stands there twice"),
    "a test for all": (
        lambda d: [one.update(tests=[
                       "hub/record/test_chain.py::test_an_erased_row_cannot_be_given_new_words"])
                   for row in d["cells"].values() for one in row.values()],
        f"at most {threats.PROMISES_MAX}"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_seeded_fault_it_is_found_and_its_place_is_named(spoilt, fault):
    spoil, says = FAULTS[fault]
    spoil(spoilt)
    assert any(says in one for one in threats.problems(spoilt, roles.ROLES)), threats.problems(spoilt)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("def test_a():\n    assert 1\n", None),
        ("import pytest\ndef test_a():\n    with pytest.raises(ValueError):\n        int('x')\n", None),
        ("def holds():\n    assert 1\ndef test_a():\n    holds()\n", None),
        ("def holds():\n    pass\ndef test_a():\n    holds()\n", "it asserts nothing"),
        ("def test_a():\n    print(1)\n", "it asserts nothing"),
        ("import pytest\n@pytest.mark.skip\ndef test_a():\n    assert 1\n", "it is skipped, or may fail"),
        ("import pytest\n@pytest.mark.xfail\ndef test_a():\n    assert 1\n", "it is skipped, or may fail"),
        ("class A:\n    def test_a(self):\n        assert 1\n", "no such test"),
    ],
)
def test_seeded_fault_a_test_that_proves_nothing_is_refused(tmp_path, monkeypatch, body, wrong):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text(body)
    monkeypatch.setattr(threats, "ROOT", tmp_path)
    assert threats.wrong_test("test_it.py::test_a") == wrong
    assert threats.wrong_test("it.py::test_a") == "no such file of tests"


def test_a_stale_page_is_found(data):
    page = threats.PAGES["id"].read_text(encoding="utf-8")
    other = copy.deepcopy(data)
    other["limits"]["jam"]["cost_id"] = "2 s"
    assert threats.redrawn(page, other, "id") != page
