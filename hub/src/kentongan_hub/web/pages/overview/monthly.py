"""Rekap bulanan: what the record says of a month, on one sheet of A4."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import monthly, view, web

blueprint = Blueprint("monthly", __name__)


@blueprint.get("/rekap")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    now = this_hub().now()
    with this_hub().store.read() as db:
        site = view.site_words(db)
        month = monthly.read(request.args.get("bulan", ""), now, site["zone"])
        found = monthly.of(db, now, month, site["zone"])
    return render_template(
        "overview/monthly.html",
        site=site,
        month=month,
        found=found,
        printed=local_date_time(now.wall, site["zone"]),
    )
