"""The spool goes to the hub, and orders come back. Two threads, each with its own connection; no decisions.

Batches are idempotent: an event is offered until the hub names its id in a 2xx. Every wait has a limit, and
what the hub says is checked before it is believed: garbage is a failure like any other.
"""

import email.utils
import http.client
import json
import logging
import random
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any

from kentongan_wire.base.errors import LocalError

from kentongan_gateway.core.base.stored import Event, Stored
from kentongan_gateway.core.hub import order_forms
from kentongan_gateway.disk.spool import REFUSED, SENT, Spool, SpoolError
from kentongan_gateway.hub_client.deadline import Connection, Names
from kentongan_gateway.hub_client.results import Client, Results

log = logging.getLogger("kentongan.uplink")

Order = dict[str, Any]  # as the hub gave it: with an id, and nothing else looked at yet

BATCH = 50  # events in one request
RETRY_BASE_S = 0.5  # first wait after a failure; then doubled, with jitter
RETRY_MAX_S = 30.0
URGENT_S = 1.0  # a new event is tried this soon, however long the hub has been away
IDLE_S = 15.0  # an idle uplink looks again this often
TIMEOUT_S = 5.0  # connect, write, and each read of a reply
GRACE_S = 5.0  # so much longer may a whole reply take than one read of it
SLOW_S = 2.0  # a reply that takes longer than this is said: a hub in trouble, or a bad line
POLL_WAIT_S = 25  # long poll; the hub answers at least this often
POLL_TIMEOUT_S = POLL_WAIT_S + 10
REPLY_MAX = 1 << 20  # bytes of one reply
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL
BEHIND_LIMIT = 1_000  # events that the hub passed over and that are offered after the others


class HubError(Exception):
    """The hub did not do what was asked; `.status` is the HTTP status, 0 where there was none."""

    def __init__(self, status: int, reason: str):
        super().__init__(f"{status or 'no reply'}: {reason}"[:200])
        self.status = status


class OddReply(HubError):
    """A 2xx that is not what was asked for: refused, counted, and asked for again."""


def trust(ca_file: str) -> ssl.SSLContext:
    """Trust this certificate and nothing else, whatever the clock says: a Pi starts without one.

    The file holds the hub's own certificate or the authority that the hub made for itself; the system's
    store is not looked at. LocalError with the remedy when it is no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise LocalError(f"{ca_file}: no certificate ({error}); copy the hub's own there, in PEM") from error
    # Strictness, on by itself since Python 3.13, would cut a gateway off at an upgrade: for a form (no key
    # identifier) of the one certificate that it was told to trust.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= NO_CHECK_TIME
    return context


class HubClient:
    """One connection to the hub, opened when needed; not thread-safe: one per thread."""

    def __init__(
        self,
        url: str,
        token: str,
        timeout_s: float = TIMEOUT_S,
        ca_file: str = "",
        on_date: Callable[[float], None] = lambda wall_s: None,
        steady_s: Callable[[], float] = time.monotonic,
        names: Names | None = None,
    ):
        parts = urllib.parse.urlsplit(url)
        self._host, self._port, self._base = parts.hostname or "", parts.port, parts.path.rstrip("/")
        self._context: ssl.SSLContext | None = None
        if parts.scheme == "https":
            self._context = trust(ca_file)
        self._on_date, self._names = on_date, names or Names()
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._timeout_s = timeout_s
        self._connection: Connection | None = None
        self._steady_s, self._slow = steady_s, False
        # wall time at which the hub's certificate ends, once it has been seen
        self.expires_s: float | None = None

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return the reply as a JSON object; HubError for everything else that can happen."""
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        begin_s = self._steady_s()
        try:
            if self._connection is None:
                self._connection = Connection(
                    self._host,
                    self._port,
                    self._timeout_s,
                    self._timeout_s + GRACE_S,
                    self._context,
                    names=self._names,
                )
            reply, raw = self._connection.ask(method, self._base + path, data, self._headers, REPLY_MAX + 1)
            if self._connection.certificate:
                self.expires_s = ssl.cert_time_to_seconds(self._connection.certificate["notAfter"])
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise HubError(0, f"{type(error).__name__} {error}") from error
        if body is not None:  # a long poll is meant to take its time
            self._note_speed(self._steady_s() - begin_s)
        self._told_date(reply.headers["Date"])
        if len(raw) > REPLY_MAX or reply.will_close:
            self.close()
        if not 200 <= reply.status < 300:
            raise HubError(reply.status, raw[:100].decode("utf-8", "replace"))
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise OddReply(reply.status, "the reply is no JSON") from error
        if not isinstance(answer, dict):
            raise OddReply(reply.status, "the reply is no JSON object")
        return answer

    def _note_speed(self, took_s: float) -> None:
        slow = took_s > SLOW_S
        if slow and not self._slow:
            log.warning("hub slow: %.1f s a reply", took_s)
        elif self._slow and not slow:
            log.info("hub quick again: %.1f s a reply", took_s)
        self._slow = slow

    def _told_date(self, date: str | None) -> None:
        try:
            self._on_date(email.utils.parsedate_to_datetime(date or "").timestamp())
        except (TypeError, ValueError, OverflowError):
            return  # no Date, or none that is one

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Backoff:
    """Waits that double up to a limit, with jitter so that gateways do not come back in step."""

    def __init__(self, base_s: float = RETRY_BASE_S, max_s: float = RETRY_MAX_S):
        self._base_s, self._max_s, self._times = base_s, max_s, 0

    def reset(self) -> None:
        self._times = 0

    def next_s(self) -> float:
        wait = min(self._base_s * 2 ** min(self._times, 16), self._max_s)
        self._times += 1
        return wait * random.uniform(0.5, 1.0)


