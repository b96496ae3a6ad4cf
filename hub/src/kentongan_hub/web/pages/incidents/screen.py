"""Layar pos: a tablet shows a code, a person confirms it; on it, named people answer with their PIN."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.errors import LocalError

from kentongan_hub.base import codes, roles, states
from kentongan_hub.base.clock import local_date_time, local_time
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents import actions
from kentongan_hub.people import screens
from kentongan_hub.record import audit
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import view, web
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
        nobody = not _people(db)
    for row in rows:
        row["made"] = local_date_time(row["created_wall"], zone)
        row["seen"] = local_date_time(hub.seen.get(row["id"]), zone)
    waiting = [
        (one.address, one.agent, local_time(now.wall - (now.ms - one.since_ms), zone))
        for one in hub.pairings.waiting(now.ms)
    ]
    return render_template(
        "incidents/screen_list.html", rows=rows, waiting=waiting, form=request.form, problem=problem,
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
        card, people = view.card(db, hub.now(), row, db.setting("time_zone", "WIB")), _people(db)
    chosen = request.form.get("orang", "")
    return render_template(
        "incidents/screen_pin.html", card=card, people=people, chosen=chosen, problem=problem
    )


def _people(db: Db) -> list[Account]:
    """List people who may answer here: with a PIN, and a role that may come."""
    rows = db.all("SELECT * FROM accounts WHERE active = 1 AND pin IS NOT NULL ORDER BY name")
    return [row for row in rows if roles.allows(row["role"], roles.COME)]


@blueprint.post("/kejadian/<slug>/pin")
@web.needs(roles.PIN)
def answer(slug: str) -> ResponseReturnValue:
    """Take 'saya datang' of a named person. Wrong PINs wait here and nowhere else: the calling goes on."""
    hub, form, at, screen = this_hub(), request.form, request.remote_addr or "", g.account
    now = hub.now()
    with hub.store.read() as db:
        find(db, slug)
        people = {str(row["id"]): row for row in _people(db)}
    person = people.get(form.get("orang", ""))
    if person is None:
        return _ask(slug, _("Pilih nama Anda, lalu tulis PIN.")), 400
    wait_ms = hub.pin_waits.left_ms(now.ms, screen["id"], person["id"])
    if wait_ms:
        minutes = -(-wait_ms // 60_000)
        return _ask(
            slug, _("Terlalu banyak PIN salah. Tunggu %(minutes)s menit, atau jawab dengan ponsel sendiri "
                    "atau penerima. Sirene dan panggilan tetap berjalan.", minutes=minutes),  # fmt: skip
        ), 429  # fmt: skip
    right = hub.pin_checks.check({"password": person["pin"]}, form.get("pin", ""))
    if right is None:
        return _ask(slug, _("Sedang penuh. Coba lagi.")), 429
    if not right:
        hub.pin_waits.failed(now.ms, screen["id"], person["id"])
        with hub.store.write(ring=False) as db:
            audit.record(db, now.wall, screen["name"], codes.PIN_WRONG, person["login"], address=at)
        return _ask(slug, _("PIN tidak cocok. Coba lagi, atau pilih nama yang benar.")), 403
    hub.pin_waits.worked(screen["id"], person["id"])
    try:
        with hub.store.write() as db:
            where = Said(codes.FROM_SCREEN, name=screen["name"])
            actions.act(db, hub.now(), find(db, slug), states.DATANG, person, at, where)
    except LocalError as error:
        return _ask(slug, str(error)), 409
    return redirect(url_for("board.page", tercatat=slug, oleh=person["id"]), 303)
