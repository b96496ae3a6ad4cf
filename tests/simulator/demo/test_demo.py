"""The demo command, as typed: it goes all the way and says so, and says which part failed otherwise."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from kentongan_sim.console.processes import Part, PartFailed
from kentongan_sim.demo import proof as demo_proof
from kentongan_sim.demo.plan import DEVICES, ONE_PRESS
from kentongan_sim.demo.proof import Proof
from kentongan_sim.demo.run import Demo, answer_alarm, choose_engine
from kentongan_sim.demo.site import make_site
from kentongan_sim.engines.micropython import available
from kits.patience import PATIENCE_S, wait_for

TOOL = Path(sys.executable).parent / "kentongan-sim"


def run_demo(*args):
    return subprocess.run([TOOL, "demo", *map(str, args)], capture_output=True, text=True, timeout=PATIENCE_S)


def processes_of(data):
    """Pids of processes whose command line names that directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if str(data).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_the_demo_goes_all_the_way_and_names_every_step(require, tmp_path):
    require(available(), "MicroPython for this machine", "the demo then runs on CPython and says so")
    done = run_demo("--seconds", 6, "--data", tmp_path / "data")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Starting the village on micropython" in done.stdout
    for begun in ("the village's devices start ...", "the hub starts ...", "finds its radio ..."):
        assert begun in done.stderr
    for step, text, _ in demo_proof.STEPS:
        assert text in done.stdout or step in demo_proof.OPTIONAL, step
    assert "missing" not in done.stdout
    assert "button -> gateway -> hub -> person -> button" in done.stdout
    assert processes_of(tmp_path / "data") == []


def test_ctrl_c_ends_everything(tmp_path):
    data = tmp_path / "data"
    running = subprocess.Popen(
        [TOOL, "demo", "--data", data, "--engine", "cpython"], stdout=subprocess.PIPE, text=True
    )
    assert any("Village page" in line for line in running.stdout)
    assert len(processes_of(data)) >= 2  # hub and gateway
    running.send_signal(signal.SIGINT)
    assert running.wait(PATIENCE_S) == 0
    running.stdout.close()
    assert processes_of(data) == []


def test_no_process_outlives_a_killed_demo(require, tmp_path):
    require(sys.platform == "linux", "Linux", "elsewhere kill -9 of the demo may leave its parts running")
    data = tmp_path / "data"
    running = subprocess.Popen(
        [TOOL, "demo", "--data", data, "--engine", "cpython"], stdout=subprocess.PIPE, text=True
    )
    assert any("Village page" in line for line in running.stdout)
    running.kill()
    running.wait(PATIENCE_S)
    running.stdout.close()
    wait_for(lambda: not processes_of(data), "the end of every part")


def test_data_that_is_there_is_not_touched(tmp_path):
    (tmp_path / "mine").write_text("precious")
    done = run_demo("--seconds", 5, "--data", tmp_path)
    assert done.returncode == 2 and "choose an empty directory" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_part_that_cannot_start_is_named_with_its_log(tmp_path):
    part = Part(
        "gateway",
        [sys.executable, "-c", "print('no modem here'); raise SystemExit(3)"],
        tmp_path / "gateway.log",
    )
    part.start()
    with pytest.raises(PartFailed, match="(?s)gateway: ended by itself .exit 3. before its modem.*no modem"):
        part.wait_for("its modem", lambda: False, PATIENCE_S)


def test_a_part_that_hangs_is_named_and_can_be_killed(tmp_path):
    part = Part("hub", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "hub.log")
    part.start()
    with pytest.raises(PartFailed, match="hub: no answer within"):
        part.wait_for("answer", lambda: False, 0.1)
    part.kill()
    assert not part.alive()


def test_a_part_that_is_not_installed_is_named_with_the_remedy(tmp_path):
    with pytest.raises(PartFailed, match="hub: /nowhere/kentongan-hub cannot be started.*make setup"):
        Part("hub", ["/nowhere/kentongan-hub"], tmp_path / "hub.log").start()


def test_a_step_that_does_not_happen_is_named_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr("kentongan_sim.demo.run.STEP_S", 2)
    with Demo(tmp_path / "data", "cpython") as demo:
        demo.start()
        demo.switch("gateway", False)
        with pytest.raises(PartFailed, match="missing step: gateway has it on disk; see .*gateway.log"):
            answer_alarm(demo)


@pytest.mark.parametrize("wrong", [["--seconds", "0"], ["--seconds", "x"], ["--port", "70000"]])
def test_wrong_numbers_are_refused_with_the_remedy(wrong):
    done = run_demo(*wrong)
    assert done.returncode == 2 and "; give " in done.stderr


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_demo("--seconds", 5, "--port", port, "--engine", "cpython", "--data", tmp_path / "data")
    assert done.returncode == 1 and f"port {port}; choose another --port" in done.stderr
    assert processes_of(tmp_path / "data") == []


def test_the_proof_wants_the_siren_from_the_button_itself():
    proof = Proof("tombol-07", 0xAB)
    siren = {"step": "siren_on", "device": "000000ab", "counter": 1, "detail": "receipt"}
    proof.watch(0, "pos-1", "note", {**siren, "detail": "direct"})
    assert proof.missing()[0] == "press"  # nothing counts before the press
    proof.watch(1, "tombol-07", "key", {"key": "main", "down": True})
    proof.watch(2, "pos-1", "note", siren)
    proof.watch(2, "pos-2", "note", {**siren, "device": "000000ac", "detail": "direct"})
    assert proof.missing()[0] == "siren"
    proof.watch(3, "pos-1", "note", {**siren, "detail": "direct"})
    assert proof.missing()[0] == "stored"
    assert any("missing" in line for line in proof.lines())


def test_the_demos_site_has_every_device_of_the_plan(tmp_path):
    site = make_site(tmp_path)
    assert set(site.settings) == {spot.label for spot in DEVICES}
    assert len(set(site.nodes.values())) == len(DEVICES)
    buttons = [one for one in site.settings.values() if one["role"] == "tombol"]
    assert {one["label"] for one in buttons if one["one_press"]} == ONE_PRESS
    for secret in ("hub/site.json", "gateway/key.json", "gateway/token"):
        assert (tmp_path / secret).stat().st_mode & 0o077 == 0, secret


def test_without_micropython_the_demo_says_so(monkeypatch, capsys):
    monkeypatch.setattr("kentongan_sim.engines.micropython.available", lambda: False)
    assert choose_engine(None) == "cpython"
    assert "no MicroPython" in capsys.readouterr().out
    assert choose_engine("cpython") == "cpython"
