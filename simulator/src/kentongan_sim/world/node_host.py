"""One device of the world: power, deep sleep, boot, keys, its deadline, and what its actions do.

The core runs in an engine; here is the board around it. A node's milliseconds start with its power or its
wake-up, as on the chip.
"""

from collections.abc import Callable
from typing import Protocol

from kentongan_sim.physics.air import Air
from kentongan_sim.physics.chance import Draws
from kentongan_sim.physics.clock import Clock, Entry
from kentongan_sim.physics.shapes import (
    Action,
    Answer,
    Boot,
    Chance,
    Counters,
    Detail,
    Engine,
    Ms,
    Settings,
    State,
)
from kentongan_sim.scenarios.parts import Place, Scenario

BOOT_US = 350_000  # reset to MicroPython's main, the budget of wire-format 4 ("on the air within 600 ms")
WAKE_KEYS = ("main", "silent", "lid", "uji")  # keys that end a tombol's deep sleep
SENSE_US = 20_000  # the current sensor of a siren follows its relay
CALLS_AT_ONE_INSTANT = 200  # more than this is a node that asks for a deadline and never moves on


HostEar = Callable[[bytes], object]  # of the host computer at a serial line


class NodeFault(Exception):
    """A node did what no board can follow: a bug in the node, named with its time."""


class Surroundings(Protocol):
    """The world as one of its devices needs it."""

    seed: int
    scene: Scenario
    clock: Clock
    air: Air

    def report(self, label: str, what: str, detail: Detail) -> None: ...

    def battery_mv(self, role: str) -> int: ...


class Core(Protocol):
    """A core of another make; it has a method for each event that its host delivers, too."""

    counters: Counters

    def start(self, boot: Boot, now_ms: Ms, rnd: int) -> list[Action]: ...

    def next_deadline(self) -> Ms | None: ...


class LocalCore:
    """Engine of one core that lives in this process and is no kentongan node (a stock radio)."""

    def __init__(self, core: Core):
        self.name = "local"
        self.core = core

    def boot(
        self, label: str, settings: Settings, state: State, boot: Boot, now_ms: Ms, rnd: Chance
    ) -> Answer:
        return self.core.start(boot, now_ms, int(rnd)), self.core.next_deadline()

    def deliver(self, label: str, name: str, args: tuple[object, ...], now_ms: Ms, rnd: Chance) -> Answer:
        if name == "garbled":
            return [], None  # stock radios and strangers make nothing of it
        return getattr(self.core, name)(*args, now_ms, int(rnd)), self.core.next_deadline()

    def counters(self, label: str) -> Counters:
        return dict(self.core.counters)

    def kill(self, label: str) -> None:
        pass

    def close(self) -> None:
        pass


