"""The real process: kill -9 at every step, a hub that fails, a line that goes. Nothing receipted is lost."""

import json
import sqlite3
import subprocess
import sys
import threading

import pytest
from kentongan_gateway.disk.stored_row import row_of
from kentongan_gateway.service import settings
from kentongan_gateway.service.daemon import Daemon
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import open_message
from kits.gateway.gateway_kit import (
    BUTTON,
    BUTTON_2,
    GATEWAY,
    POST,
    SITE,
    alarm,
    button_status,
    report,
    stage_1,
)
from kits.gateway.gateway_process import Air, Gateway, Hub, wait_for
from kits.patience import PATIENCE_S


@pytest.fixture(name="site")
def _site(tmp_path):
    hub, air = Hub(), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    gateway.start()
    wait_for(air.connected, "the gateway opening its radio")
    yield hub, air, gateway
    if gateway.process.poll() is None:
        gateway.kill()
    air.close()
    hub.close()


def receipted(air):
    """{(node, counter, stage)} of every receipt on the air."""
    out = set()
    for send in list(air.sent):
        opened = open_message(bytes.fromhex(send["payload"]), GATEWAY, BROADCAST, SITE)
        if opened.type == m.RECEIPTS:
            out |= {(e.node, e.counter, e.stage) for e in opened.body.entries}
    return out


def assert_no_id_is_used_twice(air):
    """A packet id stands for one payload for ever: its counter block is never used for another."""
    assert len({(s["packet_id"], s["payload"]) for s in air.sent}) == len({s["packet_id"] for s in air.sent})


def at_hub(hub, counter):
    return counter in {e["counter"] for e in hub.of("alarm")}


def keep_hearing(air, payloads, condition, what, src=BUTTON):
    """Buttons repeat until they are answered: so do we."""

    def once():
        for payload in payloads:
            air.hear(payload, src)
        return condition()

    return wait_for(once, what)


def test_a_second_gateway_on_the_same_counters_does_not_start(site):
    """Both would send under the same packet ids: one key stream for two payloads, and orders refused."""
    hub, air, gateway = site
    second = subprocess.run(
        [sys.executable, "-m", "kentongan_gateway", "run", "--config", gateway.config],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert second.returncode != 0 and "another gateway runs with it" in second.stderr
    assert "Traceback" not in second.stderr
    air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air), "the receipt of the first")


def test_a_stop_does_not_wait_for_the_inbox(tmp_path):
    """The signal may interrupt the loop while it holds the inbox's own lock."""
    daemon = Daemon(settings.load(Gateway(tmp_path, 1, 1).config))
    with daemon._inbox.mutex:
        caller = threading.Thread(target=daemon.stop, daemon=True)
        caller.start()
        caller.join(PATIENCE_S)
        assert not caller.is_alive()


def test_an_alarm_goes_all_the_way_and_the_answer_comes_back(site):
    hub, air, gateway = site
    air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air), "the receipt")
    (event,) = wait_for(lambda: hub.of("alarm"), "the alarm at the hub")
    assert event["id"].startswith("gateway-1/") and event["boot_id"] and event["stored_wall"]
    hub.orders.append({"id": 9, "type": "stage", "device": BUTTON, "counter": 100, "stage": 3})
    wait_for(lambda: (BUTTON, 100, 3) in receipted(air), "stage 3")
    air.hear(button_status(counter=101, stage=3), BUTTON)
    wait_for(lambda: hub.done.get("9") == "ok", "the order's end at the hub")
    assert gateway.stop() == 0
    log = gateway.log.read_text()
    assert "tombol-07 #100 stored" in log and "Traceback" not in log


