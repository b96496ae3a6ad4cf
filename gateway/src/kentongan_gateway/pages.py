"""PAGE to penerima by ourselves while the hub is silent: who is agreed on, discreet where the alarm is."""

from kentongan_wire import messages as m
from kentongan_wire.flood import CLASS_ORDER

REPEAT_AT_MS = (0, 2_000, 5_000, 15_000, 30_000, 60_000)  # until the penerima's EVENT
JOBS_LIMIT = 64


class Job:
    def __init__(self, device, record, counter, payload, now_ms):
        self.device, self.record, self.counter, self.payload = device, record, counter, payload
        self.start_ms, self.sent = now_ms, 0

    @property
    def due_ms(self) -> int:
        return self.start_ms + REPEAT_AT_MS[self.sent]


def agreed(directory, record):
    """Penerima of the alarm's zone (else of the site), never the presser's own house or a conflict.

    A penerima marked `silent: false` in the directory gets no confidential page.
    """
    origin = directory.get(record.src)
    everyone = directory.of_role(m.PENERIMA)
    nearby = [d for d in everyone if d.zone == record.body.zone] or everyone
    chosen = []
    for device in nearby:
        same_house = (
            origin is not None and origin.house and (device.zone, device.house) == (origin.zone, origin.house)
        )
        if same_house or record.src in device.conflicts or (record.silent and not device.pages_silent):
            continue
        chosen.append(device)
    return chosen


class Pages:
    def __init__(self, desk):
        self._desk = desk
        self._jobs = {}  # (target, origin, incident) -> Job

    def page(self, record, targets=None):
        """Page everybody agreed on, or only these nodes, about this alarm; one under way goes on as it is."""
        desk = self._desk
        origin = desk.directory.get(record.src)
        flags = m.FLAG_SILENT if record.silent else 0
        for device in agreed(desk.directory, record):
            if targets is not None and device.node not in targets:
                continue
            key = (device.node, record.src, record.body.incident)
            if key in self._jobs:
                continue
            if len(self._jobs) >= JOBS_LIMIT:
                desk.count("page_dropped")
                return
            counter = desk.take()
            body = m.Page(
                device.node,
                record.body.incident,
                record.body.kind,
                origin.house if origin else 0,
                record.body.zone,
                flags,
            )
            payload = desk.frame(m.PAGE, desk.config.generation, counter, body, device.node, device.role)
            job = Job(device, record, counter, payload, desk.now_ms)
            self._jobs[key] = job
            self._send(key, job, counter)

    def _send(self, key, job, packet_id):
        job.sent += 1
        self._desk.send(packet_id, job.device.hops, job.payload, CLASS_ORDER)
        self._desk.note_about("paged", job.record.src, job.record.counter, f"kali ke-{job.sent}")
        if job.sent >= len(REPEAT_AT_MS):
            del self._jobs[key]

    def answered(self, penerima):
        """The penerima has sent an EVENT: its pages end. The alarms that they were about, newest last."""
        mine = [key for key in self._jobs if key[0] == penerima]
        return [self._jobs.pop(key).record for key in mine]

    def ended(self, origin, incident):
        """Somebody has taken this incident: nobody is paged about it any more."""
        for key in [k for k in self._jobs if k[1:] == (origin, incident)]:
            del self._jobs[key]

    def tick(self):
        for key, job in list(self._jobs.items()):
            if self._desk.now_ms >= job.due_ms:
                self._send(key, job, self._desk.take())

    def next_deadline(self):
        return min((job.due_ms for job in self._jobs.values()), default=None)
