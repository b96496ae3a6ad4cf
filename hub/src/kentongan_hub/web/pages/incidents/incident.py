"""Kejadian: the list, one incident with its timeline, and the steps that people take."""

from collections.abc import Callable

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.tables import Incident
from kentongan_hub.incidents import actions, confidential, photos
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.incidents.told import rollcall
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import search, view, web
from kentongan_hub.web.pages.incidents import incident_list

blueprint = Blueprint("incident", __name__, url_prefix="/kejadian")

# address -> (permission, event in states.TABLE)
ACTIONS = {
    "terima": (roles.COME, states.TERIMA),
    "datang": (roles.COME, states.DATANG),
    "tiba": (roles.COME, states.TIBA),
    "bantuan": (roles.COME, states.BANTUAN),
    "selesai": (roles.CLOSE, states.TUTUP),
    "keliru": (roles.CLOSE, states.SALAH),
    "latihan": (roles.DRILL, states.TANDAI_LATIHAN),
    "sungguhan": (roles.COME, states.SUNGGUHAN),
    "buka": (roles.CLOSE, states.BUKA),
}


@blueprint.get("")
@web.needs(roles.SEE)
def listing() -> ResponseReturnValue:
    before, problem = request.args.get("sebelum", ""), ""
    now = this_hub().now()
    with this_hub().store.read() as db:
        zone = db.setting("time_zone", "WIB")
        # by slug: a row's number would tell how many confidential incidents lie between two public ones
        start = actions.find(db, before)
        if start and not confidential.may_see(db, g.account, start):
            start = None
        try:
            wanted = incident_list.wanted(zone)
        except LocalError as error:
            problem, wanted = str(error), search.NOTHING
        # one walk finds the page's rows and counts the others; a page further down is not counted again
        found = db.all(
            f"SELECT id FROM incidents WHERE id < ? AND {confidential.condition(g.account)} "
            f"AND {wanted.sql} ORDER BY id DESC LIMIT ?",
            *(start["id"] if start else search.LAST, *wanted.values),
            view.LIST_LIMIT if start else search.COUNTED + 1,
        )
        rows = [incident_of(db, one["id"]) for one in found[: view.LIST_LIMIT]]
        cards = [view.card(db, now, row, zone) for row in rows]
        zones, kinds = incident_list.zones(db), incident_list.kinds(db, g.account)
    asked = search.asked(incident_list.FIELDS)
    older = {**asked, "sebelum": rows[-1]["slug"]} if len(rows) == view.LIST_LIMIT else None
    return render_template(
        "incidents/incident_list.html",
        cards=cards,
        older=older,
        asked=asked,
        total=search.counted(len(found)),
        later=start is not None,
        zones=zones,
        kinds=kinds,
        states=[(key, text) for key, (text, _condition) in incident_list.STATES.items()],
        problem=problem,
    )


def find(db: Db, slug: str) -> Incident:
    """Find the incident; 404 alike for a missing one and for one that this account may not know of."""
    row = actions.find(db, slug)
    if row is None or not confidential.may_see(db, g.account, row):
        abort(404)
    return row


@blueprint.get("/<slug>")
@web.needs(roles.SEE)
def page(slug: str) -> ResponseReturnValue:
    return show(slug, "")


def show(slug: str, problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        row = find(db, slug)
        zone = db.setting("time_zone", "WIB")
        # here, and only here, a named person reads where a confidential alarm came from
        comes = roles.allows(g.account["role"], roles.COME)
        card = view.card(db, hub.now(), row, zone, to_its_circle=True, comes=comes)
        excluded = confidential.excluded(db, row) if row["confidential"] else []
        lines = view.timeline(db, row["id"])
        others = view.joinable(db, hub.now(), g.account, row, zone) if card["open"] else []
        people = view.helpers(db, row)
        seen = photos.listed(db, row) if photos.may_see(db, g.account, row) else None
    if row["confidential"]:
        with hub.store.write(ring=False) as db:
            confidential.log_view(db, hub.now(), g.account, row, request.remote_addr or "")
    possible = {name for name, (_, event) in ACTIONS.items() if states.after(row["state"], event)}
    return render_template(
        "incidents/incident.html",
        card=card,
        lines=lines,
        problem=problem,
        others=others,
        people=people,
        excluded=excluded,
        photos=seen,
        disasters=rollcall.DISASTERS,
        possible=set() if row["merged_into"] else possible,
    )


@blueprint.post("/<slug>/<action>")
@web.needs(roles.SEE)
def act(slug: str, action: str) -> ResponseReturnValue:
    permission, what = ACTIONS.get(action) or abort(404)
    reason = request.form.get("alasan_lain", "").strip() or request.form.get("alasan", "")

    def deed(db: Db, now: Now, row: Incident, address: str) -> None:
        actions.act(db, now, row, what, g.account, address, reason)

    return perform(slug, permission, deed)


def perform(
    slug: str, permission: str, deed: Callable[[Db, Now, Incident, str], object]
) -> ResponseReturnValue:
    """Run deed(db, now, incident, address) for a person who may; back to where the button was pressed."""
    if not roles.allows(g.account["role"], permission):
        abort(403)
    hub, address = this_hub(), request.remote_addr or ""
    try:
        with hub.store.write() as db:
            deed(db, hub.now(), find(db, slug), address)
    except LocalError as error:
        return show(slug, str(error)), 409
    if request.form.get("dari") == "papan":  # never to an address from outside
        return redirect(url_for("board.page"), 303)
    return redirect(url_for("incident.page", slug=slug), 303)


@blueprint.post("/<slug>/diam")
@web.needs(roles.SIREN)
def hush(slug: str) -> ResponseReturnValue:
    def deed(db: Db, now: Now, row: Incident, address: str) -> None:
        if row["confidential"]:
            abort(404)
        actions.hush(db, now, row, g.account, address)

    return perform(slug, roles.SIREN, deed)
