"""Pictures for tests: good ones, and every bad one that a form may bring."""

import functools
import io
import struct
import zlib

from PIL import Image


def picture(form="PNG", size=(300, 200), colour=(200, 30, 30), **options):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def large_jpeg(width, height, **options):
    """A JPEG of that many pixels without drawing them: one row of blocks, again and again."""
    strip = Image.linear_gradient("L").rotate(90).resize((width, 32)).convert("RGB")
    out = io.BytesIO()
    strip.save(out, "JPEG", quality=90, subsampling="4:2:0", restart_marker_rows=1, **options)
    raw = out.getvalue()
    scan = raw.index(b"\xff\xda")
    scan += 2 + int.from_bytes(raw[scan + 2 : scan + 4], "big")
    head, row = bytearray(raw[:scan]), raw[scan : raw.index(b"\xff\xd0", scan)]
    frame = head.index(b"\xff\xc0") + 5
    head[frame : frame + 2] = height.to_bytes(2, "big")
    rows = -(-height // 16)
    between = [bytes((0xFF, 0xD0 + number % 8)) + row for number in range(rows - 1)]
    return bytes(head) + row + b"".join(between) + b"\xff\xd9"


def as_several_scans(raw):
    """The same JPEG with only its first colour in its first scan: no decoder can take it row by row."""
    scan = raw.index(b"\xff\xda")
    return raw[: scan + 2] + b"\0\x08\x01\x01\0\0\x3f\0" + raw[scan + 14 :]


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def bomb():
    """A few kilobytes that say they are 40,000 by 40,000 pixels."""
    rows = zlib.compress(b"\0" * 1_000_000, 9)
    return png_header(40_000, 40_000) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@functools.cache
def text_bomb():
    """A comment that unpacks to 200 MB."""
    body = b"x\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    return png_header(100, 100) + chunk(b"zTXt", body) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD = {  # made when they are asked for: every worker collects every test
    "empty": lambda: b"",
    "text": lambda: b"this is no picture",
    "svg": lambda: SVG,
    "gif": lambda: picture("GIF"),
    "bmp": lambda: picture("BMP"),
    "cut": lambda: picture("JPEG")[:400],
    "cut png": lambda: picture("PNG")[:60],
    "bomb": bomb,
    "text bomb": text_bomb,
    "tiny": lambda: picture(size=(4, 4)),
    "header only": lambda: png_header(100, 100),
    "zip": lambda: b"PK\x03\x04" + bytes(100),
}


def send(person, path, page, raw, field="foto", **form):
    file = (io.BytesIO(raw), "x.jpg")
    data = {"csrf": person.token(page), field: file, **form}
    return person.client.post(path, data=data, headers={"Origin": "http://localhost"})
