"""The thread that decides what is due: steps of a policy, silent sirens, warnings, expiry and trimming."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from kentongan_hub import channels
from kentongan_hub.base import codes, site
from kentongan_hub.base.clock import Clock, Now, local_hour
from kentongan_hub.devices import last_heard
from kentongan_hub.devices.trust import directory, periodic
from kentongan_hub.incidents import alarms, orders, soundings
from kentongan_hub.incidents.calling import steps
from kentongan_hub.incidents.drills import drills
from kentongan_hub.incidents.told import announcements, rollcall
from kentongan_hub.people.watch import turns
from kentongan_hub.policies import gateway_calls
from kentongan_hub.record import away, chain, failures, outbox, rows
from kentongan_hub.storage import kept
from kentongan_hub.storage.store import Db, Store
from kentongan_hub.upkeep import coming_back, mending, retention, unsent, warnings

log = logging.getLogger("kentongan.hub")
PERIOD_S = 1.0  # longest time between looks; a commit wakes the thread at once
WATCH_MS = 10_000  # what needs care is looked for this often
TRIM_MS = 600_000  # old rows leave every ten minutes
STEADY_SAVE_MS = 30_000  # steady time goes on from here after a power cut without a clock
CLOCK_TRUSTED_MS = 86_400_000  # a wall that is back for so long was right, and the one before it wrong


class Dispatch:
    """Owns the thread, and the workers of the channels; step() does one round of all without any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._trimmed_ms = self._saved_ms = self._watched_ms = 0
        self._keeper, self._keeping = kept.Keeper(store.path.parent), threading.Lock()
        self._turned_ms: int | None = (
            None  # the thread's last round; none while step() is called from outside
        )
        self.failed_parts = 0
        self._rows_ms, self._failed_ms = -TRIM_MS, 0
        self._parts = (
            (codes.CHECKING_VALUES, self._rows),
            (codes.CALLING, self._call),
            (codes.SILENT_SIRENS, self._silent_sirens),
            (codes.EXPIRED_MESSAGES, self._expire),
            (codes.OTHER_GATEWAYS, self._reroute),
            (codes.SETTINGS_OVER_RADIO, self._trust),
            (codes.DRILLS, self._drills),
            (codes.ANNOUNCEMENTS, self._announcements),
            (codes.NIGHT_WATCH, self._night_watch),
            (codes.WATCHING, self._watch),
            (codes.TRIMMING, self._housekeeping),
        )
        self.workers = channels.workers(store, clock)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)
        self._thread.start()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        self._stop.set()
        self._store.bell.ring()
        for worker in self.workers:
            worker.stop()
        if self._thread:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        seen = 0
        while not self._stop.is_set():
            failed = self.failed_parts
            try:
                self._notice_a_gap()
                self._round()
            except Exception:
                # the thread that escalates must outlive whatever happens; it says so and goes on
                self.failed_parts += 1
                log.exception("dispatch: round failed, trying again")
            if self.failed_parts > failed:  # a bell that rings on and on must not make a failing round spin
                self._stop.wait(PERIOD_S)
            seen = self._store.bell.wait_beyond(seen, PERIOD_S)

    def _notice_a_gap(self) -> None:
        """Notice that nobody watched: a machine that slept, or a card that held everything up for minutes."""
        now = self._now()
        before_ms, self._turned_ms = self._turned_ms, now.ms
        if before_ms is not None and now.ms - before_ms >= away.NOTICED_MS:
            with self._store.write() as db:
                coming_back.came_back(db, now, before_ms, True)

    def _now(self) -> Now:
        return Now(self._clock.steady_ms(), self._clock.wall_ms())

    def step(self) -> bool:
        """Run one round of everything, workers included, without a thread; True when something changed."""
        changed = self._round()
        for worker in self.workers:
            changed = worker.step() or changed
        return changed

    def _round(self) -> bool:
        """Run each part by itself: a failure is logged and told to people, and the others have their turn."""
        now = self._now()
        changed = False
        for what, part in self._parts:
            try:
                changed = bool(part(now)) or changed
            except Exception:
                self.failed_parts += 1
                log.exception("dispatch: %s failed, trying again", what)
                self._tell(now, what)
        return changed

    def _tell(self, now: Now, what: str) -> None:
        try:
            with self._store.write(ring=False) as db:
                failures.note(db, now, what)
        except Exception:
            log.exception("dispatch: cannot even note that %s failed", what)

    def _rows(self, now: Now) -> bool:
        """Replace values that cannot be: from time to time, and at once when anything has failed."""
        with self._store.read() as db:
            failed_ms = db.number(failures.AT)
            if failed_ms == self._failed_ms and now.ms - self._rows_ms < TRIM_MS:
                return False
            odd = rows.is_odd(db)
        self._failed_ms, self._rows_ms = failed_ms, now.ms
        if not odd:
            return False
        with self._store.write() as db:
            return bool(rows.mend(db, now))

    def _call(self, now: Now) -> bool:
        return self._write_if_due(
            "SELECT 1 FROM incidents WHERE next_alert_ms <= ? LIMIT 1", now, steps.run_due
        )

    def _silent_sirens(self, now: Now) -> bool:
        return self._write_if_due("SELECT 1 FROM soundings WHERE due_ms <= ? LIMIT 1", now, soundings.run_due)

    def _expire(self, now: Now) -> bool:
        sql = f"SELECT 1 FROM outbox WHERE {outbox.WAITS} AND expires_ms <= ? LIMIT 1"
        return self._write_if_due(sql, now, unsent.expire)

    def _write_if_due(self, sql: str, now: Now, deed: Callable[[Db, Now], int]) -> bool:
        with self._store.read() as db:
            if not db.value(sql, now.ms):
                return False
        with self._store.write() as db:
            return bool(deed(db, now))

    def _drills(self, now: Now) -> bool:
        """Announce drills a day ahead, and plan monthly ones anew."""
        with self._store.read() as db:
            if not drills.due(db, now):
                return False
        with self._store.write() as db:
            return drills.run_due(db, now)

    def _announcements(self, now: Now) -> bool:
        """Have announcements said and ended, and roll-calls that nobody ended."""
        with self._store.read() as db:
            if not announcements.due(db, now) and not rollcall.due(db, now):
                return False
        with self._store.write() as db:
            return bool(announcements.run_due(db, now) + rollcall.run_due(db, now))

    def _reroute(self, now: Now) -> bool:
        with self._store.read() as db:
            waiting = (
                db.value(
                    "SELECT 1 FROM outbox o JOIN gateways g ON o.channel = 'gateway:' || g.label "
                    f"WHERE o.{outbox.WAITS} AND coalesce(g.heard_ms, 0) < ? LIMIT 1",
                    now.ms - orders.QUIET_MS,
                )
                and now.ms - away.of(db).back_ms >= orders.QUIET_MS
            )  # each has its time to come back to us
        if not waiting:
            return False
        with self._store.write() as db:
            return bool(orders.reroute(db, now))

    def _trust(self, now: Now) -> bool:
        """Send settings over the air, revocations, rotation, counter tables: see trust/periodic.py."""
        data_dir = self._store.path.parent
        if site.problem(data_dir):  # no site yet, or told on every page
            return False
        secret = site.load(data_dir)
        with self._store.read() as db:
            hour = local_hour(now.wall, db.setting("time_zone", "WIB"))
            if not periodic.due(db, now, secret, hour):
                return False
        with self._store.write() as db:
            periodic.step(db, now, secret, hour)
        return True

    def _night_watch(self, now: Now) -> bool:
        """Open and close turns of the ronda, before anything that they have missed is looked for."""
        with self._store.read() as db:
            if not turns.due(db, now):
                return False
        with self._store.write() as db:
            return bool(turns.run_due(db, now))

    def watch_soon(self) -> None:
        """Look for warnings with the next round: somebody changed facts that they depend on."""
        self._watched_ms = 0
        self._store.bell.ring()

    def _watch(self, now: Now) -> bool:
        """Update warnings: read first, write only when one opens, closes or is due to be told again."""
        if now.ms - self._watched_ms < WATCH_MS:
            return False
        self._watched_ms = now.ms
        path = self._store.path.parent
        self._tell_calls(now, path)
        with self._store.read() as db:
            if not any(warnings.changes(db, now, path)):
                return False
        with self._store.write() as db:
            warnings.apply(db, now, path)
        return True

    def _tell_calls(self, now: Now, path: Path) -> None:
        """Tell gateways changed policies or agreed people: they page by themselves while we are silent."""
        with self._store.read() as db:
            digest = gateway_calls.changed(db)
        if digest is None or site.problem(path):
            return
        with self._store.write() as db:
            if db.setting(gateway_calls.TOLD):  # the first time every gateway is told by its own start
                directory.announce(db, now, site.load(path))
            db.set_setting(gateway_calls.TOLD, digest)

    def _housekeeping(self, now: Now) -> None:
        if now.ms - self._saved_ms >= STEADY_SAVE_MS:
            self._saved_ms = now.ms
            with self._store.write(ring=False) as db:
                coming_back.save(db, self._clock)
                self._highest_wall(db, now)
            self._keep(now)
        if now.ms - self._trimmed_ms >= TRIM_MS:
            self._trimmed_ms = now.ms
            with self._store.write(ring=False) as db:
                for trim in (alarms.trim, last_heard.trim, retention.run, outbox.trim):
                    failures.contained(db, now, codes.TRIMMING, trim, db, now)
            self._patrol()

    def keep(self) -> None:
        """Write the copy that survives a damaged database now, from any thread; a full disk is told
        elsewhere."""
        try:
            self._keep(self._now())
        except (OSError, sqlite3.Error):
            log.exception("what survives a damaged database is not on disk")

    def _keep(self, now: Now) -> None:
        if not mending.is_known(self._store.path.parent):
            return
        with self._keeping, self._store.read() as db:
            if not rows.is_odd(db):  # what was kept before is worth more than damaged values
                self._keeper.keep(db, now.ms)

    @staticmethod
    def _highest_wall(db: Db, now: Now) -> None:
        """Keep the latest wall time: one that goes back behind it is a warning, until it proves right."""
        since_ms = db.number("wall_back_ms")
        back = now.wall < db.number("wall_ms")
        if not back or (since_ms and now.ms - since_ms >= CLOCK_TRUSTED_MS):
            db.set_setting("wall_ms", now.wall)
            db.set_setting("wall_back_ms", 0)
        elif not since_ms:
            db.set_setting("wall_back_ms", now.ms)

    def _patrol(self) -> None:
        """Look through the record, a part at a time; what does not fit becomes a warning."""
        for table in chain.WORDS:
            with self._store.read() as db:
                found = json.dumps(chain.patrol(db, table))
            with self._store.write(ring=False) as db:
                db.set_setting(f"patrol_{table}", found)
