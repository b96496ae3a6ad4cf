"""Policies: the shipped ones, checked changes, and a rehearsal that tells before who is called for what."""

import copy
import json

import pytest
from kentongan_hub.incidents.calling import recipients, rehearsal
from kentongan_hub.policies import choosing, policy, policy_store
from kentongan_hub.record import outbox
from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m


@pytest.fixture
def street(site):
    """Ten houses with a person each; house 9 has a ketua RT, house 10 a bidan, house 7 pressed."""
    with site.hub.store.write() as db:
        for house in range(1, 11):
            db.insert("houses", zone=5, number=house)
            person = db.insert("people", name=f"Warga {house}", zone=5, house=house, created_wall=0)
            db.insert("addresses", person=person, channel="sms", address=f"+62811{house:03d}")
        db.insert("duties", person=9, duty="ketua_rt", zone=5)
        db.insert("duties", person=10, duty="bidan", zone=0)
        db.run("UPDATE addresses SET delay_s = 60 WHERE person = 9")
    return site


def called(site, type_=outbox.MESSAGE):
    rows = site.rows("SELECT * FROM outbox WHERE type = ? ORDER BY id", type_)
    return [json.loads(row["body"])["to"] for row in rows]


@pytest.mark.parametrize("kind", [*policy.DEFAULTS, m.KIND_MALING, 99])
def test_what_is_shipped_passes_its_own_check(kind):
    assert policy.check(kind, policy.default(kind))


def test_fire_sounds_all_of_the_rw_at_once_and_violence_sounds_nothing_ever():
    assert policy.default(m.KIND_KEBAKARAN)["langkah"][0]["sirene"] == policy.RW
    silent = policy.default(m.KIND_KEKERASAN)
    assert {step["sirene"] for step in silent["langkah"]} == {policy.NO}


def broken(change):
    body = copy.deepcopy(policy.default(m.KIND_KEKERASAN))
    change(body)
    return body


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b.update(jam_tenang="22-05"), "jam tenang tidak pernah membungkam alarm"),
        (lambda b: b.update(lain=1), "tidak dikenal lain"),
        (lambda b: b.pop("ulang"), "kurang ulang"),
        (lambda b: b.update(ulang="sering"), "ulang: tulis angka 60 sampai 600"),
        (lambda b: b.update(sirene_kali=3), "sirene_kali: tulis angka 0 sampai 2"),
        (lambda b: b.update(langkah=b["langkah"][:1]), "isi 2 sampai 10 langkah"),
        (lambda b: b["langkah"][0].update(detik=5), "langkah 1: detik harus 0"),
        (lambda b: b["langkah"][2].update(detik=120), "langkah 3: detik harus lebih"),
        (
            lambda b: b["langkah"][1].update(detik=301) or b["langkah"][2].update(detik=400),
            "paling lambat 300",
        ),
        (lambda b: b["langkah"][1].update(sirene="semua"), "langkah 2: sirene 'semua'"),
        (lambda b: b["langkah"][1].update(sirene="rt"), "tidak pernah membunyikan sirene"),
        (lambda b: b["langkah"][1].update(kepada=["warga"]), "kejadian rahasia hanya kepada"),
        (lambda b: b["langkah"][1].update(kepada=["tugas:raja"]), "'tugas:raja' tidak dikenal"),
        (lambda b: b["langkah"][1].update(kepada=["dekat:99"]), "'dekat:99' tidak dikenal"),
        (lambda b: [step.update(kepada=[]) for step in b["langkah"][1:]], "harus ada orang yang dipanggil"),
        (
            lambda b: [step.update(kepada=["tugas:ppa"]) for step in b["langkah"][:2]],
            "langkah 1 atau 2: kejadian rahasia harus memanggil orang yang disepakati",
        ),
        (lambda b: b["langkah"][1].update(kartu="x" * 121), "kartu paling panjang 120"),
        (lambda b: b["langkah"][1].update(kartu="{polisi}, {raja}"), "kartu: 'raja' bukan layanan"),
        (lambda b: b["langkah"].insert(1, "x"), "langkah 2: bentuknya salah"),
    ],
)
def test_a_bad_policy_is_refused_with_its_place_and_remedy(change, words):
    with pytest.raises(LocalError, match=words):
        policy.check(m.KIND_KEKERASAN, broken(change))


