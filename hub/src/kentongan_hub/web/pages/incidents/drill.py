"""Latihan: the drills that come, the one that runs, and what came of the others."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from kentongan_wire.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time, local_time
from kentongan_hub.incidents.drills import drills, posts
from kentongan_hub.web import drill_results, view, web

blueprint = Blueprint("drill", __name__)
PAST_SHOWN = 12  # a year of a monthly drill; the export has them all


@blueprint.get("/latihan")
@web.needs(roles.COME)
def page():
    return _page("")


def _page(problem, done=""):
    hub = current_app.hub
    now = hub.now()
    with hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        past = db.all(
            "SELECT * FROM drills INDEXED BY drills_ends WHERE ends_ms <= ? ORDER BY ends_ms DESC LIMIT ?",
            now.ms,
            PAST_SHOWN,
        )
        open_now = drills.running(db, now)
        ended = None if open_now else posts.ending(db, now)
        day, time = drills.next_monthly(now.wall, zone)
        shown = {
            "running": open_now and _shown(open_now, now, zone),
            "holders": posts.holders(db, open_now) if open_now else [],
            "ended": ended and _shown(ended, now, zone),
            "enders": posts.holders(db, ended, False) if ended else [],
            "coming": [_shown(row, now, zone) for row in drills.waiting(db)],
            "past": [{**_shown(row, now, zone), **_summary(db, row)} for row in past],
            "zones": sorted(
                {row["zone"] for row in db.all("SELECT DISTINCT zone FROM devices") if row["zone"]}
            ),
            "own": g.account["zone"] or db.number("rt"),
        }
    return render_template(
        "latihan.html", minutes=drills.MINUTES, problem=problem, done=done, day=day, time=time, **shown
    )


def _shown(row, now, zone):
    return {
        **row,
        "state": drills.state(row, now),
        "area": drills.area(row["zone"]),
        "when": local_date_time(row["opened_wall"] or row["planned_wall"], zone),
        "until": local_time(row["ends_wall"], zone),
        "told_at": local_date_time(row["told_wall"], zone),
    }


def _summary(db, row):
    found = drill_results.summary(db, row)
    return {
        "took_part": found["took_part"],
        "buttons": found["buttons"],
        "posts_sounded": sum(one["sounded"] > 0 for one in found["posts"]),
        "posts": len(found["posts"]),
        "answer_s": found["answer_s"],
    }


def _number(name):
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 6 else -1


def _zone(db):
    """The RT that the form names; without one the account's own."""
    return _number("rt") if "rt" in request.form else g.account["zone"] or db.number("rt")


def _deed(deed, *args, **kwargs):
    """Do it and go back to the page, or show the page with what is wrong."""
    hub = current_app.hub
    try:
        with hub.store.write() as db:
            deed(db, hub.now(), g.account, *args, at=request.remote_addr or "", **kwargs)
    except LocalError as error:
        return _page(str(error)), 400
    hub.dispatch.watch_soon()
    return redirect(url_for("drill.page"), 303)


@blueprint.post("/latihan")
@web.needs(roles.DRILL)
def start():
    """A drill that nobody planned, now."""
    with current_app.hub.store.read() as db:
        zone = _zone(db)
    what, tell = request.form.get("apa", ""), request.form.get("kabari") == "1"
    return _deed(drills.start, _number("menit"), zone, what=what, tell=tell)


@blueprint.post("/latihan/rencana")
@web.needs(roles.DRILL)
def plan():
    form = request.form
    with current_app.hub.store.read() as db:
        zone = _zone(db)
    when, monthly = (form.get("tanggal", ""), form.get("jam", "")), form.get("bulanan") == "1"
    return _deed(drills.plan, *when, _number("menit"), zone, form.get("apa", ""), monthly)


@blueprint.post("/latihan/<int:number>/<action>")
@web.needs(roles.DRILL)
def change(number, action):
    form = request.form
    if action == "mulai":
        return _deed(drills.start, 0, 0, number=number)
    if action == "akhiri":
        return _deed(drills.end, number)
    if action == "umumkan":
        return _deed(drills.announce, number)
    if action == "batal":
        return _deed(drills.cancel, number, form.get("alasan", ""), form.get("seterusnya") == "1")
    if action == "hasil":
        people = _number("hadir") if form.get("hadir", "").strip() else None
        return _deed(drills.note, number, people, form.get("catatan", ""))
    abort(404)


@blueprint.get("/latihan/<int:number>")
@web.needs(roles.COME)
def result(number):
    """What came of one drill."""
    hub = current_app.hub
    now = hub.now()
    with hub.store.read() as db:
        row = db.one("SELECT * FROM drills WHERE id = ? AND opened_ms IS NOT NULL", number) or abort(404)
        site = view.site_words(db)
        found, drill = drill_results.of(db, row), _shown(row, now, site["zone"])
    return render_template("latihan_hasil.html", drill=drill, found=found, site=site)
