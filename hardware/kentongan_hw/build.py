"""From a circuit to the files a builder takes: drawing, board, gerbers, parts list, pictures; ERC and DRC.

Nothing depends on the user's KiCad settings: library tables and configuration are made beside the files.
"""

import csv
import hashlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

from kentongan_hw import BUILD, HARDWARE
from kentongan_hw.drawing import schematic
from kentongan_hw.parts.circuit import catalogue

SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's KiCad installs pcbnew for this one only
SYMBOLS, FOOTPRINTS = "/usr/share/kicad/symbols", "/usr/share/kicad/footprints"
SOURCES = (".kicad_sch", ".kicad_pcb", ".kicad_pro")
LAYERS = "F.Cu,B.Cu,F.Mask,B.Mask,F.Paste,F.SilkS,Edge.Cuts"
ZIP_DATE = (2026, 1, 1, 0, 0, 0)


class CheckError(RuntimeError):
    """A KiCad command that failed; the text is what it printed."""


def circuit_of(node):
    return importlib.import_module(f"kentongan_hw.{node}").build()


def kicad(folder, *args):
    """Run kicad-cli in folder with settings of its own; what it said. CheckError but for exit 0 or 5."""
    env = {**os.environ, "KICAD_CONFIG_HOME": str(BUILD / "kicad-config"), "PYTHONHASHSEED": "0"}
    done = subprocess.run(["kicad-cli", *map(str, args)], cwd=folder, env=env, capture_output=True, text=True)
    if done.returncode not in (0, 5):
        raise CheckError(f"kicad-cli {' '.join(map(str, args))}\n{done.stdout}{done.stderr}")
    return done.stdout


def tables(folder):
    """Library tables that name what our files use."""
    rows = {
        "sym": [("kentongan", HARDWARE / "lib/kentongan.kicad_sym")],
        "fp": [("kentongan", HARDWARE / "lib/kentongan.pretty")],
    }
    used = {"sym": {"power"}, "fp": {"MountingHole"}}
    for row in catalogue().values():
        used["sym"].add(row["symbol"].split(":")[0])
        used["fp"].add(row["footprint"].split(":")[0])
    for name in sorted(used["sym"] - {"kentongan"}):
        rows["sym"].append((name, f"{SYMBOLS}/{name}.kicad_sym"))
    for name in sorted(used["fp"] - {"kentongan"}):
        rows["fp"].append((name, f"{FOOTPRINTS}/{name}.pretty"))
    for kind, found in rows.items():
        lines = [f'(lib (name "{n}")(type "KiCad")(uri "{uri}")(options "")(descr ""))' for n, uri in found]
        text = f"({kind}_lib_table (version 7)\n" + "\n".join(lines) + "\n)\n"
        (folder / f"{kind}-lib-table").write_text(text, encoding="utf-8")


