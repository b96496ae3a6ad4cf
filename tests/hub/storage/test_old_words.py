"""Rows as older programs wrote them: they become codes, are shown as before, and still prove themselves."""

import hashlib
import json
import secrets

import pytest
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import supervision
from kentongan_hub.record import chain, outbox
from kentongan_hub.storage import schema_codes, store
from kentongan_hub.storage.store import Store

NAMES = [deed.__name__ for deed in schema_codes.migrations]
BEFORE = NAMES.index("m025_codes_on_record")
# who, what, detail as the program before m025 wrote them
LINES = [
    ("tombol-07", "tombol ditekan", "diterima terlambat, tanpa sirene"),
    ("alat 0000002a", "tombol ditekan lagi", "tidak terlambat, kata gateway lain"),
    ("pelapor (dirahasiakan)", 'menunjukkan "ada yang datang"', "pukul 22.31 WIB"),
    ("penerima-1", "saya datang?", "tidak dihitung: penerima RT lain"),
    ("pusat data", "memanggil", "Budi, Siti"),
    ("pusat data", "ditanyakan", "Budi: datang juga untuk kejadian-2?"),
    ("pusat data", "peringatan ulang", "ke-1: ketua RT; polisi 110"),
    ("pusat data", "koreksi: ini latihan", "kepada 3 penerima"),
    ("Budi", "saya datang", ""),
    ("Budi", "catatan", "diterima terlambat, tanpa sirene"),
    ("Budi", "serah terima", "kepada Siti: Saya pulang"),
    ("pos-1", "sirene berbunyi", ""),
    ("gateway-1", "sirene digerakkan (tanpa pengindra)", ""),
    ("pusat data", "peringatan", "kartu gerbang merusak isinya: tanyakan siapa yang menekan, ganti kartunya"),
    ("Budi", "sesuatu dari program yang lebih tua", "apa pun"),
]
RECORD = [
    ("provision", "token gerbang dibuat", "gateway-1", ""),
    ("pusat data", "peringatan", "pos-1", "sirene diam: diminta berbunyi"),
    ("penolong", "orang kedua: dibenarkan", "bidan", "rahasia, diminta dewi"),
    ("penolong", "akun: bukan-rahasia", "bidan", "ya menjadi tidak"),
    ("teknisi Sari", "akses diperiksa", "", ""),
]


def write_old(db, table, **row):
    """As the program before m025 appended: hashed over its own columns."""
    names = {"audit": ("at_wall", "who", "address", "what", "subject", "detail"),
             "timeline": ("incident", "at_wall", "who", "address", "what", "detail")}[table]  # fmt: skip
    last = db.one(f"SELECT id, hash FROM {table} ORDER BY id DESC LIMIT 1") or {"id": 0, "hash": bytes(32)}
    number, salt = last["id"] + 1, secrets.token_bytes(16)
    words = json.dumps([row[name] for name in names], ensure_ascii=False)
    digest = hashlib.sha256(salt + words.encode()).digest()
    link = hashlib.sha256(last["hash"] + number.to_bytes(8, "big") + digest).digest()
    db.insert(table, id=number, **row, salt=salt, digest=digest, hash=link)


@pytest.fixture
def old(tmp_path, monkeypatch):
    """The folder of a hub whose last program was the one before m025."""
    monkeypatch.setattr(store, "migrations", schema_codes.migrations[:BEFORE])
    with Store(tmp_path).write() as db:
        zeros = ("drill", "cancelled", "late", "lid", "presses", "first_counter", "last_counter", "zone",
                 "house")  # fmt: skip
        db.insert("incidents", slug="kejadian-1", state="baru", device=0, gateway="", kind=1, confidential=0,
                  opened_ms=0, opened_wall=0, **dict.fromkeys(zeros, 0))  # fmt: skip
        for who, what, detail in LINES:
            write_old(db, "timeline", incident=1, at_wall=5, who=who, address="", what=what, detail=detail)
        for who, what, subject, detail in RECORD:
            write_old(db, "audit", at_wall=5, who=who, address="", what=what, subject=subject, detail=detail)
        db.run("UPDATE timeline SET who = '', address = '', detail = '', salt = NULL WHERE id = 5")
    monkeypatch.undo()
    return tmp_path


def test_what_they_said_is_shown_as_it_was(old):
    with Store(old).read() as db:
        lines = [code_words.line(row) for row in db.all("SELECT * FROM timeline ORDER BY id")]
        record = [code_words.line(row) for row in db.all("SELECT * FROM audit ORDER BY id")]
    shown = [(line["who"], line["what"], line["detail"]) for line in lines]
    assert shown == [("", line[1], "") if at == 4 else line for at, line in enumerate(LINES)]
    assert [(one["who"], one["what"], one["subject"], one["detail"]) for one in record] == RECORD


