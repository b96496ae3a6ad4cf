"""People's own words are shown as they typed them, in every language and on every page."""

import random
import re

import pytest
from kentongan_hub.incidents import mute
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import access, contacts, invitations, residents
from kentongan_hub.upkeep import warnings
from kentongan_hub.web import floor_plan
from markupsafe import escape
from repo.draw import texts

TOKEN = "Zq17x"  # nobody's words: every place that people write in holds it first
PAGES = (
    *("/papan", "/kejadian", "/kejadian/kejadian-1", "/kejadian/kejadian-2", "/kejadian/kejadian-3"),
    *("/perangkat", "/perangkat/tombol-07", "/peringatan", "/kunci", "/latihan", "/latihan/1", "/kebijakan"),
    *("/antrean", "/kentongan", "/lapor", "/simpanan", "/warga", "/warga/1", "/serah-terima", "/kanal"),
    *("/akun", "/catatan", "/undangan", "/layar/pos", "/kontak", "/pengaturan", "/denah", "/akses"),
)
HARD = (
    *("sisa makanan di meja", "Rumah Sakit Umum penuh", "sirene belum berhenti", "polisi tidur rusak"),
    *("dia pulang", "Rumah 7", "kira-kira 13 jam 5 menit", "RT 05 rumah 7", "100% basah, %(name)s, %%"),
    *("Selesai", "pusat data", "kepada kepada Budi: ke-2", "5 menit", "kentongan-hub check"),
)
CHANGES = re.compile(r' data-(versi|jam|wall)="[^"]*"')  # of the board: a digest, and the time


@pytest.fixture(scope="module")
def ours():
    """Sentences of the hub itself, as a person might type them; the same in every run."""
    whole = [one for one in texts.found() if re.fullmatch(r"[\w ,.;:-]{3,60}", one)]
    return random.Random(7).sample(sorted(whole), 12)


@pytest.fixture
def written(site):
    """A site in which people have written TOKEN wherever they can, and a browser that looks at it."""
    site.account("ani", "admin")
    site.post_events(site.alarm(counter=9), site.alarm(counter=70, device=site.other, kind=2))
    person = site.enter("admin")
    (by,) = site.rows("SELECT * FROM accounts WHERE login = 'admin'")
    one, two = "/kejadian/kejadian-1", "/kejadian/kejadian-2"
    for where, what in (
        ("terima", {"alasan": TOKEN}),
        ("catatan", {"catatan": TOKEN}),
        ("serah", {"orang": "2", "alasan": TOKEN}),
        ("bantuan", {"alasan": TOKEN}),
    ):
        assert person.post(f"{one}/{where}", page=one, **what).status_code == 303, where
    assert person.post(f"{two}/selesai", page=two, alasan=TOKEN).status_code == 303
    report = {"jenis": "1", "rt": "5", "rumah": "", "patokan": TOKEN, "isi": TOKEN}
    assert person.post("/lapor", page="/lapor", **report).status_code in (200, 303)
    with site.hub.store.write() as db:
        now = site.hub.now()
        residents.add_person(db, now, by, TOKEN, 5, 7, True, health=TOKEN, health_consent=True, head=True)
        db.run(
            "UPDATE houses SET empty_from_ms = ?, empty_to_ms = ?, key_holder = ?, seen_by = ?",
            *(now.ms, now.ms + 3 * 86_400_000, TOKEN, TOKEN),
        )
        contacts.save(db, now, by, None, {"name": TOKEN, "number": "0211234567", "service": "", "zone": 0})
        drills.plan(db, now, by, *drills.next_monthly(site.clock.now_ms, "WIB"), 20, 5, TOKEN)
        drills.start(db, now, by, 20, 5, what=TOKEN)
        drills.note(db, now, by, 2, 3, TOKEN)
        floor_plan.add_line(db, now, by, 5, [0, 0, 50, 50], TOKEN)
        invitations.make(db, now, by, TOKEN, "petugas_ronda", 24, home=access.OUTSIDE)
        mute.mute(db, now, by, "tombol-07", 1, TOKEN)
        db.run("UPDATE accounts SET name = ?", TOKEN)
        db.run("UPDATE devices SET place = ?", TOKEN)
        db.set_setting("name", TOKEN)
        db.set_setting("operator", TOKEN)
    site.hub.dispatch.step()
    with site.hub.store.write() as db:
        for row in warnings.open_warnings(db):
            warnings.take(db, site.hub.now(), row["id"], {"name": TOKEN}, TOKEN)
    return site, person


def places(site):
    """[(table, column, rowid, text)] of everything in the database that holds TOKEN."""
    out = []
    with site.hub.store.write() as db:
        for trigger in db.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.run(f"DROP TRIGGER [{trigger['name']}]")  # they hold timeline and record unchanged
        with_rows = "type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'"
        for table in [row["name"] for row in db.all(f"SELECT name FROM sqlite_master WHERE {with_rows}")]:
            for column in [one["name"] for one in db.all(f"PRAGMA table_info([{table}])")]:
                sql = f"SELECT rowid AS at, [{column}] AS text FROM [{table}] WHERE text LIKE '%{TOKEN}%'"
                out += [(table, column, row["at"], row["text"]) for row in db.all(sql)]
    return out


def rewrite(site, held, word):
    """As if people had typed this word all along."""
    with site.hub.store.write() as db:
        for table, column, at, text in held:
            said = text.replace(TOKEN, word)
            db.run(f"UPDATE [{table}] SET [{column}] = ? WHERE rowid = ?", said, at)


def look(person):
    seen = {page: CHANGES.sub("", person.get(page).text) for page in PAGES}
    # the record's page says, rightly, that somebody has changed the database
    return {**seen, "/catatan": seen["/catatan"].partition("<section")[2]}


@pytest.mark.parametrize("spoken", ["id", "en"])
def test_what_people_typed_comes_out_as_they_typed_it(written, ours, spoken):
    site, person = written
    person.post("/bahasa", page="/papan", ke=spoken)
    before = look(person)
    assert sum(text.count(TOKEN) for text in before.values()) > 60
    held = places(site)
    for word in (*HARD, *ours):
        rewrite(site, held, word)
        for page, text in look(person).items():
            assert text == before[page].replace(TOKEN, str(escape(word))), (page, word)
