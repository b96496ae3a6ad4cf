"""create_app: the pages and the API over one data directory."""

import json
import logging
import secrets
import sqlite3

from flask import Flask, current_app, g, request
from jinja2 import pass_context, pass_eval_context
from jinja2.filters import do_join
from kentongan_wire import __version__
from kentongan_wire.errors import LocalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from kentongan_hub.api import gateways, openapi, technicians
from kentongan_hub.base import code_words, language, roles, site, words
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.language import _
from kentongan_hub.base.typed import typed
from kentongan_hub.incidents import reports
from kentongan_hub.people import accounts, pins, screens, ways
from kentongan_hub.record import rows
from kentongan_hub.upkeep import coming_back, mending
from kentongan_hub.upkeep.dispatch import Dispatch
from kentongan_hub.web import web
from kentongan_hub.web.live import Boards
from kentongan_hub.web.pages.incidents import board, drill, incident, incident_work, report, screen, shift
from kentongan_hub.web.pages.people import access, contacts, entry, invite, people, register
from kentongan_hub.web.pages.site import (
    channels,
    device,
    devices,
    kentongan,
    more,
    plan,
    policy,
    settings,
    storage,
    trust,
    warnings,
)

log = logging.getLogger("kentongan.hub")
PAGES = (
    *(entry, board, incident_work, incident, devices, device, drill, policy, warnings, channels),
    *(trust, kentongan, register, report, shift, storage, people, more),
    *(invite, screen, contacts, settings, plan, access),
)
STATIC_AGE_S = 3_600  # static files change only with the version, which is in their address
SETUP_CODE_DIGITS = 8


class Hub:
    """What every request shares."""

    def __init__(self, data_dir, clock=None):
        self.data_dir = data_dir
        self.store = mending.open_store(data_dir)
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
        self.seen = {}  # account -> wall ms of its last look, since this process began
        self.boards = Boards(self.store.bell)
        self.dispatch = Dispatch(self.store, self.clock)
        # one use, never stored: a stranger on the Wi-Fi does not see the console
        self.setup_code = "".join(secrets.choice("0123456789") for _ in range(SETUP_CODE_DIGITS))

    def _whole_rows(self):
        """Before anything is read that may be damaged, the clock's own numbers among it."""
        try:
            with self.store.write(ring=False) as db:
                rows.mend(db, Now(db.number("steady_ms"), Clock.wall_ms(None)))
        except sqlite3.Error:
            log.exception("damaged values could not be looked for")

    def _started(self):
        try:
            with self.store.write(ring=False) as db:
                coming_back.started(db, self.clock)
        except sqlite3.Error:  # a full card: alarms are taken as soon as it takes a byte again
            log.exception("the hub's own absence could not be noted")

    def problem(self):
        """What is wrong with this hub's own storage, in a few words for every page; '' when nothing is."""
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

    def has_site(self):
        """Also one whose file of keys is gone: nobody sets up another one over it."""
        return mending.is_known(self.data_dir)

    def mend(self, because_of=None):
        """How many values that cannot be were replaced, after something has failed (rows.py); none unless the
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

    def now(self):
        return Now(self.clock.steady_ms(), self.clock.wall_ms())


class RowNumber(IntegerConverter):
    """Whole numbers in addresses that a row can have; others are no page at all."""

    def __init__(self, url_map):
        super().__init__(url_map, max=(1 << 63) - 1)


def _shown(value):
    """What {{ }} becomes: a text of ours in the language of who asks, commands as they can be typed here."""
    return language.shown(value, _typed)


def _typed(text):
    return typed(text, current_app.hub.data_dir) if "kentongan-hub" in text else text


@pass_context
def _command(context, text):
    """A command in a template, as it can be typed here; with a context, for jinja keeps what needs none."""
    return _typed(text)


@pass_eval_context
def _joined(context, texts, sign=""):
    """Jinja's join, of texts in the language of who asks."""
    return do_join(context, [_shown(one) for one in texts], sign)


class HubFlask(Flask):
    """Renders each page in the language of who asks: a text of ours is translated where {{ }} shows it."""

    hub: Hub
    jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "finalize": _shown}

    def create_jinja_environment(self):
        made = super().create_jinja_environment()
        made.globals["_"] = language._
        made.filters.update(shown=_shown, join=_joined, typed=_command)
        return made

    def preprocess_request(self):
        return self._again(super().preprocess_request)

    def dispatch_request(self):
        return self._again(super().dispatch_request)

    def _again(self, deed):
        """A page that fails on a damaged row is made again once the row is put right."""
        try:
            return deed()
        except (HTTPException, LocalError):
            raise
        except Exception:
            if not self.hub.mend() or request.method not in ("GET", "HEAD"):
                raise
            log.exception("request failed on damaged values, which are replaced now")
            return deed()


def create_app(data_dir, clock=None, dispatch=True):
    """The Flask application; `app.hub` is its Hub. `dispatch` starts its worker, app.hub.dispatch."""
    app = HubFlask("kentongan_hub.web")
    app.hub = Hub(data_dir, clock)
    app.url_map.converters["int"] = RowNumber
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE_S
    app.config["MAX_CONTENT_LENGTH"] = gateways.BODY_LIMIT
    app.config["MAX_FORM_PARTS"] = 50
    app.before_request(web.load_account)
    app.before_request(web.check_form)
    app.after_request(web.finish)
    app.register_error_handler(HTTPException, web.error_page)
    app.register_error_handler(Exception, _broken)
    app.register_error_handler(site.Unreadable, _without_keys)
    app.context_processor(_context)
    for module in (gateways, technicians, openapi, *PAGES):
        app.register_blueprint(module.blueprint)
    if dispatch:
        app.hub.dispatch.start()
    return app


def _broken(error):
    log.error("request failed", exc_info=error)
    return web.error_page(error)


def _without_keys(error):
    log.error("%s", error)
    return web.without_keys(error)


def _script_texts():
    """What the scripts in web/static say, in the language of who asks."""
    return json.dumps({one.msgid: language.shown(one) for one in words.SCRIPT}, ensure_ascii=False)


def _context():
    """What every template may use."""
    account = g.get("account")
    return {
        "account": account,
        "csrf": web.csrf_token,
        "version": __version__,
        "language": language.current(),
        "languages": language.languages(),
        "script_texts": _script_texts,
        "words": words,
        "ways": ways,
        "storage_problem": current_app.hub.problem(),
        "may": lambda permission: account is not None and roles.allows(account["role"], permission),
    }
