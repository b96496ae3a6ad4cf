"""Indonesian by default, English by switch: no text of any page is missing, and no page loses its sense."""

import ast
import json
import re
from pathlib import Path

import pytest
from hub_kit import Person
from kentongan_hub import (
    alarms,
    contacts,
    drills,
    kentongan,
    language,
    paging,
    policy,
    roles,
    supervision,
    troubles,
    view,
    web,
    words,
)
from kentongan_hub.pages import device, more, trust
from kentongan_hub.trust import revocations

PAGES = (
    *("/papan", "/kejadian", "/kejadian/kejadian-1", "/perangkat", "/perangkat/tombol-07", "/peringatan"),
    *("/kunci", "/latihan", "/kebijakan", "/antrean", "/lainnya", "/kentongan", "/lapor", "/simpanan"),
    *("/warga", "/warga/1", "/serah-terima", "/kanal", "/akun", "/catatan", "/undangan", "/layar/pos"),
    *("/kontak", "/pengaturan", "/denah", "/latihan/1", "/akses"),
)
SOURCE = Path(language.__file__).parent
ENGLISH_MODULES = ("cli.py", "device_api.py", "technicians.py", "site.py", "api.py", "events.py")
ENGLISH_PACKAGES = ("provision", "trust")  # a technician's tool and console read these
CLASSES = {"pintu", "papan"}  # a block that is an element's class
TABLES = (
    *(words.KINDS, words.STATES, words.ROLES, words.DEVICE_ROLES, words.REFUSALS, policy.DUTIES),
    words.SMS_REASONS,
    *(troubles.WORDS, trust.PHASES, alarms.SIREN_WORDS, kentongan.NAMES, view.SENSES),
)


def texts_of_calls():
    """Every text that Python hands to a person: what is wrong, what the record and the timeline say."""
    at = {"LocalError": (0,), "record": (3,), "tell": (4,), "_note": (1,), "_page": (0, 1), "_ask": (1,)}
    for path in SOURCE.rglob("*.py"):
        if path.name in ENGLISH_MODULES or path.parent.name in ENGLISH_PACKAGES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for number in at.get(name, ()):
                    if number < len(node.args):
                        yield from texts_of(node.args[number])


def texts_of(node):
    if isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def missing(texts):
    return sorted(
        text for text in texts
        if re.search("[A-Za-z]", text) and not is_key(text) and language.core(text) not in language.table()
    )  # fmt: skip


def is_key(text):
    """A value of the program, such as a kind's number or '{}', and no text."""
    return not re.search("[a-z]", text.replace("{}", "")) and " " not in text


def test_every_text_of_every_template_is_in_the_table(site):
    for path in sorted((SOURCE / "templates").glob("*.html")):
        texts = language.texts(site.app.environments["id"], path.read_text(encoding="utf-8"))
        assert missing(texts - CLASSES) == [], path.name


def test_every_text_that_python_says_is_in_the_table():
    found = set(texts_of_calls())
    assert len(found) > 150
    assert missing(found) == []


def test_every_word_of_the_tables_is_in_the_table():
    found = {text for one in TABLES for text in one.values()}
    found |= {text for what, (_, _, remedy) in supervision.KINDS.items() for text in (what, remedy)}
    found |= {text for title, remedy in web.ERRORS.values() for text in (title, remedy)}
    found |= {text for page in more.PAGES for text in page[2:4]}
    found |= {text for word, name, _ in contacts.SERVICES.values() for text in (word, name)}
    found |= {*words.MISTAKES, *device.MUTE_REASONS, *revocations.WHY}
    found |= {channel.label for channel in paging.CHANNELS}
    found |= {text for channel in paging.CHANNELS for _, text, _ in channel.fields}
    found |= {"menunggu", "dipakai", "dibatalkan", "lewat waktu", "kuat", "cukup", "lemah"}
    found |= {supervision.TERHUBUNG, supervision.TERLAMBAT, supervision.TERPUTUS, supervision.BELUM}
    lines = [words.CRIME_LINE, words.NARKOBA_LINE, words.CONFIDENTIAL_LINE, words.DRILL_LINE]
    found |= {re.sub(r"\{[a-z+]+\}", "{}", line) for line in [*lines, *words.ADVICE.values()]}
    assert missing(found) == []


def test_both_languages_leave_room_for_the_same():
    for key, text in language.table().items():
        assert text and key.count("{}") == text.count("{}"), key


def test_no_text_in_the_table_has_gone_from_the_program():
    known = " ".join(
        " ".join(path.read_text(encoding="utf-8").split())
        for pattern in ("*.py", "*.html") for path in SOURCE.rglob(pattern)
    ).replace('" "', "").replace('" f"', "")  # fmt: skip
    lower = known.lower()
    dead = [
        key for key in language.table()
        if not all(part.strip().lower() in lower for part in key.split("{}"))
    ]  # fmt: skip
    assert dead == []


def test_what_the_script_says_has_its_english():
    script = (SOURCE / "static/hub.js").read_text(encoding="utf-8")
    table = re.search(r"const EN = (\{.*?\});", script, re.S)[1]
    keys = set(json.loads(re.sub(r",\s*\}", "}", table)))
    assert keys == set(re.findall(r'\bt\("([^"]+)"\)', script))


def english(site):
    person = site.enter("admin")
    assert person.post("/bahasa", page="/papan", ke="en").status_code == 303
    return person


