"""Perangkat: every device, gateway and radio with its proof of life, and what was refused."""

from flask import Blueprint, current_app, render_template

from kentongan_hub import roles, view, watch, web

blueprint = Blueprint("devices", __name__)


@blueprint.get("/perangkat")
@web.needs(roles.DEVICES)
def page():
    hub = current_app.hub
    with hub.store.read() as db:
        now = hub.now()
        shown = {
            "devices": view.devices(db, now),
            "gateways": view.gateways(db, now),
            "refusals": view.refusals(db),
            "health": view.health(db, now),
            "warnings": len(watch.open_warnings(db)),
        }
    return render_template("perangkat.html", **shown)
