"""The API of gateways: events in, orders out. Every answer after a commit, every call safe to repeat."""

import hmac
import json
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, request
from flask.typing import ResponseReturnValue

from kentongan_hub.api import events
from kentongan_hub.base import codes, sending, site
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.entries.typed import typed
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Event, Gateway, OutboxRow
from kentongan_hub.channels import base
from kentongan_hub.devices import deaf, last_heard
from kentongan_hub.devices.provision.gateways import token_hash
from kentongan_hub.devices.trust import counters, periodic
from kentongan_hub.incidents import actions, alarms, orders, soundings
from kentongan_hub.record import audit, failures, outbox, timeline
from kentongan_hub.shared.hub import Hub, this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.upkeep import mending

log = logging.getLogger("kentongan.hub")
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

BODY_LIMIT = 512 * 1024  # bytes of one request
EVENTS_LIMIT = 200  # events in one request
ROW_LIMIT = (1 << 63) - 1  # SQLite's largest row number
DONE_LIMIT = 500  # ids in one done report
WAIT_LIMIT_S = 25  # longest long poll
SLICE_S = 2.0  # a long poll looks again this often: provisioning writes from another process
HEARD_EVERY_MS = 10_000  # a gateway's sign of life is written at most this often
MISSED_MS = 86_400_000  # whoever was not heard for so long may have missed orders that have expired
POLLS_AT_ONCE = 8  # long polls hold a thread each
_polls = threading.BoundedSemaphore(POLLS_AT_ONCE)


def problem(status: int, error: str, field: str = "", remedy: str = "", stranger: bool = False) -> Response:
    """Make a refusal; `stranger`: one without a token does not learn the installation's path."""
    remedy = remedy if stranger else typed(remedy, this_hub().data_dir)
    response = jsonify(error=error, field=field, remedy=remedy)
    response.status_code = status
    return response


@blueprint.before_request
def authenticate() -> Response | None:
    """Require a gateway's bearer token on every route but health."""
    request.max_content_length = BODY_LIMIT
    if request.endpoint == "api.health":
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token_hash(token.strip()) if scheme.lower() == "bearer" else ""
    with this_hub().store.read() as db:
        rows: list[Gateway] = db.all("SELECT * FROM gateways WHERE token IS NOT NULL")
    found = _of_token(rows, given)
    is_whole = found is not None and type(found["label"]) is str
    if not is_whole and this_hub().mend("gateways"):  # its row had been damaged
        with this_hub().store.read() as db:
            found = _of_token(db.all("SELECT * FROM gateways WHERE token IS NOT NULL"), given)
    if found is None:
        return problem(
            401,
            "no gateway has this token",
            "Authorization",
            "make one on the hub's machine with `kentongan-hub gateway-file --out FILE --token-out FILE`",
            stranger=True,
        )
    g.gateway = found
    return None


def _of_token(rows: list[Gateway], given: str) -> Gateway | None:
    found = None
    for row in rows:  # all of them, so that the time tells nothing
        if hmac.compare_digest(str(row["token"]).encode(), given.encode()):
            found = row
    return found


@blueprint.errorhandler(413)
def too_large(_error: Exception) -> Response:
    return problem(
        413, "request too large", "body", f"send at most {EVENTS_LIMIT} events and {BODY_LIMIT} bytes"
    )


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Answer ok with a whole database of this site that takes writes; else the trouble, and 503."""
    hub = this_hub()
    with hub.store.read() as db:
        known = not hub.has_site() or bool(db.setting("name"))
        status = "damaged" if mending.damage(db) or not known else "disk" if hub.store.failing else "ok"
    return jsonify(status=status, site=hub.has_site()), 200 if status == "ok" else 503


def json_object(empty: bytes = b"") -> dict[str, Any]:
    """Read the request's JSON object; 400 otherwise. `empty` stands for a body of no bytes."""
    try:
        body = json.loads(request.get_data(cache=False) or empty)
    except (ValueError, RecursionError):
        abort(problem(400, "not JSON", "body", "send UTF-8 JSON with Content-Type application/json"))
    if not isinstance(body, dict):
        abort(problem(400, "not a JSON object", "body", "send {...}"))
    return body


