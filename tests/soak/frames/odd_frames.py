"""Frames of thieves and of the village, for the campaigns that put them through every core.

A thief holds nothing, the channel key, another site's keys or a stolen board's (kentongan_sim.attack.bag).
He makes frames, plays old ones again, changes headers, bits, lengths, tags, and encrypts anew what he
changed. Who holds the root of A or R may speak in others' names to posts or relays: those who do so name
buttons of even numbers only, so that of an odd one every word has to hold, and every press has to be heard.
"""

import json
import random
import struct
from collections import namedtuple
from pathlib import Path

from kentongan_sim.attack.bag import Bag
from kentongan_wire.air import packet as wire
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.keyring import keys as wire_keys
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kits.node import nodekit

ROOT = Path(__file__).resolve().parents[3]
CAPTURES = json.loads((ROOT / "wire/captures/meshtastic-air.json").read_text(encoding="utf-8"))["channels"]
STOCK = [one for channel in CAPTURES for one in channel["frames"]]
NODES = {
    "tombol": 0x53000007,
    "sirene": 0x52000021,
    "penerus": 0x52000031,
    "penerima": 0x52000041,
    "modem": nodekit.GATEWAY,
    "gateway": nodekit.GATEWAY,
}
BUTTONS = tuple(range(0x53000001, 0x53000031))
OTHER_GATEWAY = 0x51000002
STOLEN = {"tombol": 0x5300000A, "sirene": 0x52000022, "penerus": 0x52000032, "penerima": 0x52000042}
FOREIGN_SITE = bytes(range(100, 132))
FOREIGN_CHANNEL = wire.Channel("tetangga", bytes(range(200, 232)))
ZONE = 5
POOL = 320  # frames that were on the air, of which others are made
OUT_OF_REACH = 64  # a thief guesses counters so far around what he heard
# (share of 100, name): what goes on the air at one step
HOWS = (
    (22, "thief"),
    (4, "village"),
    (14, "replay"),
    (8, "header"),
    (6, "again"),
    (5, "flip"),
    (10, "flip sealed"),
    (5, "cut"),
    (5, "lengthened"),
    (6, "cut sealed"),
    (3, "id"),
    (4, "noise"),
    (4, "stock"),
    (4, "other port"),
)
TABLE = [how for share, how in HOWS for _ in range(share)]
HOLDERS = ("channel", "other site", "tombol", "penerima", "penerus", "sirene")
PROOFLESS = ("channel", "other site", "tombol", "penerima", "penerus")  # who cannot make an ALARM under A


# forged: it names the core under test, which must judge it, and its maker lacks the key for it
Odd = namedtuple("Odd", ("frame", "how", "forged"))


def _bags():
    bags = {"channel": Bag(nodekit.CHANNEL)}
    for role, node in STOLEN.items():
        bags[role] = Bag(nodekit.CHANNEL, (nodekit.settings(role, node),))
    foreign = nodekit.settings("sirene", STOLEN["sirene"])
    foreign["alarm_root"] = site_keys.alarm_root(FOREIGN_SITE, 0).hex()
    foreign["key_c"] = wire_keys.node_key(
        site_keys.control_root(FOREIGN_SITE, 0), STOLEN["sirene"], 2, 0
    ).hex()
    bags["other site"] = Bag(nodekit.CHANNEL, (foreign,))
    return bags


