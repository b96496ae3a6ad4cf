"""Indonesian by default, other languages by switch: no text of any page is missing, what people typed stays
as they typed it, and no page loses its sense.
"""

import ast
import json
import re

import polib
import pytest
from kentongan_hub.base import codes, language, roles, words
from kentongan_hub.base.language import Joined, Text, known, shown
from kentongan_hub.base.said import Said
from kentongan_hub.base.speech import code_words
from kentongan_hub.devices import supervision
from kentongan_hub.incidents.drills import drills
from kentongan_hub.people import access, standing
from kits.hub.hub_kit import Person
from markupsafe import escape
from repo.draw import texts

PAGES = (
    *("/papan", "/kejadian", "/kejadian/kejadian-1", "/perangkat", "/perangkat/tombol-07", "/peringatan"),
    *("/kunci", "/latihan", "/kebijakan", "/antrean", "/lainnya", "/kentongan", "/lapor", "/simpanan"),
    *("/warga", "/warga/1", "/serah-terima", "/kanal", "/akun", "/catatan", "/undangan", "/layar/pos"),
    *("/kontak", "/pengaturan", "/denah", "/latihan/1", "/akses"),
)
SOURCE = texts.SOURCE
FILES = sorted((SOURCE / "languages").glob("*.po"))
ENGLISH_MODULES = ("cli.py", "device_api.py", "technicians.py", "site.py", "api.py", "events.py", "backup.py")
ENGLISH_PACKAGES = ("provision", "trust")  # a technician's tool and console read these
SAME_EVERYWHERE = {
    *("· Kentongan", "Kentongan ·", "Kentongan", "RT", "RW", "PIN", "USB", "dBm", "SNR dB", "Menu"),
    *("Operator:", "(KK)", "kentongan-hub check", "kentongan-hub provision"),
    *("pintu", "papan", 'method="post" action="'),  # an element's class, an element's attributes
}


@pytest.mark.parametrize(
    "path", sorted((SOURCE / "web/templates").rglob("*.html")), ids=lambda path: path.stem
)
def test_every_text_of_every_template_is_marked(path):
    assert set(texts.unmarked(path.read_text(encoding="utf-8"))) - SAME_EVERYWHERE == set()


def unmarked_of_calls():
    """Every text that Python hands to a person without a mark: what is wrong, what was done."""
    at = {"LocalError": (0,), "Failure": (0,), "record": (3,), "tell": (4,), "tell_once": (3,), "_ask": (1,)}
    for path in SOURCE.rglob("*.py"):
        english = path.name in ENGLISH_MODULES or path.parent.name in ENGLISH_PACKAGES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if english and name != "record":  # which stands on a page, whoever wrote it
                    continue
                for number in at.get(name, ()):
                    for value in branches(node.args[number : number + 1]):
                        if isinstance(value, ast.JoinedStr) or getattr(value, "value", None):
                            yield f"{path.name}:{value.lineno}"


def branches(nodes):
    for node in nodes:
        if isinstance(node, ast.IfExp):
            yield from branches([node.body, node.orelse])
        elif isinstance(node, ast.BoolOp):
            yield from branches(node.values)
        elif isinstance(node, (ast.Constant, ast.JoinedStr)):
            yield node


def test_every_text_that_python_says_is_marked():
    assert list(unmarked_of_calls()) == []
    assert len(texts.found()) > 1_400


def test_the_first_line_of_the_record_is_in_the_language_of_who_reads_it(site):
    assert "tempat dibuat" in site.enter("admin").get("/catatan").text
    page = english(site).get("/catatan").text
    assert "place made" in page and "tempat dibuat" not in page


def test_no_function_hides_the_mark_behind_a_variable():
    for path in SOURCE.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                names = [node for node in ast.walk(function) if getattr(node, "id", "") == texts.MARK]
                inside = [node for one in ast.walk(function) if isinstance(one, ast.comprehension)
                          for node in ast.walk(one.target)]  # fmt: skip
                stored = [node for node in names if isinstance(node.ctx, ast.Store) and node not in inside]
                called = [node for node in names if isinstance(node.ctx, ast.Load)]
                assert not (stored and called), f"{path.name}: {function.name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_language_says_every_text_beyond_doubt_and_no_others(file):
    kept = polib.pofile(str(file), wrapwidth=100)
    assert str(kept) == str(texts.merged(file, texts.found())), (
        "run .venv/bin/python tests/repo/draw/texts.py"
    )
    left = [one.msgid for one in kept if not one.msgstr.strip() or one.fuzzy or one.obsolete]
    assert left == []
    assert kept.find("Bahasa Indonesia"), "its own name, for the switch"


