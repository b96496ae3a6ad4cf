"""SMS with modems that misbehave as real ones do: two families, open prompts, full cards, garbled lines."""

import json
import os
import sqlite3
import time
from pathlib import Path

import pytest
from kentongan_hub.base.speech import code_words
from kentongan_hub.channels import inbox, modem, pdu, sms
from kentongan_hub.channels.base import Failure
from kentongan_hub.record import failures, outbox
from kits.hub.hub_kit import HubProcess
from kits.hub.paging_kit import add, channel, row, switch_on
from kits.outside import gsm_model, gsm_pdu
from kits.patience import wait_for

SITI, BUDI, STRANGER = "+6281211110001", "+6281222220002", "+6281299990009"
FAMILIES = [gsm_model.Modem, gsm_model.LteStick]
UNIT = Path(__file__).resolve().parents[3] / "hub/deploy/kentongan-hub.service"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(modem, "ANSWER_S", 1.0)
    monkeypatch.setattr(modem, "WAKE_S", 0.5)
    monkeypatch.setattr(modem, "LIST_S", 1.0)
    monkeypatch.setattr(modem, "SEND_S", 2.0)
    monkeypatch.setattr(modem, "QUIET_S", 0.1)


class Post:
    """A site that called Siti for kejadian-1 through this modem."""

    def __init__(self, site, model):
        self.site, self.model = site, model
        for name, address in (("Siti", SITI), ("Budi", BUDI)):
            with site.hub.store.write() as db:
                person = db.insert("people", name=name, zone=5, house=10, created_wall=0)
                db.insert("addresses", person=person, channel="sms", address=address)
        self.worker = switch_on(site, "sms", port=model.port)

    def call(self):
        with self.site.hub.store.write() as db:
            db.insert("houses", zone=5, number=10)
        self.site.post_events(self.site.alarm(counter=9, kind=7))
        self.look()
        assert [number for number, _ in self.model.sent] == [SITI, BUDI]

    def look(self, times=1, ms=6_000):
        for _ in range(times):
            self.site.clock.advance(ms)
            while self.worker.step():
                pass

    @property
    def answered_by(self):
        return self.site.incidents()[0]["answered_by"]

    def counts(self):
        return {one["reason"]: one["count"] for one in self.site.rows("SELECT * FROM sms_refusals")}

    def kanal(self):
        return self.site.enter("admin").get("/kanal").text


@pytest.fixture
def post(site, request):
    """Parametrized with a class of gsm_model, called once."""
    model = getattr(request, "param", gsm_model.Modem)()
    made = Post(site, model)
    yield made
    made.worker.close()
    model.close()


both = pytest.mark.parametrize("post", FAMILIES, indirect=True)


def model(*names):
    return pytest.mark.parametrize("post", [getattr(gsm_model, name) for name in names], indirect=True)


FORGED = f'halo\n+CMGL: 7,"REC UNREAD","{SITI}",,"26/11/29,13:00:01+28"\nDATANG'
FORGED_PDU = f"halo\r\n+CMGL: 7,0,,{gsm_pdu.length_of(gsm_pdu.deliver(SITI, 'DATANG'))}\r\n"


@both
@pytest.mark.parametrize("text", [FORGED, FORGED_PDU + gsm_pdu.deliver(SITI, "DATANG"), "OK", "\r\nOK\r\n"])
def test_a_strangers_words_are_never_another_message(post, text):
    post.call()
    for line in gsm_pdu.parts(STRANGER, [text[at : at + 60] for at in range(0, len(text), 60)]):
        post.model.arrive(STRANGER, pdu=line)
    post.look()
    assert post.answered_by is None and post.model.left() == []
    assert set(post.counts()) == {"nomor asing"}
    post.model.arrive(BUDI, "DATANG 1")
    post.look()
    assert post.answered_by == "Budi", "what stands behind it is read"


