"""CONFIG to posts: repeated until their status reports the version. Today it carries the drill window."""
from kentongan_wire import config
from kentongan_wire import messages as m
from kentongan_wire.flood import CLASS_REST

REPEAT_AT_MS = (0, 2_000, 5_000, 15_000, 30_000, 60_000)
JOBS_LIMIT = 64


class Job:
    def __init__(self, device, version, payload, now_ms):
        self.device, self.version, self.payload = device, version, payload
        self.start_ms, self.sent = now_ms, 0

    @property
    def due_ms(self) -> int:
        return self.start_ms + REPEAT_AT_MS[self.sent]


class Configs:
    """At most one configuration under way to each device; a newer one replaces it."""

    def __init__(self, desk):
        self._desk = desk
        self._jobs = {}

    def send(self, device, settings):
        """Send settings (wire config) that fit one part; their version is the low half of our counter."""
        desk, generation = self._desk, self._desk.config.generation
        if len(self._jobs) >= JOBS_LIMIT and device.node not in self._jobs:
            desk.count("config_dropped")
            return
        items, = config.split(settings)
        counter = desk.take()
        version = counter & 0xFFFF or 1
        key = desk.key_c(device.node, device.role, generation)
        sealed = config.seal(items, key, desk.config.node, counter)
        body = m.Config(device.node, version, 0, 1, sealed)
        payload = desk.frame(m.CONFIG, generation, counter, body, device.node, device.role)
        job = self._jobs[device.node] = Job(device, version, payload, desk.now_ms)
        self._send(job, counter)

    def _send(self, job, packet_id):
        job.sent += 1
        self._desk.send(packet_id, job.device.hops, job.payload, CLASS_REST)
        if job.sent >= len(REPEAT_AT_MS):
            del self._jobs[job.device.node]

    def reported(self, node, version):
        job = self._jobs.get(node)
        if job and job.version == version:
            del self._jobs[node]

    def tick(self):
        for job in list(self._jobs.values()):
            if self._desk.now_ms >= job.due_ms:
                self._send(job, self._desk.take())

    def next_deadline(self):
        return min((job.due_ms for job in self._jobs.values()), default=None)
