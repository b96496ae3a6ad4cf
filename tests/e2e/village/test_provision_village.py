"""A technician's day at the demo's table, in its order: a blank board becomes a button whose press sounds the
sirens, is replaced, tried and carried through the street; then a list of other roles follows.

kentongan-tool, hub and gateway are the real programs; the board is real MicroPython that boots from the files
that the tool wrote on it.
"""

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from kentongan_sim.demo import plan
from kentongan_sim.demo.run import Demo
from kentongan_tool.board.prompt import Prompt
from kits.patience import PATIENCE_S
from kits.tool.board_kit import CommandLines, need_board
from kits.tool.tool_kit import need_tools
from kits.village.village_kit import wait

BIN = Path(sys.executable).parent
BOARD = plan.BENCH.label
KEY = re.compile(rb"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from conftest import require

    need_board(require)
    need_tools(require, "mpremote", "mpy-cross")
    with Demo(tmp_path_factory.mktemp("demo") / "data", "cpython") as running:
        running.events = []
        running.village.world.listen(lambda t_us, *event: running.events.append(event))
        running.start()
        running.laptop = {
            **os.environ,
            "XDG_STATE_HOME": str(running.data / "laptop"),
            "XDG_CONFIG_HOME": str(running.data / "laptop"),
        }
        running.at_hub = f"--hub {running.hub_url} --token-file {running.bench.token}"
        yield running


def start(demo, command):
    """Start a command as a person types it."""
    words = shlex.split(command)
    return subprocess.Popen(
        [BIN / Path(words[0]).name, *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=demo.laptop,
    )


def press_reset(demo):
    """The board's RESET key, on the village page."""
    page = urllib.request.urlopen(demo.page).read().decode()
    headers = {"X-Village": re.search('data-token="([^"]+)"', page)[1], "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{demo.page}/reset", b"{}", headers)).close()


def tool(demo, command, code=0):
    """Run it, press RESET when it asks for it, and hand back what it printed."""
    process, said = start(demo, command), ""
    for line in process.stdout:
        said += line
        if "tekan RESET pada papan" in line:
            press_reset(demo)
    assert process.wait(PATIENCE_S) == code, said
    return said


def shown(demo, state):
    return any(
        label == BOARD and what == "show" and detail["state"] == state for label, what, detail in demo.events
    )


def sounded(demo):
    return any(what == "sound" and label.startswith("pos") for label, what, _ in demo.events)


def number_of(said):
    return re.search(r"Terpasang: \S+ (\w{8})", said)[1]


def test_a_blank_board_becomes_a_button_that_sounds_the_sirens_and_is_replaced(demo, tmp_path):
    command = demo.bench.command(demo.hub_url)
    with CommandLines() as lines:
        said = tool(demo, f"{command} --label-out {tmp_path / 'label.pdf'}")
    assert "Terpasang: tombol-21" in said and "didengar gateway-1" in said
    assert (tmp_path / "label.pdf").read_bytes().startswith(b"%PDF")
    keys = set(KEY.findall(demo.bench.board.flash.read_bytes()))
    assert len(keys) >= 3
    seen = (
        said.encode()
        + b"\0".join(lines.seen)
        + (demo.data / "hub.log").read_bytes()
        + (demo.data / "gateway.log").read_bytes()
    )
    assert not [key for key in keys if key in seen]

    demo.events.clear()
    demo.village.press(BOARD, 1)
    wait("a siren sounds for the new button", lambda: sounded(demo))
    wait("the new button shows that the post has it", lambda: shown(demo, "stored"))

    number = number_of(said)
    replaced = tool(
        demo, f"kentongan-tool replace tombol-21 --port {demo.bench.port} {demo.at_hub} --erase --old-erased"
    )
    demo.number = number_of(replaced)
    assert demo.number != number and f"Papan lama {number} dicabut" in replaced
    assert Prompt(demo.bench.port).probe().device[2] == int(demo.number, 16)
    demo.bench.board.press_reset()  # the look has stopped its program

    again = tool(demo, f"kentongan-tool test --port {demo.bench.port} {demo.at_hub}")
    assert f"tombol tombol-21 {demo.number}" in again and "Diterima pusat data, didengar gateway-1" in again


def test_it_is_carried_through_the_street_for_a_survey(demo, tmp_path):
    places = tmp_path / "tempat.csv"
    places.write_text("place,x_m,y_m,what\nBalai RT,75,47,gateway\nMeja,97,47,tempat\n")
    said = tool(
        demo,
        f"kentongan-tool survey --port {demo.bench.port} {demo.at_hub} --places {places} "
        f"--out {tmp_path / 'survei.csv'} --no-stop",
    )
    assert re.search(r"Meja: sinyal kuat, -\d+ dBm", said), said
    assert "Meja" in (tmp_path / "survei.svg").read_text()
    assert "-" in (tmp_path / "survei.csv").read_text()


def lines_of(process, said):
    for line in process.stdout:
        said.append(line.strip())


BATCH = """role,label,zone,place,hops
sirene,pos-9,5,Pos baru,1
penerus,penerus-9,5,Tiang masjid,1
penerima,penerima-9,5,Balai RT,1
"""


def held(demo):
    """(role, label, node number) of the board, and the names of its files; its program goes on afterwards."""
    found = Prompt(demo.bench.port).probe()
    demo.bench.board.press_reset()
    return found.device[:3], found.files


def test_a_list_of_boards_is_gone_on_with_after_it_was_stopped(demo, tmp_path):
    """The three roles without a button's alarm; the one board at the table stands for a box of them."""
    houses = tmp_path / "alat.csv"
    houses.write_text(BATCH)
    words = f"--port {demo.bench.port} {demo.at_hub} --erase --yes"
    command = f"kentongan-tool provision --batch {houses} {words}"
    said = []
    process = start(demo, command)
    reader = threading.Thread(target=lines_of, args=(process, said))
    reader.start()
    wait(
        "the first board is done, the next is asked for",
        lambda: "Sambungkan papan kosong untuk penerus-9" in said,
    )
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    reader.join()
    assert "Menunggu alarm uji sampai di pusat data" in said  # a post proves itself as a button does
    device, files = held(demo)
    assert device[:2] == ["sirene", "pos-9"] and "/state/guard" in files  # the last counters

    said.clear()
    process = start(demo, f"{command} --label-out {tmp_path / 'label.pdf'}")
    reader = threading.Thread(target=lines_of, args=(process, said))
    reader.start()
    wait("the second is done", lambda: "Sambungkan papan kosong untuk penerima-9" in said)
    demo.bench.board.unplug()
    wait("the tool sees it go", lambda: any(line.endswith("papan dilepas") for line in said))
    demo.bench.board.replug()  # another board at the same port
    assert process.wait(PATIENCE_S) == 0, said
    reader.join()
    assert said[0].startswith("1 alat sudah terpasang") and any("3/3  selesai" in line for line in said)
    assert said.count("Menunggu kabar alat sampai di pusat data") == 2  # of these two a STATUS is the proof
    with open(tmp_path / "alat-hasil.csv", newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["pos-9", "penerus-9", "penerima-9"]
    device, _ = held(demo)
    assert device[:2] == ["penerima", "penerima-9"]
    sent = {
        detail["src"]
        for label, what, detail in demo.events
        if label == BOARD and what == "tx" and detail["type"] == "STATUS"
    }
    assert device[2] in sent
