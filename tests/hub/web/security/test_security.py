"""Permissions: every role on every route, forms from elsewhere, and headers."""

import itertools
import re

import pytest
from kentongan_hub.base import roles
from kits.hub import role_table
from kits.hub.hub_kit import PASSWORD, Person

OPEN = {"entry.home", "entry.setup", "entry.make_site", "entry.login", "entry.enter", "entry.leave"}
OPEN |= {"screen.show", "entry.choose_language", "openapi.description", "static"}
BY_LINK = {"invite.open_page", "invite.accept", "answer.page", "answer.press"}  # its secret decides
BY_TOKEN = {"api.health", "api.post_events", "api.get_orders", "api.post_done"}
BY_TECHNICIANS_TOKEN = {  # login itself gives one
    "device_api.login",
    "device_api.get_site",
    "device_api.get_devices",
    "device_api.post_device",
    "device_api.replace_device",
    "device_api.get_device",
    "device_api.confirm_device",
    "device_api.withdraw_device",
    "device_api.revoke_device",
    "device_api.get_revocation",
    "device_api.get_revocations",
    "device_api.get_label",
    "device_api.get_modem",
    "device_api.get_uji",
}
NEEDS = {
    "settings.keep_backups": roles.OWN,
    "settings.own_chime": roles.OWN,
    "board.page": roles.SEE,
    "board.confirmation": roles.SEE,
    "board.poll": roles.SEE,
    "board.stream": roles.SEE,
    "incident.listing": roles.SEE,
    "monthly.page": roles.SEE,
    "state.page": roles.SEE,
    "incident.page": roles.SEE,
    "incident.act": roles.SEE,
    "incident.hush": roles.SIREN,
    "work.note": roles.COME,
    "work.decline": roles.COME,
    "work.hand_over": roles.COME,
    "work.merge": roles.CLOSE,
    "work.split": roles.CLOSE,
    "work.exclude": roles.SEE,
    "devices.page": roles.DEVICES,
    "drill.page": roles.COME,
    "drill.start": roles.DRILL,
    "drill.plan": roles.DRILL,
    "drill.change": roles.DRILL,
    "drill.result": roles.COME,
    "policy.page": roles.POLICY,
    "policy.save": roles.POLICY,
    "policy.queue": roles.COME,
    "more.page": roles.SEE,
    "first_use.page": roles.REGISTER,
    "channels.page": roles.SYSTEM,
    "channels.save": roles.SYSTEM,
    "channels.test": roles.SYSTEM,
    "coverage.page": roles.POLICY,
    "left_empty.page": roles.COME,
    "left_empty.plan": roles.REGISTER,
    "left_empty.end": roles.REGISTER,
    "left_empty.look_at": roles.COME,
    "house_list.page": roles.REGISTER,
    "house_list.again": roles.REGISTER,
    "house_list.look": roles.REGISTER,
    "house_list.store": roles.REGISTER,
    "register.page": roles.REGISTER,
    "register.add": roles.REGISTER,
    "register.house": roles.REGISTER,
    "register.person": roles.REGISTER,
    "register.consent": roles.REGISTER,
    "register.change": roles.REGISTER,
    "device.page": roles.DEVICES,
    "trust.page": roles.DEVICES,
    "trust.finish_without": roles.REVOKE,
    "device.mute": roles.MUTE,
    "device.unmute": roles.MUTE,
    "device.revoke": roles.REVOKE,
    "shift.page": roles.COME,
    "shift.hand_over": roles.COME,
    "storage.page": roles.SYSTEM,
    "storage.make": roles.SYSTEM,
    "storage.keep": roles.SYSTEM,
    "storage.settle": roles.SYSTEM,
    "storage.table": roles.POLICY,
    "report.page": roles.COME,
    "report.send": roles.COME,
    "kentongan.page": roles.DEVICES,
    "kentongan.choose": roles.POLICY,
    "kentongan.printed": roles.DEVICES,
    "warnings.page": roles.DEVICES,
    "warnings.act": roles.MUTE,
    "warnings.test_siren": roles.MUTE,
    "people.page": roles.ACCOUNTS,
    "people.add": roles.ACCOUNTS,
    "people.change": roles.ACCOUNTS,
    "people.log": roles.AUDIT,
    "invite.page": roles.INVITE,
    "contacts.page": roles.SEE,
    "contacts.add": roles.POLICY,
    "contacts.change": roles.POLICY,
    "settings.page": roles.OWN,
    "settings.save_site": roles.SYSTEM,
    "settings.set_pin": roles.COME,
    "settings.set_password": roles.OWN,
    "settings.leave_everywhere": roles.OWN,
    "plan.page": roles.SEE,
    "plan.image": roles.SEE,
    "plan.place": roles.REGISTER,
    "plan.fill": roles.REGISTER,
    "plan.undo": roles.REGISTER,
    "plan.lane": roles.REGISTER,
    "plan.drop_lane": roles.REGISTER,
    "plan.upload": roles.REGISTER,
    "work.photo": roles.SEE,
    "work.see_photo": roles.SEE,
    "screen.page": roles.INVITE,
    "screen.pair": roles.INVITE,
    "screen.revoke": roles.INVITE,
    "screen.ask": roles.PIN,
    "screen.answer": roles.PIN,
    # on a screen the person whose PIN it is needs the first
    "raised.page": (roles.SIREN, roles.PIN),
    "raised.send": (roles.SIREN, roles.PIN),
    "raised.hush": (roles.SIREN, roles.PIN),
    "announcements.page": (roles.SIREN, roles.PIN),
    "announcements.send": (roles.SIREN, roles.PIN),
    "announcements.end": (roles.SIREN, roles.PIN),
    "rollcall.listing": roles.SEE,
    "rollcall.page": roles.SEE,
    "rollcall.begin": (roles.SIREN, roles.PIN),
    "rollcall.mark": (roles.COME, roles.PIN),
    "rollcall.end": (roles.SIREN, roles.PIN),
    "guard.page": roles.SEE,
    "guard.mark": (roles.COME, roles.PIN),
    "guard.write_in": roles.REGISTER,
    "roster.page": roles.COME,
    "roster.squad": roles.REGISTER,
    "roster.shift": roles.REGISTER,
    "roster.end": roles.REGISTER,
    "roster.excuse": roles.COME,
    "roster.ask": roles.COME,
    "roster.answer": roles.COME,
    "rounds.sheet": roles.REGISTER,
    "rounds.page": (roles.COME, roles.PIN),
    "rounds.pass_by": (roles.COME, roles.PIN),
    "attendance.page": roles.COME,
    "invite.make": roles.INVITE,
    "invite.end": roles.INVITE,
    "invite.recover": roles.ACCOUNTS,
    "access.page": roles.REGISTER,
    "access.set_home": roles.REGISTER,
    "access.second": roles.REGISTER,
    "access.checked": roles.REGISTER,
}
PAGES = {
    "/papan": roles.SEE,
    "/papan/isi": roles.SEE,
    "/kejadian": roles.SEE,
    "/rekap": roles.SEE,
    "/keadaan": roles.SEE,
    "/kejadian/kejadian-1": roles.SEE,
    "/perangkat": roles.DEVICES,
    "/kunci": roles.DEVICES,
    "/latihan": roles.COME,
    "/kebijakan": roles.POLICY,
    "/antrean": roles.COME,
    "/lainnya": roles.SEE,
    "/penyiapan": roles.REGISTER,
    "/peringatan": roles.DEVICES,
    "/kentongan": roles.DEVICES,
    "/kentongan/5/cetak": roles.DEVICES,
    "/lapor": roles.COME,
    "/akses": roles.REGISTER,
    "/simpanan": roles.SYSTEM,
    "/ekspor/kejadian.csv": roles.POLICY,
    "/ekspor/perangkat.xlsx": roles.POLICY,
    "/warga": roles.REGISTER,
    "/cakupan": roles.POLICY,
    "/warga/daftar": roles.REGISTER,
    "/rumah-kosong": roles.COME,
    "/ekspor/cakupan.csv": roles.POLICY,
    "/perangkat/tombol-07": roles.DEVICES,
    "/serah-terima": roles.COME,
    "/ronda": roles.SEE,
    "/ronda/jadwal": roles.COME,
    "/ronda/rekap": roles.COME,
    "/ronda/stiker": roles.REGISTER,
    "/ekspor/ronda.csv": roles.POLICY,
    "/kanal": roles.SYSTEM,
    "/akun": roles.ACCOUNTS,
    "/catatan": roles.AUDIT,
    "/undangan": roles.INVITE,
    "/layar/pos": roles.INVITE,
    "/kejadian/kejadian-1/pin": roles.PIN,
    "/kontak": roles.SEE,
    "/pengaturan": roles.OWN,
    "/denah": roles.SEE,
}
ACTIONS = {
    "/kentongan": roles.POLICY,
    "/kejadian/kejadian-1/datang": roles.COME,
    "/kejadian/kejadian-1/terima": roles.COME,
    "/kejadian/kejadian-1/tiba": roles.COME,
    "/kejadian/kejadian-1/bantuan": roles.COME,
    "/kejadian/kejadian-1/catatan": roles.COME,
    "/kejadian/kejadian-1/tidak-bisa": roles.COME,
    "/kejadian/kejadian-1/serah": roles.COME,
    "/kejadian/kejadian-1/gabung": roles.CLOSE,
    "/kejadian/kejadian-1/pisah": roles.CLOSE,
    "/kejadian/kejadian-1/sungguhan": roles.COME,
    "/kejadian/kejadian-1/buka": roles.CLOSE,
    "/kejadian/kejadian-1/diam": roles.SIREN,
    "/kejadian/kejadian-1/latihan": roles.DRILL,
    "/kejadian/kejadian-1/keliru": roles.CLOSE,
    "/kejadian/kejadian-1/selesai": roles.CLOSE,
    "/latihan": roles.DRILL,
    "/latihan/rencana": roles.DRILL,
    "/latihan/1/batal": roles.DRILL,
    "/kunci/tanpa": roles.REVOKE,
    "/kebijakan": roles.POLICY,
    "/perangkat/pos-1/uji": roles.MUTE,
    "/perangkat/tombol-07/bisukan": roles.MUTE,
    "/perangkat/tombol-07/hidupkan": roles.MUTE,
    "/perangkat/tombol-07/cabut": roles.REVOKE,
    "/serah-terima": roles.COME,
    "/lapor": roles.COME,
    "/simpanan/cadangan": roles.SYSTEM,
    "/simpanan/masa": roles.SYSTEM,
    "/warga": roles.REGISTER,
    "/warga/rumah/keluar": roles.REGISTER,
    "/warga/daftar/lihat": roles.REGISTER,
    "/rumah-kosong": roles.REGISTER,
    "/rumah-kosong/akhiri": roles.REGISTER,
    "/rumah-kosong/dilihat": roles.COME,
    "/ronda/catat": roles.REGISTER,
    "/ronda/jadwal/regu": roles.REGISTER,
    "/ronda/jadwal/giliran": roles.REGISTER,
    "/ronda/jadwal/giliran/1/hapus": roles.REGISTER,
    "/ronda/jadwal/izin": roles.COME,
    "/ronda/jadwal/ganti": roles.COME,
    "/ronda/jadwal/ganti/1": roles.COME,
    "/warga/daftar/simpan": roles.REGISTER,
    "/warga/1/tarik": roles.REGISTER,
    "/kanal/sms": roles.SYSTEM,
    "/kanal/sms/uji": roles.SYSTEM,
    "/peringatan/urus": roles.MUTE,
    "/akun": roles.ACCOUNTS,
    "/akun/1/rahasia": roles.ACCOUNTS,
    "/akun/1/kecualikan": roles.ACCOUNTS,
    "/akun/1/sertakan": roles.ACCOUNTS,
    "/undangan": roles.INVITE,
    "/undangan/1/batal": roles.INVITE,
    "/layar/pos": roles.INVITE,
    "/layar/pos/1/cabut": roles.INVITE,
    "/kontak": roles.POLICY,
    "/kontak/1/dicek": roles.POLICY,
    "/denah/taruh": roles.REGISTER,
    "/denah/gang": roles.REGISTER,
    "/denah/gang/hapus": roles.REGISTER,
    "/denah/gambar": roles.REGISTER,
    "/kejadian/kejadian-1/foto": roles.COME,
    "/pengaturan/situs": roles.SYSTEM,
    "/pengaturan/pin": roles.COME,
    "/pengaturan/sandi": roles.OWN,
    "/kejadian/kejadian-1/pin": roles.PIN,
    "/undangan/akun/1": roles.ACCOUNTS,
}


