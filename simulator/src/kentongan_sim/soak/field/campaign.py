"""The campaign of field faults: a press, a fault beside it, and what must hold whatever the fault is.

Every alarm is at the hub, once, and called for; a siren that should sound did, none sounds for nothing; the
fault is visible to a person; and no warning says what is not so.
"""

import gc
import logging
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from kentongan_hub.channels import mqtt
from kentongan_hub.incidents.tables import Alarm

from kentongan_sim.physics.shapes import Ms
from kentongan_sim.soak import disk as disks
from kentongan_sim.soak.field.box import Box
from kentongan_sim.soak.field.faults import FAULTS
from kentongan_sim.soak.field.place import POSTS, Place
from kentongan_sim.soak.field.told import BESIDE_S, MEANWHILE, Fault
from kentongan_sim.soak.gateway import Listener

WARM_UP_MS = 180_000  # every device has said its first STATUS
LOOK_MS = 5_000  # the person looks at what should say it
TOLD_MS = 400_000  # from the fault's end, within which a person must have seen it
SETTLE_MS = 300_000  # from the later of press and fault's end, within which the alarm must be at the hub
# an hour has room for a few alarms: the law's share of the air
CALM_MS, CALM_ROUND_MS = 330_000, 20_000
SOUND_S, AFTER_S = 5, 75
MQTT_WAIT_S = 0.05  # for a broker that says nothing: mqtt.CONNECT_S in a campaign
EPISODES = len(FAULTS)  # of one place: each fault once
FAULT_S = 4  # what one costs on an idle core, for whoever waits
PHASES = ("before", "during", "after")
PRESSES = ("main",) * 8 + ("silent", "uji")
CALM_WARNINGS = ("disk hampir penuh", "cadangan lama")  # of the machine that runs this


class Result:
    """Counts by fault; `problems` are lines that begin with lost, silent, not told, false word ..."""

    def __init__(self) -> None:
        self.faults, self.told = Counter[str](), Counter[str]()
        self.phases = Counter[tuple[str, str]]()
        self.slowest_s: dict[str, float] = {}
        self.problems: list[str] = []
        self.wall_s, self.pressed = 0.0, 0

    def add(self, other: Self) -> None:
        for name in ("faults", "told", "phases"):
            getattr(self, name).update(getattr(other, name))
        for name, seconds in other.slowest_s.items():
            self.slowest_s[name] = max(seconds, self.slowest_s.get(name, 0))
        self.problems += other.problems
        self.wall_s += other.wall_s
        self.pressed += other.pressed


def part(seed: int, number: int, count: int) -> Result:
    """Return the result of one place of a campaign of `count` faults."""
    result = Result()
    Campaign(seed, result).run(count, only=number)
    return result


