"""The wire's pure functions, remembered: forty receivers of one frame decode and verify the same bytes.

For speed only, and only in a process that simulates: each of these gives the same unchangeable value for the
same arguments, so that nothing a node does can depend on it. Errors are not remembered.
"""

import gc
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from kentongan_wire.air import link, packet, phy
from kentongan_wire.keyring import keys
from kentongan_wire.message import bodies, messages, verify

GC_THRESHOLD = 50_000  # objects made before the collector looks: what a run keeps, it keeps to its end
LIMIT = 8_192  # results kept of each: some seconds of a city

Opens = Callable[[packet.Channel, packet.Packet], packet.Data]
Encodes = Callable[[int, Any], bytes]
Decodes = Callable[[bytes], Any]

PURE: tuple[Callable[..., object], ...] = (
    packet.parse_packet,
    packet.decode_data,
    packet.aes_ctr,
    messages.parse,
    messages.entry_tag,
    messages.order_tag,
    bodies.decode_body,
    bodies.entry_fixed,
    keys.node_key,
    verify._holds,
    verify._message,
    phy.airtime_us,
    phy.slot_us,
    phy.contention_window,
)


def _remembering_open(plain_open: Opens) -> Opens:
    """Remember Channel.open, which all nodes of a channel do with the same packet."""

    @lru_cache(LIMIT)
    def opened(name: str, key: bytes, content: packet.Packet) -> packet.Data:
        return plain_open(packet.Channel(name, key), content)

    return lambda channel, content: opened(channel.name, channel.key, content)


def _remembering_line(plain_encode: Encodes, plain_decode: Decodes) -> tuple[Encodes, Decodes]:
    """Remember link.encode for link.decode: a message with a frame is decoded as it was encoded."""
    sent: dict[bytes, tuple[int, Any]] = {}

    def encode(seq: int, message: Any) -> bytes:
        data = plain_encode(seq, message)
        if isinstance(message, (link.Received, link.Transmit)) and isinstance(message.frame, bytes):
            if len(sent) >= LIMIT:
                sent.clear()
            sent[data[1:-1]] = seq, message
        return data

    def decode(encoded: bytes) -> Any:  # as link.decode
        return sent.pop(bytes(encoded), None) or plain_decode(encoded)

    return encode, decode


def install() -> None:
    """Put the remembering ones in place of the others, in all of our modules loaded so far and later; and let
    the garbage collector, which finds next to nothing here, look less often.
    """
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    opens: Any = packet.Channel  # whose method is no attribute to a type checker
    opens.open = _remembering_open(packet.Channel.open)
    remembered = _remembering_line(link.encode, link.decode)
    for name, function in zip(("encode", "decode"), remembered, strict=True):
        setattr(link, name, function)
    ours = [module for name, module in sys.modules.items() if name.startswith("kentongan_")]
    for function in PURE:
        remembering = lru_cache(LIMIT)(function)
        for module in ours:
            if getattr(module, function.__name__, None) is function:
                setattr(module, function.__name__, remembering)