def test_no_route_is_without_a_rule(site):
    views = {rule.endpoint for rule in site.app.url_map.iter_rules()}
    assert views == OPEN | BY_LINK | BY_TOKEN | BY_TECHNICIANS_TOKEN | set(NEEDS)
    for endpoint, permission in NEEDS.items():
        needed = permission if isinstance(permission, tuple) else (permission,)
        assert site.app.view_functions[endpoint].permissions == needed, endpoint


SAMPLES = {  # what stands in an address; a new name there needs a value here
    "slug": "kejadian-1", "number": "1", "label": "tombol-07", "zone": "5", "name": "sms",
    "table": "kejadian", "form": "csv", "action": "x", "key": "x", "token": "x", "code": "x", "what": "x",
    "node": "1", "house": "x",
}  # fmt: skip


def calls(site):
    """(endpoint, method, path) of every page and deed, out of the app's own map."""
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint in NEEDS:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES[found[1]], str(rule))
            yield from ((rule.endpoint, method, path) for method in rule.methods - {"HEAD", "OPTIONS"})


@pytest.mark.parametrize("role", [*roles.ROLES, None])
def test_every_route_is_closed_to_every_role_without_its_permission(site, role):
    """Route x role, out of url_map: a route without a rule fails above, one without a lock fails here."""
    site.post_events(site.alarm())
    person = Person(site.app)
    if role:
        site.account("orang", role)
        person = site.enter("orang")
    csrf, before = person.token("/papan" if role else "/masuk"), site.rows("SELECT * FROM incidents")
    shut = 0
    for endpoint, method, path in calls(site):
        needed = NEEDS[endpoint] if isinstance(NEEDS[endpoint], tuple) else (NEEDS[endpoint],)
        if role and any(role_table.may(role, one) for one in needed):
            continue
        shut += 1
        data = {"csrf": csrf} if method != "GET" else None
        answer = person.client.open(path, method=method, data=data, headers={"Origin": "http://localhost"})
        assert answer.status_code == (403 if role else 401), (role, method, path, answer.status_code)
    assert shut or role == "admin"
    assert site.rows("SELECT * FROM incidents") == before


