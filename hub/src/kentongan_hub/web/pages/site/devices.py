"""Perangkat: every device, gateway and radio with its proof of life, and what was refused."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles
from kentongan_hub.devices import health, waits
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.upkeep import warnings
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("devices", __name__)


@blueprint.get("/perangkat")
@web.needs(roles.DEVICES)
def page() -> ResponseReturnValue:
    hub, number = this_hub(), forms.picked("halaman", 0, 9_999)
    first = number * view.DEVICES_LIMIT
    with hub.store.read() as db:
        now = hub.now()
        nodes = view.device_order(db, now)
        shown = {
            "total": len(nodes),
            "devices": view.devices(db, now, nodes[first : first + view.DEVICES_LIMIT]),
            "more": number + 1 if len(nodes) > first + view.DEVICES_LIMIT else None,
            "gateways": health.gateways(db, now),
            "waits": waits.shown(db, now),
            "refusals": view.refusals(db),
            "health": health.health(db, now),
            "warnings": len(warnings.open_warnings(db)),
        }
    return render_template("site/devices.html", **shown)
