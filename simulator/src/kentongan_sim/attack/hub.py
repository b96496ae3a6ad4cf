"""Walks against the real hub: API, database and dispatch in process, one real gateway, nobody at the board.

The air is soak.radio's, on which everybody hears everybody; buttons are soak.town's. What happens is written
down as the world's events, so that the same checkers judge it.
"""

import shutil
import tempfile
from pathlib import Path

from kentongan_wire import messages as m
from kentongan_wire import patterns

from kentongan_sim.attack.bag import ROLE_OF, Bag
from kentongan_sim.soak.site import ZONE, Site
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.history import History

MS = 1_000
SHOWN = {
    m.STAGE_SOUNDING: "sounding",
    m.STAGE_STORED: "stored",
    m.STAGE_COMING: "coming",
    m.STAGE_CLOSED: "closed",
    m.STAGE_CANCELLED: "cancelled",
}
POST = "pos-2"
VICTIM, NEIGHBOUR = "tombol-00", "tombol-05"  # of houses 1 and 6
OTHER_ZONE = ZONE + 1
DEVICES = (
    ("sirene", "pos-1", ZONE, 0),
    ("sirene", "pos-2", ZONE, 0),
    ("penerima", "penerima-1", ZONE, 3),
    ("penerima", "penerima-rumah", ZONE, 1),
    ("penerima", "penerima-jauh", OTHER_ZONE, 3),
)
KINDS = {"main": m.KIND_BAHAYA, "silent": m.KIND_KEKERASAN}


class HubSiege:
    """One walk. `attack.holder`: the label of the board in the bag."""

    def __init__(self, attack, seed, engine="cpython", loss=0.0, thief=True):
        self.attack, self.seed, self.armed, self.extra = attack, seed, thief, []
        self._folder = Path(tempfile.mkdtemp(prefix="kentongan-siege-"))
        self.town = town = Site(self._folder, seed, None, gateways=1, devices=DEVICES, people=False)
        self.victim, self.thief = VICTIM, self
        self.sent_ms, self._number, self._high = 0, 0, 50_000
        self._events = [(0, "gateway-1", "boot", {"cause": "power", "key": ""})]
        self._obeyed = set()  # orders that the post has carried out
        self._pressed, self._labels = [], {file["node"]: label for label, file in town.files.items()}
        self._describe = Describer(town.channel.name, town.channel.key).describe
        self._modem = self._key_file()["node"]
        self._labels[self._modem] = "modem-1"
        self.bag = Bag(town.channel, [town.files[attack.holder]] if attack.holder in town.files else ())
        town.air.join(self)
        receipted = town.receipted

        def heard(press, stage):
            receipted(press, stage)
            self._write(self._labels[press.node], "show", {"state": SHOWN[stage]})

        town.receipted = heard

    def _key_file(self):
        return {"node": self.town.houses["gateway-1"]._key_file.node}

    def receive(self, frame):
        """Everything on the air but the thief's own."""
        one = self._describe(frame)
        label = self._labels.get(one.get("src"))
        if label:
            self._number += 1
            self._write(label, "tx", {"tx": self._number, "airtime_us": 90_000, **one})
            for ear in ("modem-1", POST):
                self._write(ear, "rx", {"tx": self._number})
        start = label == "modem-1" and one["type"] == "SIREN_ORDER" and one["action"] == m.ACTION_START
        if start and one["counter"] not in self._obeyed:
            self._obeyed.add(one["counter"])
            if len(self._obeyed) == 1:
                self._write(
                    POST, "sound", {"pattern": patterns.TITIR}
                )  # the one post here obeys, and never speaks

    def _write(self, label, what, detail):
        self._events.append((self.town.timeline.now_ms * MS, label, what, detail))

    # What an attack asks for

    def node(self, label):
        return self.town.files[label]["node"]

    @property
    def button(self):
        return self.node(VICTIM)

    def high(self):
        self._high += 1
        return self._high

    def run(self, seconds):
        self.town.timeline.run(int(seconds * 1000))

    def press(self, key="main"):
        town = self.town
        button = next(one for one in town.buttons if one.node == self.button)
        press = button.press(KINDS[key], key == "silent")
        town.presses[press.node, press.counter] = press
        self._pressed.append((town.timeline.now_ms * MS, VICTIM, key, 1, None))
        return press.counter

    def send(self, *frames, every_s=0.15):
        for frame in frames:
            if self.armed:
                self.sent_ms += 90
                self.town.air.send(frame, self)
            self.run(every_s)

    def counter(self):
        return self.town.buttons[0]._press.counter

    def walk(self):
        try:
            self.town.houses["gateway-1"].start()
            self.run(20)
            self.attack.go(self)
            self.run(75)
            self._ask_hub()
            return self._facts()
        finally:
            self.town.houses["gateway-1"].switch_off()
            self.town.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ask_hub(self):
        """What the hub holds, and what it says that no person ever said."""
        for row in self.town.rows("SELECT * FROM incidents"):
            if row["answered_by"] or row["closed_by"] or row["state"] != "baru":
                self.extra.append(
                    (
                        "coming",
                        f"the hub has {row['slug']} as {row['state']}, answered by {row['answered_by']}",
                    )
                )
        for row in self.town.rows(
            "SELECT a.*, i.zone, i.kind, i.confidential FROM alarms a JOIN incidents i ON i.id = a.incident"
        ):
            self._events.append(
                (
                    self._stored_us(row),
                    "gateway-1",
                    "store",
                    {
                        "type": "alarm",
                        "device": row["device"],
                        "counter": row["counter"],
                        "zone": row["zone"],
                        "kind": row["kind"],
                        "silent": bool(row["confidential"]),
                        "cancel": False,
                    },
                )
            )

    def _stored_us(self, row):
        """It is receipted after it was stored, and the hub had it later still."""
        at_ms = self.town.receipts.get((row["device"], row["counter"]), self.town.timeline.now_ms)
        return at_ms * MS - 1

    def _facts(self):
        places = {
            label: {"role": file["role"], "node": file["node"], "zone": file["zone"], "house": file["house"]}
            for label, file in self.town.files.items()
        }
        places["modem-1"] = {"role": "modem", "node": self._modem, "zone": ZONE, "house": 0}
        places["gateway-1"] = {**places["modem-1"], "role": "gateway"}
        for at_ms, label, _, _, pattern in self.town.plays:
            self._events.append((at_ms * MS, label, "sound", {"pattern": pattern}))
            self._events.append((at_ms * MS + 180_000_000, label, "quiet", {}))
        events = sorted(self._events, key=lambda event: event[0])
        return History(
            events, places, {"gateway-1": "modem-1"}, self._pressed, self.town.timeline.now_ms * MS
        )


def answers(siege, key="main"):
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


def answers_silent(siege):
    """The same to a confidential alarm."""
    answers(siege, "silent")


def seen_at_hub(siege):
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
