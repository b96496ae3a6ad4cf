"""Papan siaga: the live board, as a page, as a fragment to poll, and as a stream."""

from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.base import language, roles
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents import confidential
from kentongan_hub.people import accounts
from kentongan_hub.shared import live
from kentongan_hub.shared.hub import this_app, this_hub
from kentongan_hub.web import view, web

blueprint = Blueprint("board", __name__)


CSRF_MARK = "@@csrf@@"  # in the shared rendering; every viewer gets an own token instead


def shown_to(account: Account, fresh: bool = True) -> live.Shown:
    """Render the board for this account, once for all who see and press the same."""
    hub = this_hub()

    def make() -> dict[str, Any]:
        now = hub.now()
        with hub.store.read() as db:
            shown = view.board(db, now, account)
        html = render_template("incidents/board_cards.html", csrf_value=CSRF_MARK, **shown)
        waiting = [card["slug"] for card in shown["cards"] if not card["answered"] and not card["drill"]]
        return {
            "versi": view.version(html),
            "menunggu": waiting,
            "ulang": sum(card["alerts"] for card in shown["cards"]),
            "html": html,
        }

    with hub.store.read() as db:
        viewer = confidential.viewer(db, account)
    return hub.boards.get((viewer, language.current()), make, fresh)


def board_of(account: Account, csrf: str) -> dict[str, Any]:
    """Give {"versi", "html", "jam", ...} for this account."""
    board = shown_to(account).board
    html = board["html"].replace(CSRF_MARK, csrf)
    return {**board, "html": html, "jam": this_hub().clock.steady_ms()}


def _confirmation() -> str:
    """Show where one is expected now; on a post's screen, the person who has just answered (screen.py)."""
    slug, who = request.args.get("tercatat", ""), request.args.get("oleh", "")
    with this_hub().store.read() as db:
        return render_template(
            "incidents/board_confirmation.html", answered=view.answered(db, g.account, slug, who)
        )


@blueprint.get("/papan/tercatat")
@web.needs(roles.SEE)
def confirmation() -> ResponseReturnValue:
    return _confirmation()


@blueprint.get("/papan")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        words = view.site_words(db)
    return render_template(
        "incidents/board.html",
        board=board_of(g.account, web.csrf_token()),
        confirmation=_confirmation(),
        site=words,
        wall_ms=this_hub().clock.wall_ms(),
    )


@blueprint.get("/papan/isi")
@web.needs(roles.SEE)
def poll() -> ResponseReturnValue:
    board = board_of(g.account, web.csrf_token())
    if request.args.get("versi") == board["versi"]:
        board = {"versi": board["versi"], "jam": board["jam"]}
    return jsonify(board)


@blueprint.get("/papan/aliran")
@web.needs(roles.SEE)
def stream() -> ResponseReturnValue:
    app, token, csrf = this_app(), g.session_token, web.csrf_token()
    hub = app.hub
    seat, spoken = (token, g.account["id"]), language.current()
    if not hub.boards.seats.take(*seat):
        abort(503)

    def look() -> live.Look | None:
        with app.test_request_context("/papan"):
            with hub.store.read() as db:
                account = accounts.of_session(db, hub.clock.steady_ms(), token)
            if account is None or not roles.allows(account["role"], roles.SEE):
                return None
            g.account = account
            language.use(spoken)
            shown = shown_to(account, fresh=False)
            return shown, shown.text.replace(CSRF_MARK, csrf), hub.clock.steady_ms()

    response = Response(hub.boards.stream(look), mimetype="text/event-stream")
    # also when the reader left before the first byte
    response.call_on_close(lambda: hub.boards.seats.leave(*seat))
    response.headers["X-Accel-Buffering"] = "no"
    return response
