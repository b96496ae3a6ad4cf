"""Actions that a core asks its shell for; a core returns a list, and the shell performs it in order.

`Persist` is durable before the next action is begun. Every duration is in milliseconds.
"""

from collections import namedtuple

Cad = namedtuple("Cad", ())  # check the channel once; the answer is core.cad(busy)
Transmit = namedtuple("Transmit", ("frame",))  # one whole frame; the answer is core.sent(ok)
Tune = namedtuple("Tune", ("preset", "freq_hz", "conducted_dbm"))  # modem: other radio settings from here on
Listen = namedtuple("Listen", ("on",))  # receiver on or off while nothing is sent
Persist = namedtuple("Persist", ("name", "data"))  # a small named file, written atomically
Sound = namedtuple("Sound", ("pattern", "steps", "total_ms"))  # siren output; steps ((on_ms, off_ms), ..)
Quiet = namedtuple("Quiet", ())  # siren output off at once
Show = namedtuple("Show", ("state", "steps"))  # lamp, buzzer and motor of the box
HostWrite = namedtuple("HostWrite", ("data",))  # modem: bytes for the host
Sleep = namedtuple("Sleep", ("wake_ms",))  # deep sleep; None: until a key only. The core ends here
Note = namedtuple("Note", ("step", "device", "counter", "detail"))  # a log line: device #counter step

# Why a core starts. cause: "power" "wake_key" "wake_timer" "reset"; key: the wake key's name or "".
Boot = namedtuple("Boot", ("cause", "key", "lid_open"))