def sources(node):
    """Writes drawing, netlist and board into build/hardware/<node>; the folder."""
    folder = BUILD / node
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (BUILD / "kicad-config").mkdir(exist_ok=True)
    tables(folder)
    (folder / f"{node}.kicad_sch").write_text(schematic.draw(circuit_of(node)), encoding="utf-8")
    kicad(folder, "sch", "export", "netlist", "-o", f"{node}.net", f"{node}.kicad_sch")
    env = {
        **os.environ,
        "PYTHONPATH": str(HARDWARE),
        "PYTHONHASHSEED": "0",
        "KICAD_CONFIG_HOME": str(BUILD / "kicad-config"),
    }
    done = subprocess.run(
        [SYSTEM_PYTHON, "-m", "kentongan_hw", "board", node], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise CheckError(f"board of {node}:\n{done.stdout}{done.stderr}")
    (folder / "silk.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def board(node):
    """Do the step that needs pcbnew: build/hardware/<node>/<node>.kicad_pcb from the netlist there."""
    from kentongan_hw.boards import board as maker

    layout = importlib.import_module(f"kentongan_hw.{node}_layout")
    hidden = maker.make(circuit_of(node), layout, BUILD / node / f"{node}.net", BUILD / node)
    print("no room on the silk for:", " ".join(hidden) or "none")


def erc(folder, node):
    """Return the findings of the drawing's electrical check, at every severity."""
    kicad(folder, "sch", "erc", "--severity-all", "--format", "json", "-o", "erc.json", f"{node}.kicad_sch")
    report = json.loads((folder / "erc.json").read_text(encoding="utf-8"))
    return [v for sheet in report["sheets"] for v in sheet["violations"]]


def violations(folder, node):
    """[(check, severity, type, what)] of ERC, DRC and parity at every severity."""
    found = []
    kicad(
        folder,
        "pcb",
        "drc",
        "--severity-all",
        "--schematic-parity",
        "--format",
        "json",
        "-o",
        "drc.json",
        f"{node}.kicad_pcb",
    )
    drc = json.loads((folder / "drc.json").read_text(encoding="utf-8"))
    groups = [("erc", v) for v in erc(folder, node)]
    for key in ("violations", "unconnected_items", "schematic_parity"):
        groups += [(key, v) for v in drc[key]]
    for check, v in groups:
        items = "; ".join(item["description"] for item in v["items"])
        found.append((check, v["severity"], v["type"], f"{v['description']}: {items}"))
    return found


def table_text(header, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def bom(circuit):
    """Return the parts list as CSV: one row a kind and value."""
    groups = {}
    for part in circuit.parts():
        groups.setdefault((part.kind, part.value, part.variant), []).append(part)
    rows = []
    for (kind, value, variant), parts in groups.items():
        row = catalogue()[kind]
        low, high = row["price_idr"]
        rows.append(
            [
                len(parts),
                value,
                row["what"],
                " ".join(p.ref for p in parts),
                row["typical"],
                row["alternates"],
                f"{low}-{high}",
                variant or "semua",
                row["footprint"].split(":")[1],
            ]
        )
    header = [
        "jumlah",
        "nilai",
        "komponen",
        "di papan",
        "contoh",
        "pengganti",
        "harga satuan Rp (perkiraan)",
        "varian",
        "footprint",
    ]
    return table_text(header, rows)


def digest(folder, node):
    """Names and hashes of the sources that the pictures and gerbers were made from."""
    return "".join(
        f"{hashlib.sha256((folder / (node + ending)).read_bytes()).hexdigest()}  {node}{ending}\n"
        for ending in SOURCES
    )


def gerbers(folder, node):
    out = folder / "gerber"
    out.mkdir(exist_ok=True)
    kicad(folder, "pcb", "export", "gerbers", "--layers", LAYERS, "-o", f"{out}/", f"{node}.kicad_pcb")
    kicad(folder, "pcb", "export", "drill", "-o", f"{out}/", f"{node}.kicad_pcb")
    with zipfile.ZipFile(folder / f"{node}-gerber.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(out.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name, ZIP_DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)


def places(folder, node):
    """Write the pick list: where each part lies."""
    kicad(
        folder,
        "pcb",
        "export",
        "pos",
        "--format",
        "csv",
        "--units",
        "mm",
        "-o",
        f"{node}-letak.csv",
        f"{node}.kicad_pcb",
    )


def picture(folder, file, name, size, *how):
    kicad(folder, "pcb", "render", "-w", size[0], "--height", size[1], *how, "-o", name, file)


def view(folder, node):
    """Draw the board with its parts, from the front and above."""
    zoom = importlib.import_module(f"kentongan_hw.{node}_layout").ZOOM_3D
    picture(
        folder,
        f"{node}-3d.kicad_pcb",
        f"{node}-3d.png",
        (1200, 900),
        "--perspective",
        "--rotate",
        "-45,0,15",
        "--zoom",
        zoom,
    )


def products(folder, node):
    """Make every product of the sources, into folder."""
    file = f"{node}.kicad_pcb"
    kicad(folder, "sch", "export", "pdf", "-o", f"{node}-skema.pdf", f"{node}.kicad_sch")
    gerbers(folder, node)
    places(folder, node)
    *size, zoom = importlib.import_module(f"kentongan_hw.{node}_layout").PICTURE
    for side in ("top", "bottom"):
        picture(folder, file, f"{node}-{side}.png", size, "--side", side, "--zoom", zoom)
    dressed = f"{node}-3d.kicad_pcb"
    view(folder, node)
    kicad(folder, "pcb", "export", "step", "--force", "-o", f"{node}.step", dressed)
    (folder / f"{node}-bom.csv").write_text(bom(circuit_of(node)), encoding="utf-8")
    (folder / f"{node}-dari.sha256").write_text(digest(folder, node), encoding="utf-8")


def files(node):
    """Makes all of a node and puts the small things beside its source, in hardware/<node>/files."""
    folder = sources(node)
    found = violations(folder, node)
    if found:
        for row in found:
            print(*row, file=sys.stderr)
        raise CheckError(f"{node}: {len(found)} violations; nothing was copied")
    products(folder, node)
    target = HARDWARE / node / "files"
    target.mkdir(exist_ok=True)
    for ending in (
        *SOURCES,
        "-skema.pdf",
        "-gerber.zip",
        "-letak.csv",
        "-top.png",
        "-bottom.png",
        "-3d.png",
        "-badan.csv",
        "-bom.csv",
        "-dari.sha256",
    ):
        shutil.copy(folder / f"{node}{ending}", target / f"{node}{ending}")
