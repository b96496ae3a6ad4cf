"""Calls by Home Assistant's app over a real broker: a button's word counts by its sign, whoever sends it."""

import json
import sqlite3

import pytest
from conftest import require
from jinja2 import Environment
from kentongan_hub.channels import mqtt_phones
from kentongan_hub.incidents.calling import links, recipients
from kentongan_hub.policies import policy as p
from kentongan_hub.record import outbox
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kits.hub.paging_kit import add, row, switch_on
from kits.outside.mosquitto import BROKER, Cable, Mosquitto, Watcher
from kits.patience import wait_for

BASE = "kentongan/rt-05-sukamaju"
PHONE, ANSWERS = f"{BASE}/panggilan/budi_hp", f"{BASE}/jawab"
TAKEN = "Anda tercatat datang"


@pytest.fixture(name="broker")
def _broker(tmp_path):
    require(BROKER, "mosquitto", "apt install mosquitto")
    made = Mosquitto(tmp_path)
    yield made
    made.end()


class Phone:
    """Budi's phone, and the automation between: hears its topic, sends back what its button says."""

    def __init__(self, site, broker, port=None, **person):
        self.site, self.watcher = site, Watcher(broker.port)
        self.worker = switch_on(site, "mqtt", host="127.0.0.1", port=str(port or broker.port))
        with site.hub.store.write() as db:
            budi = db.insert("people", name="Budi", zone=5, house=30, created_wall=0, **person)
            db.insert("addresses", person=budi, channel="mqtt", address="budi_hp")
            db.insert("duties", person=budi, duty="ronda")

    def shown(self):
        return [json.loads(payload) for topic, payload in self.watcher.heard if topic == PHONE]

    def until(self, condition, what):
        """Steps of the worker, as its thread makes them, until it is so."""

        def stepped():
            self.worker.step()
            return condition()

        wait_for(stepped, what)

    def called(self, count=1):
        """The word of the button of the latest call."""
        self.until(lambda: len(self.shown()) >= count, f"call {count} on the phone")
        return button(self.shown()[-1])

    def press(self, word, retain=False):
        """Give the broker a word, and the hub the time to look at it."""
        before = self.heard_by_hub()
        self.watcher.say(ANSWERS, word, retain=retain)
        wait_for(lambda: self.heard_by_hub() > before, "the word at the hub")
        self.worker.step()

    def heard_by_hub(self):
        return len(self.worker._answers) + sum(self.worker._refused.values())

    def told(self, words):
        self.until(lambda: words in self.shown()[-1]["message"], f"{words!r} on the phone")
        return self.shown()[-1]


def button(shown):
    return "".join(one["action"] for one in shown["data"].get("actions", ()))


@pytest.fixture(name="phone")
def _phone(site, broker):
    made = Phone(site, broker)
    yield made
    made.worker.close()
    made.watcher.close()


def answered(site):
    return [one["answered_by"] for one in site.incidents()]


