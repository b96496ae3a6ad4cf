"""The wire's pure functions, remembered: forty receivers of one frame decode and verify the same bytes.

For speed only, and only in a process that simulates: each of these gives the same unchangeable value for the
same arguments, so that nothing a node does can depend on it. Errors are not remembered.
"""

import gc
import sys
from functools import lru_cache

from kentongan_wire import bodies, keys, link, messages, packet, phy, verify

GC_THRESHOLD = 50_000  # objects made before the collector looks: what a run keeps, it keeps to its end
LIMIT = 8_192  # results kept of each: some seconds of a city

PURE = (
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


def _remembering_open(plain_open):
    """Channel.open, which all nodes of a channel do with the same packet."""

    @lru_cache(LIMIT)
    def opened(name, key, content):
        return plain_open(packet.Channel(name, key), content)

    return lambda channel, content: opened(channel.name, channel.key, content)


def _remembering_line(plain_encode, plain_decode):
    """link.encode and link.decode: what carries a frame to or from a modem is decoded as it was encoded."""
    sent = {}

    def encode(seq, message):
        data = plain_encode(seq, message)
        if isinstance(message, (link.Received, link.Transmit)) and isinstance(message.frame, bytes):
            if len(sent) >= LIMIT:
                sent.clear()
            sent[data[1:-1]] = seq, message
        return data

    def decode(encoded):
        return sent.pop(bytes(encoded), None) or plain_decode(encoded)

    return encode, decode


def install():
    """Put the remembering ones in place of the others, in all of our modules loaded so far and later; and let
    the garbage collector, which finds next to nothing here, look less often.
    """
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
    packet.Channel.open = _remembering_open(packet.Channel.open)
    link.encode, link.decode = _remembering_line(link.encode, link.decode)
    ours = [module for name, module in sys.modules.items() if name.startswith("kentongan_")]
    for function in PURE:
        remembering = lru_cache(LIMIT)(function)
        for module in ours:
            if getattr(module, function.__name__, None) is function:
                setattr(module, function.__name__, remembering)
