"""Makes the pictures of docs/technician.md: `.venv/bin/python docs/images/make_technician.py`.

Starts the demo village, provisions its blank board with kentongan-tool, prints its label, and carries it from
place to place for a survey, all with the real programs. Needs the apt package poppler-utils.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from kentongan_sim.demo import plan
from kentongan_sim.demo.run import Demo, choose_engine

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
DOTS_PER_INCH = 90
LINE_PX, CHAR_PX, PAD_PX, WRAP = 20, 8.1, 18, 108
SPOTS = (  # place, x and y in metres, what; the last ones lie outside the demo's plan
    ("Balai RT", plan.GATEWAY.x_m, plan.GATEWAY.y_m, "gateway"),
    ("Pos barat", 6, 25, "pos"),
    ("Pos timur", 144, 70, "pos"),
    ("Penerus", 75, 8, "penerus"),
    ("Gang Mawar", 37, 62, ""),
    ("Gang Melati", 105, 95, ""),
    ("Warung", 190, 15, ""),
    ("Kebun", 230, 115, ""),
    ("Rumah 41", 270, 45, ""),
    ("Ujung gang", 330, 110, ""),
    ("Tepi sawah", 390, 30, ""),
)


class Terminal:
    """Terminal with the commands typed and their output, with the demo's folder written short."""

    def __init__(self, data, hub_url):
        self.lines = []
        self._short = ((str(data), "demo"), (hub_url, "http://127.0.0.1:8080"), (f"{BIN}/", ""))

    def typed(self, command):
        self.lines += wrapped("$ " + self._shorten(command), "    ")

    def said(self, text):
        for line in self._shorten(text).splitlines():
            self.lines += wrapped(line, "    ")

    def _shorten(self, text):
        for long, short in self._short:
            text = text.replace(long, short)
        return text

    def svg(self):
        height = PAD_PX * 2 + len(self.lines) * LINE_PX
        width = PAD_PX * 2 + WRAP * CHAR_PX
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">',
            f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#15211c"/>',
            '<g font-family="DejaVu Sans Mono, monospace" font-size="13.4" fill="#d9e8dd" '
            'xml:space="preserve">',
        ]
        for number, line in enumerate(self.lines):
            colour = ' fill="#ffd479"' if line.startswith("$") else ""
            y = PAD_PX + (number + 0.75) * LINE_PX
            out.append(f'<text x="{PAD_PX}" y="{y:.0f}"{colour}>{escape(line)}</text>')
        return "\n".join([*out, "</g></svg>", ""])


def wrapped(line, indent):
    out = []
    while len(line) > WRAP:
        cut = line.rfind(" ", len(indent) + 1, WRAP)
        out.append(line[:cut])
        line = indent + line[cut + 1 :]
    return [*out, line]


def run(demo, command, home):
    """Run a command as a technician does: carry the board where a survey asks, press RESET when told to."""
    spots = {name: (x_m, y_m) for name, x_m, y_m, _ in SPOTS}
    world, board = demo.village.world, plan.BENCH.label
    words = shlex.split(command)
    tool = subprocess.Popen(
        [BIN / words[0], *words[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=home,
        bufsize=1,
    )
    said, asked = "", ""
    while char := tool.stdout.read(1):
        said, asked = said + char, asked + char
        if asked.endswith("Enter: "):
            name = asked.rpartition("Berdiri di ")[2].partition(",")[0]
            demo.village.live.ask(world.move, board, *spots[name])
            tool.stdin.write("\n")
            said, asked = said + "\n", ""
        elif asked.endswith("tekan RESET pada papan\n"):
            demo.village.live.ask(world.nodes[board].reset)
            asked = ""
    if tool.wait(60):
        raise SystemExit(said)
    return said


def pictures(demo, folder):
    home = {**os.environ, "XDG_STATE_HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    terminal = Terminal(demo.data, demo.hub_url)

    def show(command):
        terminal.typed(command)
        terminal.said(run(demo, command, home))

    show(f"{demo.bench.command(demo.hub_url)} --label-out {folder / 'label.pdf'}")
    hub = f"--hub {demo.hub_url} --token-file {demo.bench.token}"
    show(f"kentongan-tool test --port {demo.bench.port} {hub}")
    text = terminal.svg().replace(str(folder), "demo")
    (HERE / "technician-provision.svg").write_text(text, encoding="utf-8")
    run(demo, f"kentongan-tool label {hub} --out {folder / 'lembar.pdf'}", home)
    target = HERE / "technician-label"
    subprocess.run(
        [
            "pdftoppm",
            "-r",
            str(DOTS_PER_INCH),
            "-png",
            "-singlefile",
            "-f",
            "1",
            "-l",
            "1",
            folder / "lembar.pdf",
            target,
        ],
        check=True,
    )
    rows = [",".join(map(str, spot)) for spot in SPOTS]
    (folder / "tempat.csv").write_text("\n".join(["place,x_m,y_m,what", *rows, ""]), encoding="utf-8")
    survey = f"--places {folder / 'tempat.csv'} --out {folder / 'survei.csv'} --wait 20"
    print(run(demo, f"kentongan-tool survey --port {demo.bench.port} {hub} {survey}", home))
    (HERE / "technician-survey.svg").write_bytes((folder / "survei.svg").read_bytes())


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        with Demo(folder / "data", choose_engine("cpython")) as demo:
            demo.start()
            pictures(demo, folder)


if __name__ == "__main__":
    main()
