"""The air diagram: one lane a device, each frame where it was on the air, what was lost, what people noticed.

A self-contained SVG; `draw` works on events and positions only.
"""

from collections.abc import Mapping, Sequence
from html import escape

from kentongan_sim.physics.shapes import Detail, Event, Us
from kentongan_sim.world.history import Position
from kentongan_sim.world.world import World

PX_PER_S = 110
LANE_PX, FRAME_PX = 27, 13
LEFT_PX, TOP_PX, RIGHT_PX, BOTTOM_PX = 120, 84, 24, 40
BEFORE_US, AFTER_US = 700_000, 12_000_000  # shown around the first and the last press
SPAN_MAX_US = 60_000_000
WORDS_US = 800_000  # words of a state that lasts shorter would lie over the next ones
RED, BLUE, GREEN, ORANGE, PURPLE = "#c62828", "#1565c0", "#2e7d32", "#ffcc80", "#6a1b9a"
# type: (colour, letter, name)
KINDS = {
    "ALARM": (RED, "A", "alarm"),
    "RECEIPTS": (GREEN, "R", "receipts"),
    "SIREN_REPORT": ("#ef6c00", "L", "siren report"),
    "SIREN_ORDER": (PURPLE, "O", "siren order"),
    "PAGE": ("#00838f", "P", "page"),
    "EVENT": ("#5d4037", "E", "event"),
    "CONFIG": ("#455a64", "C", "config"),
    "STATUS": ("#90a4ae", "s", "status"),
}
OTHER = ("#9e9e9e", "?", "other")
ROLE_ORDER = ("sirene", "gateway", "modem", "penerus", "penerima", "tombol")
LOST = ("collision", "captured", "occupied")
SHOWN = {
    "sending": "sending",
    "sounding": "a siren sounds",
    "stored": "the post has it",
    "coming": "somebody is coming",
    "nobody": "nobody hears",
    "closed": "closed",
    "cancelled": "cancelled",
}
STYLE = """text{font:11px sans-serif;fill:#222}text.small{font-size:9px;fill:#444}
text.letter{font-size:9px;fill:#fff;text-anchor:middle}text.title{font-size:15px;font-weight:bold}
.axis{stroke:#ddd}.lane{stroke:#eee}"""
KEY = f'<path d="M%s %sh10l-5 9z" fill="{BLUE}">%s</path>'
CROSS = '<path d="M%s %sl6 6m0 -6l-6 6" stroke="#d50000" stroke-width="1.6">%s</path>'
DOT = f'<circle cx="%s" cy="%s" r="4" fill="{GREEN}">%s</circle>'


