"""Survey of a site: walk with a button on a cable, one test alarm a place, a table and a plan.

The figures are those of the last hop to the gateway, as the hub logged them. Margin is the SNR above what the
preset's spreading factor still decodes (SX1262 data sheet, table 6-1: -7.5 dB at SF7, 2.5 dB less a step).
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from kentongan_wire.air import phy

from kentongan_tool.base import lists
from kentongan_tool.base.answers import Alarm
from kentongan_tool.base.failures import ToolError

SF7_FLOOR_DB, STEP_DB = -7.5, 2.5
GOOD_DB, FAIR_DB = 12, 6  # margins: shadowing of one link varies by about 8 dB
PLACES_MAX = 500
KINDS = ("tempat", "gateway", "pos", "penerus")
COLUMNS = ("place", "x_m", "y_m", "what")
RESULT = ("place", "gateway", "rssi", "snr", "hops", "margin", "class")


class Place(NamedTuple):
    name: str
    x_m: float
    y_m: float
    what: str


Cell = float | str | None  # of a table: a number, or "" for none


class Heard(NamedTuple):
    place: str
    gateway: str
    rssi: Cell
    snr: Cell
    hops: Cell
    margin: Cell
    grade: str


Results = dict[str, Heard]  # by the name of the place

# grade: Indonesian, English, colour, shape; never told by colour alone
GRADES = {
    "kuat": ("sinyal kuat", "strong", "#1b7f4b", "circle"),
    "cukup": ("sinyal cukup", "fair", "#c98a00", "square"),
    "lemah": ("sinyal lemah", "weak", "#c4452a", "triangle"),
    "diam": ("tidak terdengar", "not heard", "#444444", "cross"),
}


def floor_db(preset: str) -> float:
    return SF7_FLOOR_DB - STEP_DB * (phy.preset(preset).sf - 7)


def grade(alarm: Alarm | None, preset: str) -> tuple[float | None, str]:
    """(margin in dB or None, key of GRADES) of the hub's row of an alarm, or of None."""
    snr_q = None if alarm is None else alarm.get("snr_q")
    if snr_q is None:
        return None, "diam"
    margin = snr_q / 4 - floor_db(preset)
    return margin, "kuat" if margin >= GOOD_DB else "cukup" if margin >= FAIR_DB else "lemah"


def heard_at(place: str, alarm: Alarm | None, preset: str) -> Heard:
    margin, name = grade(alarm, preset)
    if alarm is None:
        return Heard(place, "", "", "", "", "", name)
    snr_q = alarm.get("snr_q")
    return Heard(
        place,
        alarm["gateway"],
        alarm.get("rssi", ""),
        "" if snr_q is None else snr_q / 4,
        alarm.get("hops", ""),
        "" if margin is None else margin,
        name,
    )


def read_places(path: Path) -> list[Place]:
    """[Place] of a list with columns place, x_m, y_m and, where wanted, what."""
    rows = lists.read(path, COLUMNS, COLUMNS[:3])
    if not 1 <= len(rows) <= PLACES_MAX:
        raise ToolError("list", f"{path}: {len(rows)} places; give 1..{PLACES_MAX}")
    out: list[Place] = []
    for line, row in rows:
        what = (row.get("what") or KINDS[0]).lower()
        try:
            place = Place(row["place"], lists.decimal(row["x_m"]), lists.decimal(row["y_m"]), what)
        except ValueError as error:
            raise ToolError("list", f"{path}:{line}: {error}: give a place and two numbers of metres")
        if what not in KINDS or not place.name or place.name in [one.name for one in out]:
            raise ToolError("list", f"{path}:{line}: a place of its own name, what: {', '.join(KINDS)}")
        out.append(place)
    return out


def read_results(path: Path) -> Results:
    """{place: Heard} of an earlier walk; nothing when there is no such file."""
    if not Path(path).exists():
        return {}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        if tuple(head) != RESULT or any(len(row) != len(RESULT) or row[6] not in GRADES for row in rows):
            raise ValueError(path)
        cells = [[lists.decimal(cell) if cell else "" for cell in row[2:6]] for row in rows]
    except (ValueError, csv.Error):  # UnicodeError is a ValueError, and so is a file without a line
        raise ToolError("list", f"{path}: is no result of a survey; choose another --out")
    return {
        row[0]: Heard(row[0], row[1], rssi, snr, hops, margin, row[6])
        for row, (rssi, snr, hops, margin) in zip(rows, cells, strict=True)
    }


def write_results(path: Path, results: Results) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([RESULT, *results.values()])