def test_a_medical_alarm_calls_the_nearest_houses_and_the_bidan_never_the_house_itself(street):
    street.post_events(street.alarm(counter=9, kind=m.KIND_MEDIS))
    assert called(street) == ["+62811006", "+62811008", "+62811005", "+62811009", "+62811004", "+62811010"]
    (text,) = {
        json.loads(r["body"])["text"] for r in street.rows("SELECT body FROM outbox WHERE type = 'call'")
    }
    assert text.startswith("SAKIT MENDADAK di Rumah 7, RT 05/RW 03, ") and "119" in text


def test_nearness_is_the_plans_where_the_houses_stand_on_it(street):
    with street.hub.store.write() as db:
        for house in range(1, 11):
            db.run(
                "UPDATE houses SET x = ?, y = 0 WHERE number = ?", -house * 100 if house > 5 else house, house
            )
        db.run("UPDATE houses SET x = 1.5 WHERE number = 7")
        db.run("UPDATE houses SET occupied = 0 WHERE number = 1")
        assert recipients.nearest(db, 5, 7, 3) == [2, 3, 4]


def test_delays_differ_by_person_and_whoever_waited_is_not_woken_when_somebody_comes(street):
    street.post_events(street.alarm(counter=9, kind=m.KIND_MEDIS))
    with street.hub.store.read() as db:
        due = len(outbox.due(db, street.clock.now_ms, "sms"))
    assert due == 5
    street.enter("admin").post("/kejadian/kejadian-1/datang", page="/papan")
    states = street.rows("SELECT state, result FROM outbox WHERE type = 'call' AND not_before_ms > 0")
    assert states == [{"state": "expired", "result": "answered"}]


def test_a_later_step_calls_the_duties_and_says_so_on_the_timeline(street):
    street.post_events(street.alarm(counter=9))
    before = len(called(street))
    street.clock.advance(120_000)
    street.hub.dispatch.step()
    assert called(street)[before:] == ["+62811009"]
    page = street.enter("admin").get("/kejadian/kejadian-1").text
    assert "memanggil: Warga 9" in page


def test_whom_no_message_can_reach_is_said_on_the_timeline_once_for_each_step(street):
    street.post_events(street.alarm(counter=9))
    for _ in range(6):
        street.clock.advance(121_000)
        street.hub.dispatch.step()
    said = street.lines("timeline", "what = 'no_number' ORDER BY id")
    assert [row["detail"] for row in said] == [
        "ronda yang bertugas",
        "seksi keamanan, ronda yang bertugas",
        "ketua RW, Bhabinkamtibmas",
    ]


def test_the_rw_is_told_by_kind_without_a_human(street):
    from kentongan_hub.devices import provision

    provision.add_device(street.data_dir, "sirene", "pos-rt6", 6)
    provision.gateway_file(street.data_dir, "gateway-2", 6)
    provision.gateway_token(street.data_dir, "gateway-2")
    street.post_events(street.alarm(counter=9, kind=m.KIND_KEBAKARAN))
    rows = street.rows("SELECT channel, body FROM outbox WHERE type = 'siren'")
    assert [(r["channel"], json.loads(r["body"])["zone"]) for r in rows] == [("gateway:gateway-2", 6)]
    street.post_events(street.alarm(counter=90, kind=m.KIND_KEBAKARAN, drill=True, device=street.other))
    assert len(street.rows("SELECT 1 FROM outbox WHERE type = 'siren'")) == 1, "a drill stays in its RT"


