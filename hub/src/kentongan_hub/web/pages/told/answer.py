"""Jawab: the answer link of a message on a phone. A POST alone answers; who opens the link is asked first."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.base.language import _
from kentongan_hub.incidents.calling import links
from kentongan_hub.incidents.calling.links import Outcome
from kentongan_hub.shared.hub import this_hub

blueprint = Blueprint("answer", __name__, url_prefix="/jawab")

WORDS = {
    Outcome.COMING: (_("Anda tercatat datang"), 200),
    Outcome.AGAIN: (_("Tautan ini sudah dipakai. Lihat papan, atau telepon pos."), 410),
    Outcome.OLD: (_("Panggilan ini sudah lama. Lihat papan, atau telepon pos."), 410),
    Outcome.CLOSED: (_("Kejadian ini sudah ditutup. Tidak perlu datang."), 410),
    Outcome.UNKNOWN: (_("Tautan ini tidak dikenal. Jawab di papan, atau telepon pos."), 404),
}


@blueprint.get("/<token>")
def page(token: str) -> ResponseReturnValue:
    """Ask: a preview of the link, or a scanner, must not answer. Nothing is told of the incident."""
    return render_template("told/answer.html", address=request.path, said="")


@blueprint.post("/<token>")
def press(token: str) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.write() as db:
        outcome = links.press(db, hub.now(), token)
    said, code = WORDS[outcome]
    return render_template("told/answer.html", address="", said=said), code
