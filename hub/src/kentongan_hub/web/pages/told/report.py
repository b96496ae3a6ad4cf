"""Lapor: write down what somebody told at the post, or report in confidence."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.language import _
from kentongan_hub.incidents.told import reports
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, web

blueprint = Blueprint("report", __name__)


@blueprint.get("/lapor")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, sent: bool = False) -> str:
    with this_hub().store.read() as db:
        zones = reports.zones(db)
    return render_template(
        "told/report.html", kinds=reports.KINDS, zones=zones, form=request.form, problem=problem,
        sent=sent, secret=reports.is_confidential,
    )  # fmt: skip


@blueprint.post("/lapor")
@web.needs(roles.COME)
def send() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    kind = forms.picked("jenis", otherwise=-1)
    try:
        with hub.store.write() as db:
            now, by = hub.now(), g.account["id"]
            hub.reports.check(db, now.ms, by)
            zone = forms.whole("rt", "RT", *forms.ZONES)
            house = forms.whole("rumah", _("Rumah"), *forms.HOUSES, 0)
            slug = reports.take(
                db, now, g.account, kind, zone, house,
                form.get("patokan", ""), form.get("isi", ""), request.remote_addr or "",
            )  # fmt: skip
            secret = reports.is_confidential(kind)
            hub.reports.wrote(now.ms, by, slug, secret)
    except LocalError as error:
        return _page(str(error)), 400
    if secret:
        return _page("", sent=True)  # the same page for all: who reports need not be who may read
    return redirect(url_for("incident.page", slug=slug), 303)
