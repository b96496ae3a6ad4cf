"""A dead gateway, a dead hub, kill -9 in the middle: the real processes in a village in real time."""

import json

import pytest
from kentongan_hub.storage.store import Store
from kentongan_sim.console.tail import Tail
from kentongan_sim.demo.person import Person
from kentongan_sim.demo.proof import Proof
from kentongan_sim.demo.run import ADMIN, START_S, Demo
from kits.patience import PATIENCE_S
from kits.village.village_kit import Alarms, wait

ONE, OTHER, CHIME = "tombol-07", "tombol-15", "penerima-1"  # OTHER counts strokes
SICK = 5  # strokes: the policy calls penerima at once, for danger after two minutes


@pytest.fixture
def demo(tmp_path):
    with Demo(tmp_path / "data", "cpython", first_house=ONE) as running:
        running.other = Proof(OTHER, running.site.nodes[OTHER])
        running.alarms = Alarms(running)
        running.village.world.listen(running.other.watch)
        running.start()
        running.tails.append(Tail(running.gateway.log, running.other.read_log))
        yield running


def incidents(demo):
    """Labels of the hub's incidents, one entry each."""
    with Store(demo.site.hub_data).read() as db:
        return sorted(
            row["label"]
            for row in db.all(
                "SELECT devices.label FROM incidents JOIN devices ON devices.node = incidents.device"
            )
        )


def stored_counters(demo, label):
    """Counters of a box's alarms that reached the hub."""
    with Store(demo.site.hub_data).read() as db:
        return [
            row["counter"]
            for row in db.all("SELECT counter FROM alarms WHERE device = ?", demo.site.nodes[label])
        ]


def answer(demo):
    person = Person(demo.hub_url, PATIENCE_S)
    person.log_in(ADMIN, demo.site.password)
    board = person.wait_for_alarm(PATIENCE_S)
    assert board, "the board shows no alarm"
    person.come(board)


def test_with_the_gateway_dead_the_posts_sound_and_the_presser_sees_it_and_its_return_is_used(demo):
    demo.switch("gateway", False)
    demo.village.press(ONE, 1)
    assert demo.proof.wait_for("siren", PATIENCE_S)
    assert demo.proof.wait_for("shown_sounding", PATIENCE_S)
    assert "shown_stored" not in demo.proof.at_s and incidents(demo) == []
    demo.switch("gateway", True)
    demo.gateway.wait_for("handshake with its radio", demo.radio.ready, START_S)
    demo.alarms.press_again(ONE)
    assert demo.proof.wait_for("shown_stored", PATIENCE_S)
    wait("the incident at the hub", lambda: incidents(demo) == [ONE])


def test_with_the_hub_dead_the_gateway_sounds_pages_and_the_hub_catches_up_each_incident_once(demo):
    demo.switch("hub", False)
    for label, strokes, proof in ((ONE, 1, demo.proof), (OTHER, SICK, demo.other)):
        demo.village.press(label, strokes)
        assert proof.wait_for("stored", PATIENCE_S) and proof.wait_for("shown_stored", PATIENCE_S)
    wait("the gateway's own siren", lambda: siren_lines(demo))
    wait("a page", lambda: demo.village.feed.snapshot(0)["states"].get(CHIME) == "page")
    demo.village.press(CHIME, "come")
    wait("an answer", lambda: "shown_coming" in demo.other.at_s)
    demo.switch("hub", True)
    demo.hub.wait_for_http(demo.hub_url + "/api/v1/health", START_S)
    wait("both incidents", lambda: incidents(demo) == [ONE, OTHER])
    wait("an empty spool", lambda: unsent(demo) == 0)
    assert incidents(demo) == [ONE, OTHER]


def unsent(demo):
    """Events that the gateway's spool still holds for the hub, by its own word."""
    return json.loads((demo.site.spool / "status.json").read_text())["spool"]["unsent"]


def siren_lines(demo):
    """List the lines of the gateway's virtual siren."""
    path = demo.site.siren_file
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_gateway_killed_in_the_middle_loses_and_doubles_nothing(demo):
    demo.hub.kill()  # so that the alarm is still only in the spool when the gateway dies
    demo.village.press(ONE, 1)
    assert demo.proof.wait_for("stored", PATIENCE_S)
    demo.gateway.kill()
    demo.village.press(OTHER, 1)
    assert demo.other.wait_for("siren", PATIENCE_S)
    demo.start_gateway()
    for label, proof in ((ONE, demo.proof), (OTHER, demo.other)):
        demo.alarms.press_again(label)
        assert proof.wait_for("shown_stored", PATIENCE_S)
    demo.hub.start()
    first = demo.alarms.seen[0]
    wait("both incidents", lambda: incidents(demo) == [ONE, OTHER])
    assert first[0] == ONE and first[1] in stored_counters(demo, ONE)


def test_a_hub_killed_in_the_middle_answers_after_its_return(demo):
    demo.village.press(ONE, 1)
    wait("the incident", lambda: incidents(demo) == [ONE])
    demo.hub.kill()
    demo.village.press(OTHER, 1)
    assert demo.other.wait_for("shown_stored", PATIENCE_S)
    demo.hub.start()
    demo.hub.wait_for_http(demo.hub_url + "/api/v1/health", START_S)
    wait("both incidents", lambda: incidents(demo) == [ONE, OTHER])
    answer(demo)
    answer(demo)
    assert demo.proof.wait_for("shown_coming", PATIENCE_S)
    assert demo.other.wait_for("shown_coming", PATIENCE_S)
    assert incidents(demo) == [ONE, OTHER]
