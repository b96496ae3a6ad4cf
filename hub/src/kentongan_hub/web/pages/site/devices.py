"""Perangkat: every device, gateway and radio with its proof of life, and what was refused."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.devices import health, heartbeat, supervision, waits
from kentongan_hub.devices.facts import Sought
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.upkeep import warnings
from kentongan_hub.web import forms, search, view, web

blueprint = Blueprint("devices", __name__)
FIELDS = ("cari", "peran", "rt", "keadaan")
LINKS = {
    "terputus": (supervision.TERPUTUS,),
    "terlambat": (supervision.TERLAMBAT,),
    "ditunggu": (supervision.DITUNGGU, supervision.BELUM),
    "terhubung": (supervision.TERHUBUNG,),
}
CARE = "periksa"
STATES = {
    **{key: links[0] for key, links in LINKS.items()},
    CARE: _("perlu diperiksa: tutup, baterai, sirene, dibisukan"),
}


@blueprint.get("/perangkat")
@web.needs(roles.DEVICES)
def page() -> ResponseReturnValue:
    hub, number = this_hub(), forms.picked("halaman", 0, 9_999)
    first, asked, found = number * view.DEVICES_LIMIT, search.asked(FIELDS), search.words()
    with hub.store.read() as db:
        now = hub.now()
        nodes = view.device_order(db, now, lambda row, link: _fits(now, asked, found, row, link))
        shown = {
            "total": len(nodes),
            "devices": view.devices(db, now, nodes[first : first + view.DEVICES_LIMIT]),
            "bars": heartbeat.bars(db, now, nodes[first : first + view.DEVICES_LIMIT]),
            "more": number + 1 if len(nodes) > first + view.DEVICES_LIMIT else None,
            "before": number - 1 if number else None,
            "zones": [row["zone"] for row in db.all(ZONES)],
            "gateways": health.gateways(db, now),
            "waits": waits.shown(db, now),
            "refusals": view.refusals(db),
            "health": health.health(db, now),
            "warnings": len(warnings.open_warnings(db)),
        }
    return render_template(
        "site/devices.html", asked=asked, states=STATES.items(), device_roles=ROLES.items(), **shown
    )


ZONES = "SELECT DISTINCT zone FROM devices WHERE revoked = 0 ORDER BY zone"
ROLES = {key: word for key, word in words.DEVICE_ROLES.items() if key != "modem"}


def _fits(now: Now, asked: dict[str, str], found: list[str], row: Sought, link: str) -> bool:
    """Tell if a device is among those that are looked for."""
    state = asked.get("keadaan")
    care = row["lid"] or row["low_battery"] or row["siren_fault"] or (row["muted_until_ms"] or 0) > now.ms
    house = f"rumah {row['house']}" if row["house"] else ""
    return (
        asked.get("peran", row["role"]) == row["role"]
        and asked.get("rt", str(row["zone"])) == str(row["zone"])
        and (state not in LINKS or link in LINKS[state])
        and (state != CARE or bool(care))
        and search.has(found, [row["label"], house, row["place"], format(row["node"], "08x")])
    )
