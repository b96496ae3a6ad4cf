"""Pictures from outside: looked at as what they are, bounded, drawn anew, and nothing else of them is kept.

Only PNG and JPEG, by content and not by name. SVG is refused: it is a program. What is stored are pixels
that this code wrote itself: no metadata, no place, no hidden second file. Stored in the database, so that a
backup holds them and no address leads to a file.
"""

import io
import os
import threading
from typing import IO

from kentongan_wire.base.errors import LocalError
from PIL import Image, ImageOps

from kentongan_hub.base.language import _

BYTES_MAX = 20 << 20  # of an upload: what a phone's best camera makes
IN_ONE_PASS = "JPEG in one pass"
# A JPEG that holds each row once is decoded small, row by row: a phone's 200 megapixels take 20 MB. One in
# several passes (progressive) is held whole as coefficients, a PNG as pixels: 150 MB for a moment.
PIXELS_MAX = {IN_ONE_PASS: 200_000_000, "JPEG": 50_000_000, "PNG": 20_000_000}
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit is lower, and its error says nothing of the size
SIDE_MIN = 40  # px; smaller is no picture of anything
FORMATS = ("PNG", "JPEG")
QUALITY = 80
MIME = "image/jpeg"
_NO_LENGTH = (0x00, 0x01, *range(0xD0, 0xDA), 0xFF)  # signs in a JPEG that are no part with a length
_ONE = threading.Lock()  # one picture is drawn at a time: two would be memory that alarms need


def redraw(file: IO[bytes], side_max: int) -> tuple[bytes, int, int]:
    """Draw an uploaded file anew, at most side_max px: (JPEG bytes, width, height); LocalError if not."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > BYTES_MAX:
        raise LocalError(_("gambar: paling besar %(bytes_max)s MB; kecilkan dulu", bytes_max=BYTES_MAX >> 20))
    if not size:
        raise LocalError(_("gambar: pilih satu berkas PNG atau JPEG"))
    if not _ONE.acquire(timeout=10):
        raise LocalError(_("gambar: sedang mengolah gambar lain; coba lagi"))
    try:
        return _redraw(file, side_max)
    except LocalError:
        raise
    except Exception:  # a decoder fed from outside fails in any way it likes
        raise LocalError(_("gambar: rusak, atau bukan PNG atau JPEG (SVG tidak diterima)"))
    finally:
        _ONE.release()


def _parts_of_first_scan(file: IO[bytes]) -> int:
    """Count the colours in the first scan of a JPEG; 0 where no scan is found by the book."""
    file.seek(0)
    if file.read(2) != b"\xff\xd8":
        return 0
    while True:
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in _NO_LENGTH:
            return 0
        if head[1] == 0xDA:
            return (file.read(1) or b"\0")[0]
        file.seek(int.from_bytes(head[2:], "big") - 2, os.SEEK_CUR)


def _kind(picture: Image.Image, first_scan: int) -> str:
    """Find the line of PIXELS_MAX that a picture falls under."""
    if picture.format == "PNG":
        return "PNG"
    whole = (
        first_scan > 0 and first_scan == getattr(picture, "layers", 0) and not picture.info.get("progressive")
    )
    return IN_ONE_PASS if whole else "JPEG"


def _redraw(file: IO[bytes], side_max: int) -> tuple[bytes, int, int]:
    first_scan = _parts_of_first_scan(file)
    with Image.open(file, formats=FORMATS) as opened:
        picture: Image.Image = opened
        width, height = picture.size
        if width * height > PIXELS_MAX[_kind(picture, first_scan)]:
            raise LocalError(_("gambar: %(width)s x %(height)s titik terlalu banyak; kecilkan dulu",
                               width=width, height=height))  # fmt: skip
        if min(width, height) < SIDE_MIN:
            raise LocalError(_("gambar: %(width)s x %(height)s titik terlalu kecil",
                               width=width, height=height))  # fmt: skip
        # a JPEG is decoded at less than full size, also one that is much longer than high
        longer = max(width, height)
        picture.draft("RGB", (max(1, width * side_max // longer), max(1, height * side_max // longer)))
        picture.load()
        if picture.mode not in ("L", "RGB", "RGBA"):
            picture = picture.convert("RGBA")
        picture.thumbnail((side_max, side_max))  # small before anything else makes a copy of it
        flat = ImageOps.exif_transpose(picture).convert("RGBA")
    page = Image.new("RGB", flat.size, "white")
    page.paste(flat, mask=flat.getchannel("A"))
    out = io.BytesIO()
    page.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue(), *page.size