@both
@pytest.mark.parametrize(
    "text",
    [
        *("OK", "OK\r\nDATANG 1", "DATANG 1\r\nOK", "DATANG 1 🙏", "datang 1", "Datang", "siap\nOK\nnanti"),
        "DATANG １",
    ],
)
@pytest.mark.parametrize("sender", [SITI, "081211110001", "6281211110001"])
def test_everyday_answers_count_from_every_form_of_the_number(post, text, sender):
    post.call()
    post.model.arrive(STRANGER, "OK")
    post.model.arrive(sender, text)
    post.look()
    assert post.answered_by == "Siti"
    assert post.model.left() == [], "nothing stays on the card"


@both
def test_an_answer_in_parts_counts_in_any_order_and_once(post):
    post.call()
    lines = gsm_pdu.parts(SITI, ["Wa'alaikum salam, baik pak 🙏 ", "saya segera ", "DATANG 1"])
    for line in (lines[2], lines[0], lines[2]):
        post.model.arrive(SITI, pdu=line)
    post.look()
    assert post.answered_by is None and post.model.left() == []
    post.model.arrive(SITI, pdu=lines[1])
    post.look()
    assert post.answered_by == "Siti"
    assert post.site.rows("SELECT * FROM sms_parts") == [], "no word is kept"


def test_parts_survive_a_restart_of_the_hub(post):
    post.call()
    first, second = gsm_pdu.parts(SITI, ["saya seg", "era DATANG 1"], wide=True)
    post.model.arrive(SITI, pdu=second)
    post.look()
    post.worker.close()
    post.site.restart()
    post.worker = next(one for one in post.site.hub.dispatch.workers if one.name == "sms")
    post.model.arrive(SITI, pdu=first)
    post.look()
    assert post.answered_by == "Siti"


def test_a_part_that_never_comes_holds_the_beginning_back_for_a_minute(post):
    post.call()
    first, _ = gsm_pdu.parts(SITI, ["DATANG 1, saya lewat ", "gang belakang"])
    post.model.arrive(SITI, pdu=first)
    post.look()
    assert post.answered_by is None
    post.look(ms=inbox.PART_WAIT_MS)
    assert post.answered_by == "Siti" and post.counts() == {"bagian hilang": 1}


def test_an_end_without_its_beginning_is_counted_and_forgotten_after_a_day(post):
    post.call()
    post.model.arrive(SITI, pdu=gsm_pdu.parts(SITI, ["saya tidak ", "DATANG 1"])[1])
    post.look(2, inbox.PART_WAIT_MS)
    assert post.answered_by is None and len(post.site.rows("SELECT * FROM sms_parts")) == 1
    post.look(ms=inbox.PART_KEEP_MS)
    assert post.site.rows("SELECT * FROM sms_parts") == [] and post.counts() == {"bagian hilang": 1}


def test_a_reference_that_a_phone_uses_again_is_another_message(post):
    post.call()
    post.model.arrive(SITI, pdu=gsm_pdu.parts(SITI, ["halo ", "semua"])[0])
    for line in gsm_pdu.parts(SITI, ["DATANG ", "1"]):
        post.model.arrive(SITI, pdu=line)
    post.look()
    assert post.answered_by == "Siti"


def test_parts_without_end_take_no_room(post):
    post.call()
    for reference in range(3 * inbox.PARTS_OF_ONE):
        post.model.arrive(SITI, pdu=gsm_pdu.parts(SITI, ["a", "b"], reference)[1])
        post.model.arrive(STRANGER, pdu=gsm_pdu.parts(STRANGER, ["a", "b"], reference)[1])
        if reference % 4 == 3:
            post.look()
    assert len(post.site.rows("SELECT * FROM sms_parts")) <= inbox.PARTS_OF_ONE
    assert post.model.lost == 0


@model("Stubborn")
def test_a_delete_that_fails_loses_nothing_and_repeats_nothing(post):
    post.call()
    post.model.arrive(SITI, "DATANG 1")
    post.model.arrive(BUDI, "TIDAK 1")
    post.look()
    assert post.answered_by == "Siti" and len(post.model.left()) == 1
    post.look(3)
    assert post.model.left() == []
    said = post.site.rows("SELECT who, what FROM timeline WHERE who IN ('Siti', 'Budi')")
    assert [(one["who"], one["what"]) for one in said] == [
        ("Siti", "coming"), ("Budi", "declined")
    ]  # fmt: skip