def test_kill_9_at_every_step_of_the_walk_of_one_alarm(tmp_path):
    hub, air = Hub(), Air()
    gateway = Gateway(tmp_path, hub.port, air.port)
    try:
        for step in range(24):
            counter = 2_000 + step
            payloads = [alarm(counter=counter, attempt=a) for a in range(4)]
            gateway.start(dies_at_step=step)
            keep_hearing(
                air,
                payloads,
                lambda n=counter: (
                    gateway.process.poll() is not None
                    or ((BUTTON, n, 2) in receipted(air) and at_hub(hub, n))
                ),
                f"the death at step {step}, or the end of the walk",
            )
            died = gateway.process.poll() is not None
            gateway.process.kill()
            gateway.process.wait()
            promised = (BUTTON, counter, 2) in receipted(air)
            air.hang_up()
            gateway.start()
            if promised:  # the button has stopped: the spool alone must bring it to the hub
                wait_for(lambda n=counter: at_hub(hub, n), f"alarm {counter} at the hub")
            else:
                keep_hearing(air, payloads, lambda n=counter: (BUTTON, n, 2) in receipted(air), "the receipt")
                wait_for(lambda n=counter: at_hub(hub, n), f"alarm {counter} at the hub")
            gateway.kill()
            air.hang_up()
            assert died or step > 8, "the first steps are reached in every run"
        keys = {(e["counter"], e["id"]) for e in hub.of("alarm")}
        assert len(keys) == 24, "each alarm once"
        assert_no_id_is_used_twice(air)
    finally:
        gateway.process.kill()
        gateway.process.wait()
        air.close()
        hub.close()


def test_kill_9_at_every_moment_of_an_alarm_loses_nothing_that_was_receipted(site):
    hub, air, gateway = site
    promised = set()
    for turn in range(12):
        counter = 1_000 + turn
        air.hear(alarm(counter=counter), BUTTON)
        if turn % 2:
            wait_for(lambda n=counter: (BUTTON, n, 2) in receipted(air), "the receipt")
        else:
            wait_for(lambda: air.connected(), "the line")
        gateway.kill()
        promised |= {c for _, c, stage in receipted(air) if stage == 2}
        air.hang_up()
        gateway.start()
        wait_for(air.connected, "the gateway coming back")
        keep_hearing(
            air,
            [alarm(counter=counter, attempt=1)],
            lambda n=counter: (BUTTON, n, 2) in receipted(air),
            f"the receipt of {counter}",
        )
    wait_for(lambda: {e["counter"] for e in hub.of("alarm")} >= promised | {1_011}, "all at the hub")
    counters = {}
    for event in hub.of("alarm"):
        counters.setdefault(event["counter"], set()).add((event["id"], event["key"]))
    assert {len(ids) for ids in counters.values()} == {1}, "one alarm has one id, however often it is offered"
    assert_no_id_is_used_twice(air)


def started(air):
    """{node} for whose alarms sirens have been ordered to start."""
    sent = [open_message(bytes.fromhex(s["payload"]), GATEWAY, BROADCAST, SITE) for s in list(air.sent)]
    return {o.body.origin for o in sent if o.type == m.SIREN_ORDER and o.body.action == m.ACTION_START}


def test_a_siren_that_a_person_silenced_stays_silent_over_kill_9(site):
    """The button never heard its receipt and goes on; another's alarm shows when an order is due."""
    hub, air, gateway = site
    air.hear(alarm(), BUTTON)
    wait_for(lambda: hub.of("alarm"), "the alarm at the hub")
    air.hear(report(state=m.STATE_SILENCED), POST)
    wait_for(lambda: hub.of("siren_report"), "the report at the hub")
    status = gateway.directory / "state/status.json"
    wait_for(lambda: json.loads(status.read_text())["up_s"] >= 5, "the delivery being noted on disk")
    gateway.kill()
    air.hang_up()
    air.sent.clear()
    gateway.start()
    wait_for(air.connected, "the gateway coming back")
    keep_hearing(air, [alarm(attempt=5)], lambda: (BUTTON, 100, 2) in receipted(air), "the receipt")
    keep_hearing(
        air,
        [alarm(src=BUTTON_2, counter=300)],
        lambda: (BUTTON_2, 300, 2) in receipted(air),
        "the other's receipt",
        src=BUTTON_2,
    )
    wait_for(lambda: BUTTON_2 in started(air), "the order for the other alarm")
    assert started(air) == {BUTTON_2}