class NodeHost:
    """One device: `engine` runs its core; `world` is where its reports, frames and deadlines go."""

    OFF, BOOTING, ON, ASLEEP, FROZEN = range(5)

    def __init__(self, world: Surroundings, place: Place, engine: Engine):
        self.world = world
        self.clock = world.clock
        self.place = place
        self.label = place.label
        self.use(engine)
        self.settings: Settings = {}
        self.state: State = {}
        self.keys: set[str] = set()  # held down now
        self.phase = NodeHost.OFF
        self.on_host: HostEar | None = None  # bytes to the host computer, for a modem or stock radio
        self.siren: Entry | None = None  # the clock's entry that ends the present sound
        self.radio = world.air.add(place.label, self)
        self._boot_us = 0
        self._deadline = world.clock.timer(self._tick)
        self._timer: Entry | None = None  # boot end or wake-up
        self._draws = Draws(world.seed, place.label)
        self._counted: Counters = {}  # refusals by reason, of the runs before this one
        self._instant_us, self._instant_calls = -1, 0
        self._do: dict[str, Callable[[Action], None]] = {
            "Cad": self._cad,
            "Transmit": self._transmit,
            "Listen": self._listen,
            "Persist": self._persist,
            "Sound": self._sound,
            "Quiet": self._quiet,
            "Show": self._show,
            "HostWrite": self._host_write,
            "Sleep": self._sleep,
            "Note": self._note,
            "Tune": self._tune,
        }

    def use(self, engine: Engine) -> None:
        """Have this engine run the core, from its next boot on."""
        self.engine = engine
        self._receive: Callable[..., Answer] | None
        self._receive = getattr(engine, "receive", None)  # a quicker deliver, where the engine has one

    # Power and sleep

    def power_on(self, cause: str = "power", key: str = "") -> None:
        """Start booting; nothing happens when it is already running."""
        if self.phase in (NodeHost.ON, NodeHost.BOOTING):
            return
        self._cancel()
        self.phase = NodeHost.BOOTING
        self._boot_us = self.world.clock.now_us
        self._timer = self.world.clock.at(self._boot_us + BOOT_US, self._booted, cause, key)

    def power_off(self) -> None:
        """Power cut: whatever was not persisted is gone."""
        if self.phase == NodeHost.OFF:
            return
        self._halt()
        self.phase = NodeHost.OFF
        self.report("off", {})

    def reset(self, cause: str = "reset") -> None:
        """Watchdog, brown-out or battery change."""
        self._halt()
        self.phase = NodeHost.OFF
        self.power_on(cause)

    def freeze(self) -> None:
        """Hang: nothing is heard, done or said until a reset."""
        self._cancel()
        self.phase = NodeHost.FROZEN

    def _halt(self) -> None:
        self._cancel()
        self._counted = self.counters()
        self.engine.kill(self.label)
        self.world.air.power(self.radio, False)
        self._siren_off()

    def _cancel(self) -> None:
        if self._timer:
            self.world.clock.cancel(self._timer)
            self._timer = None
        self._deadline.cancel()

    def _booted(self, cause: str, key: str) -> None:
        self._timer = None
        self.phase = NodeHost.ON
        self.world.air.power(self.radio, True)
        self.report("boot", {"cause": cause, "key": key})
        boot = (cause, key, "lid" in self.keys)
        state = self._begin(cause)
        now_ms, rnd = self._now_ms(), self._draws.next()
        self._run(self.engine.boot(self.label, self.settings, state, boot, now_ms, rnd))
        if key and key not in self.keys:
            self.deliver("key", key, False)
        for other in sorted(self.keys - {key, "lid"}):
            self.deliver("key", other, True)
        if self.settings:  # our own boards measure their supply at every boot
            self.deliver("sense", "battery", self.world.battery_mv(self.place.role))

    def _begin(self, cause: str) -> State:
        """Return what the core finds persisted."""
        return self.state

    def _woken(self) -> None:
        self.phase = NodeHost.OFF
        self.power_on("wake_timer")

    # Events

    def key(self, key: str, down: bool) -> None:
        """Press or lift a finger, or the lid; a sleeping tombol wakes by its wake keys."""
        if (key in self.keys) == down:
            return
        (self.keys.add if down else self.keys.discard)(key)
        self.report("key", {"key": key, "down": down})
        if self.phase == NodeHost.ASLEEP and down and key in WAKE_KEYS:
            self.phase = NodeHost.OFF
            self.power_on("wake_key", key)
        else:
            self.deliver("key", key, down)

    def received(self, frame: bytes, rssi: int, snr_q: int) -> None:
        if self.phase == NodeHost.ON:
            now_ms, rnd = (self.clock.now_us - self._boot_us) // 1000, self._draws.next()
            if self._receive:
                self._run(self._receive(self.label, frame, rssi, snr_q, now_ms, rnd))
            else:
                self._run(self.engine.deliver(self.label, "receive", (frame, rssi, snr_q), now_ms, rnd))

    def garbled(self, n_bytes: int) -> None:
        """Receive a frame whose check failed; that moves no deadline and needs no chance."""
        if self.phase == NodeHost.ON:
            self.engine.deliver(self.label, "garbled", (n_bytes,), self._now_ms(), 0)

    def sent(self, ok: bool) -> None:
        self.deliver("sent", ok)

    def channel(self, busy: bool) -> None:
        if busy:
            self.report("busy", {})
        self.deliver("cad", busy)

    def deliver(self, name: str, *args: object) -> None:
        """Hand the core one event, if it runs."""
        if self.phase == NodeHost.ON:
            now_ms, rnd = self._now_ms(), self._draws.next()
            self._run(self.engine.deliver(self.label, name, args, now_ms, rnd))

    def _tick(self) -> None:
        self.deliver("tick")

    def counters(self) -> Counters:
        """Count refusals and drops by reason since the world began."""
        total = dict(self._counted)
        if self.phase == NodeHost.ON:
            for reason, count in self.engine.counters(self.label).items():
                total[reason] = total.get(reason, 0) + count
        return total

    def _now_ms(self) -> Ms:
        return (self.clock.now_us - self._boot_us) // 1000

    def _run(self, answer: Answer) -> None:
        actions, deadline_ms = answer
        now_us = self.clock.now_us
        if self._instant_us != now_us:
            self._instant_us, self._instant_calls = now_us, 1
        else:
            self._instant_calls += 1
            if self._instant_calls > CALLS_AT_ONE_INSTANT:
                raise NodeFault(
                    f"{self.label} was called {self._instant_calls} times at {now_us} us without end"
                )
        if deadline_ms is None:
            self._deadline.cancel()
        else:
            self._deadline.set(self._boot_us + deadline_ms * 1000)
        for action in actions:
            self._do[type(action).__name__](action)

    # Actions

    def report(self, what: str, detail: Detail) -> None:
        self.world.report(self.label, what, detail)

    def _cad(self, action: Action) -> None:
        self.world.air.check_channel(self.radio)

    def _transmit(self, action: Action) -> None:
        self.world.air.transmit(self.radio, action.frame)

    def _listen(self, action: Action) -> None:
        self.world.air.listen(self.radio, bool(action.on))

    def _persist(self, action: Action) -> None:
        self.state[action.name] = bytes(action.data)

    def _sound(self, action: Action) -> None:
        self._siren_off()
        self.report("sound", {"pattern": action.pattern, "steps": action.steps, "total_ms": action.total_ms})
        end_us = self.world.clock.now_us + action.total_ms * 1000
        self.siren = self.world.clock.at(end_us, self._siren_off)
        self._sense(1)

    def _quiet(self, action: Action) -> None:
        self._siren_off()

    def _siren_off(self) -> None:
        if self.siren:
            self.world.clock.cancel(self.siren)
            self.siren = None
            self.report("quiet", {})
            self._sense(0)

    def _sense(self, value: int) -> None:
        if self.settings.get("has_sense"):
            self.world.clock.at(self.world.clock.now_us + SENSE_US, self.deliver, "sense", "siren", value)

    def _show(self, action: Action) -> None:
        self.report("show", {"state": action.state, "steps": action.steps})

    def _host_write(self, action: Action) -> None:
        if self.on_host:
            self.on_host(bytes(action.data))

    def _sleep(self, action: Action) -> None:
        self._halt()
        self.phase = NodeHost.ASLEEP
        self.report("sleep", {"wake_ms": action.wake_ms})
        if action.wake_ms is not None:
            self.sleep_until(self.world.clock.now_us + action.wake_ms * 1000)

    def sleep_until(self, t_us: int) -> None:
        """Sleep deeply until `t_us`: also how a box that has been in service for long begins."""
        self.phase = NodeHost.ASLEEP
        self._timer = self.world.clock.at(t_us, self._woken)

    def _tune(self, action: Action) -> None:
        if action.preset != self.world.scene.preset:
            raise NodeFault(f"{self.label} left for {action.preset}; this world is {self.world.scene.preset}")

    def _note(self, action: Action) -> None:
        self.report(
            "note",
            {
                "step": action.step,
                "device": action.device,
                "counter": action.counter,
                "detail": action.detail,
            },
        )
