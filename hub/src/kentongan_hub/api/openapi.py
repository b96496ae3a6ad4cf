"""The hub's API as an OpenAPI 3.1 description, made from the same tables that check what comes in."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from kentongan_wire.settings.config import PROFILES
from kentongan_wire.settings.device_file import STROKE_KINDS

from kentongan_hub.api import events, gateways
from kentongan_hub.devices.provision import registration
from kentongan_hub.devices.trust import revocations

Schema = dict[str, Any]  # JSON
Answers = Mapping[int, tuple[str, Schema | None]]  # status: what it says, its body
TITLE = "kentongan-hub"
NODE = {"type": "integer", "minimum": 1, "maximum": events.U32}
FORMS = {"integer": "integer", "truth": "boolean", "text": "string", "object": "object"}
JSON_TYPES = {str: "string", int: "integer"}
CHOICES = {  # what a technician may choose; kentongan_wire.settings.device_file judges
    "hop_limit": {"type": "integer", "minimum": 1, "maximum": 7},
    "one_press": {"type": "boolean"},
    "strokes": {"type": "array", "items": {"type": "integer", "enum": list(STROKE_KINDS)}},
    "table": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "profile": {"type": "string", "enum": list(PROFILES)},
    "has_sense": {"type": "boolean"},
    "conducted_dbm": {"type": "integer"},
    "gain_dbi": {"type": "integer"},
    "loss_db": {"type": "integer"},
}
GATEWAY: list[Schema] = [{"gateway": []}]
TECHNICIAN: list[Schema] = [{"technician": []}]


def _object(properties: Schema, required: Iterable[str] = (), more: bool = False) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": more,
    }


def _number(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _field(rule: events.Rule) -> Schema:
    form, low, high, _ = rule
    if form not in FORMS:
        return {"type": "object", "additionalProperties": {"type": "integer"}} if form == "counters" else {}
    out: Schema = {"type": [FORMS[form], "null"]}
    if form == "integer":
        out.update(minimum=low, maximum=high)
    if form == "text":
        out["maxLength"] = high
    return out


def _event(name: str) -> Schema:
    rules = {**events.COMMON, **events.FIELDS[name]}
    required = [field for field, rule in rules.items() if rule[3] is events.REQUIRED]
    properties = {field: _field(rule) for field, rule in rules.items()}
    head = {"id": {"type": "string", "minLength": 1, "maxLength": events.ID_LIMIT}, "type": {"const": name}}
    return _object({**head, **properties}, ("id", "type", *required), more=True)


def _register(required: Iterable[str]) -> Schema:
    base = {name: {"type": JSON_TYPES[kind]} for name, kind in registration.TYPES.items()}
    low, high = registration.REQUEST_LENGTHS
    request = {"type": ["string", "null"], "minLength": low, "maxLength": high}
    return _object({**base, **CHOICES, "request": request}, required)


def _answer(description: str, schema: Schema | None = None) -> Schema:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema or {"type": "object"}}},
    }


def _operation(
    name: str,
    says: str,
    security: list[Schema],
    answers: Answers,
    body: Schema | None = None,
    parameters: Iterable[Schema] = (),
) -> Schema:
    refused = {"$ref": "#/components/schemas/Problem"}
    responses = {str(code): _answer(text, schema) for code, (text, schema) in answers.items()}
    codes = (
        {400: "refused; nothing has changed", 413: "too large", 415: "not JSON"} if body else {400: "refused"}
    )
    codes |= {401: "no such token"} if security else {}
    for code, text in {
        **codes,
        403: "not from here",
        404: "unknown",
        409: "no site yet",
        429: "wait",
    }.items():
        responses.setdefault(str(code), _answer(text, refused))
    out = {"operationId": name, "summary": says, "security": security, "responses": responses}
    if parameters:
        out["parameters"] = list(parameters)
    if body:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return out


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _gateways() -> Schema:
    texts = {"type": "array", "items": {"type": "string"}}
    whole = {"type": "array", "items": {"type": "integer"}, "maxItems": gateways.DONE_LIMIT}
    sent = _object(
        {
            "boot_id": {"type": ["string", "null"]},
            "events": {
                "type": "array",
                "maxItems": gateways.EVENTS_LIMIT,
                "items": {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in events.FIELDS]},
            },
        },
        ("events",),
        more=True,
    )
    why = _object({"id": {}, "reason": {"type": "string"}}, ("id", "reason"))
    taken = _object(
        {"accepted": texts, "rejected": {"type": "array", "items": why}, "new": texts},
        ("accepted", "rejected", "new"),
    )
    order = _object(
        {"id": {"type": "integer"}, "type": {"type": "string"}, "expires_in_s": {"type": "integer"}},
        ("id", "type", "expires_in_s"),
        more=True,
    )
    orders = _object({"orders": {"type": "array", "items": order}}, ("orders",))
    done = _object({"ids": whole, "results": {"type": ["object", "null"]}}, ("ids",), more=True)
    asked = (
        _query("after", {"type": "string", "pattern": "^[0-9]{1,18}$"}),
        _query("wait", {"type": "string", "pattern": "^[0-9]{1,4}$"}),
        _query("fresh", {"type": "string", "enum": ["0", "1"]}),
    )
    full = (503, ("too many wait", {"$ref": "#/components/schemas/Problem"}))
    said = {"enum": ["ok", "damaged", "disk"]}
    health = _object({"status": said, "site": {"type": "boolean"}}, ("status", "site"))
    ill = (503, ("its database was damaged, or its disk takes nothing", health))
    return {
        "/health": {
            "get": _operation("health", "Whether it serves", [], dict([(200, ("it does", health)), ill]))
        },
        "/events": {
            "post": _operation(
                "post_events", "Events, stored before the answer", GATEWAY, {200: ("stored", taken)}, sent
            )
        },
        "/orders": {
            "get": _operation(
                "get_orders",
                "Orders, by long poll",
                GATEWAY,
                dict([(200, ("orders", orders)), full]),
                None,
                asked,
            )
        },
        "/orders/done": {
            "post": _operation(
                "post_done",
                "Orders that were carried out",
                GATEWAY,
                {200: ("marked", _object({"done": whole}, ("done",)))},
                done,
            )
        },
    }


def _of_node(
    path: str,
    verb: str,
    name: str,
    says: str,
    answers: Answers,
    body: Schema | None = None,
    more: Iterable[Schema] = (),
) -> Schema:
    node = {"name": "node", "in": "path", "required": True, "schema": NODE}
    operation = _operation(name, says, TECHNICIAN, answers, body, (node, *more))
    return {f"/devices/{{node}}{path}": {verb: operation}}


def _technicians() -> Schema:
    device = {"$ref": "#/components/schemas/Device"}
    listed = {"type": "array", "items": device}
    truth = {"type": "boolean"}
    why = {"type": "string", "minLength": 1, "maxLength": revocations.WHY_LIMIT}
    made, one = {201: ("registered", None)}, {200: ("the device", device)}
    login = _object(
        {"login": {"type": "string"}, "password": {"type": "string"}}, ("login", "password"), True
    )
    since = {**_query("since", {"type": "string", "pattern": "^[0-9]{1,18}$"}), "required": True}
    wait = _query("wait", {"type": "string", "pattern": "^[0-9]{1,4}$"})
    label = {"name": "label", "in": "path", "required": True, "schema": {"type": "string"}}

    return {
        "/login": {"post": _operation("login", "A password for a token", [], {200: ("token", None)}, login)},
        "/site": {"get": _operation("get_site", "The site", TECHNICIAN, {200: ("the site", None)})},
        "/devices": {
            "get": _operation(
                "get_devices",
                "What is in service",
                TECHNICIAN,
                {200: ("devices", _object({"devices": listed}, ("devices",)))},
            ),
            "post": _operation(
                "post_device", "Registers a device", TECHNICIAN, made, _register(("role", "label", "zone"))
            ),
        },
        "/gateways/{label}/modem": {
            "get": _operation(
                "get_modem", "Its radio", TECHNICIAN, {200: ("file", None)}, parameters=(label,)
            )
        },
        "/revocations": {
            "get": _operation("get_revocations", "The latest", TECHNICIAN, {200: ("them", None)})
        },
        **_of_node("", "get", "get_device", "One device", one),
        **_of_node("/replace", "post", "replace_device", "Registers its successor", made, _register(())),
        **_of_node(
            "/confirm", "post", "confirm_device", "It works", one, _object({"erased": truth}, (), True)
        ),
        **_of_node(
            "/withdraw", "post", "withdraw_device", "Given up", one, _object({"written": truth}, (), True)
        ),
        **_of_node(
            "/revoke",
            "post",
            "revoke_device",
            "Refused for good",
            {200: ("how far it is", None)},
            _object({"why": why, "erased": truth}, ("why",), True),
        ),
        **_of_node("/revocation", "get", "get_revocation", "How far it is", {200: ("how far", None)}),
        **_of_node("/label", "get", "get_label", "Its sticker", {200: ("words", None)}),
        **_of_node(
            "/uji",
            "get",
            "get_uji",
            "Waits for its test alarm",
            {200: ("whether", None)},
            None,
            (since, wait),
        ),
    }


def document() -> Schema:
    """Give the whole description; paths are below /api/v1."""
    text = {"type": "string"}
    bearer = {"type": "http", "scheme": "bearer"}
    device = _object(
        {
            "node": NODE,
            "id": text,
            "role": text,
            "label": text,
            "zone": _number(0, 255),
            "state": {"enum": ["pending", "in_service", "revoked"]},
        },
        ("node", "id", "role", "label", "zone", "state"),
        more=True,
    )
    problem = _object({"error": text, "field": text, "remedy": text}, ("error", "field", "remedy"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": "1",
            "description": "Gateways and technicians; see hub/README.md.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": {**_gateways(), **_technicians()},
        "components": {
            "securitySchemes": {"gateway": bearer, "technician": bearer},
            "schemas": {
                "Problem": problem,
                "Device": device,
                **{name: _event(name) for name in events.FIELDS},
            },
        },
    }


blueprint = Blueprint("openapi", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
def description() -> ResponseReturnValue:
    return jsonify(document())
