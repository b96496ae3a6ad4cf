"""Mutated, replayed, foreign and well-tagged odd messages through the gateway's core, on CPython as it.

usage: python tests/soak/attack_gateway.py FRAMES SEED

The frames are those of attack_frames.py, the payloads of what opens on the channel. The disk takes what is
stored, or not; the hub replies, or not; the power goes now and then. Prints one JSON line; exit 1 when the
core raised, asked for a deadline and never moved on, or held more objects at the end than after a fifth.
"""

import json
import sys

import attack_frames as frames_of
import gateway_kit as kit
import nodekit
from kentongan_gateway import actions
from kentongan_gateway.actions import Heard
from kentongan_gateway.core import CoreConfig, Directory, GatewayCore
from kentongan_gateway.memory import new_state
from kentongan_wire.errors import RemoteError
from kentongan_wire.packet import parse_packet

CUT_EVERY = 20_000  # frames between two power cuts
GROWTH_OBJECTS = 20_000  # senders of noise under good tags fill tables for longer than a fifth of the frames
DEVICES = [
    {"node": nodekit.GATEWAY, "role": "gateway", "label": "gateway-1", "zone": 5, "house": 0, "hops": 0},
    *(
        {
            "node": 0x53000001 + i,
            "role": "tombol",
            "label": f"tombol-{i:02}",
            "zone": 5,
            "house": i,
            "hops": 1,
        }
        for i in range(frames_of.BUTTONS)
    ),
    *(
        {
            "node": 0x52000001 + i,
            "role": ("sirene", "penerus", "penerima")[i % 3],
            "label": f"lain-{i:02}",
            "zone": 5 + i % 2,
            "house": 0,
            "hops": 1,
        }
        for i in range(80)
    ),
]


class House:
    """The core, its disk and its hub, each of which fails now and then."""

    def __init__(self, rnd):
        self.rnd, self.now_ms, self.state = rnd, 1_000_000, new_state()
        self.stored, self.sent, self.cuts, self.refused = 0, 0, 0, {}
        self.boot()

    def boot(self):
        config = CoreConfig(nodekit.GATEWAY, "gateway-1", 5)
        keys = kit.site_keys.SiteKeys({0: nodekit.ALARM_ROOT}, {0: nodekit.CONTROL_ROOT}, 0)
        self.core = GatewayCore(config, keys, Directory.from_dict({"devices": DEVICES}), dict(self.state))
        self.do(self.core.tick(self.now_ms, 1))

    def cut(self):
        self.cuts += 1
        self.count()
        self.boot()

    def count(self):
        for reason, count in self.core.counters.items():
            self.refused[reason] = self.refused.get(reason, 0) + count

    def do(self, todo):
        for action in todo:
            if isinstance(action, actions.Persist):
                self.state[action.name] = bytes(action.data)
            elif isinstance(action, actions.Send):
                self.sent += 1
            elif isinstance(action, actions.Store):
                json.dumps(action.event)  # the spool writes it as that
                taken = self.rnd(20)
                self.stored += bool(taken)
                self.do(
                    (self.core.stored if taken else self.core.not_stored)(
                        action.row_id, self.now_ms, self.rnd(1 << 32)
                    )
                )
                if self.rnd(4) == 0:
                    self.do(self.core.hub_ok([action.row_id], self.now_ms))

    def hear(self, frame):
        """What a radio hands on: frames that open on the channel, on our port."""
        try:
            packet = parse_packet(frame)
            data = nodekit.CHANNEL.open(packet)
        except RemoteError:
            return
        heard = Heard(
            packet.src,
            packet.to,
            packet.id,
            packet.hop_limit,
            packet.hop_start,
            packet.relay_node,
            data.payload,
            -90,
            12,
            "uji",
        )
        self.do(self.core.heard(heard, self.now_ms, self.rnd(1 << 32)))

    def until(self, end_ms):
        for _ in range(frames_of.TICKS_MAX):
            due = self.core.next_deadline()
            if due is None or due > end_ms:
                self.now_ms = max(self.now_ms, end_ms)
                return
            self.now_ms = max(self.now_ms, due)
            self.do(self.core.tick(self.now_ms, self.rnd(1 << 32)))
        raise RuntimeError("the core never comes to rest")


def run(frames, seed):
    rnd = frames_of.Random(seed)
    house = House(rnd)
    pool, warm, frame = [], None, b""
    try:
        for number in range(frames):
            if number % frames_of.REMAKE == 0:
                pool = [frames_of.one(rnd, "modem", number + i) for i in range(frames_of.POOL)]
            if number % CUT_EVERY == CUT_EVERY - 1:
                house.cut()
            if number == frames // frames_of.WARM:
                warm = frames_of.used()
            frame = frames_of.changed(rnd, pool[rnd(frames_of.POOL)])
            house.hear(frame)
            if rnd(6) == 0:
                house.until(house.now_ms + (1, 100, 3_000, 40_000)[rnd(4)])
    except Exception:
        print(f"frame {number} of seed {seed}: {frame.hex()}")
        raise
    grown = frames_of.used() - (warm or 0)
    house.count()
    print(
        json.dumps(
            {
                "role": "gateway",
                "frames": frames,
                "seed": seed,
                "grown": grown,
                "limit": GROWTH_OBJECTS,
                "stored": house.stored,
                "sent": house.sent,
                "cuts": house.cuts,
                "refused": house.refused,
            }
        )
    )
    return grown <= GROWTH_OBJECTS


if __name__ == "__main__":
    sys.exit(0 if run(int(sys.argv[1]), int(sys.argv[2])) else 1)
