"""Rekap hadir ronda: a month by person and by turn, on paper and as a table to export."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.base.clock import local_date_time, local_time
from kentongan_hub.people.watch import attendance, roster, turns
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import monthly, view, web

blueprint = Blueprint("attendance", __name__, url_prefix="/ronda/rekap")
COLUMNS = (attendance.CAME, attendance.MISSED, attendance.LEAVE, attendance.REPLACED, attendance.HELPED,
           attendance.UNKNOWN)  # fmt: skip


@blueprint.get("")
@web.needs(roles.COME)
def page() -> ResponseReturnValue:
    now = this_hub().now()
    with this_hub().store.read() as db:
        site = view.site_words(db)
        month = monthly.read(request.args.get("bulan", ""), now, site["zone"])
        stretch = month.begin(site["zone"]), month.other(1).begin(site["zone"])
        found = attendance.lines(db, *stretch)
        counts = attendance.turns_of(db, now, found, *stretch)
    zone = site["zone"]
    lines = [
        {
            **line,
            "when": local_date_time(line["turn"]["begin_wall"], zone),
            "squad": roster.label(line["turn"]["zone"], line["turn"]["name"]),
            "state_words": attendance.STATES[line["state"]],
            "came": local_time(line["came_wall"], zone),
            "way_words": turns.WAYS.get(line["way"], ""),
            "doubt": turns.DOUBTS.get(line["turn"]["doubt"], ""),
        }
        for line in found
    ]
    return render_template(
        "watch/attendance.html", site=site, month=month, people=attendance.people(found), lines=lines,
        counts=counts, columns=[(one, attendance.STATES[one]) for one in COLUMNS],
        printed=local_date_time(now.wall, zone),
    )  # fmt: skip
