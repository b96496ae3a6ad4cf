"""Kentongan: see and hear what the posts beat, choose and edit the codes of an RT, print its key."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.kinds import CODED
from kentongan_wire.settings.config import PROFILES

from kentongan_hub.base import roles, services, words
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.devices import codes
from kentongan_hub.people import contacts
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, view, web
from kentongan_hub.web.view import Shown

Own = Sequence[tuple[int, Sequence[int]]]  # kinds with codes of their own, and the strokes of each group
Draft = tuple[str, dict[int, str]]  # a profile, and strokes as typed by kind
blueprint = Blueprint("kentongan", __name__)
PX_PER_MS = 0.06


@blueprint.get("/kentongan")
@web.needs(roles.DEVICES)
def page() -> ResponseReturnValue:
    return _page()


def _page(zone: int | None = None, draft: Draft | None = None, problem: str = "") -> str:
    """Show the codes; `draft` (profile, typed strokes by kind) is shown, heard and judged, never kept."""
    with this_hub().store.read() as db:
        zones = [
            _zone(db, number, profile, own, draft if number == zone else None, problem)
            for number, (profile, own) in codes.chosen(db).items()
        ]
        site = view.site_words(db)
    profiles = [(name, codes.NAMES[name], _rows(name)) for name in PROFILES]
    return render_template("site/kentongan.html", zones=zones, profiles=profiles, site=site, coded=CODED)


def _zone(db: Db, number: int, profile: str, own: Own, draft: Draft | None, problem: str) -> Shown:
    shown = {
        "zone": number,
        "profile": profile,
        "rows": _rows(profile, own),
        "own": [kind for kind, strokes in own],
        "holders": codes.holders(db, number),
        "typed": {kind: codes.spelled(strokes) for kind, strokes in own},
        "tried": None,
        "problem": problem if draft else "",
    }
    if draft is None:
        return {**shown, "picked": profile}
    picked, typed = draft
    try:
        tried = _rows(picked, _own(typed))
    except (LocalError, KeyError):
        tried = None
    return {**shown, "picked": picked, "typed": typed, "tried": tried}


def _rows(profile: str, own: Own = ()) -> list[tuple[Any, ...]]:
    """Give [(name of the kind, code, strokes as drawn, width, strokes for the ear)]."""
    return [(words.kind(kind), *_drawn(code)) for kind, code in codes.table(profile, own)]


def _drawn(code: str) -> tuple[str, list[tuple[float, float]], int, str]:
    """Draw a code: (code, [(x, width)] of its strokes, width, 'on off on off' for the ear)."""
    steps, at, bars = codes.steps(code), 0, []
    for on, off in steps:
        bars.append((round(at * PX_PER_MS, 1), round(on * PX_PER_MS, 1)))
        at += on + off
    return code, bars, round(at * PX_PER_MS), " ".join(f"{on} {off}" for on, off in steps)


def _own(typed: dict[int, str]) -> Own:
    """Read typed codes into [(kind, groups)]; LocalError names the kind."""
    out = []
    for kind, text in typed.items():
        try:
            out.append((kind, codes.groups(codes.read(text))))
        except LocalError as error:
            raise LocalError(_("%(kind)s: %(problem)s", kind=words.kind(kind), problem=str(error))) from error
    return out


@blueprint.post("/kentongan")
@web.needs(roles.POLICY)
def choose() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    zone = forms.picked("rt", *forms.ZONES)
    profile = form.get("profil", "")
    typed = {kind: form[f"kode{kind}"].strip() for kind in CODED if form.get(f"kode{kind}", "").strip()}
    try:
        own = _own(typed)
        if form.get("coba"):
            codes.check(profile, own)
            return _page(zone, (profile, typed))
        with hub.store.write() as db:
            at = request.remote_addr or ""
            codes.choose(db, hub.now(), g.account, zone, profile, own, at)
    except LocalError as error:
        return _page(zone, (profile, typed), str(error)), 400
    return redirect(url_for("kentongan.page"), 303)


@blueprint.get("/kentongan/<int:zone>/cetak")
@web.needs(roles.DEVICES)
def printed(zone: int) -> ResponseReturnValue:
    """Print the key of an RT on one sheet, for the post's board and the houses."""
    with this_hub().store.read() as db:
        chosen = codes.chosen(db).get(zone) or abort(404)
        site = view.site_words(db)
        advice = services.fill(words.CRIME_LINE, contacts.numbers(db, zone))
        day = local_date_time(this_hub().now().wall, db.setting("time_zone", "WIB"))
    rows = _rows(*chosen)
    counts = {row[1]: " + ".join(map(str, codes.groups(row[1]))) for row in rows}
    return render_template(
        "site/kentongan_print.html", zone=zone, rows=rows, counts=counts, advice=advice, site=site, day=day
    )
