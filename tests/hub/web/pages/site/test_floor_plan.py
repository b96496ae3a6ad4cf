"""Denah: houses and devices placed by form, drag or keys; running alarms and health on it."""

import pytest
from kentongan_hub.incidents.calling import recipients
from kentongan_hub.web.pages.site import plan_list
from kits.hub.hub_pictures import BAD, picture, send


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
        ("urung", {}),
        ("daftar", {"daftar": ""}),
        ("daftar", {"daftar": "7\n99"}),
        ("daftar", {"daftar": "7\n7"}),
        ("daftar", {"daftar": "Pak Entah"}),
        ("daftar", {"daftar": "1-99999"}),
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
    for path in ("taruh", "gang", "gang/hapus", "gambar", "daftar", "urung"):
        form = {"rt": "5", "apa": "rumah-7", "x": "1", "y": "1"}
        assert ronda.post(f"/denah/{path}", page="/papan", **form).status_code == 403


def placed(site):
    rows = site.rows("SELECT number, x, y FROM houses WHERE x IS NOT NULL ORDER BY number")
    return {row["number"]: (int(row["x"]), int(row["y"])) for row in rows}


@pytest.fixture
def street(site, admin):
    """A lane from left to right, and ten houses, two of them with people."""
    for house in range(1, 11):
        admin.post("/warga/rumah/daftar", page="/warga", rt="5", rumah=str(house))
    for house, name in ((3, "Budi Santoso"), (4, "Siti Aminah")):
        form = {"rt": "5", "rumah": str(house), "nama": name, "setuju": "1", "kepala": "1"}
        assert admin.post("/warga", page="/warga", **form).status_code == 303
    lane = {"x1": "100", "y1": "300", "x2": "900", "y2": "300", "nama": "Gang Mawar"}
    assert post(admin, "gang", **lane).status_code == 303
    return admin


def test_a_pasted_list_is_put_along_a_lane_in_its_order_and_taken_back_at_once(site, street):
    text = "Rumah 5\nbudi santoso\n4 Bu Siti\n2, 1\npos-1\n"
    assert post(street, "daftar", daftar=text, gang="0", sisi="kiri").status_code == 303
    where = placed(site)
    assert sorted(where, key=lambda house: where[house][0]) == [5, 3, 4, 2, 1]
    assert {y for _x, y in where.values()} == {300 - plan_list.ASIDE}
    (pos,) = site.rows("SELECT x FROM devices WHERE label = 'pos-1'")
    assert pos["x"] > max(x for x, _y in where.values())
    page = street.get("/denah").text
    assert "Urungkan: Rumah 5 dan 5 lagi" in page
    assert post(street, "urung").status_code == 303
    assert placed(site) == {} and "Urungkan:" not in street.get("/denah").text


def test_houses_on_both_sides_stand_opposite_each_other(site, street):
    assert post(street, "daftar", daftar="1-4", gang="0", sisi="selang").status_code == 303
    where = placed(site)
    assert where[1][0] == where[2][0] < where[3][0] == where[4][0]
    assert where[1][1] == where[3][1] < 300 < where[2][1] == where[4][1]


def test_without_a_lane_a_list_stands_in_rows_on_the_plan_and_nobody_on_another(site, street):
    assert post(street, "daftar", daftar="10-1", gang="").status_code == 303
    where = placed(site)
    assert len(set(where.values())) == 10 and where[10] < where[1]
    assert all(0 <= x <= 1000 and 0 <= y <= 620 for x, y in where.values())


def test_the_register_fills_in_what_is_not_on_the_plan_yet(site, street):
    put(street, "rumah-1")
    page = street.get("/denah?isi=daftar").text
    pasted = page.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]
    assert pasted.splitlines() == ["2", "3 Budi Santoso", "4 Siti Aminah", "5", "6", "7", "8", "9", "10"]
    assert post(street, "daftar", daftar=pasted, gang="0", sisi="kanan").status_code == 303
    assert len(placed(site)) == 10


def test_a_line_that_is_not_understood_is_named_and_what_was_pasted_stays(site, street):
    answer = post(street, "daftar", daftar="1\n2\nPak Entah", gang="0")
    assert answer.status_code == 400 and "baris 3: Pak Entah tidak ada di RT 05" in answer.text
    assert "1\n2\nPak Entah</textarea>" in answer.text and placed(site) == {}


def test_two_people_of_one_name_are_told_apart_by_their_house(site, street):
    form = {"rt": "5", "rumah": "9", "nama": "Budi Santoso", "setuju": "1"}
    street.post("/warga", page="/warga", **form)
    answer = post(street, "daftar", daftar="Budi Santoso", gang="0")
    assert answer.status_code == 400 and "tulis nomor rumahnya" in answer.text


@pytest.mark.parametrize(
    ("text", "found"),
    [("1-3", [1, 2, 3]), ("3-1", [3, 2, 1]), ("1 - 3, 7; 9.", [1, 2, 3, 7, 9]), ("No. 5", [5]),
     ("rumah 10", [10]), ("8 5", [8, 5])],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(site, street, text, found):
    with site.hub.store.read() as db:
        assert plan_list.read(db, 5, text) == [f"rumah-{one}" for one in found]


@pytest.mark.parametrize("text", ["12A", "0", "1-", "-", "7-99999999999999999999", "²"])
def test_what_is_no_house_is_no_house(site, street, text):
    assert post(street, "daftar", daftar=text, gang="0").status_code == (303 if text == "1-" else 400)


def test_each_step_is_taken_back_one_after_the_other_and_only_ones_own(site, street):
    site.account("wakil", "wakil")
    other = site.enter("wakil")
    put(street, "rumah-1", 100, 100), put(street, "rumah-1", 200, 200), put(other, "rumah-2", 50, 50)
    assert post(street, "urung").status_code == 303
    assert placed(site) == {1: (100, 100), 2: (50, 50)}
    assert post(street, "urung").status_code == 303
    assert placed(site) == {2: (50, 50)}
    assert post(street, "urung").status_code == 400, "another's step is not one's own"
    post(street, "taruh", apa="rumah-2", lepas="1")
    post(street, "urung")
    assert placed(site) == {2: (50, 50)}


def test_a_house_that_is_gone_meanwhile_stops_no_undo(site, street):
    put(street, "alat-pos-1")
    with site.hub.store.write() as db:
        db.run("UPDATE devices SET revoked = 1 WHERE label = 'pos-1'")
    assert post(street, "urung").status_code == 303
