"""Bombs and disguises at every upload there is: refused in words, or drawn anew and nothing else kept."""

import functools
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from kentongan_hub.web import pictures, web
from PIL import Image, PngImagePlugin

UPLOADS = {  # endpoint: (form's address, name of its file, where the picture is shown)
    "plan.upload": ("/denah/gambar", "gambar", "/denah/gambar?rt=5"),
    "work.photo": ("/kejadian/kejadian-1/foto", "foto", "/kejadian/kejadian-1/foto/1"),
}
PAYLOAD = b"<script>alert(1)</script>PK-kunci-rahasia"
SOURCES = Path(pictures.__file__).parents[1]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, packed=b"", more=()):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def photo(form="JPEG", size=(320, 240), **options):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 60, 20)).save(out, form, **options)
    return out.getvalue()


def zipped(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.html", data)
    return out.getvalue()


def with_exif():
    exif = Image.Exif()
    exif[0x010E] = PAYLOAD.decode()
    return photo(exif=exif)


def with_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", PAYLOAD.decode())
    return photo("PNG", pnginfo=info)


@functools.cache
def bombs():
    return {
        "nothing": b"",
        "60,000 x 60,000 in a few bytes": png(60_000, 60_000, zlib.compress(bytes(1_000))),
        "the largest size that a header can say": png(0x7FFFFFFF, 0x7FFFFFFF, zlib.compress(b"")),
        "1 x 50,000,000": png(1, 50_000_000, zlib.compress(bytes(100))),
        "100 MB of text in a chunk": png(
            320,
            240,
            zlib.compress(bytes(961 * 240)),
            [chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(100 << 20), 9))],
        ),
        "a picture of no width": png(0, 240, zlib.compress(b"")),
        "lines that are not there": png(320, 240, zlib.compress(b"\0" * 10)),
        "half a photo": photo()[:300],
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "HTML that says PNG": b"\x89PNG\r\n\x1a\n" + PAYLOAD,
        "GIF": photo("GIF"),
        "TIFF": photo("TIFF"),
        "PDF": b"%PDF-1.4\n" + PAYLOAD,
        "zip": zipped(PAYLOAD),
        "a program": b"\x7fELF" + bytes(500),
        "21 MB": photo() + bytes(21 << 20),
    }


@functools.cache
def long_picture():
    return png(320, 240, zlib.compress(bytes(200 << 20), 9))


DISGUISES = {  # made when they are asked for: every worker collects every test
    "200 MB behind the last row": long_picture,
    "photo with a page behind it": lambda: photo() + PAYLOAD,
    "photo with an archive behind it": lambda: photo() + zipped(PAYLOAD),
    "photo with a comment": lambda: photo(comment=PAYLOAD),
    "photo with a description": with_exif,
    "drawing with a text": with_text,
    "drawing with a page behind it": lambda: photo("PNG") + PAYLOAD,
}


def test_every_upload_there_is_stands_here_and_goes_through_the_one_road(site):
    assert set(web.UPLOADS) == set(UPLOADS)
    asking = [path for path in SOURCES.rglob("*.py") if "request.files" in path.read_text()]
    texts = "".join(path.read_text() for path in asking)
    assert texts.count("pictures.redraw(") == len(UPLOADS)
    assert texts.count("list_file.read(") == 1, "a list, see people/houses/test_list_file.py"
    assert texts.count("request.files") == len(UPLOADS) + 1


def send(site, endpoint, data, name="foto.jpg", kind="image/jpeg"):
    path, field, _ = UPLOADS[endpoint]
    admin = site.enter("admin")
    form = {"csrf": admin.token("/papan"), "rt": "5", field: (io.BytesIO(data), name, kind)}
    return admin, admin.client.post(path, data=form, headers={"Origin": "http://localhost"})


@pytest.mark.parametrize("endpoint", sorted(UPLOADS))
def test_a_bomb_is_refused_in_words_and_changes_nothing(site, endpoint):
    site.post_events(site.alarm())
    before = site.rows("SELECT count(*) AS n FROM audit")
    for name, data in bombs().items():
        admin, answer = send(site, endpoint, data)
        assert answer.status_code in (400, 413), (name, answer.status_code)
        assert admin.get(UPLOADS[endpoint][2]).status_code == 404, name
    told = [row["n"] for row in site.rows("SELECT count(*) AS n FROM audit WHERE what NOT LIKE 'log%'")]
    assert told[0] <= before[0]["n"]
    assert site.post_events(site.alarm(counter=77, device=site.other))["accepted"]


@pytest.mark.parametrize("endpoint", sorted(UPLOADS))
@pytest.mark.parametrize("name", sorted(DISGUISES))
def test_of_a_disguise_only_the_pixels_are_left(site, endpoint, name):
    site.post_events(site.alarm())
    admin, answer = send(site, endpoint, DISGUISES[name](), "../../x.php", "text/html")
    assert answer.status_code == 303, (name, answer.status_code)
    shown = admin.get(UPLOADS[endpoint][2])
    assert shown.status_code == 200 and shown.mimetype == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    for hidden in (PAYLOAD, b"script", b"PK", b"Exif", b"rahasia"):
        assert hidden not in shown.data, (name, hidden)
    assert PAYLOAD not in (site.data_dir / "hub.sqlite3").read_bytes()
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.format == "JPEG" and picture.size == (320, 240)
