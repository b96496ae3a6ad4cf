"""Home Assistant over a real broker: cut lines, brokers that forget, its own restarts; Kanal says what is."""

import json
import subprocess

import pytest
from conftest import require
from kentongan_hub.channels import mqtt as channel_file
from kits.outside.mosquitto import BROKER, Cable, Mosquitto, Watcher
from kits.outside.mqtt_model import Broker
from kits.patience import wait_for

ALIVE = "kentongan/rt-05-sukamaju/hidup"
STATE = "kentongan/rt-05-sukamaju/rt05/alarm"
CONFIG = "homeassistant/binary_sensor/kentongan_rt-05-sukamaju_rt05/config"
ALL = {ALIVE, STATE, CONFIG}


def worker(site):
    return next(one for one in site.hub.dispatch.workers if one.name == "mqtt")


def switch_on(site, **settings):
    person = site.enter("admin")
    settings = {"hidup": "1", "host": "127.0.0.1", **settings}
    assert person.post("/kanal/mqtt", page="/kanal", **settings).status_code == 303
    return worker(site)


def problem(site):
    return site.rows("SELECT problem FROM channels WHERE name = 'mqtt'")[0]["problem"]


def until(condition, what, one=None):
    """Steps of the worker, as its thread makes them, until it is so."""

    def stepped():
        if one:
            one.step()
        return condition()

    wait_for(stepped, what)


@pytest.fixture(name="broker")
def _broker(tmp_path):
    require(BROKER, "mosquitto", "apt install mosquitto")
    made = Mosquitto(tmp_path)
    yield made
    made.end()


@pytest.fixture(name="watcher")
def _watcher(broker):
    made = Watcher(broker.port)
    yield made
    made.close()


def test_after_a_cut_line_the_sensors_are_available_again(site, broker, watcher):
    """The broker has published the last will; an alarm during the cut is there as well."""
    cable = Cable(broker.port)
    one = switch_on(site, port=str(cable.port))
    one.step()
    watcher.wait(ALIVE, "online")
    cable.cut()
    watcher.wait(ALIVE, "offline")
    site.post_events(site.alarm(counter=9, kind=2))
    until(lambda: watcher.now[ALIVE] == "online", "online again", one)
    assert json.loads(watcher.now[STATE])["state"] == "ON" and problem(site) == ""
    one.close()
    cable.close()


def test_a_broker_that_has_lost_its_store_is_told_everything_again(site, broker):
    one = switch_on(site, port=str(broker.port))
    one.step()
    broker.end()
    until(lambda: "broker tidak terjangkau" in problem(site), "the broken broker on the page Kanal", one)
    assert "broker tidak terjangkau" in site.enter("admin").get("/kanal").text
    broker.start()
    watcher = Watcher(broker.port)
    assert not watcher.now, "it has forgotten"
    site.clock.advance(60_000)
    until(lambda: set(watcher.now) >= ALL, "discovery, state and availability", one)
    assert watcher.now[ALIVE] == "online" and problem(site) == ""
    watcher.close()
    one.close()


def test_when_home_assistant_starts_it_is_told_everything(site, broker, watcher):
    one = switch_on(site, port=str(broker.port))
    one.step()
    watcher.wait(ALIVE, "online")
    watcher.heard.clear()
    one.step()
    watcher.say("homeassistant/status", "offline")
    one.step()
    assert not {topic for topic, _ in watcher.heard} & ALL, "nothing has changed"
    watcher.say("homeassistant/status", "online")
    until(lambda: {topic for topic, _ in watcher.heard} >= ALL, "everything again", one)
    one.close()


def test_a_last_will_that_comes_late_does_not_stand(site, broker, watcher):
    """A broker may notice a dead line long after the next one was opened."""
    one = switch_on(site, port=str(broker.port))
    one.step()
    watcher.wait(ALIVE, "online")
    watcher.say(ALIVE, "offline", retain=True)
    until(lambda: watcher.now[ALIVE] == "online", "the truth again", one)
    one.close()


def test_switched_off_it_is_not_there(site, broker, watcher):
    one = switch_on(site, port=str(broker.port))
    one.step()
    watcher.wait(ALIVE, "online")
    person = site.enter("admin")
    person.post("/kanal/mqtt", page="/kanal", host="127.0.0.1", port=str(broker.port))
    one.step()
    watcher.wait(ALIVE, "offline")


def test_a_wrong_password_is_named_and_the_right_one_is_taken_at_once(site, tmp_path):
    require(BROKER, "mosquitto", "apt install mosquitto")
    users = tmp_path / "users"
    users.write_text("hub:benar-sekali\n")
    users.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(users)], check=True, capture_output=True)
    broker = Mosquitto(tmp_path, users)
    one = switch_on(site, port=str(broker.port), user="hub", password="salah")
    one.step()
    assert "ditolak: " in problem(site) and "salah" not in problem(site)
    one.step()
    one = switch_on(site, port=str(broker.port), user="hub", password="benar-sekali")
    one.step()
    assert problem(site) == ""
    watcher = Watcher(broker.port, username="hub", password="benar-sekali")
    watcher.wait(ALIVE, "online")
    watcher.close()
    one.close()
    broker.end()


def test_a_dead_broker_is_tried_less_and_less_often_and_costs_no_write_every_two_seconds(site):
    gone = Broker()
    gone.close()
    one, opened = switch_on(site, port=str(gone.port)), []
    real = one._open
    one._open = lambda site_slug: (opened.append(site.clock.now_ms), real(site_slug))
    for _ in range(150):
        one.step()
        site.clock.advance(2_000)
    assert 10 <= len(opened) <= 20, "five minutes"
    assert problem(site)
    back = Broker(gone.port)
    site.clock.advance(channel_file.RETRY_MS[-1])
    one.step()
    assert set(back.retained) >= ALL and problem(site) == ""
    one.close()
    back.close()
