"""Messages of a mains node that the gateway has to store: sent at 0, 3 and 7 s, until it says so. Pure.

Receivers keep one last counter per sender and type: a repeat that would come with a smaller counter than a
newer message of its type takes a new one, or it would be refused as a replay.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import Body

    from kentongan_node.common.node import Node

    About = tuple[int | str, int] | str  # an incident, or another word by which a report is found again


SENDS_AT_MS = (0, 3_000, 7_000)
PACE_MAX = 200  # the hub waits for the third as long as on the default preset (flood.SIREN_TOLD_MS)
LIMIT = 8  # messages under way; what was sent thrice gives way, then what is to come last


class Report:
    def __init__(self, kind: int, body: "Body", start_ms: int, about: "About", pace: int) -> None:
        self.kind = kind  # message type
        self.pace = pace
        self.body = body  # frozen: repeats of one counter have one content
        self.start_ms = start_ms
        self.about = about  # what it tells of; a newer report about the same replaces it
        self.sends = 0
        self.counter: int | None = None  # known once it was sent
        self.held = False

    def due_ms(self) -> int | None:
        """Return the time of the next send; None after the last one, when only its entry is listened for."""
        if self.sends == len(SENDS_AT_MS):
            return None
        return self.start_ms + SENDS_AT_MS[self.sends] * self.pace // 100

    def hold(self, delay_ms: int) -> None:
        """Let what is left of it come later, once: somebody else has told the gateway as much."""
        if not self.held:
            self.held = True
            self.start_ms += delay_ms


class Reports:
    def __init__(self, pace: int = 100) -> None:
        """pace: of the preset, phy.pace_percent."""
        self._pace = min(pace, PACE_MAX)
        self.waiting: list[Report] = []
        self._last: dict[int, int] = {}  # message type: the highest counter sent

    def add(self, kind: int, body: "Body", start_ms: int, about: "About") -> None:
        """Begin to send a message, first at start_ms."""
        self.waiting = [r for r in self.waiting if r.about != about]
        if len(self.waiting) >= LIMIT:
            last = max(self.waiting, key=lambda report: (report.due_ms() is None, report.start_ms))
            self.waiting.remove(last)
        self.waiting.append(Report(kind, body, start_ms, about, self._pace))

    def find(self, about: "About") -> "Report | None":
        """Return the report about that, sent or not, or None when the gateway has it or there was none."""
        for report in self.waiting:
            if report.about == about:
                return report
        return None

    def stored(self, counter: int) -> "About | None":
        """Take the gateway's verified stage 2 entry: what it was about, or None when nothing waited."""
        for report in self.waiting:
            if report.counter == counter:
                self.waiting.remove(report)
                return report.about
        return None

    def send_due(self, node: "Node", hops: int) -> None:
        """Send what is due through a Node whose gateway is so many hops away.

        The first sending goes just that far, relayed by nobody beyond; the repeats have one hop to spare.
        """
        for report in self.waiting:
            due_ms = report.due_ms()
            if due_ms is None or node.now_ms < due_ms:
                continue
            hop_limit = hops - 1 if report.sends == 0 else hops
            report.sends += 1
            overtaken = report.counter is not None and report.counter < self._last[report.kind]
            counter = node.send(
                report.kind, report.body, hop_limit=hop_limit, counter=None if overtaken else report.counter
            )
            if counter:
                report.counter = counter
                self._last[report.kind] = max(counter, self._last.get(report.kind, 0))

    def deadline(self) -> int | None:
        times = [due_ms for due_ms in [r.due_ms() for r in self.waiting] if due_ms is not None]
        return min(times) if times else None
