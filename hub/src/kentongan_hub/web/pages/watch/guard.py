"""Ronda: who has the post, check-in by PIN on its screen, "aman" every hour, the hand-over note."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now, local_date_time, local_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people.watch import at_post, roster, turns
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import by_pin, forms, view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("guard", __name__, url_prefix="/ronda")
DAY_MS = 86_400_000
ON_PAGE = (turns.PRESENT, turns.WELL, turns.HANDED)  # a house is noted by its sticker


@blueprint.get("")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, done: str = "") -> str:
    hub = this_hub()
    now, screen = hub.now(), by_pin.is_screen()
    with hub.store.read() as db:
        site, running = view.site_words(db), turns.running(db)
        shown = {
            "post": at_post.post(db, now),
            "turns": [_turn(db, row, site["zone"]) for row in running],
            "notes": _notes(db, now, site["zone"]),
            "people": _first(by_pin.people(db, roles.COME), running, db),
            "there": any(turns.is_there(db, row["id"], g.account["id"]) for row in running),
            "due": [] if screen else _due(db, running),
            "unsure": turns.clock_unsure(db, now),
            "clock": local_date_time(now.wall, site["zone"]),
        }
    return render_template(
        "watch/guard.html", screen=screen, site=site, form=request.form, problem=problem, done=done, **shown
    )


def _turn(db: Db, row: turns.Turn, zone: str) -> Shown:
    some = turns.marks(db, row["id"])
    came = {one["account"] for one in some}
    duties = db.all("SELECT * FROM watch_duties WHERE turn = ?", row["id"])
    missing = [
        roster.name_of(db, one["account"])
        for one in duties
        if one["state"] == roster.DUE and one["account"] not in came
    ]
    return {
        "squad": roster.label(row["zone"], row["name"]),
        "begin": local_time(row["begin_wall"], zone),
        "until": local_time(row["end_wall"], zone),
        "doubt": turns.DOUBTS.get(row["doubt"], ""),
        "missing": sorted(missing),
        "excused": sorted(
            roster.name_of(db, one["account"]) for one in duties if one["state"] == roster.EXCUSED
        ),
        "marks": [
            {
                "time": local_time(one["at_wall"], zone),
                "person": one["person"],
                "what": turns.SHOWN.get(one["what"], one["what"]),
                "house": one["house"],
                "way": turns.WAYS.get(one["way"], ""),
            }
            for one in reversed(some[-12:])
        ],
    }


def _notes(db: Db, now: Now, zone: str) -> list[Shown]:
    """List what was handed over within a day, the newest first."""
    rows = db.all(
        "SELECT m.note, m.at_wall, a.name FROM watch_marks m JOIN accounts a ON a.id = m.account "
        "WHERE m.what = ? AND m.note != '' AND m.at_ms > ? ORDER BY m.id DESC LIMIT 3",
        *(turns.HANDED, now.ms - DAY_MS),
    )
    return [{**row, "time": local_date_time(row["at_wall"], zone)} for row in rows]


def _first(people: list[Account], running: list[turns.Turn], db: Db) -> list[Account]:
    """Order the names on the screen: those on duty now come first."""
    due = {
        row["account"]
        for turn in running
        for row in db.all(
            "SELECT account FROM watch_duties WHERE turn = ? AND state = ?", turn["id"], roster.DUE
        )
    }
    return sorted(people, key=lambda one: one["id"] not in due)


def _due(db: Db, running: list[turns.Turn]) -> list[Account]:
    """List for an officer who has not come yet, to be written in by hand."""
    if not roles.allows(g.account["role"], roles.REGISTER) or not running:
        return []
    marks = ", ".join("?" * len(running))
    return db.all(
        "SELECT DISTINCT a.* FROM watch_duties d JOIN accounts a ON a.id = d.account "
        f"WHERE d.turn IN ({marks}) AND d.state = 'due' AND a.active = 1 AND NOT EXISTS "
        "(SELECT 1 FROM watch_marks m WHERE m.turn = d.turn AND m.account = d.account) ORDER BY a.name",
        *[row["id"] for row in running],
    )


@blueprint.post("")
@web.needs(roles.COME, roles.PIN)
def mark() -> ResponseReturnValue:
    """Note 'hadir', 'aman' or 'serah' of the person whose PIN it is, or whose account."""
    hub, at, what = this_hub(), request.remote_addr or "", request.form.get("apa", "")
    try:
        if what not in ON_PAGE:
            raise LocalError(_("Muat ulang halaman."))
        person, screen = by_pin.doer(roles.COME)
        way = turns.BY_PIN if screen else turns.BY_ACCOUNT
        note = request.form.get("pesan", "") if what == turns.HANDED else ""
        with hub.store.write() as db:
            turns.mark(db, hub.now(), person, what, way, screen=screen, note=note, at=at)
    except LocalError as error:
        return _page(str(error)), by_pin.code_of(error, 400)
    hub.dispatch.watch_soon()
    return redirect(url_for("guard.page"), 303)


@blueprint.post("/catat")
@web.needs(roles.REGISTER)
def write_in() -> ResponseReturnValue:
    """Write in somebody who is there without a PIN or telephone; the officer's name stands on the record."""

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        person = {one["id"]: one for one in roster.able(db)}.get(forms.picked("orang"))
        if person is None or person["id"] == by["id"]:
            raise LocalError(_("Pilih orang lain; untuk diri sendiri pakai PIN di pos atau stiker."))
        turns.mark(db, now, person, turns.PRESENT, turns.WRITTEN, by=by, at=at)

    return web.do(deed, url_for("guard.page"), _page)