@blueprint.post("/events")
def post_events() -> ResponseReturnValue:
    body = json_object()
    batch = body.get("events")
    if not isinstance(batch, list) or len(batch) > EVENTS_LIMIT:
        return problem(400, f"no list of at most {EVENTS_LIMIT} events", "events", 'send {"events": [...]}')
    boot_id = audit.clean(body["boot_id"]) if isinstance(body.get("boot_id"), str) else ""
    good, rejected = [], []
    for number, raw in enumerate(batch):
        try:
            event = events.check(raw)
            event["boot_id"] = event["boot_id"] or boot_id[:64]
            good.append(event)
        except events.BadEvent as error:
            id_ = raw.get("id") if isinstance(raw, dict) else None
            rejected.append({"id": id_, "reason": f"events[{number}].{error}"})
    try:
        accepted, new = _store_events(good, rejected, boot_id[:64])
    except sqlite3.Error:
        if not this_hub().mend():
            raise
        accepted, new = _store_events(good, rejected, boot_id[:64])
    if any(event["type"] == "alarm" and event["id"] in accepted for event in good):
        # before the gateway may forget it: a database that is damaged now takes no alarm with it
        this_hub().dispatch.keep()
    return jsonify(accepted=accepted, rejected=rejected, new=new)


def _store_events(
    good: list[Event], rejected: list[dict[str, Any]], boot_id: str
) -> tuple[list[str], list[str]]:
    """Store events: (ids on disk, ids of new alarms); one that this hub fails on is in neither.

    The gateway keeps and repeats it. An unknown alarm is taken for new: that silences nobody.
    """
    hub, label, accepted, new = this_hub(), g.gateway["label"], [], []
    now = hub.now()
    with hub.store.write() as db:
        for event in good:
            what = Said(codes.STORING_REPORT, gateway=label)
            with failures.about(alarms.is_hushed(db, now, event)):
                fresh = event["type"] == "alarm" and (
                    failures.contained(db, now, what, counters.is_new, db, now, event) is not False
                )
                key = f"{label} {event['id']}"
                taken = failures.contained(db, now, what, _taken, db, now, label, event, key=key)
            if taken:
                accepted.append(event["id"])
                new += [event["id"]] if fresh else []
        for one in rejected:
            log.warning("gateway %s: %s", label, audit.clean(one["reason"]))
        if rejected:
            last_heard.count_refusal(db, now, label, "hub: bad event", len(rejected))
        off_ms = last_heard.clock_off_ms(now, good)
        failures.contained(db, now, codes.WRITING_GATEWAY, _heard, db, now, boot_id, off_ms)
    return accepted, new


def _taken(db: Db, now: Now, label: str, event: Event) -> bool:
    alarms.take(db, now, label, event)
    return True


def _heard(db: Db, now: Now, boot_id: str = "", clock_off_ms: int | None = None) -> None:
    failures.contained(db, now, codes.WRITING_GATEWAY, deaf.back, db, now, g.gateway["label"])
    heard_ms = db.value("SELECT heard_ms FROM gateways WHERE label = ?", g.gateway["label"])
    if heard_ms is not None and now.ms - heard_ms >= MISSED_MS:  # by a guess as well: nothing is lost by it
        what = codes.SETTINGS_FOR_GATEWAY
        failures.contained(db, now, what, _synced, db, now, this_hub().data_dir)
    db.run(
        "UPDATE gateways SET heard_ms = ?, heard_wall = ?, boot_id = coalesce(nullif(?, ''), boot_id), "
        "clock_off_ms = coalesce(?, clock_off_ms) WHERE label = ?",
        now.ms,
        now.wall,
        boot_id,
        clock_off_ms,
        g.gateway["label"],
    )


@blueprint.get("/orders")
def get_orders() -> ResponseReturnValue:
    after = numerals.whole(request.args.get("after", "0"))
    wait_s = numerals.whole(request.args.get("wait", "0"), 0, 9_999)
    if after is None:
        return problem(400, "no order id", "after", "send the highest order id you have stored, or 0")
    if wait_s is None:
        return problem(400, "no number of seconds", "wait", f"send 0..{WAIT_LIMIT_S}")
    if request.args.get("fresh") == "1":
        hub = this_hub()
        _sync(hub)
    if not _polls.acquire(blocking=False):
        response = problem(503, "too many long polls", "", "come back in 2 s")
        response.headers["Retry-After"] = "2"
        return response
    try:
        return jsonify(orders=_wait_for_orders(after, min(wait_s, WAIT_LIMIT_S)))
    finally:
        _polls.release()


def _sync(hub: Hub) -> None:
    """Queue everything that a gateway needs after its start; it gets its waiting orders whatever fails."""
    now = hub.now()
    with hub.store.write() as db:
        failures.contained(db, now, codes.SETTINGS_FOR_GATEWAY, _synced, db, now, hub.data_dir)
        failures.contained(db, now, codes.AWAITING_SIREN, soundings.heard_anew, db, now, g.gateway["label"])


