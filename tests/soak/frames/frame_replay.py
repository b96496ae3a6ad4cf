"""Puts a recorded run of a device's core through the core again: the same calls, and the same answers.

usage: micropython tests/soak/frames/frame_replay.py FILE

FILE is what frame_rigs.py wrote while it drove and judged the core on CPython. Here every answer of the
core is summed up as there, and compared every some thousand calls: that the core judged right is known from
CPython, that it judges the same is shown here. Prints one JSON line; exit 1 when the core raised, answered
otherwise, or used more memory at the end than after the first fifth, when every table is full. MicroPython
subset.
"""

import gc
import json
import struct
import sys
from binascii import crc32, hexlify

from kentongan_node import roles
from kentongan_node.base import actions as act
from kits.node import nodekit

HEAD, HEAD_BYTES = "<BQIH", 15  # what, now in ms, random number, bytes that follow
BOOT, RECEIVE, TICK, CAD, SENT, KEY, HOST, CHECK = range(8)
CAUSES = ("power", "reset", "wake_key", "wake_timer")
KEYS = ("", "main", "silent", "come")
GROWTH_BYTES = 16_000  # queues, and parts of settings on their way, differ by the moment
GROWTH_OBJECTS = 400  # the same on CPython
BYTES = (bytes, bytearray, memoryview)


def summed(actions, total):
    """A checksum over every field of every action, the same on both interpreters."""
    for action in actions:
        total = crc32(type(action).__name__.encode(), total)
        for field in action:
            total = crc32(field if isinstance(field, BYTES) else repr(field).encode(), total)
    return total


def counted(core, total):
    """Return its refusals by reason."""
    return crc32(repr(sorted(core.counters.items())).encode(), total)


def used():
    """Return the memory in use: bytes on MicroPython, objects on CPython."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else len(gc.get_objects())


def call(core, what, now_ms, rnd, data):
    """One recorded event of a core that runs; its actions."""
    if what == RECEIVE:
        return core.receive(data[2:], data[0] - 256, data[1], now_ms, rnd)
    if what == TICK:
        return core.tick(now_ms, rnd)
    if what == CAD:
        return core.cad(data[0] == 1, now_ms, rnd)
    if what == SENT:
        return core.sent(data[0] == 1, now_ms, rnd)
    if what == KEY:
        return core.key(KEYS[data[0]], data[1] == 1, now_ms, rnd)
    return core.host(data, now_ms, rnd)


def boot(role, node, state, now_ms, rnd, data):
    """(a new core over what was persisted, its first actions)"""
    core = roles.make(nodekit.settings(role, node), dict(state))
    return core, core.start(act.Boot(CAUSES[data[0]], KEYS[data[1]], False), now_ms, rnd)


def keep(actions, state):
    for action in actions:
        if isinstance(action, act.Persist):
            state[action.name] = bytes(action.data)


class Replay:
    def __init__(self, file):
        self.head = json.loads(file.readline())
        self.file, self.frames, self.total, self.checks = file, 0, 0, 0
        self.warm, self.refused = None, 0

    def run(self):
        file, role, node = self.file, self.head["role"], self.head["node"]
        state = dict([(name, bytes(data)) for name, data in self.head["state"].items()])
        core, data = None, b""
        try:
            while True:
                raw = file.read(HEAD_BYTES)
                if not raw:
                    return self.told()
                what, now_ms, rnd, size = struct.unpack(HEAD, raw)
                data = file.read(size) if size else b""
                if what == CHECK:
                    self.check(core, data)
                    continue
                if what == BOOT:
                    core, actions = boot(role, node, state, now_ms, rnd, data)
                else:
                    self.frames += what == RECEIVE
                    actions = call(core, what, now_ms, rnd, data)
                self.total = summed(actions, self.total)
                keep(actions, state)
        except Exception:
            print("frame {} of this part: {} {}".format(self.frames, what, hexlify(data).decode()))
            raise

    def check(self, core, data):
        total, warm = struct.unpack("<IB", data)
        self.checks += 1
        self.total = counted(core, self.total)
        if self.total != total:
            raise ValueError(
                "up to frame {} this core answered otherwise than on CPython".format(self.frames)
            )
        if warm:
            self.warm = used()

    def told(self):
        limit = GROWTH_BYTES if hasattr(gc, "mem_alloc") else GROWTH_OBJECTS
        return {
            "interpreter": sys.implementation.name,
            "frames": self.frames,
            "checks": self.checks,
            "grown": used() - (self.warm or 0),
            "limit": limit,
        }


def main(path):
    with open(path, "rb") as file:
        told = Replay(file).run()
    print(json.dumps(told))
    return told["checks"] > 0 and told["grown"] <= told["limit"]


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
