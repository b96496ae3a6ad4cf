"""Serah terima malam: who is tonight's operator, handed over in two taps."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents import actions, confidential, mute
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("shift", __name__)


@blueprint.get("/serah-terima")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    with this_hub().store.read() as db:
        zone = view.site_words(db)["zone"]
        people = [
            one
            for one in db.all(
                "SELECT * FROM accounts WHERE active = 1 AND id != ? ORDER BY name", g.account["id"]
            )
            if roles.allows(one["role"], roles.COME)
        ]
        since = db.number("operator_wall")
        shown = {"operator": db.setting("operator"), "since": local_date_time(since, zone) if since else ""}
    return render_template(
        "incidents/shift.html", people=people, reasons=mute.HAND_OVER, problem=problem, **shown
    )


@blueprint.post("/serah-terima")
@web.needs(roles.COME)
def hand_over() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    now, address = hub.now(), request.remote_addr or ""
    reason = form.get("alasan", "") or form.get("pesan", "")
    if not reason.strip():
        return _page(_("Alasan belum diisi. Pilih atau tulis satu alasan singkat.")), 400
    with hub.store.write() as db:
        number = forms.picked("orang")
        to = db.one("SELECT * FROM accounts WHERE id = ? AND active = 1", number, of=Account) or abort(404)
        if not roles.allows(to["role"], roles.COME):
            abort(404)
        for row in mute.hand_over(db, now, g.account, to, reason, form.get("pesan", ""), address):
            if confidential.may_see(db, to, row):  # a confidential incident stays with who may know of it
                actions.hand_over(db, now, row, g.account, to, address)
    return redirect(url_for("board.page"), 303)
