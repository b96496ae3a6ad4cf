"""Saya datang from the lock screen: a button whose link answers once, for one person, while it is fresh."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
from kentongan_hub.incidents.calling import links
from kentongan_hub.record import outbox
from kentongan_wire.message import messages as m
from kits.hub.paging_kit import row, switch_on

ROOT = "https://kentongan.local"


class Ntfy(HTTPServer):
    """A server that is published to as ntfy is: keeps the buttons of each message, as phones show them."""

    def __init__(self):
        self.buttons = buttons = []
        self.bodies = bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                buttons.append(self.headers.get("X-Actions"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def ntfy():
    made = Ntfy()
    yield made
    made.shutdown()
    made.server_close()


def settle(site, ntfy, address=ROOT, scheme="ntfy", query=""):
    """Budi, who is on patrol, is called through that server."""
    one = switch_on(site, "apprise", lokal="127.0.0.1")
    with site.hub.store.write() as db:
        db.set_setting("address", address)
        person = db.insert("people", name="Budi", zone=5, house=30, created_wall=0)
        to = f"{scheme}://127.0.0.1:{ntfy.server_port}/ronda{query}"
        db.insert("addresses", person=person, channel="apprise", address=to)
        db.insert("duties", person=person, duty="ronda")
    return one


def called(site, ntfy, **how):
    """The address behind the button of the call for an alarm."""
    one = settle(site, ntfy, **how)
    site.post_events(site.alarm())
    one.step()
    (button,) = ntfy.buttons
    return button


def link(button):
    found = re.fullmatch(r"http, Saya datang, (\S+), method=POST, clear=true", button)
    assert found, button
    return urlsplit(found[1]).path


def press(site, path):
    """As the phone's app does: no cookie, no page that it came from."""
    return site.app.test_client().post(path)


def test_a_call_has_a_button_that_answers_from_the_lock_screen(site, ntfy):
    button = called(site, ntfy)
    assert f" {ROOT}/jawab/" in button
    answer = press(site, link(button))
    assert answer.status_code == 200 and "tercatat datang" in answer.text
    (incident,) = site.incidents()
    assert (incident["answered_by"], incident["state"]) == ("Budi", "menuju_lokasi")
    assert [o["stage"] for o in site.orders() if o["type"] == "stage"] == [m.STAGE_COMING]


def test_a_service_without_buttons_carries_a_link_that_opens_a_page_with_one(site, ntfy):
    assert called(site, ntfy, scheme="json") is None
    (body,) = ntfy.bodies
    path = urlsplit(re.search(rf"Saya datang: ({ROOT}/jawab/\S+)", body["message"])[1]).path
    page = site.app.test_client().get(path).text
    assert f'action="{path}"' in page and site.incidents()[0]["answered_by"] is None
    press(site, path)
    assert site.incidents()[0]["answered_by"] == "Budi"


def test_it_answers_once_also_after_the_incident_was_opened_again(site, ntfy):
    path = link(called(site, ntfy))
    press(site, path)
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/selesai", page="/papan")
    admin.post("/kejadian/kejadian-1/buka", page="/kejadian/kejadian-1", alasan="belum")
    answer = press(site, path)
    assert answer.status_code == 410 and "sudah dipakai" in answer.text
    assert "tercatat" not in answer.text, "nobody is told that he is expected who is not"
    assert site.incidents()[0]["answered_by"] is None


def test_an_old_one_and_one_of_a_closed_incident_are_refused_kindly(site, ntfy):
    path = link(called(site, ntfy))
    site.clock.advance(links.LIFE_MS)
    answer = press(site, path)
    assert answer.status_code == 410 and "sudah lama" in answer.text
    site.clock.advance(-links.LIFE_MS)
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    answer = press(site, path)
    assert answer.status_code == 410 and "sudah ditutup" in answer.text
    assert site.incidents()[0]["answered_by"] is None


def test_opening_it_asks_and_answers_nothing(site, ntfy):
    path = link(called(site, ntfy))
    for _ in range(3):
        page = site.app.test_client().get(path)
        assert page.status_code == 200 and "Maling" not in page.text and "Budi" not in page.text
    assert site.incidents()[0]["answered_by"] is None
    assert press(site, path).status_code == 200, "it was not used up by that"


