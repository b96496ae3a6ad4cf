"""The uplink with an injected client: what counts as accepted, and what happens to everything else."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kentongan_gateway.disk.spool import Spool
from kentongan_gateway.hub_client.uplink import BATCH, RETRY_MAX_S, Backoff, HubClient, HubError, Uplink


class Client:
    """Answers each call with the next of `answers`: an exception, an object, or a function of the body."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), []

    def call(self, method, path, body=None):
        self.calls.append((method, path, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(body) if callable(answer) else answer

    def close(self):
        return


def accept_all(body):
    return {"accepted": [e["id"] for e in body["events"]], "rejected": []}


@pytest.fixture(name="spool")
def _spool():
    return Spool(":memory:", "gateway-1")


def uplink(spool, now_s=(0.0,)):
    taken, new, orders, odd = [], [], [], []

    def on_taken(ids, of_them_new):
        taken.append(ids)
        new.append(of_them_new)

    link = Uplink(
        spool,
        None,
        "gateway-1",
        "boot",
        lambda event: {**event, "age_ms": 1_000 * event["counter"]},
        on_taken,
        lambda: None,
        orders.append,
        lambda *what: odd.append(what),
        lambda: now_s[0],
    )
    link.taken, link.new, link.orders, link.odd = taken, new, orders, odd
    return link


def fill(spool, n):
    return [spool.put({"type": "alarm", "key": str(i), "counter": i}) for i in range(n)]


def test_what_the_hub_names_is_marked_and_told(spool):
    ids, link = fill(spool, 3), uplink(spool)
    assert link.send_once(Client(accept_all)) is True
    assert not spool.unsent() and link.taken == [sorted(ids)]


@pytest.mark.parametrize("named", [None, [], ["gateway-9/1", 7, None]])
def test_of_what_the_hub_takes_only_what_it_names_so_is_new_to_it(spool, named):
    ids, link = fill(spool, 3), uplink(spool)
    new = named if named is None else [*named, ids[1]]
    link.send_once(Client(lambda body: {**accept_all(body), "new": new}))
    assert link.taken == [sorted(ids)] and link.new == [set() if named is None else {ids[1]}]


def test_every_event_says_how_old_it_is_when_it_is_sent(spool):
    fill(spool, 3)
    seen = []
    uplink(spool).send_once(Client(lambda body: seen.extend(body["events"]) or accept_all(body)))
    assert [event["age_ms"] for event in seen] == [0, 1_000, 2_000]


def test_what_it_does_not_name_is_offered_again(spool):
    ids, link = fill(spool, 3), uplink(spool)
    link.send_once(Client({"accepted": ids[:1], "rejected": []}))
    assert [i for i, _ in spool.unsent()] == ids[1:]


def test_events_that_the_hub_fails_on_never_block_a_new_alarm(spool):
    bad, link = set(fill(spool, BATCH + 10)), uplink(spool)

    def fails_on_bad(body):
        return {"accepted": [e["id"] for e in body["events"] if e["id"] not in bad], "rejected": []}

    for _ in range(3):
        with pytest.raises(HubError, match="named none"):
            link.send_once(Client(fails_on_bad))
    new = spool.put({"type": "status", "counter": 99})
    assert link.send_once(Client(fails_on_bad)) is True and link.taken[-1] == [new]
    while spool.unsent():
        link.send_once(Client(accept_all))
    assert set().union(*link.taken) == bad | {new}, "they are offered until the hub can take them"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"accepted": 5},
        {"accepted": []},
        {"accepted": ["gateway-2/1"]},
        {"accepted": [None, {}]},
        {"accepted": [], "rejected": 7},
        {"accepted": [], "new": 7},
    ],
)
def test_an_answer_that_names_nothing_of_ours_is_a_failure(spool, answer):
    fill(spool, 2)
    with pytest.raises(HubError):
        uplink(spool).send_once(Client(answer))
    assert len(spool.unsent()) == 2


def test_an_event_that_the_hub_rejects_steps_aside_and_stays_on_disk(spool):
    ids, link = fill(spool, 2), uplink(spool)
    link.send_once(Client({"accepted": ids[1:], "rejected": [{"id": ids[0], "reason": "kind"}]}))
    assert not spool.unsent() and spool.counts()["rows"] == 2 and not spool.is_sent(ids[0])


def test_a_batch_that_is_refused_as_a_whole_is_halved_down_to_the_culprit(spool):
    fill(spool, 8)
    link, sizes = uplink(spool), []

    def poisoned(body):
        sizes.append(len(body["events"]))
        if any(e["counter"] == 5 for e in body["events"]):
            raise HubError(400, "no")
        return accept_all(body)

    for _ in range(30):
        try:
            if not link.send_once(Client(poisoned)):
                break
        except HubError:
            continue
    assert not spool.unsent() and spool.counts()["rows"] == 8
    assert max(sizes) == 8 and min(sizes) == 1


def test_order_results_are_told_until_the_hub_has_heard_them(spool):
    now_s = [0.0]
    link = uplink(spool, now_s)
    link.order_done(4, "ok")
    link.send_once(Client(HubError(0, "away")))
    now_s[0] += 60
    client = Client({"done": [4]})
    link.send_once(client)
    assert client.calls[0][2] == {"ids": [4], "results": {"4": "ok"}}
    link.send_once(Client())


