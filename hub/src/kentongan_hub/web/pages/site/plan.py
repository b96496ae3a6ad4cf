"""Denah: the RT's plan with running alarms and the health of devices; houses are placed on it."""

import json
from collections.abc import Callable

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import language, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.incidents import confidential
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import floor_plan, forms, pictures, web
from kentongan_hub.web.pages.site import plan_list
from kentongan_hub.web.view import Shown

blueprint = Blueprint("plan", __name__, url_prefix="/denah")


def _zone(db: Db) -> int:
    return forms.picked("rt", *forms.ZONES) or db.number("rt", 1)


@blueprint.get("")
@web.needs(roles.SEE)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str) -> str:
    hub = this_hub()
    health = roles.allows(g.account["role"], roles.DEVICES)
    with hub.store.read() as db:
        zone = _zone(db)
        shown: Shown = {
            "zone": zone,
            "zones": [row["zone"] for row in db.all("SELECT DISTINCT zone FROM houses ORDER BY zone")],
            "plan": floor_plan.of(db, zone),
            "things": floor_plan.things(db, hub.now(), zone, confidential.condition(g.account), health),
        }
        edit = roles.allows(g.account["role"], roles.REGISTER)
        if edit:
            shown.update(_editing(db, zone, shown["things"]))
    return render_template("site/plan.html", problem=problem, edit=edit, **shown)


def _editing(db: Db, zone: int, things: list[Shown]) -> Shown:
    """Collect what only who may change the plan sees of it."""
    names = {one["key"]: one["name"] for one in things}
    last = [names[what] for what in floor_plan.last_put(db, g.account, zone) if what in names]
    words = last[0] if last else ""
    if len(last) > 1:
        words = _("%(first)s dan %(count)s lagi", first=last[0], count=len(last) - 1)
    from_register = request.args.get("isi") == "daftar"
    waiting = [one for one in things if one["x"] is None]
    return {
        "last": words,
        "pasted": plan_list.from_register(db, zone) if from_register else request.form.get("daftar", ""),
        "waiting_json": json.dumps(
            [(one["key"], language.shown(one["name"]), one["short"]) for one in waiting]
        ),
        "sides": plan_list.SIDES,
    }


@blueprint.get("/gambar")
@web.needs(roles.SEE)
def image() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        body = floor_plan.picture(db, _zone(db)) or abort(404)
    return Response(body, mimetype=pictures.MIME, headers={"Cache-Control": "private, max-age=86400"})


def _do(deed: Callable[[Db, Now, int, str], object]) -> ResponseReturnValue:
    hub = this_hub()
    try:
        with hub.store.write() as db:
            zone = _zone(db)
            deed(db, hub.now(), zone, request.remote_addr or "")
    except LocalError as error:
        return _page(str(error)), 400
    return redirect(url_for("plan.page", rt=zone), 303)


def _point(db: Db, zone: int, x: tuple[str, Text], y: tuple[str, Text]) -> tuple[int, int]:
    """Read the place that these two fields name; `x`, `y`: (field, its label)."""
    return forms.whole(*x, 0, floor_plan.WIDTH), forms.whole(*y, 0, floor_plan.of(db, zone)["height"])


@blueprint.post("/taruh")
@web.needs(roles.REGISTER)
def place() -> ResponseReturnValue:
    def deed(db: Db, now: Now, zone: int, at: str) -> None:
        off = request.form.get("lepas") == "1"
        x, y = (None, None) if off else _point(db, zone, ("x", _("Dari kiri")), ("y", _("Dari atas")))
        floor_plan.place(db, now, g.account, zone, request.form.get("apa", ""), x, y, at)

    return _do(deed)


@blueprint.post("/daftar")
@web.needs(roles.REGISTER)
def fill() -> ResponseReturnValue:
    """Put a pasted list along a lane."""
    form, lane = request.form, forms.picked("gang", otherwise=-1)

    def deed(db: Db, now: Now, zone: int, at: str) -> None:
        text, side = form.get("daftar", ""), form.get("sisi", "")
        plan_list.fill(db, now, g.account, zone, text, lane, side, at)

    return _do(deed)


@blueprint.post("/urung")
@web.needs(roles.REGISTER)
def undo() -> ResponseReturnValue:
    return _do(lambda db, now, zone, at: floor_plan.undo(db, now, g.account, zone, at))


@blueprint.post("/gang")
@web.needs(roles.REGISTER)
def lane() -> ResponseReturnValue:
    def deed(db: Db, now: Now, zone: int, at: str) -> None:
        begin = _point(db, zone, ("x1", _("Awal, dari kiri")), ("y1", _("Awal, dari atas")))
        end = _point(db, zone, ("x2", _("Akhir, dari kiri")), ("y2", _("Akhir, dari atas")))
        floor_plan.add_line(db, now, g.account, zone, [*begin, *end], request.form.get("nama", ""), at)

    return _do(deed)


@blueprint.post("/gang/hapus")
@web.needs(roles.REGISTER)
def drop_lane() -> ResponseReturnValue:
    number = forms.picked("gang", otherwise=-1)
    return _do(lambda db, now, zone, at: floor_plan.drop_line(db, now, g.account, zone, number, at))


@blueprint.post("/gambar")
@web.needs(roles.REGISTER)
def upload() -> ResponseReturnValue:
    """Set a picture as the plan's ground, or none; drawn anew before the transaction, which stays short."""
    drawn, file = None, request.files.get("gambar")
    if request.form.get("tanpa") != "1":
        try:
            if file is None:
                raise LocalError(_("gambar: pilih satu berkas PNG atau JPEG"))
            drawn = pictures.redraw(file.stream, floor_plan.PICTURE_SIDE_MAX)
        except LocalError as error:
            return _page(str(error)), 400
    return _do(lambda db, now, zone, at: floor_plan.set_picture(db, now, g.account, zone, drawn, at))
