"""Umumkan: announcements without a siren, by account or by PIN at the post; listed, and ended early."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.incidents.told import announcements
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import by_pin, forms, view, web

blueprint = Blueprint("announcements", __name__, url_prefix="/umumkan")
LONGEST = max(max(kind.minutes) for kind in announcements.KINDS.values())


@blueprint.get("")
@web.needs(roles.SIREN, roles.PIN)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        rows = [
            {**row, **view.announced(row, zone), "since": local_date_time(row["made_wall"], zone)}
            for row in announcements.opened(db)
        ]
        people = by_pin.people(db, roles.SIREN)
    kinds = {
        key: kind
        for key, kind in announcements.KINDS.items()
        if by_pin.is_screen() or roles.allows(g.account["role"], kind.permission)
    }
    return render_template(
        "told/announcements.html",
        rows=rows,
        kinds=kinds,
        minutes=sorted({one for kind in kinds.values() for one in kind.minutes}),
        people=people,
        screen=by_pin.is_screen(),
        form=request.form,
        problem=problem,
    )


@blueprint.post("")
@web.needs(roles.SIREN, roles.PIN)
def send() -> ResponseReturnValue:
    hub, form, at = this_hub(), request.form, request.remote_addr or ""
    try:
        zone = forms.whole("rt", "RT", 0, forms.ZONES[1], 0)
        minutes = forms.picked("menit", 0, LONGEST)
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            announcements.make(
                db, hub.now(), person, form.get("jenis", ""), zone, form.get("isi", ""), minutes,
                form.get("suara") == "1", form.get("yakin") == "1", screen, at,
            )  # fmt: skip
    except LocalError as error:
        return _page(str(error)), by_pin.code_of(error, 400)
    return redirect(url_for("board.page"), 303)


@blueprint.post("/<int:number>/akhiri")
@web.needs(roles.SIREN, roles.PIN)
def end(number: int) -> ResponseReturnValue:
    hub = this_hub()
    try:
        person, screen = by_pin.doer(roles.SIREN)
        with hub.store.write() as db:
            announcements.end(db, hub.now(), person, number, screen, request.remote_addr or "")
    except LocalError as error:
        return _page(str(error)), by_pin.code_of(error, 409)
    return redirect(url_for("announcements.page"), 303)
