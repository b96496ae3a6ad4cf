"""Rules for relaying a frame, and its priority (wire-format 3). Pure, integers only.

None of this decides local delivery: that is the tag first, then the counter (verify, replay).
"""

from kentongan_wire.air.packet import BROADCAST, PORT_ALERT, PORT_PRIVATE
from kentongan_wire.base import codes
from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from kentongan_wire.air.packet import Data, Packet

PAYLOAD_LEAST_BYTES = 12  # message header and tags

# Relay classes: the smaller goes first.
# A post tells within this what its siren does, but for what the rest delays on purpose (sounding/output.py).
SIREN_TOLD_MS = 15_000
HELD_MS, HELD_SPAN_MS = 15_000, 30_000  # it beats the same in earnest for another alarm, which it has told
# In a crowd it repeats what it has said HELD_MS later.
CROWD_TIMES = 4  # so many times longer in a crowd
# A device on mains reports every 140 s (or as planned); its STATUS gives way to an alarm for so long at most;
# 20 s after both it is late. Not sooner, or an alarm would call its own street's devices late.
POSTPONE_MAX_MS = 120_000
STATUS_LATE_MS = 280_000
REST_MS = 17_000  # a siren that was driven for long rests, and tells of a new alarm afterwards
CLASS_ALARM = 0  # alarm, receipt
CLASS_ORDER = 1  # order, page
CLASS_EVENT = 2  # event, siren report
CLASS_STATUS = 3
CLASS_REST = 4  # configuration, unknown types, text for phones
CLASS_NAMES = ("alarm", "order", "event", "status", "rest")

CLASS_BY_TYPE = {
    codes.ALARM: CLASS_ALARM,
    codes.RECEIPTS: CLASS_ALARM,
    codes.SIREN_ORDER: CLASS_ORDER,
    codes.PAGE: CLASS_ORDER,
    codes.EVENT: CLASS_EVENT,
    codes.SIREN_REPORT: CLASS_EVENT,
    codes.STATUS: CLASS_STATUS,
}


def may_relay(packet: "Packet", data: "Data") -> bool:
    """Tell whether this packet, opened on a channel of the site as `data`, may be carried on at all.

    Ours (portnum 256, version 1) and the gateway's text for phones; only broadcasts with hops left.
    """
    if packet.to != BROADCAST or packet.hop_limit < 1:
        return False
    if data.portnum == PORT_ALERT:
        return True
    if data.portnum != PORT_PRIVATE or len(data.payload) < PAYLOAD_LEAST_BYTES:
        return False
    return data.payload[0] >> 4 == codes.VERSION


def hops_taken(packet: "Packet") -> int:
    """Relays between the origin and us, 0..7."""
    return packet.hop_start - packet.hop_limit


def class_of(message_type: int) -> int:
    """Relay class of a kentongan message type; unknown types are the last."""
    return CLASS_BY_TYPE.get(message_type, CLASS_REST)


def class_of_data(data: "Data") -> int:
    """Relay class of an opened packet that may_relay allowed."""
    if data.portnum != PORT_PRIVATE:
        return CLASS_REST
    return class_of(data.payload[0] & 0x0F)