def fails_on_results(path_of_calls, bad=None, status=500):
    """A hub that takes events and fails on results: all, or those of these orders."""

    def answer(path, body):
        path_of_calls.append(path.rpartition("/")[2])
        if path.endswith("/done"):
            if bad is None or bad & set(body["ids"]):
                raise HubError(status, "internal error")
            return {"done": body["ids"]}
        return accept_all(body)

    return Paths(answer)


class Paths:
    """A client whose hub is a function of path and body."""

    def __init__(self, answer):
        self._answer = answer

    def call(self, _method, path, body=None):
        return self._answer(path, body)

    def close(self):
        return


@pytest.mark.parametrize("status", [0, 400, 401, 500, 503])
def test_a_hub_that_fails_on_results_of_orders_gets_every_alarm_and_people_are_told(spool, status):
    now_s, calls = [0.0], []
    link = uplink(spool, now_s)
    for order_id in range(1, 80):
        link.order_done(order_id, "ok")
    for n in range(200):
        spool.put({"type": "alarm", "key": str(n), "counter": n})
        link.send_once(fails_on_results(calls, status=status))
        now_s[0] += 1
        assert not spool.unsent(), "each in its turn"
    assert calls[0] == "events" and 5 < calls.count("done") < 60
    assert "what became of its orders" in link.untold() and link.trouble() is None
    now_s[0] += 60
    while link.send_once(fails_on_results(calls, bad=set())) or link._results._waiting:
        now_s[0] += 1
    assert link.untold() is None


def test_one_result_that_the_hub_fails_on_keeps_no_other_back(spool):
    now_s, calls = [0.0], []
    link = uplink(spool, now_s)
    for order_id in range(1, 80):
        link.order_done(order_id, "ok")
    for _ in range(500):
        link.send_once(fails_on_results(calls, bad={7}))
        now_s[0] += 1
    assert set(link._results._waiting) == {7}


@pytest.mark.parametrize("order_result", [{"x": object()}, b"\xff", float("nan")])
def test_a_result_that_cannot_be_written_stops_no_event(spool, order_result):
    fill(spool, 2)
    link = uplink(spool)
    link.order_done(4, order_result)
    link.send_once(Paths(lambda path, body: json.dumps(body) and accept_all(body)))
    assert not spool.unsent()


def test_an_event_whose_age_cannot_be_known_is_sent_as_it_was_stored_and_stops_no_other(spool):
    spool.put({"type": "alarm", "key": "odd", "device": 7})
    fill(spool, 3)
    seen = []
    link = uplink(spool)
    link.send_once(Client(lambda body: seen.extend(body["events"]) or accept_all(body)))
    assert [event["age_ms"] for event in seen] == [-1, 0, 1_000, 2_000] and not spool.unsent()


def test_an_event_that_cannot_be_written_is_put_by_and_told_and_stops_no_other(spool):
    """Only memory can hold one: the disk refused it for the same reason."""
    spool.hold({"type": "alarm", "key": "odd", "counter": 7, "rssi": b"\xff"})
    fill(spool, 3)
    link = uplink(spool)
    while spool.unsent():
        link.send_once(Client(lambda body: json.dumps(body) and accept_all(body)))
    assert sum(map(len, link.taken)) == 3 and link.odd == [("event_refused", 1)]


@pytest.mark.parametrize("answer", [{}, {"orders": None}, {"orders": {}}])
def test_a_poll_without_orders_is_a_failure(spool, answer):
    with pytest.raises(HubError):
        uplink(spool).poll_once(Client(answer), 0)


def test_orders_that_are_none_are_left_out(spool):
    client = Client({"orders": [5, None, {"id": "x"}, {"id": 7, "type": "stage"}]})
    orders = uplink(spool).poll_once(client, 3)
    assert orders == [{"id": 7, "type": "stage"}]


def test_the_waits_double_with_jitter_up_to_a_limit():
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.next_s() for _ in range(50)]
    assert all(0.5 * min(2**i, 8) <= wait <= min(2**i, 8) for i, wait in enumerate(waits))
    backoff.reset()
    assert backoff.next_s() <= 1.0 and RETRY_MAX_S <= 30


def test_a_hub_that_is_not_there_is_a_hub_error():
    with pytest.raises(HubError) as caught:
        HubClient("http://127.0.0.1:9", "t", timeout_s=0.5).call("GET", "/api/v1/health")
    assert caught.value.status == 0


def test_a_hub_that_answers_slowly_is_said_once_and_so_is_its_recovery(caplog):
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args):
            return

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    times = iter([0, 1, 10, 14.5, 20, 24.5, 30, 30.1])
    client = HubClient(f"http://127.0.0.1:{server.server_port}", "token", steady_s=lambda: next(times))
    with caplog.at_level(logging.INFO, "kentongan.uplink"):
        for _ in range(4):
            assert client.call("POST", "/api/v1/events", {"events": []}) == {}
    client.close()
    server.shutdown()
    server.server_close()
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("WARNING", "hub slow: 4.5 s a reply"),
        ("INFO", "hub quick again: 0.1 s a reply"),
    ]
