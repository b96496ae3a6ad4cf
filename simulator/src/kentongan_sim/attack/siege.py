"""One walk of an attack: a village, a victim who presses, and thieves who keep the law of the air.

A thief spends at most what a device may, 36 s in 61 one-minute bins, and sends at once, without asking for
the channel. The simulator's Jammer beside him jams.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from kentongan_node.air.airledger import AirLedger
from kentongan_node.base.actions import Transmit
from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy

from kentongan_sim.attack.bag import Bag
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.physics.chance import between, draw_u32
from kentongan_sim.physics.shapes import Action, Detail, Ms, Node, Violation
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, scenario
from kentongan_sim.scenarios.parts import Gateway
from kentongan_sim.world.actors import Jammer, Stranger
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.history import History
from kentongan_sim.world.node_host import Core
from kentongan_sim.world.world import World

S = 1_000_000
SETTLED_S = 60  # everything is on the air, and most have said a status
AFTER_S = 75  # a walk goes on so long after the last press: stages are to be shown within 60 s
UNANSWERED_S = 10**7
FIRST_S, ANSWERED_S = 200, 20  # a first press, its siren and its incident are over
DOORSTEP_DB = 100  # at a relay of a line, the first unless the attack says another, and at the button's house


React = Callable[[Detail, bytes], Iterable[bytes]]  # (facts of a frame, the frame) -> frames to answer with
Go = TypeVar("Go", bound=Callable[..., None])


class Attack(NamedTuple):
    """One attack by one holder."""

    name: str
    row: int  # of the list of attacks that this project was made to stand, 0: another
    about: str
    holder: str
    scene: str
    hub: str  # alive, dead or unanswered
    go: Callable[..., None]  # takes the Siege, or the HubSiege where the scene is the hub
    allowed: tuple[str, ...]


def at_door(relay: str, known: bool = True) -> Callable[[Go], Go]:
    """Put the thief at a relay of a line; `known` False: on the day on which the relays came."""

    def placed(go: Go) -> Go:
        vars(go).update(near=relay, known=known)
        return go

    return placed


class Thief(Stranger):
    """A radio that sends frames as it is told, within the law; `react(frame)` gives those of an answer."""

    def __init__(self, preset: phy.Preset):
        super().__init__()
        self._preset, self._ledger, self._now_ms = preset, AirLedger(), 0
        self.react: Callable[[bytes], Iterable[bytes]] | None = None
        self.sent_ms = 0

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: Ms, rnd: int) -> list[Action]:
        super().receive(frame, rssi, snr_q, now_ms, rnd)
        self._now_ms = now_ms
        for answer in self.react(frame) if self.react else ():
            self.put(answer)
        return self.next_frame()

    def host(self, data: bytes, now_ms: Ms, rnd: int) -> list[Action]:
        self._now_ms = now_ms
        return super().host(data, now_ms, rnd)

    def sent(self, ok: bool, now_ms: Ms, rnd: int) -> list[Action]:
        self._now_ms = now_ms
        return super().sent(ok, now_ms, rnd)

    def next_frame(self) -> list[Action]:
        if self._sending or not self._queue:
            return []
        airtime_ms = phy.airtime_us(self._preset, len(self._queue[0])) // 1000 + 1
        if airtime_ms > self._ledger.left_ms(self._now_ms):
            self.count("law")
            self._queue.clear()
            return []
        self._ledger.spend(airtime_ms, self._now_ms, [])
        self.sent_ms += airtime_ms
        self._sending = True
        return [Transmit(self._queue.pop(0))]


class Siege:
    """`attack`: a row of attacks.ATTACKS; `thief` False walks the same way, and nobody sends anything."""

    def __init__(
        self, attack: Attack, seed: int, engine: str = "cpython", loss: float = 0.0, thief: bool = True
    ):
        self.attack, self.seed, self.armed = attack, seed, thief
        scene = scenario(attack.scene)
        answer_s = UNANSWERED_S if attack.hub == "unanswered" else 8.0
        self.world = World(
            scene, seed, engine, loss, ("hub",) if attack.hub == "dead" else (), answer_after_s=answer_s,
            known=getattr(attack.go, "known", True),
        )  # fmt: skip
        self.describe = Describer().describe
        labels = sorted(label for label, host in self.world.nodes.items() if host.place.role == "tombol")
        labels.sort(key=lambda label: (draw_u32(seed, "victim", label), label))
        self.victim, self.others = labels[0], labels[1:]
        self.stolen = self._stolen()
        channel = None if attack.holder == "nobody" else wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self.bag = Bag(channel, [self.world.nodes[label].settings for label in self.stolen])
        self.thief = Thief(phy.preset(scene.preset))
        self._place("maling", self.thief)
        for label in self.stolen:
            if self.world.nodes[label].place.role == "sirene":
                self.world.at(SETTLED_S * S // 2, self.world.switch, label, False)  # it is in his bag
        self.extra: list[Violation] = []
        self._high = 0

    def _stolen(self) -> list[str]:
        """List labels of the boards in the bag: of each role that he holds, one that the seed draws."""
        out: list[str] = []
        for role in self.attack.holder.split("+"):
            of_role = sorted(
                label
                for label, host in self.world.nodes.items()
                if host.place.role == role and label != self.victim
            )
            if of_role:
                out.append(of_role[draw_u32(self.seed, "stolen", role) % len(of_role)])
        return out

    def _place(self, label: str, core: Core, role: str = "stranger") -> None:
        if self.world.scene.links is not None:
            relay = getattr(self.attack.go, "near", "penerus-1")
            near = {relay: DOORSTEP_DB, self.victim: DOORSTEP_DB}
            self.world.host_core(label, core, 0, 0, role=role, loss_db=near)
            return
        gateway = self.home
        self.world.host_core(label, core, gateway.x_m + 6, gateway.y_m + 6, role=role)

    # Names and numbers

    def node(self, label: str) -> Node:
        return self.world.nodes[label].place.node

    @property
    def button(self) -> Node:
        return self.node(self.victim)

    @property
    def gateway(self) -> Node:
        """Node number of the victim's own gateway."""
        return self.node(self.home.modem)

    @property
    def home(self) -> Gateway:
        """Gateway of the victim's zone in the scenario."""
        zone = self.world.nodes[self.victim].place.zone
        return next(one for one in self.world.scene.gateways if one.zone == zone)

    def of_role(self, role: str) -> list[str]:
        return sorted(label for label, host in self.world.nodes.items() if host.place.role == role)

    def counter(self) -> int:
        """Return the highest counter of the victim that the thief has heard, or 0."""
        heard = [self.describe(frame) for _, frame in self.thief.heard]
        return max(
            [one["counter"] for one in heard if one.get("src") == self.button and "counter" in one], default=0
        )

    def high(self, ahead: int = 100_000) -> int:
        """Return a counter that nobody has used, one more at each call."""
        self._high += 1
        return ahead + self._high

    def recorded(self, kind: str, src: Node | None = None) -> list[bytes]:
        """List frames of a type that the thief heard, from one sender or from all, in order, each once."""
        found: dict[tuple[Node, int], bytes] = {}
        for _, frame in self.thief.heard:
            one = self.describe(frame)
            if one["type"] == kind and (src is None or one["src"] == src):
                found.setdefault((one["src"], one["id"]), frame)
        return list(found.values())

    def drawn(self, low: int, high: int, *about: int | str) -> int:
        return between(low, high, self.seed, *about)

    # Doing

    def run(self, seconds: float) -> None:
        self.world.run_until(self.world.now_us + int(seconds * S))

    def press(self, label: str | None = None, key: str = "main") -> None:
        self.world.press(label or self.victim, key=key)

    def first(self) -> None:
        """Press once, go well and have a person close it: the next press is an incident of its own."""
        self.press()
        self.run(ANSWERED_S)
        for house in self.world.gateway_hosts.values():
            house.close_incident(self.button, self.counter_pressed())
        self.run(FIRST_S - ANSWERED_S)

    def counter_pressed(self) -> int:
        """Return the counter of the victim's last alarm, as its own frames say it."""
        return [
            one["counter"]
            for _, label, what, one in self.world.trace.events
            if what == "tx" and label == self.victim and one["type"] == "ALARM"
        ][-1]

    def send(self, *frames: bytes, every_s: float = 0.15) -> None:
        """Send the thief's frames, one after the other."""
        for frame in frames:
            if self.armed:
                self.world.host_write("maling", frame)
            self.run(every_s)

    def reacts(self, react: React) -> None:
        """Have him answer at once to each frame that he hears, from now on."""
        if self.armed:
            self.thief.react = lambda frame: react(self.describe(frame), frame)

    def jam(self, seconds: float) -> None:
        if self.armed:
            settings = {"gap_ms": 60, "on_s": seconds, "off_s": 3_600, "from_s": 0}
            self._place("pengganggu", Jammer(settings, phy.preset(self.world.scene.preset)), "jammer")

    def cut(self, off_s: float = 3, erase: bool = False) -> None:
        """Cut the power of the victim's gateway; `erase`: it comes back with a new card."""
        label = self.home.label
        self.world.switch(label, False)
        house = self.world.gateway_hosts.get(label)
        if erase and house:
            house.new_card()
        self.run(off_s)
        self.world.switch(label, True)
        self.run(4)

    def wrong(self, what: str, sentence: str) -> None:
        """Note a violation that no checker can see from outside."""
        self.extra.append((what, sentence))

    def walk(self) -> History:
        """Walk, and return the history of it."""
        with self.world:
            self.run(SETTLED_S)
            self.attack.go(self)
            self.run(AFTER_S)
            history = History.of(self.world, unreachable(self.world))
            history.raised = {self.node(label) for label in self.stolen if label.startswith("tombol")}
            return history