def _synced(db: Db, now: Now, data_dir: Path) -> None:
    periodic.sync(db, now, site.load(data_dir), g.gateway["label"])


def _wait_for_orders(after: int, wait_s: float) -> list[dict[str, Any]]:
    hub, channel = this_hub(), outbox.gateway_channel(g.gateway["label"])
    deadline_ms = hub.clock.steady_ms() + wait_s * 1000
    slices = int(wait_s / SLICE_S) * 50 + 1  # rings cut slices short: bounded all the same
    for _ in range(slices):
        rings = hub.store.bell.count()
        now = hub.now()
        if now.ms - (g.gateway["heard_ms"] or 0) >= HEARD_EVERY_MS:
            g.gateway["heard_ms"] = now.ms
            with hub.store.write(ring=False) as db:
                _heard(db, now)
        with hub.store.read() as db:
            due = outbox.due(db, now.ms, channel, after)
        if due:
            with hub.store.write(ring=False) as db:
                found = [_order(db, now, row) for row in outbox.claim(db, now.ms, channel, after)]
            if any(found):
                return [one for one in found if one]
        left_s = (deadline_ms - now.ms) / 1000
        if left_s <= 0 or hub.store.bell.closed:
            break
        hub.store.bell.wait_beyond(rings, min(SLICE_S, left_s))
    return []


def _order(db: Db, now: Now, row: OutboxRow) -> dict[str, Any] | None:
    """Make an order as it goes out; None when it cannot be made now, or never can be."""
    try:
        json.loads(row["body"]).items()
    except (ValueError, TypeError, AttributeError, RecursionError):
        outbox.mark(db, now.ms, row["channel"], row["id"], sending.DAMAGED)
        with failures.about(actions.is_of_confidential(db, row)):
            failures.note(db, now, Said(codes.ORDER_DAMAGED, type=row["type"], gateway=g.gateway["label"]))
        return None
    with failures.about(actions.is_of_confidential(db, row)):
        return failures.contained(db, now, codes.PAGING_CHIMES, _as_sent, db, now, row)


def _as_sent(db: Db, now: Now, row: OutboxRow) -> dict[str, Any]:
    body = orders.as_sent(db, row)
    _note_order(db, row)
    left_s = max(1, (row["expires_ms"] - now.ms) // 1000)
    return {**body, "id": row["id"], "type": row["type"], "expires_in_s": left_s}


def _note_order(db: Db, row: OutboxRow) -> None:
    incident = row["incident"] and db.one("SELECT * FROM incidents WHERE id = ?", row["incident"])
    if incident:
        audit.note("order", timeline.identity(db, incident), row["type"])


def _is_row(number: object) -> bool:
    return type(number) is int and 0 <= number <= ROW_LIMIT


@blueprint.post("/orders/done")
def post_done() -> ResponseReturnValue:
    body = json_object()
    ids, results = body.get("ids"), body.get("results")
    results = {} if results is None else results
    if not isinstance(ids, list) or len(ids) > DONE_LIMIT or not all(map(_is_row, ids)):
        return problem(400, "no list of order ids", "ids", f"send at most {DONE_LIMIT} whole numbers")
    if not isinstance(results, dict):
        return problem(400, "no object", "results", 'send {"<id>": "ok" | "failed: why"}')
    hub, channel = this_hub(), outbox.gateway_channel(g.gateway["label"])
    now, marked = hub.now(), []
    with hub.store.write() as db:
        for id_ in ids:
            result = audit.clean(results.get(str(id_), "ok"))
            row = db.one("SELECT incident FROM outbox WHERE id = ?", id_)
            with failures.about(row and actions.is_of_confidential(db, row)):
                what = codes.WRITING_RESULT
                if failures.contained(db, now, what, _done, db, now, channel, id_, result):
                    marked.append(id_)
        failures.contained(db, now, codes.WRITING_GATEWAY, _heard, db, now)
    return jsonify(done=marked)


def _done(db: Db, now: Now, channel: str, id_: int, result: str) -> bool:
    """Finish the row by this report, and note the channel's health; True when this report did."""
    if not outbox.mark(db, now.ms, channel, id_, result):
        return False
    failures.contained(db, now, codes.WRITING_CHANNEL, _fared, db, now, channel, result)
    return True


def _fared(db: Db, now: Now, channel: str, result: str) -> None:
    if result == "ok":
        base.worked(db, now, channel)
    else:
        base.failed(db, now, channel, result)