def test_they_hold_codes_where_a_machine_wrote_and_a_persons_words_where_a_person_did(old):
    with Store(old).read() as db:
        rows = db.all("SELECT * FROM timeline ORDER BY id")
        record = db.all("SELECT * FROM audit ORDER BY id")
    held = [(row["actor"], row["who"], row["what"], row["said"] != "", row["detail"]) for row in rows]
    assert held[0] == ("", "tombol-07", "pressed", True, "")
    assert held[1] == ("device", "0000002a", "pressed_again", True, "")
    assert held[2] == ("concealed", "", "shows_coming", True, "")
    assert held[3] == ("", "penerima-1", "coming_not_counted", True, "")
    assert held[4] == ("", "", "called", False, ""), "its words had been taken out"
    assert held[5] == ("hub", "", "coming_asked", True, "")
    assert held[8] == ("", "Budi", "coming", False, "")
    assert held[9] == ("", "Budi", "noted", False, "diterima terlambat, tanpa sirene"), "a person typed that"
    assert held[11][:3] == ("", "pos-1", "siren_sounding") and held[13][2] == "odd"
    assert [(row["actor"], row["what"]) for row in record] == [
        *(("provision", "gateway_token_made"), ("hub", "warning_opened"), ("", "second_agreed")),
        *(("", "not_named"), ("", "access_checked")),
    ]


def test_the_chain_is_whole_through_the_change_and_after_it(old):
    opened = Store(old)
    with opened.write() as db:
        heads = [db.value(f"SELECT hash FROM {table} ORDER BY id DESC LIMIT 1") for table in chain.WORDS]
        chain.append(db, "audit", at_wall=6, actor="", who="Budi", address="", what="logged_in", about="",
                     subject="", said="", detail="")  # fmt: skip
        assert all(isinstance(head, bytes) for head in heads)
        assert [chain.verify(db, table)[1] for table in ("audit", "timeline")] == [None, None]
        assert chain.erase(db, "timeline", 2) == 1 and chain.verify(db, "timeline")[1] is None
        erased = db.one("SELECT * FROM timeline WHERE id = 2")
    assert [erased[name] for name in ("actor", "who", "said", "detail", "was")] == [""] * 5


@pytest.mark.parametrize(
    "change",
    ["what = 'arrived'", "actor = 'hub'", "who = 'Siti'", "said = ''", "detail = 'x'", "was = ''",
     "was = replace(was, 'ditekan', 'dicuri')"],
)  # fmt: skip
def test_nobody_changes_an_old_row_and_not_what_stands_for_it_either(old, change):
    with Store(old).write() as db:
        for trigger in db.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.run(f"DROP TRIGGER {trigger['name']}")
        db.run(f"UPDATE timeline SET {change} WHERE id = 2")
        assert chain.verify(db, "timeline")[1] == 2


def test_what_the_hub_ended_by_itself_says_so_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "migrations", schema_codes.migrations[:BEFORE])
    with Store(tmp_path).write() as db:
        zeros = ("cancelled", "late", "lid", "presses", "last_counter", "zone", "house")
        some = dict(state="selesai", device=0, gateway="", kind=1, confidential=0, opened_ms=0, opened_wall=0,
                    closed_ms=9, closed_wall=9, **dict.fromkeys(zeros, 0))  # fmt: skip
        db.insert("incidents", slug="kejadian-1", drill=1, first_counter=1, closed_by="pusat data",
                  reason="latihan selesai", **some)  # fmt: skip
        db.insert("incidents", slug="kejadian-2", drill=0, first_counter=2, closed_by="", erased_wall=9,
                  reason="(masa simpan habis)", **some)  # fmt: skip
        db.insert("incidents", slug="kejadian-3", drill=0, first_counter=3, closed_by="Budi",
                  reason="latihan selesai", **some)  # fmt: skip
    monkeypatch.undo()
    with Store(tmp_path).read() as db:
        rows = db.all("SELECT * FROM incidents ORDER BY id")
    assert [(row["closed_by"], row["reason"]) for row in rows] == [
        *((None, None), ("", None), ("Budi", "latihan selesai"))
    ]
    assert [(code_words.closed_by(row), code_words.reason(row)) for row in rows] == [
        *(("pusat data", "latihan selesai"), ("", "(masa simpan habis)"), ("Budi", "latihan selesai"))
    ]


