"""Line charts and bars as self-contained SVG, black on white."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

WIDTH, AXES_PX = 820, 300  # of the picture; of the height between the axes
LEFT, RIGHT, TOP = 70, 24, 44
FOOT_PX, LEGEND_PX = 62, 20  # below the axes: ticks and label; each row of the legend
BASE = TOP + AXES_PX
NINES = 4.5  # decimal places of certainty that the axis has room for
ROW_PX, BAR_PX, NAME_PX = 26, 16, 250  # of the bar chart
CHAR_PX = 6.6  # an average letter at 12 px
# Okabe and Ito's colours, told apart by most people who see fewer colours.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
STYLE = """text{font:12px sans-serif;fill:#222}text.title{font-size:15px;font-weight:bold}
text.tick{font-size:11px}"""

# points: [(x, y)]; steps: draw a staircase. colour: index; dashed for the baseline.

Point = tuple[float, float]


class Series(NamedTuple):
    """One curve."""

    name: str
    points: list[Point]
    colour: int
    dashed: bool
    steps: bool


# scale "linear", "log", or "nines" for shares in percent: each further nine takes as much room as the one
# before. ticks: [(value, text)]


class Axis(NamedTuple):
    """One axis of a chart."""

    label: str
    low: float
    high: float
    scale: str
    ticks: list[tuple[float, str]]


def log_time_axis(label: str) -> Axis:
    times_s = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 100, 300)
    return Axis(label, 50, 300_000, "log", [(50, "50 ms"), *((1000 * s, f"{s:g} s") for s in times_s)])


def nines_axis(label: str) -> Axis:
    ticks = [(value, f"{value:g} %") for value in (0, 50, 90, 99, 99.9, 99.99)]
    return Axis(label, 0, 100, "nines", [*ticks, (100, "all")])


def number_axis(label: str, high: float) -> Axis:
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
    step = next((s for s in steps if high / s <= 8), steps[-1])
    top = step * max(1, math.ceil(high / step))
    return Axis(label, 0, top, "linear", [(v, f"{v:,}") for v in range(0, top + 1, step)])


def cdf(name: str, values_ms: Sequence[float], colour: int = 0, dashed: bool = False) -> Series:
    """Make the share of all values that came within x; one that never came keeps the curve below all."""
    ordered = sorted(values_ms)
    points: list[Point] = [(0, 0)]
    last: float | None = None
    for at, value in enumerate(ordered, 1):
        if not math.isinf(value):
            if value == last:
                points.pop()
            points.append((value, 100 * at / len(ordered)))
            last = value
    return Series(name, thin(points), colour, dashed, True)


def thin(points: list[Point]) -> list[Point]:
    """Keep 400 points, no more than can be seen; first and last stay."""
    step = math.ceil(len(points) / 400)
    return points if step < 2 else [*points[:-1:step], points[-1]]


def chart(
    title: str, series: Sequence[Series], x_axis: Axis, y_axis: Axis, marks: Sequence[tuple[float, str]] = ()
) -> str:
    """Return the SVG of a line chart. marks: [(x, text)] vertical lines, such as a target."""
    out = [text(WIDTH / 2, 22, title, "title", "middle")]
    for value, words in x_axis.ticks:
        x = place(x_axis, value, LEFT, WIDTH - RIGHT)
        out += [line(x, TOP, x, BASE, "#ddd"), text(x, BASE + 16, words, "tick", "middle")]
    for value, words in y_axis.ticks:
        y = place(y_axis, value, BASE, TOP)
        out += [line(LEFT, y, WIDTH - RIGHT, y, "#ddd"), text(LEFT - 6, y + 4, words, "tick", "end")]
    out.append(text((LEFT + WIDTH - RIGHT) / 2, BASE + 36, x_axis.label, "", "middle"))
    middle = TOP + AXES_PX / 2
    out.append(
        f'<g transform="rotate(-90 16 {middle:g})">{text(16, middle + 4, y_axis.label, "", "middle")}</g>'
    )
    for value, words in marks:
        x = place(x_axis, value, LEFT, WIDTH - RIGHT)
        out += [line(x, TOP, x, BASE, "#c00", "2 3"), text(x + 4, BASE - 6, words, "tick")]
    for one in series:
        out.append(curve(one, x_axis, y_axis))
    below, height = legend(series)
    return svg(WIDTH, height, out + below)


def curve(one: Series, x_axis: Axis, y_axis: Axis) -> str:
    spots = [(place(x_axis, x, LEFT, WIDTH - RIGHT), place(y_axis, y, BASE, TOP)) for x, y in one.points]
    if not spots:
        return ""
    path = f"M{spots[0][0]:.1f} {spots[0][1]:.1f}"
    for x, y in spots[1:]:
        path += f"H{x:.1f}V{y:.1f}" if one.steps else f"L{x:.1f} {y:.1f}"
    if one.steps:
        path += f"H{WIDTH - RIGHT}"
    colour = COLOURS[one.colour % len(COLOURS)]
    dash = ' stroke-dasharray="7 4"' if one.dashed else ""
    circles = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in spots]
    dots = "" if one.steps else "".join(circles)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>{dots}'


def legend(series: Sequence[Series]) -> tuple[list[str], float]:
    """Draw the names in rows below the axes; returns (parts, height of a picture with room for them)."""
    out, x, y = list[str](), float(LEFT), BASE + FOOT_PX
    for one in series:
        width = 40 + CHAR_PX * len(one.name)
        if x + width > WIDTH - RIGHT:
            x, y = LEFT, y + LEGEND_PX
        colour = COLOURS[one.colour % len(COLOURS)]
        out += [
            line(x, y - 4, x + 24, y - 4, colour, "7 4" if one.dashed else "", 2),
            text(x + 30, y, one.name),
        ]
        x += width + 12
    return out, y + LEGEND_PX


def bars(title: str, rows: Sequence[tuple[Any, ...]], limit: tuple[float, str], unit: str) -> str:
    """Draw horizontal bars. rows: [(name, most, mean)], mean a dark tick; limit: (value, text) of a line."""
    top, width = 52, WIDTH
    height = top + ROW_PX * len(rows) + 54
    high = max([limit[0] * 1.1, *[most for _, most, _ in rows]])
    axis = number_axis(unit, high)
    bottom = top + ROW_PX * len(rows)
    out = [text(width / 2, 22, title, "title", "middle")]
    for value, words in axis.ticks:
        x = place(axis, value, NAME_PX, width - 40)
        out += [line(x, top, x, bottom, "#ddd"), text(x, bottom + 16, words, "tick", "middle")]
    for i, (name, most, mean) in enumerate(rows):
        y = top + ROW_PX * i + (ROW_PX - BAR_PX) / 2
        end, at = place(axis, most, NAME_PX, width - 40), place(axis, mean, NAME_PX, width - 40)
        out += [
            text(NAME_PX - 8, y + 13, name, "", "end"),
            f'<rect x="{NAME_PX}" y="{y:g}" width="{end - NAME_PX:.1f}" height="{BAR_PX}" fill="#56b4e9"/>',
            line(at, y - 2, at, y + BAR_PX + 2, "#222", "", 2),
            text(end + 4, y + 13, f"{most:.1f}", "tick"),
        ]
    x = place(axis, limit[0], NAME_PX, width - 40)
    out += [
        line(x, top - 6, x, bottom, "#c00", "", 2),
        text(x, top - 10, limit[1], "tick", "middle"),
        text((NAME_PX + width - 40) / 2, bottom + 38, unit, "", "middle"),
    ]
    return svg(width, height, out)


def place(axis: Axis, value: float, start: float, end: float) -> float:
    """Pixel of a value; values outside lie on the edge."""
    value = min(max(value, axis.low), axis.high)
    if axis.scale == "log":
        part = math.log(value / axis.low) / math.log(axis.high / axis.low)
    elif axis.scale == "nines":
        part = min(1.0, -math.log10(max(1e-9, 1 - value / 100)) / NINES)
    else:
        part = (value - axis.low) / (axis.high - axis.low)
    return round(start + part * (end - start), 1)


def line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "", width: float = 1) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" '
        f'stroke-width="{width}"{dashed}/>'
    )


def text(x: float, y: float, words: object, css: str = "", anchor: str = "start") -> str:
    return f'<text class="{css}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(str(words))}</text>'


def svg(width: float, height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><style>{STYLE}</style>\n'
        '<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
