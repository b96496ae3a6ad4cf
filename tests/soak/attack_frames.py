"""Mutated, replayed, foreign and well-tagged odd frames through a device's core. On CPython and MicroPython.

usage: python tests/soak/attack_frames.py ROLE FRAMES SEED

ROLE: tombol, sirene, penerus, penerima or modem. Prints one JSON line; exit 1 when the core raised (with the
number of the frame, and the frame), asked for a deadline and never moved on, or used more memory at the end
than after the first fifth, when every table has been filled. Keys are the test site's.
"""

import gc
import json
import struct
import sys
from binascii import hexlify

import nodekit
from kentongan_node import actions as act
from kentongan_node import roles
from kentongan_node.siren import new_post_state
from kentongan_wire import messages as m
from kentongan_wire import packet as wire

NODES = {
    "tombol": 0x53000007,
    "sirene": 0x52000021,
    "penerus": 0x52000031,
    "penerima": 0x52000041,
    "modem": nodekit.GATEWAY,
}
POOL = 320  # genuine and well-tagged odd frames, of which the others are made
TICKS_MAX = 5_000  # between two frames; more is a core that never comes to rest
WARM = 5  # after this part of the frames every table is full
GROWTH_OBJECTS = 400  # CPython: queues differ by what waits at the moment
GROWTH_BYTES = 6_000  # MicroPython: the same
BUTTONS = 48
REMAKE = 20_000  # frames until the pool is made anew, with higher counters


class Random:
    """xorshift: the same on both interpreters."""

    def __init__(self, seed):
        self._state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def __call__(self, n):
        self._state ^= (self._state << 13) & 0xFFFFFFFF
        self._state ^= self._state >> 17
        self._state ^= (self._state << 5) & 0xFFFFFFFF
        return self._state % n

    def bytes(self, count):
        return bytes([self(256) for _ in range(count)])


def tagged(kind, role, src, counter, raw, key, packet_id):
    """A frame whose tags hold, whatever its body says."""
    head = struct.pack("<BBI", m.VERSION << 4 | kind, role << 4, counter)
    body = m.mask(kind, role, src, counter, key, raw)
    if kind == m.ALARM:
        body = body[:6] + m.proof_tag(nodekit.key_c(src, role), src, wire.BROADCAST, head + body[:6])
    payload = head + body + m.outer_tag(key, src, wire.BROADCAST, head + body)
    payload += m.carry_tag(nodekit.key_r(src, role), src, wire.BROADCAST, payload)
    return nodekit.CHANNEL.seal(src, packet_id, 7, payload)


def one(rnd, role, number):
    """A frame of some type whose tags hold: half of them with a body of noise of the right length."""
    src = 0x53000001 + rnd(BUTTONS)
    counter = 1 + number if rnd(8) else 1 + rnd(0xFFFFFFFE)
    kind = (m.ALARM, m.ALARM, m.STATUS, m.SIREN_REPORT, m.EVENT, m.RECEIPTS, m.SIREN_ORDER, m.CONFIG, m.PAGE)[
        rnd(9)
    ]
    sender = m.SENDERS[kind][rnd(len(m.SENDERS[kind]))]
    if sender == m.GATEWAY:
        src = nodekit.GATEWAY
    elif sender != m.TOMBOL:
        src = 0x52000001 + rnd(80)
    me = NODES[role]
    key = (nodekit.key_a if rnd(2) and kind in (m.ALARM, m.RECEIPTS) else nodekit.key_c)(src, sender)
    if kind == m.RECEIPTS:
        stage = 1 + rnd(5)
        about = (NODES["tombol"], src)[rnd(2)], 1 + rnd(number + 2), stage, rnd(2)
        zone, what = (rnd(7), rnd(16)) if stage == 2 else (0, 0)
        k = (nodekit.key_a if stage == 1 else nodekit.key_c)(about[0], m.TOMBOL)
        raw = b"\x01" + _entry(m.receipt_entry(src, *about, zone, what, k))
    elif kind == m.SIREN_ORDER:
        order = m.SirenOrder(
            0x53000001 + rnd(BUTTONS), 1 + rnd(number + 2), 1 + rnd(5), rnd(16), rnd(200), ()
        )
        tag8 = m.order_tag(src, counter, me, order, nodekit.key_c(me, nodekit.ROLE_NUMBERS["sirene"]))
        raw = struct.pack("<IIBBHB", *order[:5], 1) + struct.pack("<I", me) + tag8
    elif kind == m.CONFIG:
        key = nodekit.key_c(me, nodekit.ROLE_NUMBERS[role])
        raw = struct.pack("<IHBB", me, 1 + rnd(60), rnd(3), 1 + rnd(3)) + rnd.bytes(rnd(60))
    elif kind == m.PAGE:
        key = nodekit.key_c(me, nodekit.ROLE_NUMBERS[role])
        raw = struct.pack("<IIIBHBB", me, src, counter, rnd(16), rnd(99), rnd(7), rnd(2))
    else:
        size = {m.ALARM: 10, m.STATUS: 11 if sender == m.TOMBOL else 22, m.SIREN_REPORT: 10, m.EVENT: 10}[
            kind
        ]
        raw = rnd.bytes(size)
        if rnd(2) and kind == m.ALARM:
            raw = struct.pack("<BHBBB", rnd(20), counter & 0xFFFF, 5, rnd(16), 150) + bytes(4)
    return tagged(kind, sender, src, counter, raw, key, 1 + rnd(0xFFFFFFFE))


