"""One walk of an attack: a village, a victim who presses, and thieves who keep the law of the air.

A thief spends at most what a device may, 36 s in 61 one-minute bins, and sends at once, without asking for
the channel. Who jams is the simulator's Jammer beside him.
"""

from kentongan_node.actions import Transmit
from kentongan_node.airledger import AirLedger
from kentongan_wire import packet as wire
from kentongan_wire import phy

from kentongan_sim.attack.bag import Bag
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.physics.chance import between, draw_u32
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, scenario
from kentongan_sim.world.actors import Jammer, Stranger
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World

S = 1_000_000
SETTLED_S = 60  # everything is on the air, and most have said a status
AFTER_S = 75  # a walk goes on so long after the last press: stages are to be shown within 60 s
UNANSWERED_S = 10**7
FIRST_S, ANSWERED_S = 200, 20  # a first press, its siren and its incident are over
DOORSTEP_DB = 100  # at a relay of a line, the first unless the attack says another, and at the button's house


class Thief(Stranger):
    """A radio that sends what it is told within the law; `react(frame)` gives what it answers at once."""

    def __init__(self, preset):
        super().__init__()
        self._preset, self._ledger, self._now_ms = preset, AirLedger(), 0
        self.react = None
        self.sent_ms = 0

    def receive(self, frame, rssi, snr_q, now_ms, rnd):
        super().receive(frame, rssi, snr_q, now_ms, rnd)
        self._now_ms = now_ms
        for answer in self.react(frame) if self.react else ():
            self.put(answer)
        return self.next_frame()

    def host(self, data, now_ms, rnd):
        self._now_ms = now_ms
        return super().host(data, now_ms, rnd)

    def sent(self, ok, now_ms, rnd):
        self._now_ms = now_ms
        return super().sent(ok, now_ms, rnd)

    def next_frame(self):
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

    def __init__(self, attack, seed, engine="cpython", loss=0.0, thief=True):
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
        self.extra = []
        self._high = 0

    def _stolen(self):
        """Labels of the boards in the bag: of each role that he holds, one that the seed draws."""
        out = []
        for role in self.attack.holder.split("+"):
            of_role = sorted(
                label
                for label, host in self.world.nodes.items()
                if host.place.role == role and label != self.victim
            )
            if of_role:
                out.append(of_role[draw_u32(self.seed, "stolen", role) % len(of_role)])
        return out

    def _place(self, label, core, role="stranger"):
        if self.world.scene.links is not None:
            relay = getattr(self.attack.go, "near", "penerus-1")
            near = {relay: DOORSTEP_DB, self.victim: DOORSTEP_DB}
            self.world.host_core(label, core, 0, 0, role=role, loss_db=near)
            return
        gateway = self.home
        self.world.host_core(label, core, gateway.x_m + 6, gateway.y_m + 6, role=role)

    # Names and numbers

    def node(self, label):
        return self.world.nodes[label].place.node

    @property
    def button(self):
        return self.node(self.victim)

    @property
    def gateway(self):
        """The node number of the victim's own gateway."""
        return self.node(self.home.modem)

    @property
    def home(self):
        """The scenario's gateway of the victim's zone."""
        zone = self.world.nodes[self.victim].place.zone
        return next(one for one in self.world.scene.gateways if one.zone == zone)

    def of_role(self, role):
        return sorted(label for label, host in self.world.nodes.items() if host.place.role == role)

    def counter(self):
        """The highest counter of the victim that the thief has heard."""
        heard = [self.describe(frame) for _, frame in self.thief.heard]
        return max(
            [one["counter"] for one in heard if one.get("src") == self.button and "counter" in one], default=0
        )

    def high(self, ahead=100_000):
        """A counter that nobody has used, one more at each call."""
        self._high += 1
        return ahead + self._high

    def recorded(self, kind, src=None):
        """What the thief heard of a type, from one sender or from all, in order, each once."""
        found = {}
        for _, frame in self.thief.heard:
            one = self.describe(frame)
            if one["type"] == kind and (src is None or one["src"] == src):
                found.setdefault((one["src"], one["id"]), frame)
        return list(found.values())

    def drawn(self, low, high, *about):
        return between(low, high, self.seed, *about)

    # Doing

    def run(self, seconds):
        self.world.run_until(self.world.now_us + int(seconds * S))

    def press(self, label=None, key="main"):
        self.world.press(label or self.victim, key=key)

    def first(self):
        """A press that goes well and that a person closes: the next is an incident of its own."""
        self.press()
        self.run(ANSWERED_S)
        for house in self.world.gateway_hosts.values():
            house.close_incident(self.button, self.counter_pressed())
        self.run(FIRST_S - ANSWERED_S)

    def counter_pressed(self):
        """The counter of the victim's last alarm, as its own frames say it."""
        return [
            one["counter"]
            for _, label, what, one in self.world.trace.events
            if what == "tx" and label == self.victim and one["type"] == "ALARM"
        ][-1]

    def send(self, *frames, every_s=0.15):
        """The thief's frames, one after the other."""
        for frame in frames:
            if self.armed:
                self.world.host_write("maling", frame)
            self.run(every_s)

    def reacts(self, react):
        """From now on: react(described, frame) gives what he answers at once to what he hears."""
        if self.armed:
            self.thief.react = lambda frame: react(self.describe(frame), frame)

    def jam(self, seconds):
        if self.armed:
            settings = {"gap_ms": 60, "on_s": seconds, "off_s": 3_600, "from_s": 0}
            self._place("pengganggu", Jammer(settings, phy.preset(self.world.scene.preset)), "jammer")

    def cut(self, off_s=3, erase=False):
        """A power cut of the victim's gateway; `erase`: it comes back with a new card."""
        label = self.home.label
        self.world.switch(label, False)
        house = self.world.gateway_hosts.get(label)
        if erase and house:
            house.new_card()
        self.run(off_s)
        self.world.switch(label, True)
        self.run(4)

    def wrong(self, what, sentence):
        """What a checker cannot see from outside."""
        self.extra.append((what, sentence))

    def walk(self):
        """Facts of the whole walk, once it is over."""
        with self.world:
            self.run(SETTLED_S)
            self.attack.go(self)
            self.run(AFTER_S)
            history = History.of(self.world, unreachable(self.world))
            history.raised = {self.node(label) for label in self.stolen if label.startswith("tombol")}
            return history