def parts(count: int) -> int:
    return -(-count // EPISODES)


class Campaign:
    disk: disks.Disk | None
    rng: random.Random
    place: Place
    # of the fault that runs
    _where: str  # as problems name it
    _phase: str
    _key: str
    _box: Box  # that is pressed
    _before: set[tuple[str, str]]  # warnings
    _wrong: set[tuple[str, str]]
    _seen_ms: Ms | None
    _pressed_ms: Ms | None
    _ended_ms: Ms
    _begun: bool
    _over: bool
    _came_before: bool
    _was: bool
    _last: int  # counter of the box that the hub knew
    _sounds: int
    _asked_ms: Ms

    def __init__(self, seed: int, result: Result) -> None:
        self.seed, self.result = seed, result

    def run(self, count: int, wanted: Sequence[str] = (), only: int | None = None) -> None:
        """`count` faults, of these names or of all in turn; `only`: the number of one place of them."""
        faults = [fault for fault in FAULTS if not wanted or fault.name in wanted]
        begin, self.disk, self._listener = time.monotonic(), disks.make(), Listener()
        if self.disk:
            self.disk.only = "/kentongan-field-"
        log = logging.getLogger("kentongan")
        log.addHandler(self._listener)
        propagates, log.propagate = log.propagate, False
        try:
            for number in range(parts(count)) if only is None else [only]:
                self.rng = random.Random(f"field {self.seed}/{number}")
                self._place(number * EPISODES, min(EPISODES, count - number * EPISODES), faults)
        finally:
            log.removeHandler(self._listener)
            log.propagate = propagates
            vars(self).pop("place", None)
            gc.collect()  # connections go before the disk that serves them
            if self.disk:
                self.disk.close()
            self.result.wall_s += time.monotonic() - begin

    def _place(self, at: int, count: int, faults: Sequence[Fault]) -> None:
        there = "/dev/shm" if Path("/dev/shm").is_dir() else None
        folder = tempfile.mkdtemp(prefix="kentongan-field-", dir=there)
        order = self.rng.sample(faults, len(faults))
        connect_s, mqtt.CONNECT_S = mqtt.CONNECT_S, MQTT_WAIT_S
        try:
            with ExitStack() as stack:
                place = self.place = Place(folder, self.rng.getrandbits(32), self.disk, stack)
                place.house.start()
                place.run(WARM_UP_MS)
                for number in range(at, at + count):
                    self._episode(number, order[number % len(order)])
                place.close()
        finally:
            mqtt.CONNECT_S = connect_s
            shutil.rmtree(folder, ignore_errors=True)

    # one fault

    def _episode(self, number: int, fault: Fault) -> None:
        place, rng = self.place, self.rng
        self._where = f"fault {number} ({fault.part}: {fault.name}), seed {self.seed}"
        lasts_ms = int(rng.uniform(fault.least_s, fault.most_s) * 1000)
        phase = rng.choice(PHASES[:2] if fault.button else PHASES)
        self._phase = phase = "during" if fault.beside == MEANWHILE else phase
        begin_ms, press_ms = self._moments(fault, phase, lasts_ms)
        buttons = [box for box in place.boxes.values() if box.place.role == "tombol"]
        box = buttons[number % len(buttons)]  # four alarms of one in half an hour are a stuck one
        place.memo = {"pressed": box, "begun": place.now_ms, "phase": phase}
        self._key = "main" if fault.button else rng.choice(PRESSES)
        self._before, self._seen_ms, self._begun, self._over = place.warnings(), None, False, False
        self._came_before = False
        self._wrong = set()
        self._was = bool(fault.told) and self._asks(fault, before=True)
        self._last = self._counter_of(box)
        self._pressed_ms, self._sounds = None, len(place.sounds)
        place.after(begin_ms, self._begin, fault)
        place.after(begin_ms + lasts_ms, self._end, fault)
        place.after(press_ms, self._press, box, fault)
        place.after(0, self._look, fault, number)
        place.run(max(begin_ms + lasts_ms, press_ms) + 1_000)
        over_ms = place.now_ms
        settled = place.run(SETTLE_MS, self._settled)
        place.run(20_000)
        self._judge_alarm(fault, settled)
        self._judge_sound(fault)
        place.run(max(0, over_ms + TOLD_MS - place.now_ms), lambda: self._seen_ms is not None)
        self._judge_told(fault)
        for what in self.place.deaths:
            self._problem("ended", what)
        self.place.deaths.clear()
        self._calm()

    def _moments(self, fault: Fault, phase: str, lasts_ms: Ms) -> tuple[Ms, Ms]:
        """(when the fault begins, when somebody presses), both from now; of a button's own while it sends."""
        rng = self.rng
        if phase == "before":
            soon, later = rng.randrange(20, 600), rng.randrange(600, 20_000)
            return 1_000 + (soon if fault.button else rng.choice((soon, later))), 1_000
        if phase == "during":
            return 1_000, 1_000 + rng.randrange(lasts_ms // 3 if fault.button or fault.beside else lasts_ms)
        return 1_000, 1_000 + lasts_ms + rng.randrange(20_000)

    def _begin(self, fault: Fault) -> None:
        self.result.faults[fault.name] += 1
        self.result.phases[fault.name, self._phase] += 1
        self._begun, self.place.memo["begun"] = True, self.place.now_ms
        self._came_before = bool(self._pressed_ms is not None and self._at_hub())
        fault.begin(self.place, self.rng)

    def _end(self, fault: Fault) -> None:
        fault.end(self.place, self.rng)
        self._over, self._ended_ms = True, self.place.now_ms

    def _press(self, box: Box, fault: Fault) -> None:
        self.result.pressed += 1
        self._pressed_ms, self._box = self.place.now_ms, box
        self.place.world.press(box.label, key=self._key)
        if fault.beside:
            self.place.after(BESIDE_S * 1000, self._soon, self._where)

    def _soon(self, where: str) -> None:
        """Check the alarm soon after its press, while the fault may go on for long: it keeps nothing back."""
        if self._where != where or not self.place.hub.up:
            return
        rows, pressed_ms = self._at_hub(), self._pressed_ms
        assert pressed_ms is not None
        if not rows:
            self._problem("held back", f"not at the hub {BESIDE_S} s after the press")
        elif self._key == "main":
            called = "SELECT 1 FROM outbox WHERE incident = ? AND type = 'call'"
            if not self.place.rows(called, rows[0]["incident"]):
                self._problem("not called", "no message to anybody")
            if not any(at >= pressed_ms and state == "coming" for at, state in self._box.shown):
                self._problem("held back", f"nobody's answer was shown {BESIDE_S} s after the press")

    def _look(self, fault: Fault, number: int) -> None:
        """Until the fault was seen: the person looks at what should say it; and at every warning."""
        if self._where != f"fault {number} ({fault.part}: {fault.name}), seed {self.seed}":
            return
        if self.place.hub.up and not (self.disk and self.disk.fault):
            self._wrong |= {
                one
                for one in self.place.warnings() - self._before
                if one[0] not in fault.also + CALM_WARNINGS and one not in fault.also
            }
        if self._begun and self._seen_ms is None and self._asks(fault):
            self._seen_ms = self.place.now_ms
        self.place.after(LOOK_MS, self._look, fault, number)

    def _asks(self, fault: Fault, before: bool = False) -> bool:
        if fault.told is None or (before and not fault.where.startswith(("warning", "page", "red", "board"))):
            return fault.told is None and self._over
        return self.place.hub.up and bool(fault.told(self.place))

    # what is known of the alarm

    def _counter_of(self, box: Box) -> int:
        rows = self.place.rows("SELECT max(counter) AS n FROM alarms WHERE device = ?", box.place.node)
        return rows[0]["n"] or 0

    def _at_hub(self) -> list[Alarm]:
        wanted = "SELECT * FROM alarms WHERE device = ? AND counter > ?"
        return self.place.rows(wanted, self._box.place.node, self._last)

    def _settled(self) -> bool:
        """Asked after every event; the hub's database at most twice a second."""
        now = self.place.now_ms
        if self._pressed_ms is None or not self.place.hub.up or now < getattr(self, "_asked_ms", 0):
            return False
        self._asked_ms = now + 500
        return bool(self._at_hub())

    def _judge_alarm(self, fault: Fault, settled: bool) -> None:
        rows = self._at_hub()
        if not rows and self._key == "uji" and self._came_before:
            return  # of a test that the hub had taken nobody tells it again: it goes with the database
        if not rows:
            self._problem("lost", "no alarm of this press at the hub")
            return
        incidents = {row["incident"] for row in rows}
        if len(incidents) != 1:
            self._problem("duplicate", f"{len(incidents)} incidents of one press")
        if self._key == "uji":
            return
        marks = ", ".join("?" * len(incidents))
        found = self.place.rows(f"SELECT * FROM incidents WHERE id IN ({marks})", *incidents)
        if not found:
            self._problem("lost", "its incident is gone")
        elif not any(row["alerts"] or row["answered_ms"] for row in found):
            self._problem("not called", "nobody was called for it and nobody has answered")

    def _judge_sound(self, fault: Fault) -> None:
        pressed_ms = self._pressed_ms
        assert pressed_ms is not None
        sounds = [(at, who) for at, who in self.place.sounds[self._sounds :] if at >= pressed_ms]
        if self._key != "main":
            if sounds:
                self._problem("false siren", f"{sounds[0][1]} for {self._key}")
            return
        limit_ms = SOUND_S * 1000
        if fault.sounds == "after":
            limit_ms = max(0, self._ended_ms - pressed_ms) + AFTER_S * 1000
        for post in POSTS[1:] if fault.sounds == "other" else POSTS:
            first_ms = min((at for at, who in sounds if who == post), default=None)
            if first_ms is None or first_ms - pressed_ms > limit_ms:
                late = "never" if first_ms is None else f"after {(first_ms - pressed_ms) / 1000:.0f} s"
                self._problem("silent", f"{post}: {late}")

    def _judge_told(self, fault: Fault) -> None:
        if self._seen_ms is None:
            self._problem("not told", f"{fault.where}; open: {sorted(self.place.warnings() - self._before)}")
        else:
            self.result.told[fault.name] += 1
            took = (self._seen_ms - self.place.memo["begun"]) / 1000
            self.result.slowest_s[fault.name] = max(took, self.result.slowest_s.get(fault.name, 0))
        if self._was:
            self._problem("told before", "this word stood there before the fault")
        for what, subject in sorted(self._wrong):
            self._problem("false word", f"{what} {subject}")

    def _problem(self, kind: str, text: str) -> None:
        self.result.problems.append(f"{kind}: {self._where}, pressed {self._phase} ({self._key}): {text}")

    def _calm(self) -> None:
        """All is over and forgotten: the next fault finds a quiet place."""
        place, self._where = self.place, ""
        place.set_right(self.rng)
        place.close_all()
        place.run(30_000)
        round_us, place.hub.round_us = place.hub.round_us, CALM_ROUND_MS * 1000
        place.run(CALM_MS)
        place.forget()
        place.run(CALM_MS)
        place.hub.round_us = round_us
        place.run(CALM_ROUND_MS)