def test_an_officer_answers_from_the_lock_screen_and_the_phone_says_that_it_counts(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    (call,) = phone.shown()
    assert "MALING di Rumah 7" in call["message"] and call["data"]["actions"][0]["title"] == "Saya datang"
    phone.press(word)
    assert answered(site) == ["Budi"]
    assert [o["stage"] for o in site.orders() if o["type"] == "stage"] == [m.STAGE_COMING]
    reply = phone.told(TAKEN)
    assert reply["data"]["tag"] == call["data"]["tag"], "it stands in the call's place"
    assert button(reply) == ""


def test_what_nobody_signed_answers_nothing_whoever_may_write_to_the_broker(site, phone):
    site.post_events(site.alarm())
    number, _, sign = phone.called().removeprefix(mqtt_phones.PREFIX).partition(".")
    other = ("A" if sign[0] != "A" else "B") + sign[1:]
    forged = (f"{number}.{other}", f"{int(number) + 1}.{sign}", f"{number}.", "Budi", f"{number}.{sign}" * 9)
    for word in forged:
        for text in (word, mqtt_phones.PREFIX + word):
            if text != mqtt_phones.PREFIX + f"{number}.{sign}":
                phone.press(text)
    phone.press("\x00\ufffd" * 400)
    assert answered(site) == [None] and len(phone.shown()) == 1
    (line,) = [one for one in site.lines("audit") if one["what"] == "jawaban tidak dikenal"]
    assert line["subject"], "once, not once a try"


def test_a_word_without_its_mark_is_none(site, phone):
    site.post_events(site.alarm())
    phone.press(phone.called().removeprefix(mqtt_phones.PREFIX))
    assert answered(site) == [None]


def test_a_repeated_word_changes_nothing_and_says_nothing_new(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    for _ in range(3):
        phone.press(word)
    phone.told(TAKEN)
    phone.worker.step()
    assert len(phone.shown()) == 2, "the call and one reply"
    assert len([one for one in site.rows("SELECT * FROM timeline WHERE who = 'Budi'")]) == 1


def test_a_repeated_word_answers_no_incident_that_was_opened_again(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    phone.press(word)
    phone.told(TAKEN)
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/selesai", page="/papan")
    admin.post("/kejadian/kejadian-1/buka", page="/kejadian/kejadian-1", alasan="belum")
    phone.press(word)
    phone.told("sudah dipakai")
    assert answered(site) == [None]


def test_a_late_word_and_one_of_a_closed_incident_say_so_on_the_phone(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    site.clock.advance(links.LIFE_MS)
    phone.press(word)
    phone.told("sudah lama")
    site.clock.advance(-links.LIFE_MS)
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    phone.press(word)
    phone.told("sudah ditutup")
    assert answered(site) == [None]


def test_a_stolen_phone_that_was_taken_off_the_register_answers_nothing(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    with site.hub.store.write() as db:
        db.run("DELETE FROM addresses")
    phone.press(word)
    assert answered(site) == [None] and len(phone.shown()) == 1


def test_a_word_that_was_made_for_another_way_is_none_here(site, phone):
    site.post_events(site.alarm())
    phone.called()
    with site.hub.store.write() as db:
        db.run("UPDATE addresses SET channel = 'apprise'")
        db.run("UPDATE outbox SET channel = 'apprise' WHERE type = 'call'")
        secret = links.token(db, db.one("SELECT * FROM outbox WHERE type = 'call'"))
    phone.press(mqtt_phones.PREFIX + secret)
    assert answered(site) == [None]


def test_a_confidential_alarm_is_nowhere_on_the_broker(site, broker):
    number = site.account("bidan", "wakil", named=True)
    phone = Phone(site, broker, account=number)
    site.post_events()  # the gateway is alive all the time
    phone.until(lambda: f"{BASE}/hidup" in phone.watcher.now, "the hub at the broker")
    before = dict(phone.watcher.now)
    site.post_events(site.alarm(kind=m.KIND_KEKERASAN, silent=True))
    for _ in range(3):
        phone.worker.step()
    add(site, "mqtt", to="penanda")
    phone.until(lambda: f"{BASE}/panggilan/penanda" in phone.watcher.now, "what was sent after it")
    del phone.watcher.now[f"{BASE}/panggilan/penanda"]
    assert phone.watcher.now == before and not phone.shown()
    assert not site.rows("SELECT 1 FROM outbox WHERE channel = 'mqtt' AND incident IS NOT NULL")
    with site.hub.store.read() as db:
        found, missing, _failed = recipients.reach(db, None, site.incidents()[0], [p.NAMED])
    assert not found and missing, "and who can be reached in no other way is said to be unreachable"
    phone.worker.close()
    phone.watcher.close()


def test_a_call_of_an_incident_that_became_confidential_meanwhile_is_not_sent(site, phone):
    phone.worker.step()
    site.post_events(site.alarm())
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET confidential = 1")
    phone.worker.step()
    (call,) = site.rows("SELECT * FROM outbox WHERE type = 'call' AND channel = 'mqtt'")
    assert call["state"] == outbox.FAILED and not phone.shown()


def test_a_drills_call_has_no_button(site, phone):
    site.post_events(site.alarm())
    with site.hub.store.write() as db:
        db.run("UPDATE incidents SET drill = 1")
    assert phone.called() == ""


def test_a_button_that_is_pressed_while_the_line_is_cut_counts_when_it_is_back(site, broker):
    cable = Cable(broker.port)
    phone = Phone(site, broker, port=cable.port)
    site.post_events(site.alarm())
    word = phone.called()
    cable.cut()
    phone.watcher.wait(f"{BASE}/hidup", "offline")
    phone.watcher.say(ANSWERS, word)
    assert answered(site) == [None]
    phone.until(lambda: answered(site) == ["Budi"], "what the broker has kept")
    phone.told(TAKEN)
    phone.worker.close()
    phone.watcher.close()
    cable.close()


def test_no_flood_of_words_takes_the_place_of_a_true_one_before_or_after_it(site, phone):
    site.post_events(site.alarm())
    word = phone.called().encode()
    forged = word[:-4] + (b"AAAA" if word[-4:] != b"AAAA" else b"BBBB")
    rung = site.hub.store.bell.count()
    for _ in range(500):
        phone.worker._hear(b"palsu")
        phone.worker._hear(forged)
    assert site.hub.store.bell.count() == rung, "junk wakes nobody"
    for _ in range(500):
        phone.worker._hear(word)
    for _ in range(500):
        phone.worker._hear(forged)
    assert len(phone.worker._answers) == 1, "one true word waits once, and junk not at all"
    phone.worker.step()
    assert answered(site) == ["Budi"]


def test_an_answer_that_a_busy_disk_keeps_from_the_record_waits_until_it_is_there(site, phone, monkeypatch):
    site.post_events(site.alarm())
    word, works = phone.called(), links.press

    def busy(*about):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(links, "press", busy)
    with pytest.raises(sqlite3.OperationalError):
        phone.press(word)
    assert answered(site) == [None] and len(phone.worker._answers) == 1
    monkeypatch.setattr(links, "press", works)
    phone.until(lambda: answered(site) == ["Budi"], "the answer in the record")


def test_words_that_are_no_answer_are_counted_by_reason_in_the_record(site, phone):
    site.post_events(site.alarm())
    word = phone.called().encode()
    for junk in (
        b"palsu",
        b"",
        word[:-4] + b"...."[:3],
        word[:-2] + (b"AA" if word[-2:] != b"AA" else b"BB"),
    ):
        phone.worker._hear(junk)
    phone.worker.step()
    (line,) = [one for one in site.lines("audit") if one["what"] == "jawaban tidak dikenal"]
    assert "3 bukan dari tombol, 1 tanpa tanda yang benar" in line["detail"]


def test_a_hub_that_starts_anew_knows_the_answers_to_the_calls_of_before(site, phone):
    site.post_events(site.alarm())
    word = phone.called()
    phone.worker.close()
    phone.worker.step()
    phone.press(word)
    assert answered(site) == ["Budi"]


def test_the_test_message_brings_a_button_that_says_that_it_works(site, phone):
    admin = site.enter("admin")
    assert admin.post("/kanal/mqtt/uji", page="/kanal", alamat="budi_hp").status_code == 303
    word = phone.called()
    assert word and "pesan uji" in phone.shown()[-1]["message"]
    phone.press(word)
    phone.told("Tombol ini bekerja")
    site.post_events(site.alarm())
    assert answered(site) == [None]


def test_a_broker_that_goes_away_between_costs_no_call(site, broker, phone):
    phone.worker.step()
    broker.end()
    site.post_events(site.alarm())
    phone.worker.step()
    broker.start()
    phone.watcher.close()
    phone.watcher = Watcher(broker.port)
    for _ in range(5):
        site.clock.advance(10_000)
        phone.worker.step()
    assert phone.called() and "MALING" in phone.shown()[-1]["message"]


@pytest.mark.parametrize("typed", ["{{ states }}", "{{{{", "{% for x in range(9999) %}", "{#", "{{ 1/0 }}"])
def test_what_people_typed_is_no_template_of_home_assistant(typed):
    """Its notify renders every text once more: a brace would cost the call, or run there."""
    said = mqtt_phones.payload({"to": "budi_hp", "name": "Budi", "text": f"MALING di {typed}."})["message"]
    assert Environment().from_string(said).render() == said
    assert said.replace("\u2060", "") == f"MALING di {typed}."


def test_a_phone_is_named_as_home_assistant_names_it():
    for typed in ("budi_hp", " Budi_HP ", "mobile_app_budi_hp", "notify.mobile_app_budi_hp"):
        assert mqtt_phones.checked(typed) == "budi_hp"
    for wrong in ("", "budi hp", "budi/+", "#", "x" * 65):
        with pytest.raises(LocalError, match="budi_hp"):
            mqtt_phones.checked(wrong)


def test_an_address_that_no_phone_can_have_fails_for_good(site, phone):
    phone.worker.step()
    number = add(site, "mqtt", to="budi/#")
    phone.worker.step()
    assert row(site, number)["state"] == outbox.FAILED and "halaman Warga" in row(site, number)["result"]


def test_each_test_message_is_answered_with_its_own_word(site, phone):
    def send():
        with site.hub.store.write() as db:
            body = json.dumps({"to": "budi_hp", "name": "Budi", "text": "uji"})
            outbox.add(db, site.clock.now_ms, "mqtt", "test", body, 60_000)

    send()
    phone.press(phone.called(1))
    phone.told("Tombol ini bekerja")
    site.clock.advance(3_600_000)
    send()
    phone.press(phone.called(3))
    wait_for(
        lambda: phone.worker.step() or len(site.rows("SELECT 1 FROM outbox WHERE type = 'news'")) == 2,
        "the second word",
    )
