"""Walks against the real hub: API, database and dispatch in process, one real gateway, nobody at the board.

The village is the campaigns' (soak.site): real devices in a world in which everybody hears everybody.
"""

import shutil
import tempfile
from pathlib import Path

from kentongan_wire import messages as m
from kentongan_wire import phy

from kentongan_sim.attack.bag import ROLE_OF, Bag
from kentongan_sim.attack.siege import Attack, Thief
from kentongan_sim.physics.shapes import Node, Violation
from kentongan_sim.soak.site import NEAR_DB, ZONE, Site
from kentongan_sim.world.history import History

VICTIM, NEIGHBOUR = "tombol-00", "tombol-05"  # of houses 1 and 6
THIEF = "maling"
SETTLED_S, AFTER_S = 60, 75
OTHER_ZONE = ZONE + 1
DEVICES = (
    ("sirene", "pos-1", ZONE, 0),
    ("sirene", "pos-2", ZONE, 0),
    ("penerima", "penerima-1", ZONE, 3),
    ("penerima", "penerima-rumah", ZONE, 1),
    ("penerima", "penerima-jauh", OTHER_ZONE, 3),
)


class HubSiege:
    """One walk. `attack.holder`: the label of the board in the bag."""

    def __init__(
        self, attack: Attack, seed: int, engine: str = "cpython", loss: float = 0.0, thief: bool = True
    ):
        self.attack, self.seed, self.armed = attack, seed, thief
        self.extra: list[Violation] = []
        self._folder = Path(tempfile.mkdtemp(prefix="kentongan-siege-"))
        self.town = town = Site(self._folder, seed, None, 1, DEVICES, people=False, keep_trace=True)
        self.victim, self._high = VICTIM, 50_000
        channel = town.houses["gateway-1"].channel
        self.bag = Bag(channel, [town.files[attack.holder]] if attack.holder in town.files else ())
        self.thief = Thief(phy.preset(town.world.scene.preset))
        near = dict.fromkeys(town.files, NEAR_DB)
        town.world.host_core(THIEF, self.thief, 0, 0, role="stranger", loss_db=near)

    # What an attack asks for

    def node(self, label: str) -> Node:
        return self.town.files[label]["node"]

    @property
    def button(self) -> Node:
        return self.node(VICTIM)

    def high(self) -> int:
        self._high += 1
        return self._high

    def run(self, seconds: float) -> None:
        self.town.run(seconds * 1000)

    def press(self, key: str = "main") -> int:
        """Press, and return the counter under which it was sent."""
        press = self.town.press(key, VICTIM)
        assert self.town.run(2_000, lambda: bool(press.counters))
        return press.counters[0]

    def send(self, *frames: bytes, every_s: float = 0.15) -> None:
        for frame in frames:
            if self.armed:
                self.town.world.host_write(THIEF, frame)
            self.run(every_s)

    def counter(self) -> int:
        press = self.town.press_of(self.button)
        assert press is not None
        return press.counters[-1]

    def walk(self) -> History:
        try:
            self.town.houses["gateway-1"].start()
            self.run(SETTLED_S)
            self.attack.go(self)
            self.run(AFTER_S)
            self._ask_hub()
            return History.of(self.town.world)
        finally:
            self.town.houses["gateway-1"].switch_off()
            self.town.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask_hub(self) -> None:
        """Note each stage at the hub that no person ever set."""
        for row in self.town.rows("SELECT * FROM incidents"):
            if row["answered_by"] or row["closed_by"] or row["state"] != "baru":
                text = f"the hub has {row['slug']} as {row['state']}, answered by {row['answered_by']}"
                self.extra.append(("coming", text))


def answers(siege: HubSiege, key: str = "main") -> None:
    """A board that was not asked, of another zone or of the house that called, says "saya datang"."""
    siege.run(siege.seed % 7)
    counter = siege.press(key)
    label = siege.attack.holder
    role = ROLE_OF[siege.town.files[label]["role"]]
    for second in (0.3, 2, 6, 12, 30, 75):  # the hub has penerima-1 paged before the last one
        siege.run(second)
        events = [
            siege.bag.event(siege.node(label), role, siege.high(), siege.button, counter),
            siege.bag.event(siege.node("penerima-1"), m.PENERIMA, siege.high(), siege.button, counter),
            siege.bag.event(
                siege.node("penerima-1"), m.PENERIMA, siege.high(), siege.button, counter, under_a=True
            ),
        ]
        siege.send(*events)


def answers_silent(siege: HubSiege) -> None:
    """The same to a confidential alarm."""
    answers(siege, "silent")


def seen_at_hub(siege: HubSiege) -> None:
    """Statuses, reports of every state and cancels, in names that are not the thief's, to a hub."""
    counter = siege.press()
    siege.run(3)
    post = siege.node("pos-1")
    for _ in range(4):
        siege.send(
            siege.bag.button_status(siege.button, siege.high(), m.STAGE_COMING, counter),
            siege.bag.button_status(siege.button, siege.high(), m.STAGE_COMING, counter, under_a=True),
            siege.bag.alarm(siege.button, counter + 1, zone=ZONE, flags=m.FLAG_CANCEL),
            siege.bag.alarm(siege.button, counter, zone=ZONE, kind=m.KIND_UJI, under_c=True),
            *[
                siege.bag.report(post, siege.high(), siege.button, counter, state)
                for state in (m.STATE_SILENCED, m.STATE_STOPPED, m.STATE_FAILED)
            ],
        )
        siege.run(5)
