"""A busy street as frames, for whatever has to live through one: a heap, a file of a role."""
import nodekit
from kentongan_wire import link, messages, replay

FRAMES = 200
COUNTERS = 30  # last counters that a post knows at its start; firmware/README.md says what more take
NODES = {"tombol": 0x53000007, "sirene": 0x52000021, "penerus": 0x52000031, "penerima": 0x52000041,
         "modem": nodekit.GATEWAY}
settings = nodekit.settings


def full_table():
    """What a post in a large kampung finds in its flash."""
    table = replay.Guard(COUNTERS)
    for n in range(COUNTERS):
        table.raise_to(0x53001000 + n, 0, 0, 5)
    return table.dump()


def street(role):
    """(what, bytes) of a burst: alarms of 40 houses, their receipts, status, orders and noise."""
    out = []
    if role == "modem":
        configure = link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0)
        out.append(("host", link.encode(0, configure)))
    for n in range(FRAMES - len(out)):
        origin = 0x53000100 + n % 40
        kind = n % 5
        if kind < 2:
            out.append(("frame", nodekit.alarm(origin, 10 + n, hop_limit=3)))
        elif kind == 2:
            out.append(("frame", nodekit.receipt(origin, 10 + n - 2, packet_id=500 + n)))
        elif kind == 3:
            body = messages.NodeStatus(1, 12_000, 30, -80, 20, 3, 5, 100, 7, 1, (0, 1, 0))
            status = nodekit.frame(messages.STATUS, 3, 0x52000050 + n % 10, 10 + n, body, hop_limit=2)
            out.append(("frame", status))
        elif role == "modem":
            own = nodekit.receipt(origin, 10 + n, packet_id=2_000 + n)
            out.append(("host", link.encode(n + 1, link.Transmit(own, 0, 0, 0, 0))))
        else:
            out.append(("frame", nodekit.alarm(origin, 10 + n, key=bytes(32), hop_limit=2)))
    return out