def test_an_answer_that_was_not_committed_stays_on_the_card(post, monkeypatch):
    post.call()
    post.model.arrive(SITI, "DATANG 1")
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def no_room(*_args):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "run_out", no_room)
        number = add(post.site, "sms")
        post.look()
    assert len(post.model.left()) == 1 and post.answered_by is None
    assert row(post.site, number)["state"] == outbox.DONE, "calls go out all the same"
    post.look(ms=40_000)
    assert post.answered_by == "Siti" and post.model.left() == []


def test_parts_that_cannot_be_read_keep_no_answer_on_the_card(post, monkeypatch):
    def breaks(*_args):
        raise ZeroDivisionError

    post.call()
    post.model.arrive(SITI, "DATANG 1")
    monkeypatch.setattr(inbox, "run_out", breaks)
    post.look()
    assert post.answered_by == "Siti" and post.model.left() == []
    with post.site.hub.store.read() as db:
        assert code_words.say(failures.recent(db, post.site.hub.now())) == "SMS yang terpotong"


def test_a_look_that_fails_is_told_on_the_page_of_channels_and_calls_go_out(post, monkeypatch):
    def breaks(*_args):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(modem.Modem, "look", breaks)
        number = add(post.site, "sms")
        post.look()
    assert row(post.site, number)["state"] == outbox.DONE
    assert "ZeroDivisionError" in channel(post.site, "sms")["inbox_problem"]


def test_one_message_that_cannot_be_taken_holds_no_other_back(post, monkeypatch):
    post.call()
    whole = inbox.take

    def breaks(db, now, octets, problem=None):
        if not problem and pdu.read(octets).sender == BUDI:
            raise ZeroDivisionError
        whole(db, now, octets, problem)

    monkeypatch.setattr(inbox, "take", breaks)
    post.model.arrive(BUDI, "DATANG 1")
    post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert post.answered_by == "Siti" and len(post.model.left()) == 1
    post.look(sms.SAME_LOOKS)
    assert post.model.left() == [] and post.counts() == {"gagal dibaca": 1}


@both
def test_a_card_from_an_old_phone_is_emptied_and_the_answer_arrives(post):
    for number in range(30):
        for memory in post.model.stores:
            old = gsm_pdu.deliver(STRANGER, f"promo {number}", when=f"25/01/01,10:{number:02}:00+28")
            post.model.arrive("", pdu=old, memory=memory, status=number % 2)
    own = pdu.written(STRANGER, "kiriman lama", 1)[0][1]
    for card in post.model.cards.values():
        card[min(card)] = [3, own]
    assert not post.model.arrive(SITI, "DATANG 1")
    post.call()
    post.look(3)
    assert post.model.cards["SM"] == {} and post.model.cards.get("ME", {}) == {}
    assert post.counts()["kiriman"] == 1, "the same one twice"
    for number in range(25):
        post.model.arrive(STRANGER, f"OK {number}")
        post.look()
    assert post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert post.answered_by == "Siti"


def test_what_lay_on_the_card_before_the_call_is_no_answer_to_it(post):
    post.model.arrive(SITI, "DATANG", status=1)
    post.call()
    post.look()
    assert post.answered_by is None and post.model.left() == []


@model("Stubborn")
def test_a_card_that_cannot_be_emptied_is_told_and_becomes_a_warning(post):
    post.model.refusals = 10_000
    post.call()
    for number in range(10):
        post.model.arrive(STRANGER, f"OK {number}")
    post.look()
    assert "Jawaban: tempat SMS SM penuh (10 dari 10); ganti kartunya" in post.kanal()
    post.look(3, 40_000)
    post.site.hub.dispatch._round()
    assert "kanal gagal" in post.site.enter("admin").get("/peringatan").text
    post.model.refusals = 0
    post.look(2, 40_000)
    assert "penuh" not in post.kanal() and "Terisi: SM 0/10" in post.kanal()


@model("HandsOver")
def test_a_message_that_the_modem_hands_over_unasked_counts(post):
    post.call()
    post.model.pending = gsm_pdu.deliver(SITI, "DATANG 1")
    post.look(2)
    assert post.answered_by == "Siti"


