"""Messages of a mains node that the gateway has to store: sent at 0, 3 and 7 s, until it says so. Pure."""
SENDS_AT_MS = (0, 3_000, 7_000)
LIMIT = 8   # messages under way; the oldest gives way


class Report:
    def __init__(self, kind, body, start_ms, about):
        self.kind = kind          # message type
        self.body = body          # frozen: repeats of one counter have one content
        self.start_ms = start_ms
        self.about = about        # what it tells of; a newer report about the same replaces it
        self.sends = 0
        self.counter = None       # known once it was sent

    def due_ms(self):
        """When it is sent next; None after the last time, when only its entry is still listened for."""
        return self.start_ms + SENDS_AT_MS[self.sends] if self.sends < len(SENDS_AT_MS) else None


class Reports:
    def __init__(self):
        self.waiting = []

    def add(self, kind, body, start_ms, about):
        """Begin to send a message, first at start_ms."""
        self.waiting = [r for r in self.waiting if r.about != about]
        if len(self.waiting) >= LIMIT:
            self.waiting.pop(0)
        self.waiting.append(Report(kind, body, start_ms, about))

    def find(self, about):
        """The report about that, sent or not, or None when the gateway has it or there was none."""
        for report in self.waiting:
            if report.about == about:
                return report
        return None

    def stored(self, counter):
        """The gateway's verified stage 2 entry: what it was about, or None when nothing waited for it."""
        for report in self.waiting:
            if report.counter == counter:
                self.waiting.remove(report)
                return report.about
        return None

    def send_due(self, node, now_ms, actions, hop_limit):
        """Send what is due through a Node; a report's counter is that of its first frame."""
        for report in self.waiting:
            due_ms = report.due_ms()
            if due_ms is None or now_ms < due_ms:
                continue
            report.sends += 1
            counter = node.send(report.kind, report.body, node.key_a(), now_ms, actions, hop_limit=hop_limit,
                                counter=report.counter)
            if counter:
                report.counter = counter

    def deadline(self):
        times = [r.due_ms() for r in self.waiting if r.due_ms() is not None]
        return min(times) if times else None
