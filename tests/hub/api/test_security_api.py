"""The API against whatever comes: what its description allows, what it does not, forged and replayed calls.

schemathesis makes the calls out of /api/v1/openapi.json; a failure prints the call. KENTONGAN_API_CALLS sets
how many of each route (`make soak ONLY=api`: 200).
"""

import json
import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from kentongan_hub.api import openapi
from kentongan_hub.app import create_app
from kentongan_hub.base.clock import FakeClock
from kentongan_hub.devices.provision import technicians
from kits.hub.hub_kit import make_site
from schemathesis.specs.openapi import checks

SOAK = bool(os.environ.get("KENTONGAN_SOAK"))
CALLS = int(os.environ.get("KENTONGAN_API_CALLS", "200" if SOAK else "4"))
MANY = settings(
    max_examples=CALLS,
    deadline=None,
    database=None,
    derandomize=not SOAK,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OPERATIONS = [(path, verb) for path, verbs in openapi.document()["paths"].items() for verb in verbs]


def spelled(rule):
    return re.sub(r"<(?:int:)?(\w+)>", r"{\1}", str(rule)).removeprefix("/api/v1")


def test_every_api_route_is_described_and_every_description_is_a_route(site):
    routes = {
        (spelled(rule), method.lower())
        for rule in site.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if str(rule).startswith("/api/") and rule.endpoint != "openapi.description"
    }
    assert routes == set(OPERATIONS)
    assert site.client.get("/api/v1/openapi.json").json == json.loads(json.dumps(openapi.document()))


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """(schema, tokens): one hub for all the calls, so that they meet what calls before them have left."""
    data = tmp_path_factory.mktemp("api") / "data"
    made = make_site(data)
    app = create_app(data, clock=FakeClock(), dispatch=False)
    with app.hub.store.write() as db:
        technician = technicians.new_token(db, app.hub.now(), "uji")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return schema, {"gateway": made["token"], "technician": technician}, app


@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_whatever_is_sent_gets_an_answer_that_is_described_and_never_a_crash(described, path, verb):
    schema, tokens, app = described
    operation = schema[path][verb.upper()]
    security = operation.definition.raw.get("security") or []
    token = tokens[next(iter(security[0]))] if security else ""
    refused = []  # how often it was let in, so that the test is not only about closed doors

    def call(case):
        app.hub.clock.advance(61_000)  # a flood of log-ins is another test
        case.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if case.query and "wait" in case.query:
            case.query["wait"] = "0"
        answer = case.call()
        refused.append(answer.status_code)
        case.validate_response(
            answer,
            checks=[
                schemathesis.checks.not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
            ],
        )

    modes = [schemathesis.GenerationMode.POSITIVE]
    if operation.body or operation.query or operation.path_parameters:  # else nothing can be wrong about it
        modes.append(schemathesis.GenerationMode.NEGATIVE)
    for mode in modes:
        given(case=operation.as_strategy(generation_mode=mode))(MANY(lambda case: call(case)))()
    assert 401 not in refused, "the token is good"
