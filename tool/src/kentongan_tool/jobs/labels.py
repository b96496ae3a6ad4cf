"""Stickers as a PDF sheet: who the device is, three steps, a QR code with the device's number; no secret.

Eight labels of 99.1 x 67.7 mm on A4, as Avery L7165 and its equals are cut.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kentongan_tool.base.answers import Label
from kentongan_tool.base.failures import ToolError
from kentongan_tool.base.progress import Told, nowhere

if TYPE_CHECKING:
    from fpdf import FPDF  # read late: half a second

ENCODING = "windows-1252"  # of the fonts that every PDF reader has
LOOKS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2212\u2043", "-"),
        **dict.fromkeys("\u2032\u02bc\u02bb\u02b9\u2035", "'"),
        **dict.fromkeys("\u2033\u201f", '"'),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t\n\r", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\ufe0f\u00ad", ""),
        "\u2190": "<-",
        "\u2192": "->",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2715": "x",
        "\u2713": "v",
    }
)
Style = Literal["", "B"]

LABEL_MM = (99.1, 67.7)
LEFT_MM, TOP_MM, GAP_MM = 4.65, 13.1, 2.5
COLUMNS, ROWS = 2, 4
PER_SHEET = COLUMNS * ROWS
PAD_MM = 4
QR_MM = 24
ROLE_SMALL_PT, NAME_PT, SMALL_PT, STEP_PT, STEP_MIN_PT = 9, 19, 8, 11, 7
RT_ONLY = re.compile(r"RT \d+/RW \d+")
TEXT_MIN_PT = 4.5
ONE_LINE = 0.6  # of its size: a text that would be smaller on one line is broken
LINE_OF_PT = 0.45  # mm of line for each point of size
DARK, GREY, RED, LINE = (20, 20, 20), (95, 95, 95), (178, 24, 24), (190, 190, 190)


def sheet(
    labels: Sequence[Label], path: Path, first: int = 1, outlines: bool = True, told: Told = nowhere
) -> None:
    """Write the labels (dicts of the hub's label route) to `path`; starts at place `first` of the sheet."""
    check_first(first)
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = ENCODING
    pdf.set_auto_page_break(False)
    pdf.set_title("Label alat kentongan")
    for number, label in enumerate(labels, first - 1):
        if number % PER_SHEET == 0 or number == first - 1:
            pdf.add_page()
        column, row = number % COLUMNS, number % PER_SHEET // COLUMNS
        corner = LEFT_MM + column * (LABEL_MM[0] + GAP_MM), TOP_MM + row * LABEL_MM[1]
        told(number - first + 1, len(labels))
        _label(pdf, label, *corner, outlines)
    try:
        Path(path).write_bytes(bytes(pdf.output()))
    except OSError as error:
        raise ToolError("file", f"{path}: {error.strerror}")


def check_first(first: int) -> None:
    if not 1 <= first <= PER_SHEET:
        raise ToolError("argument", f"--first {first}: a sheet has places 1..{PER_SHEET}")


def title_and_place(label: Label) -> tuple[str, str]:
    """ "Rumah 07" and its lane, or the place where it hangs, or the device's name and its RT."""
    if label["house"]:
        return f"Rumah {label['house']:02d}", label["place"]
    if RT_ONLY.fullmatch(label["place"]):  # what the hub puts where nobody gave a place
        return label["label"], label["place"]
    return label["place"], ""


def _label(pdf: "FPDF", label: Label, x: float, y: float, outlines: bool) -> None:
    if outlines:
        pdf.set_draw_color(*LINE)
        pdf.set_line_width(0.15)
        pdf.rect(x, y, *LABEL_MM)
    left, width = x + PAD_MM, LABEL_MM[0] - 2 * PAD_MM
    beside_qr = width - QR_MM - 2
    title, where = title_and_place(label)
    device = f"{label['label']}   No. {spaced(label['id'])}"
    lines: tuple[tuple[float, float, str, float, tuple[int, int, int], Style], ...] = (
        (4.5, 5.0, label["role_word"].upper(), ROLE_SMALL_PT, RED, "B"),
        (10, 8.8, title, NAME_PT, DARK, "B"),
        (19, 4.4, where, SMALL_PT, GREY, ""),
        (23.5, 6.8, device, SMALL_PT, DARK, ""),
    )
    for down, height, text, size, colour, style in lines:
        _box(pdf, (left, y + down, beside_qr, height), text, size, colour, style)
    _qr(pdf, label["qr"], x + LABEL_MM[0] - PAD_MM - QR_MM, y + PAD_MM)
    _steps(pdf, label["steps"], left, y + 30.5, width, LABEL_MM[1] - 30.5 - 8)
    _box(pdf, (left, y + LABEL_MM[1] - 7, width, 5), label["name"], SMALL_PT, GREY)


def spaced(number: str) -> str:
    """1a2b3c4d -> 1a2b 3c4d, to be read aloud."""
    return f"{number[:4]} {number[4:]}"


def printable(text: str) -> str:
    """Return the text in the signs of the PDF's built-in fonts: Western ones, typographic ones too.

    Other signs become what they look like, accents go from letters that are unknown with them, and the rest
    is a question mark.
    """
    out = ""
    for sign in str(text).translate(LOOKS):
        plain = unicodedata.normalize("NFKD", sign)
        for form in (sign, "".join(part for part in plain if not unicodedata.combining(part))):
            if _held(form):
                out += form
                break
        else:
            out += "?"
    return out


def _held(text: str) -> bool:
    try:
        return bool(text.encode(ENCODING)) or text == ""
    except UnicodeError:
        return False


def _box(
    pdf: "FPDF",
    box: tuple[float, float, float, float],
    text: str,
    size: float,
    colour: tuple[int, int, int],
    style: Style = "",
) -> None:
    """Draw a text within (x, y, width, height): on one line while it can be read, else broken and smaller."""
    x, y, width, height = box
    text = printable(text)
    least = max(size * ONE_LINE, TEXT_MIN_PT)
    one_line = size
    pdf.set_font("helvetica", style, size)
    while one_line > least and pdf.get_string_width(text) > width - 2 * pdf.c_margin:
        one_line -= 0.5
        pdf.set_font("helvetica", style, one_line)
    if pdf.get_string_width(text) <= width - 2 * pdf.c_margin:
        size = one_line
    else:
        pdf.set_font("helvetica", style, size)
        while size > TEXT_MIN_PT and _lines(pdf, width, text) * size * LINE_OF_PT > height:
            size -= 0.5
            pdf.set_font("helvetica", style, size)
    pdf.set_text_color(*colour)
    pdf.set_xy(x, y)
    pdf.multi_cell(width, size * LINE_OF_PT, text, align="L")


def _lines(pdf: "FPDF", width: float, text: str) -> int:
    """Count the lines that a text takes."""
    broken = pdf.multi_cell(width, 4, printable(text), dry_run=True, output="LINES")
    assert isinstance(broken, list)
    return len(broken)


def _steps(pdf: "FPDF", steps: list[str], x: float, y: float, width: float, height: float) -> None:
    """Numbered steps in the largest size that leaves none out."""
    number_mm = 6
    size: float = STEP_PT
    while size > STEP_MIN_PT:
        pdf.set_font("helvetica", "", size)
        lines = sum(_lines(pdf, width - number_mm, step) for step in steps)
        if lines * size * LINE_OF_PT + len(steps) <= height:
            break
        size -= 0.5
    line_mm = size * LINE_OF_PT
    for number, step in enumerate(steps, 1):
        pdf.set_text_color(*RED)
        pdf.set_font("helvetica", "B", size + 1)
        pdf.set_xy(x, y)
        pdf.cell(number_mm, line_mm, str(number))
        pdf.set_text_color(*DARK)
        pdf.set_font("helvetica", "", size)
        pdf.set_xy(x + number_mm, y)
        pdf.multi_cell(width - number_mm, line_mm, printable(step), align="L")
        y = pdf.get_y() + 1


def _qr(pdf: "FPDF", text: str, x: float, y: float) -> None:
    """Draw the code as filled squares, sharp at every size; segno leaves the quiet zone of 4 modules."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    side = QR_MM / len(rows)
    pdf.set_fill_color(*DARK)
    for at_y, row in enumerate(rows):
        at_x = 0
        while at_x < len(row):
            run = 0
            while at_x + run < len(row) and row[at_x + run]:
                run += 1
            if run:  # a hair wider, or viewers draw seams between squares
                pdf.rect(x + at_x * side, y + at_y * side, run * side, side + 0.02, style="F")
            at_x += max(run, 1)
