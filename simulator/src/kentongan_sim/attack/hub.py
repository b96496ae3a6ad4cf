"""Walks against the real hub: API, database and dispatch in process, real gateways.

Nobody is at the board, but where a walk is about what people do there.

The village is the campaigns' (soak.site): real devices in a world in which everybody hears everybody.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from kentongan_hub.base import states
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.told import raised
from kentongan_wire.air import phy
from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m

from kentongan_sim.attack.bag import ROLE_OF, Bag
from kentongan_sim.attack.siege import Attack, Go, Thief
from kentongan_sim.checkers.false_siren import PROFILE
from kentongan_sim.physics.chance import between
from kentongan_sim.physics.shapes import Detail, Node, Us, Violation
from kentongan_sim.soak.site import BUTTONS, NEAR_DB, ZONE, Site
from kentongan_sim.world.history import History

VICTIM, NEIGHBOUR = "tombol-00", "tombol-05"  # of houses 1 and 6
THIEF = "maling"
SETTLED_S, AFTER_S = 60, 75
OTHER_ZONE = ZONE + 1
DEVICES = (
    ("sirene", "pos-1", ZONE, 0),
    ("sirene", "pos-2", ZONE, 0),
    ("sirene", "pos-jauh", OTHER_ZONE, 0),
    ("penerima", "penerima-1", ZONE, 3),
    ("penerima", "penerima-rumah", ZONE, 1),
    ("penerima", "penerima-jauh", OTHER_ZONE, 3),
)
POSTS = {ZONE: ("pos-1", "pos-2"), OTHER_ZONE: ("pos-jauh",)}
GATEWAYS = {"gateway-1": ZONE}


class HubSiege:
    """One walk. `attack.holder`: the label of the board in the bag."""

    def __init__(
        self, attack: Attack, seed: int, engine: str = "cpython", loss: float = 0.0, thief: bool = True
    ):
        self.attack, self.seed, self.armed = attack, seed, thief
        self.extra: list[Violation] = []
        self._folder = Path(tempfile.mkdtemp(prefix="kentongan-siege-"))
        zones = getattr(attack.go, "gateways", GATEWAYS)
        self.town = town = Site(
            self._folder, seed, None, len(zones), DEVICES, people=False, keep_trace=True, zones=zones
        )
        self.acted = False  # whether a person did something at the hub
        self.playing: dict[str, str] = {}  # post -> the pattern that is beaten, or "" for silence
        town.world.listen(self._follow)
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

    # People at the hub

    def raise_siren(self, kind: int) -> str:
        """Have a person sound the siren of the RT; the incident's name."""
        with self.town.hub.app.hub.store.write() as db:
            account: Account = db.one("SELECT * FROM accounts ORDER BY id LIMIT 1")
            self.acted = True
            return raised.sound(db, self.town.hub.app.hub.now(), account, kind, ZONE, "dilihat sendiri")

    def incident(self, slug: str) -> Incident:
        rows: list[Incident] = self.town.rows("SELECT * FROM incidents WHERE slug = ?", slug)
        return rows[0]

    def act(self, slug: str, action: str) -> None:
        self.acted = True
        self.town.act(self.incident(slug), action)

    def hush(self, slug: str) -> None:
        with self.town.hub.app.hub.store.write() as db:
            account: Account = db.one("SELECT * FROM accounts ORDER BY id LIMIT 1")
            actions.hush(db, self.town.hub.app.hub.now(), self.incident(slug), account)

    def end(self, slug: str) -> None:
        """Have a person silence or close it, as the seed draws."""
        if self.seed % 4 < 2:
            self.hush(slug)
        else:
            self.act(slug, states.TUTUP)

    def _follow(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        if what == "sound":
            self.playing[label] = detail["pattern"]
        elif what in ("quiet", "off"):
            self.playing[label] = ""

    def expect(self, when: str, *kinds: int, zone: int = ZONE) -> None:
        """Note each post of that RT that beats none of these kinds now; without kinds, any that beats."""
        wanted = [patterns.of(PROFILE, kind)[0] for kind in kinds] or [""]
        for post in POSTS[zone]:
            beaten = self.playing.get(post, "")
            if beaten not in wanted:
                text = f"{when}: {post} beats {beaten!r}, not {' or '.join(map(repr, wanted))}"
                self.extra.append(("siren" if kinds else "again", text))

    def walk(self) -> History:
        try:
            for house in self.town.houses.values():
                house.start()
            self.run(SETTLED_S)
            self.attack.go(self)
            self.run(AFTER_S)
            self._ask_hub()
            return History.of(self.town.world)
        finally:
            for house in self.town.houses.values():
                house.switch_off()
            self.town.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask_hub(self) -> None:
        """Note each stage at the hub that no person ever set."""
        if self.acted:
            return
        for row in self.town.rows("SELECT * FROM incidents"):
            if row["answered_by"] or row["closed_by"] or row["state"] != "baru":
                text = f"the hub has {row['slug']} as {row['state']}, answered by {row['answered_by']}"
                self.extra.append(("coming", text))


def answers(siege: HubSiege, key: str = "main") -> None:
    """Say "saya datang" by a board that was not asked, of another zone or of the house that called."""
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
    """Say the same to a confidential alarm."""
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


# What people do at the hub, with no thief about: a siren on purpose has no button behind it.
RAISED = (m.KIND_KEBAKARAN, m.KIND_BENCANA)
BEATEN_S, ENDED_S = 12, 12  # until all posts beat, are silent
REROUTED_S = 20  # the hub looks every 10 s for orders that a dead gateway left; and one repeat of the order
NOISE_FRAMES, NOISE_BYTES = 25, 200  # of a stranger: the channel is busy for about six seconds
ORDERED_S, AGAIN_S = 16, 130  # a gateway repeats an order for so long; until the hub orders it again


def with_second(zone: int) -> Callable[[Go], Go]:
    """Have a second gateway, in that RT."""

    def placed(go: Go) -> Go:
        vars(go).update(gateways={**GATEWAYS, "gateway-2": zone})
        return go

    return placed


def _end_one(siege: HubSiege, slugs: Sequence[str], kinds: Sequence[int], ended_s: int = ENDED_S) -> None:
    """End one of two sirens, drawn by the seed, by closing or by silence; then the other."""
    first = siege.seed % 2
    for which, left in ((first, kinds[1 - first : 2 - first]), (1 - first, ())):
        siege.end(slugs[which])
        siege.run(ended_s)
        siege.expect(f"after the end of {slugs[which]}", *left)


def two_raised(siege: HubSiege) -> None:
    """People raise two sirens at once; one is ended, and the other goes on until its own end."""
    slugs = [siege.raise_siren(kind) for kind in RAISED]
    siege.run(BEATEN_S)
    siege.expect("raised", *RAISED)
    _end_one(siege, slugs, RAISED)


@with_second(ZONE)
def two_raised_elsewhere(siege: HubSiege) -> None:
    """Do the same after the gateway whose number they have has lost its power: another orders for it."""
    slugs = [siege.raise_siren(kind) for kind in RAISED]
    siege.run(BEATEN_S)
    siege.town.houses["gateway-1"].switch_off()
    siege.run(AGAIN_S)  # they are silent by then, and the hub has ordered both anew
    siege.expect("raised, and ordered by another gateway", *RAISED)
    _end_one(siege, slugs, RAISED, REROUTED_S)


def missed(siege: HubSiege, zone: int = ZONE) -> None:
    """Raise a second siren that a post without power misses: the end of that one leaves the first."""
    siege.raise_siren(RAISED[0])
    siege.run(BEATEN_S)
    post = POSTS[zone][-1]
    siege.town.world.switch(post, False)
    siege.run(1)
    slug = siege.raise_siren(RAISED[1])
    siege.run(ORDERED_S)
    siege.town.world.switch(post, True)
    siege.run(between(3_000, 5_000, siege.seed, "back") / 1000)
    siege.end(slug)
    siege.run(8)
    siege.expect(f"after the end of {slug}, of which {post} had not heard", RAISED[0], zone=zone)


@with_second(OTHER_ZONE)
def missed_beside(siege: HubSiege) -> None:
    """Do the same in another RT, whose own gateway orders under the number of the first one's."""
    missed(siege, OTHER_ZONE)


def while_closing(siege: HubSiege) -> None:
    """Press again while the closing of the button's earlier alarm is under way, heard or not yet."""
    siege.press()
    siege.run(6)
    (slug,) = [row["slug"] for row in siege.town.rows("SELECT slug FROM incidents")]
    siege.act(slug, states.DATANG)
    siege.run(between(0, 8_000, siege.seed, "answered") / 1000)
    siege.act(slug, states.TUTUP)
    if siege.seed % 4:  # both words wait for the channel: the closing often comes first
        siege.send(*[bytes([siege.seed % 256]) * NOISE_BYTES] * NOISE_FRAMES, every_s=0)
    siege.run(between(0, 4_000, siege.seed, "closed") / 1000)
    press = siege.town.press("main", VICTIM)
    siege.run(25)
    kind = next(kind for label, _, kind in BUTTONS if label == VICTIM)
    siege.expect("pressed while the earlier one was being closed", kind)
    live = siege.town.rows("SELECT 1 FROM incidents WHERE device = ? AND closed_ms IS NULL", siege.button)
    if not (press.counters and siege.town.at_hub(press) and live):
        siege.extra.append(("other", f"the press after the closing is not open at the hub: {press.counters}"))