@pytest.mark.parametrize("role", roles.ROLES)
def test_each_role_sees_and_does_what_the_table_says_and_nothing_else(site, role):
    site.post_events(site.alarm())
    site.account("orang", role)
    person = site.enter("orang")
    for path, permission in PAGES.items():
        expected = 200 if role_table.may(role, permission) else 403
        assert person.get(path).status_code == expected, (role, path)
    token_page = "/papan"  # the form of 'Keluar' has the token for every role
    for path, permission in ACTIONS.items():
        allowed = role_table.may(role, permission)
        status = person.post(path, page=token_page).status_code
        assert (status == 403) != allowed, (role, path, status)


def test_a_stranger_is_sent_to_log_in_and_may_press_nothing(site):
    site.post_events(site.alarm())
    stranger = Person(site.app)
    for path in PAGES:
        answer = stranger.get(path)
        assert answer.status_code == 302 and answer.headers["Location"] == f"/masuk?ke={path}", path
    for path in ACTIONS:
        assert stranger.post(path).status_code == 401, path
    assert site.incidents()[0]["state"] == "baru"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "https://localhost", "http://localhost:1", "http://["]
)
def test_a_form_from_elsewhere_is_refused(site, origin):
    site.post_events(site.alarm())
    person = site.enter("admin")
    assert person.post("/kejadian/kejadian-1/datang", page="/papan", origin=origin).status_code == 403
    assert site.incidents()[0]["state"] == "baru"


