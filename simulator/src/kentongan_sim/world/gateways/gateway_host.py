"""A gateway in the world: the real core, performer, spool and modem session on the world's clock and air.

What is a hub to it says a subclass: model_hub.py or real_hub.py. Nothing of the daemon's threads is here; its
order of doing is.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from kentongan_gateway.core.base import actions
from kentongan_gateway.core.base.stored import Event as StoredEvent
from kentongan_gateway.core.gateway_core import GatewayCore
from kentongan_gateway.outputs.voice import NoVoice
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.performer import Performer
from kentongan_wire.air import link
from kentongan_wire.air.packet import Channel
from kentongan_wire.message.messages import STATUS_JAMMING

from kentongan_sim.physics.chance import Draws
from kentongan_sim.physics.clock import Entry
from kentongan_sim.physics.shapes import Counters, Detail, Ms, Steps, Us
from kentongan_sim.scenarios.catalogue import CONDUCTED_DBM, GAIN_DBI
from kentongan_sim.scenarios.parts import Gateway
from kentongan_sim.world.gateways.modem_line import ModemLine
from kentongan_sim.world.gateways.world_part import WorldPart

START_US = 2_000_000  # from power to a running gateway; a real board takes longer, once a year
COMMIT_US = 4_000  # a SQLite commit on an SD card
TICKS_AT_ONE_INSTANT = 200  # more than this is a gateway that asks for a deadline and never moves on
EPOCH_S = 1_790_000_000  # wall time when the world begins


class NotingPerformer(Performer):
    """Reports notes as events of the world."""

    def __init__(self, host: "GatewayHost", *parts: Any):
        super().__init__(*parts)
        self.host = host

    def _note(self, note: actions.Note) -> None:
        said: Detail = {
            "step": note.step,
            "device": note.device,  # type: ignore[typeddict-item]  # the gateway names it by its label
            "counter": note.counter,
            "detail": str(note.detail),
        }
        self.host.report("note", said)

    _DOING: dict[type, Callable[..., object]] = {**Performer._DOING, actions.Note: _note}


class SlowPerformer(NotingPerformer):
    """Its commits take their time, and what it meets of our faults ends the run."""

    def contain(self, what: str, deed: Callable[..., object], *args: object) -> None:
        deed(*args)

    beside = contain

    def _note(self, note: actions.Note) -> None:
        if note.step == "fault":  # the gateway outlives its own; a simulation does not hide one for that
            raise AssertionError(f"{self.host.label}: {note.detail}")
        super()._note(note)

    def _store(self, action: actions.Store) -> None:
        self.host.later(COMMIT_US, self.host.do, "_store_all", [action])

    _DOING: dict[type, Callable[..., object]] = {
        **NotingPerformer._DOING,
        actions.Note: _note,
        actions.Store: _store,
    }


class GatewayHost:
    """A gateway without its hub. A subclass has `performer` and `channel`, makes `spool` and `state` in
    _open_disk(), and begins the hub's side in _begin_hub().
    """

    performer: type[NotingPerformer]
    channel: Channel
    spool: Any  # a Spool, or gateway_disk.Disk in its place
    state: Any  # a StateDir, or gateway_disk.States in its place
    radio: ModemLine

    @abstractmethod
    def _open_disk(self) -> None:
        """Make `spool` and `state`."""

    @abstractmethod
    def _make_core(self) -> GatewayCore:
        """Make the core, with its keys and directory."""

    @abstractmethod
    def _make_uplink(self) -> Any:  # an Uplink, or what has its wake() and order_done()
        """Make an Uplink, or what has its wake() and order_done()."""

    @abstractmethod
    def _begin_hub(self) -> None:
        """Begin the hub's side."""

    def __init__(self, world: WorldPart, gateway: Gateway):
        self.world = world
        self.label = gateway.label
        self.gateway = gateway
        self.modem = gateway.modem
        self._core: GatewayCore | None = None
        self._run = 0  # counts power-ups: what belongs to an older one is void
        self.boot, self.boot_us, self.wall_offset_s = 0, 0, 0.0
        self._deadline = world.clock.timer(self._tick)
        self._instant_us, self._instant_ticks = -1, 0
        self._siren: Entry | None = None
        self._draws = Draws(world.seed, gateway.label, 0)  # 0: its start's own look at the clock

    # Power

    def power(self, on: bool) -> None:
        if on and self._core is None:
            self._run += 1
            self._boot()
            self.later(START_US, self._start)
        elif not on and self._core is not None:
            self._stop()
            self.report("off", {})

    def _boot(self) -> None:
        """Begin the machine; the program runs START_US later."""
        self.boot, self.boot_us = self.boot + 1, self.world.now_us + START_US

    def _stop(self) -> None:
        self._run += 1
        self._core = None
        self.radio.stop()
        self._deadline.cancel()
        self.off()

    def _start(self) -> None:
        self._open_disk()
        self._core = self._make_core()
        self._clock = self._make_clock()
        self.radio = self._make_radio()
        self._uplink = self._make_uplink()
        self._performer = self.performer(
            self,
            self._core,
            self.spool,
            self.state,
            self.radio,
            self._make_siren(),
            NoVoice(),
            self._uplink,
            self._clock,
            self._draws.next,
        )
        self.report("boot", {"cause": "power", "key": ""})
        run = self._run
        self.do("start")
        if run == self._run:  # no fault has ended it meanwhile
            self.radio.start(self._heard, lambda name, up: self.do("radio", name, up))
        if run == self._run:
            self._begin_hub()

    def _make_clock(self) -> Clock:
        world = self.world
        return Clock(
            f"boot-{self.boot}",
            lambda: (world.now_us - self.boot_us) * 1000,
            lambda: EPOCH_S + world.now_us / 1e6 + self.wall_offset_s,
            lambda: True,
        )

    def _make_radio(self) -> ModemLine:
        modem = self.world.nodes[self.modem]
        configure = link.Configure(
            modem.place.node, self.world.scene.preset, modem.settings["freq_hz"], CONDUCTED_DBM, GAIN_DBI, 0
        )
        return ModemLine(self, configure, self.channel)

    def _make_siren(self) -> Any:  # a SirenDriver, or what has its play() and off()
        return self

    # Time

    def later(self, after_us: Us, function: Callable[..., object], *args: object) -> None:
        """Run later, unless the power goes in between."""
        clock = self.world.clock
        clock.at(clock.now_us + after_us, self._still, self._run, function, args)

    def _still(self, run: int, function: Callable[..., object], args: tuple[object, ...]) -> None:
        if run == self._run:
            function(*args)

    def now_ms(self) -> Ms:
        return (self.world.clock.now_us - self.boot_us) // 1000

    def _tick(self) -> None:
        now_us = self.world.now_us
        self._instant_ticks = self._instant_ticks + 1 if self._instant_us == now_us else 1
        self._instant_us = now_us
        if self._instant_ticks > TICKS_AT_ONE_INSTANT:
            raise AssertionError(f"{self.label} ticks at {now_us} us without end")
        self.do("tick")

    # Doing

    def do(self, what: str, *args: object) -> None:
        """Call the performer, and set the deadline at which the core wants to be called next."""
        if self._core is None:
            return
        getattr(self._performer, what)(*args)
        due_ms = self._core.next_deadline()
        if due_ms is None:
            self._deadline.cancel()
        else:
            self._deadline.set(self.boot_us + due_ms * 1000)

    def _heard(self, heard: actions.Heard) -> None:
        self.do("heard", heard)

    def report(self, what: str, detail: Detail) -> None:
        self.world.report(self.label, what, detail)

    def stored(self, event: StoredEvent) -> None:
        """Report an event that is on disk."""
        detail: Detail = {
            "type": event["type"],
            "device": event.get("device", 0),
            "counter": event.get("counter", 0),
        }
        if event["type"] == "alarm":
            detail |= {
                "zone": event["zone"],
                "kind": event["kind"],
                "silent": event["silent"],
                "cancel": event["cancel"],
                "late": event["late"],
            }
        if event["type"] == "status" and event["body"].get("flags", 0) & STATUS_JAMMING:
            detail["jamming"] = True
        self.report("store", detail)

    # Its siren, as the performer calls it

    def play(self, pattern: str, steps: Steps, total_ms: Ms) -> None:
        self.off()
        alarm = self._core.parts.own.alarm if self._core else None
        self.report(
            "sound",
            {
                "pattern": pattern,
                "steps": steps,
                "total_ms": total_ms,
                "about": list(alarm[:2]) if alarm else [],
            },
        )
        self._siren = self.world.at(self.world.now_us + total_ms * 1000, self.off)

    def off(self) -> None:
        if self._siren:
            self.world.clock.cancel(self._siren)
            self._siren = None
            self.report("quiet", {})

    def counters(self) -> Counters:
        return dict(self._core.counters) if self._core else {}

    def close(self) -> None:
        self._run += 1
        self._core = None