def write_plot(world: World, path: str) -> None:
    title = (
        f"{world.scene.name}, seed {world.seed}, {world.scene.preset}, {100 * world.air.loss:g} % extra loss"
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(draw(world.trace.events, world.positions(), [p[0] for p in world.pressed], title))


def draw(
    events: Sequence[Event], positions: Mapping[str, Position], presses: Sequence[Us], title: str
) -> str:
    return Diagram(events, positions, window(events, presses)).svg(title)


def window(events: Sequence[Event], presses: Sequence[Us]) -> tuple[Us, Us]:
    """Choose (from, to) in us: around the presses, or the first seconds when there was none."""
    if not presses:
        return 0, min(SPAN_MAX_US, events[-1][0] + 1 if events else 1)
    start_us = max(0, min(presses) - BEFORE_US)
    return start_us, min(start_us + SPAN_MAX_US, max(presses) + AFTER_US)


def tip(text: str) -> str:
    return f"<title>{escape(text)}</title>"


Sound = tuple[Us, Us, str, str]  # (start, end, label, pattern)


class Diagram:
    """Lanes of the devices that act within `span`, (from, to) in us."""

    def __init__(self, events: Sequence[Event], positions: Mapping[str, Position], span: tuple[Us, Us]):
        self.start_us, self.end_us = span
        self.positions = positions
        self.events = [event for event in events if self.start_us <= event[0] <= self.end_us]
        self.sounds = self._sounds(events)
        self.lanes = self._lanes()
        self.bottom = TOP_PX + LANE_PX * len(self.lanes)
        self.width = LEFT_PX + (self.end_us - self.start_us) * PX_PER_S // 1_000_000 + RIGHT_PX
        self.out: list[str] = []

    def _sounds(self, events: Sequence[Event]) -> list[Sound]:
        """List (start, end, label, pattern) of every siren, cut to the window."""
        out: list[Sound] = []
        open_at: dict[str, tuple[Us, str]] = {}
        for t_us, label, what, detail in events:
            if what == "sound":
                open_at[label] = (t_us, detail["pattern"])
            elif what == "quiet" and label in open_at:
                out.append((open_at[label][0], t_us, label, open_at.pop(label)[1]))
        out += [(start, self.end_us, label, pattern) for label, (start, pattern) in sorted(open_at.items())]
        return [
            (max(start, self.start_us), min(end, self.end_us), label, pattern)
            for start, end, label, pattern in out
            if start < self.end_us and end > self.start_us
        ]

    def _lanes(self) -> dict[str, int]:
        """Number the devices that did anything here, by role, then by name."""
        acts = ("tx", "key", "show", "sound", "store")
        busy = {label for _, label, what, _ in self.events if what in acts}
        busy |= {label for _, _, label, _ in self.sounds}
        order = sorted(busy, key=lambda label: (ROLE_ORDER.index(self.role(label)), label))
        return {label: i for i, label in enumerate(order)}

    def role(self, label: str) -> str:
        place = self.positions.get(label)
        return place["role"] if place and place["role"] in ROLE_ORDER else "modem"

    def at(self, t_us: Us, label: str | None) -> tuple[float, float]:
        """Return (x, y) of the lane's upper edge at that time, in px."""
        x = LEFT_PX + (t_us - self.start_us) * PX_PER_S / 1e6
        return round(x, 1), TOP_PX + LANE_PX * self.lanes.get(label or "", 0)

    def add(self, *parts: str) -> None:
        self.out.extend(parts)

    def text(self, x: float, y: float, words: str, css: str = "small", anchor: str = "start") -> None:
        self.add(f'<text class="{css}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(str(words))}</text>')

    def svg(self, title: str) -> str:
        self._background(title)
        for sound in self.sounds:
            self._siren(*sound)
        for t_us, label, what, detail in self.events:
            draw_one = getattr(self, "_on_" + what, None)
            if draw_one and label in self.lanes:
                draw_one(t_us, label, detail)
        self._legend()
        height = self.bottom + BOTTOM_PX
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height}" '
            f'viewBox="0 0 {self.width} {height}"><style>{STYLE}</style>\n'
            '<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(self.out) + "\n</svg>\n"
        )

    def _background(self, title: str) -> None:
        self.text(12, 22, title, "title")
        for second in range(-(-self.start_us // 1_000_000), self.end_us // 1_000_000 + 1):
            x, _ = self.at(second * 1_000_000, None)
            self.add(f'<line class="axis" x1="{x}" x2="{x}" y1="{TOP_PX}" y2="{self.bottom}"/>')
            self.text(x, self.bottom + 14, f"{second} s", anchor="middle")
        self.text(LEFT_PX, self.bottom + 30, "time since the village was switched on")
        for label, i in self.lanes.items():
            y = TOP_PX + LANE_PX * i
            end = y + LANE_PX
            self.add(f'<line class="lane" x1="8" x2="{self.width - 8}" y1="{end}" y2="{end}"/>')
            self.text(LEFT_PX - 8, y + 16, label, "", "end")

    def _siren(self, start_us: Us, end_us: Us, label: str, pattern: str) -> None:
        x, y = self.at(start_us, label)
        width = max(2, self.at(end_us, label)[0] - x)
        self.add(
            f'<rect x="{x}" y="{y + 1}" width="{width:.1f}" height="{LANE_PX - 2}" fill="{ORANGE}">'
            f"{tip(f'{label} sounds {pattern}')}</rect>"
        )
        self.text(x + 3, y + LANE_PX - 3, f"bunyi: {pattern}")

    def _on_tx(self, t_us: Us, label: str, detail: Detail) -> None:
        x, y = self.at(t_us, label)
        width = max(2.0, detail["airtime_us"] * PX_PER_S / 1e6)
        colour, letter, name = KINDS.get(detail["type"], OTHER)
        place = self.positions.get(label)
        relayed = detail.get("src") != (place["node"] if place else None)
        style = ' stroke="#000" stroke-dasharray="2 1" fill-opacity="0.6"' if relayed else ""
        words = (
            f"{label}: {name} #{detail.get('counter', '?')}{' (relayed)' if relayed else ''}, "
            f"{detail['bytes']} bytes, {detail['airtime_us'] // 1000} ms, at {t_us / 1e6:.3f} s"
        )
        self.add(
            f'<rect x="{x}" y="{y + 3}" width="{width:.1f}" height="{FRAME_PX}" rx="1" fill="{colour}"'
            f"{style}>{tip(words)}</rect>"
        )
        self.text(round(x + width / 2, 1), y + 13, letter, "letter", "middle")

    def _on_miss(self, t_us: Us, label: str, detail: Detail) -> None:
        if detail["why"] in LOST:
            x, y = self.at(t_us, label)
            self.add(CROSS % (x - 3, y + 7, tip(f"{label} lost frame {detail['tx']}: {detail['why']}")))

    def _on_key(self, t_us: Us, label: str, detail: Detail) -> None:
        if detail["down"]:
            x, y = self.at(t_us, label)
            self.add(KEY % (x - 5, y + 4, tip(f"{label}: {detail['key']} pressed at {t_us / 1e6:.3f} s")))

    def _on_show(self, t_us: Us, label: str, detail: Detail) -> None:
        if detail["state"] in SHOWN:
            x, y = self.at(t_us, label)
            words = SHOWN[detail["state"]]
            self.add(
                f'<line x1="{x}" x2="{x}" y1="{y + 2}" y2="{y + LANE_PX - 2}" stroke="{BLUE}">'
                f"{tip(f'{label}: {words}, from {t_us / 1e6:.3f} s')}</line>"
            )
            if not any(
                t_us < later < t_us + WORDS_US and who == label and what == "show"
                for later, who, what, _ in self.events
            ):
                self.text(x + 3, y + LANE_PX - 3, words)

    def _on_store(self, t_us: Us, label: str, detail: Detail) -> None:
        x, y = self.at(t_us, label)
        self.add(DOT % (x, y + 10, tip(f"stored: {detail['type']} at {t_us / 1e6:.3f} s")))

    def _on_answer(self, t_us: Us, label: str, detail: Detail) -> None:
        x, y = self.at(t_us, label)
        self.add(f'<path d="M{x} {y + 3}l6 8l-6 8l-6 -8z" fill="{PURPLE}"/>')
        self.text(x + 8, y + LANE_PX - 3, "“saya datang”")

    def _legend(self) -> None:
        x = 12
        for colour, letter, name in KINDS.values():
            self.add(f'<rect x="{x}" y="34" width="14" height="{FRAME_PX}" fill="{colour}"/>')
            self.text(x + 7, 44, letter, "letter", "middle")
            self.text(x + 18, 44, name, "")
            x += 34 + 6 * len(name)
        box = '<rect x="%s" y="%s" width="12" height="12" '
        signs = (
            (KEY % ("{0}", 58, ""), "key pressed"),
            (CROSS % ("{0}", 59, ""), "frame lost here by collision"),
            (
                box % ("{0}", 56) + f'fill="{RED}" fill-opacity=".6" stroke="#000" stroke-dasharray="2 1"/>',
                "dashed: relayed for another",
            ),
            (box % ("{0}", 56) + f'fill="{ORANGE}"/>', "siren on"),
            (DOT % ("{0}", 62, ""), "stored at the gateway"),
        )
        x = 12
        for shape, words in signs:
            self.add(shape.replace("{0}", str(x + 4)))
            self.text(x + 20, 66, words, "")
            x += 40 + 6 * len(words)
