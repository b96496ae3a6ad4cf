"""A siren on purpose: who may, why, how often; ordered, called, answered and closed like a button's alarm."""

import pytest
from kentongan_hub.devices import provision
from kentongan_hub.incidents.told import raised
from kentongan_hub.web import export
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import PASSWORD


def who(site, login="siti", role="petugas_ronda"):
    number = site.account(login, role)
    (row,) = site.rows("SELECT * FROM accounts WHERE id = ?", number)
    return row


def sound(site, account, kind=m.KIND_KEBAKARAN, zone=5, reason="api di gudang", screen=""):
    with site.hub.store.write() as db:
        return raised.sound(db, site.hub.now(), account, kind, zone, reason, screen, "10.0.0.7")


def gateway(site):
    (row,) = site.rows("SELECT * FROM gateways")
    return row


def sirens(site, action="start"):
    return [one for one in site.orders() if one["type"] == "siren" and one["action"] == action]


def report(site, state, incident):
    body = {"origin": incident["device"], "counter": incident["first_counter"], "state": state, "source": 3}
    site.post_events(site.event("siren_report", device=site.post, **body))


def test_its_posts_are_ordered_under_the_gateways_number_and_the_incidents(site):
    site.was_there()
    assert sound(site, who(site)) == "kejadian-1"
    (order,) = sirens(site)
    assert (order["origin"], order["counter"], order["first"]) == (gateway(site)["node"], 1, 1)
    assert (order["zone"], order["kind"], order["targets"]) == (5, m.KIND_KEBAKARAN, "zone")
    assert 0 < order["seconds"] <= 180, "it ends by itself"


def test_the_record_names_the_person_the_reason_and_the_screen(site):
    sound(site, who(site), screen="Pos Mawar")
    line = site.lines("timeline", "what = 'raised'")[0]
    assert (line["who"], line["what"]) == ("Siti", "membunyikan sirene")
    assert "api di gudang" in line["detail"] and "dari layar Pos Mawar" in line["detail"]
    (row,) = site.rows("SELECT * FROM audit WHERE what = 'raised'")
    assert (row["who"], row["subject"], row["address"]) == ("Siti", "kejadian-1", "10.0.0.7")


def test_what_the_post_says_of_it_is_its_own_and_a_silent_post_needs_a_person(site):
    site.was_there()
    sound(site, who(site))
    (incident,) = site.incidents()
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["awaited"]
    report(site, m.STATE_SOUNDING, incident)
    assert [row["state"] for row in site.rows("SELECT state FROM soundings")] == ["sounded"]
    page = site.enter("admin").get("/kejadian/kejadian-1").text
    assert "<b>pos-1</b> berbunyi" in page
    assert "Disuarakan dari pusat data oleh Siti" in page and "tombol ditekan" not in page


def test_a_post_that_says_nothing_for_it_is_called_silent(site):
    sound(site, who(site))
    site.clock.advance(16_000)
    site.hub.dispatch.step()
    assert site.lines("timeline", "what = 'siren_unreported'")


def test_it_is_called_and_escalated_and_no_button_is_told_of_it(site):
    siti = who(site)
    sound(site, siti)
    site.clock.advance(121_000)
    site.was_there()
    site.hub.dispatch.step()
    assert len(site.rows("SELECT 1 FROM outbox WHERE type = 'siren'")) == 2, "the second step sounds again"
    (page,) = [one for one in site.orders() if one["type"] == "page"]
    assert (page["device"], page["counter"]) == (gateway(site)["node"], 1)
    ronda = site.enter("siti")
    assert ronda.post("/kejadian/kejadian-1/datang", page="/papan").status_code == 303
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'stage'") == [], "there is no button to be told"
    assert site.incidents()[0]["next_alert_ms"] > site.clock.now_ms + 600_000, "nobody is called any more"


def test_a_chimes_answer_to_it_counts(site):
    from kentongan_hub.devices import provision

    chime = provision.add_device(site.data_dir, "penerima", "penerima-1", 5, 9)["node"]
    sound(site, who(site))
    about = {"origin": gateway(site)["node"], "counter": 1}
    site.post_events(site.event("paged", device=chime, **about))
    site.post_events(site.event("event", device=chime, event=m.EVENT_COMING, person=0, **about))
    assert site.incidents()[0]["answered_by"] == "penerima-1"


def test_what_reaches_phones_says_who_and_why(site):
    siti = who(site)
    with site.hub.store.write() as db:
        db.run("INSERT INTO channels (name, enabled) VALUES ('sms', 1)")
        person = db.insert("people", name="Budi", zone=5, house=30, created_wall=0)
        db.insert("addresses", person=person, channel="sms", address="+628121110001")
    sound(site, siti, screen="Pos Mawar")
    (row,) = site.rows("SELECT json_extract(body, '$.text') AS text FROM outbox WHERE type = 'call'")
    assert row["text"].startswith("KEBAKARAN di RT 05/RW 03")
    assert "Disuarakan dari pos oleh Siti: api di gudang." in row["text"]


