"""Keadaan: what works and since when, for anyone who stands at the post; no person and no house is in it.

Posts, relays and gateways are named, for they are everybody's; buttons and chimes stand in homes and are
counted. Medians are those of the month's sheet: of a month, over real alarms, nothing confidential.
"""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles, words
from kentongan_hub.base.clock import Now, local_date_time
from kentongan_hub.base.tables import Device
from kentongan_hub.devices import deaf, health, supervision
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import monthly, view, web

blueprint = Blueprint("state", __name__)
EVERYBODYS = ("sirene", "penerus")  # the others stand in homes


@blueprint.get("/keadaan")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    now = this_hub().now()
    with this_hub().store.read() as db:
        site = view.site_words(db)
        found = health.health(db, now)
        month = monthly.read("", now, site["zone"])
        months = [
            {"shown": one.shown, **monthly.of(db, now, one, site["zone"])["all"]}
            for one in (month, month.other(-1))
        ]
        last = db.value("SELECT max(opened_wall) FROM drills WHERE opened_wall <= ?", now.wall)
        shown = {
            "gateways": health.gateways(db, now),
            "devices": _devices(db, now, site["zone"]),
            "homes": [one for one in found["counts"] if one[0] in _at_home()],
            "drilled": local_date_time(last, site["zone"]),
        }
    return render_template(
        "overview/state.html",
        site=site,
        months=months,
        well=supervision.TERHUBUNG,
        now=local_date_time(now.wall, site["zone"]),
        **shown,
    )


def _at_home() -> list[str]:
    return [words.DEVICE_ROLES[role] for role in ("tombol", "penerima")]


def _devices(db: Db, now: Now, zone: str) -> list[dict[str, Any]]:
    """List what is everybody's: its state, when it was heard and tested last, what is wrong with it."""
    rows: list[Device] = db.all(
        "SELECT * FROM devices WHERE revoked = 0 AND pending = 0 AND role IN (?, ?) "
        "ORDER BY role DESC, label",
        *EVERYBODYS,
    )
    gone = deaf.of(db, now)
    return [
        {
            "label": row["label"],
            "place": "" if row["house"] else row["place"],
            "role": words.DEVICE_ROLES[row["role"]],
            "state": supervision.device_link(row, now.ms, gone),
            "broken": bool(row["siren_fault"]),
            "heard": local_date_time(row["heard_wall"], zone),
            "tested": local_date_time(row["tested_wall"], zone),
            "post": row["role"] == "sirene",
        }
        for row in rows
    ]
