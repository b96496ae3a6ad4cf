"""Bunyikan sirene: a named person has it sounded, at the post by PIN; asked twice, and stopped here too."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.language import Text, _
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.told import raised
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import by_pin, forms, view, web
from kentongan_hub.web.pages.incidents.incident import find

blueprint = Blueprint("raised", __name__, url_prefix="/bunyikan")

REASONS = (
    _("Diceritakan warga di pos"),
    _("Dilihat sendiri saat ronda"),
    _("Telepon dari warga"),
    _("Diminta petugas"),
)


@blueprint.get("")
@web.needs(roles.SIREN, roles.PIN)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        cards = [view.card(db, hub.now(), row, zone) for row in raised.listed(db)]
        places, own = raised.zones(db), db.number("rt", 1)
        people = by_pin.people(db, roles.SIREN)
    return render_template(
        "told/raised.html",
        cards=cards,
        kinds=raised.KINDS,
        zones=places,
        own=own,
        reasons=REASONS,
        people=people,
        screen=by_pin.is_screen(),
        form=request.form,
        problem=problem,
    )


def _asked() -> tuple[int, int, str]:
    """Read the form: kind, RT, reason."""
    kind = forms.picked("jenis", otherwise=-1)
    zone = forms.picked("rt", *forms.ZONES)
    return kind, zone, request.form.get("alasan_lain", "").strip() or request.form.get("alasan", "")


@blueprint.post("")
@web.needs(roles.SIREN, roles.PIN)
def send() -> ResponseReturnValue:
    """Ask once more, with what will happen; then by whom, and do it."""
    hub, at, sure = this_hub(), request.remote_addr or "", request.form.get("yakin") == "1"
    kind, zone, reason = _asked()
    try:
        if not sure:
            return _confirm(kind, zone, reason, "")
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            slug = raised.sound(db, hub.now(), person, kind, zone, reason, screen, at)
    except by_pin.Refused as error:
        return _confirm(kind, zone, reason, error.args[0]), error.code
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("board.page") if screen else url_for("incident.page", slug=slug), 303)


def _confirm(kind: int, zone: int, reason: str, problem: Text | str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        raised.allowed(db, kind, zone, reason)
        people, also = by_pin.people(db, roles.SIREN), raised.also(db, kind, zone)
        later, later_s = ([], 0) if also else raised.later(db, kind, zone)
    return render_template(
        "told/raised_confirm.html",
        kind=kind,
        zone=zone,
        also=also,
        later=later,
        later_s=later_s,
        reason=reason,
        people=people,
        screen=by_pin.is_screen(),
        chosen=request.form.get("orang", ""),
        problem=problem,
    )


@blueprint.post("/<slug>/diam")
@web.needs(roles.SIREN, roles.PIN)
def hush(slug: str) -> ResponseReturnValue:
    """Stop its sirens; the incident stays open until somebody closes it."""
    hub = this_hub()
    with hub.store.read() as db:
        if not find(db, slug)["raised_by"]:
            abort(404)
    try:
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            actions.hush(db, hub.now(), find(db, slug), person, request.remote_addr or "", screen)
    except by_pin.Refused as error:
        return _page(str(error)), error.code
    return redirect(url_for("raised.page"), 303)
