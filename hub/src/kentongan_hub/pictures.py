"""Pictures from outside: looked at as what they are, bounded, drawn anew, and nothing else of them is kept.

Only PNG and JPEG, by content and not by name. SVG is refused: it is a program. What is stored are pixels
that this code wrote itself: no metadata, no place, no hidden second file. Stored in the database, so that a
backup holds them and no address leads to a file.
"""

import io
import os
import threading

from kentongan_wire.errors import LocalError
from PIL import Image, ImageOps

BYTES_MAX = 20 << 20  # of an upload: what a phone's best camera makes
# of a JPEG, which is decoded small (a phone's 48 megapixels; a progressive one takes 150 MB for a moment),
# and of a PNG, which is decoded whole: 160 MB for a moment
PIXELS_MAX = (50_000_000, 20_000_000)
SIDE_MIN = 40  # px; smaller is no picture of anything
FORMATS = ("PNG", "JPEG")
QUALITY = 80
MIME = "image/jpeg"
_ONE = threading.Lock()  # one picture is drawn at a time: two would be memory that alarms need


def redraw(file, side_max):
    """(JPEG bytes, width, height) of an uploaded file, at most side_max px; LocalError says why not."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > BYTES_MAX:
        raise LocalError(f"gambar: paling besar {BYTES_MAX >> 20} MB; kecilkan dulu")
    if not size:
        raise LocalError("gambar: pilih satu berkas PNG atau JPEG")
    if not _ONE.acquire(timeout=10):
        raise LocalError("gambar: sedang mengolah gambar lain; coba lagi")
    try:
        return _redraw(file, side_max)
    except LocalError:
        raise
    except Exception:  # a decoder fed from outside fails in any way it likes
        raise LocalError("gambar: rusak, atau bukan PNG atau JPEG (SVG tidak diterima)")
    finally:
        _ONE.release()


def _redraw(file, side_max):
    with Image.open(file, formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > PIXELS_MAX[picture.format == "PNG"]:
            raise LocalError(f"gambar: {width} x {height} titik terlalu banyak; kecilkan dulu")
        if min(width, height) < SIDE_MIN:
            raise LocalError(f"gambar: {width} x {height} titik terlalu kecil")
        picture.draft("RGB", (side_max, side_max))  # a JPEG is decoded at less than full size
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
