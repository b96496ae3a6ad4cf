"""The gateway's fault campaign: an alarm, a fault somewhere on its walk, and what must hold afterwards."""

import gc
import logging
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from kentongan_wire.message import messages as m

from kentongan_sim.physics.shapes import Ms
from kentongan_sim.soak import disk as disks
from kentongan_sim.soak.campaign_gateway import CampaignGateway
from kentongan_sim.soak.faults import ARMED, BOTH, FAULTS, Fault
from kentongan_sim.soak.site import Press, Site

WARM_UP_MS = 60_000  # every device has said its first STATUS
SILENT, UJI = 0.12, 0.18  # shares of the presses
LOOK_MS = 500
CALM_MS = 6_000  # after an alarm has settled
QUIET_MS = 25_000  # between two: an hour has room for a few alarms, by the law's share of the air
TEST_MS = 65_000  # a box ends a test of which nobody tells it, and has said so
SETTLE_MS = 300_000  # an alarm that is not receipted and at the hub by then is lost
FAULT_S = 0.5  # what one costs on an idle core, for whoever waits
TOWN_EPISODES = 60  # then a fresh town: hubs grow, and a campaign must not
# an alarm's walk after its press: its box wakes and sends; stored and receipted, at the hub, answered
MOMENTS_MS = ((-500, 0), (0, 460), (460, 580), (580, 790), (790, 8_000), (8_000, 16_000))
STEPS = ("before the press", "in the air", "at the gateway", "receipted", "at the hub", "answered")


class Result:
    """Result of a part of the campaign; plain, so that it can be kept and taken up again."""

    def __init__(self) -> None:
        self.faults, self.deaths = Counter[str](), Counter[str]()
        self.steps, self.shown = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        self.problems: list[str] = []
        self.torn, self.wall_s = 0, 0.0
        self.pressed = self.receipts = self.nobody = 0

    def add(self, other: Self) -> None:
        """Another part of the same campaign."""
        for name in ("faults", "steps", "deaths", "shown"):
            getattr(self, name).update(getattr(other, name))
        self.problems += other.problems
        self.torn += other.torn
        self.pressed += other.pressed
        self.receipts += other.receipts
        self.nobody += other.nobody
        self.wall_s += other.wall_s


def part(seed: int, town: int, count: int) -> Result:
    """Return the result of one town of a campaign of `count` faults, the same in whatever process."""
    result = Result()
    Campaign(seed, result).run(count, only=town)
    return result


