"""Actions that a core asks its shell for; a core returns a list, and the shell performs it in order.

`Persist` is durable before the next action is begun. Every duration is in milliseconds.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from kentongan_wire.base.shapes import Bytes

    Stored = Bytes  # of a file
    Settings = dict[str, Any]  # a device file, as kentongan_wire.settings.device_file.check returns it
    State = dict[str, bytes]  # what Persist wrote last, by name
    Steps = tuple[tuple[int, int], ...]  # (on_ms, off_ms) of an output

Cad = NamedTuple("Cad", ())  # check the channel once; the answer is core.cad(busy)
Transmit = NamedTuple("Transmit", (("frame", bytes),))  # one whole frame; the answer is core.sent(ok)
# modem: other radio settings from here on
Tune = NamedTuple("Tune", (("preset", str), ("freq_hz", int), ("conducted_dbm", int)))
Listen = NamedTuple("Listen", (("on", bool),))  # receiver on or off while nothing is sent
Persist = NamedTuple("Persist", (("name", str), ("data", "Stored")))  # a small named file, written atomically
# siren output; steps ((on_ms, off_ms), ..)
Sound = NamedTuple("Sound", (("pattern", str), ("steps", "Steps"), ("total_ms", int)))
Quiet = NamedTuple("Quiet", ())  # siren output off at once
# lamp, buzzer and motor of the box
Show = NamedTuple("Show", (("state", str), ("steps", "tuple[Steps, ...]")))
HostWrite = NamedTuple("HostWrite", (("data", bytes),))  # modem: bytes for the host
# deep sleep; None: until a key only. The core ends here
Sleep = NamedTuple("Sleep", (("wake_ms", "int | None"),))
# a log line: device #counter step
Note = NamedTuple("Note", (("step", str), ("device", str), ("counter", int), ("detail", "int | str")))

if TYPE_CHECKING:
    Action = Cad | Transmit | Tune | Listen | Persist | Sound | Quiet | Show | HostWrite | Sleep | Note

# Why a core starts. cause: "power" "wake_key" "wake_timer" "reset"; key: the wake key's name or "".
Boot = NamedTuple("Boot", (("cause", str), ("key", str), ("lid_open", bool)))
