"""The world: places, radios, devices and gateways on one virtual clock.

    world = World(scenario("rt"), seed=1, engine="micropython", loss=0.08, dead=["pos-1"])
    world.listen(lambda t_us, label, what, detail: ...)
    world.press("tombol-07", t_us=150_000_000)
    world.run_until(200_000_000)
    world.close()

One thread only: another thread hands functions to the thread that steps the world, and that one calls them.
Events (`what`): boot off sleep key tx rx miss busy sound quiet show note; of a gateway also store, answer and
done; of the hub: hub. `detail` holds plain numbers and texts. Times are microseconds since the world began.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Self

from kentongan_node.roles.siren import new_post_state
from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings.device_file import nearest

from kentongan_sim.physics import air as radio
from kentongan_sim.physics.air import Cad
from kentongan_sim.physics.chance import between
from kentongan_sim.physics.clock import Clock, Entry
from kentongan_sim.physics.routes import hops_to
from kentongan_sim.physics.shapes import About, Counters, Detail, Engine, Ms, Report, Settings, Us
from kentongan_sim.scenarios.catalogue import Place, Scenario, device_settings
from kentongan_sim.world import actors
from kentongan_sim.world.familiar import familiar
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.gateways.model_hub import ModelHubHost
from kentongan_sim.world.gateways.world_part import Told
from kentongan_sim.world.history import Position, Press
from kentongan_sim.world.links import lay, lay_all, link_both
from kentongan_sim.world.node_host import Core, HostEar, LocalCore, NodeHost
from kentongan_sim.world.trace import Trace

ENGINES = ("cpython", "micropython")
POWER_UP_US = 20_000_000  # all devices are switched on within this time
STROKE_DOWN_MS, STROKE_GAP_MS = 200, 250  # a practised hand
WAKE_HOLD_MS = 600  # first stroke of several: held until the lamp is lit
HOLD_MS = 400  # a plain press
SERIAL_BYTE_US = 87  # 10 bits at 115200 baud
HOPS_MAX = 7  # Meshtastic's limit
BATTERY_MV = {"tombol": 3_900}  # a lithium-ion cell in use; mains devices run on a 12 V buffer
MAINS_MV = 13_200


HostClass = Callable[["World", Place, Engine], NodeHost]


def make_engine(name: str) -> Engine:
    """Make the engine of that name; LocalError names those there are and what is missing."""
    if name == "cpython":
        from kentongan_sim.engines.cpython import Engine

        return Engine()
    if name == "micropython":
        from kentongan_sim.engines import micropython

        if not micropython.available():
            raise LocalError(
                "engine micropython: there is no MicroPython wheel for this machine; "
                "use --engine cpython, it runs the same node code"
            )
        return micropython.Engine()
    raise LocalError(f"there is no engine {name!r}; choose one of {', '.join(ENGINES)}")


def ranges(labels: Iterable[str]) -> str:
    """Shorten labels to the first and last of each kind: "tombol-01..tombol-20, pos-1..pos-2, hub"."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(label.rstrip("0123456789"), []).append(label)
    return ", ".join(g[0] if len(g) == 1 else f"{g[0]}..{g[-1]}" for g in groups.values())


def switched(scene: Scenario, devices: Iterable[str]) -> list[str]:
    """List the labels of everything that can be switched: these devices, gateways and the hub."""
    return [*devices, *[gateway.label for gateway in scene.gateways], "hub"]


def need(labels: Iterable[str], known: list[str], where: str) -> None:
    """Raise LocalError for a label that is none of the known ones, with the remedy."""
    for label in labels:
        if label not in known:
            raise LocalError(
                f"there is no device {label!r} in {where}; "
                f"did you mean {nearest(label, known)}? "
                f"There are {ranges(known)}"
            )


def channel_of(settings: dict[str, Settings]) -> tuple[str, bytes]:
    """Return (name, key) of the channel that the devices of these settings use."""
    for one in settings.values():
        if one["channel_key"]:
            return one["channel_name"], bytes.fromhex(one["channel_key"])
    raise LocalError("settings: no device has a channel; provision them first")