def test_the_house_of_a_silent_alarm_and_the_excluded_are_never_called(street):
    with street.hub.store.write() as db:
        for login, person, zone, house in (("kerabat", 7, 5, 7), ("bidan", 10, 5, 10), ("ketua", 9, 5, 9)):
            number = db.insert(
                "accounts",
                login=login,
                name=login,
                role="ketua_rt",
                password="x",
                zone=zone,
                house=house,
                named_for_confidential=1,
                created_wall=0,
            )
            db.run("UPDATE people SET account = ? WHERE id = ?", number, person)
        db.insert("exclusions", account=number, zone=5, house=7, made_by="x", made_wall=0)
    street.post_events(street.alarm(counter=9, silent=True, kind=m.KIND_KEKERASAN))
    assert called(street) == ["+62811010"]
    (row,) = street.rows("SELECT body FROM outbox WHERE type = 'call'")
    for secret in ("Rumah", "kekerasan", "tombol", "RT 05"):
        assert secret not in row["body"].lower() and secret not in row["body"]


def form_of(body, **more):
    """Return the fields that the page's form sends for that policy."""
    fields = {key: str(body[key]) for key in policy.LIMITS}
    for name in ("detik", "sirene"):
        fields[name] = [str(step[name]) for step in body["langkah"]]
    for number, step in enumerate(body["langkah"], 1):
        numbers, rest = choosing.card_parts(step["kartu"])
        fields |= {f"kepada-{number}": step["kepada"], f"telepon-{number}": numbers, f"kata-{number}": rest}
    return {**fields, **more}


def test_a_policy_is_changed_on_its_page_and_the_next_alarm_follows_it(street):
    body = copy.deepcopy(policy.default(m.KIND_MALING))
    body["langkah"][1].update(detik=60, kepada=["tugas:ketua_rt"])
    admin = street.enter("admin")
    bad = form_of(body, jenis="1", rt="5", ulang="1")
    answer = admin.post("/kebijakan", page="/kebijakan", **bad)
    assert answer.status_code == 400 and "ulang: tulis angka" in answer.text
    assert street.rows("SELECT * FROM policies") == []
    assert admin.post("/kebijakan", page="/kebijakan", **form_of(body, jenis="1", rt="5")).status_code == 303
    assert "Diubah oleh Bu Admin" in admin.get("/kebijakan?jenis=1&rt=5").text
    street.post_events(street.alarm(counter=9))
    assert street.incidents()[0]["next_alert_ms"] == street.clock.now_ms + 60_000
    assert admin.post("/kebijakan", page="/kebijakan", jenis="1", rt="5", bawaan="1").status_code == 303
    assert street.rows("SELECT * FROM policies") == []
    changes = street.rows("SELECT what FROM audit WHERE what LIKE 'policy%' ORDER BY id")
    assert [one["what"] for one in changes] == ["policy_changed", "policy_reset"]


def test_the_rehearsal_says_what_then_happens_and_writes_nothing(street):
    page = street.enter("admin").get("/kebijakan?jenis=7&rt=5&rumah=7").text
    for words in (
        "Warga 6 lewat SMS",
        "Warga 9 lewat SMS sesudah 1 menit",
        "Belum ada nomor untuk: P3K",
        "pukul 02.00",
    ):
        assert words in page, words
    assert street.rows("SELECT * FROM outbox") == [] and street.incidents() == []
    silent = street.enter("admin").get("/kebijakan?jenis=8&rt=5&rumah=7").text
    assert "tidak ada bunyi dan lampu di mana pun" in silent


def test_the_queue_shows_what_happens_next_and_hides_what_is_confidential(street):
    street.account("bidan", "petugas_ronda", named=True)
    street.post_events(street.alarm(counter=9), street.alarm(counter=50, silent=True, device=street.other))
    admin, bidan = street.enter("admin").get("/antrean").text, street.enter("bidan").get("/antrean").text
    assert "120 dtk" not in admin and "panggilan ke-1" in admin and "memanggil Warga 6 lewat SMS" in admin
    assert "rahasia-1" in bidan and "rahasia" not in admin