def test_what_waited_to_be_sent_waits_on_and_what_a_post_did_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "migrations", schema_codes.migrations[:BEFORE])
    rows = [("papan", "baru", "menunggu", None), ("sms", "pesan", "terkirim", "ok"),
            ("sms", "kabar", "kedaluwarsa", "sudah dijawab"), ("gateway:papan", "siren", "gagal", "no radio"),
            ("sms", "koreksi", "menunggu", "modem tidak menjawab")]  # fmt: skip
    with Store(tmp_path).write() as db:
        for channel, type_, state, result in rows:
            db.insert("outbox", channel=channel, type=type_, body="{}", state=state, created_ms=0,
                      expires_ms=9, result=result)  # fmt: skip
        db.insert("channels", name="papan", enabled=1)
        db.insert("incidents", slug="kejadian-1", state="baru", device=1, gateway="", kind=1, confidential=0,
                  opened_ms=0, opened_wall=0,
                  **dict.fromkeys(("drill", "cancelled", "late", "lid", "presses", "first_counter",
                                   "last_counter", "zone", "house"), 0))  # fmt: skip
        for post, state in enumerate(("ditunggu", "berbunyi", "digerakkan", "diam", "gagal", "bersama")):
            db.insert("soundings", incident=1, post=post, state=state)
        for number, why in enumerate(("dikecualikan", "fakta berubah", ""), 1):
            db.insert("accounts", login=f"a{number}", name="A", role="ketua_rt", password="x", created_wall=0)
            db.insert("circles", incident=1, account=number, ended_by=why)
    monkeypatch.undo()
    with Store(tmp_path).write() as db:
        left = db.all("SELECT ended_by FROM circles ORDER BY account")
        assert [row["ended_by"] for row in left] == ["excluded", "facts_changed", ""]
        kept = db.all("SELECT channel, type, state, result FROM outbox ORDER BY id")
        assert [tuple(row.values()) for row in kept] == [
            *(("board", "new", "waiting", None), ("sms", "call", "sent", "ok")),
            *(("sms", "news", "expired", "answered"), ("gateway:papan", "siren", "failed", "no radio")),
            ("sms", "correction", "waiting", "modem tidak menjawab"),
        ]
        assert db.all("SELECT name FROM channels") == [{"name": "board"}]
        posts = [row["state"] for row in db.all("SELECT state FROM soundings ORDER BY post")]
        assert posts == ["awaited", "sounded", "driven", "silent", "failed", "beside"]
        assert outbox.due(db, 1, outbox.BOARD) == [1], "with its index"


def test_open_warnings_go_on_under_their_codes_with_what_they_said(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "migrations", schema_codes.migrations[:BEFORE])
    old = [
        ("sirene diam", "pos-1", "diminta berbunyi dan tidak melapor berbunyi dalam 15 detik"),
        ("tombol dibisukan", "tombol-07",
         "macet (Budi): alarmnya tercatat tanpa sirene; hidupkan lagi di halaman alat"),
        ("disk hampir penuh", "pusat data", "sisa 9%: kosongkan atau ganti kartu memori"),
        ("catatan diubah", "audit baris 17", "bandingkan ujung rantai di buku; teknisi: kentongan-hub check"),
        ("latihan terlewat", "latihan 3", "mulai, atau batalkan dengan alasan, di halaman Latihan"),
        ("dari program lain", "x", "y"),
    ]  # fmt: skip
    with Store(tmp_path).write() as db:
        for what, subject, detail in old:
            db.insert("warnings", what=what, subject=subject, detail=detail, urgent=1, owner="ronda",
                      taken_by="Budi", opened_ms=0, opened_wall=0)  # fmt: skip
    monkeypatch.undo()
    with Store(tmp_path).read() as db:
        rows = db.all("SELECT * FROM warnings ORDER BY id")
    assert [row["what"] for row in rows] == [
        *("siren_silent", "button_is_muted", "disk_filling", "record_altered", "drill_missed", old[5][0])
    ]
    shown = [code_words.warning(row) for row in rows]
    assert [(one["what"], one["subject"], one["detail"]) for one in shown] == old
    assert {row["taken_by"] for row in rows} == {"Budi"}
    finding = supervision.findings({**FACTS, "missed_drills": [{"id": 3}], "broken_chains": [("audit", 17)],
                                    "disk_free": 0.09}, 0)  # fmt: skip
    assert set(finding) <= {(row["what"], row["subject"]) for row in rows}, "none is opened a second time"


FACTS = {
    **dict.fromkeys(("gateways", "radios", "devices", "stuck", "silent", "channels", "troubles"), ()),
    **{"broken_policies": (), "old_contacts": (), "failed": None, "clock_back_ms": 0, "backed_up": True},
    **{"unsaved_ms": 0},
}