def visible(html):
    """What a person reads, without what people wrote themselves: the record keeps that as it was."""
    html = re.sub(r"<(code|svg|footer)\b.*?</\1>", " ", html, flags=re.S)
    if ">Timeline<" in html or ">Record<" in html:
        html = re.sub(r'<ol class="riwayat">.*?</ol>', " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


INDONESIAN = re.compile(
    r"\b(yang|dan|belum|tidak|dari|untuk|atau|sudah|dengan|oleh|pada|ini|itu|semua|orang|rumah|alat|terakhir"
    r"|kejadian|halaman|sesudah|sebelum|lewat|sandi|nama|tombol|pos|penerima|simpan|tanpa)\b",
    re.I,
)
NAMES = re.compile(
    r"(pos|kejadian|rahasia|tombol)-\d+|(kejadian|perangkat)\.(csv|xlsx)|Pos ronda Mawar|Bu Admin|[Rr]onda"
)


@pytest.mark.parametrize("path", [*PAGES, "/masuk", "/layar", "/tidak-ada"])
def test_a_page_in_english_has_no_indonesian_left(site, path):
    from kentongan_hub import register

    site.post_events(site.alarm(kind=2), site.event("radio", name="serial", up=False))
    status = {"device": site.post, "role": "sirene", "body": {"flags": 1}, "rssi": -80, "snr_q": 8}
    site.post_events(site.event("status", **status))
    with site.hub.store.write() as db:
        by = {"login": "admin", "name": "Bu Admin"}
        register.add_person(db, site.hub.now(), by, "Siti", 5, 7, True, head=True)
        drills.start(db, site.hub.now(), by, 20, 5, tell=True)
        day = drills.next_monthly(site.clock.now_ms, "WIB")
        drills.plan(db, site.hub.now(), by, *day, 20, 0, monthly=True)
    site.post_events(site.alarm(counter=70, device=site.other, drill=True))
    site.hub.dispatch.step()
    person = english(site)
    if path in ("/masuk", "/layar"):
        person = Person(site.app)
        person.post("/bahasa", page="/masuk", ke="en")
    answer = person.get(path)
    if answer.mimetype != "text/html":
        return
    left = INDONESIAN.findall(NAMES.sub("", visible(answer.text)))
    assert left == [], (path, left, visible(answer.text)[:2000])


def test_pages_are_indonesian_until_somebody_asks_for_english(site):
    person = site.enter("admin")
    text = person.get("/papan").text
    assert '<html lang="id">' in text and "Tidak ada kejadian terbuka" in text
    person.post("/bahasa", page="/papan", ke="en")
    text = person.get("/papan").text
    assert '<html lang="en">' in text and "No open incident" in text
    assert "Alert board" in site.enter("admin").get("/papan").text, "a person's choice goes with them"
    person.post("/bahasa", page="/papan", ke="id")
    assert "Tidak ada kejadian terbuka" in person.get("/papan").text


def test_two_people_see_one_board_in_their_own_language(site):
    site.account("ani", "admin")
    site.post_events(site.alarm(kind=2))
    ani, admin = site.enter("ani"), english(site)
    for _ in range(2):
        assert ">Fire<" in admin.get("/papan").text and ">Kebakaran<" in ani.get("/papan").text
        assert ">Fire<" in admin.get("/papan/isi").json["html"]


def test_what_is_sent_back_and_what_styles_look_at_stays_the_same(site):
    site.post_events(site.alarm())
    admin = site.enter("admin")
    before = {path: admin.get(path).text for path in PAGES}
    admin.post("/bahasa", page="/papan", ke="en")
    for path, text in before.items():
        after = admin.get(path).text
        for pattern in ('class="([^"]*)"', 'value="([a-z][^"]{,30})"', 'action="([^"]*)"', 'name="(.*?)"'):
            assert re.findall(pattern, text) == re.findall(pattern, after), (path, pattern)
        assert not re.search(r"<option(?![^>]*value=)", after), f"{path}: an option's words are its value"


def test_names_and_markup_from_people_are_shown_as_they_are(site):
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET name = 'Rumah <b>Selesai</b>'")
    text = english(site).get("/akun").text
    assert "House &lt;b&gt;Selesai&lt;/b&gt;" in text or "Rumah &lt;b&gt;Selesai&lt;/b&gt;" in text
    assert "<b>Selesai" not in text


@pytest.mark.parametrize("wrong", ["", "de", "en ", "../en"])
def test_an_unknown_language_changes_nothing(site, wrong):
    person = site.enter("admin")
    assert person.post("/bahasa", page="/papan", ke=wrong).status_code == 400
    person.client.set_cookie("kentongan_bahasa", wrong)
    assert '<html lang="id">' in person.get("/papan").text


def test_the_switch_leads_back_to_the_page_and_never_away(site):
    person = site.enter("admin")
    form = {"csrf": person.token("/kontak"), "ke": "en"}
    headers = {"Origin": "http://localhost", "Referer": "http://localhost/kontak?x=1"}
    assert person.client.post("/bahasa", data=form, headers=headers).headers["Location"] == "/kontak"
    headers["Referer"] = "http://localhost//evil.example/"
    assert person.client.post("/bahasa", data=form, headers=headers).headers["Location"] == "/"


def test_roles_have_words_in_both_languages():
    assert set(words.ROLES) == set(roles.ROLES)