class World:
    """See the module. `gateway_hosts=False` leaves the modems' hosts to the caller (`on_host`, `host_write`);
    `settings` {label: device settings} replaces the test keys by those of a real hub; its buttons have just
    got their batteries, while those of test keys have been in service for long, as on any day. `known=False`:
    its relays came today and know nobody. `host_class`: what stands around each core, with its faults.
    """

    def __init__(
        self,
        scene: Scenario,
        seed: int = 1,
        engine: str | Engine = "cpython",
        loss: float = 0.0,
        dead: Iterable[str] = (),
        *,
        gateway_hosts: bool = True,
        answer_after_s: float = 8.0,
        settings: dict[str, Settings] | None = None,
        cad: Cad = radio.CAD,
        keep_trace: bool | None = True,
        known: bool = True,
        host_class: HostClass = NodeHost,
    ):
        self.scene = scene
        self.nodes: dict[str, NodeHost] = {}
        need(dead, switched(scene, [place.label for place in scene.places]), scene.name)
        self.seed = seed
        self.clock = Clock()
        self.trace = Trace(keep_trace)
        self.describer = Describer(*channel_of(settings)) if settings else Describer()
        self.engine = make_engine(engine) if isinstance(engine, str) else engine
        preset = phy.preset(scene.preset)
        self.air = radio.Air(
            self.clock,
            seed,
            preset,
            self.trace.add,
            loss,
            cad,
            scene.propagation.fade_db,
            self.describer.describe,
        )
        self.gateway_hosts: dict[str, ModelHubHost] = {}
        self.pressed: list[Press] = []
        self.told: dict[Told, Us] = {}
        self.answered: set[About] = (
            set()
        )  # (node, counter) of alarms to which the hub's person has said "saya datang"
        self.dead = frozenset(dead)
        for place in scene.places:
            self.nodes[place.label] = host_class(self, place, self.engine)
        self._serial_free_us: dict[tuple[str, str], Us] = {}
        lay_all(self)
        self._provision(settings, known)
        if gateway_hosts:
            self._open_gateway_hosts(answer_after_s)
        self._switch_on(in_service=settings is None)
        for actor in scene.actors:
            core = actors.make(actor, scene.preset)
            self.host_core(actor.label, core, actor.x_m, actor.y_m, role=actor.kind)

    # Building

    def _provision(self, given: dict[str, Settings] | None, known: bool) -> None:
        self.hops: dict[int, dict[str, int]] = {}
        for gateway in self.scene.gateways:
            self.hops[gateway.zone] = hops_to(self, [gateway.modem])
        modems = {gateway.zone: self.nodes[gateway.modem].place.node for gateway in self.scene.gateways}
        for host in self.nodes.values():
            place = host.place
            if place.role == "sirene":
                host.state.update(new_post_state())
            if known:
                host.state.update(familiar(place, self.scene.places))
            if given is not None:
                host.settings = given[place.label]
                continue
            hops = min(HOPS_MAX, max(1, self.hops.get(place.zone, {}).get(place.label, 1)))
            host.settings = device_settings(place, self.scene, modems.get(place.zone, 0), hops)

    def _open_gateway_hosts(self, answer_after_s: float) -> None:

        for gateway in self.scene.gateways:
            self.gateway_hosts[gateway.label] = ModelHubHost(self, gateway, answer_after_s)

    def _switch_on(self, in_service: bool) -> None:
        for label, host in self.nodes.items():
            if label in self.dead or self._gateway_is_dead(label):
                continue
            if in_service and host.place.role == "tombol":
                period_ms = host.settings["status_period_s"] * 1000
                host.sleep_until(between(0, period_ms, self.seed, "status", label) * 1000)
            else:
                self.at(between(0, POWER_UP_US, self.seed, "on", label), host.power_on)
        for label, gateway_host in self.gateway_hosts.items():
            if label not in self.dead:
                self.at(between(0, POWER_UP_US // 4, self.seed, "on", label), gateway_host.power, True)
            if "hub" in self.dead:
                gateway_host.hub_up = False

    def _gateway_is_dead(self, label: str) -> bool:
        return any(gateway.modem == label and gateway.label in self.dead for gateway in self.scene.gateways)

    def host_core(
        self,
        label: str,
        core: Core,
        x_m: float,
        y_m: float,
        role: str = "stock",
        loss_db: Mapping[str, float] | None = None,
    ) -> NodeHost:
        """Put a core of another make, with the methods of our cores, on the air.

        `loss_db` {label: dB} replaces positions. It is switched on at once.
        """
        place = Place(label, role, getattr(core, "node", 0), 0, 0, x_m, y_m, 0)
        host = NodeHost(self, place, LocalCore(core))
        if loss_db is None:
            lay(self, host, self.nodes.values())
        else:
            for other, loss in loss_db.items():
                link_both(self.air, host, self.nodes[other], loss)
        self.nodes[label] = host
        host.power_on()
        return host

    def host_board(self, place: Place, engine: Engine) -> NodeHost:
        """Put a board with an engine of its own at a place (board.Board), and switch it on."""
        host = NodeHost(self, place, engine)
        host.settings = {"role": place.role}  # its own are on its flash
        lay(self, host, self.nodes.values())
        self.nodes[place.label] = host
        host.power_on()
        return host

    def move(self, label: str, x_m: float, y_m: float) -> None:
        """Carry a device to another place, as a technician does on a survey."""
        host = self.nodes[label]
        host.place = host.place._replace(x_m=x_m, y_m=y_m)
        others = [other for other in self.nodes.values() if other is not host]
        host.radio.links.clear()
        for other in others:
            other.radio.links.pop(host.radio, None)
        lay(self, host, others)

    # Doing

    def need_known(self, labels: Iterable[str]) -> None:
        """Raise LocalError for a label that is no device here, with the remedy."""
        need(labels, self.labels(), self.scene.name)

    def labels(self) -> list[str]:
        """List everything that can be switched: devices, gateways and the hub."""
        return switched(self.scene, self.nodes)

    def positions(self) -> dict[str, Position]:
        """Return label -> Position of every device and gateway, for a map."""
        out: dict[str, Position] = {
            label: {
                "role": host.place.role,
                "node": host.place.node,
                "zone": host.place.zone,
                "house": host.place.house,
                "x_m": host.place.x_m,
                "y_m": host.place.y_m,
            }
            for label, host in self.nodes.items()
        }
        for gateway in self.scene.gateways:
            out[gateway.label] = {
                "role": "gateway",
                "node": self.nodes[gateway.modem].place.node,
                "zone": gateway.zone,
                "house": 0,
                "x_m": gateway.x_m,
                "y_m": gateway.y_m,
            }
        return out

    def at(self, t_us: int, function: Callable[..., object], *args: object) -> Entry:
        """Have function(*args) run at that virtual time."""
        return self.clock.at(t_us, function, *args)

    def press(
        self,
        label: str,
        t_us: Us | None = None,
        strokes: int = 1,
        key: str = "main",
        hold_ms: Ms | None = None,
    ) -> None:
        """Press a key `strokes` times from now or `t_us` on: main, silent, uji, test, hush, come."""
        self.need_known([label])
        t_us = self.clock.now_us if t_us is None else t_us
        host = self.nodes[label]
        self.pressed.append((t_us, label, key, strokes, hold_ms))
        for stroke in range(strokes):
            first = WAKE_HOLD_MS if strokes > 1 else HOLD_MS
            down_ms = hold_ms or (STROKE_DOWN_MS if stroke else first)
            self.at(t_us, host.key, key, True)
            self.at(t_us + down_ms * 1000, host.key, key, False)
            t_us += (down_ms + STROKE_GAP_MS) * 1000

    def lid(self, label: str, is_open: bool) -> None:
        self.nodes[label].key("lid", is_open)

    def switch(self, label: str, on: bool) -> None:
        """Cut or restore the power of a device, a gateway (with its modem) or "hub"."""
        self.need_known([label])
        if label == "hub":
            for gateway_host in self.gateway_hosts.values():
                gateway_host.hub_switch(on)
            return
        for gateway in self.scene.gateways:
            if gateway.label == label:
                if label in self.gateway_hosts:
                    self.gateway_hosts[label].power(on)
                label = gateway.modem
        host = self.nodes[label]
        host.power_on() if on else host.power_off()

    def is_on(self, label: str) -> bool:
        return self.nodes[label].phase != NodeHost.OFF

    # The serial line of a modem

    def on_host(self, label: str, callback: HostEar) -> None:
        """Have callback(data) called, in the world's time, with the bytes that a modem sends its host."""
        self.nodes[label].on_host = lambda data: self._serial(("up", label), data, callback, data)

    def host_write(self, label: str, data: bytes) -> None:
        """Send a modem bytes from its host over the 115200-baud line."""
        self._serial(("down", label), data, self.nodes[label].deliver, "host", bytes(data))

    def _serial(
        self, line: tuple[str, str], data: bytes, function: Callable[..., object], *args: object
    ) -> None:
        start_us = max(self.clock.now_us, self._serial_free_us.get(line, 0))
        self._serial_free_us[line] = end_us = start_us + len(data) * SERIAL_BYTE_US
        self.at(end_us, function, *args)

    # Watching and stepping

    def listen(self, callback: Report) -> None:
        """Have callback(t_us, label, what, detail) called for every event."""
        self.trace.listen(callback)

    def report(self, label: str, what: str, detail: Detail) -> None:
        self.trace.add(self.clock.now_us, label, what, detail)

    def battery_mv(self, role: str) -> int:
        return BATTERY_MV.get(role, MAINS_MV)

    @property
    def now_us(self) -> int:
        return self.clock.now_us

    def next_event_us(self) -> Us | None:
        """Return the time of the next thing to happen, or None."""
        return self.clock.next_us()

    def run_until(self, t_us: int, done: Callable[[], bool] | None = None) -> bool:
        """As Clock.run_until."""
        return self.clock.run_until(t_us, done)

    def step_to(self, now_us: int) -> None:
        """Catch up with the wall clock; then its caller waits until next_event_us() or outside news."""
        self.clock.run_until(now_us)

    def counters(self) -> dict[str, Counters]:
        """label -> refusals and drops by reason, of devices that run now and of gateways."""
        out = {label: host.counters() for label, host in self.nodes.items()}
        out.update({label: gateway_host.counters() for label, gateway_host in self.gateway_hosts.items()})
        return {label: some for label, some in out.items() if some}

    def close(self) -> None:
        """End the engine and the gateways; call it always."""
        for gateway_host in self.gateway_hosts.values():
            gateway_host.close()
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
