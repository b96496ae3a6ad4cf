"""Penyiapan: what a new site still needs, each with its page; empty once all is done."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import first_use, web

blueprint = Blueprint("first_use", __name__)


@blueprint.get("/penyiapan")
@web.needs(roles.REGISTER)
def page() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        steps = first_use.steps(first_use.gather(db))
    left = [one for one in steps if one.missing]
    return render_template("overview/first_use.html", left=left, count=len(steps))