def places(text):
    return sorted(re.findall(r"%\([^)]+\)s|%%", text)), "%" in re.sub(r"%\([^)]+\)s|%%", "", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_language_leaves_room_for_the_same(file):
    for one in polib.pofile(str(file)):
        if "%(" in one.msgid:
            assert places(one.msgstr) == (places(one.msgid)[0], False), one.msgid
        assert "%(" in one.msgid or "%(" not in one.msgstr, one.msgid


def test_what_the_script_says_comes_with_the_page(site):
    script = "".join(one.read_text(encoding="utf-8") for one in sorted((SOURCE / "web/static").glob("*.js")))
    said = set(re.findall(r'\bt\("([^"]+)"', script))
    assert said == {one.msgid for one in words.SCRIPT}
    assert "data-kata" not in site.enter("admin").get("/papan").text
    found = re.search(r'<body[^>]* data-kata="([^"]*)"', english(site).get("/papan").text)[1]
    brought = json.loads(found.replace("&#34;", '"').replace("&#39;", "'"))
    assert brought.keys() == said and brought["terputus"] == "lost"


def test_every_language_is_one_file_and_comes_with_its_own_name(site, tmp_path, monkeypatch):
    """As a translator brings it: no other file of the program knows of it."""
    po = texts.merged(tmp_path / "jv.po", texts.found())
    for one in po:
        one.msgstr = f"«{one.msgid}»"
    po.find("Bahasa Indonesia").msgstr = "Basa Jawa"
    po.find("Perangkat").flags.append("fuzzy")
    po.save(str(tmp_path / "jv.po"))
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    forget()
    try:
        person = site.enter("admin")
        assert ">Basa Jawa</button>" in person.get("/papan").text
        assert person.post("/bahasa", page="/papan", ke="en").status_code == 400
        person.post("/bahasa", page="/papan", ke="jv")
        text = person.get("/papan").text
        assert '<html lang="jv">' in text and "<h1>«Tidak ada kejadian terbuka»</h1>" in text
        assert "<span>Perangkat</span>" in text, "what is in doubt stays Indonesian"
        assert "«Admin/teknisi»" in text and "«Tombol rumah»: " in text.replace("««", "«")
        for page in PAGES:
            assert person.get(page).status_code in (200, 404), page
    finally:
        monkeypatch.undo()
        forget()


def forget():
    for kept in (language.languages, language.catalogue, language._sentences):
        kept.cache_clear()


def english(site):
    person = site.enter("admin")
    assert person.post("/bahasa", page="/papan", ke="en").status_code == 303
    return person


def visible(html):
    """Return the text that a person reads, without what people wrote: the record keeps that as it was."""
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
    r"|SAPA, perempuan dan anak"  # a name in the list of contacts, for people to change
)


@pytest.mark.parametrize("path", [*PAGES, "/masuk", "/layar", "/tidak-ada"])
def test_a_page_in_english_has_no_indonesian_left(site, path):
    from kentongan_hub.people import residents

    site.post_events(site.alarm(kind=2), site.event("radio", name="serial", up=False))
    status = {"device": site.post, "role": "sirene", "body": {"flags": 1}, "rssi": -80, "snr_q": 8}
    site.post_events(site.event("status", **status))
    with site.hub.store.write() as db:
        by = {"login": "admin", "name": "Bu Admin"}
        residents.add_person(db, site.hub.now(), by, "Siti", 5, 7, True, head=True)
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
        for pattern in ('class="([^"]*)"', ' value="([^"]*)"', 'action="([^"]*)"', 'name="(.*?)"'):
            assert re.findall(pattern, text) == re.findall(pattern, after), (path, pattern)
        assert not re.search(r"<option(?![^>]*value=)", after), f"{path}: an option's words are its value"


def test_names_and_markup_from_people_are_shown_as_they_are(site):
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET name = 'Rumah <b>Selesai</b>'")
    text = english(site).get("/akun").text
    assert "Rumah &lt;b&gt;Selesai&lt;/b&gt;" in text and "<b>Selesai" not in text


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


def test_the_switch_leads_to_a_page_also_where_a_refused_form_was_answered(site):
    """Its address takes no GET: the page above it does, and no language ends in 405."""
    person = site.enter("admin")
    form = {"csrf": person.token("/kontak"), "ke": "en"}
    answered = [
        re.sub(r"<[^>]*>", "1", rule.rule)
        for rule in site.app.url_map.iter_rules()
        if "GET" not in rule.methods
    ]
    assert len(answered) > 40
    routes = site.app.url_map.bind("")
    for path in answered:
        headers = {"Origin": "http://localhost", "Referer": "http://localhost" + path}
        back = person.client.post("/bahasa", data=form, headers=headers).headers["Location"]
        assert routes.match(back, "GET") and path.startswith(back), (path, back)


def test_roles_have_words_in_both_languages():
    assert set(words.ROLES) == set(roles.ROLES)


