"""Kentongan: see and hear what the posts beat, choose the profile of an RT, print its key."""

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from kentongan_wire.errors import LocalError

from kentongan_hub import kentongan, roles, view, web, words

blueprint = Blueprint("kentongan", __name__)
PX_PER_MS = 0.06


@blueprint.get("/kentongan")
@web.needs(roles.DEVICES)
def page():
    return _page("")


def _page(problem):
    tried = request.args.get("coba", "").strip()[:40]
    wrong = kentongan.conflicts({0: tried}) if tried and tried != kentongan.TITIR else []
    with current_app.hub.store.read() as db:
        zones = [
            {"zone": zone, "profile": profile, "pending": kentongan.pending(db, zone)}
            for zone, profile in kentongan.chosen(db).items()
        ]
        site = view.site_words(db)
    profiles = [
        (
            name,
            kentongan.NAMES[name],
            [(words.kind(kind), *_drawn(code)) for kind, code in kentongan.table(name)],
        )
        for name in kentongan.CODES
    ]
    return render_template(
        "kentongan.html", zones=zones, profiles=profiles, problem=problem, site=site,
        tried=tried, wrong=wrong, drawn=_drawn(tried) if tried and not wrong else None,
    )  # fmt: skip


def _drawn(code):
    """(code, [(x, width)] of its strokes, width of the picture, 'on off on off' for the ear)."""
    steps, at, bars = kentongan.steps(code), 0, []
    for on, off in steps:
        bars.append((round(at * PX_PER_MS, 1), round(on * PX_PER_MS, 1)))
        at += on + off
    return code, bars, round(at * PX_PER_MS), " ".join(f"{on} {off}" for on, off in steps)


@blueprint.post("/kentongan")
@web.needs(roles.POLICY)
def choose():
    hub, form = current_app.hub, request.form
    zone = int(form["rt"]) if form.get("rt", "").isdecimal() and len(form["rt"]) < 4 else 0
    try:
        with hub.store.write() as db:
            at = request.remote_addr or ""
            kentongan.choose(db, hub.now(), g.account, zone, form.get("profil", ""), at)
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("kentongan.page"), 303)
