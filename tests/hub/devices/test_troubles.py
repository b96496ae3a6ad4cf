"""Troubles of a gateway stand on the board until they are over; a dead one holds no order back."""

from kentongan_hub.devices import provision
from kentongan_hub.incidents import orders


def trouble(number, name="disk", active=True, detail="read-only"):
    told = {"name": name, "active": active, "detail": detail}
    return {"id": f"gateway-1/x-{number}", "type": "trouble", **told}


def test_a_trouble_is_shown_until_it_is_over(site):
    site.post_events(trouble(1), trouble(2, "radio_deaf modem", detail="hears nothing"))
    person = site.enter("admin")
    board, devices = person.get("/papan").text, person.get("/perangkat").text
    assert "GERBANG BERMASALAH" in board and "penyimpanan gerbang rusak atau penuh" in board
    assert "modem: radio tidak mendengar apa-apa" in board
    assert "read-only" in devices and "sejak" in devices
    site.post_events(trouble(3, active=False), trouble(4, "radio_deaf modem", active=False))
    assert "GERBANG BERMASALAH" not in person.get("/papan").text


def test_a_trouble_is_a_warning_with_an_owner_until_it_is_over(site):
    site.post_events(trouble(1), trouble(2, "siren", detail="not sensed"), trouble(3, "hub"))
    site.hub.dispatch.step()
    told = "closed_ms IS NULL AND what LIKE 'gateway_%' ORDER BY subject"
    rows = site.warnings(told)
    assert [(row["code"], row["owner"], row["urgent"]) for row in rows] == [
        ("gateway_troubled", "teknisi", 1),
        ("gateway_to_see", "teknisi", 0),
        ("gateway_siren_out", "ronda", 1),
    ]
    assert rows[2]["detail"].startswith("sirene gerbang tidak bekerja")
    site.post_events(trouble(4, "*", active=False))
    site.clock.advance(10_000)
    site.hub.dispatch.step()
    assert site.warnings(told) == []


def test_a_gateway_that_starts_anew_takes_back_what_its_former_run_said(site):
    site.post_events(trouble(1), trouble(2, "siren"), trouble(3, "*", active=False), trouble(4, "hub"))
    assert [row["name"] for row in site.rows("SELECT name FROM troubles")] == ["hub"]


def test_a_trouble_that_no_hub_knows_yet_is_shown_as_it_is(site):
    site.post_events(trouble(1, "banjir", detail="<b>air</b>"))
    page = site.enter("admin").get("/perangkat").text
    assert "banjir" in page and "<b>air</b>" not in page


def test_troubles_of_one_gateway_are_bounded(site):
    site.post_events(*(trouble(n, f"x{n}") for n in range(100)))
    assert len(site.rows("SELECT * FROM troubles")) == 64


def test_an_order_for_a_gateway_that_died_goes_to_one_that_lives(site):
    provision.gateway_file(site.data_dir, "gateway-2", 5)
    provision.gateway_token(site.data_dir, "gateway-2")
    site.post_events(site.alarm(counter=9))
    site.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    now = site.hub.now()

    def channels():
        return {row["channel"] for row in site.rows("SELECT channel FROM outbox WHERE type = 'stage'")}

    with site.hub.store.write() as db:
        assert orders.reroute(db, now) == 0, "the first one lives"
        db.run("UPDATE gateways SET heard_ms = ? WHERE label = 'gateway-1'", now.ms - orders.QUIET_MS - 1)
        assert orders.reroute(db, now) == 0, "nobody else lives: it waits"
        db.run("UPDATE gateways SET heard_ms = ? WHERE label = 'gateway-2'", now.ms)
    assert channels() == {"gateway:gateway-1"}
    site.hub.dispatch.step()
    assert channels() == {"gateway:gateway-2"}


def test_results_that_the_hub_does_not_take_are_told_as_that(site):
    site.post_events(site.event("trouble", name="results", active=True, detail="HTTP 500"))
    text = site.enter("admin").get("/perangkat").text
    assert "tidak menerima hasil perintahnya" in text and "pernah tidak terhubung" not in text


def test_a_state_that_the_gateway_lost_is_named_with_its_remedy(site):
    from kentongan_hub.devices import troubles

    site.post_events(site.event("trouble", name="disk_state keys", active=True, detail="keys: lost"))
    text = site.enter("admin").get("/perangkat").text
    assert "kunci gerbang hilang" in text and "tulis berkas kunci gerbang baru" in text
    assert troubles.words("disk_state quiet") == "quiet: catatan gerbang pernah rusak, sudah dimulai baru"
