"""Kejadian: the list, one incident with its timeline, and what people do to it."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from kentongan_wire.errors import LocalError

from kentongan_hub import audit, incidents, roles, view, web, words

blueprint = Blueprint("incident", __name__, url_prefix="/kejadian")

# address -> (permission, what it does in incidents.TRANSITIONS)
ACTIONS = {
    "datang": (roles.COME, incidents.DATANG),
    "selesai": (roles.CLOSE, incidents.TUTUP),
    "keliru": (roles.CLOSE, incidents.SALAH),
    "latihan": (roles.DRILL, incidents.TANDAI_LATIHAN),
}


@blueprint.get("")
@web.needs(roles.SEE)
def listing():
    with current_app.hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        rows = db.all(
            f"SELECT * FROM incidents WHERE {view.visible(g.account)} ORDER BY id DESC LIMIT ?",
            view.LIST_LIMIT,
        )
        cards = [view.card(db, row, zone) for row in rows]
    return render_template("kejadian.html", cards=cards)


def _find(db, slug):
    """The incident, or 404 alike for what does not exist and for what this account may not know of."""
    row = incidents.find(db, slug)
    if row is None or (row["confidential"] and not roles.may_see_confidential(g.account)):
        abort(404)
    return row


@blueprint.get("/<slug>")
@web.needs(roles.SEE)
def page(slug):
    return _page(slug, "")


def _page(slug, problem):
    hub = current_app.hub
    with hub.store.read() as db:
        row = _find(db, slug)
        zone = db.setting("time_zone", "WIB")
        # here, and only here, a named person reads where a confidential alarm came from
        card = view.card(db, {**row, "confidential": 0}, zone)
        card["confidential"] = bool(row["confidential"])
        card["advice"] = words.advice(row)
        lines = view.timeline(db, row["id"])
    if row["confidential"]:
        with hub.store.write(ring=False) as db:
            audit.record(
                db,
                hub.now().wall,
                g.account["login"],
                "lihat kejadian rahasia",
                row["slug"],
                address=request.remote_addr or "",
            )
    return render_template("satu_kejadian.html", card=card, lines=lines, problem=problem)


@blueprint.post("/<slug>/<action>")
@web.needs(roles.SEE)
def act(slug, action):
    permission, what = ACTIONS.get(action) or abort(404)
    if not roles.allows(g.account["role"], permission):
        abort(403)
    hub, address = current_app.hub, request.remote_addr or ""
    reason = request.form.get("alasan_lain", "").strip() or request.form.get("alasan", "")
    try:
        with hub.store.write() as db:
            incidents.act(db, hub.now(), _find(db, slug), what, g.account, address, reason)
    except LocalError as error:
        return _page(slug, str(error)), 409
    return _back(slug)


@blueprint.post("/<slug>/diam")
@web.needs(roles.SIREN)
def hush(slug):
    hub = current_app.hub
    with hub.store.write() as db:
        row = _find(db, slug)
        if row["confidential"]:
            abort(404)
        incidents.hush(db, hub.now(), row, g.account, request.remote_addr or "")
    return _back(slug)


def _back(slug):
    """To where the button was pressed; never to an address from outside."""
    if request.form.get("dari") == "papan":
        return redirect(url_for("board.page"), 303)
    return redirect(url_for("incident.page", slug=slug), 303)