def test_closing_it_or_its_silence_stops_the_same_siren(site):
    site.was_there()
    sound(site, who(site))
    admin = site.enter("admin")
    admin.post("/kejadian/kejadian-1/diam", page="/papan")
    (order,) = sirens(site, "stop")
    assert (order["origin"], order["counter"]) == (gateway(site)["node"], 1)
    site.clock.advance(20_000)
    admin.post("/kejadian/kejadian-1/keliru", page="/kejadian/kejadian-1", alasan="ternyata asap sate")
    assert len(site.rows("SELECT 1 FROM outbox WHERE type = 'siren' AND body LIKE '%stop%'")) == 2


def test_a_gateway_that_is_there_orders_it_before_the_rts_own_that_is_quiet(site):
    with site.hub.store.write() as db:
        db.run("UPDATE gateways SET heard_ms = 0")
        db.insert("gateways", label="gateway-2", node=77, zone=6, token="x", heard_ms=site.clock.now_ms)
    site.clock.advance(1)
    sound(site, who(site))
    (incident,) = site.incidents()
    assert (incident["gateway"], incident["device"]) == ("gateway-2", 77)


def test_without_a_gateway_people_are_called_and_told_that_no_siren_sounds(site):
    siti = who(site)
    with site.hub.store.write() as db:
        db.run("UPDATE gateways SET token = NULL")
    sound(site, siti)
    assert site.rows("SELECT 1 FROM outbox WHERE type = 'siren'") == []
    assert "hubungi dengan cara lain" in site.lines("timeline", "what = 'part_failed'")[0]["detail"]
    assert site.incidents()[0]["next_alert_ms"] is not None


@pytest.mark.parametrize(
    ("kind", "zone", "reason", "said"),
    [
        (m.KIND_KEKERASAN, 5, "x", "rahasia"),
        (m.KIND_UJI, 5, "x", "jenis"),
        (103, 5, "x", "jenis"),
        (m.KIND_MALING, 9, "x", "punya sirene"),
        (m.KIND_MALING, 5, "  ", "Alasan"),
        (m.KIND_MALING, 5, "x" * 121, "huruf"),
    ],
)
def test_it_needs_a_kind_that_sounds_an_rt_with_a_siren_and_a_reason(site, kind, zone, reason, said):
    with pytest.raises(LocalError, match=said):
        sound(site, who(site), kind, zone, reason)
    assert site.incidents() == []


def test_the_same_is_not_sounded_twice_while_it_is_open_and_another_kind_is(site):
    siti = who(site)
    sound(site, siti)
    with pytest.raises(LocalError, match="kejadian-1"):
        sound(site, siti)
    assert sound(site, siti, m.KIND_MALING) == "kejadian-2"


def test_a_fourth_time_within_an_hour_needs_another_person(site):
    siti = who(site)
    admin = site.enter("admin", PASSWORD)
    for number in range(1, raised.PERSON_MAX + 1):
        assert sound(site, siti) == f"kejadian-{number}"
        admin.post(f"/kejadian/kejadian-{number}/selesai", page="/papan")
    with pytest.raises(LocalError, match="orang lain"):
        sound(site, siti)
    assert sound(site, who(site, "budi")) == "kejadian-4", "an alarm is never shut out by who cried before"
    site.enter("admin").post("/kejadian/kejadian-4/selesai", page="/papan")
    site.clock.advance(raised.PERSON_MS)
    assert sound(site, siti) == "kejadian-5"


def test_list_and_export_tell_it_from_a_press(site):
    site.post_events(site.alarm())
    sound(site, who(site))
    page = site.enter("admin").get("/kejadian").text
    assert page.count("Disuarakan dari") == 1
    rows = list(export.incidents(site.hub.store, site.hub.now()))
    column = rows[0].index("disuarakan oleh")
    assert [row[column] for row in rows[1:]] == ["", "Siti"]


def test_the_name_goes_with_the_words_when_its_time_is_over(site):
    sound(site, who(site), screen="Pos Mawar")
    site.enter("admin").post("/kejadian/kejadian-1/selesai", page="/papan")
    with site.hub.store.write() as db:
        from kentongan_hub.upkeep import retention

        db.run("UPDATE incidents SET closed_ms = -90000000000")
        retention.run(db, site.hub.now())
    (incident,) = site.incidents()
    assert (incident["raised_by"], incident["raised_at"]) == ("-", "")
    assert site.rows("SELECT 1 FROM timeline WHERE who = 'Siti'") == []
    assert site.rows("SELECT 1 FROM audit WHERE what = 'raised' AND who = 'Siti'") == []


def test_silence_of_a_raised_siren_reaches_no_rt_where_it_never_sounded(site):
    """Its posts beat no raised siren unasked, and may beat another one."""
    provision.add_device(site.data_dir, "sirene", "pos-6", 6, table=[[5, 0xFFFF], [6, 0xFFFF]])
    site.was_there()
    sound(site, who(site), kind=m.KIND_MALING, zone=6)
    sound(site, who(site, "budi"), kind=m.KIND_MALING, zone=5)
    site.enter("admin").post("/kejadian/kejadian-2/diam", page="/papan")
    stops = [(one["zone"], one["counter"]) for one in sirens(site, "stop")]
    assert [zone for zone, _ in stops] == [5]