def test_no_other_secret_answers(site, ntfy):
    path = link(called(site, ntfy))
    number, sign = path.removeprefix("/jawab/").split(".")
    other = "A" if sign[0] != "A" else "B"
    for wrong in (
        f"{number}.{other}{sign[1:]}",
        f"{int(number) + 1}.{sign}",
        f"{number}.",
        "x",
        f"{number}",
        ".",
    ):
        assert press(site, f"/jawab/{wrong}").status_code == 404
    assert site.incidents()[0]["answered_by"] is None


@pytest.mark.parametrize(("column", "value"), [("to", "ntfy://x/y"), ("name", "Siti")])
def test_it_is_bound_to_the_person_who_was_called(site, ntfy, column, value):
    path = link(called(site, ntfy))
    with site.hub.store.write() as db:
        for found in db.all("SELECT id, body FROM outbox WHERE type = 'call'"):
            body = json.dumps({**json.loads(found["body"]), column: value})
            db.run("UPDATE outbox SET body = ? WHERE id = ?", body, found["id"])
    assert press(site, path).status_code == 404


def test_an_address_that_was_taken_off_the_register_answers_no_more(site, ntfy):
    path = link(called(site, ntfy))
    with site.hub.store.write() as db:
        db.run("DELETE FROM addresses")
    assert press(site, path).status_code == 404, "the phone was stolen"


def test_it_is_bound_to_the_incident(site, ntfy):
    path = link(called(site, ntfy))
    site.post_events(site.alarm(counter=3, device=site.other))
    with site.hub.store.write() as db:
        db.run("UPDATE outbox SET incident = 2 WHERE type = 'call'")
    assert press(site, path).status_code == 404


def test_a_silent_alarm_has_no_button(site, ntfy):
    one = settle(site, ntfy)
    number = site.account("bidan", "wakil", named=True)
    with site.hub.store.write() as db:
        db.run("UPDATE people SET account = ?", number)
    site.post_events(site.alarm(kind=m.KIND_KEKERASAN, silent=True))
    while one.step():
        pass
    assert ntfy.buttons and set(ntfy.buttons) == {None}, "a service between reads every message"
    assert "/jawab/" not in str(ntfy.bodies)


def test_without_an_address_of_the_hub_there_is_none_and_a_persons_own_buttons_stay(site, ntfy):
    assert called(site, ntfy, address="") is None


def test_a_persons_own_buttons_stay(site, ntfy):
    own = "view, Peta, https://peta.example"
    assert called(site, ntfy, query="?actions=view%2C%20Peta%2C%20https%3A%2F%2Fpeta.example") == own


def test_a_call_whose_button_cannot_be_made_goes_without_it(site, ntfy, monkeypatch):
    def broken(*about):
        raise ValueError("a damaged row")

    monkeypatch.setattr(links, "token", broken)
    assert called(site, ntfy) is None


def test_a_damaged_key_costs_the_old_buttons_and_no_call(site, ntfy):
    with site.hub.store.write() as db:
        db.set_setting(links.KEY, "rusak \u00e9")
    assert press(site, link(called(site, ntfy))).status_code == 200


def test_news_and_corrections_have_none(site, ntfy):
    one = settle(site, ntfy)
    for type_ in (outbox.NEWS, outbox.CORRECTION):
        site.post_events(site.alarm(counter=50 + len(ntfy.buttons)))
        with site.hub.store.write() as db:
            db.run("DELETE FROM outbox")
            body = json.dumps(
                {"to": f"ntfy://127.0.0.1:{ntfy.server_port}/ronda", "name": "Budi", "text": "x"}
            )
            number = outbox.add(db, site.clock.now_ms, "apprise", type_, body, 1_800_000, 1)
        one.step()
        assert row(site, number)["state"] == outbox.DONE and ntfy.buttons[-1] is None


def test_a_message_that_never_went_out_answers_nothing(site, ntfy):
    settle(site, ntfy)
    site.post_events(site.alarm())
    with site.hub.store.write() as db:
        row = db.one("SELECT * FROM outbox WHERE type = 'call'")
        secret = links.token(db, row)
    assert press(site, f"/jawab/{secret}").status_code == 404


def test_the_answer_stands_under_the_event_that_its_incident_was_merged_into(site, ntfy):
    path = link(called(site, ntfy))
    site.post_events(site.alarm(counter=3, device=site.other))
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/gabung", page="/kejadian/kejadian-1", dengan="kejadian-2")
    assert press(site, path).status_code == 200
    assert [one["answered_by"] for one in site.incidents()] == ["Budi", "Budi"]
