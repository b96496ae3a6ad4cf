"""The API of kentongan-tool: register, confirm, withdraw, replace, revoke, label, the proof by "uji"."""

import json
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, request
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.api import labels
from kentongan_hub.api.gateways import json_object, problem
from kentongan_hub.base import roles, site
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Account, Device
from kentongan_hub.devices.provision import device_files, registration, technicians
from kentongan_hub.devices.trust import configs, revocations
from kentongan_hub.people import accounts
from kentongan_hub.record import audit
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db

blueprint = Blueprint("device_api", __name__, url_prefix="/api/v1")

BODY_LIMIT = 32 * 1024  # bytes of one request
WAIT_LIMIT_S = 20  # longest wait for an "uji"
SLICE_S = 1.0


@blueprint.before_request
def authenticate() -> Response | None:
    """Require a technician's token, over TLS or on this machine: keys go out in the answers."""
    request.max_content_length = BODY_LIMIT
    if not (request.is_secure or _is_loopback(request.remote_addr)):
        return problem(403, "keys travel over TLS or on the hub itself only", "", "use https://")
    if not this_hub().has_site():
        return problem(409, "there is no site yet", "", "open /mulai")
    if request.endpoint == "device_api.login":
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    hub = this_hub()
    with hub.store.read() as db:
        found = technicians.of_token(db, hub.now(), token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        return problem(
            401,
            "no technician has this token",
            "Authorization",
            "make one on the hub's machine with `kentongan-hub technician-token --name NAME --out FILE`, "
            "or POST /api/v1/login",
            stranger=True,
        )
    g.technician, g.technician_account = found["name"], found["account"]
    return None


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


@blueprint.errorhandler(LocalError)
def refused(error: LocalError) -> Response:
    """Answer a LocalError, 'place: problem; remedy' or 'place: remedy'; device files name two places."""
    parts = str(error).split(": ", 2)
    place = parts[1] if parts[0].startswith("device ") and len(parts) == 3 else parts[0].partition(" ")[0]
    what, _, remedy = str(error).partition("; ")
    return problem(400, what, place, remedy or parts[-1])


def _body() -> dict[str, Any]:
    """Read the JSON object; every text in it is one that a database can hold."""
    body = json_object(b"{}")
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        abort(problem(400, "half of a surrogate pair in a text", "body", "send whole characters"))
    return body


def _truth(body: dict[str, Any], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if type(value) is not bool:
        raise LocalError(f"{name}: no truth value; send true or false")
    return value


def _secret() -> Secret:
    return site.load(this_hub().data_dir)


@blueprint.post("/login")
def login() -> ResponseReturnValue:
    hub, body, address = this_hub(), _body(), request.remote_addr or ""
    now = hub.now()
    name, password = body.get("login"), body.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        return problem(400, "no login and password", "login", 'send {"login", "password"}')
    if hub.attempts.blocked(now.ms, address):
        return problem(429, "too many failed attempts", "", "wait a minute")
    if hub.guesses.left_ms(now.ms, name[: accounts.NAME_LIMIT]):
        return problem(429, f"{name[:40]} was guessed many times", "login", "wait five minutes")
    with hub.store.read() as db:
        account: Account | None = db.one("SELECT * FROM accounts WHERE login = ? AND active = 1", name)
    right = hub.passwords.check(account, password)
    if right is None:
        return problem(429, "too many log-ins at once", "", "try again in a second")
    if not right or account is None:
        hub.attempts.failed(now.ms, address)
        hub.guesses.failed(now.ms, name[: accounts.NAME_LIMIT])
        return problem(403, "login and password do not match", "password", "ask the hub's admin")
    if not roles.allows(account["role"], roles.INSTALL):
        return problem(403, f"{name} may not install devices", "login", "log in with an admin's account")
    with hub.store.write() as db:
        token = technicians.new_token(db, now, account["name"], technicians.LOGIN_MS, account["id"])
    return jsonify(token=token, name=account["name"], expires_in_s=technicians.LOGIN_MS // 1000)


@blueprint.get("/site")
def get_site() -> ResponseReturnValue:
    """Describe the site for a technician; the channel key is for stock radios, see the README."""
    secret = _secret()
    with this_hub().store.read() as db:
        return jsonify(
            site=secret["site"],
            name=db.setting("name"),
            rt=db.number("rt"),
            rw=db.number("rw"),
            technician=g.technician,
            channel={
                "name": secret["channel_name"],
                "key": secret["channel_key"].hex(),
                "preset": secret["preset"],
                "freq_hz": secret["freq_hz"],
            },
            gateways=[
                {"label": row["label"], "node": row["node"], "zone": row["zone"]}
                for row in db.all("SELECT * FROM gateways ORDER BY label")
            ],
            plan=registration.plan_of(db, secret),
            rotation=revocations.rotation_status(db),
        )


@blueprint.get("/gateways/<label>/modem")
def get_modem(label: str) -> ResponseReturnValue:
    """Give the device file of that gateway's radio: it holds no key, so it may be asked for again."""
    secret = _secret()
    with this_hub().store.read() as db:
        gateway = device_files.gateway_row(db, label)
        file = device_files.modem(secret, gateway)
        return jsonify(file=file, sticker=labels.modem(db, gateway, file, secret["site"]))


@blueprint.get("/devices")
def get_devices() -> ResponseReturnValue:
    with this_hub().store.read() as db:
        return jsonify(devices=[labels.shown(db, row) for row in configs.in_service(db)])


@blueprint.post("/devices")
def post_device() -> ResponseReturnValue:
    return _register(None)


@blueprint.post("/devices/<int:node>/replace")
def replace_device(node: int) -> ResponseReturnValue:
    return _register(node)


def _register(replaces: int | None) -> ResponseReturnValue:
    hub, body, secret = this_hub(), _body(), _secret()
    with hub.store.write() as db:
        made = registration.register(
            db, hub.now(), secret, body, g.technician, replaces, g.technician_account
        )
    return jsonify(made), 201


@blueprint.get("/devices/<int:node>")
def get_device(node: int) -> ResponseReturnValue:
    with this_hub().store.read() as db:
        return jsonify(labels.shown(db, _row(db, node)))


def _row(db: Db, node: int) -> Device:
    row = db.one("SELECT * FROM devices WHERE node = ?", node, of=Device)
    if row is None:
        abort(problem(404, f"device {node:08x} is unknown", "node", "list them with GET /api/v1/devices"))
    return row


@blueprint.post("/devices/<int:node>/confirm")
def confirm_device(node: int) -> ResponseReturnValue:
    hub, body = this_hub(), _body()
    erased = _truth(body, "erased", False)
    with hub.store.write() as db:
        _row(db, node)
        registration.confirm(db, hub.now(), _secret(), node, g.technician, erased, g.technician_account)
        return jsonify(labels.shown(db, _row(db, node)))


@blueprint.post("/devices/<int:node>/withdraw")
def withdraw_device(node: int) -> ResponseReturnValue:
    hub, body = this_hub(), _body()
    written = _truth(body, "written", True)
    with hub.store.write() as db:
        _row(db, node)
        registration.withdraw(db, hub.now(), _secret(), node, g.technician, written, g.technician_account)
        return jsonify(labels.shown(db, _row(db, node)))


@blueprint.post("/devices/<int:node>/revoke")
def revoke_device(node: int) -> ResponseReturnValue:
    hub, body, secret = this_hub(), _body(), _secret()
    why, erased = body.get("why", ""), _truth(body, "erased", False)
    if not isinstance(why, str) or not 0 < len(why) <= revocations.WHY_LIMIT:
        raise LocalError(f"why: say why, in 1..{revocations.WHY_LIMIT} characters, such as dicuri")
    with hub.store.write() as db:
        row = _row(db, node)
        if not row["revoked"]:
            registration.not_own_house(db, g.technician_account, row)
            revocations.revoke(db, hub.now(), secret, node, audit.clean(why), g.technician, erased)
        return jsonify(revocations.status(db, secret, node))


@blueprint.get("/devices/<int:node>/revocation")
def get_revocation(node: int) -> ResponseReturnValue:
    with this_hub().store.read() as db:
        _row(db, node)
        return jsonify(revocations.status(db, _secret(), node))


@blueprint.get("/revocations")
def get_revocations() -> ResponseReturnValue:
    secret = _secret()
    with this_hub().store.read() as db:
        rows = db.all("SELECT node FROM devices WHERE revoked = 1 ORDER BY revoked_ms DESC LIMIT 100")
        return jsonify(revocations=[revocations.status(db, secret, row["node"]) for row in rows])


@blueprint.get("/devices/<int:node>/label")
def get_label(node: int) -> ResponseReturnValue:
    with this_hub().store.read() as db:
        return jsonify(labels.label(db, _row(db, node), _secret()["site"]))


@blueprint.get("/devices/<int:node>/uji")
def get_uji(node: int) -> ResponseReturnValue:
    """Wait for an "uji" of the device after `since`, a `mark` of an earlier answer."""
    since = numerals.whole(request.args.get("since", ""))
    wait_s = numerals.whole(request.args.get("wait", "0"), 0, 9_999)
    if since is None:
        return problem(400, "no mark", "since", "send the mark of the registration, or of an earlier answer")
    if wait_s is None:
        return problem(400, "no number of seconds", "wait", f"send 0..{WAIT_LIMIT_S}")
    hub = this_hub()
    wait_s = min(wait_s, WAIT_LIMIT_S)
    deadline_ms = hub.clock.steady_ms() + wait_s * 1000
    for _ in range(int(wait_s / SLICE_S) * 50 + 1):  # rings cut slices short: bounded all the same
        rings = hub.store.bell.count()
        with hub.store.read() as db:
            _row(db, node)
            found = db.one(
                "SELECT counter, received_ms, gateway, rssi, snr_q, hops FROM alarms "
                "WHERE device = ? AND kind = ? AND received_ms > ? ORDER BY received_ms DESC LIMIT 1",
                node,
                m.KIND_UJI,
                since,
            )
        now = hub.now()
        if found or now.ms >= deadline_ms or hub.store.bell.closed:
            break
        hub.store.bell.wait_beyond(rings, min(SLICE_S, (deadline_ms - now.ms) / 1000))
    return jsonify(logged=bool(found), alarm=found, mark=now.ms)
