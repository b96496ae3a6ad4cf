"""Messages of people, through the real hub and gateway to posts in the air: a siren on purpose, and without
one an announcement that is shown and spoken, and the roll-call of houses.
"""

import json
import re

import pytest
from kentongan_hub.devices.trust import configs
from kentongan_hub.people import access, accounts
from kentongan_hub.storage.store import Store
from kentongan_sim.demo.run import ADMIN, Demo
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import PASSWORD, PIN
from kits.village.village_kit import Heard, Visitor, wait

HERE, THERE = "pos-1", "pos-2"  # posts of RT 05 and, in these tests, of the RT beside it
RT, NEXT_RT = 5, 6
PEOPLE = (  # login, name, role
    ("siti", "Siti Aminah", "petugas_ronda"),
    ("joko", "Pak Joko", "ketua_rt"),
    ("lurah", "Bu Lurah", "kelurahan"),
)
THEFT = {"jenis": str(m.KIND_MALING), "rt": str(RT), "alasan": "Dilihat sendiri saat ronda"}
FIRE = {**THEFT, "jenis": str(m.KIND_KEBAKARAN)}  # its policy asks every RT to help


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The village, where the eastern post belongs to the next RT and the gateway has a voice."""
    with Demo(tmp_path_factory.mktemp("kampung") / "data", "cpython") as running:
        running.site.settings[THERE].update(zone=NEXT_RT, table=[[NEXT_RT, configs.KINDS_ALL]])
        with Store(running.site.hub_data).write() as db:
            db.run("UPDATE devices SET zone = ? WHERE label = ?", NEXT_RT, THERE)
            db.set_setting("quiet_from", "00.00")  # none: what can wait is said at once
            db.set_setting("quiet_to", "00.00")
            for login, name, role in PEOPLE:
                number = accounts.add(db, 0, login, name, role, PASSWORD, False, access.OUTSIDE)
                db.run("UPDATE accounts SET pin = ? WHERE id = ?", accounts.hash_password(PIN), number)
        running.voice_file = running.data / "voice.jsonl"
        with running.site.gateway_toml.open("a", encoding="utf-8") as file:
            file.write(f'[voice]\ndriver = "virtual"\nfile = "{running.voice_file}"\n')
        running.heard = Heard(running)
        running.start()
        yield running


def enter(demo, login, password=PASSWORD):
    person = Visitor(demo.hub_url)
    person.log_in(login, password)
    return person


def paired(demo):
    """A tablet at the post, confirmed by an administrator on another machine."""
    tablet = Visitor(demo.hub_url)
    code = re.search(r'class="kode"[^>]*>(\d{3}) (\d{3})<', tablet.get("/layar").text)
    admin = enter(demo, ADMIN, demo.site.password)
    admin.post("/layar/pos", "/layar/pos", kode=code[1] + code[2], nama="Pos ronda barat")
    tablet.get("/layar")
    return tablet


def number_of(demo, login):
    with Store(demo.site.hub_data).read() as db:
        return str(db.value("SELECT id FROM accounts WHERE login = ?", login))


def rows(demo, sql, *values):
    with Store(demo.site.hub_data).read() as db:
        return db.all(sql, *values)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def own_siren(demo):
    """Return what the gateway's own siren does now."""
    return next((one["state"] for one in reversed(lines(demo.site.siren_file)) if "state" in one), "off")


def opened(demo):
    return rows(demo, "SELECT * FROM incidents WHERE closed_ms IS NULL")


def nothing_sounds(demo):
    return not demo.heard.beating() and own_siren(demo) == "off"


def close(demo, person, slug):
    """End it as the person who held it does; then nothing of it is left for the next test."""
    assert person.post(f"/kejadian/{slug}/selesai", f"/kejadian/{slug}", alasan="sudah aman").code == 200
    assert opened(demo) == []
    wait("all sirens are silent", lambda: nothing_sounds(demo))


def test_a_person_at_the_hub_has_the_sirens_of_one_rt_sounded_and_ends_them_by_name(demo):
    lurah, siti = enter(demo, "lurah"), enter(demo, "siti")
    assert lurah.post("/bunyikan", "/papan", **THEFT, yakin="1").code == 403
    asked = siti.post("/bunyikan", "/bunyikan", **THEFT)
    assert "Bunyikan sirene RT 05?" in asked.text
    assert siti.post("/bunyikan", "/bunyikan", **{**THEFT, "alasan": ""}, yakin="1").code == 400
    assert siti.post("/bunyikan", "/bunyikan", **{**THEFT, "rt": "9"}, yakin="1").code == 400
    assert opened(demo) == [] and nothing_sounds(demo)

    assert siti.post("/bunyikan", "/bunyikan", **THEFT, yakin="1").code == 200
    (incident,) = opened(demo)
    wait("the post of that RT beats", lambda: demo.heard.beating() == {HERE: "maling"})
    wait("the gateway's own siren sounds", lambda: own_siren(demo) == "on")
    wait("the post's own word is at the hub", lambda: "<b>pos-1</b> berbunyi" in page_of(siti, incident))
    for person in (siti, lurah):
        board = person.get("/papan").text
        assert "Disuarakan dari pusat data oleh Siti Aminah" in board and "Maling" in board
    assert THERE not in demo.heard.beating(), "the next RT has not been asked"

    assert siti.post(f"/bunyikan/{incident['slug']}/diam", "/bunyikan").code == 200
    wait("it is quiet again", lambda: nothing_sounds(demo))
    assert opened(demo), "who stops the sound has not ended the incident"
    close(demo, siti, incident["slug"])
    told = page_of(siti, incident)
    assert "membunyikan sirene" in told and THEFT["alasan"] in told
    (line,) = rows(demo, "SELECT * FROM audit WHERE what = 'raised' AND subject = ?", incident["slug"])
    assert line["who"] == "Siti Aminah" and line["detail"] == THEFT["alasan"]
    assert not [one for one in demo.heard.seen if one[0] == THERE]


