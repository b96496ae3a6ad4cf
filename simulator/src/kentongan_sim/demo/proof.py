"""One alarm's walk as the demo saw it: which steps happened, when, and which is missing."""

import re
import threading
import time
from collections.abc import Iterator

from kentongan_sim.physics.shapes import Detail, Node, Us

Step = tuple[str, str, str]
STEPS: tuple[Step, ...] = (  # step, what it says, the part whose log to read when it is missing
    ("press", "button pressed", "village"),
    ("siren", "siren post sounds, directly from the button", "village"),
    ("shown_sounding", "button shows: a siren sounds", "village"),
    ("stored", "gateway has it on disk", "gateway"),
    ("shown_stored", "button shows: the post has it", "village"),
    ("hub", "hub shows the incident", "hub"),
    ("answer", "a person clicked 'Saya datang'", "hub"),
    ("shown_coming", "button shows: somebody is coming", "village"),
)
# the post's receipt may come after the gateway's, and then adds nothing to what the button shows
OPTIONAL = ("shown_sounding",)
STORED = re.compile(r" (\S+) #\d+ stored\b")


class Proof:
    """One button's first alarm: `watch` is for the Village, `read_log` for the gateway's log."""

    def __init__(self, label: str, node: Node):
        self.label = label
        self.node = node
        self.at_s: dict[str, float] = {}
        self.where: dict[str, str] = {}
        self._changed = threading.Condition()

    def mark(self, step: str, where: str = "") -> None:
        """Note that the step happens now, unless it happened before."""
        with self._changed:
            if step not in self.at_s and (step == "press" or "press" in self.at_s):
                self.at_s[step] = time.monotonic()
                self.where[step] = where
                self._changed.notify_all()

    def watch(self, t_us: Us, label: str, what: str, detail: Detail) -> None:
        """Look at one event of the world."""
        if label == self.label and what == "key" and detail["down"]:
            self.mark("press", label)
        elif label == self.label and what == "show" and f"shown_{detail['state']}" in {s[0] for s in STEPS}:
            self.mark(f"shown_{detail['state']}", label)
        elif what == "note" and detail["step"] == "siren_on":
            mine = detail["device"] in (self.label, f"{self.node:08x}")
            if mine and detail["detail"] == "direct":  # else it was told by a receipt or an order
                self.mark("siren", label)

    def read_log(self, line: str) -> None:
        """Look at one line of the gateway's log."""
        found = STORED.search(line)
        if found and found.group(1) == self.label:
            self.mark("stored", "gateway-1")

    def wait_for(self, step: str, timeout_s: float) -> bool:
        """Wait for the step; returns whether it has happened within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: step in self.at_s, timeout_s)

    def missing(self) -> Step | None:
        """Return the first step that did not happen, or None."""
        return next((row for row in STEPS if row[0] not in self.at_s and row[0] not in OPTIONAL), None)

    def lines(self) -> Iterator[str]:
        """Write the walk as text: seconds since the press, what, where."""
        start_s = self.at_s.get("press", 0.0)
        for step, text, _ in STEPS:
            if step in self.at_s:
                where = f" ({self.where[step]})" if self.where[step] else ""
                yield f"  {self.at_s[step] - start_s:7.2f} s  {text}{where}"
            elif step not in OPTIONAL:
                yield f"  missing    {text}"