def test_a_form_needs_this_browsers_token(site):
    site.post_events(site.alarm())
    mine, other = site.enter("admin"), site.enter("admin")
    send = {"headers": {"Origin": "http://localhost"}}
    for token in ("", "x", other.token("/papan"), "é"):
        answer = mine.client.post("/kejadian/kejadian-1/datang", data={"csrf": token}, **send)
        assert answer.status_code == 403, token
    assert (
        mine.client.post(
            "/kejadian/kejadian-1/datang", data={"csrf": mine.token("/papan")}, **send
        ).status_code
        == 303
    )


def test_every_page_has_a_strict_policy_and_needs_no_inline_script_or_style(site):
    site.post_events(site.alarm())
    person = site.enter("admin")
    for path in (*PAGES, "/masuk", "/layar", "/tidak-ada", "/static/hub.css"):
        answer = person.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert (
            "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype == "text/html":
            assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:", answer.text), (
                path
            )
            outside = re.findall(r"""(?:src|href|action)="(?!/|#|tel:)([^"]+)""", answer.text)
            assert not outside, (path, outside)


STATIC = ("hub.css", "hub.js", "board.js", "answers.js", "kentongan.svg")


def test_the_first_page_is_small(site):
    person = Person(site.app)
    total = len(person.get("/masuk").data) + sum(len(person.get(f"/static/{name}").data) for name in STATIC)
    assert total < 100_000


