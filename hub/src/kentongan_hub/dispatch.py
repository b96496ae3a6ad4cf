"""The thread that decides what is due: steps of a policy, silent sirens, warnings, expiry and trimming."""

import logging
import threading

from kentongan_hub import (
    alarms,
    calling,
    field,
    incidents,
    orders,
    outbox,
    paging,
    retention,
    sirens,
    site,
    watch,
)
from kentongan_hub.clock import local_hour
from kentongan_hub.trust import work

log = logging.getLogger("kentongan.hub")
PERIOD_S = 1.0  # longest time between looks; a commit wakes the thread at once
WATCH_MS = 10_000  # what needs care is looked for this often
TRIM_MS = 600_000  # old rows leave every ten minutes
STEADY_SAVE_MS = 30_000  # steady time goes on from here after a power cut without a clock


class Dispatch:
    """Owns the thread, and the workers of the channels; step() does one round of all without any thread."""

    def __init__(self, store, clock):
        self._store = store
        self._clock = clock
        self._stop = threading.Event()
        self._thread = None
        self._trimmed_ms = self._saved_ms = self._watched_ms = 0
        self.failed_rounds = 0
        self.workers = paging.workers(store, clock)

    def start(self):
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)
        self._thread.start()
        for worker in self.workers:
            worker.start()

    def stop(self):
        self._stop.set()
        self._store.bell.ring()
        for worker in self.workers:
            worker.stop()
        if self._thread:
            self._thread.join(timeout=10)

    def _run(self):
        seen = 0
        while not self._stop.is_set():
            try:
                self._round()
            except Exception:
                # the thread that escalates must outlive any one bad row or full disk; it says so and goes on
                self.failed_rounds += 1
                log.exception("dispatch: round failed, trying again")
                self._stop.wait(PERIOD_S)
            seen = self._store.bell.wait_beyond(seen, PERIOD_S)

    def step(self):
        """One round of everything, workers included, without a thread; true when something changed."""
        changed = self._round()
        for worker in self.workers:
            changed = worker.step() or changed
        return changed

    def _round(self):
        now = incidents.Now(self._clock.steady_ms(), self._clock.wall_ms())
        changed = False
        if self._due(now):
            with self._store.write() as db:
                calling.run_due(db, now)
                sirens.run_due(db, now)
                outbox.expire(db, now.ms)
            changed = True
        changed = self._reroute(now) or changed
        changed = self._trust(now) or changed
        changed = self._watch(now) or changed
        self._housekeeping(now)
        return changed

    def _due(self, now):
        with self._store.read() as db:
            return db.value(
                "SELECT 1 FROM incidents WHERE next_alert_ms <= ? UNION ALL "
                "SELECT 1 FROM soundings WHERE due_ms <= ? UNION ALL "
                "SELECT 1 FROM outbox WHERE state = 'menunggu' AND expires_ms <= ? LIMIT 1",
                now.ms,
                now.ms,
                now.ms,
            )

    def _reroute(self, now):
        with self._store.read() as db:
            waiting = db.value(
                "SELECT 1 FROM outbox o JOIN gateways g ON o.channel = 'gateway:' || g.label "
                "WHERE o.state = 'menunggu' AND coalesce(g.heard_ms, 0) < ? LIMIT 1",
                now.ms - orders.QUIET_MS,
            )
        if not waiting:
            return False
        with self._store.write() as db:
            return bool(orders.reroute(db, now))

    def _trust(self, now):
        """Settings over the air, revocations, rotation, counter tables: see trust/work.py."""
        data_dir = self._store.path.parent
        if not site.exists(data_dir):
            return False
        secret = site.load(data_dir)
        with self._store.read() as db:
            hour = local_hour(now.wall, db.setting("time_zone", "WIB"))
            if not work.due(db, now, secret, hour):
                return False
        with self._store.write() as db:
            work.step(db, now, secret, hour)
        return True

    def watch_soon(self):
        """Somebody changed what the list of warnings depends on: look with the next round."""
        self._watched_ms = 0
        self._store.bell.ring()

    def _watch(self, now):
        """Warnings: read first, write only when one opens, closes or is due to be told again."""
        if now.ms - self._watched_ms < WATCH_MS:
            return False
        self._watched_ms = now.ms
        path = self._store.path.parent
        with self._store.read() as db:
            if not any(watch.changes(db, now, path)):
                return False
        with self._store.write() as db:
            watch.apply(db, now, *watch.changes(db, now, path))
        return True

    def _housekeeping(self, now):
        if now.ms - self._saved_ms >= STEADY_SAVE_MS:
            self._saved_ms = now.ms
            with self._store.write(ring=False) as db:
                db.set_setting("steady_ms", now.ms)
                if now.wall > int(db.setting("wall_ms", 0)):
                    db.set_setting("wall_ms", now.wall)
        if now.ms - self._trimmed_ms >= TRIM_MS:
            self._trimmed_ms = now.ms
            with self._store.write(ring=False) as db:
                alarms.trim(db, now)
                field.trim(db, now)
                retention.run(db, now)
                outbox.trim(db, now.ms)
