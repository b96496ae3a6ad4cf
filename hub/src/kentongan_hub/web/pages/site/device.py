"""One device: its proof of life, the trend of its battery, and what the operator does at 2 a.m."""

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kentongan_hub.base import roles, site
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Row
from kentongan_hub.devices import heartbeat
from kentongan_hub.devices.supervision import BATTERY_EMPTY_MV, BATTERY_FULL_MV
from kentongan_hub.devices.trust.revocations import WHY
from kentongan_hub.incidents import mute as muting
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.web import forms, view, web

blueprint = Blueprint("device", __name__)
TREND_DAYS = 60
CHART = (600, 120)  # px
MUTE_REASONS = (_("Tombol macet"), _("Dipakai main anak"), _("Sedang diperbaiki"))


@blueprint.get("/perangkat/<label>")
@web.needs(roles.DEVICES)
def page(label: str) -> ResponseReturnValue:
    return _page(label, "")


def _page(label: str, problem: str) -> str:
    hub = this_hub()
    with hub.store.read() as db:
        now = hub.now()
        known = muting.device(db, label) or abort(404)
        (row,) = view.devices(db, now, [known["node"]])
        zone = view.site_words(db)["zone"]
        days = db.all(
            "SELECT day, low_mv FROM battery_days WHERE device = ? ORDER BY day DESC LIMIT ?",
            row["node"],
            TREND_DAYS,
        )
        heard = db.all("SELECT * FROM hearings WHERE device = ? ORDER BY heard_wall DESC", row["node"])
        lately = [heartbeat.bar(db, now, known, scale) for scale in (heartbeat.BY_HOUR, heartbeat.BY_DAY)]
    if row["role"] == "tombol":  # which reports a few times a day
        lately = lately[1:]
    for one in heard:
        one["time"] = local_date_time(one["heard_wall"], zone)
    return render_template(
        "site/device.html", one=row, chart=_chart(days[::-1]), heard=heard, hours=muting.HOURS,
        mute_reasons=MUTE_REASONS, why=WHY, problem=problem, days=len(days),
        lately=lately,
    )  # fmt: skip


def _chart(days: list[Row]) -> str:
    """Give points of the battery's polyline in the chart's pixels; '' with less than two days."""
    if len(days) < 2:
        return ""
    width, height = CHART
    first, span = days[0]["day"], max(1, days[-1]["day"] - days[0]["day"])
    scale = BATTERY_FULL_MV - BATTERY_EMPTY_MV

    def y(mv: int) -> int:
        return height - min(max(0, mv - BATTERY_EMPTY_MV), scale) * height // scale

    return " ".join(f"{(row['day'] - first) * width // span},{y(row['low_mv'])}" for row in days)


def _do(label: str, deed: web.Deed, back: str) -> ResponseReturnValue:
    return web.do(deed, back, lambda problem: _page(label, problem))


def _reason() -> str:
    return request.form.get("alasan_lain", "").strip() or request.form.get("alasan", "")


@blueprint.post("/perangkat/<label>/bisukan")
@web.needs(roles.MUTE)
def mute(label: str) -> ResponseReturnValue:
    hours = forms.picked("jam")
    return _do(
        label,
        lambda db, now, by, at: muting.mute(db, now, by, label, hours, _reason(), at),
        url_for("device.page", label=label),
    )


@blueprint.post("/perangkat/<label>/hidupkan")
@web.needs(roles.MUTE)
def unmute(label: str) -> ResponseReturnValue:
    return _do(
        label,
        lambda db, now, by, at: muting.unmute(db, now, by, label, at),
        url_for("device.page", label=label),
    )


@blueprint.post("/perangkat/<label>/cabut")
@web.needs(roles.REVOKE)
def revoke(label: str) -> ResponseReturnValue:
    secret = site.load(this_hub().data_dir)
    return _do(
        label,
        lambda db, now, by, at: muting.revoke(db, now, by, secret, label, _reason(), at),
        url_for("devices.page"),
    )
