"""A busy street as frames, for whatever has to live through one: a heap, a file of a role."""

import json

from kentongan_wire.air import link
from kentongan_wire.message import messages, replay
from kits.node import nodekit

FRAMES = 200
COUNTERS = 30  # last counters that a post knows at its start; firmware/README.md says what more take
NODES = {
    "tombol": 0x53000007,
    "sirene": 0x52000021,
    "penerus": 0x52000031,
    "penerima": 0x52000041,
    "modem": nodekit.GATEWAY,
}
settings = nodekit.settings


def full_table():
    """Return the table that a post in a large kampung finds in its flash."""
    table = replay.Guard(COUNTERS)
    for n in range(COUNTERS):
        table.raise_to(0x53001000 + n, 0, 0, 5)
    return table.dump()


def street(role, frames=FRAMES):
    """(what, bytes) of a burst: alarms of 40 houses, their receipts, status, orders and noise."""
    out = []
    if role == "modem":
        configure = link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)
        out.append(("host", link.encode(0, configure)))
    for n in range(frames - len(out)):
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


# What replays it, as text for an interpreter that starts in a folder that write() has filled: BEGIN makes
# `core` and `Boot` of `text` (the device file), `ROLE` and read_state(). `told(now, action)` is asked of each
# action, `after()` after each frame.
CORE = """
import gc, json, sys
from binascii import unhexlify
gc.collect()
class Stub:
    SX1262 = SX1276 = None

for name in ("machine", "esp32", "lora"):
    sys.modules[name] = Stub
with open("device.json") as file:
    text = file.read()
ROLE = json.loads(text)["role"]
KIND = ROLE[0].upper() + ROLE[1:]

def read_state():
    with open("guard.bin", "rb") as file:
        return {"guard": file.read()} if ROLE == "sirene" else {}
"""
# From the one file of a role, as launch.py begins with it.
AS_ONE = """
import role
load = getattr(role, "load_settings", None) or role.load
core = getattr(role, KIND)(load(text), read_state())
Boot = role.Boot
"""
REPLAY = """
GAP_MS = 300
now, rnd, count = 1000, 12345, 0

def take(actions):
    global now
    for action in actions:
        told(now, action)
        name = type(action).__name__
        if name == "Cad":
            take(core.cad(False, now, rnd))
        elif name == "Transmit":
            now += 90
            take(core.sent(True, now, rnd))

take(core.start(Boot("power", "", False), now, rnd))
with open("frames.txt") as file:
    for line in file:
        kind, data = line.split()
        now += GAP_MS
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
        after()
"""


def write(role, folder, frames=FRAMES):
    """The files that a replay reads."""
    (folder / "device.json").write_text(json.dumps(dict(settings(role, NODES[role]), format=1)))
    (folder / "guard.bin").write_bytes(full_table())
    (folder / "frames.txt").write_text(
        "".join(f"{what} {data.hex()}\n" for what, data in street(role, frames))
    )
