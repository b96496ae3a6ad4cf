"""What the core hears and what it wants done, in order: plain tuples, performed by daemon or simulator."""

from collections import namedtuple

# One kentongan payload off a radio, its channel already opened. rssi in dBm, snr_q in 0.25 dB.
Heard = namedtuple(
    "Heard", ("src", "to", "id", "hop_limit", "hop_start", "relay_node", "payload", "rssi", "snr_q", "radio")
)

Store = namedtuple("Store", ("row_id", "event"))  # commit, then call core.stored(row_id); never, if it failed
Send = namedtuple("Send", ("packet_id", "hop_limit", "payload", "klass", "delay_ms", "first"))
RelayCopy = namedtuple("RelayCopy", ("heard", "klass"))
DropCopy = namedtuple("DropCopy", ("src", "id"))
Siren = namedtuple(
    "Siren", ("pattern", "steps", "total_ms")
)  # steps: ((on_ms, off_ms), ...), repeated to total_ms
SirenOff = namedtuple("SirenOff", ())
Speak = namedtuple("Speak", ("text",))  # said aloud at the post
Hush = namedtuple("Hush", ())  # nothing more is said of what was asked before
Persist = namedtuple("Persist", ("name", "data"))  # durable before the next action
OrderDone = namedtuple("OrderDone", ("order_id", "result"))  # result: "ok" or "failed: why"
Note = namedtuple("Note", ("step", "device", "counter", "detail"))  # one log line


def identity(note) -> str:
    """`tombol-07 #1234`, or `rahasia-3`: the name that goes through every log."""
    return f"{note.device} #{note.counter}" if note.counter else note.device
