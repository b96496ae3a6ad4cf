"""Contents of frames, for the trace and the diagram: read with the channel key only, as any relay could."""

import struct

from kentongan_wire.air import packet as wire
from kentongan_wire.base.errors import RemoteError
from kentongan_wire.message import bodies, messages

from kentongan_sim.physics.shapes import Detail
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME

TYPES = {
    1: "ALARM",
    2: "STATUS",
    3: "SIREN_REPORT",
    4: "EVENT",
    8: "RECEIPTS",
    9: "SIREN_ORDER",
    10: "CONFIG",
    11: "PAGE",
}
ORDERS = ("SIREN_ORDER", "SIREN_REPORT")  # their bodies begin with origin u32, counter u32 of the alarm
CACHE_LIMIT = 4096  # frames remembered; repeats and relays of one are common
RECEIPT_HEAD = messages.HEADER_BYTES + 1  # payload bytes before the first entry
RECEIPT_ENTRY = bodies.ENTRY_BYTES


class Describer:
    """Reads frames of one channel; remembers those it has read."""

    def __init__(self, channel_name: str = CHANNEL_NAME, channel_key: bytes = CHANNEL_KEY):
        self.channel = wire.Channel(channel_name, channel_key)
        self._cache: dict[bytes, Detail] = {}

    def describe(self, data: bytes) -> Detail:
        """Read what any frame has, and of ours counter, attempt, answers, about and action."""
        known = self._cache.get(data)
        if known is None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            known = self._cache[data] = self._read(data)
        return known

    def _read(self, data: bytes) -> Detail:
        out: Detail = {"bytes": len(data), "type": "FOREIGN"}
        try:
            packet = wire.parse_packet(data)
            out |= {
                "src": packet.src,
                "id": packet.id,
                "hop_limit": packet.hop_limit,
                "hop_start": packet.hop_start,
            }
            content = self.channel.open(packet)
        except RemoteError:
            return out
        payload = bytes(content.payload)
        ours = content.portnum == wire.PORT_PRIVATE and len(payload) >= messages.PAYLOAD_MIN
        if not ours or payload[0] >> 4 != messages.VERSION:
            out["type"] = "OTHER"
            return out
        out["type"] = TYPES.get(payload[0] & 15, "OTHER")
        out["counter"] = struct.unpack_from("<I", payload, 2)[0]
        if out["type"] == "ALARM":
            out["attempt"] = payload[6]
        if out["type"] in ORDERS and len(payload) >= 22:
            out["about"] = list(struct.unpack_from("<II", payload, 6))
            out["action"] = payload[14]  # of an order what to do, of a report how it stands
        if out["type"] == "RECEIPTS":
            out["answers"] = [
                list(struct.unpack_from("<IIB", payload, RECEIPT_HEAD + RECEIPT_ENTRY * i))
                for i in range(min(payload[6], _entries_in(payload)))
            ]
        return out


def _entries_in(payload: bytes) -> int:
    """Count the whole receipt entries that there is room for."""
    return (len(payload) - RECEIPT_HEAD - messages.END_BYTES) // RECEIPT_ENTRY