class Air:
    """Frames over the air around one core of `role`; the same seed gives the same ones."""

    def __init__(self, role, seed):
        self.role, self.me, self.rnd = role, NODES[role], random.Random(f"{role} {seed}")
        self.bags, self.pool, self.counts = _bags(), [], {}
        self.hows = {}
        self._counters, self._ids = {}, 0x10000
        self.may_sound = {}  # (origin, counter): "genuine", "stolen button", "stolen post"
        self.may_be_stored = set()
        for _ in range(POOL // 8):
            self._village()

    def draw(self, n):
        return int(self.rnd.random() * n)

    def pick(self, some):
        return some[int(self.rnd.random() * len(some))]

    # -- the village --------------------------------------------------------------------------------

    def counter(self, node):
        """The next sequence value of an honest device."""
        self._counters[node] = self._counters.get(node, 0) + 1 + self.draw(3)
        return self._counters[node]

    def last(self, node):
        return self._counters[node]

    def packet_id(self):
        self._ids += 1
        return self._ids

    def record(self, frame):
        """A thief has heard it."""
        if len(self.pool) < POOL:
            self.pool.append(frame)
        else:
            self.pool[self.draw(POOL)] = frame
        return frame

    def overheard(self, frame):
        """The core under test has sent this: a thief reads its message's counter, which stands in clear."""
        packet = wire.parse_packet(frame)
        if packet.src == self.me:
            payload = nodekit.CHANNEL.open(packet).payload
            self._counters[self.me] = struct.unpack("<I", payload[2:6])[0]

    def alarm(self, src, counter=None, kind=0, flags=0, attempt=0, hop_limit=1):
        """A true alarm of a button; it may sound."""
        counter = counter or self.counter(src)
        if m.is_loud(ZONE, kind, flags):
            self.may_sound[src, counter] = "genuine"
        self.may_be_stored.add((src, counter))
        return self.record(
            nodekit.alarm(src, counter, attempt, kind, ZONE, flags, self.packet_id(), hop_limit)
        )

    def receipt(self, origin, counter, stage, zone=0, kind=0):
        """A true receipt of the gateway."""
        role = nodekit.ROLE_NUMBERS[self.role] if origin == self.me and self.role in STOLEN else m.TOMBOL
        key = (nodekit.key_a if stage == m.STAGE_SOUNDING else nodekit.key_c)(origin, role)
        entry = m.receipt_entry(nodekit.GATEWAY, origin, counter, stage, 0, zone, kind, key)
        return self.of_gateway(m.RECEIPTS, m.Receipts((entry,)), nodekit.key_a(nodekit.GATEWAY, m.GATEWAY))

    def order(self, origin, counter, action, kind=0, seconds=180):
        """A true order of the gateway to the post under test."""
        number, key = self.counter(nodekit.GATEWAY), nodekit.key_c(self.me, m.SIRENE)
        target = m.order_target(nodekit.GATEWAY, number, self.me, origin, counter, action, kind, seconds, key)
        body = m.SirenOrder(origin, counter, action, kind, seconds, (target,))
        return self.of_gateway(m.SIREN_ORDER, body, nodekit.key_c(nodekit.GATEWAY, m.GATEWAY), number)

    def page(self, origin, counter, kind):
        """A true page to the penerima under test."""
        body = m.Page(self.me, origin, counter, kind, 7, ZONE, 0)
        return self.of_gateway(m.PAGE, body, nodekit.key_c(self.me, m.PENERIMA))

    def of_gateway(self, kind, body, key, number=None):
        number = number or self.counter(nodekit.GATEWAY)
        return self.record(
            nodekit.frame(kind, m.GATEWAY, nodekit.GATEWAY, number, body, key, self.packet_id())
        )

    def _village(self):
        """Something true of somebody else."""
        which = self.draw(4) if self.role != "gateway" else self.pick((0, 3))
        button = self.pick(BUTTONS[1::2])  # even numbers
        if which == 0:
            return self.alarm(button, kind=self.draw(9), attempt=self.draw(3))
        if which == 1:
            return self.receipt(button, self._counters.get(button, 0) + 1, self.pick((2, 3, 4)))
        body = m.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
        node = 0x52000034
        return self.record(
            nodekit.frame(m.STATUS, m.PENERUS, node, self.counter(node), body, packet_id=self.packet_id())
        )

    # -- thieves ------------------------------------------------------------------------------------

    def odd(self):
        """The next frame on the air."""
        how = self.pick(TABLE)
        if how == "thief":
            odd = self._thief()
            self.record(odd.frame)
        elif how == "village":
            odd = Odd(self._village(), how, False)
        else:
            odd = Odd(self._changed(how, self.pick(self.pool)), how, False)
        self.hows[odd.how] = self.hows.get(odd.how, 0) + 1
        return odd

    def _near(self, node):
        """A counter as a thief chooses it: as he read it in clear, the next, one about there, the highest."""
        how = self.draw(16)
        if how < 8:
            return self._counters.get(node, 1)
        if how < 11:
            return self._counters.get(node, 1) + 1
        if how == 11:
            return 0xFFFFFFFE - self.draw(3)
        return max(1, self._counters.get(node, 1) + self.draw(OUT_OF_REACH) - 4)

    def _thief(self):
        holder = self.pick(HOLDERS)
        bag, me = self.bags[holder], self.me
        gateway = OTHER_GATEWAY if self.role == "gateway" and self.draw(8) else nodekit.GATEWAY
        origin = self.pick(BUTTONS)
        if holder in ("sirene", "penerus", "penerima"):
            origin = me if self.role == "tombol" and self.draw(2) else origin & ~1 or BUTTONS[1]
        elif self.role == "tombol" and self.draw(2):
            origin = me
        if holder == "tombol" and self.draw(2):
            origin = STOLEN["tombol"]
        number, about = self._near(nodekit.GATEWAY), self._near(origin)
        what = self.draw(8)
        forged = False
        if what == 0:
            kind, under_c = self.draw(9), not self.draw(4)
            frame = bag.alarm(origin, about, ZONE, kind, 0, self.draw(4), under_c=under_c)
            forged = self._alarm_made(holder, origin, about, kind, under_c)
        elif what == 1:
            stage = 1 + self.draw(5)
            zone, kind = (ZONE, self.draw(9)) if stage == m.STAGE_STORED else (0, 0)
            to = me if self.role in STOLEN and self.draw(2) else origin
            role = m.SIRENE if stage == 1 and self.draw(2) else m.GATEWAY
            frame = bag.receipts(
                gateway if role == m.GATEWAY else STOLEN["sirene"], role, number, to, about, stage, zone, kind
            )
            forged = self._receipt_made(holder, role, to, about, stage)
        elif what == 2:
            frame = bag.order(gateway, number, origin, about, (me,), 1 + self.draw(5))
            forged = self.role in ("sirene", "penerus")
        elif what == 3:
            frame = bag.page(gateway, number, me, origin, about, ZONE)
            forged = self.role == "penerima"
        elif what == 4:
            raw = (
                me.to_bytes(4, "little")
                + bytes((1 + self.draw(60), 0, 0, 1))
                + self.rnd.randbytes(self.draw(60))
            )
            frame = bag.message(
                m.CONFIG, m.GATEWAY, gateway, number, raw, bag.c(me, nodekit.ROLE_NUMBERS.get(self.role, 4))
            )
            forged = self.role in ("sirene", "penerus", "penerima")
        else:
            frame = self._of_board(bag, holder, origin, about)
        return Odd(frame, "thief: " + holder, forged)

    def _alarm_made(self, holder, origin, counter, kind, under_c):
        """Note who may make this alarm sound; tell whether it is one that a post has to refuse."""
        own = holder == "tombol" and origin == STOLEN["tombol"]
        if own and not under_c and kind != m.KIND_KEKERASAN:
            self.may_sound.setdefault((origin, counter), "stolen button")
        if own:
            self.may_be_stored.add((origin, counter))
        if holder == "sirene" and not under_c:
            self.may_sound.setdefault((origin, counter), "stolen post")
        return self.role in ("sirene", "gateway") and holder in PROOFLESS and not own

    def _receipt_made(self, holder, role, to, counter, stage):
        if holder == "sirene" and role == m.GATEWAY and stage == m.STAGE_STORED:
            self.may_sound.setdefault((to, counter), "stolen post")
        if self.role == "sirene":
            return role == m.GATEWAY and holder in PROOFLESS
        mine = to == self.me and self.role in STOLEN
        return mine and not (holder == "sirene" and stage == m.STAGE_SOUNDING)

    def _of_board(self, bag, holder, origin, about):
        """Make a frame of a stolen board, in its own or another's name, with a body of noise now and then."""
        role = holder if holder in STOLEN else "sirene"
        src = STOLEN[role] if self.draw(3) else self.pick((0x52000021, 0x52000041, 0x53000007, origin))
        number = self._near(src)
        what = self.draw(5)
        if what == 0:
            return bag.event(src, bag_role(role), number, origin, about, under_a=not self.draw(4))
        if what == 1:
            return bag.report(
                src, number, origin, about, 1 + self.draw(8), 1 + self.draw(4), not self.draw(4)
            )
        if what == 2:
            return bag.button_status(src, number, self.draw(6), about)
        kind = self.pick(
            (m.STATUS, m.SIREN_REPORT, m.EVENT, m.RECEIPTS, m.SIREN_ORDER, m.CONFIG, m.PAGE, self.draw(16))
        )
        body = self.rnd.randbytes(self.pick((10, 11, 17, 22, 16, self.draw(80))))
        return bag.message(
            kind, self.pick((bag_role(role), m.GATEWAY)), src, number, body, bag.c(src, bag_role(role))
        )

    def _changed(self, how, frame):
        """The frame as a thief sends it who has heard it."""
        out, rnd = bytearray(frame), self.rnd
        if how == "replay":
            return frame
        if how == "header":
            if len(out) > 15:
                out[12], out[15] = self.draw(256), self.draw(256)
        elif how == "id":
            out[min(len(out) - 1, 8 + self.draw(4))] ^= 1 << self.draw(8)
        elif how == "flip":
            out[self.draw(len(out))] ^= 1 << self.draw(8)
        elif how == "cut":
            return bytes(out[: self.draw(len(out))])
        elif how == "lengthened":
            return bytes(out) + rnd.randbytes(1 + self.draw(max(1, 255 - len(out))))
        elif how == "noise":
            return rnd.randbytes(1 + self.draw(80))
        elif how == "stock":
            recorded = self.pick(STOCK)
            frame = bytes.fromhex(recorded["hex"])
            if self.draw(2):  # of a phone that was given our channel
                packet = wire.parse_packet(frame)
                body = nodekit.CHANNEL.crypt(packet.src, packet.id, bytes.fromhex(recorded["data_pb"]))
                frame = wire.build_packet(packet._replace(channel_hash=nodekit.CHANNEL.hash, body=body))
            return frame
        elif how == "other port":
            channel = self.pick((nodekit.CHANNEL, FOREIGN_CHANNEL))
            return channel.seal(
                self.pick(BUTTONS),
                self._thief_id(),
                self.draw(8),
                rnd.randbytes(self.draw(60)),
                portnum=self.pick((1, 3, 4, 11, 67, 256)),
            )
        else:
            return self._sealed(how, frame)
        return bytes(out)

    def _sealed(self, how, frame):
        """Changed inside and encrypted anew: the channel key is in many hands."""
        try:
            packet = wire.parse_packet(frame)
            payload = bytearray(nodekit.CHANNEL.open(packet).payload)
        except RemoteError:
            return frame
        if how == "flip sealed" and payload:
            payload[self.draw(len(payload))] ^= 1 << self.draw(8)
        elif how == "cut sealed":
            payload = (
                payload[: self.draw(len(payload) + 1)] if self.draw(2) else payload + self.rnd.randbytes(4)
            )
        if len(payload) > wire.PAYLOAD_MAX:
            return frame
        return nodekit.CHANNEL.seal(packet.src, self._thief_id(), self.draw(8), bytes(payload))

    def _thief_id(self):
        return 0x7100_0000 + self.draw(0xFFFFFF)


def bag_role(role):
    return nodekit.ROLE_NUMBERS[role]
