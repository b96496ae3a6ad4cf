"""Denah: houses and devices placed by form, drag or keys; running alarms and health on it."""

import pytest
from hub_pictures import BAD, picture, send
from kentongan_hub.incidents.calling import recipients


@pytest.fixture
def admin(site):
    return site.enter("admin")


def post(person, path, **form):
    return person.post(f"/denah/{path}", page="/denah", **{"rt": "5", **form})


def put(person, what, x=400, y=300):
    return post(person, "taruh", apa=what, x=str(x), y=str(y))


def test_houses_of_buttons_and_posts_wait_to_be_placed_and_are_placed(site, admin):
    assert "Belum di denah: Rumah 7, Rumah 8, Sirene pos pos-1" in admin.get("/denah").text
    assert put(admin, "rumah-7").status_code == 303 and put(admin, "alat-pos-1", 100, 90).status_code == 303
    text = admin.get("/denah").text
    assert 'data-apa="rumah-7" data-nama="Rumah 7" data-x="400" data-y="300"' in text
    assert 'data-apa="alat-pos-1"' in text and "Belum di denah: Rumah 8." in text
    post(admin, "taruh", apa="rumah-7", lepas="1")
    assert "Rumah 7, Rumah 8" in admin.get("/denah").text


def test_the_plan_decides_who_lives_nearest(site, admin):
    for house, x in ((7, 500), (8, 900), (9, 510)):
        admin.post("/warga/rumah/daftar", page="/warga", rt="5", rumah=str(house))
        assert put(admin, f"rumah-{house}", x).status_code == 303
    with site.hub.store.read() as db:
        assert recipients.nearest(db, 5, 7, 2) == [9, 8]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("taruh", {"apa": "rumah-99", "x": "1", "y": "1"}),
        ("taruh", {"apa": "alat-tidak-ada", "x": "1", "y": "1"}),
        ("taruh", {"apa": "rumah-7", "x": "1001", "y": "1"}),
        ("taruh", {"apa": "rumah-7", "x": "1", "y": "5000"}),
        ("taruh", {"apa": "rumah-7", "x": "-1", "y": "1"}),
        ("taruh", {"apa": "rumah-7"}),
        ("taruh", {"apa": "'; DROP", "x": "1", "y": "1"}),
        ("gang", {"x1": "1", "y1": "1", "x2": "1", "y2": "1"}),
        ("gang", {"x1": "1", "y1": "1", "x2": "1", "y2": "9999"}),
        ("gang", {"x1": "1", "y1": "1", "x2": "9", "y2": "9", "nama": "x" * 31}),
        ("gang/hapus", {"gang": "0"}),
        ("gambar", {}),
    ],
)
def test_bad_input_is_named_and_changes_nothing(site, admin, path, form):
    answer = post(admin, path, **form)
    assert answer.status_code == 400 and 'role="alert"' in answer.text
    assert site.rows("SELECT * FROM houses WHERE x IS NOT NULL") == []
    assert site.rows("SELECT * FROM plans WHERE lines != '[]'") == []


def test_lanes_are_drawn_and_taken_away(site, admin):
    lane = {"x1": "10", "y1": "20", "x2": "900", "y2": "20", "nama": "Gang <Mawar>"}
    assert post(admin, "gang", **lane).status_code == 303
    text = admin.get("/denah").text
    assert 'x1="10" y1="20" x2="900" y2="20"' in text and "Gang &lt;Mawar&gt;" in text
    assert post(admin, "gang/hapus", gang="0").status_code == 303
    assert "Mawar" not in admin.get("/denah").text


def test_a_picture_is_the_ground_and_its_shape_the_plans(site, admin):
    ground = picture("JPEG", (800, 400))
    assert send(admin, "/denah/gambar", "/denah", ground, "gambar", rt="5").status_code == 303
    assert 'viewBox="0 0 1000 500"' in admin.get("/denah").text
    answer = admin.get("/denah/gambar?rt=5")
    assert answer.mimetype == "image/jpeg" and answer.data[:2] == b"\xff\xd8"
    assert post(admin, "gambar", tanpa="1").status_code == 303
    assert admin.get("/denah/gambar?rt=5").status_code == 404


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_leaves_the_plan_as_it_was(site, admin, name):
    answer = send(admin, "/denah/gambar", "/denah", BAD[name](), "gambar", rt="5")
    assert answer.status_code == 400 and site.rows("SELECT * FROM plans WHERE picture IS NOT NULL") == []


def test_a_running_alarm_is_on_the_plan_and_a_confidential_one_on_nobodys(site, admin):
    put(admin, "rumah-7"), put(admin, "rumah-8")
    site.account("ani", "wakil", named=True)
    site.post_events(site.alarm(kind=2), site.alarm(counter=9, kind=8, device=site.other, silent=True))
    for person in (admin, site.enter("ani")):
        text = person.get("/denah").text
        assert text.count("titik alarm") == 1 and "Kebakaran · Rumah 7" in text and "rahasia-" not in text
        assert "Kekerasan" not in text


def test_health_is_seen_by_who_may_see_devices(site, admin):
    put(admin, "rumah-7")
    body = {"flags": 0, "battery": 200}
    site.post_events(site.event("status", device=site.button, role="tombol", body=body))
    site.clock.advance(27 * 3_600_000)
    text = admin.get("/denah").text
    assert "h-ditunggu" in text and "h-terputus" not in text, "its gateway was away: nothing is known"
    assert '<text class="tanda" x="24" y="-14">…</text>' in text
    site.was_there()
    assert "h-terputus" in admin.get("/denah").text
    site.account("lurah", "kelurahan")
    lurah = site.enter("lurah")
    text = lurah.get("/denah").text
    assert "h-terputus" not in text and 'data-apa="rumah-7"' in text and "Taruh" not in text


def test_nobody_else_moves_a_house(site, admin):
    site.account("ronda", "petugas_ronda")
    ronda = site.enter("ronda")
    for path in ("taruh", "gang", "gang/hapus", "gambar"):
        form = {"rt": "5", "apa": "rumah-7", "x": "1", "y": "1"}
        assert ronda.post(f"/denah/{path}", page="/papan", **form).status_code == 403
