"""Saya datang by Telegram: a button that opens the answer link; a call never waits for its button."""

from urllib.parse import urlsplit

import pytest
from kentongan_hub.record import outbox
from kentongan_wire.message import messages as m
from kits.hub.paging_kit import channel, row, switch_on
from kits.outside.telegram_model import CHAT, TOKEN, Telegram

ROOT = "https://kentongan.local"


@pytest.fixture(name="telegram")
def _telegram(monkeypatch):
    from apprise.plugins.telegram import NotifyTelegram

    made = Telegram()
    monkeypatch.setattr(NotifyTelegram, "notify_url", made.root)
    monkeypatch.setattr(NotifyTelegram, "request_rate_per_sec", 0)
    yield made
    made.close()


def settle(site, address=ROOT, chat=CHAT, token=TOKEN, query=""):
    """Budi, who is on patrol, is called by that bot."""
    one = switch_on(site, "apprise", lokal="127.0.0.1")
    with site.hub.store.write() as db:
        db.set_setting("address", address)
        person = db.insert("people", name="Budi", zone=5, house=30, created_wall=0)
        to = f"tgram://{token}/{chat}/{query}"
        db.insert("addresses", person=person, channel="apprise", address=to)
        db.insert("duties", person=person, duty="ronda")
    return one


def called(site, telegram, **how):
    """The one message on Budi's phone after an alarm."""
    one = settle(site, **how)
    site.post_events(site.alarm())
    one.step()
    (message,) = telegram.chats[CHAT]
    return message


def the_call(site):
    (found,) = site.rows("SELECT id FROM outbox WHERE type = 'call'")
    return row(site, found["id"])


def test_the_button_opens_the_page_whose_button_answers(site, telegram):
    message = called(site, telegram)
    assert "MALING di Rumah 7" in message["text"] and "/jawab/" not in message["text"]
    ((button,),) = message["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Saya datang" and button["url"].startswith(f"{ROOT}/jawab/")
    path = urlsplit(button["url"]).path
    phone = site.app.test_client()
    assert f'action="{path}"' in phone.get(path).text and site.incidents()[0]["answered_by"] is None
    assert "tercatat datang" in phone.post(path).text
    assert site.incidents()[0]["answered_by"] == "Budi"
    assert the_call(site)["state"] == outbox.DONE


def test_a_link_that_telegram_takes_for_none_goes_as_a_line_of_the_text(site, telegram):
    message = called(site, telegram, address="http://kentongan")
    assert "reply_markup" not in message and "Saya datang: http://kentongan/jawab/" in message["text"]
    assert len(telegram.asked) == 2 and the_call(site)["state"] == outbox.DONE


def test_without_an_address_of_the_hub_it_is_called_all_the_same(site, telegram):
    message = called(site, telegram, address="")
    assert "MALING" in message["text"] and "reply_markup" not in message and "/jawab/" not in message["text"]


def test_a_topic_and_silence_that_were_written_down_stay(site, telegram):
    message = called(site, telegram, query="?topic=7&silent=yes")
    assert message["message_thread_id"] == 7 and message["disable_notification"] is True


def test_several_chats_in_one_address_get_the_line(site, telegram):
    telegram.chats["555002"] = []
    message = called(site, telegram, chat=f"{CHAT}/555002")
    assert "Saya datang: " in message["text"] and "Saya datang: " in telegram.chats["555002"][0]["text"]


def test_a_confidential_alarm_says_its_number_and_has_neither_button_nor_line(site, telegram):
    one = settle(site)
    number = site.account("bidan", "wakil", named=True)
    with site.hub.store.write() as db:
        db.run("UPDATE people SET account = ?", number)
    site.post_events(site.alarm(kind=m.KIND_KEKERASAN, silent=True))
    while one.step():
        pass
    (message,) = telegram.chats[CHAT]
    assert "reply_markup" not in message and "rahasia-1 menunggu Anda" in message["text"]
    for word in ("Rumah", "RT 05", "Kekerasan", "/jawab/", "tombol-07"):
        assert word.lower() not in message["text"].lower().replace("pusat data rt.", ""), word


@pytest.mark.parametrize("code", [500, 502])
def test_a_server_in_trouble_is_asked_again_later_and_the_call_is_there_once(site, telegram, code):
    one = settle(site)
    site.post_events(site.alarm())
    telegram.broken = code
    one.step()
    assert the_call(site)["state"] == outbox.WAITING and len(telegram.asked) == 1
    telegram.broken = 0
    site.clock.advance(60_000)
    one.step()
    assert len(telegram.chats[CHAT]) == 1 and "reply_markup" in telegram.chats[CHAT][0]


@pytest.mark.parametrize("how", [{"token": TOKEN[:-1] + "x"}, {"chat": "555009"}])
def test_a_wrong_bot_or_chat_is_named_without_its_secret(site, telegram, how, caplog):
    one = settle(site, **how)
    site.post_events(site.alarm())
    one.step()
    assert "tidak menjawab" in channel(site, "apprise")["problem"]
    for secret in (TOKEN, TOKEN[:-1]):
        assert secret not in caplog.text and secret not in str(site.rows("SELECT * FROM channels"))


def test_a_dead_line_leaves_no_secret_in_the_log(site, telegram, caplog):
    one = settle(site)
    site.post_events(site.alarm())
    telegram.close()
    one.step()
    assert the_call(site)["state"] == outbox.WAITING
    assert TOKEN not in caplog.text


def test_what_is_sent_there_meets_the_law_of_inside_addresses_too(site, telegram):
    one = settle(site)
    switch_on(site, "apprise", lokal="")
    site.post_events(site.alarm())
    one.step()
    assert not telegram.asked and "di dalam mesin atau jaringan" in the_call(site)["result"]
