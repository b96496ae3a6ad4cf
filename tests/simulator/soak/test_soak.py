"""The fault campaigns in short, and that they can fail: a disk that tears, a gateway that forgets."""

import contextlib
import io
import random
import sqlite3
import subprocess
import sys

import pytest
from kentongan_gateway.disk import database
from kentongan_sim import cli
from kentongan_sim.soak import disk, page, run
from kentongan_sim.soak import gateway as campaign
from kentongan_sim.soak.faults import FAULTS
from kentongan_sim.soak.field import campaign as field
from kentongan_sim.soak.field.campaign import Result as FieldResult
from kentongan_sim.soak.gateway import Campaign, Result
from kits.patience import wait_for


def torn_at_each_step(directory, rounds):
    """Cut the power at each step of one commit; the number of files torn."""
    rng, cut_off, torn = random.Random(1), disk.make(), 0
    try:
        for steps in range(rounds):
            path = directory / f"t{steps}.sqlite3"
            db = sqlite3.connect(path, isolation_level=None)
            db.execute("PRAGMA journal_mode=TRUNCATE")
            db.execute("CREATE TABLE t (x)")
            db.executemany("INSERT INTO t VALUES (?)", [("x" * 900,)] * 20)
            cut_off.arm(directory, steps)
            with contextlib.suppress(sqlite3.Error):
                db.execute("UPDATE t SET x = 'new' || x")
            dead = cut_off.dead
            db.close()
            torn += cut_off.cut(rng)
            check = sqlite3.connect(path)
            news = check.execute("SELECT count(*) FROM t WHERE x LIKE 'new%'").fetchone()[0]
            assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert news in ((0, 20) if dead else (20,)), (steps, news)
            check.close()
        return torn
    finally:
        cut_off.close()


def test_the_disk_tears_what_was_not_synced_and_sqlite_holds(tmp_path, require):
    require(disk.shared_sqlite(), "a shared SQLite library", "use Debian's python3")
    assert torn_at_each_step(tmp_path, 40) > 5


def test_one_of_each_fault_loses_nothing_and_is_shown():
    result = Result()
    Campaign(1, result).run(len(FAULTS))
    assert not result.problems
    assert set(result.faults) == {fault.name for fault in FAULTS}
    assert result.receipts + result.nobody == result.pressed
    assert "0 lost" in page.verdict(result) and all(fault.name in page.table(result) for fault in FAULTS)


class Here:
    """A pool that works in this very process."""

    def __init__(self, *_):
        return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return

    map = staticmethod(map)


@pytest.mark.parametrize("name, of, result", [("gateway", campaign, Result), ("field", field, FieldResult)])
def test_a_campaign_says_at_once_what_will_run_and_again_later(name, of, result, tmp_path, monkeypatch):
    assert run.SAID_S <= 30
    err, before = io.StringIO(), []

    def part(seed, number, count):
        before.append(err.getvalue())
        wait_for(lambda: err.getvalue().count(" min on idle cores: ") >= 2, "two words while it lasts")
        return result()

    monkeypatch.setattr(of, "part", part)
    monkeypatch.setattr(run, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(run, "SAID_S", 0.01)
    monkeypatch.setattr(sys, "stderr", err)
    words = ["soak", name, "--faults", "30", "--jobs", "2", "--keep", str(tmp_path)]
    assert cli.main(words) == 0
    assert before[0].startswith(f"{name}: 30 faults in 1 parts, 1 to run, 1 at a time, about ")


def test_the_stock_radio_says_at_once_what_will_run_and_again_while_it_lasts(monkeypatch):
    from kentongan_sim.soak import stock

    err, before = io.StringIO(), []

    def go(packets, unplugs, say):
        before.append(err.getvalue())
        wait_for(lambda: err.getvalue().count("about 5 minutes: ") >= 2, "two words while it lasts")
        return []

    monkeypatch.setattr(stock, "run", go)
    monkeypatch.setattr(run, "SAID_S", 0.01)
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.main(["soak", "stock"]) == 0
    assert before == ["stock: 10,000 packets and 50 unplugs, about 5 minutes ...\n"]


def test_a_campaign_that_is_ended_goes_on_with_the_same_result(tmp_path, capsys, monkeypatch):
    asked = []

    def part(seed, town, count):
        asked.append(town)
        result = Result()
        result.faults["kill -9"] += town + 1
        return result

    monkeypatch.setattr(campaign, "part", part)
    monkeypatch.setattr(run, "ProcessPoolExecutor", Here)
    words = ["soak", "gateway", "--faults", "150", "--keep", str(tmp_path)]
    assert cli.main(words) == 0
    table = capsys.readouterr().out
    next(tmp_path.glob("*/1.pickle")).write_bytes(b"torn")
    assert cli.main(words) == 0
    assert asked == [0, 1, 2, 1] and "6 faults" in table
    assert capsys.readouterr().out.splitlines()[-3:] == table.splitlines()[-3:]


def test_kept_parts_are_of_all_code_that_a_campaign_runs():
    campaigns = "kentongan_sim.soak.gateway, kentongan_sim.soak.field.campaign"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {campaigns}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [name for name in loaded.stdout.split() if name.startswith("kentongan_")]
    assert len(ours) > 100
    assert not [name for name in ours if not any(f"{name}.".startswith(f"{one}.") for one in run.CODE)]


def test_a_gateway_that_promises_without_keeping_is_found_out(monkeypatch):
    monkeypatch.setattr(database.Database, "_put", lambda self, rows: [self._id(9_999) for _ in rows])
    result = Result()
    Campaign(1, result).run(1, ["kill -9"])
    assert any(problem.startswith("lost") for problem in result.problems)
