"""Bag of a thief: the keys of the boards that he stole, and noise where he has none.

Holders: nobody (hears and plays again), channel (the channel key, as every stock node has it), and the roles
of stolen boards. Receivers judge his forgeries; nothing here asks whether a message may be made.
"""

import struct
from collections.abc import Collection, Iterable

from kentongan_wire.air import packet as wire
from kentongan_wire.base.crypto import hmac_sha256
from kentongan_wire.keyring import keys as wire_keys
from kentongan_wire.message import bodies
from kentongan_wire.message import messages as m

from kentongan_sim.physics.shapes import Node, Settings

ROLE_OF = {"tombol": m.TOMBOL, "sirene": m.SIRENE, "penerus": m.PENERUS, "penerima": m.PENERIMA}
NEW_IDS = 0x7000_0000  # packet ids that no device of the village has reached
HOPS = 5
BATTERY = 150


class Bag:
    """`boards`: device settings of what was stolen; `channel`: a wire.Channel, or None for nobody."""

    def __init__(self, channel: wire.Channel | None, boards: Iterable[Settings] = ()):
        self._channel = channel
        self.boards = tuple(boards)
        self._id = NEW_IDS

    @property
    def holds_channel(self) -> bool:
        """False for nobody, who can only play again."""
        return self._channel is not None

    @property
    def channel(self) -> wire.Channel:
        """Channel of whoever holds its key."""
        assert self._channel is not None, "nobody forges"
        return self._channel

    # Keys

    def _held(self, name: str) -> list[bytes]:
        return [bytes.fromhex(board[name]) for board in self.boards if board.get(name)]

    def _own(self, name: str, node: Node) -> list[bytes]:
        return [
            bytes.fromhex(board[name]) for board in self.boards if board.get(name) and board["node"] == node
        ]

    def a(self, node: Node, role: int) -> bytes:
        """Return A(node), or a key that is none."""
        for key in self._own("key_a", node):
            return key
        for root in self._held("alarm_root"):
            return wire_keys.node_key(root, node, role, 0)
        return _noise(node, b"A")

    def c(self, node: Node, role: int) -> bytes:
        """Return C(node) of a stolen board, or a key that is none."""
        return next(iter(self._own("key_c", node)), _noise(node, b"C"))

    def r(self, node: Node, role: int) -> bytes:
        """Return R(node), or a key that is none."""
        for key in self._own("key_r", node):
            return key
        roots = self._held("relay_root") + [wire_keys.relay_root(root) for root in self._held("alarm_root")]
        return wire_keys.node_key(roots[0], node, role, 0) if roots else _noise(node, b"R")

    # Frames

    def seal(self, src: Node, payload: bytes, hops: int = HOPS, portnum: int = wire.PORT_PRIVATE) -> bytes:
        """Seal a frame under a packet id that was never used."""
        self._id += 1
        return self.channel.seal(src, self._id, hops, payload, portnum=portnum)

    def again(self, frame: bytes, hops: int = HOPS) -> bytes:
        """Encrypt the same message anew under another packet id."""
        packet = wire.parse_packet(frame)
        return self.seal(packet.src, self.channel.open(packet).payload, hops)

    def message(self, kind: int, role: int, src: Node, counter: int, raw: bytes, key: bytes) -> bytes:
        """Make the frame of any body of any type from any role, tagged with `key`."""
        head = struct.pack("<BBI", m.VERSION << 4 | kind, role << 4, counter)
        body = m.mask(kind, role, src, counter, key, raw)
        if kind == m.ALARM:
            body = body[: bodies.ALARM_BYTES]
            body += m.proof_tag(self.c(src, role), src, wire.BROADCAST, head + body)
        tagged = head + body + m.outer_tag(key, src, wire.BROADCAST, head + body)
        return self.seal(src, tagged + m.carry_tag(self.r(src, role), src, wire.BROADCAST, tagged))

    def alarm(
        self,
        src: Node,
        counter: int,
        zone: int = 1,
        kind: int = m.KIND_MALING,
        flags: int = 0,
        attempt: int = 0,
        role: int = m.TOMBOL,
        under_c: bool = False,
        incident: int | None = None,
    ) -> bytes:
        number = (counter if incident is None else incident) & 0xFFFF
        raw = struct.pack("<BHBBB", attempt, number, zone, kind | flags << 4, BATTERY)
        key = self.c(src, role) if under_c else self.a(src, role)
        return self.message(m.ALARM, role, src, counter, raw + bytes(bodies.PROOF_BYTES), key)

    def event(
        self, src: Node, role: int, counter: int, origin: Node, alarm_counter: int, under_a: bool = False
    ) -> bytes:
        raw = struct.pack("<" + bodies.EVENT_FORMAT, m.EVENT_COMING, 0, origin, alarm_counter)
        return self.message(
            m.EVENT, role, src, counter, raw, self.a(src, role) if under_a else self.c(src, role)
        )

    def report(
        self,
        src: Node,
        counter: int,
        origin: Node,
        alarm_counter: int,
        state: int,
        source: int = m.SOURCE_DIRECT,
        under_a: bool = False,
    ) -> bytes:
        raw = struct.pack("<IIBB", origin, alarm_counter, state, source)
        key = self.a(src, m.SIRENE) if under_a else self.c(src, m.SIRENE)
        return self.message(m.SIREN_REPORT, m.SIRENE, src, counter, raw, key)

    def button_status(self, src: Node, counter: int, stage: int, about: int, under_a: bool = False) -> bytes:
        raw = struct.pack(
            "<" + bodies.BUTTON_STATUS_FORMAT,
            stage << m.TOMBOL_STATUS_STAGE_SHIFT,
            BATTERY,
            27,
            -80,
            1,
            0,
            1,
            about,
        )
        key = self.a(src, m.TOMBOL) if under_a else self.c(src, m.TOMBOL)
        return self.message(m.STATUS, m.TOMBOL, src, counter, raw, key)

    def receipts(
        self,
        src: Node,
        role: int,
        counter: int,
        node: Node,
        alarm_counter: int,
        stage: int,
        zone: int = 0,
        kind: int = 0,
    ) -> bytes:
        """Make receipts in the name of a gateway or a post; the entry under the best key in the bag."""
        entry = bodies.Entry(node, alarm_counter, stage, 1, zone, kind, b"")
        key = self.a(node, m.TOMBOL) if stage == m.STAGE_SOUNDING else self.c(node, m.TOMBOL)
        raw = b"\x01" + bodies.entry_fixed(entry) + m.entry_tag(src, entry, key)
        outer = self.a(src, role) if role == m.GATEWAY else self.c(src, role)
        return self.message(m.RECEIPTS, role, src, counter, raw, outer)

    def many_receipts(self, src: Node, counter: int, node: Node, about: Iterable[int]) -> bytes:
        """Make receipts of stage 2 for many counters of one button in a gateway's name, under the bag's C."""
        entries = [bodies.Entry(node, each, m.STAGE_STORED, 0, 1, 0, b"") for each in about]
        tags = [bodies.entry_fixed(one) + m.entry_tag(src, one, self.c(node, m.TOMBOL)) for one in entries]
        raw = bytes([len(tags)]) + b"".join(tags)
        return self.message(m.RECEIPTS, m.GATEWAY, src, counter, raw, self.a(src, m.GATEWAY))

    def order(
        self,
        src: Node,
        counter: int,
        origin: Node,
        alarm_counter: int,
        targets: Collection[Node],
        action: int = m.ACTION_START,
    ) -> bytes:
        """Make an order in a gateway's name, its targets tagged with the bag's C."""
        fixed = bodies.SirenOrder(origin, alarm_counter, action, m.KIND_MALING, 180, ())
        tags = b"".join(
            struct.pack("<I", node) + m.order_tag(src, counter, node, fixed, self.c(node, m.SIRENE))
            for node in targets
        )
        raw = bodies.order_fixed(fixed) + bytes([len(targets)]) + tags
        return self.message(m.SIREN_ORDER, m.GATEWAY, src, counter, raw, self.c(src, m.GATEWAY))

    def page(
        self, src: Node, counter: int, target: Node, origin: Node, alarm_counter: int, zone: int = 1
    ) -> bytes:
        raw = struct.pack("<" + bodies.PAGE_FORMAT, target, origin, alarm_counter, m.KIND_MALING, 1, zone, 0)
        return self.message(m.PAGE, m.GATEWAY, src, counter, raw, self.c(target, m.PENERIMA))


def _noise(node: Node, name: bytes) -> bytes:
    return hmac_sha256(b"no key", name + node.to_bytes(4, "little"))
