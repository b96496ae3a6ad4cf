"""Radios on the air that are none of ours: a stranger who sends what he is told, foreign networks, a jammer.

Each is a core like any other, put on the air with World.host_core. None of them keeps our rules, so the
checkers do not ask them to.
"""
from kentongan_node.actions import Listen, Transmit

HEARD_LIMIT = 4_096  # frames that a stranger remembers
QUEUE_LIMIT = 64     # frames that wait to be sent


class Stranger:
    """Hears everything, sends what its host writes, at once and without asking for the channel."""

    node = 0

    def __init__(self):
        self.counters = {}
        self.heard = []  # (ms since power-up, frame)
        self._queue = []
        self._sending = False

    def start(self, boot, now_ms, rnd):
        return [Listen(True)]

    def receive(self, frame, rssi, snr_q, now_ms, rnd):
        if len(self.heard) < HEARD_LIMIT:
            self.heard.append((now_ms, frame))
        return []

    def host(self, data, now_ms, rnd):
        """One write is one frame."""
        self.put(bytes(data))
        return self.next_frame()

    def put(self, frame):
        if len(self._queue) < QUEUE_LIMIT:
            self._queue.append(frame)
        else:
            self.counters["full"] = self.counters.get("full", 0) + 1

    def next_frame(self):
        if self._sending or not self._queue:
            return []
        self._sending = True
        return [Transmit(self._queue.pop(0))]

    def sent(self, ok, now_ms, rnd):
        self._sending = False
        return self.next_frame()

    def sense(self, what, value, now_ms, rnd):
        return []

    def tick(self, now_ms, rnd):
        return []

    def next_deadline(self):
        return None