@model("LeftInPrompt", "DeafToEsc", "LatePrompt")
def test_a_prompt_that_a_killed_hub_left_open_is_left_and_the_call_goes_out(post):
    number = add(post.site, "sms")
    post.look(4, 400_000)
    assert row(post.site, number)["state"] == outbox.DONE
    sent = [one for one in post.model.sent if one[0] == SITI]
    assert [text.removeprefix("(ulangan) ") for _, text in sent] == ["KEBAKARAN di Rumah 7."]
    if isinstance(post.model, gsm_model.DeafToEsc):
        assert len(post.model.sent) == 2, "one senseless SMS is the price of a modem that knows no ESC"
    else:
        assert len(post.model.sent) == 1, "ESC sends nothing"


@both
def test_settings_that_another_program_left_are_made_anew(post):
    post.model.pdu_mode, post.model.route, post.model.memory = False, "3,2,2,1,1", "XX"
    post.call()
    assert post.model.pdu_mode and post.model.route in gsm_model.LteStick.routes + gsm_model.Modem.routes
    assert {one["dcs"] for one in post.model.pdus} == {0}, "not what AT+CSMP held"
    post.model.pdu_mode = False  # it lost power, and came back in text mode
    post.model.arrive(STRANGER, FORGED)
    post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert post.answered_by == "Siti"


@pytest.mark.parametrize(
    "states",
    [
        {"CREG": "0,6"}, {"CREG": "0,7"}, {"CREG": "0,9"}, {"CREG": "0,10"}, {"CREG": "2,1,1A2B,0C3D4E5F,7"},
        {"CREG": "0,0", "CGREG": "0,5"}, {"CREG": "0,0", "CEREG": "0,1"}, {"CREG": "0,3", "CEREG": "0,5"}, {},
    ],
)  # fmt: skip
def test_every_kind_of_registration_counts(post, states):
    post.model.registration = states
    number = add(post.site, "sms")
    post.look()
    assert row(post.site, number)["state"] == outbox.DONE


@pytest.mark.parametrize(
    ("post", "words"),
    [
        (gsm_model.NoNetwork, "belum mendapat jaringan"),
        (gsm_model.Denied, "jaringan menolak kartu SIM"),
        (gsm_model.SimLocked, "minta PIN"),
        (gsm_model.NoCard, "kartu SIM tidak terbaca"),
        (gsm_model.OnlyTextMode, "tidak mau mode PDU"),
        (gsm_model.Mute, "tidak menjawab"),
    ],
    indirect=["post"],
)
def test_what_is_wrong_stands_on_the_page_with_its_remedy(post, words):
    number = add(post.site, "sms")
    post.look()
    assert words in row(post.site, number)["result"] and words in post.kanal()
    reads = post.model.registration.get("CREG") in ("0,2", "0,3")
    assert (channel(post.site, "sms")["inbox_fails"] == 0) == reads, "without a network the card is read"


@model("Unplugged")
def test_a_line_that_breaks_off_in_a_listing_loses_no_message(post):
    post.call()
    post.model.arrive(STRANGER, "OK")
    post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert len(post.model.left()) == 2
    post.look(ms=40_000)
    assert post.answered_by == "Siti" and post.model.left() == []


@both
def test_a_garbled_line_waits_for_another_look_and_its_neighbours_do_not(post):
    post.call()
    whole = type(post.model).entry
    garbled = [0]

    def entry(index, status, line):
        if gsm_pdu.deliver(BUDI, "TIDAK 1") == line and garbled[0] < 2:
            garbled[0] += 1
            line = line[:20] + "~" + line[21:]
        whole(post.model, index, status, line)

    post.model.entry = entry
    post.model.arrive(BUDI, "TIDAK 1")
    post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert post.answered_by == "Siti" and len(post.model.left()) == 1
    post.look(2)
    assert post.model.left() == [] and post.counts() == {}
    assert post.site.rows("SELECT * FROM timeline WHERE who = 'Budi'")


