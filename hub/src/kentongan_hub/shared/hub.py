"""The parts that every request shares, and the way to them."""

import logging
import secrets
import sqlite3
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from kentongan_hub.base import site
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.language import _
from kentongan_hub.base.speech import code_words
from kentongan_hub.incidents.told import reports
from kentongan_hub.people import accounts, pins, screens
from kentongan_hub.record import rows
from kentongan_hub.shared import live
from kentongan_hub.upkeep import coming_back, mending
from kentongan_hub.upkeep.dispatch import Dispatch

log = logging.getLogger("kentongan.hub")
SETUP_CODE_DIGITS = 8


class Hub:
    """The parts that every request shares."""

    def __init__(self, data_dir: str | Path, clock: Clock | None = None) -> None:
        self.data_dir = Path(data_dir)
        self.store = mending.open_store(self.data_dir)
        self._whole_rows()
        with self.store.read() as db:
            self.clock = clock or Clock.of(db)
        self._started()
        self.attempts = accounts.Attempts()
        self.guesses = accounts.Guesses()
        self.passwords = accounts.Passwords()
        self.pin_checks = accounts.Passwords()  # of its own: a flood of logins takes no turn from a PIN
        self.pin_waits = pins.Waits()
        self.pairings = screens.Pairings()
        self.reports = reports.Lately()
        self.seen: dict[int, int] = {}  # account -> wall ms of its last look, since this process began
        self.boards = live.Boards(self.store.bell)
        self.dispatch = Dispatch(self.store, self.clock)
        # one use, never stored: a stranger on the Wi-Fi does not see the console
        self.setup_code = "".join(secrets.choice("0123456789") for _ in range(SETUP_CODE_DIGITS))

    def _whole_rows(self) -> None:
        """Replace damaged values before anything reads them, the clock's own numbers among it."""
        try:
            with self.store.write(ring=False) as db:
                rows.mend(db, Now(db.number("steady_ms"), Clock().wall_ms()))
        except sqlite3.Error:
            log.exception("damaged values could not be looked for")

    def _started(self) -> None:
        try:
            with self.store.write(ring=False) as db:
                coming_back.started(db, self.clock)
        except sqlite3.Error:  # a full card: alarms are taken as soon as it takes a byte again
            log.exception("the hub's own absence could not be noted")

    def problem(self) -> str:
        """Name the trouble of this hub's storage, in a few words for every page; '' when there is none."""
        try:
            with self.store.read() as db:
                damage = mending.damage(db)
        except sqlite3.Error as error:  # the page that says so must not need what is broken
            return _("PENYIMPANAN GAGAL: %(error)s; alarm disimpan gerbang", error=error)
        keys = site.problem(self.data_dir) if self.has_site() else ""
        if keys:
            return _("BERKAS KUNCI SITUS RUSAK: %(keys)s; alarm berjalan, pengaturan alat tidak", keys=keys)
        if damage:
            rest = _("berkas lama disisihkan, alarm berjalan dengan yang baru")
            return _("BASIS DATA RUSAK: %(why)s; %(rest)s", why=code_words.say(damage["why"]), rest=rest)
        failing = self.store.failing
        return _("PENYIMPANAN GAGAL: %(failing)s; alarm disimpan gerbang", failing=failing) if failing else ""

    def has_site(self) -> bool:
        """Recognize a site, also one whose file of keys is gone: nobody sets up another one over it."""
        return mending.is_known(self.data_dir)

    def mend(self, because_of: str | None = None) -> int:
        """Replace values that cannot be, after something has failed (rows.py); their number, none unless the
        table `because_of` is damaged."""
        try:
            with self.store.read() as db:
                if not rows.is_odd(db, because_of):
                    return 0
            with self.store.write() as db:
                return rows.mend(db, self.now())
        except sqlite3.Error:
            log.exception("damaged values could not be looked for")
            return 0

    def now(self) -> Now:
        return Now(self.clock.steady_ms(), self.clock.wall_ms())


class HubApp(Flask):
    """A Flask application that serves one hub's data directory."""

    hub: Hub


def this_app() -> HubApp:
    """Find the application that serves this request, to be kept beyond it."""
    return cast(HubApp, current_app)._get_current_object()  # type: ignore[attr-defined]  # its proxy has it


def this_hub() -> Hub:
    """Find the hub that serves this request."""
    return cast(HubApp, current_app).hub