WIDTH, MARGIN, HEAD, FOOT = 900, 60, 70, 120


def plan(places: list[Place], results: Results, title: str, preset: str) -> str:
    """Return the plan as SVG text: every place with its grade by shape, colour and word."""
    xs, ys = [p.x_m for p in places], [p.y_m for p in places]
    span_m = max(max(xs) - min(xs), max(ys) - min(ys), 10)
    scale = (WIDTH - 2 * MARGIN) / span_m
    height = HEAD + MARGIN + (max(ys) - min(ys)) * scale + MARGIN + FOOT
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'font-family="DejaVu Sans, Arial, sans-serif">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#faf8f2"/>',
        f'<text x="{MARGIN}" y="38" font-size="22" font-weight="bold">{escape(title)}</text>',
        f'<text x="{MARGIN}" y="60" font-size="13" fill="#555">Angka: jarak ke batas baca, dB ({preset}). '
        "Numbers: margin, dB.</text>",
    ]
    for place in places:
        x = MARGIN + (place.x_m - min(xs)) * scale
        y = HEAD + MARGIN + (place.y_m - min(ys)) * scale
        out += _spot(place, results.get(place.name), x, y)
    out += _legend(height, span_m, scale, results)
    return "\n".join([*out, "</svg>", ""])


def _spot(place: Place, heard: Heard | None, x: float, y: float) -> Iterator[str]:
    name = escape(place.name)
    if place.what != KINDS[0]:
        yield (
            f'<rect x="{x - 13:.0f}" y="{y - 13:.0f}" width="26" height="26" rx="4" fill="#1f3a5f"/>'
            f'<text x="{x:.0f}" y="{y + 5:.0f}" font-size="13" fill="#fff" text-anchor="middle" '
            f'font-weight="bold">{place.what[0].upper()}</text>'
        )
        yield f'<text x="{x:.0f}" y="{y + 29:.0f}" font-size="12" text-anchor="middle">{name}</text>'
        return
    colour = "#999"
    if heard:
        _, _, colour, shape = GRADES[heard.grade]
        yield mark(shape, x, y, colour)
    else:
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="9" fill="none" stroke="#999" stroke-dasharray="3 3"/>'
    value = f"{heard.margin:.0f}" if heard and heard.margin != "" else ""
    hops = f" ({heard.hops:.0f} hop)" if heard and heard.hops else ""
    yield (
        f'<text x="{x:.0f}" y="{y + 25:.0f}" font-size="12" text-anchor="middle">{name}'
        f'<tspan dx="5" font-weight="bold" fill="{colour}">{value}{hops}</tspan></text>'
    )


def mark(shape: str, x: float, y: float, colour: str) -> str:
    if shape == "circle":
        return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="10" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - 9:.0f}" y="{y - 9:.0f}" width="18" height="18" fill="{colour}"/>'
    if shape == "triangle":
        return f'<path d="M{x:.0f} {y - 11:.0f}l11 20h-22z" fill="{colour}"/>'
    return (
        f'<path d="M{x - 8:.0f} {y - 8:.0f}l16 16m0-16l-16 16" stroke="{colour}" stroke-width="4" '
        'fill="none"/>'
    )


def _legend(height: float, span_m: float, scale: float, results: Results) -> Iterator[str]:
    top = height - FOOT + 30
    for number, (key, (words, english, colour, shape)) in enumerate(GRADES.items()):
        x = MARGIN + 10 + number * 190
        count = sum(heard.grade == key for heard in results.values())
        yield mark(shape, x, top, colour)
        yield f'<text x="{x + 18}" y="{top + 1:.0f}" font-size="13">{words}: {count}</text>'
        yield f'<text x="{x + 18}" y="{top + 17:.0f}" font-size="11" fill="#666">{english}</text>'
    length_m = next(step for step in (100, 50, 20, 10, 5, 2) if step <= span_m / 3 or step == 2)
    y = top + 58
    yield (
        f'<path d="M{MARGIN} {y:.0f}h{length_m * scale:.0f}m0-5v10m-{length_m * scale:.0f} 0v-10" '
        'stroke="#333" stroke-width="2" fill="none"/>'
    )
    yield f'<text x="{MARGIN + 6}" y="{y - 7:.0f}" font-size="12">{length_m} m</text>'
    yield (
        f'<text x="{WIDTH - MARGIN}" y="{y:.0f}" font-size="12" fill="#555" text-anchor="end">'
        "G gateway, P pos atau penerus</text>"
    )
