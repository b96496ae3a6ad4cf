"""Warga: houses and people, with consent, addresses and duties; moving out and in, empty houses."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.channels.sms import Sms
from kentongan_hub.people import residents, standing, ways
from kentongan_hub.people.houses import coverage, left_empty
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, search, view, web
from kentongan_hub.web.search import Where

blueprint = Blueprint("register", __name__)
HOUSES_SHOWN = 60


@blueprint.get("/warga")
@web.needs(roles.REGISTER)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub, asked = this_hub(), search.asked(FIELDS) if request.method == "GET" else {}
    number = forms.picked("halaman", 0, 9_999)
    found, zone = search.words() if asked else [], forms.picked("rt", *forms.ZONES) if asked else 0
    lives = search.condition(found, HOUSE_TEXT)
    if zone:
        lives = search.both([lives, Where("zone = ?", (zone,))])
    elsewhere = search.condition(found, "name")
    with hub.store.read() as db:
        now, own = hub.now(), db.number("rt", 1)
        houses = db.all(
            f"SELECT * FROM houses WHERE {lives.sql} ORDER BY zone, number LIMIT ? OFFSET ?",
            *(*lives.values, HOUSES_SHOWN, number * HOUSES_SHOWN),
        )
        for house in houses:
            house["people"] = db.all(
                "SELECT id, name, head FROM people WHERE zone = ? AND house = ? AND erased_wall IS NULL "
                "ORDER BY head DESC, id",
                house["zone"],
                house["number"],
            )
            house["note"] = left_empty.note(db, now.ms, house["zone"], house["number"])
        away = db.all(
            f"SELECT id, name FROM people WHERE house = 0 AND erased_wall IS NULL AND {elsewhere.sql} "
            "ORDER BY name LIMIT ?",
            *(*elsewhere.values, HOUSES_SHOWN),
        )
        total = db.value(f"SELECT count(*) FROM houses WHERE {lives.sql}", *lives.values)
        zones = [row["zone"] for row in db.all("SELECT DISTINCT zone FROM houses ORDER BY zone")]
        every = coverage.total(coverage.houses(db, now))
    more = number + 1 if (number + 1) * HOUSES_SHOWN < total else None
    return render_template(
        "people/register.html", houses=houses, away=away, every=every, own=own, problem=problem, more=more,
        before=number - 1 if number else None, asked=asked, zones=zones, total=total,
        moves_out=residents.MOVES_OUT, moves_in=residents.MOVES_IN,
    )  # fmt: skip


FIELDS = ("cari", "rt")
HOUSE_TEXT = (
    "'rumah ' || number || ' ' || place || ' ' || coalesce((SELECT group_concat(p.name, ' ') FROM people p "
    "WHERE p.zone = houses.zone AND p.house = houses.number AND p.erased_wall IS NULL), '')"
)


def _zone() -> int:
    return forms.whole("rt", "RT", *forms.ZONES)


def _house(empty: int | None = None) -> int:
    return forms.whole("rumah", _("Rumah"), *forms.HOUSES, empty)


@blueprint.post("/warga")
@web.needs(roles.REGISTER)
def add() -> ResponseReturnValue:
    form, made = request.form, list[int]()

    def deed(db: Db, now: Now, by: Account, at: str) -> None:
        made.append(
            residents.add_person(
                db, now, by, form.get("nama", ""), _zone(), _house(0),
                form.get("setuju") == "1", form.get("kesehatan", ""), form.get("setuju_kesehatan") == "1",
                form.get("kepala") == "1", at,
            )
        )  # fmt: skip
        if form.get("nomor", "").strip():
            residents.add_address(db, now, by, made[0], Sms.name, form["nomor"], 0, at)

    return web.do(deed, url_for("register.page"), _page)


def _why() -> str:
    return request.form.get("alasan_lain", "").strip() or request.form.get("alasan", "")


HOUSE_DEEDS = {
    "daftar": lambda db, now, by, at: residents.add_house(
        db, now, by, _zone(), _house(), request.form.get("patokan", ""), at
    ),
    "keluar": lambda db, now, by, at: standing.want(
        db, now, by, "keluar", {"zone": _zone(), "house": _house(), "reason": _why()}, at
    ),
    "masuk": lambda db, now, by, at: residents.move_in(db, now, by, _zone(), _house(), _why(), at),
}


@blueprint.post("/warga/rumah/<action>")
@web.needs(roles.REGISTER)
def house(action: str) -> ResponseReturnValue:
    return web.do(HOUSE_DEEDS.get(action) or abort(404), url_for("register.page"), _page)


@blueprint.get("/warga/<int:number>")
@web.needs(roles.REGISTER)
def person(number: int) -> ResponseReturnValue:
    return _person_page(number, "")


def _person_page(number: int, problem: str) -> str:
    with this_hub().store.read() as db:
        row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", number) or abort(404)
        addresses = db.all("SELECT * FROM addresses WHERE person = ? ORDER BY id", number)
        duties = {one["duty"] for one in db.all("SELECT duty FROM duties WHERE person = ?", number)}
        accounts = db.all("SELECT id, name FROM accounts WHERE active = 1 ORDER BY name")
        off = db.value("SELECT 1 FROM accounts WHERE id = ? AND active = 0", row["account"])
        since = local_date_time(row["consent_wall"], view.site_words(db)["zone"])
    return render_template(
        "people/register_person.html", person=row, addresses=addresses, duties=duties, off=off,
        all_duties=residents.DUTIES, accounts=accounts, since=since, problem=problem,
        channels=ways.addressed(),
    )  # fmt: skip


@blueprint.get("/warga/<int:number>/persetujuan")
@web.needs(roles.REGISTER)
def consent(number: int) -> ResponseReturnValue:
    """Print one sheet to sign: data, purpose, duration, withdrawal (UU PDP 27/2022)."""
    with this_hub().store.read() as db:
        row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", number) or abort(404)
        addresses = db.all("SELECT channel, address FROM addresses WHERE person = ? ORDER BY id", number)
        site = view.site_words(db)
        since = local_date_time(row["consent_wall"], site["zone"])
    return render_template(
        "people/register_consent.html", person=row, addresses=addresses, site=site, since=since
    )


def _wanted(what: str, body: Callable[[], dict[str, Any]]) -> Callable[[Db, Now, Account, int, str], bool]:
    """Make a deed whose rule standing.py knows; `body` reads the rest of it from the form."""

    def deed(db: Db, now: Now, by: Account, number: int, at: str) -> bool:
        return standing.want(db, now, by, what, {"person": number, **body()}, at)

    return deed


PERSON_DEEDS = {
    "alamat": _wanted(
        "alamat",
        lambda: {
            "channel": request.form.get("kanal", ""),
            "address": request.form.get("alamat", ""),
            "delay_s": forms.whole("tunda", _("Tunda (dtk)"), 0, residents.DELAY_MAX_S, 0),
        },
    ),
    "hapus-alamat": _wanted("hapus-alamat", lambda: {"number": forms.picked("nomor")}),
    "tugas": _wanted("tugas", lambda: {"duties": request.form.getlist("tugas")}),
    "akun": _wanted("akun", lambda: {"account": forms.picked("akun")}),
    "tarik": _wanted("tarik", dict),
}


@blueprint.post("/warga/<int:number>/<action>")
@web.needs(roles.REGISTER)
def change(number: int, action: str) -> ResponseReturnValue:
    deed = PERSON_DEEDS.get(action) or abort(404)
    back = url_for("register.page") if action == "tarik" else url_for("register.person", number=number)
    return web.do(
        lambda db, now, by, at: deed(db, now, by, number, at), back, lambda text: _person_page(number, text)
    )
