"""Clear heads of opened messages; nothing is verified here."""

import struct

from kentongan_wire.air.packet import PORT_PRIVATE
from kentongan_wire.base.crypto import sha256
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message.messages import ALARM, TOMBOL

if TYPE_CHECKING:
    from kentongan_wire.air.packet import Data


def alarm_head(data: "Data") -> tuple[int, int] | None:
    """(counter, attempt) of an ALARM by a tombol, or None; nothing is verified here."""
    payload = data.payload
    if data.portnum != PORT_PRIVATE or len(payload) < 7 or payload[0] & 15 != ALARM:
        return None
    if payload[1] >> 4 != TOMBOL:
        return None
    return struct.unpack("<I", payload[2:6])[0], payload[6]


def content_of(data: "Data") -> int:
    """Return a u32 that tells one payload from another."""
    return struct.unpack("<I", sha256(data.payload)[:4])[0]


def said_counter(data: "Data") -> int:
    """Return the counter in a message's head, 0 where it is none of ours."""
    payload = data.payload
    return struct.unpack("<I", payload[2:6])[0] if data.portnum == PORT_PRIVATE and len(payload) >= 6 else 0
