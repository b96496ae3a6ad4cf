"""Jadwal ronda: squads and shifts, the next two weeks, leave and exchanged turns."""

from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now, local_date_time, local_parts, local_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people.watch import roster
from kentongan_hub.people.watch.roster import DUE, Turn
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("roster", __name__, url_prefix="/ronda/jadwal")
AHEAD_MS = 14 * 86_400_000
SHOWN = 60  # turns on the page
DAYS = (_("Senin"), _("Selasa"), _("Rabu"), _("Kamis"), _("Jumat"), _("Sabtu"), _("Minggu"))


@blueprint.get("")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        site = view.site_words(db)
        found = roster.turns(db, now.wall, now.wall + AHEAD_MS)[:SHOWN]
        turns = [_turn(db, now, one, site["zone"]) for one in found]
        shown = {
            "squads": [_squad(db, one) for one in roster.squads(db)],
            "able": roster.able(db),
            "asked": [_asked(db, one) for one in roster.asked_of(db, now, g.account["id"])],
            "own": db.number("rt", 1),
            "today": local_parts(now.wall, site["zone"]).strftime("%Y-%m-%d"),
            "clock": local_date_time(now.wall, site["zone"]),
        }
    return render_template(
        "watch/roster.html", site=site, turns=turns, swaps=_swaps(turns), reasons=roster.REASONS,
        problem=problem, **shown,
    )  # fmt: skip


def _squad(db: Db, one: roster.Squad) -> Shown:
    return {
        **one,
        "members": roster.members(db, one["id"]),
        "names": [roster.name_of(db, account) for account in roster.members(db, one["id"])],
        "shifts": [
            {
                **shift,
                "from": roster.clock_words(shift["begin"]),
                "to": roster.clock_words(shift["begin"] + shift["lasts"]),
            }
            for shift in roster.shifts(db)
            if shift["squad"] == one["id"]
        ],
    }


def _turn(db: Db, now: Now, one: Turn, zone: str) -> Shown:
    officer = roles.allows(g.account["role"], roles.REGISTER)
    duties = roster.duties(db, one.shift, one.day)
    waiting = {row["account"]: row["stand_in"] for row in roster.changes(db, one.shift, one.day)
               if row["agreed_wall"] is None}  # fmt: skip
    day = local_parts(one.begin_wall, zone)
    return {
        "shift": one.shift,
        "day": one.day,
        "key": f"{one.shift} {one.day}",
        "squad": roster.label(one.zone, one.name),
        "weekday": DAYS[day.weekday()],
        "date": local_date_time(one.begin_wall, zone)[:10],
        "begin": local_time(one.begin_wall, zone)[:5],
        "until": local_time(one.end_wall, zone),
        "runs": one.begin_wall <= now.wall,
        "people": [
            {
                "account": duty.account,
                "name": roster.name_of(db, duty.account),
                "state": duty.state,
                "instead_of": roster.name_of(db, duty.instead_of),
                "asked": roster.name_of(db, waiting.get(duty.account)),
                "mine": duty.account == g.account["id"],
                "may": duty.state == DUE
                and (officer or (duty.account == g.account["id"] and now.wall < one.begin_wall)),
            }
            for duty in duties
        ],
    }


def _swaps(turns: list[Shown]) -> list[tuple[str, str]]:
    """List whom one can exchange a turn with, by (value, words)."""
    return [
        (f"{person['account']} {one['key']}", f"{person['name']}, {one['date']} {one['begin']}")
        for one in turns
        if not one["runs"]
        for person in one["people"]
        if person["state"] == DUE
    ]


def _asked(db: Db, row: roster.Change) -> Shown:
    turn = roster.find(db, row["shift"], row["day"])
    back = db.one("SELECT * FROM watch_changes WHERE pair = ? AND ended_wall IS NULL", row["id"])
    theirs = roster.find(db, back["shift"], back["day"]) if back else None
    return {
        "id": row["id"],
        "name": roster.name_of(db, row["account"]),
        "squad": roster.label(turn.zone, turn.name),
        "when": roster.when(db, turn),
        "back": roster.when(db, theirs) if theirs else "",
    }


@blueprint.post("/regu")
@web.needs(roles.REGISTER)
def squad() -> ResponseReturnValue:
    """Make a squad, or change one."""

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        people = [numerals.whole(one, 1, numerals.ROW_MAX) or 0 for one in request.form.getlist("anggota")]
        number, zone = forms.picked("regu") or None, forms.whole("rt", "RT", *forms.ZONES)
        roster.set_squad(db, now, by, number, zone, request.form.get("nama", ""), people, at)

    return web.do(deed, url_for("roster.page"), _page)


@blueprint.post("/giliran")
@web.needs(roles.REGISTER)
def shift() -> ResponseReturnValue:
    form = request.form

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        every = forms.whole("tiap", _("Ulang tiap"), *roster.EVERY)
        times = form.get("dari", ""), form.get("jam", ""), form.get("sampai", "")
        roster.add_shift(db, now, by, forms.picked("regu"), *times, every, at)

    return web.do(deed, url_for("roster.page"), _page)


@blueprint.post("/<what>/<int:number>/hapus")
@web.needs(roles.REGISTER)
def end(what: str, number: int) -> ResponseReturnValue:
    deed = {"regu": roster.end_squad, "giliran": roster.end_shift}.get(what) or abort(404)
    return web.do(lambda db, now, by, at: deed(db, now, by, number, at), url_for("roster.page"), _page)


def _turn_of_form() -> tuple[int, str, int]:
    return forms.picked("giliran"), request.form.get("hari", ""), forms.picked("orang")


@blueprint.post("/izin")
@web.needs(roles.COME)
def excuse() -> ResponseReturnValue:
    reason = request.form.get("sebab", "")
    return web.do(
        lambda db, now, by, at: roster.excuse(db, now, by, *_turn_of_form(), reason, at),
        url_for("roster.page"),
        _page,
    )


@blueprint.post("/ganti")
@web.needs(roles.COME)
def ask() -> ResponseReturnValue:
    """Ask somebody to stand in; a value '7 3 2026-12-05' asks for that turn of theirs in exchange."""
    chosen: list[Any] = request.form.get("dengan", "").split(" ")

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        numbers = [numerals.whole(one, 1, numerals.ROW_MAX) for one in chosen[:2]]
        if len(chosen) not in (1, 3) or None in numbers:
            raise LocalError(_("ganti: pilih orang lain dari daftar"))
        back = (numbers[1] or 0, chosen[2]) if len(chosen) == 3 else None
        roster.ask(db, now, by, *_turn_of_form(), numbers[0] or 0, back, at)

    return web.do(deed, url_for("roster.page"), _page)


@blueprint.post("/ganti/<int:number>")
@web.needs(roles.COME)
def answer(number: int) -> ResponseReturnValue:
    agreed = request.form.get("jawab") == "ya"
    return web.do(
        lambda db, now, by, at: roster.answer(db, now, by, number, agreed, at), url_for("roster.page"), _page
    )