def test_the_card_of_a_step_takes_its_numbers_from_kontak_and_stands_on_the_board_when_it_is_reached(street):
    with street.hub.store.write() as db:
        db.run("UPDATE contacts SET number = '022 123456' WHERE service = 'polsek'")
    admin = street.enter("admin")
    page = admin.get("/kebijakan?jenis=1&rt=5").text
    assert "papan menyuruh menelepon polisi 110, Polsek 022 123456" in page
    street.post_events(street.alarm(counter=9))
    for seconds in (121, 120):
        assert "Belum dijawab, telepon" not in admin.get("/papan").text
        street.clock.advance(seconds * 1000)
        street.hub.dispatch.step()
    asked = "Belum dijawab, telepon: polisi 110, Polsek 022 123456"
    assert asked in admin.get("/papan").text and asked in admin.get("/kejadian/kejadian-1").text
    line = street.lines("timeline", "what = 'called_again' ORDER BY id DESC")[0]
    assert line["detail"].endswith("polisi 110, Polsek 022 123456")
    admin.post("/kejadian/kejadian-1/datang", page="/papan")
    assert "Belum dijawab, telepon" not in admin.get("/papan").text


def test_the_card_of_a_confidential_step_is_on_its_own_page_and_on_no_board(street):
    street.account("dewi", "ketua_rt", named=True)
    street.post_events(street.alarm(counter=9, silent=True, kind=8))
    for _ in range(2):
        street.clock.advance(121_000)
        street.hub.dispatch.step()
    dewi = street.enter("dewi")
    assert "Belum dijawab, telepon: SAPA 129" in dewi.get("/kejadian/rahasia-1").text
    assert "Belum dijawab, telepon" not in dewi.get("/papan").text


def test_the_rehearsal_shows_every_step_of_a_long_policy(street):
    step = {"sirene": "tidak", "kepada": ["tugas:ketua_rt"], "kartu": ""}
    steps = [{**step, "detik": number * 60} for number in range(10)]
    body = {**policy.default(1), "langkah": steps}
    with street.hub.store.write() as db:
        policy_store.save(db, street.hub.now(), {"name": "A", "login": "a"}, 5, 1, body)
        played = rehearsal.play(db, 5, 7, 1)
    assert [one["after"] for one in played] == ["0 dtk", *(f"{number} menit" for number in range(1, 10))]


def test_the_queue_shows_reminders_of_warnings_too(street):
    street.post_events(street.event("status", device=street.post, role=2, body={"flags": m.STATUS_LID}))
    street.clock.advance(10_000)
    street.hub.dispatch.step()
    said = "peringatan pos-1: tutup terbuka, lagi ke ronda yang bertugas"
    assert said in street.enter("admin").get("/antrean").text


def test_who_keeps_the_policy_and_lives_there_cannot_make_a_silent_alarm_call_nobody(site):
    """One form named a duty that nobody holds, and no phone and no chime heard of a silent alarm."""
    site.account("suami", "ketua_rt", house=7)
    site.account("ibu_kader", "petugas_ronda", named=True, house=9)
    duty = {"detik": ["0", "300"], "sirene": ["tidak"] * 2, "kepada-2": "tugas:ppa"}
    pace = {key: str(low) for key, (low, _) in policy.LIMITS.items()}
    form = {"jenis": str(m.KIND_KEKERASAN), "rt": "5", **duty, **pace}
    answer = site.enter("suami").post("/kebijakan", page="/kebijakan", **form)
    assert answer.status_code == 400 and "harus memanggil orang yang disepakati" in answer.text
    site.post_events(site.alarm(counter=9, kind=m.KIND_KEKERASAN, silent=True))
    assert [order["type"] for order in site.orders()] == ["page"]
