"""Latihan: opens a drill window on posts and gateways; counted down there, at most an hour."""

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for

from kentongan_hub import audit, outbox, roles, web
from kentongan_hub.clock import local_time
from kentongan_hub.trust import configs

blueprint = Blueprint("drill", __name__)
MINUTES = (10, 20, 30, 60)  # wire-format.md: at most 60
MINUTE_MS = 60_000


@blueprint.get("/latihan")
@web.needs(roles.DRILL)
def page():
    return _page("")


def _page(problem):
    hub = current_app.hub
    with hub.store.read() as db:
        zone = db.setting("time_zone", "WIB")
        running = int(db.setting("drill_until_ms", 0)) > hub.now().ms
        until = local_time(int(db.setting("drill_until_wall", 0)), zone) if running else ""
    return render_template("latihan.html", until=until, minutes=MINUTES, problem=problem)


@blueprint.post("/latihan")
@web.needs(roles.DRILL)
def start():
    text = request.form.get("menit", "")
    if text != "0" and text not in map(str, MINUTES):
        return _page("Pilih lama latihan."), 400
    minutes, hub = int(text), current_app.hub
    now = hub.now()
    with hub.store.write() as db:
        db.set_setting("drill_until_ms", now.ms + minutes * MINUTE_MS)
        db.set_setting("drill_until_wall", now.wall + minutes * MINUTE_MS)
        gateways = db.all("SELECT label, zone FROM gateways WHERE token IS NOT NULL")
        for gateway in gateways:
            # an order that comes late would open a window nobody announced
            outbox.order(
                db,
                now.ms,
                [gateway["label"]],
                "drill",
                {"minutes": minutes, "zone": gateway["zone"]},
                MINUTE_MS if minutes else MINUTES[-1] * MINUTE_MS,
            )
            configs.drill(db, gateway["zone"])
        audit.record(
            db,
            now.wall,
            g.account["login"],
            "latihan dibuka" if minutes else "latihan ditutup",
            detail=f"{minutes} menit",
            address=request.remote_addr or "",
        )
    return redirect(url_for("drill.page"), 303)