def _entry(entry):
    return (
        struct.pack(
            "<IIBBB", entry.node, entry.counter, entry.stage | entry.sounding << 7, entry.zone, entry.kind
        )
        + entry.tag4
    )


def changed(rnd, frame):
    """The frame as an attacker sends it: as it was, other header, a flipped bit, cut, longer, or noise."""
    how = rnd(10)
    if how < 3:
        return frame
    out = bytearray(frame)
    if how == 3:
        out[12] = rnd(256)
        out[15] = rnd(256)
    elif how == 4:
        out[8 + rnd(4)] ^= 1 << rnd(8)
    elif how == 5:
        out[rnd(len(out))] ^= 1 << rnd(8)
    elif how == 6:
        return bytes(out[: rnd(len(out) + 1)])
    elif how == 7:
        return bytes(out) + rnd.bytes(1 + rnd(255 - len(out)))
    elif how == 8:
        return rnd.bytes(1 + rnd(60))
    else:  # a text, or another port, on our channel
        return nodekit.CHANNEL.seal(
            0x53000001 + rnd(BUTTONS),
            1 + rnd(0xFFFFFFFE),
            rnd(8),
            rnd.bytes(rnd(60)),
            portnum=(1, 11, 256, 67)[rnd(4)],
        )
    return bytes(out)


class Device:
    """The core, its board, and a supply that comes back when the core sleeps."""

    def __init__(self, role, rnd):
        self.role, self.rnd = role, rnd
        self.now_ms, self.sent, self.slept, self.refused = 1_000, 0, 0, {}
        self.settings = nodekit.settings(role, NODES[role])
        self.state = new_post_state() if role == "sirene" else {}
        self._boot("power")

    def _boot(self, cause):
        self.core = roles.make(self.settings, dict(self.state))
        self.take(
            self.core.start(
                act.Boot(cause, "main" if cause == "wake_key" else "", False), self.now_ms, self.rnd(1 << 32)
            )
        )

    def take(self, actions):
        asleep = False
        for action in actions:
            if isinstance(action, act.Persist):
                self.state[action.name] = bytes(action.data)
            elif isinstance(action, act.Cad):
                self.take(self.core.cad(self.rnd(8) == 0, self.now_ms, self.rnd(1 << 32)))
            elif isinstance(action, act.Transmit):
                self.sent += 1
                self.now_ms += 90
                self.take(self.core.sent(self.rnd(50) != 0, self.now_ms, self.rnd(1 << 32)))
            elif isinstance(action, act.Sleep):
                asleep = True
        if asleep:
            self.slept += 1
            self._count()
            self.core = None
            self._boot("wake_key")

    def _count(self):
        for reason, count in self.core.counters.items():
            self.refused[reason] = self.refused.get(reason, 0) + count

    def hear(self, frame):
        self.take(self.core.receive(frame, -90 + self.rnd(40), 20, self.now_ms, self.rnd(1 << 32)))

    def until(self, end_ms):
        for _ in range(TICKS_MAX):
            due = self.core.next_deadline()
            if due is None or due > end_ms:
                self.now_ms = max(self.now_ms, end_ms)
                return
            self.now_ms = max(self.now_ms, due)
            self.take(self.core.tick(self.now_ms, self.rnd(1 << 32)))
        raise RuntimeError("the core never comes to rest")

    def reasons(self):
        self._count()
        return self.refused


def used():
    """What is in use: bytes on MicroPython, objects on CPython."""
    gc.collect()
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else len(gc.get_objects())


def run(role, frames, seed):
    rnd = Random(seed)
    device = Device(role, rnd)
    pool, warm, frame = [], None, b""
    try:
        for number in range(frames):
            if number % REMAKE == 0:
                pool = None
                pool = [one(rnd, role, number + i) for i in range(POOL)]
            if number == frames // WARM:
                warm = used()
            frame = changed(rnd, pool[rnd(POOL)])
            device.hear(frame)
            if rnd(6) == 0:
                device.until(device.now_ms + (1, 100, 3_000, 40_000)[rnd(4)])
    except Exception:
        print("frame {} of seed {}: {}".format(number, seed, hexlify(frame).decode()))
        raise
    grown = used() - (warm or 0)
    limit = GROWTH_BYTES if hasattr(gc, "mem_alloc") else GROWTH_OBJECTS
    told = {
        "role": role,
        "frames": frames,
        "seed": seed,
        "interpreter": sys.implementation.name,
        "grown": grown,
        "limit": limit,
        "sent": device.sent,
        "slept": device.slept,
        "hours": device.now_ms // 3_600_000,
        "refused": device.reasons(),
    }
    print(json.dumps(told))
    return grown <= limit


if __name__ == "__main__":
    sys.exit(0 if run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])) else 1)
