"""Pictures for tests: good ones, and every bad one that a form may bring."""

import io
import struct
import zlib

from PIL import Image


def picture(form="PNG", size=(300, 200), colour=(200, 30, 30), **options):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def bomb():
    """A few kilobytes that say they are 40,000 by 40,000 pixels."""
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return png_header(40_000, 40_000) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def text_bomb():
    """A comment that unpacks to 200 MB."""
    body = b"x\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    return png_header(100, 100) + chunk(b"zTXt", body) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD = {
    "empty": b"",
    "text": b"this is no picture",
    "svg": SVG,
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "cut": picture("JPEG")[:400],
    "cut png": picture("PNG")[:60],
    "bomb": bomb(),
    "text bomb": text_bomb(),
    "tiny": picture(size=(4, 4)),
    "header only": png_header(100, 100),
    "zip": b"PK\x03\x04" + bytes(100),
}


def send(person, path, page, raw, field="foto", **form):
    file = (io.BytesIO(raw), "x.jpg")
    data = {"csrf": person.token(page), field: file, **form}
    return person.client.post(path, data=data, headers={"Origin": "http://localhost"})