def grown_old(gateway, by_ms):
    """The spool of a gateway that does not run, as if what it has were stored so much earlier."""
    with sqlite3.connect(gateway.directory / "state/spool.sqlite3") as db:
        for seq, body in db.execute("SELECT seq, body FROM event").fetchall():
            event = json.loads(body)
            event["at_ms"] -= by_ms
            _, _, *text = row_of(event)
            db.execute("UPDATE event SET body=?, crc=? WHERE seq=?", (*text, seq))
    db.close()


@pytest.mark.parametrize("lost", [(), ("guard", "stored"), ("guard", "stored", "spool")])
def test_a_frame_recorded_by_a_stranger_starts_nothing_after_a_power_cut_or_on_a_new_card(site, lost):
    """He has no key. Nobody had answered the alarm, and after the cut the hub is dead as well."""
    hub, air, gateway = site
    recorded = alarm(kind=2)
    air.hear(recorded, BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air) and hub.of("alarm"), "the walk of the alarm")
    status = gateway.directory / "state/status.json"
    wait_for(lambda: json.loads(status.read_text())["up_s"] >= 5, "the delivery being noted on disk")
    gateway.kill()
    grown_old(gateway, 240_000)
    for file in [file for name in lost for file in (gateway.directory / "state").glob(f"{name}.*")]:
        file.unlink()
    air.hang_up()
    air.sent.clear()
    hub.answer = (500, {})
    sounded = len(gateway.siren_lines())
    gateway.start()
    wait_for(air.connected, "the gateway coming back")
    for _ in range(3):
        air.hear(recorded, BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air), "the receipt: it is stored")
    known = "spool" not in lost
    presser, counter = (BUTTON, 101) if known else (BUTTON_2, 100)
    air.hear(alarm(src=presser, counter=counter, kind=1), presser)
    if not known:
        wait_for(lambda: (BUTTON_2, 100, 2) in receipted(air), "the receipt of an alarm in doubt")
        hub.answer = None
        hub.orders.append(
            {
                "id": 1,
                "type": "counters",
                "table": [[BUTTON, 0, 0, 100], [BUTTON_2, 0, 0, 99]],
                "gateway_counter": 0,
            }
        )
    wait_for(lambda: started(air), "the order for the alarm of today")
    assert started(air) == {presser}
    orders = [open_message(bytes.fromhex(s["payload"]), GATEWAY, BROADCAST, SITE) for s in list(air.sent)]
    started_by = [o.body for o in orders if o.type == m.SIREN_ORDER and o.body.action == m.ACTION_START]
    assert {body.pattern for body in started_by} == {1}
    if known:
        wait_for(lambda: len(gateway.siren_lines()) > sounded, "our own siren for the alarm of today")
    beaten = {line["pattern"] for line in gateway.siren_lines()[sounded:] if line["state"] == "on"}
    assert beaten <= {"maling"}


def test_the_hub_dead_sounds_the_siren_and_gets_everything_later(site):
    hub, air, gateway = site
    hub.answer = (500, {})
    air.hear(alarm(), BUTTON)
    air.hear(stage_1(), 0x3001)
    wait_for(gateway.siren_lines, "our own siren")
    assert gateway.siren_lines()[0]["pattern"] == "maling"
    hub.answer = None
    wait_for(lambda: hub.of("alarm"), "the alarm at the hub")
    hub.orders.append(
        {
            "id": 1,
            "type": "siren",
            "action": "stop",
            "origin": BUTTON,
            "counter": 100,
            "targets": "zone",
            "zone": 5,
        }
    )
    wait_for(lambda: gateway.siren_lines()[-1]["state"] == "off", "the stop")
    wait_for(lambda: [e["state"] for e in hub.of("gateway_siren")] == ["sounding", "stopped"], "its story")


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"),
        (200, {"accepted": "all"}),
        (200, {"accepted": ["gateway-1/x-1"]}),
        (200, []),
        (503, b""),
        (400, {"error": "?"}),
    ],
)
def test_a_hub_that_talks_garbage_is_no_acceptance(site, answer):
    hub, air, _ = site
    hub.answer = answer
    air.hear(alarm(), BUTTON)
    wait_for(lambda: hub.requests >= 2, "the uplink trying")
    assert not hub.of("alarm")
    hub.answer = None
    if answer[0] == 400:
        return  # refused for good: kept in the spool and offered after the next start
    wait_for(lambda: hub.of("alarm"), "the alarm at the hub")


