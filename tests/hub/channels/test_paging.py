"""Channels: each with its own worker, claimed, sent, marked; what fails says whether it can ever pass."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kentongan_hub import channels
from kentongan_hub.channels import base, internet, pdu
from kentongan_hub.channels import modem as modem_dialogue
from kentongan_hub.record import outbox
from kits.hub.paging_kit import add, channel, row, switch_on, worker
from kits.outside import gsm_model
from kits.outside.mqtt_model import Broker
from kits.outside.trickler import Trickler
from kits.patience import PATIENCE_S, wait_for


@pytest.fixture
def modem(request):
    made = getattr(gsm_model, getattr(request, "param", "Modem"))()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(modem_dialogue, "ANSWER_S", 1.0)
    monkeypatch.setattr(modem_dialogue, "WAKE_S", 0.5)


@pytest.mark.parametrize("modem", ["Modem", "LteStick", "OneByteAtATime", "Chatty"], indirect=True)
def test_an_sms_is_sent_marked_and_shown_as_the_channels_last_success(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    number = add(site, "sms")
    assert one.step() and not one.step()
    assert modem.sent == [("+6281211110001", "KEBAKARAN di Rumah 7.")]
    assert row(site, number)["state"] == outbox.DONE
    assert channel(site, "sms")["worked_wall"] == site.clock.now_ms
    assert "terakhir berhasil" in site.enter("admin").get("/kanal").text
    one.close()


@pytest.mark.parametrize("fails", [True, False])
def test_a_silent_alarms_message_leaves_no_trace_on_its_channel(site, monkeypatch, fails):
    one = switch_on(site, "sms", port="/dev/none")
    site.post_events(site.alarm(counter=9, kind=8, silent=True))
    if not fails:
        monkeypatch.setattr(one, "send", lambda body: None)
    with site.hub.store.write() as db:
        body = json.dumps({"to": "+6281211110001", "text": "rahasia-1", "name": "Bidan"})
        outbox.add(db, site.clock.now_ms, "sms", outbox.MESSAGE, body, 1_800_000, 1)
    shown = ("tried_wall", "worked_wall", "failed_wall", "fails", "problem")
    before = [channel(site, "sms")[key] for key in shown]
    for _ in range(4):
        one.step()
        site.clock.advance(60_000)
    assert [channel(site, "sms")[key] for key in shown] == before
    told = site.lines("timeline", "what = 'not_sent'")
    assert [row["detail"].startswith("SMS: ") for row in told] == [True] * fails
    one.close()


def test_a_long_message_is_one_message_on_the_phone_in_letters_that_every_phone_has(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    add(site, "sms", text="Sakit mendadak · Gang Mawar – " + "x" * 200)
    one.step()
    assert modem.sent == [("+6281211110001", "Sakit mendadak , Gang Mawar - " + "x" * 200)]
    assert [found["part"][1:] for found in modem.pdus] == [(2, 1), (2, 2)]
    assert {found["dcs"] for found in modem.pdus} == {0}, "seven bits, whatever the modem was set to"
    assert pdu.plain("“Awas” è {x} \u4e2d") == '"Awas" e (x) ?'
    assert len(pdu.pieces("y" * 2_000)) == pdu.PARTS_MAX
    one.close()


@pytest.mark.parametrize(
    ("modem", "words"),
    [
        ("NoNetwork", "belum mendapat jaringan"),
        ("SimLocked", "minta PIN"),
        ("Congested", "kode 42"),
        ("Mute", "tidak menjawab"),
    ],
    indirect=["modem"],
)
def test_a_temporary_failure_is_tried_again_and_named(site, modem, words):
    one = switch_on(site, "sms", port=modem.port)
    number = add(site, "sms")
    one.step()
    waiting = row(site, number)
    assert (waiting["state"], waiting["not_before_ms"]) == (
        outbox.WAITING,
        site.clock.now_ms + base.RETRY_MS[0],
    )
    assert words in waiting["result"] and words in channel(site, "sms")["problem"]
    assert not one.step(), "not before its time"
    one.close()


@pytest.mark.parametrize("modem", ["Refuses"], indirect=True)
def test_a_number_that_the_network_refuses_for_good_is_not_tried_again(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    number, other = add(site, "sms"), add(site, "sms", to="bukan nomor")
    one.step(), one.step()
    assert [row(site, n)["state"] for n in (number, other)] == [outbox.FAILED] * 2
    assert (
        "kode 21" in row(site, number)["result"] and "perbaiki di halaman Warga" in row(site, other)["result"]
    )
    one.close()


def test_three_failures_in_a_row_are_a_warning_and_a_success_ends_it(site, modem):
    one = switch_on(site, "sms", port="/dev/tidak-ada")
    number = add(site, "sms")
    for _ in range(3):
        site.clock.advance(400_000)
        one.step()
    site.clock.advance(10_000)
    site.hub.dispatch._round()
    assert "kanal gagal" in site.enter("admin").get("/peringatan").text
    switch_on(site, "sms", port=modem.port)
    site.clock.advance(400_000)
    one.step()
    site.clock.advance(10_000)
    site.hub.dispatch._round()
    assert row(site, number)["state"] == outbox.DONE
    assert site.rows("SELECT what FROM warnings WHERE closed_ms IS NULL AND what = 'channel_failing'") == []
    one.close()


def test_a_worker_that_died_while_sending_sends_again_and_says_that_it_may_be_a_repeat(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    number = add(site, "sms")
    with site.hub.store.write() as db:
        outbox.claim_one(db, site.clock.now_ms, "sms", base.LEASE_MS)  # and then kill -9
    assert not one.step(), "the lease holds"
    site.clock.advance(base.LEASE_MS)
    one.step()
    assert modem.sent == [("+6281211110001", "(ulangan) KEBAKARAN di Rumah 7.")]
    assert row(site, number)["attempts"] == 2
    one.close()


@pytest.mark.parametrize("modem", ["Congested"], indirect=True)
def test_what_is_known_not_to_have_been_sent_is_no_repeat(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    add(site, "sms")
    one.step()
    modem.code = None
    modem.message = lambda *found: gsm_model.Modem.message(modem, *found)
    site.clock.advance(base.RETRY_MS[0])
    one.step()
    assert modem.sent == [("+6281211110001", "KEBAKARAN di Rumah 7.")]
    one.close()


def test_calls_go_before_news(site, modem):
    one = switch_on(site, "sms", port=modem.port)
    add(site, "sms", text="baterai", type_=outbox.NEWS)
    add(site, "sms", text="api")
    one.step(), one.step()
    assert [text for _, text in modem.sent] == ["api", "baterai"]
    one.close()


def person(site, name="Siti", address="+6281211110001", **fields):
    with site.hub.store.write() as db:
        number = db.insert("people", name=name, zone=5, house=8, created_wall=0, **fields)
        db.insert("addresses", person=number, channel="sms", address=address)
        db.insert("houses", zone=5, number=8)
        return number


def test_datang_written_back_answers_the_incident_it_was_called_for(site, modem):
    person(site)
    one = switch_on(site, "sms", port=modem.port)
    site.post_events(site.alarm(counter=9, kind=7))
    one.step()
    assert "Balas: DATANG 1" in modem.sent[-1][1]
    modem.arrive("0899", "DATANG 1")
    modem.arrive("081211110001", "Datang 1 pak")
    site.clock.advance(5_000)
    one.step()
    (incident,) = site.incidents()
    assert (incident["state"], incident["answered_by"]) == ("menuju_lokasi", "Siti")
    assert site.rows("SELECT count(*) AS n FROM audit WHERE what = 'answer_unknown'") == [{"n": 1}]
    one.close()


class Phone(HTTPServer):
    """Stand-in of a person's channel on the internet; keeps what it got."""

    def __init__(self, status=200, host="127.0.0.1"):
        got, self.redirect, self.reached = [], "", []
        self.got = got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(307 if self.server.redirect else status)
                if self.server.redirect:
                    self.send_header("Location", self.server.redirect)
                self.end_headers()

            def log_message(self, *args):
                pass

        super().__init__((host, 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def verify_request(self, request, client_address):
        self.reached.append(client_address)
        return True


@pytest.mark.parametrize(("status", "state"), [(200, outbox.DONE), (503, outbox.WAITING)])
def test_apprise_reaches_a_phone_or_tries_again(site, status, state):
    phone = Phone(status)
    one = switch_on(site, "apprise", lokal="127.0.0.1")
    number = add(site, "apprise", to=f"json://127.0.0.1:{phone.server_port}/")
    one.step()
    phone.shutdown()
    assert row(site, number)["state"] == state
    assert phone.got[0]["message"] == "KEBAKARAN di Rumah 7."


def test_an_address_that_apprise_cannot_read_is_refused_for_good_and_never_quoted(site, caplog):
    caplog.set_level("DEBUG")
    one = switch_on(site, "apprise")
    number = add(site, "apprise", to="tgrmm://rahasia-saya")
    one.step()
    assert row(site, number)["state"] == outbox.FAILED
    assert "rahasia-saya" not in row(site, number)["result"] + channel(site, "apprise")["problem"]


INSIDE = (
    *("json://127.0.0.1:{}/", "json://[::1]:{}/", "json://[::ffff:127.0.0.1]:{}/", "json://localhost:{}/"),
    *("json://2130706433:{}/", "json://127.1:{}/", "json://rt05.contoh.id:{}/", "xml://127.0.0.1:{}/"),
    *("form://127.0.0.1:{}/", "gotify://127.0.0.1:{}/AbCdEf1234567890", "ntfy://127.0.0.1:{}/topik"),
    *("mailto://u:p@127.0.0.1:{}?from=a@b.id&to=a@b.id", "mqtt://127.0.0.1:{}/topik"),
    "rsyslog://127.0.0.1:{}/x",
    *("json://8.8.8.8/,json://127.0.0.1:{}/", "syslog://", "dbus://"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_leads_into_this_machine_whatever_its_scheme_or_name(site, address, monkeypatch):
    real = socket.getaddrinfo

    def resolve(host, *rest, **more):
        return real("127.0.0.1" if host == "rt05.contoh.id" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    phone, one = Phone(), switch_on(site, "apprise")
    number = add(site, "apprise", to=address.format(phone.server_port))
    one.step()
    phone.shutdown()
    assert phone.got == [] and phone.reached == []
    assert row(site, number)["state"] in (outbox.FAILED, outbox.WAITING)


def test_a_redirect_into_the_machine_is_not_followed_and_an_administrator_may_allow_it(site):
    target, door = Phone(host="127.0.0.2"), Phone()
    door.redirect = f"http://127.0.0.2:{target.server_port}/"
    one = switch_on(site, "apprise", lokal="127.0.0.1")
    number = add(site, "apprise", to=f"json://127.0.0.1:{door.server_port}/")
    one.step()
    assert door.got and not target.reached
    assert row(site, number)["state"] != outbox.DONE
    for phone in (target, door):
        phone.shutdown()


def test_the_form_refuses_it_in_words_and_takes_it_once_an_administrator_allowed_it(site):
    admin = site.enter("admin")
    admin.post("/warga", page="/warga", nama="Siti", rt="5", setuju="1")
    form = {"kanal": "apprise", "alamat": "json://192.168.1.20/"}
    refused = admin.post("/warga/1/alamat", page="/warga/1", **form)
    assert refused.status_code == 400 and "di dalam mesin atau jaringan ini" in refused.text
    switch_on(site, "apprise", lokal="192.168.1.0/24")
    assert admin.post("/warga/1/alamat", page="/warga/1", **form).status_code == 303


@pytest.fixture
def broker():
    made = Broker()
    yield made
    made.close()


def test_home_assistant_finds_the_sensors_by_itself_and_they_follow_the_alarms(site, broker):
    one = switch_on(site, "mqtt", host="127.0.0.1", port=str(broker.port), password="sandi-broker")
    one.step()
    topics = broker.retained
    config = json.loads(topics["homeassistant/binary_sensor/kentongan_rt-05-sukamaju_rt05/config"])
    assert json.loads(topics[config["state_topic"]])["state"] == "OFF"
    assert topics[config["availability_topic"]] == "online"
    site.post_events(site.alarm(counter=9, kind=2))
    one.step()
    assert json.loads(topics[config["state_topic"]]) == {
        "state": "ON",
        "jenis": ["Kebakaran"],
        "rumah": [7],
        "dijawab": False,
    }
    assert broker.unretained == [], "nothing that Home Assistant could take for a command"
    assert "sandi-broker" not in site.enter("admin").get("/kanal").text
    one.close()


def test_nothing_confidential_and_no_drill_reaches_mqtt(site, broker):
    one = switch_on(site, "mqtt", host="127.0.0.1", port=str(broker.port))
    site.post_events()  # the gateway is alive all the time
    one.step()
    before = dict(broker.retained)
    site.post_events(
        site.alarm(counter=9, silent=True, kind=8), site.alarm(counter=50, drill=True, device=site.other)
    )
    one.step()
    assert broker.retained == before
    one.close()


def test_a_broker_that_goes_away_is_named_and_all_is_told_again_when_it_is_back(site, broker):
    one = switch_on(site, "mqtt", host="127.0.0.1", port=str(broker.port))
    one.step()
    broker.close()
    site.post_events(site.alarm(counter=9, kind=2))
    one.step()
    assert "broker tidak terjangkau" in channel(site, "mqtt")["problem"]
    again = Broker(broker.port)
    one.step()
    assert json.loads(again.retained["kentongan/rt-05-sukamaju/rt05/alarm"])["state"] == "ON"
    assert channel(site, "mqtt")["problem"] == ""
    one.close()
    again.close()


def test_a_test_message_goes_the_same_road_on_every_channel(site, modem, broker):
    phone, admin = Phone(), site.enter("admin")
    switch_on(site, "sms", port=modem.port)
    switch_on(site, "apprise", lokal="127.0.0.1")
    switch_on(site, "mqtt", host="127.0.0.1", port=str(broker.port))
    for name in ("board", "sms", "apprise", "mqtt"):
        to = {
            "sms": "0812 9999 0009",
            "mqtt": "budi_hp",
            "apprise": f"json://127.0.0.1:{phone.server_port}/",
        }.get(name, "")
        assert admin.post(f"/kanal/{name}/uji", page="/kanal", alamat=to).status_code == 303
        worker(site, name).step()
    phone.shutdown()
    assert {r["state"] for r in site.rows("SELECT state FROM outbox WHERE type = 'test'")} == {outbox.DONE}
    assert "pesan uji" in modem.sent[0][1] and "pesan uji" in phone.got[0]["message"]
    assert admin.post("/kanal/faks/uji", page="/kanal").status_code == 404
    for name in ("sms", "mqtt"):
        worker(site, name).close()


def test_a_gateways_last_done_order_is_the_last_success_of_its_sirens(site):
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/diam", page="/papan")
    (order,) = site.orders()
    site.done(order["id"], result="failed: no siren is known there")
    assert channel(site, "gateway:gateway-1")["problem"].startswith("failed")
    assert "no siren is known" in site.enter("admin").get("/kanal").text


def test_a_channel_that_hangs_holds_nobody_else(site):
    release = threading.Event()
    slow, screen = worker(site, "apprise"), worker(site, "board")
    switch_on(site, "apprise")
    slow.send = lambda body: release.wait(PATIENCE_S)
    add(site, "apprise")
    for one in (slow, screen):
        one.start()
    site.post_events(site.alarm(counter=9))
    wait_for(lambda: site.incidents()[0]["flashed_ms"] is not None, "the board, which waits for no internet")
    release.set()
    for one in (slow, screen):
        one.stop()


def test_every_channel_has_a_name_a_label_and_a_page(site):
    page = site.enter("admin").get("/kanal").text
    assert len({one.name for one in channels.CHANNELS}) == len(channels.CHANNELS)
    for one in channels.CHANNELS:
        assert one.label in page


@pytest.mark.parametrize("kind", ["head", "body"])
def test_a_far_side_that_trickles_is_left_and_the_next_message_goes_first(site, kind, monkeypatch):
    monkeypatch.setattr(internet, "SENDING_S", 1)
    far = Trickler(kind)
    worker = switch_on(site, "apprise", lokal="127.0.0.1")
    slow = add(site, "apprise", to=f"json://127.0.0.1:{far.port}/api/v1/events")
    worker.step()
    assert row(site, slow)["state"] == "waiting" and "tidak selesai" in row(site, slow)["result"]
    site.clock.advance(60_000)
    fresh = add(site, "apprise", to="json://127.0.0.1:9/")
    worker.step()
    assert (row(site, slow)["attempts"], row(site, fresh)["attempts"]) == (1, 1)


def test_an_error_of_a_library_is_told_and_holds_no_other_message_up(site, monkeypatch):
    worker = switch_on(site, "apprise")
    first, second = (add(site, "apprise", to=f"ntfys://{one}.example/b") for one in "ac")
    monkeypatch.setattr(worker, "send", lambda body: 1 // 0)
    assert worker.step() and worker.step()
    assert "ZeroDivisionError" in channel(site, "apprise")["problem"]
    assert [row(site, one)["state"] for one in (first, second)] == ["waiting"] * 2


@pytest.mark.parametrize("kept", ["x", "[]", "null", '{"port": 5, "baud": []}', "[" * 100_000])
def test_torn_settings_of_a_channel_leave_its_page_and_its_worker_standing(site, kept):
    worker = switch_on(site, "sms", port="", baud="115200")
    number = add(site, "sms")
    with site.hub.store.write() as db:
        db.run("UPDATE channels SET settings = ? WHERE name = 'sms'", kept)
    worker.step()
    assert site.enter("admin").get("/kanal").status_code == 200
    assert "port serial belum diisi" in row(site, number)["result"]


@pytest.mark.parametrize(("name", "field", "value"), [
    ("sms", "baud", "99999999999"), ("sms", "baud", "x"), ("mqtt", "port", "9" * 20),
    ("mqtt", "port", "65536"),
])  # fmt: skip
def test_a_number_that_no_port_can_have_is_refused_in_the_form(site, name, field, value):
    answer = site.enter("admin").post(f"/kanal/{name}", page="/kanal", hidup="1", **{field: value})
    assert answer.status_code == 400 and "tulis angka 1 sampai" in answer.text


def test_a_message_whose_body_is_torn_fails_for_good_and_the_next_goes_out(site, monkeypatch):
    worker, sent = switch_on(site, "apprise"), []
    bad, good = add(site, "apprise"), add(site, "apprise", to="ntfys://c.example/d")
    with site.hub.store.write() as db:
        db.run("UPDATE outbox SET body = '{\"to\":' WHERE id = ?", bad)
    monkeypatch.setattr(worker, "send", sent.append)
    assert worker.step() and worker.step()
    assert [row(site, one)["state"] for one in (bad, good)] == ["failed", "sent"]
    assert [one["to"] for one in sent] == ["ntfys://c.example/d"]
