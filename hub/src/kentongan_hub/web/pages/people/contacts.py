"""Kontak: numbers to call by hand, for everybody to read, with the day each was last checked."""

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles, services
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.people import contacts
from kentongan_hub.record import away
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("contacts", __name__)


@blueprint.get("/kontak")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        zone, days = view.site_words(db)["zone"], contacts.check_days(db)
        rows, gone = db.all("SELECT * FROM contacts ORDER BY zone, number = '', id"), away.of(db)
    now_ms = hub.now().ms
    for row in rows:
        row["checked"] = local_date_time(row["verified_wall"], zone)
        row["old"] = contacts.is_old(row, gone, now_ms, days)
    return render_template(
        "people/contacts.html",
        rows=rows,
        days=days,
        services=services.SERVICES,
        problem=problem,
        form=request.form,
    )


def _values() -> contacts.Values:
    form = request.form
    return {
        "name": form.get("nama", ""),
        "number": form.get("nomor", ""),
        "service": form.get("layanan", ""),
        "zone": forms.whole("rt", "RT", 0, forms.ZONES[1], 0),
    }


def _do(deed: web.Deed) -> ResponseReturnValue:
    return web.do(deed, url_for("contacts.page"), _page)


@blueprint.post("/kontak")
@web.needs(roles.POLICY)
def add() -> ResponseReturnValue:
    return _do(lambda db, now, by, at: contacts.save(db, now, by, None, _values(), at))


DEEDS = {
    "ubah": lambda db, now, by, number, at: contacts.save(db, now, by, number, _values(), at),
    "dicek": contacts.verified,
    "hapus": contacts.drop,
}


@blueprint.post("/kontak/<int:number>/<action>")
@web.needs(roles.POLICY)
def change(number: int, action: str) -> ResponseReturnValue:
    deed = DEEDS.get(action) or abort(404)
    return _do(lambda db, now, by, at: deed(db, now, by, number, at))
