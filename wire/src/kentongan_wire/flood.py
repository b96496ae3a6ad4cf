"""Which frames a node carries on, and how urgent they are (wire-format 3). Pure, integers only.

None of this decides local delivery: that is the tag first, then the counter (verify, replay).
"""
import struct

from kentongan_wire import codes
from kentongan_wire.packet import BROADCAST, PORT_ALERT, PORT_PRIVATE

SEEN_LIMIT = 512          # exact (from, id) pairs remembered
SEEN_TTL_MS = 600_000     # 10 min
ENTRY_BYTES = 12          # from u32, id u32, second of adding u32
PAYLOAD_LEAST_BYTES = 12  # message header and tags

# Relay classes: the smaller goes first.
CLASS_ALARM = 0   # alarm, receipt
CLASS_ORDER = 1   # order, page
CLASS_EVENT = 2   # event, siren report
CLASS_STATUS = 3
CLASS_REST = 4    # configuration, unknown types, text for phones
CLASS_NAMES = ("alarm", "order", "event", "status", "rest")

CLASS_BY_TYPE = {
    codes.ALARM: CLASS_ALARM, codes.RECEIPTS: CLASS_ALARM,
    codes.SIREN_ORDER: CLASS_ORDER, codes.PAGE: CLASS_ORDER,
    codes.EVENT: CLASS_EVENT, codes.SIREN_REPORT: CLASS_EVENT,
    codes.STATUS: CLASS_STATUS,
}


class Seen:
    """A bounded memory of exact (from, id) pairs; the oldest gives way.

    One byte ring of 12 bytes a pair: a dict of tuples of u32 would take 47 KB of a 64 KB heap.
    """

    def __init__(self, limit: int = SEEN_LIMIT, ttl_ms: int = SEEN_TTL_MS):
        self._limit = limit
        self._ttl_s = ttl_ms // 1000
        # Whole from the start: growing it would need more and more room in one piece of a device's heap.
        self._ring = bytearray(limit * ENTRY_BYTES)
        self._count = 0
        self._next = 0
        self._latest_s = 0

    def _find(self, src, packet_id):
        key = struct.pack("<II", src, packet_id)
        end = self._count * ENTRY_BYTES
        at = self._ring.find(key, 0, end)
        while at >= 0 and at % ENTRY_BYTES:
            at = self._ring.find(key, at + 1, end)
        return at

    def seen(self, src: int, packet_id: int, now_ms: int = -1) -> bool:
        """Whether that pair was added less than ttl_ms ago and has not given way since.

        Without now_ms, the time of the latest `add` counts as now.
        """
        at = self._find(src, packet_id)
        if at < 0:
            return False
        added_s = struct.unpack("<I", self._ring[at + 8 : at + ENTRY_BYTES])[0]
        now_s = now_ms // 1000 if now_ms >= 0 else self._latest_s
        return now_s - added_s < self._ttl_s

    def add(self, src: int, packet_id: int, now_ms: int) -> None:
        """Remember the pair from now on; adding it again renews its time."""
        self._latest_s = now_ms // 1000
        entry = struct.pack("<III", src, packet_id, self._latest_s & 0xFFFFFFFF)
        at = self._find(src, packet_id)
        if at < 0:
            at = self._next * ENTRY_BYTES
            self._next = (self._next + 1) % self._limit
            self._count = min(self._count + 1, self._limit)
        self._ring[at : at + ENTRY_BYTES] = entry

    def __len__(self):
        return self._count


def may_relay(packet, data) -> bool:
    """Whether this packet, opened on a channel of the site as `data`, may be carried on at all.

    Ours (portnum 256, version 1) and the gateway's text for phones; only broadcasts with hops left.
    """
    if packet.to != BROADCAST or packet.hop_limit < 1:
        return False
    if data.portnum == PORT_ALERT:
        return True
    if data.portnum != PORT_PRIVATE or len(data.payload) < PAYLOAD_LEAST_BYTES:
        return False
    return data.payload[0] >> 4 == codes.VERSION


def hops_taken(packet) -> int:
    """Relays between the origin and us, 0..7."""
    return packet.hop_start - packet.hop_limit


def class_of(message_type: int) -> int:
    """Relay class of a kentongan message type; unknown types are the last."""
    return CLASS_BY_TYPE.get(message_type, CLASS_REST)


def class_of_data(data) -> int:
    """Relay class of an opened packet that may_relay allowed."""
    if data.portnum != PORT_PRIVATE:
        return CLASS_REST
    return class_of(data.payload[0] & 0x0F)