def test_a_message_that_is_damaged_for_good_is_counted_and_leaves_the_card(post):
    post.call()
    post.model.arrive("", pdu="00440B")
    post.look(sms.SAME_LOOKS)
    assert post.model.left() == [] and post.counts() == {"rusak": 1}
    assert "1 × isinya rusak" in post.kanal()


@both
def test_what_is_no_answer_is_counted_by_reason_and_shown(post):
    post.call()
    post.model.arrive("", pdu=gsm_pdu.deliver(SITI, b"\1\2", dcs=4))
    post.model.arrive("", pdu=gsm_pdu.report(SITI))
    post.model.arrive("TELKOMSEL", "Pulsa Anda Rp 4.900")
    post.model.arrive(SITI, "terima kasih")
    post.look()
    assert post.counts() == {"biner": 1, "laporan": 1, "nomor asing": 1, "belum jelas": 1}
    assert "1 × bukan tulisan" in post.kanal() and post.model.left() == []


def test_flash_messages_are_answers_like_others(post):
    post.call()
    post.model.arrive("", pdu=gsm_pdu.deliver(SITI, "DATANG 1", dcs=0x10))
    post.look()
    assert post.answered_by == "Siti"


def test_a_number_that_does_not_answer_holds_up_the_others_once_and_for_no_longer_than_before(post):
    assert modem.SEND_S <= 60.0
    whole = post.model.message
    post.model.message = lambda number, *rest: number == STRANGER or whole(number, *rest)
    first, second = add(post.site, "sms", to=STRANGER), add(post.site, "sms", to=BUDI)
    post.look(2)
    assert row(post.site, second)["state"] == outbox.DONE and row(post.site, first)["state"] == outbox.WAITING


def test_a_look_writes_nothing_while_nothing_happens(post):
    post.look(2)
    before = post.site.hub.store.path.stat().st_mtime_ns
    post.look(5)
    assert post.site.hub.store.path.stat().st_mtime_ns == before


def test_without_the_codec_everything_stays_on_the_card_and_the_page_says_so(post, monkeypatch):
    def missing():
        raise Failure("SMS tidak bisa di mesin ini: pustaka python-gammu tidak terpasang; pakai mesin 64-bit")

    monkeypatch.setattr(pdu, "_gammu", missing)
    post.model.arrive(SITI, "DATANG 1")
    post.look()
    assert len(post.model.left()) == 1 and "pustaka python-gammu tidak terpasang" in post.kanal()


def test_the_shipped_unit_lets_the_modem_through():
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert "PrivateDevices=yes" not in lines, "it hides every serial device"
    assert "DevicePolicy=auto" in lines, "a list of devices shuts out a modem that is plugged in later"
    assert "SupplementaryGroups=dialout" in lines


def test_a_port_that_is_gone_is_named(site):
    one = switch_on(site, "sms", port="/dev/tidak-ada")
    site.clock.advance(6_000)
    one.step()
    assert "port serial" in channel(site, "sms")["inbox_problem"]
    assert os.path.basename("/dev/tidak-ada") in channel(site, "sms")["inbox_problem"]


def waiting_call(site, to, text):
    with site.hub.store.write() as db:
        body = json.dumps({"to": to, "name": "Siti", "text": text})
        outbox.add(db, int(time.time() * 1000), "sms", outbox.MESSAGE, body, 1_800_000)


def test_a_real_hub_killed_in_the_prompt_sends_the_next_call_after_its_restart(site):
    stick = gsm_model.LatePrompt()
    switch_on(site, "sms", port=stick.port)
    waiting_call(site, SITI, "satu")
    hub = HubProcess(site.data_dir)
    wait_for(lambda: stick.prompted is not None, "the prompt for the text")
    hub.kill()
    assert stick.prompted is not None and stick.sent == [], "the modem waits for text from nobody"
    waiting_call(site, BUDI, "dua")
    hub = HubProcess(site.data_dir)
    try:
        wait_for(lambda: stick.sent, "the message being sent")
        assert stick.sent == [(BUDI, "dua")], "and nothing of the dialogue was taken for text"
    finally:
        hub.kill()
        stick.close()
