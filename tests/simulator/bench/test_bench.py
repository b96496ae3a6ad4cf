"""Campaigns: the grid has every target, a killed campaign resumes, results of other code are not mixed in."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kentongan_sim import cli
from kentongan_sim.bench import grid, record, store, targets
from kentongan_sim.bench.run import Progress, failures
from kentongan_sim.bench.store import Store, code_digest, code_files, matters
from kentongan_sim.checkers import ALL
from kentongan_sim.scenarios.catalogue import SCENARIOS
from kits.patience import PATIENCE_S, wait_for

TINY = grid.Cell("line", "line3", 1, 0, 160, 0.05, (), grid.PRESETS[0], grid.OURS, 12, 3, 0.05)
# The rows of issue 3's table that simulated runs answer, and where the grid has them.
ROWS = {"rt1": 3, "rt10": 3, "rw40": 3, "dead": 1, "zinc": 1, "hostile": 4, "hour": 1, None: 2}


def test_the_grid_covers_every_row_of_the_target_table():
    found = {}
    for target in targets.TARGETS:
        found[target.block] = found.get(target.block, 0) + 1
    assert found == ROWS
    for quick in (False, True):
        for block in ROWS:
            judged = [
                cell
                for cell in grid.chosen(quick)
                if block in (None, cell.block)
                and (cell.baseline, cell.preset, cell.loss) == (grid.OURS, grid.PRESETS[0], 0.08)
            ]
            assert judged, block


def test_the_full_grid_has_all_losses_both_presets_and_the_baseline_beside_every_cell():
    names = {grid.name(cell) for cell in grid.chosen(False)}
    assert len(names) == len(grid.chosen(False))
    for cell in grid.chosen(False):
        if cell.baseline == grid.OURS:
            assert grid.name(cell._replace(baseline=grid.STOCK)) in names
            assert grid.name(cell._replace(preset="MediumFast")) in names
            if cell.preset in grid.BESIDE:
                assert cell.block == "load" or grid.name(cell._replace(loss=0.0)) in names
    assert {dead for cell in grid.chosen(False) for dead in cell.dead} == {
        "gateway-1",
        "penerus-1",
        "pos-1",
        "pos-2",
    }


def test_both_grids_have_ours_and_stock_on_every_preset_where_somebody_can_be_ahead():
    asked = {("rt1", 1), ("rt10", 10), ("zinc", 1), ("line", 1), ("line5", 1)}
    for quick, wanted in (
        (False, asked | {("load", 20), ("rw40", 40), ("rt120", 1), ("rt120", 10)}),
        (True, asked),
    ):
        for preset in ("ShortFast", "ShortSlow", "MediumFast", "LongFast"):
            for baseline in grid.SIDE_BY_SIDE:
                found = {
                    (cell.block, cell.presses)
                    for cell in grid.chosen(quick)
                    if (cell.preset, cell.baseline, cell.loss) == (preset, baseline, grid.WORST_LOSS)
                }
                assert wanted <= found, (quick, preset, baseline, wanted - found)


def test_the_full_grid_is_large_enough_for_what_the_targets_want_to_show():
    full = {
        (cell.block, cell.preset, cell.loss): len(grid.seeds(cell, False))
        for cell in grid.chosen(False)
        if cell.baseline == grid.OURS
    }
    default, other = grid.BESIDE
    least = {
        "rt1": 30_000,
        "rt10": 1_000,
        "rw40": 75,
        "dead": 3_000,
        "zinc": 3_000,
        "hostile": 300,
        "hour": 60,
    }
    for block, seeds in least.items():
        assert full[block, default, 0.08] >= seeds, block
    for loss in grid.LOSSES:
        assert full["rt10", default, loss] >= 600 and 40 * full["rw40", default, loss] >= 3_000
        assert full["rw40", other, loss] >= 10


def test_the_full_grid_takes_about_an_hour_on_two_cores():
    assert sum(grid.cost_s(cell, False) for cell in grid.chosen(False)) < 120 * 60


def test_every_cell_is_of_a_scenario_that_there_is():
    assert {cell.scenario for cell in grid.cells()} <= set(SCENARIOS)


def test_one_run_keeps_what_the_page_needs():
    found = record.run_cell(TINY, 4)
    press = found["presses"][0]
    assert press["boot_ms"] == 350 and press["siren_ms"] > press["boot_ms"] + press["floor_ms"] > 350
    assert press["stored_ms"] > 0 and press["path"] and press["gateway"] and not press["merged"]
    assert found["frames"]["ALARM"][0] >= 4 and found["air_ms"]["penerus"][0] > 0
    assert found["broken"] == {} and found["replayed"] == 0
    assert {**record.run_cell(TINY, 4), "wall_s": 0} == {**found, "wall_s": 0}


def test_the_command_to_run_again_is_one_that_the_simulator_takes(capsys):
    command = record.again(TINY._replace(preset="MediumFast"), 7)
    assert command == (
        ".venv/bin/kentongan-sim run line3 --seed 7 --presses 1 --within 0 --loss 0.05 "
        "--preset MediumFast --duration 160"
    )
    assert cli.main(command.split()[1:]) == 0
    assert "seed 7" in capsys.readouterr().out


def test_the_baseline_runs_in_the_same_place_with_a_button_that_is_always_on():
    stock = TINY._replace(baseline=grid.STOCK, loss=0.0)
    found = record.run_cell(stock, 4)
    assert found["presses"][0]["boot_ms"] == 0 and found["presses"][0]["stored_ms"] > 0
    assert found["acked_not_stored"] == 0 and "STATUS" not in found["frames"]
    assert record.again(stock, 4).endswith("--duration 160 --baseline stock")
    assert record.again(stock._replace(baseline=grid.RESEND), 4).endswith("--baseline stock --retry 7")


def test_a_run_that_takes_too_long_or_fails_is_a_result_too():
    assert record.run_cell(TINY, 1, timeout_s=0.01)["error"] == "no result within 0.01 s"
    assert "nowhere" in record.run_cell(TINY._replace(scenario="nowhere"), 1)["error"]
    assert "pos-9" in record.run_cell(TINY._replace(dead=("pos-9",)), 1)["error"]


def test_results_are_found_again_by_cell_seed_and_code(tmp_path):
    kept = Store(tmp_path, "aaaa")
    kept.append(TINY, {"seed": 3, "value": 1})
    kept.append(TINY, {"seed": 4, "value": 2})
    assert {seed: one["value"] for seed, one in kept.load(TINY).items()} == {3: 1, 4: 2}
    assert kept.load(TINY._replace(full=99)) == kept.load(TINY)
    assert kept.load(TINY._replace(duration_s=161)) == {}
    assert Store(tmp_path, "bbbb").load(TINY) == {}


def test_results_of_other_code_are_not_mixed_in_even_in_one_file(tmp_path):
    Store(tmp_path, "aaaa").append(TINY, {"seed": 3})
    (tmp_path / "aaaa").rename(tmp_path / "bbbb")
    assert Store(tmp_path, "bbbb").load(TINY) == {}


def test_a_torn_line_costs_one_seed_only(tmp_path):
    kept = Store(tmp_path, "aaaa")
    kept.append(TINY, {"seed": 3})
    with kept.path(TINY).open("ab") as file:
        file.write(b'{"seed": 4, "va')
    kept.append(TINY, {"seed": 5})
    assert sorted(kept.load(TINY)) == [3, 5]


def test_the_digest_is_of_the_code_that_matters_only(tmp_path):
    names = {f"{path.parent.name}/{path.name}" for path in code_files()}
    assert {
        "air/mesh.py",
        "air/phy.py",
        "core/gateway_core.py",
        "physics/air.py",
        "checkers/no_alarm_lost.py",
        "bench/record.py",
    } <= names
    assert not {name for name in names if re.search("^demo/|/(realtime|plot)", name)}
    assert not matters(Path("bench/page.py")) and matters(Path("world/world.py"))
    file = tmp_path / "code.py"
    file.write_text("a = 1")
    before = code_digest([file])
    file.write_text("a = 2")
    assert code_digest([file]) != before and len(before) == 12


BENCH = """
import sys
from kentongan_sim.bench import grid
grid.BLOCKS = (grid.Block("line", "line", "line3", grid.Seeds(0, 12, 12, 0), grid.Seeds(0, 12, 12, 0),
                          grid.Cost((0, 0), (0, 0)), duration_s=160, losses=(0.0,),
                          presets=grid.PRESETS[:1]),)