def page_of(person, incident):
    return person.get(f"/kejadian/{incident['slug']}").text


def test_at_the_post_it_takes_a_name_that_may_and_its_pin_and_a_fire_calls_every_rt(demo):
    tablet, siti = paired(demo), number_of(demo, "siti")
    form = {**FIRE, "rt": str(NEXT_RT)}
    assert "juga RT 05" in tablet.post("/bunyikan", "/bunyikan", **form).text, "all that will sound is said"
    form["yakin"] = "1"
    wrong = tablet.post("/bunyikan", "/bunyikan", **form, orang=siti, pin="0000")
    assert wrong.code == 403 and "PIN tidak cocok" in wrong.text
    for odd in ({"pin": PIN}, {"orang": number_of(demo, "lurah"), "pin": PIN}):
        assert tablet.post("/bunyikan", "/bunyikan", **form, **odd).code == 400
    assert opened(demo) == [] and nothing_sounds(demo)

    tablet.post("/bunyikan", "/bunyikan", **form, orang=siti, pin=PIN)
    (incident,) = opened(demo)
    both = {HERE: "kebakaran", THERE: "kebakaran"}
    wait("the posts of both RTs beat", lambda: demo.heard.beating() == both)
    wait("the gateway's own siren sounds", lambda: own_siren(demo) == "on")
    assert "Disuarakan dari pos oleh Siti Aminah" in tablet.get("/papan").text
    close(demo, enter(demo, ADMIN, demo.site.password), incident["slug"])
    (line,) = rows(demo, "SELECT * FROM timeline WHERE what = 'raised' AND incident = ?", incident["id"])
    assert line["who"] == "Siti Aminah" and "Pos ronda barat" in line["said"]


def spoken(demo):
    return [one["say"] for one in lines(demo.voice_file) if "say" in one]


def test_an_announcement_is_shown_and_spoken_by_who_may_and_no_siren_sounds(demo):
    siti, joko, before = enter(demo, "siti"), enter(demo, "joko"), len(demo.heard.seen)
    death = {"jenis": "death", "isi": "Pak Karto wafat", "rt": "", "menit": "360", "suara": "1"}
    assert siti.post("/umumkan", "/umumkan", **death).code == 400, "a watchman announces evacuations alone"
    joko.post("/umumkan", "/umumkan", **death)
    wait("the gateway says it", lambda: "Berita lelayu. Pak Karto wafat" in spoken(demo))
    assert "Pak Karto wafat" in siti.get("/papan").text

    leave = {"jenis": "evacuate", "isi": "Air naik, kumpul di balai", "rt": str(RT), "menit": "30"}
    assert siti.post("/umumkan", "/umumkan", **leave, suara="1").code == 400, "not without a second thought"
    siti.post("/umumkan", "/umumkan", **leave, suara="1", yakin="1")
    sentence = "Perhatian, evakuasi di er te 5. Air naik, kumpul di balai"
    wait("the gateway says that too", lambda: sentence in spoken(demo))
    assert "oleh Siti Aminah" in joko.get("/papan").text
    for number in [one["id"] for one in rows(demo, "SELECT id FROM announcements")]:
        joko.post(f"/umumkan/{number}/akhiri", "/umumkan")
    wait("it is cut short", lambda: any("hush" in one for one in lines(demo.voice_file)))
    board = siti.get("/papan").text
    assert "Pak Karto" not in board and "Air naik" not in board
    assert len(demo.heard.seen) == before and opened(demo) == []
    told = rows(demo, "SELECT who, detail FROM audit WHERE what = 'announced' ORDER BY id")
    assert [(one["who"], one["detail"]) for one in told] == [("joko", death["isi"]), ("siti", leave["isi"])]


def test_a_house_is_safe_by_the_word_of_a_person_and_its_button_still_calls(demo):
    siti, lurah = enter(demo, "siti"), enter(demo, "lurah")
    assert lurah.post("/aman", "/papan", rt=str(RT), alasan="banjir").code == 403
    siti.post("/aman", "/aman", rt=str(RT), alasan="banjir")
    (call,) = rows(demo, "SELECT * FROM rollcalls")
    path = f"/aman/{call['id']}"
    assert lurah.post(f"{path}/tandai", "/papan", rt=str(RT), **{"rumah-3": "safe"}).code == 403
    siti.post(f"{path}/tandai", path, rt=str(RT), **{"rumah-3": "safe", "rumah-4": "help"})
    board = lurah.get("/papan").text
    assert "1 butuh bantuan" in board and "1 aman" in board
    assert re.search(r"<b>Rumah 3</b> Aman <small>kata Siti Aminah", lurah.get(path).text)

    demo.village.press("tombol-07", 1)
    wait("the alarm of house 7 is on its line", lambda: "alarm terbuka" in siti.get(path).text)
    assert re.search(r"<b>Rumah 7</b> Belum", siti.get(path).text), "a press says nothing about being safe"
    (incident,) = opened(demo)
    siti.post(f"{path}/akhiri", path)
    assert f'href="{path}"' not in siti.get("/papan").text and "diakhiri" in siti.get(path).text
    close(demo, siti, incident["slug"])
    told = rows(demo, "SELECT who, what, detail FROM audit WHERE what LIKE 'houses_%' ORDER BY id")
    assert {(one["who"], one["detail"]) for one in told} == {("siti", "RT 05: 3"), ("siti", "RT 05: 4")}
