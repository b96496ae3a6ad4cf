"""Work around an incident: notes, hand-over, merge and split, exclusions."""

from flask import Blueprint, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Incident
from kentongan_hub.incidents import actions, confidential, merging, photos
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, pictures, web
from kentongan_hub.web.pages.incidents.incident import find, perform, show

blueprint = Blueprint("work", __name__, url_prefix="/kejadian")


@blueprint.post("/<slug>/catatan")
@web.needs(roles.COME)
def note(slug: str) -> ResponseReturnValue:
    text = request.form.get("catatan", "")
    return perform(
        slug, roles.COME, lambda db, now, row, at: actions.add_note(db, now, row, g.account, text, at)
    )


@blueprint.post("/<slug>/tidak-bisa")
@web.needs(roles.COME)
def decline(slug: str) -> ResponseReturnValue:
    return perform(slug, roles.COME, lambda db, now, row, at: actions.decline(db, now, row, g.account, at))


@blueprint.post("/<slug>/serah")
@web.needs(roles.COME)
def hand_over(slug: str) -> ResponseReturnValue:
    def deed(db: Db, now: Now, row: Incident, address: str) -> None:
        to = _account(db)
        if not roles.allows(to["role"], roles.COME) or not confidential.may_see(db, to, row):
            abort(404)
        actions.hand_over(db, now, row, g.account, to, address, request.form.get("alasan", ""))

    return perform(slug, roles.COME, deed)


def _account(db: Db) -> Account:
    return db.one("SELECT * FROM accounts WHERE id = ? AND active = 1", forms.picked("orang")) or abort(404)


@blueprint.post("/<slug>/gabung")
@web.needs(roles.CLOSE)
def merge(slug: str) -> ResponseReturnValue:
    def deed(db: Db, now: Now, row: Incident, address: str) -> None:
        merging.merge(db, now, row, find(db, request.form.get("dengan", "")), g.account, address)

    return perform(slug, roles.CLOSE, deed)


@blueprint.post("/<slug>/pisah")
@web.needs(roles.CLOSE)
def split(slug: str) -> ResponseReturnValue:
    return perform(slug, roles.CLOSE, lambda db, now, row, at: merging.split(db, now, row, g.account, at))


@blueprint.post("/<slug>/foto")
@web.needs(roles.SEE)
def photo(slug: str) -> ResponseReturnValue:
    """Take a photo from the spot; drawn anew before the transaction, which stays short."""
    with this_hub().store.read() as db:
        if not photos.may_see(db, g.account, find(db, slug)):
            abort(403)
    try:
        file = request.files.get("foto")
        if file is None:
            raise LocalError(_("gambar: pilih satu berkas PNG atau JPEG"))
        drawn = pictures.redraw(file.stream, photos.SIDE_MAX)
    except LocalError as error:
        return show(slug, str(error)), 400
    return perform(slug, roles.SEE, lambda db, now, row, at: photos.add(db, now, row, g.account, drawn, at))


@blueprint.get("/<slug>/foto/<int:number>")
@web.needs(roles.SEE)
def see_photo(slug: str, number: int) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.read() as db:
        row = find(db, slug)
        body = photos.body(db, row, number) if photos.may_see(db, g.account, row) else None
    if body is None:
        abort(404)
    if row["confidential"]:
        with hub.store.write(ring=False) as db:
            confidential.log_view(db, hub.now(), g.account, row, request.remote_addr or "")
    return Response(body, mimetype=pictures.MIME)


@blueprint.post("/<slug>/kecualikan")
@web.needs(roles.SEE)
def exclude(slug: str) -> ResponseReturnValue:
    """Take a named person out of one confidential incident, or in again; who goes out leaves it."""

    def deed(db: Db, now: Now, row: Incident, address: str) -> None:
        if not row["confidential"]:
            abort(404)
        if request.form.get("sertakan"):
            confidential.include(db, now, g.account, forms.picked("sertakan"), incident=row, address=address)
        else:
            confidential.exclude(db, now, g.account, _account(db)["id"], incident=row, address=address)

    answer = perform(slug, roles.SEE, deed)
    with this_hub().store.read() as db:
        row = actions.find(db, slug)
        gone = row is None or not confidential.may_see(db, g.account, row)
    return redirect(url_for("board.page"), 303) if gone else answer
