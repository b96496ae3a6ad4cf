"""Stiker ronda: a sheet of QR stickers, and the page that one opens to note who came by."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.people.houses import left_empty
from kentongan_hub.people.watch import stickers, turns
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import by_pin, forms, view, web
from kentongan_hub.web.pages.people import invite

blueprint = Blueprint("rounds", __name__, url_prefix="/ronda")
SHEET = 24  # stickers on a sheet


@blueprint.get("/stiker")
@web.needs(roles.REGISTER)
def sheet() -> ResponseReturnValue:
    """Show the post's sticker and those of a RT's houses, to be printed and cut."""
    hub = this_hub()
    if not _has_secret():
        with hub.store.write(ring=False) as db:
            stickers.ready(db)
    number = forms.picked("halaman", 0, 9_999)
    with hub.store.read() as db:
        site = view.site_words(db)
        zone = forms.picked("rt", *forms.ZONES, otherwise=db.number("rt", 1))
        root = (db.setting("address") or request.url_root).rstrip("/")
        places = [(0, ""), *_houses(db, zone)]
        part = places[number * SHEET : (number + 1) * SHEET]
        shown = [
            {
                "house": house,
                "place": place,
                "qr": invite.qr_svg(root + url_for("rounds.page", house=stickers.address(db, zone, house))),
            }
            for house, place in part
        ]
        zones = sorted({zone, *(row["zone"] for row in db.all("SELECT DISTINCT zone FROM houses"))})
    return render_template(
        "watch/rounds_sheet.html",
        site=site,
        stickers=shown,
        zone=zone,
        zones=zones,
        here=root.split("//", 1)[1].startswith(invite.LOOPBACK),
        more=number + 1 if (number + 1) * SHEET < len(places) else None,
        before=number - 1 if number else None,
    )


def _has_secret() -> bool:
    with this_hub().store.read() as db:
        return bool(db.setting(stickers.SECRET))


def _houses(db: Db, zone: int) -> list[tuple[int, str]]:
    rows = db.all(
        "SELECT number, place FROM houses WHERE zone = ? UNION "
        "SELECT house, '' FROM devices WHERE zone = ? AND house > 0 AND revoked = 0 AND house NOT IN "
        "(SELECT number FROM houses WHERE zone = ?) ORDER BY 1",
        *(zone, zone, zone),
    )
    return [(row["number"], row["place"]) for row in rows]


@blueprint.get("/r/<house>")
@web.needs(roles.COME, roles.PIN)
def page(house: str) -> ResponseReturnValue:
    """Ask before anything is noted: telephones look at links before people do."""
    return _page(house, "")


def _page(text: str, problem: str, done: str = "") -> str:
    hub = this_hub()
    with hub.store.read() as db:
        zone, house = stickers.read(db, text) or abort(404)
        site, people = view.site_words(db), by_pin.people(db, roles.COME)
        seen = db.one(
            "SELECT m.at_wall, a.name FROM watch_marks m JOIN accounts a ON a.id = m.account "
            "WHERE m.zone = ? AND m.house = ? AND m.way = ? ORDER BY m.id DESC LIMIT 1",
            *(zone, house, turns.BY_STICKER),
        )
        empty = left_empty.is_away(db, hub.now(), zone, house)
    return render_template(
        "watch/rounds.html", site=site, text=text, zone=zone, house=house, people=people, empty=empty,
        screen=by_pin.is_screen(), problem=problem, done=done, chosen=request.form.get("orang", ""),
        seen={"name": seen["name"], "time": local_date_time(seen["at_wall"], site["zone"])} if seen else None,
    )  # fmt: skip


@blueprint.post("/r/<house>")
@web.needs(roles.COME, roles.PIN)
def pass_by(house: str) -> ResponseReturnValue:
    """Note that this person came by the house; at the post's own sticker, that they are there."""
    hub, at = this_hub(), request.remote_addr or ""
    with hub.store.read() as db:
        zone, number = stickers.read(db, house) or abort(404)
    try:
        person, screen = by_pin.doer(roles.COME)
        with hub.store.write() as db:
            now, what = hub.now(), turns.HOUSE if number else turns.PRESENT
            turns.mark(db, now, person, what, turns.BY_STICKER, place=(zone, number), screen=screen, at=at)
            if number and left_empty.is_away(db, now, zone, number):
                left_empty.look_at(db, now, person, zone, number, at)
    except LocalError as error:
        return _page(house, str(error)), by_pin.code_of(error, 400)
    hub.dispatch.watch_soon()
    return redirect(url_for("guard.page"), 303)