def test_the_radio_line_comes_back_and_the_hub_is_told(site):
    hub, air, _ = site
    wait_for(lambda: [e["up"] for e in hub.of("radio")] == [True], "the radio's first word")
    air.hang_up()
    wait_for(lambda: [e["up"] for e in hub.of("radio")] == [True, False, True], "the line's story")
    air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air), "the receipt")


def test_torn_state_and_a_corrupt_spool_are_set_aside_and_the_next_alarm_is_taken(site):
    hub, air, gateway = site
    air.hear(alarm(), BUTTON)
    wait_for(lambda: (BUTTON, 100, 2) in receipted(air), "the receipt")
    state = gateway.directory / "state"
    wait_for((state / "guard.state").exists, "the counters on disk")
    gateway.kill()
    for name in ("seq", "guard"):
        file = state / f"{name}.state"
        file.write_bytes(file.read_bytes()[:-1])
    (state / "spool.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    (state / "spool.sqlite3-wal").write_bytes(b"\xff" * 5_000)  # whole, it would bring everything back
    air.hang_up()
    air.sent.clear()
    gateway.start()
    wait_for(air.connected, "the gateway coming back")
    keep_hearing(air, [alarm(counter=101)], lambda: (BUTTON, 101, 2) in receipted(air), "the receipt")
    assert air.sent[0]["packet_id"] >= 2**16
    assert len(list(state.glob("spool.sqlite3.corrupt-????????"))) == 1
    assert len(list(state.glob("*.damaged"))) == 2


def test_check_and_status_say_what_is_wrong(site):
    hub, air, gateway = site

    def command(*words):
        program = [sys.executable, "-m", "kentongan_gateway", *words, "--config", str(gateway.config)]
        return subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE_S)

    wait_for((gateway.directory / "state/status.json").exists, "a status")
    assert command("status").stdout.startswith("gateway-1: berjalan")
    gateway.kill()
    done = command("check")
    assert "ok    key_file" in done.stdout and "ok    hub" in done.stdout and done.returncode == 0
    hub.close()
    done = command("check")
    assert done.returncode == 1 and "FAULT hub" in done.stdout and "start the hub" in done.stdout


def test_odd_orders_end_no_gateway_and_are_fetched_once(site):
    """Kinds of nonsense that were once a crash, fetched again after every start."""
    hub, air, gateway = site
    hub.orders = [
        {"id": 1, "type": "siren", "action": [], "origin": BUTTON, "counter": 1},
        {"id": 2, "type": "directory", "devices": [{"node": 9, "role": []}]},
        {"id": 3, "type": "drill", "minutes": {}},
        {"id": 4, "type": ["stage"]},
    ]
    wait_for(lambda: len(hub.done) == 4, "all of them answered")
    assert all(result.startswith("failed: ") for result in hub.done.values())
    air.hear(alarm(), BUTTON)
    wait_for(lambda: hub.of("alarm"), "the alarm at the hub")
    wait_for(lambda: [e for e in hub.of("refusals") if e["counters"].get("order_odd") == 4], "their count")
    asked = hub.polls
    wait_for(lambda: hub.polls > asked + 1, "the next polls")
    assert gateway.process.poll() is None
