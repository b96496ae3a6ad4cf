"""Pictures from outside: by content, bounded, drawn anew; and photos of incidents for who may act on them."""

import io
import subprocess
import sys

import pytest
from kentongan_hub.incidents import photos
from kentongan_hub.web import pictures
from kentongan_wire.base.errors import LocalError
from kits.hub.hub_kit import Person
from kits.hub.hub_pictures import BAD, SVG, as_several_scans, large_jpeg, picture, send
from PIL import Image, PngImagePlugin


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_of_ours_is_refused_in_words(name):
    with pytest.raises(LocalError, match="gambar"):
        pictures.redraw(io.BytesIO(BAD[name]()), 500)


def test_too_many_bytes_are_refused_before_anything_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "BYTES_MAX", 1000)
    with pytest.raises(LocalError, match="paling besar"):
        pictures.redraw(io.BytesIO(bytes(1001)), 500)


def test_nothing_but_the_pixels_is_kept():
    info = PngImagePlugin.PngInfo()
    info.add_text("GPS", "-6.9 107.6 SECRET")
    exif = Image.Exif()
    exif[0x010E] = "SECRET"
    for raw in (picture(pnginfo=info), picture("JPEG", exif=exif), picture("JPEG") + SVG + b"SECRET"):
        body, width, height = pictures.redraw(io.BytesIO(raw), 500)
        assert b"SECRET" not in body and b"Exif" not in body and b"script" not in body
        assert (width, height) == (300, 200)
        with Image.open(io.BytesIO(body)) as drawn:
            assert drawn.format == "JPEG" and drawn.getpixel((5, 5))[0] > 180


def test_a_phones_turned_and_big_photo_stands_upright_and_is_small():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    body, width, height = pictures.redraw(io.BytesIO(picture("JPEG", (4000, 3000), exif=exif)), 1280)
    assert (width, height) == (960, 1280) and len(body) < 200_000


def test_a_transparent_drawing_lies_on_white():
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(out, "PNG")
    body, *_ = pictures.redraw(io.BytesIO(out.getvalue()), 500)
    with Image.open(io.BytesIO(body)) as drawn:
        assert min(drawn.getpixel((50, 50))) > 250


PHOTO = "/kejadian/kejadian-1/foto"


def test_a_photo_is_seen_by_who_may_come_and_stands_in_the_timeline(site):
    site.post_events(site.alarm())
    admin = site.enter("admin")
    assert send(admin, PHOTO, "/kejadian/kejadian-1", picture("JPEG")).status_code == 303
    assert '/kejadian/kejadian-1/foto/1"' in admin.get("/kejadian/kejadian-1").text
    answer = admin.get(PHOTO + "/1")
    assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    assert site.rows("SELECT what FROM timeline")[-1]["what"] == "photo_added"
    for role in ("kelurahan", "tamu_layar"):
        site.account(role, role)
        other = site.enter(role)
        assert other.get(PHOTO + "/1").status_code == 404
        assert send(other, PHOTO, "/papan", picture()).status_code == 403
        assert "foto/1" not in other.get("/kejadian/kejadian-1").text
    assert Person(site.app).get(PHOTO + "/1").status_code == 302


def test_a_confidential_photo_is_for_its_agreed_people_only_and_each_view_is_logged(site):
    site.account("ani", "wakil", named=True)
    site.post_events(site.alarm(kind=8, silent=True))
    slug = site.incidents()[0]["slug"]
    ani, admin = site.enter("ani"), site.enter("admin")
    assert send(ani, f"/kejadian/{slug}/foto", f"/kejadian/{slug}", picture()).status_code == 303
    assert admin.get(f"/kejadian/{slug}/foto/1").status_code == 404
    assert send(admin, f"/kejadian/{slug}/foto", "/papan", picture()).status_code == 404
    before = len(site.rows("SELECT * FROM audit WHERE what = 'confidential_seen'"))
    assert ani.get(f"/kejadian/{slug}/foto/1").status_code == 200
    assert len(site.rows("SELECT * FROM audit WHERE what = 'confidential_seen'")) == before + 1
    site.post_events(site.alarm(counter=9, device=site.other))
    public = next(row["slug"] for row in site.incidents() if not row["confidential"])
    assert ani.get(f"/kejadian/{public}/foto/1").status_code == 404, "a photo of another incident"


def test_photos_are_few_and_go_after_90_days(site):
    from kentongan_hub.upkeep import retention

    site.post_events(site.alarm())
    admin = site.enter("admin")
    for _ in range(photos.LIMIT):
        assert send(admin, PHOTO, "/kejadian/kejadian-1", picture()).status_code == 303
    answer = send(admin, PHOTO, "/kejadian/kejadian-1", picture())
    assert answer.status_code == 409 and "sudah ada" in answer.text
    site.clock.advance(photos.KEPT_MS + 1)
    with site.hub.store.write() as db:
        retention.run(db, site.hub.now())
    assert site.rows("SELECT * FROM photos") == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_photo_changes_nothing_and_says_why(site, name):
    site.post_events(site.alarm())
    answer = send(site.enter("admin"), PHOTO, "/kejadian/kejadian-1", BAD[name]())
    assert answer.status_code == 400 and "gambar:" in answer.text
    assert site.rows("SELECT * FROM photos") == []


