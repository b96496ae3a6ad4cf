"""Kebijakan: who is called for what, the rehearsal of it, and Antrean: what happens next by itself."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from werkzeug.datastructures import MultiDict

from kentongan_hub.base import roles, words
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import Text, _
from kentongan_hub.incidents import confidential
from kentongan_hub.incidents.calling import rehearsal
from kentongan_hub.people import ways
from kentongan_hub.policies import choosing, policy, policy_store
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("policy", __name__)
HOUSE = 7  # of the rehearsal, until somebody names another
KINDS = [kind for kind in words.KINDS if kind != m.KIND_UJI]


@blueprint.get("/kebijakan")
@web.needs(roles.POLICY)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, draft: Shown | None = None) -> str:
    zone, house = 0, HOUSE
    try:
        zone = forms.whole("rt", "RT", 0, forms.ZONES[1], 0)
        house = forms.whole("rumah", _("Rumah yang menekan"), *forms.HOUSES, HOUSE)
    except LocalError as error:
        problem = problem or str(error)
    kind = forms.picked("jenis")
    kind = kind if kind in KINDS else m.KIND_MALING
    with this_hub().store.read() as db:
        own = db.number("rt", 1)
        home = zone or own
        body = draft or policy_store.stored(db, zone, kind) or policy.default(kind)
        known = _known(db)
        zones = {row["zone"] for row in db.all("SELECT zone FROM houses UNION SELECT zone FROM devices")}
        row = db.one("SELECT * FROM policies WHERE zone = ? AND kind = ?", zone, kind)
        shown = {
            "steps": rehearsal.play(db, home, house, kind, kind in words.CONFIDENTIAL_KINDS),
            "house": house,
            "home": home,
            "zones": sorted({*zones, own, zone} - {0}),
            "changed_by": row and row["changed_by"],
        }
    return render_template(
        "site/policy.html",
        kinds=KINDS,
        kind=kind,
        zone=zone,
        body=body,
        problem=problem,
        policy=policy,
        choosing=choosing,
        steps_shown=[_step_shown(step, kind, known) for step in [*body["langkah"], None]],
        services=choosing.services_offered([str(step["kartu"]) for step in body["langkah"]]).items(),
        known=known,
        **shown,
    )


PEOPLE_SHOWN = 300  # by name, to choose from
REACHABLE = (
    "SELECT DISTINCT p.id, p.name, p.house FROM people p JOIN addresses a ON a.person = p.id "
    f"WHERE a.active = 1 AND {ways.CALLED} ORDER BY p.name LIMIT ?"
)


def _known(db: Db) -> dict[str, Text | str]:
    """Name the people that can be called; whoever may not read the register chooses nobody by name."""
    if not roles.allows(g.account["role"], roles.REGISTER):
        return {}
    return {
        f"{words.PERSON}:{row['id']}": _("%(name)s, Rumah %(house)s", name=row["name"], house=row["house"])
        if row["house"]
        else row["name"]
        for row in db.all(REACHABLE, PEOPLE_SHOWN)
    }


def _step_shown(step: Shown | None, kind: int, known: dict[str, Text | str]) -> Shown:
    """Spread a step over its choices; None is one to be added."""
    if step is None:
        return {"new": True, "ticks": [], "near": "", "others": [""], "numbers": [""], "rest": ""}
    ticks, near, others = choosing.split(step["kepada"], kind)
    numbers, rest = choosing.card_parts(step["kartu"])
    spare = [""] if known else []
    numbers += [""] * (len(numbers) < choosing.NUMBERS)
    return {**step, "ticks": ticks, "near": near, "others": [*others, *spare], "numbers": numbers,
            "rest": rest}  # fmt: skip


@blueprint.post("/kebijakan")
@web.needs(roles.POLICY)
def save() -> ResponseReturnValue:
    hub, form = this_hub(), request.form
    kind, zone = forms.picked("jenis"), forms.picked("rt", 0, forms.ZONES[1], -1)
    if kind not in KINDS or zone < 0:
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


def _draft(form: MultiDict[str, str]) -> Shown:
    """Read the policy that was chosen, odd values as they came: policy.check names them."""
    steps = []
    for number, (after, siren) in enumerate(
        zip(form.getlist("detik"), form.getlist("sirene"), strict=False), 1
    ):
        if not after.strip():  # taken out, or never added
            continue
        to = [form.get(f"dekat-{number}", ""), *form.getlist(f"orang-{number}")]
        card = choosing.card_of(form.getlist(f"telepon-{number}"), form.get(f"kata-{number}", ""))
        chosen = [one for one in [*form.getlist(f"kepada-{number}"), *to] if one]
        step = {"detik": _whole(after), "sirene": siren, "kepada": list(dict.fromkeys(chosen)), "kartu": card}
        steps.append(step)
    return {"langkah": choosing.in_order(steps), **{key: _whole(form.get(key, "")) for key in policy.LIMITS}}


def _whole(text: str) -> int | str:
    number = numerals.whole(text)
    return text if number is None else number


@blueprint.get("/antrean")
@web.needs(roles.COME)
def queue() -> ResponseReturnValue:
    hub = this_hub()
    with hub.store.read() as db:
        rows = rehearsal.queue(db, hub.now(), confidential.condition(g.account))
    return render_template("site/policy_queue.html", rows=rows)
