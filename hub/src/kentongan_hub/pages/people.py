"""Akun and catatan: who may enter, who is named for confidential incidents, and who did what."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from kentongan_wire.errors import LocalError

from kentongan_hub import accounts, audit, chain, confidential, register, roles, view, web
from kentongan_hub.clock import local_date_time

blueprint = Blueprint("people", __name__)
AUDIT_LINES = 200


@blueprint.get("/akun")
@web.needs(roles.ACCOUNTS)
def page():
    return _page("")


def _page(problem):
    with current_app.hub.store.read() as db:
        rows = db.all("SELECT * FROM accounts ORDER BY active DESC, login")
        barred = confidential.excluded_houses(db)
    return render_template(
        "akun.html", people=rows, roles=roles.ROLES, never=roles.NEVER_NAMED, barred=barred, problem=problem
    )


@blueprint.post("/akun")
@web.needs(roles.ACCOUNTS)
def add():
    hub, form = current_app.hub, request.form
    now = hub.now()
    try:
        with hub.store.write() as db:
            accounts.add(
                db,
                now.wall,
                form.get("masuk", "").strip(),
                form.get("nama", ""),
                form.get("peran", ""),
                form.get("sandi", ""),
                form.get("rahasia") == "1",
            )
            _note(db, now, "akun dibuat", form.get("masuk", ""), form.get("peran", ""))
            if form.get("rahasia") == "1":
                _note(db, now, "disetujui untuk kejadian rahasia", form.get("masuk", ""))
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("people.page"), 303)


def _note(db, now, what, subject, detail=""):
    audit.record(db, now.wall, g.account["login"], what, subject, detail, request.remote_addr or "")


@blueprint.post("/akun/<int:number>/<action>")
@web.needs(roles.ACCOUNTS)
def change(number, action):
    hub = current_app.hub
    now = hub.now()
    address = request.remote_addr or ""
    try:
        with hub.store.write() as db:
            row = db.one("SELECT * FROM accounts WHERE id = ?", number) or abort(404)
            if action == "kecualikan":
                house = {"zone": _whole("rt", 255), "house": _whole("rumah", register.HOUSE_MAX)}
                confidential.exclude(db, now, g.account, number, **house, address=address)
                return redirect(url_for("people.page"), 303)
            if action == "sertakan":
                row = _whole("nomor", 1 << 31)
                confidential.include(db, now, g.account, row, account=number, address=address)
                return redirect(url_for("people.page"), 303)
            _change(db, row, action)
            _note(db, now, f"akun: {action}", row["login"])
    except LocalError as error:
        return _page(str(error)), 409
    return redirect(url_for("people.page"), 303)


def _whole(name, limit):
    text = request.form.get(name, "").strip()
    return int(text) if text.isdecimal() and len(text) < 11 and int(text) <= limit else 0


def _change(db, row, action):
    if action in ("matikan", "hidupkan"):
        if row["id"] == g.account["id"]:
            raise LocalError("Akun sendiri tidak bisa dimatikan. Minta admin lain.")
        db.run("UPDATE accounts SET active = ? WHERE id = ?", int(action == "hidupkan"), row["id"])
    elif action in ("rahasia", "bukan-rahasia"):
        if action == "rahasia" and row["role"] in roles.NEVER_NAMED:
            raise LocalError("Layar pos tidak boleh melihat kejadian rahasia.")
        db.run(
            "UPDATE accounts SET named_for_confidential = ? WHERE id = ?", int(action == "rahasia"), row["id"]
        )
    else:
        abort(404)
    # whatever changed, the person enters again with what is true now
    db.run("DELETE FROM sessions WHERE account = ? AND account != ?", row["id"], g.account["id"])


@blueprint.get("/catatan")
@web.needs(roles.AUDIT)
def log():
    with current_app.hub.store.read() as db:
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
    lines = [{**row, "time": local_date_time(row["at_wall"], zone)} for row in rows]
    return render_template("catatan.html", lines=lines, checked=checked, broken=broken, head=head)
