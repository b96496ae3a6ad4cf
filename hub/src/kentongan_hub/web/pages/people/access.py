"""Akses: where accounts live, changes that wait for a second person, and every change that decides sight."""

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles, words
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Account
from kentongan_hub.people import access, circles, standing
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import view, web
from kentongan_hub.web.pages.people import homes

blueprint = Blueprint("access", __name__)


@blueprint.get("/akses")
@web.needs(roles.REGISTER)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    with this_hub().store.read() as db:
        zone, own = view.site_words(db)["zone"], db.number("rt", 1)
        people = db.all("SELECT * FROM accounts WHERE active = 1 AND paired_by = '' ORDER BY name")
        waiting, changes = access.waiting(db), access.history(db)
        ready, restored = len(circles.agreed(db)), bool(db.setting(access.RESTORED))
    people = [one for one in people if one["role"] not in roles.NEVER_NAMED]
    for one in people:
        one["home"], one["known"] = access.home_words(one), access.known(one)
    return render_template(
        "people/access.html",
        people=people,
        waiting=[
            {
                **one,
                "subject": code_words.name_of(one["subject"]),
                "what": words.FACTS.get(one["what"], one["what"]),
                "since": local_date_time(one["made_wall"], zone),
            }
            for one in waiting
        ],
        changes=[
            {
                **one,
                "fact": words.FACTS.get(one["fact"], one["fact"]),
                "time": local_date_time(one["at_wall"], zone),
            }
            for one in changes
        ],
        problem=problem,
        own=own,
        ready=ready,
        least=circles.AGREED_MIN,
        restored=restored,
    )


def _do(deed: web.Deed) -> ResponseReturnValue:
    return web.do(deed, url_for("access.page"), _page, refused=409)


@blueprint.post("/akses/<int:number>/rumah")
@web.needs(roles.REGISTER)
def set_home(number: int) -> ResponseReturnValue:
    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        zone, house, outside = homes.of_form(_("Rumah"), required=True)
        body = {"account": number, "zone": zone, "house": house, "outside": outside}
        standing.want(db, now, by, "rumah", body, at)

    return _do(deed)


@blueprint.post("/akses/menunggu/<int:number>/<action>")
@web.needs(roles.REGISTER)
def second(number: int, action: str) -> ResponseReturnValue:
    deeds = {"benarkan": standing.confirm, "tolak": standing.refuse}
    deed = deeds.get(action) or abort(404)
    return _do(lambda db, now, by, at: deed(db, now, by, number, at))


@blueprint.post("/akses/diperiksa")
@web.needs(roles.REGISTER)
def checked() -> ResponseReturnValue:
    """Note that after a restore somebody compared the backup with what holds."""
    return _do(lambda db, now, by, at: standing.want(db, now, by, "diperiksa", {}, at))
