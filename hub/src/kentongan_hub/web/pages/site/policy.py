"""Kebijakan: who is called for what, the rehearsal of it, and Antrean: what happens next by itself."""

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from kentongan_wire import messages as m
from kentongan_wire.errors import LocalError

from kentongan_hub.base import roles, services, words
from kentongan_hub.incidents import confidential
from kentongan_hub.incidents.calling import rehearsal
from kentongan_hub.policies import policy, policy_store
from kentongan_hub.web import web

blueprint = Blueprint("policy", __name__)
KINDS = [kind for kind in words.KINDS if kind != m.KIND_UJI]


@blueprint.get("/kebijakan")
@web.needs(roles.POLICY)
def page():
    return _page("")


def _page(problem, draft=None):
    form = request.values
    kind = _number(form.get("jenis", "1"), KINDS, m.KIND_MALING)
    zone = _number(form.get("rt", "0"), range(256), 0)
    with current_app.hub.store.read() as db:
        own = db.number("rt", 1)
        home = zone or own
        house = _number(form.get("rumah", "7"), range(10_000), 7)
        body = draft or policy_store.stored(db, zone, kind) or policy.default(kind)
        row = db.one("SELECT * FROM policies WHERE zone = ? AND kind = ?", zone, kind)
        shown = {
            "steps": rehearsal.play(db, home, house, kind, kind in words.CONFIDENTIAL_KINDS),
            "house": house,
            "home": home,
            "changed_by": row and row["changed_by"],
        }
    return render_template(
        "kebijakan.html",
        kinds=KINDS,
        kind=kind,
        zone=zone,
        body=body,
        problem=problem,
        policy=policy,
        services=[f"{{{name}}}" for name in services.SERVICES],
        **shown,
    )


def _number(text, allowed, default):
    number = int(text) if text.isdecimal() and len(text) < 6 else None
    return number if number in allowed else default


@blueprint.post("/kebijakan")
@web.needs(roles.POLICY)
def save():
    hub, form = current_app.hub, request.form
    kind, zone = _number(form.get("jenis", ""), KINDS, None), _number(form.get("rt", ""), range(256), None)
    if kind is None or zone is None:
        abort(400)
    address = request.remote_addr or ""
    if form.get("bawaan") == "1":
        with hub.store.write() as db:
            policy_store.reset(db, hub.now(), g.account, zone, kind, address)
        return redirect(url_for("policy.page", jenis=kind, rt=zone), 303)
    draft = _draft(form)
    try:
        with hub.store.write() as db:
            policy_store.save(db, hub.now(), g.account, zone, kind, draft, address)
    except LocalError as error:
        return _page(str(error), draft), 400
    return redirect(url_for("policy.page", jenis=kind, rt=zone), 303)


def _draft(form):
    """The policy that the form spells, odd values as they came: policy.check names them."""
    steps = []
    for after, siren, to, card in zip(
        form.getlist("detik"),
        form.getlist("sirene"),
        form.getlist("kepada"),
        form.getlist("kartu"),
        strict=False,
    ):
        if after.strip():
            steps.append(
                {
                    "detik": _whole(after),
                    "sirene": siren,
                    "kepada": to.replace(",", " ").split(),
                    "kartu": card.strip(),
                }
            )
    return {"langkah": steps, **{key: _whole(form.get(key, "")) for key in policy.LIMITS}}


def _whole(text):
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 6 else text


@blueprint.get("/antrean")
@web.needs(roles.COME)
def queue():
    hub = current_app.hub
    with hub.store.read() as db:
        rows = rehearsal.queue(db, hub.now(), confidential.condition(g.account))
    return render_template("antrean.html", rows=rows)
