"""Akun and catatan: who may enter, who is named for confidential incidents, and who did what."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.speech import code_words
from kentongan_hub.incidents import confidential
from kentongan_hub.people import access, accounts, standing
from kentongan_hub.record import audit, chain
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web
from kentongan_hub.web.pages.people import homes

blueprint = Blueprint("people", __name__)
AUDIT_LINES = 200
MARKS = ("rahasia", "bukan-rahasia", "pengganti", "bukan-pengganti", "matikan", "hidupkan")


@blueprint.get("/akun")
@web.needs(roles.ACCOUNTS)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    with this_hub().store.read() as db:
        rows = db.all("SELECT * FROM accounts ORDER BY active DESC, login")
        barred = confidential.excluded_houses(db)
        for row in rows:
            row["home"] = access.home_words(row)
            row["numbers"] = db.all(  # whoever names a person sees whom that calls
                "SELECT t.channel, t.address FROM addresses t JOIN people p ON p.id = t.person "
                "WHERE p.account = ? AND t.active = 1 ORDER BY t.id",
                row["id"],
            )
    return render_template(
        "people/people.html", people=rows, roles=roles.ROLES, never=roles.NEVER_NAMED, barred=barred,
        problem=problem, form=request.form,
    )  # fmt: skip


@blueprint.post("/akun")
@web.needs(roles.ACCOUNTS)
def add() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    now = hub.now()
    try:
        with hub.store.write() as db:
            home = homes.of_form(_("Rumahnya"))
            login = form.get("masuk", "").strip().lower()
            made = accounts.add(
                db, now.wall, login, form.get("nama", ""), form.get("peran", ""),
                form.get("sandi", ""), home=home,
            )  # fmt: skip
            access.made(db, now, g.account["id"], made, home)
            lives = access.home_said(access.lives(home))
            detail = Said(codes.ACCOUNT_AS, role=form.get("peran", ""), home=lives)
            address = request.remote_addr or ""
            audit.record(db, now.wall, g.account["login"], codes.ACCOUNT_MADE, login, detail, address)
            done = form.get("rahasia") != "1" or standing.want(
                db, now, g.account, "rahasia", {"account": made}, address
            )
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("people.page" if done else "access.page"), 303)


@blueprint.post("/akun/<int:number>/<action>")
@web.needs(roles.ACCOUNTS)
def change(number: int, action: str) -> ResponseReturnValue:
    hub = this_hub()
    now = hub.now()
    address = request.remote_addr or ""
    try:
        with hub.store.write() as db:
            if not db.value("SELECT 1 FROM accounts WHERE id = ?", number):
                abort(404)
            if action == "kecualikan":
                zone = forms.whole("rt", "RT", *forms.ZONES)
                house = forms.whole("rumah", _("Rumah"), *forms.HOUSES)
                done = confidential.exclude(
                    db, now, g.account, number, zone=zone, house=house, address=address
                )
            elif action == "sertakan":
                row = forms.picked("nomor")
                done = confidential.include(db, now, g.account, row, account=number, address=address)
            elif action in MARKS:
                done = standing.want(db, now, g.account, action, {"account": number}, address)
            else:
                abort(404)
    except LocalError as error:
        return _page(str(error)), 409
    hub.dispatch.watch_soon()
    return redirect(url_for("people.page" if done else "access.page"), 303)


@blueprint.get("/catatan")
@web.needs(roles.AUDIT)
def log() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        zone = view.site_words(db)["zone"]
        rows = db.all(
            "SELECT * FROM audit WHERE subject NOT LIKE 'rahasia-%' OR EXISTS (SELECT 1 FROM incidents "
            f"WHERE incidents.slug = audit.subject AND {confidential.condition(g.account)}) "
            "ORDER BY id DESC LIMIT ?",
            AUDIT_LINES,
        )
        last = max(0, rows[-1]["id"] - 1) if rows else 0
        checked, broken = chain.verify(db, "audit", last)
        head = chain.head(db, "audit")
    lines = [{**code_words.line(row), "time": local_date_time(row["at_wall"], zone)} for row in rows]
    return render_template(
        "people/people_record.html", lines=lines, checked=checked, broken=broken, head=head
    )
