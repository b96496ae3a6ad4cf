"""Types that cross the rooms of the simulator: its units, the events of its trace, and what runs a core."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, SupportsInt, TypedDict

Us = int  # microseconds since the world began
Ms = int  # milliseconds since a device's power-up or wake-up
Node = int  # u32 on the air
About = tuple[Node, int]  # (button's node, counter) of an alarm
Violation = tuple[str, str]  # (what, sentence) of a checker that runs under attack
Counters = dict[str, int]  # reason of a refusal or drop -> how often
Settings = dict[str, Any]  # a device file, as kentongan_wire.settings.device_file.check returns it
State = dict[str, bytes]  # files that a device has persisted, by name
Steps = tuple[tuple[int, int], ...]  # (on_ms, off_ms) of an output
Action = Any  # one of kentongan_node.base.actions, whose fields have no types yet
Boot = tuple[str, str, bool]  # (cause, key, lid_open) of kentongan_node.base.actions.Boot
Answer = tuple[list[Action], Ms | None]  # what a core wants done, and when it wants its next tick
Chance = SupportsInt  # the u32 of a call, or chance.Draws, which works it out when asked


class Detail(TypedDict, total=False):
    """Facts of one event, plain as JSON has them; each event of world.py has its own few of these."""

    # tx, rx, miss
    tx: int  # number of the frame in this run
    airtime_us: Us
    bytes: int
    type: str  # of the message in a frame; at a gateway of the stored event
    src: Node
    id: int
    hop_limit: int
    hop_start: int
    counter: int
    attempt: int
    answers: list[list[int]]  # [node, counter, stage] each
    about: list[int]  # [node, counter]
    action: int
    why: str
    by: int  # number of the frame that was stronger
    rssi: int  # dBm
    snr_q: int  # quarter dB
    # boot, key, sleep, sound, show, note
    cause: str
    key: str
    down: bool
    wake_ms: Ms | None
    pattern: str
    steps: Any  # Steps of an output
    total_ms: Ms
    state: str
    step: str
    device: Node
    detail: str | int
    # store, done, hub
    zone: int
    kind: int
    silent: bool
    cancel: bool
    late: bool
    jamming: bool
    order: int
    result: str
    up: bool


class Event(NamedTuple):
    """One line of the trace."""

    t_us: Us
    label: str
    what: str
    detail: Detail


Report = Callable[[Us, str, str, Detail], object]  # takes the fields of an Event


class Engine(Protocol):
    """Runs the cores of many devices."""

    name: str

    def boot(
        self, label: str, settings: Settings, state: State, boot: Boot, now_ms: Ms, rnd: Chance
    ) -> Answer: ...

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: Ms, rnd: Chance) -> Answer: ...

    def counters(self, label: str) -> Counters: ...

    def kill(self, label: str) -> None: ...

    def close(self) -> None: ...
