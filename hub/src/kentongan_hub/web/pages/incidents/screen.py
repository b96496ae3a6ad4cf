"""Layar pos: a tablet shows a code, a person confirms it; on it, named people answer with their PIN."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles, states
from kentongan_hub.base.clock import local_date_time, local_time
from kentongan_hub.base.said import Said
from kentongan_hub.incidents import actions
from kentongan_hub.people import screens
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import by_pin, view, web
from kentongan_hub.web.pages.incidents.incident import find
from kentongan_hub.web.pages.people.entry import begin

blueprint = Blueprint("screen", __name__)
COOKIE = "kentongan_layar"


@blueprint.get("/layar")
def show() -> ResponseReturnValue:
    """Show a tablet without an account its code, and the board once a person has confirmed it."""
    hub = this_hub()
    if g.account:
        return redirect(url_for("board.page"))
    now = hub.now()
    agent, at = request.headers.get("User-Agent", ""), request.remote_addr or ""
    token, one = hub.pairings.show(now.ms, request.cookies.get(COOKIE, ""), at, agent)
    if one.account is not None:
        hub.pairings.finish(token)
        with hub.store.write() as db:
            if not db.value("SELECT 1 FROM accounts WHERE id = ? AND active = 1", one.account):
                return redirect(url_for("screen.show"))
            response = begin(db, now, one.account, screens.SESSION_MS)
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
        return response
    response = current_app.make_response(render_template("incidents/screen.html", code=one.code))
    web.set_cookie(response, COOKIE, token, screens.WAIT_MS // 1000)
    return response


@blueprint.get("/layar/pos")
@web.needs(roles.INVITE)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        zone, rows = view.site_words(db)["zone"], screens.listed(db)
        nobody = not by_pin.with_pin(db, roles.COME)
    shown = [
        {
            **row,
            "made": local_date_time(row["created_wall"], zone),
            "seen": local_date_time(hub.seen.get(row["id"]), zone),
        }
        for row in rows
    ]
    waiting = [
        (one.address, one.agent, local_time(now.wall - (now.ms - one.since_ms), zone))
        for one in hub.pairings.waiting(now.ms)
    ]
    return render_template(
        "incidents/screen_list.html", rows=shown, waiting=waiting, form=request.form, problem=problem,
        nobody=nobody, address=url_for("screen.show", _external=True),
    )  # fmt: skip


@blueprint.post("/layar/pos")
@web.needs(roles.INVITE)
def pair() -> ResponseReturnValue:
    hub, form, at = this_hub(), request.form, request.remote_addr or ""
    now = hub.now()
    try:
        with hub.store.write(ring=False) as db:
            account = screens.add(db, now, g.account, form.get("nama", ""), at)
            hub.pairings.confirm(now.ms, form.get("kode", "").replace(" ", ""), account)
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("screen.page"), 303)


@blueprint.post("/layar/pos/<int:number>/cabut")
@web.needs(roles.INVITE)
def revoke(number: int) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.write() as db:
        if not screens.revoke(db, hub.now(), g.account, number, request.remote_addr or ""):
            abort(404)
    return redirect(url_for("screen.page"), 303)


@blueprint.get("/kejadian/<slug>/pin")
@web.needs(roles.PIN)
def ask(slug: str) -> ResponseReturnValue:
    return _ask(slug, "")


def _ask(slug: str, problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        row = find(db, slug)
        card, people = (
            view.card(db, hub.now(), row, db.setting("time_zone", "WIB")),
            by_pin.people(db, roles.COME),
        )
    chosen = request.form.get("orang", "")
    return render_template(
        "incidents/screen_pin.html", card=card, people=people, chosen=chosen, problem=problem
    )


@blueprint.post("/kejadian/<slug>/pin")
@web.needs(roles.PIN)
def answer(slug: str) -> ResponseReturnValue:
    """Take 'saya datang' of a named person."""
    hub, at = this_hub(), request.remote_addr or ""
    with hub.store.read() as db:
        find(db, slug)
    try:
        person, screen = by_pin.doer(roles.COME)
        with hub.store.write() as db:
            where = Said(codes.FROM_SCREEN, name=screen)
            actions.act(db, hub.now(), find(db, slug), states.DATANG, person, at, where)
    except by_pin.Refused as error:
        return _ask(slug, str(error)), error.code
    except LocalError as error:
        return _ask(slug, str(error)), 409
    return redirect(url_for("board.page", tercatat=slug, oleh=person["id"]), 303)
