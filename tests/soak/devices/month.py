"""Days of one role in virtual time, on MicroPython from .mpy, in a small board's heap: does anything grow?

usage: python tests/soak/devices/month.py ROLE DAYS

Neighbours' STATUS every 140 s, a frame of noise an hour, an alarm with repeats and receipts twice a day, the
lid now and then; a button is pressed twice a day and wakes for STATUS, each time as after a deep sleep. The
clock starts just before 2^30 ms, where the chip's ticks wrap, and passes two more such points. Prints one
line; exit 1 when the heap in use grew from the second day to the last by more than the tables of those
buttons take, grew at all once they are full, or nothing was sent.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/firmware")]
import test_heap  # noqa: E402
from kentongan_wire.air import link  # noqa: E402
from kentongan_wire.message import messages  # noqa: E402
from kits.node import nodekit, street  # noqa: E402

GROWTH_BYTES = 6_000  # the buttons of two days are known after the second; tables do not shrink
FULL_DAYS = 20  # all buttons have pressed twice by then, and every table is as large as it gets
DAY_S = 86_400
NEIGHBOURS = (0x52000050, 0x52000051, 0x52000052)
BUTTONS = 20
TIMEOUT_S = 3_600

DRIVER = (
    street.CORE
    + '''
import os
import role
DAYS = int(sys.argv[1])
os.mkdir("state")
if ROLE == "sirene":
    os.rename("guard.bin", "state/guard")

def read_state():
    """As hal.py does: what was persisted lies in files, not in the heap."""
    state = {}
    for name in os.listdir("state"):
        with open("state/" + name, "rb") as file:
            content = file.read()
        if content:
            state[name] = content
    return state

KIND = getattr(role, KIND)
checked = (getattr(role, "load_settings", None) or role.load)(text)
core = KIND(checked, read_state())
Boot = role.Boot
if ROLE != "tombol":  # whose every wake is a start
    role.let_go()
WRAP = 1 << 30
now = WRAP - 3_600_000
sent = sounded = refused = 0
rnd = 12345
asleep = None

def draw():
    global rnd
    rnd = (rnd * 1103515245 + 12345) & 0xFFFFFFFF
    return rnd

def take(actions):
    global now, sent, sounded, asleep
    for action in actions:
        name = type(action).__name__
        if name == "Cad":
            take(core.cad(False, now, draw()))
        elif name == "Transmit":
            sent += 1
            now += 90
            take(core.sent(True, now, draw()))
        elif name == "Persist":
            with open("state/" + action.name, "wb") as file:
                file.write(action.data)
        elif name == "Sound":
            sounded += 1
        elif name == "Sleep":
            asleep = now + (action.wake_ms or 0)

def wake(cause, key):
    """As after a deep sleep: a new core over what was persisted."""
    global core, asleep
    asleep = None
    core = None
    gc.collect()
    core = KIND(checked, read_state())
    take(core.start(Boot(cause, key, False), now, draw()))

def until(end):
    global now
    while True:
        if asleep is not None:
            if asleep > end:
                break
            now = max(now, asleep)
            wake("wake_timer", "")
            continue
        deadline = core.next_deadline()
        if deadline is None or deadline > end:
            break
        now = max(now, deadline)
        take(core.tick(now, draw()))
    now = max(now, end)

def event(kind, data):
    if kind == "press":
        if asleep is None:
            take(core.key("main", True, now, draw()))
            take(core.key("main", False, now + 200, draw()))
        else:
            wake("wake_key", "main")
    elif asleep is not None:
        return
    elif kind == "lid":
        take(core.key("lid", True, now, draw()))
        take(core.key("lid", False, now + 5000, draw()))
    elif kind == "host":
        take(core.host(unhexlify(data), now, draw()))
    else:
        take(core.receive(unhexlify(data), -90, 20, now, draw()))

take(core.start(Boot("power", "", False), now, draw()))
used = []
start = now
for day in range(DAYS):
    with open("day%d.txt" % day) as file:
        for line in file:
            at, kind, data = line.split()
            until(start + day * 86_400_000 + int(at))
            event(kind, data)
    until(start + (day + 1) * 86_400_000)
    gc.collect()
    used.append(gc.mem_alloc())
print(json.dumps({"role": ROLE, "days": DAYS, "used": used, "sent": sent, "sounded": sounded,
                  "wraps": now // WRAP, "counters": core.counters}))
'''
)


def day(role, number):
    """(ms of the day, kind, bytes) of what happens, in order."""
    out = []
    counter = 1_000 + number * 10_000
    if role == "modem":
        configure = link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)
        out.append((10, "host", link.encode(0, configure)))
    for n, at_s in enumerate(range(5, DAY_S, 140)):
        for i, node in enumerate(NEIGHBOURS):
            body = messages.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
            out.append(
                (
                    (at_s + 9 * i) * 1000,
                    "frame",
                    nodekit.frame(messages.STATUS, 3, node, counter + n, body, hop_limit=1),
                )
            )
        if role == "modem" and n % 10 == 0:
            own = nodekit.receipt(0x53000100, counter + n, packet_id=counter + n)
            out.append((at_s * 1000 + 300, "host", link.encode(n & 0xFFFF, link.Transmit(own, 0, 0, 0, 0))))
    for hour in range(24):
        out.append((hour * 3_600_000 + 77_000, "frame", bytes((hour, number)) * 20))
    for n, at_s in enumerate((20_000, 60_000)):
        if role != "modem":
            out.append((at_s * 1000, "press" if role == "tombol" else "lid", b""))
        origin, alarm = 0x53000100 + (2 * number + n) % BUTTONS, counter + n
        for attempt, later_ms in enumerate((100, 2_100, 4_100)):
            copy = nodekit.alarm(origin, alarm, attempt, packet_id=alarm + attempt)
            out.append((at_s * 1000 + later_ms, "frame", copy))
        out.append(
            (at_s * 1000 + 5_000, "frame", nodekit.receipt(origin, alarm, packet_id=counter + 500 + n))
        )
    return sorted(out, key=lambda one: one[0])


def main():
    role, days = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        test_heap.compile_role(role, there)
        for number in range(days):
            lines = [f"{at_ms} {kind} {data.hex() or '-'}\n" for at_ms, kind, data in day(role, number)]
            (there / f"day{number}.txt").write_text("".join(lines))
        (there / "driver.py").write_text(DRIVER)
        command = [test_heap.BIN / "micropython", "-X", f"heapsize={test_heap.HEAP}", "driver.py", str(days)]
        done = subprocess.run(
            command,
            cwd=there,
            env={"MICROPYPATH": ".:.frozen"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    if done.returncode:
        sys.exit(f"{role}: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    grown = found["used"][-1] - found["used"][min(1, days - 1)]
    full = max(found["used"][:FULL_DAYS])
    print(
        f"{role}: {days} days, {found['wraps']} wraps, {found['sent']} frames sent, "
        f"{found['sounded']} soundings, heap {found['used'][0]} -> {full} (most of {FULL_DAYS} days) "
        f"-> {found['used'][-1]} bytes, "
        f"refused {found['counters']}"
    )
    sys.exit(1 if grown > GROWTH_BYTES or found["used"][-1] > full or not found["sent"] else 0)


if __name__ == "__main__":
    main()