def test_static_files_and_pages_let_nobody_out_of_their_folder(site):
    person = site.enter("admin")
    for path in (
        "/static/../site.json",
        "/static/%2e%2e/site.json",
        "/static/..%2f..%2fstore.py",
        "/kejadian/..%2f..%2fsite.json",
        "/kejadian/%00",
    ):
        assert person.get(path).status_code == 404, path


def test_names_and_reasons_are_shown_as_text(site):
    site.account("ronda", "petugas_ronda")
    with site.hub.store.write() as db:
        db.run("UPDATE accounts SET name = '<script>alert(1)</script>' WHERE login = 'ronda'")
    site.post_events(site.alarm())
    person = site.enter("ronda")
    person.post("/kejadian/kejadian-1/datang", page="/papan")
    person.post("/kejadian/kejadian-1/keliru", page="/papan", alasan_lain="<img src=x onerror=alert(2)>")
    for path in ("/papan", "/kejadian/kejadian-1", "/kejadian"):
        text = site.enter("admin").get(path).text
        assert "<script>alert" not in text and "<img" not in text


def test_audit_and_timeline_cannot_be_changed_or_deleted(site):
    import sqlite3

    site.post_events(site.alarm())
    for table, verb in itertools.product(
        ("audit", "timeline"), ("DELETE FROM {}", "UPDATE {} SET who = 'x'")
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"), site.hub.store.write() as db:
            db.run(verb.format(table))


def test_a_mistake_needs_a_reason_and_a_closed_incident_stays_closed(site):
    site.post_events(site.alarm())
    person = site.enter("admin")
    answer = person.post("/kejadian/kejadian-1/keliru", page="/papan")
    assert answer.status_code == 409 and "Alasan belum diisi" in answer.text
    person.post("/kejadian/kejadian-1/keliru", page="/papan", alasan="Anak bermain")
    assert site.incidents()[0]["reason"] == "Anak bermain"
    assert person.post("/kejadian/kejadian-1/datang", page="/kejadian").status_code == 409
    assert person.post("/kejadian/kejadian-1/hapus", page="/kejadian").status_code == 404


def test_an_admin_cannot_lock_themself_out_and_a_screen_is_never_named(site):
    screen = site.account("layar", "tamu_layar")
    admin = site.enter("admin")
    assert admin.post("/akun/1/matikan", page="/akun").status_code == 409
    assert admin.post(f"/akun/{screen}/rahasia", page="/akun").status_code == 409
    answer = admin.post(
        "/akun", page="/akun", nama="x", masuk="layar2", sandi=PASSWORD, peran="tamu_layar", rahasia="1"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("endpoint", sorted(BY_TECHNICIANS_TOKEN - {"device_api.login"}))
def test_a_technicians_route_is_closed_without_a_technicians_token(site, endpoint):
    (rule,) = [rule for rule in site.app.url_map.iter_rules() if rule.endpoint == endpoint]
    path = str(rule).replace("<int:node>", str(site.button))
    method = "POST" if "POST" in rule.methods else "GET"
    before = site.rows("SELECT * FROM devices")
    for headers in ({}, site.headers):
        assert site.client.open(path, method=method, json={}, headers=headers).status_code == 401
    assert site.rows("SELECT * FROM devices") == before
