"""A gateway in the world: the real core, performer, spool and modem session on the world's clock and air.

What is a hub to it says a subclass: model_hub.py or real_hub.py. Nothing of the daemon's threads is here; its
order of doing is.
"""

from kentongan_gateway.core.base import actions
from kentongan_gateway.outputs.voice import NoVoice
from kentongan_gateway.service.clock import Clock
from kentongan_gateway.service.performer import Performer
from kentongan_wire import link
from kentongan_wire.messages import STATUS_JAMMING

from kentongan_sim.physics.chance import Draws
from kentongan_sim.scenarios.catalogue import CONDUCTED_DBM, GAIN_DBI
from kentongan_sim.world.gateways.modem_line import ModemLine

START_US = 2_000_000  # from power to a running gateway; a real board takes longer, once a year
COMMIT_US = 4_000  # a SQLite commit on an SD card
TICKS_AT_ONE_INSTANT = 200  # more than this is a gateway that asks for a deadline and never moves on
EPOCH_S = 1_790_000_000  # wall time when the world begins


class NotingPerformer(Performer):
    """Notes are events of the world."""

    def __init__(self, host, *parts):
        super().__init__(*parts)
        self.host = host

    def _note(self, note):
        self.host.report(
            "note",
            {"step": note.step, "device": note.device, "counter": note.counter, "detail": str(note.detail)},
        )

    _DOING = {**Performer._DOING, actions.Note: _note}


class SlowPerformer(NotingPerformer):
    """Its commits take their time, and what it meets of our faults ends the run."""

    def contain(self, what, deed, *args):
        deed(*args)

    beside = contain

    def _note(self, note):
        if note.step == "fault":  # the gateway outlives its own; a simulation does not hide one for that
            raise AssertionError(f"{self.host.label}: {note.detail}")
        super()._note(note)

    def _store(self, action):
        self.host.later(COMMIT_US, self.host.do, "_store_all", [action])

    _DOING = {**NotingPerformer._DOING, actions.Note: _note, actions.Store: _store}


class GatewayHost:
    """Subclasses: `performer`, `channel`, _open_disk() makes `spool` and `state`, _make_core(),
    _make_uplink(), _begin_hub().
    """

    def __init__(self, world, gateway):
        self.world = world
        self.label = gateway.label
        self.gateway = gateway
        self.modem = gateway.modem
        self._core = None
        self._run = 0  # counts power-ups: what belongs to an older one is void
        self.boot, self.boot_us, self.wall_offset_s = 0, 0, 0.0
        self._deadline = world.clock.timer(self._tick)
        self._instant_us, self._instant_ticks = -1, 0
        self._siren = None
        self._draws = Draws(world.seed, gateway.label, 0)  # 0: its start's own look at the clock

    # Power

    def power(self, on: bool):
        if on and self._core is None:
            self._run += 1
            self._boot()
            self.later(START_US, self._start)
        elif not on and self._core is not None:
            self._stop()
            self.report("off", {})

    def _boot(self):
        """The machine begins; the program runs START_US later."""
        self.boot, self.boot_us = self.boot + 1, self.world.now_us + START_US

    def _stop(self):
        self._run += 1
        self._core = None
        self.radio.stop()
        self._deadline.cancel()
        self.off()

    def _start(self):
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

    def _make_clock(self):
        world = self.world
        return Clock(
            f"boot-{self.boot}",
            lambda: (world.now_us - self.boot_us) * 1000,
            lambda: EPOCH_S + world.now_us / 1e6 + self.wall_offset_s,
            lambda: True,
        )

    def _make_radio(self):
        modem = self.world.nodes[self.modem]
        configure = link.Configure(
            modem.place.node, self.world.scene.preset, modem.settings["freq_hz"], CONDUCTED_DBM, GAIN_DBI, 0
        )
        return ModemLine(self, configure, self.channel)

    def _make_siren(self):
        return self

    # Time

    def later(self, after_us, function, *args):
        """Run later, unless the power goes in between."""
        clock = self.world.clock
        clock.at(clock.now_us + after_us, self._still, self._run, function, args)

    def _still(self, run, function, args):
        if run == self._run:
            function(*args)

    def now_ms(self):
        return (self.world.clock.now_us - self.boot_us) // 1000

    def _tick(self):
        now_us = self.world.now_us
        self._instant_ticks = self._instant_ticks + 1 if self._instant_us == now_us else 1
        self._instant_us = now_us
        if self._instant_ticks > TICKS_AT_ONE_INSTANT:
            raise AssertionError(f"{self.label} ticks at {now_us} us without end")
        self.do("tick")

    # Doing

    def do(self, what, *args):
        """One call of the performer, and when the core wants to be called next."""
        if self._core is None:
            return
        getattr(self._performer, what)(*args)
        due_ms = self._core.next_deadline()
        if due_ms is None:
            self._deadline.cancel()
        else:
            self._deadline.set(self.boot_us + due_ms * 1000)

    def _heard(self, heard):
        self.do("heard", heard)

    def report(self, what, detail):
        self.world.report(self.label, what, detail)

    def stored(self, event):
        """An event is on disk."""
        detail = {"type": event["type"], "device": event.get("device", 0), "counter": event.get("counter", 0)}
        if event["type"] == "alarm":
            detail.update({name: event[name] for name in ("zone", "kind", "silent", "cancel", "late")})
        if event["type"] == "status" and event["body"].get("flags", 0) & STATUS_JAMMING:
            detail["jamming"] = True
        self.report("store", detail)

    # Its siren, as the performer calls it

    def play(self, pattern, steps, total_ms):
        self.off()
        self.report(
            "sound",
            {
                "pattern": pattern,
                "steps": steps,
                "total_ms": total_ms,
                "about": list(self._core.parts.own.alarm[:2]),
            },
        )
        self._siren = self.world.at(self.world.now_us + total_ms * 1000, self.off)

    def off(self):
        if self._siren:
            self.world.clock.cancel(self._siren)
            self._siren = None
            self.report("quiet", {})

    def counters(self) -> dict:
        return dict(self._core.counters) if self._core else {}

    def close(self):
        self._run += 1
        self._core = None
