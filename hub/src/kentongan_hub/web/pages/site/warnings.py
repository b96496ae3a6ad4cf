"""Peringatan: what needs care, whose it is, who took it; a siren's quiet test."""

import json

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Joined
from kentongan_hub.base.speech import code_words
from kentongan_hub.base.tables import Warned
from kentongan_hub.people import residents
from kentongan_hub.record import audit, away, outbox
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.upkeep import tellings, warnings
from kentongan_hub.web import view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("warnings", __name__)
CLOSED_SHOWN = 50
SHOWN_MAX = 1_000  # warnings that one form names
TEST_EXPIRES_MS = 60_000


@blueprint.get("/peringatan")
@web.needs(roles.DEVICES)
def page() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        zone = view.site_words(db)["zone"]
        closed = db.all(
            "SELECT * FROM warnings WHERE closed_ms IS NOT NULL ORDER BY closed_ms DESC LIMIT ?", CLOSED_SHOWN
        )
        open_now = tellings.grouped(warnings.open_warnings(db))
        cards, old = [_card(some, zone) for some in open_now], [_shown(row, zone) for row in closed]
        absences = [
            {**row, **{key: local_date_time(row[key], zone) for key in ("from_wall", "to_wall")}}
            for row in away.listed(db)
        ]
    return render_template("site/warnings.html", cards=cards, old=old, absences=absences)


def _card(matters: list[list[Warned]], zone: str) -> Shown:
    """Describe one card: all that nobody has taken, or all that one person has."""
    groups = [_group(some, zone) for some in matters]
    return {
        "groups": groups,
        "count": sum(one["count"] for one in groups),
        "urgent": sum(len(one["rows"]) for one in groups if one["urgent"]),
        "taken_by": groups[0]["taken_by"],
        "numbers": [row["id"] for one in groups for row in one["rows"]],
    }


def _group(some: list[Warned], zone: str) -> Shown:
    """Describe one matter: one part of a card, however many things it is about."""
    first, rows = some[0], [_shown(row, zone) for row in some]
    kinds = list(dict.fromkeys(row["what"] for row in some))
    return {
        "rows": rows,
        "count": sum(map(len, tellings.by_kind(some).values())),
        "names": [code_words.name_of(subject) for subject in dict.fromkeys(row["subject"] for row in some)],
        "what": Joined(", ", [code_words.WARNINGS.get(what, (what,))[0] for what in kinds]),
        "remedy": code_words.remedy(first["what"]),
        "urgent": any(row["urgent"] for row in some),
        "taken_by": first["taken_by"],
        "owner": rows[0]["owner"],
        "told": max(row["told"] for row in some),
        "opened": local_date_time(min(row["opened_wall"] for row in some), zone),
        "note": "; ".join(dict.fromkeys(row["note"] for row in some if row["note"])),
    }


def _shown(row: Warned, zone: str) -> Shown:
    return {
        **code_words.warning(row),
        "siren": row["what"] in (codes.SIREN_SILENT, codes.SIREN_TOLD_FAILURE),
        "owner": residents.DUTIES.get(row["owner"], row["owner"]),
        "opened": local_date_time(row["opened_wall"], zone),
        "closed": local_date_time(row["closed_wall"], zone),
    }


@blueprint.post("/peringatan/<action>")
@web.needs(roles.MUTE)
def act(action: str) -> ResponseReturnValue:
    """Act on the warnings that were shown, and on no newer ones of their matter."""
    deed = {"urus": warnings.take, "diperiksa": warnings.checked}.get(action) or abort(404)
    numbers = [numerals.whole(text) or 0 for text in request.form.getlist("nomor")[:SHOWN_MAX]]
    hub = this_hub()
    with hub.store.write() as db:
        about = request.form.get("catatan", ""), request.remote_addr or ""
        if not sum(deed(db, hub.now(), number, g.account, *about) for number in numbers):
            abort(404)
    hub.dispatch.watch_soon()
    return redirect(url_for("warnings.page"), 303)


@blueprint.post("/perangkat/<label>/uji")
@web.needs(roles.MUTE)
def test_siren(label: str) -> ResponseReturnValue:
    """Test a siren quietly: the post answers without a sound, so it may be asked at night."""
    hub = this_hub()
    now = hub.now()
    with hub.store.write() as db:
        row = db.one(
            "SELECT * FROM devices WHERE label = ? AND role = 'sirene' AND revoked = 0", label
        ) or abort(404)
        gateway = row["heard_by"] or db.value(
            "SELECT label FROM gateways ORDER BY zone = ? DESC", row["zone"]
        )
        body = json.dumps(
            {"action": "test", "targets": [row["node"]], "origin": 0, "counter": 0, "seconds": 0}
        )
        outbox.add(db, now.ms, outbox.gateway_channel(gateway), "siren", body, TEST_EXPIRES_MS)
        db.run("UPDATE devices SET test_wall = ?, test_ms = ? WHERE node = ?", now.wall, now.ms, row["node"])
        at = request.remote_addr or ""
        audit.record(db, now.wall, g.account["login"], codes.SIREN_TESTED, label, address=at)
    return redirect(url_for("devices.page"), 303)
