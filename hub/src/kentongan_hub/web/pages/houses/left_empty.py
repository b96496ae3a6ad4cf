"""Rumah kosong: stays set beforehand, and the ronda's list of houses to look at; for who may come."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now, local_date_time, local_parts
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people.houses import left_empty
from kentongan_hub.people.houses.left_empty import Stay
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("left_empty", __name__, url_prefix="/rumah-kosong")


@blueprint.get("")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        site = view.site_words(db)
        stays = [_shown(db, now, one, site["zone"]) for one in left_empty.listed(db, now)]
        later = [_shown(db, now, one, site["zone"]) for one in left_empty.later(db, now)]
        people = db.all(
            "SELECT id, name, zone, house FROM people WHERE erased_wall IS NULL ORDER BY name, id LIMIT 2000"
        )
        own = db.number("rt", 1)
    return render_template(
        "houses/left_empty.html",
        problem=problem,
        stays=stays,
        later=later,
        people=people,
        checks=left_empty.CHECKS,
        own=forms.picked("rt", *forms.ZONES, otherwise=own),
        house=forms.picked("rumah", *forms.HOUSES) or "",
        today=local_parts(now.wall, site["zone"]).strftime("%Y-%m-%d"),
        clock=local_date_time(now.wall, site["zone"]),
        site=site,
    )


def _shown(db: Db, now: Now, stay: Stay, zone: str) -> dict[str, Any]:
    last_ms = 1  # the day on which it ends, not the midnight after it
    begin, end = stay["empty_from_wall"], stay["empty_to_wall"]
    return {
        **stay,
        "begin": local_date_time(begin, zone)[:10] if begin else "",
        "end": local_date_time(end - last_ms, zone)[:10] if end else "",
        "away": stay["empty_from_ms"] <= now.ms,
        "holder": left_empty.holder_name(db, stay),
        "called": bool(
            db.value("SELECT 1 FROM addresses WHERE person = ? AND active = 1", stay["key_person"])
        ),
        "unchecked": left_empty.unchecked(stay),
        "seen": local_date_time(stay["seen_wall"], zone),
    }


def _place() -> tuple[int, int]:
    return forms.whole("rt", "RT", *forms.ZONES), forms.whole("rumah", _("Rumah"), *forms.HOUSES)


@blueprint.post("")
@web.needs(roles.REGISTER)
def plan() -> ResponseReturnValue:
    form = request.form

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        checks, holder = tuple(form.getlist("sudah")), forms.picked("kunci")
        begin, end = form.get("dari", ""), form.get("sampai", "")
        left_empty.plan(db, now, by, *_place(), begin, end, holder, checks, at)

    return web.do(deed, url_for("left_empty.page"), _page)


@blueprint.post("/akhiri")
@web.needs(roles.REGISTER)
def end() -> ResponseReturnValue:
    return web.do(
        lambda db, now, by, at: left_empty.end(db, now, by, *_place(), at), url_for("left_empty.page"), _page
    )


@blueprint.post("/dilihat")
@web.needs(roles.COME)
def look_at() -> ResponseReturnValue:
    return web.do(
        lambda db, now, by, at: left_empty.look_at(db, now, by, *_place(), at),
        url_for("left_empty.page"),
        _page,
    )