def test_only_forms_for_pictures_may_be_big_and_only_of_people_who_are_in(site):
    site.post_events(site.alarm())
    admin, big = site.enter("admin"), bytes(100_000)
    assert send(admin, "/kejadian/kejadian-1/catatan", "/papan", big).status_code == 413
    assert send(Person(site.app), PHOTO, "/masuk", big).status_code in (401, 413)
    assert send(admin, PHOTO, "/papan", bytes(pictures.BYTES_MAX + 40_000)).status_code == 413


MEASURE = """
import resource, sys
from kentongan_hub.web import pictures
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as file:
    body, width, height = pictures.redraw(file, 1280)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(body), width, height)
"""


@pytest.mark.parametrize(("size", "form", "mode", "options", "most_mib"), [
    ((8_000, 6_000), "JPEG", "RGB", {"quality": 95}, 60),
    ((8_000, 6_000), "JPEG", "RGB", {"quality": 95, "progressive": True}, 330),
    ((5_000, 4_000), "PNG", "RGBA", {"compress_level": 1}, 260),
])  # fmt: skip
def test_what_a_phones_best_camera_makes_becomes_small_in_bounded_memory(
    tmp_path, size, form, mode, options, most_mib
):
    path = tmp_path / "foto"
    Image.linear_gradient("L").resize(size).convert(mode).save(path, form, **options)
    run = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    grown_kib, stored, width, height = map(int, run.stdout.split())
    assert max(width, height) == 1280 and stored < 300_000
    assert grown_kib < most_mib << 10, f"{grown_kib >> 10} MiB for {size} {form}"


PHONES = ((9_248, 6_944), (12_000, 9_000), (16_320, 12_240), (65_500, 3_000))  # 64, 108, 200 MP; a panorama


@pytest.mark.parametrize("size", PHONES)
def test_a_phones_largest_photo_becomes_small_in_little_memory(tmp_path, size):
    path = tmp_path / "foto"
    path.write_bytes(large_jpeg(*size))
    assert path.stat().st_size < pictures.BYTES_MAX
    run = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    grown_kib, stored, width, height = map(int, run.stdout.split())
    assert max(width, height) == 1280 and stored < 300_000 and not run.stderr
    assert abs(width / height - size[0] / size[1]) < size[0] / size[1] / 50
    assert grown_kib < 60 << 10, f"{grown_kib >> 10} MiB for {size}"


@pytest.mark.parametrize("size", [(16_320, 12_300), (20_000, 20_000), (30_000, 30_000)])
def test_more_points_than_any_phone_makes_are_told_as_too_many_and_not_as_damage(size):
    with pytest.raises(LocalError, match=f"{size[0]} x {size[1]} titik terlalu banyak"):
        pictures.redraw(io.BytesIO(large_jpeg(*size)), 1280)


@pytest.mark.parametrize("raw", [
    large_jpeg(9_248, 6_944).replace(b"\xff\xc0", b"\xff\xc2", 1), as_several_scans(large_jpeg(9_248, 6_944)),
    large_jpeg(9_248, 6_944).replace(b"\xff\xda", b"\0\xff\xda", 1),
    large_jpeg(9_248, 6_944).replace(b"\xff\xda", b"\xff\xd0\xff\xda", 1),
], ids=["progressive", "several scans", "a byte between its parts", "a sign between them"])  # fmt: skip
def test_a_jpeg_that_is_held_whole_while_it_is_decoded_keeps_the_lower_limit(raw):
    with pytest.raises(LocalError, match="9248 x 6944 titik terlalu banyak"):
        pictures.redraw(io.BytesIO(raw), 1280)


def test_the_picture_of_a_plan_may_be_a_phones_largest_too(site):
    admin = site.enter("admin")
    answer = send(admin, "/denah/gambar", "/denah", large_jpeg(16_320, 12_240), field="gambar", rt="5")
    assert answer.status_code == 303
    with Image.open(io.BytesIO(admin.get("/denah/gambar?rt=5").get_data())) as drawn:
        assert drawn.size == (1600, 1200)


def test_a_photo_of_20_mb_is_taken_and_one_beyond_it_is_told_so(site):
    site.post_events(site.alarm(counter=9))
    admin = site.enter("admin")
    out = io.BytesIO()
    Image.new("RGB", (4_000, 3_000), (200, 60, 20)).save(out, "JPEG")
    for size, status, words in ((19 << 20, 303, ""), ((20 << 20) + 1, 400, "paling besar 20 MB"),
                                (22 << 20, 413, "Berkas paling besar 20 MB")):  # fmt: skip
        data = out.getvalue() + bytes(size - len(out.getvalue()))
        form = {"csrf": admin.token("/kejadian/kejadian-1"), "foto": (io.BytesIO(data), "a.jpg")}
        head = {"Origin": "http://localhost"}
        answer = admin.client.post("/kejadian/kejadian-1/foto", data=form, headers=head)
        assert answer.status_code == status and words in answer.text, (size, answer.status_code)
