"""Exact packets that were heard before; for a gateway, which verifies what it carries on."""

import struct

SEEN_LIMIT = 512  # exact (from, id) pairs remembered
SEEN_TTL_MS = 600_000  # 10 min
ENTRY_BYTES = 12  # from u32, id u32, second of adding u32


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

    def _find(self, src: int, packet_id: int) -> int:
        key = struct.pack("<II", src, packet_id)
        end = self._count * ENTRY_BYTES
        at = self._ring.find(key, 0, end)
        while at >= 0 and at % ENTRY_BYTES:
            at = self._ring.find(key, at + 1, end)
        return at

    def seen(self, src: int, packet_id: int, now_ms: int = -1) -> bool:
        """Tell whether that pair was added less than ttl_ms ago and has not been dropped since.

        Without now_ms, the time of the latest `add` counts as now.
        """
        at = self._find(src, packet_id)
        if at < 0:
            return False
        added_s: int = struct.unpack("<I", self._ring[at + 8 : at + ENTRY_BYTES])[0]
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

    def __len__(self) -> int:
        return self._count
