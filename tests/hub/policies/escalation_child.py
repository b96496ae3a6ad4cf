"""One life of the hub's worker for test_escalation_crash: SIGKILLs itself around a commit or a send."""

import json
import os
import random
import signal
import sys
from pathlib import Path

from kentongan_hub.base.clock import FakeClock
from kentongan_hub.channels.base import Worker
from kentongan_hub.storage.store import Db, Store
from kentongan_hub.upkeep.dispatch import Dispatch

DATA, START_MS, STEPS = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(sys.argv[4])
CHANCE = float(sys.argv[5])
STEP_MS = 30_000  # of the clock in the file, one round each
LEASE_ROUNDS = 4


def maybe_die():
    if draw.random() < CHANCE:
        os.kill(os.getpid(), signal.SIGKILL)


class Runner(Worker):
    """A channel that writes what it sends to a file, durably, and may die before or after it."""

    name = "uji-lari"
    row = 0

    def _claim(self):
        claimed = super()._claim()
        self.row = claimed and claimed["id"]
        maybe_die()
        return claimed

    def send(self, body):
        maybe_die()
        with (DATA / "terkirim.log").open("a") as file:
            file.write(json.dumps({"row": self.row, "text": body["text"]}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        maybe_die()  # sent, and nobody knows


def dying(execute):
    def run(self, sql, *values):
        maybe_die()
        return execute(self, sql, *values)

    return run


def main():
    clock_file = DATA / "jam"
    clock = FakeClock(int(clock_file.read_text()) if clock_file.exists() else START_MS)
    store = Store(DATA)
    Db.run = dying(Db.run)
    dispatch = Dispatch(store, clock)
    dispatch.workers = [Runner(store, clock)]
    idle = 0
    while True:
        with store.read() as db:
            alerts = db.value("SELECT alerts FROM incidents")
            waiting = db.value("SELECT count(*) FROM outbox WHERE type = 'call' AND state = 'waiting'")
        if alerts >= STEPS:
            if not waiting:
                return
            idle += 1
            assert idle < 100, "messages that are never sent"
        if alerts < STEPS:
            dispatch._round()
        while dispatch.workers[0].step():
            pass
        clock.advance(STEP_MS)
        temporary = clock_file.with_suffix(".baru")
        temporary.write_text(str(clock.now_ms))
        os.replace(temporary, clock_file)


main()
