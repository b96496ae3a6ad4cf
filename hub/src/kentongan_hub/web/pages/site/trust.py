"""Kunci: which revocations are carried out and which are not yet, the change of keys, the planned air."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import roles, site, words
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Row
from kentongan_hub.devices import waits
from kentongan_hub.devices.provision import registration
from kentongan_hub.devices.trust import configs, generations, revocations, rotation
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import web

blueprint = Blueprint("trust", __name__)
SHOWN = 50  # revocations on the page
PHASES = {
    generations.SHARE: _("membagikan kunci baru; kunci lama masih dipakai"),
    generations.SWITCH: _("semua alat beralih ke kunci baru; kunci lama masih diterima"),
    generations.DROP: _("pos menutup kunci lama"),
}


@blueprint.get("/kunci")
@web.needs(roles.DEVICES)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    secret = site.load(hub.data_dir)
    with hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        rows = db.all("SELECT node FROM devices WHERE revoked = 1 ORDER BY revoked_ms DESC LIMIT ?", SHOWN)
        shown = [revocations.status(db, secret, row["node"]) for row in rows]
        turning = revocations.rotation_status(db)
        late = [device for device in configs.in_service(db) if not configs.has(device)]
        late.sort(key=lambda device: (device["role"], device["label"]))
        stranded = db.all("SELECT * FROM devices WHERE revoked = 0 AND stranded = 1 ORDER BY label")
        people = db.all("SELECT name FROM accounts WHERE role = 'admin' AND active = 1 ORDER BY name")
        plan = registration.plan_of(db, secret)
        worst = db.value("SELECT label FROM devices WHERE node = ?", plan["worst"])
        refused = db.setting("rotation_refused")
        waiting = waits.shown(db, hub.now())
    rotation: Row | None = None
    if turning:
        waited = [{**one, "heard": local_date_time(one["heard_wall"], zone)} for one in turning["waiting"]]
        rotation = {**turning, "waiting": waited}
    return render_template(
        "site/trust.html",
        revocations=[{**one, "time": local_date_time(one["revoked_wall"], zone)} for one in shown],
        rotation=rotation,
        phase=PHASES.get(turning["phase"], "") if turning else "",
        late=[
            {
                **one,
                "heard": local_date_time(one["heard_wall"], zone),
                "role_word": words.DEVICE_ROLES[one["role"]],
            }
            for one in late
        ],
        stranded=stranded,
        people=[row["name"] for row in people],
        plan=plan,
        worst=worst,
        refused=refused,
        waits=waiting,
        problem=problem,
    )


@blueprint.post("/kunci/tanpa")
@web.needs(roles.REVOKE)
def finish_without() -> ResponseReturnValue:
    """Go on with the change of keys without the devices that were shown: they need a visit with a cable."""
    hub = this_hub()
    secret = site.load(hub.data_dir)
    shown = [numerals.whole(text) for text in request.form.getlist("alat")]
    nodes = [node for node in shown if node is not None]
    if request.form.get("paham") != "ya":
        return _page(_("Beri tanda bahwa alat itu akan didatangi, lalu coba lagi.")), 400
    try:
        with hub.store.write() as db:
            rotation.finish_without(db, hub.now(), secret, nodes, g.account["name"])
    except LocalError:
        return _page(_("Daftarnya sudah berubah. Lihat lagi, lalu coba lagi.")), 400
    return redirect(url_for("trust.page"), 303)
