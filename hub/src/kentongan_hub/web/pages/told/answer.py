"""Jawab: the answer link of a message on a phone. A POST alone answers; who opens the link is asked first."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.incidents.calling import links
from kentongan_hub.incidents.calling.links import Outcome
from kentongan_hub.shared.hub import this_hub

blueprint = Blueprint("answer", __name__, url_prefix="/jawab")

CODES = {Outcome.COMING: 200, Outcome.TESTED: 200, Outcome.UNKNOWN: 404}  # of the others: 410, gone


@blueprint.get("/<token>")
def page(token: str) -> ResponseReturnValue:
    """Ask: a preview of the link, or a scanner, must not answer. Nothing is told of the incident."""
    return render_template("told/answer.html", address=request.path, said="")


@blueprint.post("/<token>")
def press(token: str) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.write() as db:
        outcome = links.press(db, hub.now(), token)
    said = links.SAID[outcome]
    return render_template("told/answer.html", address="", said=said), CODES.get(outcome, 410)
