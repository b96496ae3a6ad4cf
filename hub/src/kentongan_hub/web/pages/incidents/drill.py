"""Latihan: the drills that come, the one that runs, and what came of the others."""

from collections.abc import Callable

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now, local_date_time, local_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents.drills import drills, posts
from kentongan_hub.incidents.tables import Drill
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import drill_results, forms, view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("drill", __name__)
PAST_SHOWN = 12  # a year of a monthly drill; the export has them all


@blueprint.get("/latihan")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, done: str = "") -> str:
    hub = this_hub()
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
        "incidents/drill.html",
        minutes=drills.MINUTES,
        problem=problem,
        done=done,
        day=day,
        time=time,
        **shown,
    )


def _shown(row: Drill, now: Now, zone: str) -> Shown:
    return {
        **row,
        "state": drills.state(row, now),
        "area": drills.area(row["zone"]),
        "when": local_date_time(row["opened_wall"] or row["planned_wall"], zone),
        "until": local_time(row["ends_wall"], zone),
        "told_at": local_date_time(row["told_wall"], zone),
    }


def _summary(db: Db, row: Drill) -> Shown:
    found = drill_results.summary(db, row)
    return {
        "took_part": found["took_part"],
        "buttons": found["buttons"],
        "posts_sounded": sum(one["sounded"] > 0 for one in found["posts"]),
        "posts": len(found["posts"]),
        "answer_s": found["answer_s"],
    }


def _zone(db: Db) -> int:
    """Read the RT that the form names; without one the account's own."""
    if "rt" in request.form:
        return forms.whole("rt", "RT", 0, forms.ZONES[1])
    return g.account["zone"] or db.number("rt")


def _do(deed: web.Deed) -> ResponseReturnValue:
    return web.do(deed, url_for("drill.page"), _page)


@blueprint.post("/latihan")
@web.needs(roles.DRILL)
def start() -> ResponseReturnValue:
    """Start a drill that nobody planned, now."""
    what, tell = request.form.get("apa", ""), request.form.get("kabari") == "1"
    return _do(
        lambda db, now, by, at: drills.start(
            db, now, by, forms.picked("menit"), _zone(db), what=what, tell=tell, at=at
        )
    )


@blueprint.post("/latihan/rencana")
@web.needs(roles.DRILL)
def plan() -> ResponseReturnValue:
    form = request.form
    when, monthly = (form.get("tanggal", ""), form.get("jam", "")), form.get("bulanan") == "1"
    return _do(
        lambda db, now, by, at: drills.plan(
            db, now, by, *when, forms.picked("menit"), _zone(db), form.get("apa", ""), monthly, at
        )
    )


def _note(db: Db, now: Now, by: Account, number: int, at: str) -> None:
    came = request.form.get("hadir", "").strip()
    people = forms.whole("hadir", _("Berapa orang hadir"), 0, drills.PEOPLE_MAX) if came else None
    drills.note(db, now, by, number, people, request.form.get("catatan", ""), at)


def _cancel(db: Db, now: Now, by: Account, number: int, at: str) -> None:
    form = request.form
    drills.cancel(db, now, by, number, form.get("alasan", ""), form.get("seterusnya") == "1", at)


DEEDS: dict[str, Callable[[Db, Now, Account, int, str], object]] = {
    "mulai": lambda db, now, by, number, at: drills.start(db, now, by, 0, 0, number=number, at=at),
    "akhiri": drills.end,
    "umumkan": drills.announce,
    "batal": _cancel,
    "hasil": _note,
}


@blueprint.post("/latihan/<int:number>/<action>")
@web.needs(roles.DRILL)
def change(number: int, action: str) -> ResponseReturnValue:
    deed = DEEDS.get(action) or abort(404)
    return _do(lambda db, now, by, at: deed(db, now, by, number, at))


@blueprint.get("/latihan/<int:number>")
@web.needs(roles.COME)
def result(number: int) -> ResponseReturnValue:
    """Show the result of one drill."""
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        row = db.one(
            "SELECT * FROM drills WHERE id = ? AND opened_ms IS NOT NULL", number, of=Drill
        ) or abort(404)
        site = view.site_words(db)
        found, drill = drill_results.of(db, now, row), _shown(row, now, site["zone"])
    return render_template("incidents/drill_result.html", drill=drill, found=found, site=site)