def parts(count: int) -> int:
    return -(-count // TOWN_EPISODES)


class Listener(logging.Handler):
    """Listener for the warnings and errors that a person would read in the gateway's log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1


class Campaign:
    rng: random.Random  # of the town
    town: Site
    first: CampaignGateway
    second: CampaignGateway

    def __init__(self, seed: int, result: Result) -> None:
        self.seed, self.result = seed, result
        self.disk = disks.make()
        if self.disk:
            self.disk.only = "/gateway-"
        self._listener = Listener()
        self._press: Press | None = None

    def run(self, count: int, wanted: Sequence[str] = (), only: int | None = None) -> None:
        """`count` faults, of these names or of all in turn; `only`: the number of one town of them."""
        faults = [f for f in FAULTS if not wanted or f.name in wanted]
        log = logging.getLogger("kentongan")
        log.addHandler(self._listener)
        level, log.propagate = log.level, False
        begin = time.monotonic()
        try:
            for number in range(parts(count)) if only is None else [only]:
                at = number * TOWN_EPISODES
                self.rng = random.Random(f"{self.seed}/{number}")
                self._town(at, min(TOWN_EPISODES, count - at), faults)
        finally:
            log.removeHandler(self._listener)
            log.setLevel(level)
            log.propagate = True
            for name in ("town", "first", "second"):
                vars(self).pop(name, None)
            gc.collect()  # connections go before the disk that serves them
            if self.disk:
                self.disk.close()
            self.result.wall_s += time.monotonic() - begin

    def _town(self, at: int, count: int, faults: Sequence[Fault]) -> None:
        place = "/dev/shm" if Path("/dev/shm").is_dir() else None
        folder = tempfile.mkdtemp(prefix="kentongan-soak-", dir=place)
        try:
            self.town = Site(folder, self.rng.getrandbits(32), self.disk)
            self.first, self.second = self.town.houses.values()
            self.first.start()
            self.town.run(WARM_UP_MS)
            for number in range(at, at + count):
                self._episode(number, faults[number % len(faults)])
            self.town.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _episode(self, number: int, fault: Fault) -> None:
        town, rng = self.town, self.rng
        both = fault.name == BOTH
        if both and self.second._core is None:
            self.second.start()
            town.run(4_000)
        elif not both and self.second._core is not None:
            self.second.switch_off()
        town.look_at_board()
        seen, lines, said = set(town.seen), self._listener.lines, len(town.log)
        delay_ms = rng.randrange(*rng.choice(MOMENTS_MS))
        if fault.begin in ARMED and rng.random() < 0.8:
            delay_ms = rng.randrange(-500, 440)  # in time for the walk's first step
        lasts_ms = rng.randrange(int(fault.least_s * 1000), int(fault.most_s * 1000) + 1)
        chance = rng.random()
        key = "silent" if chance < SILENT else "uji" if chance < SILENT + UJI else "main"
        begun = town.now_ms
        town.after(600 + delay_ms, self._begin, fault)
        town.after(600 + delay_ms + lasts_ms, self._end, fault)
        self._press, self._plays, self._looked_ms = None, len(town.plays), -LOOK_MS
        town.after(600, self._press_now, key)
        town.run(600 + max(0, delay_ms) + lasts_ms + 4_000)
        settled = town.run(SETTLE_MS, self._settled)
        town.run(CALM_MS)
        self._judge(number, fault, settled, begun)
        self._judge_shown(number, fault, seen, lines, said)
        town.close_all()
        town.run(QUIET_MS)

    def _press_now(self, key: str) -> None:
        self._press = self.town.press(key)
        self.result.pressed += 1

    def _begin(self, fault: Fault) -> None:
        self.result.faults[fault.name] += 1
        self.result.steps[fault.name, self._step()] += 1
        self.first.died_at = ""
        if self.first._core is not None:
            fault.begin(self.first, self.rng)

    def _end(self, fault: Fault) -> None:
        fault.end(self.first)
        if self.first.died_at:
            self.result.deaths[self.first.died_at] += 1
        self.result.torn += self.first.torn
        self.first.torn = 0

    def _step(self) -> str:
        press = self._press
        if press is None:
            return STEPS[0]
        rows = self.town.at_hub(press)
        if press.stage >= m.STAGE_COMING:
            return STEPS[5]
        if rows:
            return STEPS[4]
        if press.stage:
            return STEPS[3]
        core = self.first._core
        heard = core is not None and any(
            core.parts.records.find(press.node, counter) for counter in press.counters
        )
        return STEPS[2] if heard else STEPS[1]

    def _settled(self) -> bool:
        """Asked after every event of the timeline; the hub's database at most once in LOOK_MS."""
        press, now = self._press, self.town.now_ms
        if not press or self.first._core is None:
            return False
        if not press.promised:
            return press.told_nobody and now - press.at_ms > TEST_MS
        if now - self._looked_ms < LOOK_MS:
            return False
        self._looked_ms = now
        return bool(self.town.at_hub(press))

    def _judge(self, number: int, fault: Fault, settled: bool, begun: Ms) -> None:
        town, press = self.town, self._press
        assert press is not None  # 600 ms after its beginning
        where = f"fault {number} ({fault.name}), seed {self.seed}"
        rows = town.at_hub(press)
        self.result.receipts += press.promised
        if press.told_nobody and not press.promised:
            self.result.nobody += 1
        elif not settled:
            what = "receipted and never at the hub" if press.promised else "never receipted"
            self.result.problems.append(f"lost: {where}: {what}")
        incidents = {row["incident"] for row in rows}
        marks = ", ".join("?" * len(incidents))
        for row in town.rows(f"SELECT * FROM incidents WHERE id IN ({marks})", *incidents):
            alarms = town.rows("SELECT counter FROM alarms WHERE incident = ?", row["id"])
            made = {town.press_of(press.node, alarm["counter"]) for alarm in alarms}
            if row["presses"] != len(made) or len(incidents) != 1:
                problem = f"duplicate: {where}: {row['presses']} presses of {len(made)}"
                self.result.problems.append(problem)
        for at, origin, counter, pattern in town.plays[self._plays :]:
            alarm = town.press_of(origin, counter)
            closed = town.closed_ms.get(origin, -1)
            if not alarm or alarm.key != "main" or begun <= closed < at:
                self.result.problems.append(f"false siren: {where}: {pattern} for {origin:08x} #{counter}")

    def _judge_shown(
        self, number: int, fault: Fault, seen: set[tuple[str, str]], lines: int, said: int
    ) -> None:
        town, label = self.town, self.first.label
        town.look_at_board()
        new = {name for gateway, name in town.seen - seen if gateway == label}
        lasting = {row["name"] for row in town.rows("SELECT name FROM troubles WHERE gateway = ?", label)}
        prefixes = fault.shown or ()
        if any(name.startswith(prefixes) for name in new | lasting):
            self.result.shown[fault.name, "board"] += 1
        elif fault.log and (self._listener.lines > lines or len(town.log) > said):
            self.result.shown[fault.name, "log"] += 1
        elif fault.shown is None:
            self.result.shown[fault.name, "no fault yet"] += 1
        else:
            self.result.problems.append(f"not shown: fault {number} ({fault.name}), seed {self.seed}: {new}")