class Uplink:
    """on_taken(ids, new), on_reply() after a good poll, on_orders(list), on_odd(reason, n) return at once.

    on_orders: False when there was no room for them; the hub is asked for them again.
    new: of the ids those of alarms that the hub takes for new (memory.py).
    offered(event): the event as it is sent, with its age and what else only the moment of sending knows.
    on_odd: so much of what the hub said could not be read, or so many events were refused by it for good.
    """

    def __init__(
        self,
        spool: Spool,
        make_client: Callable[[float], Client],
        label: str,
        boot_id: str,
        offered: Callable[[Event], Event],
        on_taken: Callable[[list[str], set[str]], object],
        on_reply: Callable[[], object],
        on_orders: Callable[[list[Order]], object],
        on_odd: Callable[[str, int], object] = lambda reason, n: None,
        steady_s: Callable[[], float] = time.monotonic,
    ):
        self._spool, self._make_client = spool, make_client
        self._label, self._boot_id, self._offered = label, boot_id, offered
        self._on_taken, self._on_reply, self._on_orders = on_taken, on_reply, on_orders
        self._on_odd = on_odd
        self._stop = threading.Event()
        self._work = threading.Event()
        self._results = Results(Backoff(), steady_s)
        self._fault: str | None = None  # why no connection can even be made
        self._batch = BATCH
        self._behind: dict[str, None] = {}  # event id -> None: passed over by the hub, oldest first
        self._threads = [
            threading.Thread(target=self._run_events, name="uplink", daemon=True),
            threading.Thread(target=self._run_orders, name="orders", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def healthy(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """End both threads; that of the events is waited for, so that nothing uses the spool after this."""
        self._stop.set()
        self._work.set()
        self._threads[0].join(TIMEOUT_S + 1)

    def trouble(self) -> str | None:
        """Say why no connection can even be made, or None."""
        return self._fault

    def untold(self) -> str | None:
        """Say which results of orders the hub does not take, or None: alarms go their way beside them."""
        return self._results.trouble()

    def wake(self) -> None:
        """Something new is in the spool: do not wait for the next look."""
        self._work.set()

    def order_done(self, order_id: int, result: str) -> None:
        self._results.add(order_id, result)
        self._work.set()

    # events out

    def _run_events(self) -> None:
        client, backoff, failing = None, Backoff(), False
        while not self._stop.is_set():
            try:
                client = client or self._connect(TIMEOUT_S)
                more = self.send_once(client)
            except (HubError, SpoolError, LocalError) as error:
                if not failing:
                    log.warning("hub takes nothing: %s", error)
                failing = True
                client = self._judged(error, client)
                self._pause(backoff.next_s())
                continue
            except Exception:
                # a fault of ours must not end the uplink: alarms wait in the spool, and it is tried again
                log.exception("uplink: a fault of ours")
                self._on_odd("fault", 1)
                client = self._closed(client)
                self._pause(backoff.next_s())
                continue
            if failing:
                log.info("hub takes events again")
            failing = False
            backoff.reset()
            if not more:
                self._work.wait(IDLE_S)
            self._work.clear()
        self._closed(client)

    def _connect(self, timeout_s: float) -> Client:
        """Make a client; while none can be made, for want of a token or certificate, people are told."""
        try:
            client = self._make_client(timeout_s)
        except Exception as error:
            self._fault = str(error)
            raise
        self._fault = None
        return client

    def _closed(self, client: Client | None) -> Client | None:
        """Close it if there is one; None: another is made."""
        try:
            if client is not None:
                client.close()
        except Exception as error:
            log.debug("close: %s", error)
        return None

    def _note_odd(self, error: Exception) -> None:
        if isinstance(error, OddReply):
            self._on_odd("reply_odd", 1)

    def _judged(self, error: Exception, client: Client | None) -> Client | None:
        """Count an odd reply; the client to go on with, None for another: a token may have been renewed."""
        self._note_odd(error)
        return self._closed(client) if getattr(error, "status", 0) in (401, 403) else client

    def _pause(self, wait_s: float) -> None:
        """Wait after a failure; something new in the spool shortens it to URGENT_S."""
        self._work.clear()
        self._stop.wait(min(URGENT_S, wait_s))
        self._work.wait(max(0.0, wait_s - URGENT_S))

    def send_once(self, client: Client) -> bool:
        """Offer one batch, then the order results; True when there may be more. HubError, SpoolError."""
        failed: Exception | None = None
        more = False
        try:
            more = self._send_events(client)
        except (HubError, SpoolError) as error:
            failed = error
        if getattr(failed, "status", 1) and self._results.tell(client):  # else the hub is away
            self._work.set()
        if failed is not None:
            raise failed
        return more

    def _send_events(self, client: Client) -> bool:
        rows = self._next_rows()
        ready = {event_id: self._prepared(event_id, event) for event_id, event in rows}
        events = [event for event in ready.values() if event is not None]
        if not events:
            return bool(rows)  # what cannot be sent is put by: there may be others
        rows = [row for row in rows if ready[row[0]] is not None]
        try:
            answer = client.call(
                "POST", "/api/v1/events", {"gateway": self._label, "boot_id": self._boot_id, "events": events}
            )
        except HubError as error:
            if error.status in (400, 413, 422):
                self._poison(rows)
            raise
        taken, new, refused = _verdict(answer, {event_id for event_id, _ in rows})
        for event_id, reason in refused.items():
            log.error("hub refuses %s for good: %s", event_id, reason)
        if refused:
            self._on_odd("event_refused", len(refused))
        self._on_taken(sorted(taken), new)
        self._spool.mark_sent(sorted(taken), SENT)
        self._spool.mark_sent(sorted(refused), REFUSED)
        self._batch = BATCH
        self._step_behind([event_id for event_id, _ in rows if event_id not in taken | set(refused)])
        if not taken and not refused:
            raise OddReply(200, "it named none of the events")
        return True

    def _prepared(self, event_id: str, event: Event) -> Event | None:
        """Return it as it is sent; without an age where none is known; None: not to be sent, put by."""
        try:
            event = self._offered(event)
        except Exception as error:
            log.error("%s is sent as it was stored: %s: %s", event_id, type(error).__name__, error)
            event = {**event, "age_ms": -1}
        event = {**event, "id": event_id}
        try:
            json.dumps(event)
        except (TypeError, ValueError, RecursionError) as error:
            log.error("%s cannot be sent: %s", event_id, error)
            self._on_odd("event_refused", 1)
            self._spool.mark_sent([event_id], REFUSED)
            return None
        return event

    def _next_rows(self) -> list[Stored]:
        """Return the next batch; what the hub passed over comes last, so that it never blocks a new alarm."""
        rows = self._spool.unsent(self._batch + len(self._behind))
        waiting = {event_id for event_id, _ in rows}
        self._behind = {event_id: None for event_id in self._behind if event_id in waiting}
        return sorted(rows, key=lambda row: row[0] in self._behind)[: self._batch]

    def _step_behind(self, ids: Iterable[str]) -> None:
        for event_id in ids:
            self._behind.pop(event_id, None)
            self._behind[event_id] = None
        while len(self._behind) > BEHIND_LIMIT:
            self._behind.pop(next(iter(self._behind)))

    def _poison(self, rows: list[Stored]) -> None:
        """Halve a batch that the hub refuses whole; a single culprit is set aside, to be offered later."""
        if len(rows) > 1:
            self._batch = max(1, len(rows) // 2)
        else:
            log.error("hub refuses %s for good", rows[0][0])
            self._on_odd("event_refused", 1)
            self._spool.mark_sent([rows[0][0]], REFUSED)
            self._batch = BATCH

    # orders in

    def _run_orders(self) -> None:
        client, backoff, after, failing = None, Backoff(), None, False
        while not self._stop.is_set():
            try:
                client = client or self._connect(POLL_TIMEOUT_S)
                orders = self.poll_once(client, after)
            except (HubError, LocalError) as error:
                if not failing:
                    log.warning("hub gives no orders: %s", error)
                failing = True
                client = self._judged(error, client)
                self._stop.wait(backoff.next_s())
                continue
            except Exception:
                log.exception("orders: a fault of ours")
                self._on_odd("fault", 1)
                client = self._closed(client)
                self._stop.wait(backoff.next_s())
                continue
            if failing:
                log.info("hub gives orders again")
            failing = False
            after = self._handed_on(orders, after or 0, backoff)
        self._closed(client)

    def _handed_on(self, orders: list[Order], after: int, backoff: Backoff) -> int:
        """Hand the orders on and return the next `after`: orders that found no room are asked for again."""
        if orders and self._on_orders(orders) is False:
            self._stop.wait(backoff.next_s())
            return after
        backoff.reset()
        return max([after, *(order["id"] for order in orders)])

    def poll_once(self, client: Client, after: int | None) -> list[Order]:
        """Return the orders above `after`, checked to have an id; None: everything anew. HubError."""
        asked = f"after={after}" if after is not None else "after=0&fresh=1"
        answer = client.call("GET", f"/api/v1/orders?{asked}&wait={POLL_WAIT_S}")
        orders = answer.get("orders")
        if not isinstance(orders, list):
            raise OddReply(200, "the reply has no orders")
        known = [order for order in orders if order_forms.order_id(order) is not None]
        if orders and not known:
            raise OddReply(200, "the orders have no ids")
        if len(known) < len(orders):
            self._on_odd("order_malformed", len(orders) - len(known))
        self._on_reply()
        return known


def _verdict(answer: dict[str, Any], offered: set[str]) -> tuple[set[str], set[str], dict[str, str]]:
    """(ids taken, those of them that are new, {id: reason} refused) of a reply, of ids that were offered."""
    accepted, rejected = answer.get("accepted"), answer.get("rejected") or []
    new = answer.get("new") or []
    if not (isinstance(accepted, list) and isinstance(rejected, list) and isinstance(new, list)):
        raise OddReply(200, "the reply has no accepted list")
    taken = {event_id for event_id in accepted if isinstance(event_id, str) and event_id in offered}
    refused = {}
    for each in rejected:
        if isinstance(each, dict) and isinstance(each.get("id"), str) and each["id"] in offered - taken:
            refused[each["id"]] = str(each.get("reason"))[:200]
    return taken, {event_id for event_id in new if isinstance(event_id, str) and event_id in taken}, refused
