"""STL and STEP of each part, and its drawing: seen from four sides, lines only, with the size in words."""

import re
from pathlib import Path
from tempfile import NamedTemporaryFile

from build123d import ExportSVG, export_step, export_stl

from kentongan_hw import HARDWARE, put
from kentongan_hw.enclosure import dimensions, parameters, shape

SCALE = 1.6
VIEWS = (("depan", (300, -400, 350)), ("belakang", (300, -400, -350)))


def write(node, folder) -> list:
    """Write all files of one node; the paths written. Solids go to `folder`, drawings beside their source."""
    box = parameters.load(node)
    made = []
    for name, part in (("kotak", shape.shell(box)), ("tutup", shape.lid(box))):
        for ending, export in (("stl", export_stl), ("step", export_step)):
            made.append(folder / f"{node}-{name}.{ending}")
            export(part, str(made[-1]))
        for view, eye in VIEWS:
            made.append(put(drawing_path(node, name, view), drawing(box, name, view, part, eye)))
    for name, text in dimensions.sheets(box).items():
        made.append(put(HARDWARE / node / "files" / name, text))
    return made


def drawing_path(node, name, view):
    return HARDWARE / node / "files" / f"{name}-{view}.svg"


def drawing(box, name, view, part, eye) -> str:
    """One view as SVG, with title, outer size, revision and who built it."""
    visible, _ = part.project_to_viewport(eye, (0, 1, 0))
    sheet = ExportSVG(scale=SCALE, margin=12)
    sheet.add_layer("lines", line_weight=0.35)
    sheet.add_shape(visible, layer="lines")
    with NamedTemporaryFile(suffix=".svg") as file:
        sheet.write(file.name)
        text = tidy(Path(file.name).read_text(encoding="utf-8"))
    size = " x ".join(dimensions.number(mm) for mm in parameters.outer(box))
    words = (
        f"{box.title}, {name}, dilihat dari {view}. Ukuran luar {size} mm. "
        f"Rev {box.revision}, dirakit oleh / built by: {box.built_by}"
    )
    return titled(text, words)


def tidy(text) -> str:
    """Coordinates with two decimals: small files that are the same on every machine."""
    return re.sub(r"-?\d+\.\d{3,}(e-?\d+)?", lambda found: f"{float(found.group()):.2f}", text)


def titled(text, words) -> str:
    """Return the drawing with a line of words above it, on white."""
    left, top, width, height = map(float, re.search(r'viewBox="([^"]+)"', text).group(1).split())
    head = 9
    window = f'viewBox="{left:g} {top - head:g} {width:g} {height + head:g}"'
    text = re.sub(r'viewBox="[^"]+"', window, text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]+" height="[^"]+"', r"\1", text, count=1)
    size = min(4.2, width / (0.55 * len(words)))
    paper = (
        f'<rect x="{left:g}" y="{top - head:g}" width="{width:g}" height="{height + head:g}" '
        'fill="#fff"/>'
        f'<text x="{left + 2:g}" y="{top - head + 6:g}" font-family="sans-serif" font-size="{size:.2f}" '
        f'fill="#222">{words}</text>'
    )
    start = re.search(r"<svg[^>]*>", text).end()
    return text[:start] + paper + text[start:]
