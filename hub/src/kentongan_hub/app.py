"""create_app: the pages and the API over one data directory."""

import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from flask import g, request
from flask.templating import Environment
from flask.typing import ResponseReturnValue
from jinja2 import pass_context, pass_eval_context
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from kentongan_wire import __version__
from kentongan_wire.base.errors import LocalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

from kentongan_hub.api import gateways, openapi, technicians
from kentongan_hub.base import language, roles, site, words
from kentongan_hub.base.clock import Clock
from kentongan_hub.base.entries.typed import typed
from kentongan_hub.people import ways
from kentongan_hub.shared.hub import Hub, HubApp, this_hub
from kentongan_hub.web import web
from kentongan_hub.web.pages.houses import coverage, house_list, left_empty
from kentongan_hub.web.pages.incidents import board, drill, incident, incident_work, screen, shift
from kentongan_hub.web.pages.overview import first_use, monthly, more, state
from kentongan_hub.web.pages.people import access, contacts, entry, invite, people, register
from kentongan_hub.web.pages.site import (
    channels,
    device,
    devices,
    kentongan,
    plan,
    policy,
    settings,
    storage,
    trust,
    warnings,
)
from kentongan_hub.web.pages.told import announcements, answer, raised, report, rollcall
from kentongan_hub.web.pages.watch import attendance, guard, roster, rounds

T = TypeVar("T")
log = logging.getLogger("kentongan.hub")
PAGES = (
    *(entry, board, incident_work, incident, devices, device, drill, policy, warnings, channels),
    *(trust, kentongan, register, report, shift, storage, people, more),
    *(invite, screen, contacts, settings, plan, access, monthly, first_use),
    *(raised, announcements, rollcall, answer, coverage, house_list, left_empty),
    *(state, guard, roster, rounds, attendance),
)
STATIC_AGE_S = 3_600  # static files change only with the version, which is in their address
SETUP_CODE_DIGITS = 8


class RowNumber(IntegerConverter):
    """Whole numbers in addresses that a row can have; others are no page at all."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=(1 << 63) - 1)


def _shown(value: object) -> object:
    """Write a value of {{ }}: a text of ours in the language of who asks, commands as typed here."""
    return language.shown(value, _typed)


def _typed(text: Any) -> Any:
    return typed(text, this_hub().data_dir) if "kentongan-hub" in text else text


@pass_context
def _command(context: Context, text: Any) -> Any:
    """Write a command in a template as typed here; with a context, for jinja keeps what needs none."""
    return _typed(text)


@pass_eval_context
def _joined(context: EvalContext, texts: Iterable[object], sign: str = "") -> Any:
    """Join as jinja does, texts in the language of who asks."""
    return do_join(context, [_shown(one) for one in texts], sign)


class HubFlask(HubApp):
    """Renders each page in the language of who asks: a text of ours is translated where {{ }} shows it."""

    jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "finalize": _shown}

    def create_jinja_environment(self) -> Environment:
        made = super().create_jinja_environment()
        made.globals["_"] = language._
        made.filters.update(shown=_shown, join=_joined, typed=_command)
        return made

    def preprocess_request(self) -> ResponseReturnValue | None:
        return self._again(super().preprocess_request)

    def dispatch_request(self) -> ResponseReturnValue:
        return self._again(super().dispatch_request)

    def _again(self, deed: Callable[[], T]) -> T:
        """Make a page again that failed on a damaged row, once the row is put right."""
        try:
            return deed()
        except (HTTPException, LocalError):
            raise
        except Exception:
            if not self.hub.mend() or request.method not in ("GET", "HEAD"):
                raise
            log.exception("request failed on damaged values, which are replaced now")
            return deed()


def create_app(data_dir: Path, clock: Clock | None = None, dispatch: bool = True) -> HubFlask:
    """Make the Flask application; `app.hub` is its Hub. `dispatch` starts its worker."""
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


def _broken(error: Exception) -> ResponseReturnValue:
    log.error("request failed", exc_info=error)
    return web.error_page(error)


def _without_keys(error: Exception) -> ResponseReturnValue:
    log.error("%s", error)
    return web.without_keys(error)


def _script_texts() -> str:
    """Give the texts of the scripts in web/static, in the language of who asks."""
    return json.dumps({str(one.msgid): language.shown(one) for one in words.SCRIPT}, ensure_ascii=False)


def _context() -> dict[str, Any]:
    """Give every template its common names."""
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
        "storage_problem": this_hub().problem(),
        "may": lambda permission: account is not None and roles.allows(account["role"], permission),
    }