from kentongan_sim.cli import main
sys.exit(main(["bench", "--cells", "line-*", "--jobs", "1", "--out", sys.argv[1]]))
"""


def lines_in(folder) -> list:
    return [line for file in folder.glob("*/*.jsonl") for line in file.read_text().splitlines()]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_campaign_that_was_killed_or_stopped_goes_on_where_it_was(tmp_path, sent, code):
    command = [sys.executable, "-c", BENCH, str(tmp_path)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(lines_in(tmp_path)) >= 3 or first.poll() is not None, "three results")
    first.send_signal(sent)
    assert first.wait(PATIENCE_S) == code
    kept = lines_in(tmp_path)
    assert 3 <= len(kept) < 12
    second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert second.returncode == 0, second.stderr
    assert f"{len(kept)} results of this code are kept" in second.stderr
    assert lines_in(tmp_path)[: len(kept)] == kept
    assert sorted(json.loads(line)["seed"] for line in lines_in(tmp_path)) == list(range(1, 13))
    page = (tmp_path / "part.md").read_text()
    assert "12 of 12 simulated runs" in page and "None: every checker held" in page
    third = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert third.returncode == 0 and "; 0 are to be run" in third.stderr


def test_a_failing_checker_makes_the_command_fail_and_names_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(grid, "chosen", lambda quick, pattern: [TINY])
    monkeypatch.setitem(ALL, "no_alarm_lost", lambda history: ["tombol-01 was forgotten"])
    monkeypatch.setattr(
        "kentongan_sim.bench.run.run_all",
        lambda tasks, jobs: [(cell, record.run_cell(cell, seed)) for cell, seed in tasks],
    )
    page = tmp_path / "p.md"
    words = ["bench", "--quick", "--cells", "line*", "--out", str(tmp_path), "--page", str(page)]
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert "broken: line-p1-loss5-ShortSlow-ours: no_alarm_lost 1 times: tombol-01 was forgotten" in said
    assert "run again: .venv/bin/kentongan-sim run line3 --seed 1" in said
    text = page.read_text()
    assert "3, each of which makes the command exit 1" in text and "--seed 3" in text


def test_the_baseline_is_judged_but_promises_nothing():
    done = {"broken": {"no_alarm_lost": [1, "gone"]}}
    stock = TINY._replace(baseline=grid.STOCK)
    results = {grid.name(TINY): {1: done}, grid.name(stock): {1: done, 2: {"error": "x\nKeyError: y"}}}
    assert [(name, why) for name, _, why, _ in failures([TINY, stock], results)] == [
        (grid.name(TINY), "no_alarm_lost 1 times: gone"),
        (grid.name(stock), "KeyError: y"),
    ]


def test_a_page_can_be_made_of_the_results_of_former_code_without_a_run(tmp_path, capsys):
    words = ["bench", "--quick", "--cells", "zinc-p1-loss8-ShortSlow-ours", "--out", str(tmp_path)]
    former = Store(tmp_path, "0123456789ab")
    cell = grid.chosen(True, "zinc-p1-loss8-ShortSlow-ours")[0]
    former.append(cell, record.run_cell(cell, 1))
    assert cli.main([*words, "--code", "0123456789ab", "--note", "Commit abc."]) == 0
    text = (tmp_path / "part.md").read_text(encoding="utf-8")
    assert "code 0123456789ab" in text and "Commit abc." in text and "1-1 of 60" in text
    assert list(former.load(cell)) == [1], "nothing was run"
    assert cli.main([*words, "--code", "ffffffffffff"]) == 2
    assert "there are no results under" in capsys.readouterr().err


def test_progress_is_a_bar_on_a_terminal_and_plain_lines_elsewhere(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("kentongan_sim.bench.run.time.monotonic", lambda: now[0])
    bar = "[###############...............] "
    for terminal, said in ((True, bar + "1/2 runs, 1 failed"), (False, "1/2 runs")):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_one=terminal: is_one, raising=False)
        progress = Progress(2)
        now[0] += 30
        progress.step("rt1", True)
        progress.end()
        out = capsys.readouterr().err
        assert said in out and ("\r" in out) == terminal and "about 0.5 min left" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cells", "nothing*"], "no cell of this grid is named like 'nothing*'"),
        (["--jobs", "-1"], "--jobs -1: give 1..256"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(words, said, capsys):
    assert cli.main(["bench", "--quick", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_list_names_cells_and_seeds(capsys):
    assert cli.main(["bench", "--list", "--cells", "rt1-*"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"rt1-p1-loss8-ShortSlow-ours +seeds 1-30000 +1350 core-s\n", shown)
    assert re.search(r"\d+ runs, about \d+ core-minutes", shown.splitlines()[-1])
    assert store.BENCH_INSIDE == ("record.py",)