def test_each_change_of_who_may_see_has_words(site):
    facts = {*standing.WHAT, "akun baru", "rumah alat", "penerima"}
    assert facts == set(words.FACTS), "of standing.py, access.made, provision/register.py and ringing.py"
    with site.hub.store.write() as db:
        for fact in facts:
            access.note(db, site.hub.now(), [1], fact, "", "")
            asked = {"what": fact, "subject": "", "body": fact, "made_by": 1, "made_wall": 0}
            db.insert("access_requests", **asked, touched="[]")
    text = english(site).get("/akses").text
    for fact in words.FACTS.values():
        assert text.count(str(escape(language.catalogue("en")[fact]))) >= 2, fact


def test_a_text_knows_its_values_and_translates_nothing_else():
    made = Text("%(name)s lewat %(channel)s", name="Rumah Sakit Umum", channel=Text("internet"))
    assert made == "Rumah Sakit Umum lewat internet" == str(made) and str(ValueError(made)) is made
    listed = Joined(", ", [Text("ketua RT"), "ketua RT"])
    language.use("en")
    try:
        assert shown(made) == "Rumah Sakit Umum by internet"
        assert shown(listed) == "head of the RT, ketua RT", "a person's own words beside ours"
        assert shown("ketua RT") == "ketua RT" and shown(7) == 7
    finally:
        language.use("id")
    assert shown(made) == made and shown(listed) == "ketua RT, ketua RT"
    language.use("nowhere")
    assert language.current() == "id"


def test_a_text_that_lacks_a_value_shows_its_place_and_stops_nothing(site, monkeypatch):
    """A page, a call for help or the record never fails by a word that somebody left out."""
    half = Text("%(name)s: %(why)s, 100 % %d %%", name="Budi 50% %(why)s")
    assert half == "Budi 50% %(why)s: %(why)s, 100 % %d %" == shown(half)
    assert Joined(", ", [Text("ketua RT"), 7, None]) == "ketua RT, 7, None"
    told = Text("%(name)s tidak datang", name=ValueError(Text("ketua RT")))
    monkeypatch.setattr(language, "catalogue", {
        "id": {}, "en": {told.msgid: "%(nama)s and %(name)s, %", "ketua RT": "head of the RT"},
    }.get)  # fmt: skip
    language.use("en")
    try:
        assert shown(told) == "%(nama)s and head of the RT, %", "as a careless translator left it"
        assert shown(Joined(", ", [told, 7])) == "%(nama)s and head of the RT, %, 7"
    finally:
        language.use("id")


@pytest.mark.parametrize("spoilt", [b"", b"\xff\xfe msgid", b'msgid "a\nmsgstr', b"[]", None])
def test_a_spoilt_file_costs_its_language_and_neither_a_page_nor_an_alarm(
    site, tmp_path, monkeypatch, spoilt
):
    """The card under it loses a sector: the hub starts without it all the same."""
    person = english(site)
    (tmp_path / "en.po").mkdir() if spoilt is None else (tmp_path / "en.po").write_bytes(spoilt)
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    forget()
    try:
        assert "Tidak ada kejadian terbuka" in person.get("/papan").text
        person.client.set_cookie("kentongan_bahasa", "en")
        site.post_events(site.alarm(kind=2))
        assert ">Kebakaran<" in person.get("/papan").text
    finally:
        monkeypatch.undo()
        forget()


def test_a_kept_sentence_is_read_only_where_it_is_certain_what_is_ours():
    language.use("en")
    try:
        assert shown(known("kira-kira 13 jam 5 menit")) == "about 13 h 5 min"
        assert shown(known("tombol ditekan")) == "button pressed"
        assert known("zzz") == "zzz" and known(None) is None
    finally:
        language.use("id")


def read_warning(*found):
    """As who reads it now in whatever language."""
    row = code_words.warning(supervision._found(*found)._asdict())
    return {name: str(shown(value)) for name, value in row.items()}


def test_a_warning_is_read_and_the_reason_that_a_person_gave_is_not():
    language.use("en")
    try:
        told = read_warning(codes.BATTERY_LOW, "tombol-07", Said(codes.DAYS_LEFT, days=5))
        assert told["detail"].startswith("about 5 days left: ")
        mute = read_warning(codes.BUTTON_IS_MUTED, "tombol-07", "sekitar 5 hari lagi")
        assert mute["detail"].startswith("sekitar 5 hari lagi: ")
        assert read_warning(codes.CLOCK_UNSURE, supervision.HUB)["subject"] == "hub"
        assert read_warning(codes.CLOCK_UNSURE, "ronda")["subject"] == "ronda", "a gateway's label"
    finally:
        language.use("id")
    assert set(supervision.KINDS) == set(code_words.WARNINGS)
