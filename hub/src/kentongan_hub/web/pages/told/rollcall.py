"""Saya aman: the roll-call of houses after a disaster, by RT; begun, marked, ended by people; printed."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time, local_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.incidents.told import rollcall
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import by_pin, forms, view, web
from kentongan_hub.web.pages.incidents.incident import find as incident_of

blueprint = Blueprint("rollcall", __name__, url_prefix="/aman")
HOUSE = "rumah-"  # field of each house in the form: rumah-12


@blueprint.get("")
@web.needs(roles.SEE)
def listing() -> ResponseReturnValue:
    return _listing("")


def _listing(problem: str) -> str:
    with this_hub().store.read() as db:
        rows = [_shown(db, row) for row in rollcall.listed(db)]
        people = by_pin.people(db, roles.SIREN)
    return render_template(
        "told/rollcall.html", rows=rows, people=people, screen=by_pin.is_screen(), form=request.form,
        problem=problem,
    )  # fmt: skip


def _shown(db: Db, row: rollcall.RollCall) -> dict[str, Any]:
    zone = db.setting("time_zone", "WIB")
    slug = db.value("SELECT slug FROM incidents WHERE id = ? AND confidential = 0", row["incident"])
    return {
        **row,
        "area": view.area(row["zone"]),
        "since": local_date_time(row["begun_wall"], zone),
        "ended": local_date_time(row["ended_wall"], zone) if row["ended_wall"] else "",
        "counts": rollcall.counts(db, row),
        "slug": slug or "",
    }


@blueprint.post("")
@web.needs(roles.SIREN, roles.PIN)
def begin() -> ResponseReturnValue:
    """Begin one by hand, or from the incident that the form names."""
    hub, form, at = this_hub(), request.form, request.remote_addr or ""
    try:
        zone = forms.whole("rt", "RT", 0, forms.ZONES[1], 0)
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            incident = incident_of(db, form["kejadian"]) if form.get("kejadian") else None
            reason = form.get("alasan", "")
            number = rollcall.begin(db, hub.now(), person, zone, reason, incident, screen, at)
    except LocalError as error:
        return _listing(str(error)), by_pin.code_of(error, 400)
    return redirect(url_for("rollcall.page", number=number), 303)


def _found(db: Db, number: int) -> rollcall.RollCall:
    return rollcall.find(db, number) or abort(404)


@blueprint.get("/<int:number>")
@web.needs(roles.SEE)
def page(number: int) -> ResponseReturnValue:
    return _page(number, "")


def _page(number: int, problem: str) -> str:
    with this_hub().store.read() as db:
        row = _found(db, number)
        shown, areas = _shown(db, row), rollcall.areas(db, row)
        zone, name = db.setting("time_zone", "WIB"), db.setting("name", "Kentongan")
        people = by_pin.people(db, roles.COME)
    for area in areas:
        for house in area["houses"]:
            house["time"] = local_time(house["wall"], zone) if house["wall"] else ""
    return render_template(
        "told/rollcall_houses.html", row=shown, areas=areas, states=rollcall.STATES, people=people,
        screen=by_pin.is_screen(), site_name=name, form=request.form, problem=problem,
    )  # fmt: skip


def _marked() -> dict[int, str]:
    """Read what the form says of houses; what is no house of ours is left to mark() to refuse."""
    out = {}
    for field, state in request.form.items():
        if field.startswith(HOUSE):
            out[numerals.whole(field.removeprefix(HOUSE), *forms.HOUSES) or 0] = state
    return out


@blueprint.post("/<int:number>/tandai")
@web.needs(roles.COME, roles.PIN)
def mark(number: int) -> ResponseReturnValue:
    hub, zone = this_hub(), forms.picked("rt", *forms.ZONES)
    with hub.store.read() as db:
        _found(db, number)
    try:
        person, screen = by_pin.doer(roles.COME)
        with hub.store.write() as db:
            row, at = _found(db, number), request.remote_addr or ""
            rollcall.mark(db, hub.now(), person, row, zone, _marked(), screen, at)
    except LocalError as error:
        return _page(number, str(error)), by_pin.code_of(error, 409)
    return redirect(url_for("rollcall.page", number=number, _anchor=f"rt-{zone}"), 303)


@blueprint.post("/<int:number>/akhiri")
@web.needs(roles.SIREN, roles.PIN)
def end(number: int) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.read() as db:
        _found(db, number)
    try:
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            rollcall.end(db, hub.now(), person, _found(db, number), screen, request.remote_addr or "")
    except by_pin.Refused as error:
        return _page(number, str(error)), error.code
    return redirect(url_for("rollcall.page", number=number), 303)
