"""Undangan: a person joins by a QR code shown at the post, or gets a new password by one."""

import io

import segno
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from markupsafe import Markup

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.people import invitations
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web
from kentongan_hub.web.pages.people import homes
from kentongan_hub.web.pages.people.entry import begin

blueprint = Blueprint("invite", __name__)
LISTED = 60
QR_SCALE = 6  # px a module on screen; the stylesheet makes it as wide as a phone
LOOPBACK = ("localhost", "127.", "[::1]")


@blueprint.get("/undangan")
@web.needs(roles.INVITE)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        zone, own = view.site_words(db)["zone"], db.number("rt", 1)
        rows = db.all("SELECT * FROM invitations ORDER BY id DESC LIMIT ?", LISTED)
    for row in rows:
        row["state"] = invitations.state(row, now.ms)
        row["until"] = local_date_time(row["expires_wall"], zone)
        row["used"] = local_date_time(row["used_wall"], zone)
    return render_template(
        "people/invite.html", rows=rows, roles=roles.INVITES[g.account["role"]], form=request.form, own=own,
        problem=problem,
    )  # fmt: skip


@blueprint.post("/undangan")
@web.needs(roles.INVITE)
def make() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    try:
        with hub.store.write(ring=False) as db:
            token = invitations.make(
                db, hub.now(), g.account, form.get("nama", ""), form.get("peran", ""), forms.picked("jam"),
                request.remote_addr or "", homes.of_form(_("Rumahnya")),
            )  # fmt: skip
    except LocalError as error:
        return _page(str(error)), 400
    return _show(token)


@blueprint.post("/undangan/akun/<int:number>")
@web.needs(roles.ACCOUNTS)
def recover(number: int) -> ResponseReturnValue:
    """Make a link for a forgotten password: the admin never knows the new one."""
    hub = this_hub()
    try:
        with hub.store.write(ring=False) as db:
            account = db.one("SELECT * FROM accounts WHERE id = ?", number) or abort(404)
            token = invitations.recover(db, hub.now(), g.account["login"], account, request.remote_addr or "")
    except LocalError as error:
        return _page(str(error)), 409
    return _show(token)


def _show(token: str) -> ResponseReturnValue:
    """Show the secret once, on the answer to the form: it is kept nowhere."""
    hub = this_hub()
    with hub.store.read() as db:
        row, zone = invitations.find(db, hub.now().ms, token), view.site_words(db)["zone"]
        root = db.setting("address") or request.url_root
    if row is None:  # it ended meanwhile
        return render_template("people/invite_spent.html"), 404
    address = root.rstrip("/") + url_for("invite.open_page", token=token)
    host = address.split("//", 1)[1]
    return render_template(
        "people/invite_qr.html", row=row, address=address, qr=qr_svg(address), here=host.startswith(LOOPBACK),
        until=local_date_time(row["expires_wall"], zone),
    )  # fmt: skip


def qr_svg(text: str) -> Markup:
    """Draw the code as SVG without styles or scripts, dark on light in every scheme."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=QR_SCALE, border=3, dark="#000", light="#fff", xmldecl=False, svgns=True,
        svgclass="qr", lineclass=None, omitsize=True, title="QR",
    )  # fmt: skip
    return Markup(out.getvalue().decode())


@blueprint.post("/undangan/<int:number>/batal")
@web.needs(roles.INVITE)
def end(number: int) -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.write(ring=False) as db:
        row = db.one("SELECT role, account FROM invitations WHERE id = ?", number) or abort(404)
        own = row["role"] in roles.INVITES[g.account["role"]] and row["account"] is None
        if not own and not roles.allows(g.account["role"], roles.ACCOUNTS):
            abort(403)
        invitations.end(db, hub.now(), g.account, number, request.remote_addr or "")
    return redirect(url_for("invite.page"), 303)


@blueprint.get("/u/<token>")
def open_page(token: str) -> ResponseReturnValue:
    """Show the invitation, which uses nothing up: phones look at links before people do."""
    return _open(token)


def _open(token: str, problem: str = "", code: int = 200) -> ResponseReturnValue:
    """Show the page of an invitation; 404 for one that is used up or ended, whatever was typed into it."""
    hub = this_hub()
    with hub.store.read() as db:
        row = invitations.find(db, hub.now().ms, token)
    if row is None:
        return render_template("people/invite_spent.html"), 404
    comes = roles.allows(row["role"], roles.COME)
    return render_template(
        "people/invite_open.html", row=row, token=token, comes=comes, form=request.form, problem=problem
    ), code


@blueprint.post("/u/<token>")
def accept(token: str) -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    if form.get("sandi") != form.get("sandi2"):
        return _open(token, _("Kedua sandi tidak sama. Tulis ulang."), 400)
    if form.get("pin", "") != form.get("pin2", ""):
        return _open(token, _("Kedua PIN tidak sama. Tulis ulang."), 400)
    try:
        with hub.store.write() as db:
            now = hub.now()
            row = invitations.find(db, now.ms, token)
            if row is None:
                return render_template("people/invite_spent.html"), 404
            account = invitations.take(
                db, now, row, form.get("masuk", "").strip().lower(), form.get("nama", ""),
                form.get("sandi", ""), form.get("pin", ""), request.remote_addr or "",
            )  # fmt: skip
            return begin(db, now, account)
    except LocalError as error:
        return _open(token, str(error), 400)
