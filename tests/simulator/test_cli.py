"""`kentongan-sim run` prints what it promises and refuses in one line; a failure says how to run it again."""

import json
import xml.etree.ElementTree as tree

import pytest
from kentongan_sim import cli
from kentongan_sim.checkers import ALL
from kentongan_sim.checkers.summary import percentiles
from kentongan_sim.console.arguments import typed
from kentongan_sim.world.node_host import NodeFault, NodeHost

SIM = typed("kentongan-sim")

PROMISED = (
    "seed",
    "engine",
    "trace_sha256",
    "pressed",
    "stored",
    "sounded",
    "press_to_siren_ms",
    "press_to_stored_ms",
    "floor_ms",
    "worst_air_s_per_hour",
    "lost",
    "false_sirens",
    "wall_s",
    "virtual_s",
)


def run(capsys, *words):
    """(exit code, standard output, standard error)."""
    try:
        code = cli.main(["run", *words])
    except SystemExit as stop:
        code = stop.code
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_json_names_every_promised_figure(capsys):
    code, out, _ = run(capsys, "line3", "--seed", "4", "--duration", "190", "--json")
    figures = json.loads(out)
    assert code == 0
    assert [name for name in PROMISED if name not in figures] == []
    assert set(figures["press_to_siren_ms"]) == {"p50", "p95", "p99", "max"}
    assert (figures["pressed"], figures["stored"], figures["lost"], figures["false_sirens"]) == (1, 1, 0, 0)
    assert figures["virtual_s"] == 190


def test_the_air_time_of_the_hops_is_a_floor(capsys):
    figures = json.loads(run(capsys, "line3", "--duration", "200", "--json")[1])
    assert figures["floor_ms"] == 4 * 90_368 // 1000
    assert figures["press_to_siren_ms"]["p50"] > figures["floor_ms"]


def test_a_burst_is_spread_over_different_houses_by_the_seed(capsys, tmp_path):
    presses = {}
    for seed in ("1", "2"):
        trace = tmp_path / seed
        run(capsys, "rt", "--seed", seed, "--presses", "5", "--duration", "155", "--trace", str(trace))
        lines = trace.read_text().splitlines()
        presses[seed] = [line.split()[:2] for line in lines if '"down":true' in line]
        assert len({label for _, label in presses[seed]}) == 5
        assert all(150_000_000 <= int(t_us) <= 153_000_000 for t_us, _ in presses[seed])
    assert presses["1"] != presses["2"]


def test_people_get_sentences(capsys):
    _, out, _ = run(capsys, "line3", "--duration", "190")
    assert "pressed 1, stored 1, sounded 1, lost 0, false sirens 0" in out
    assert all(f"{name}: holds" in out for name in ALL)


def test_a_dead_gateway_still_sounds(capsys):
    figures = json.loads(run(capsys, "rt", "--dead", "gateway-1", "--duration", "220", "--json")[1])
    assert (figures["stored"], figures["sounded"], figures["lost"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no scenario 'nowhere'; choose one of city1000, hostile, line3,"),
        (["rt", "--engine", "jython"], "there is no engine 'jython'; choose one of cpython, micropython"),
        (["rt", "--dead", "pos-3"], "no device 'pos-3' in rt; did you mean pos-1?"),
        (["rt", "--loss", "8"], "'8' is not within 0..0.9; write 0.08 for 8 %"),
        (["rt", "--seed", "one"], "'one' is not within"),
        (["rt", "--presses", "-1"], "give a whole number"),
        (["rt", "--within", "x"], "give seconds"),
        (["line3", "--dead", "tombol-01"], "no button is alive to be pressed"),
        (["line3", "--duration", "1", "--presses", "0", "--trace", "/nowhere/trace"], "choose a file"),
        ([], "required: SCENARIO"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_remedy(capsys, words, said):
    code, out, err = run(capsys, *words)
    assert code == 2 and out == ""
    assert said in err and err.count("\n") == 1


def test_a_broken_promise_fails_the_run_and_names_the_seed_and_the_command(capsys, monkeypatch):
    monkeypatch.setitem(ALL, "no_alarm_lost", lambda history: ["tombol-01 was forgotten"])
    code, out, err = run(capsys, "line3", "--seed", "9", "--loss", "0.05", "--duration", "155")
    assert code == 1
    assert "BROKEN 1 times" in out and "tombol-01 was forgotten" in out
    assert (
        f"seed 9; run again: {SIM} run line3 --engine cpython --seed 9 --presses 1 --within 3 "
        "--loss 0.05 --duration 155"
    ) in err


def test_a_device_that_does_the_impossible_is_named_with_the_command(capsys, monkeypatch):
    def impossible(self, action):
        raise NodeFault("tombol-01 wants its tick for ever")

    monkeypatch.setattr(NodeHost, "_show", impossible)
    code, out, err = run(capsys, "line3", "--duration", "155")
    assert code == 1 and out == ""
    assert f"tombol-01 wants its tick for ever; seed 1; run again: {SIM} run line3" in err


def test_the_diagram_shows_frames_sirens_presses_and_answers(capsys, tmp_path):
    run(capsys, "rt", "--presses", "3", "--duration", "180", "--plot", str(tmp_path / "air.svg"))
    root = tree.parse(tmp_path / "air.svg").getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"pos-1", "gateway-1", "the post has it", "somebody is coming"} <= set(texts)
    assert texts.count("A") > 3 and "151 s" in texts and "bunyi: titir" in texts
    tips = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    for words in ("(relayed)", "main pressed at", ": sending, from"):
        assert any(words in tip for tip in tips), words
    assert "href" not in (tmp_path / "air.svg").read_text()


def test_percentiles_are_values_that_occurred():
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None, "max": None}
    assert percentiles(range(1, 101)) == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert percentiles([7]) == {"p50": 7, "p95": 7, "p99": 7, "max": 7}
