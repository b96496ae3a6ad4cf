"""Cakupan: households by RT and what they have, and each household that lacks something."""

from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.people.houses import coverage
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("coverage", __name__)
SHOWN = 100  # houses on one page


@blueprint.get("/cakupan")
@web.needs(roles.POLICY)
def page() -> ResponseReturnValue:
    now = this_hub().now()
    zone, number = forms.picked("rt", 0, forms.ZONES[1]), forms.picked("halaman", 0, 9_999)
    lacking = request.args.get("kurang", "")
    named = roles.allows(g.account["role"], roles.REGISTER)
    with this_hub().store.read() as db:
        found, gone = coverage.houses(db, now), coverage.uninhabited(db)
        fits = [
            one
            for one in found
            if coverage.lacks(one)
            and zone in (0, one["zone"])
            and (lacking not in coverage.LACKS or lacking not in one["has"])
        ]
        part = fits[number * SHOWN : (number + 1) * SHOWN]
        names = coverage.names(db, part) if named else {}
        site = view.site_words(db)
    return render_template(
        "houses/coverage.html",
        areas=coverage.areas(found),
        every=coverage.total(found),
        houses=[_house(one, names.get((one["zone"], one["number"]), "")) for one in part],
        total=len(fits),
        gone=gone,
        zones=sorted({one["zone"] for one in found}),
        asked={"rt": zone or "", "kurang": lacking if lacking in coverage.LACKS else ""},
        lacks=coverage.LACKS,
        more=number + 1 if (number + 1) * SHOWN < len(fits) else None,
        before=number - 1 if number else None,
        site=site,
        printed=local_date_time(now.wall, site["zone"]),
    )


def _house(house: coverage.House, name: str) -> dict[str, Any]:
    return {**house, "name": name, "lacks": [coverage.LACKS[one] for one in coverage.lacks(house)]}
