"""The hub's ingest among odd events: what a gateway's token lets anybody tell it, on CPython as it runs.

Frames reach the hub only as events of a gateway, which has judged them; so here it is events that are
replayed, changed, cut, of the wrong shape, and lies of devices that may not answer. In between comes a
press, which must be an incident, once. Nothing may end in an error, nobody may have answered, whatever is
refused is counted.
"""

import copy
import json
import random
import tempfile
from pathlib import Path

from kentongan_hub.devices import provision
from kentongan_hub.record import failures
from kentongan_wire.message import messages as m
from kits.hub.hub_kit import Site, make_site
from soak.frames.frame_rigs import need

PROOF_EVERY, BATCH, RESTART_EVERY = 100, 50, 2_000
SITE_EVERY = 5_000  # a hub with hundreds of open alarms is another test
POOL = 320
ODD_VALUES = (
    None,
    True,
    -1,
    1 << 53,
    1 << 64,
    1.5,
    "",
    "x" * 5_000,
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
    "kejadian-1",
    "'; DROP TABLE incidents; --",
    "nan",
)
HOWS = ("replay", "other id", "field", "field", "missing", "type", "junk", "lie", "lie", "lie", "lie")


class Board:
    """A site of its own; `frame` is the event that was sent last."""

    def __init__(self, seed):
        self.rnd = random.Random(f"hub {seed}")
        self.frame, self.pool, self.batch, self.counter, self.ids = None, [], [], 100, 0
        self.how, self.counts = {}, {"sent": 0, "boots": 0, "proved": 0, "accepted": 0, "rejected": 0}
        self._folder = None
        self._new_site()
        for _ in range(8):
            self.pool.append(self._lie())

    def _new_site(self):
        """Its numbers are others than the last one's, so that what was heard there is of strangers."""
        self._folder = tempfile.TemporaryDirectory()
        data_dir = Path(self._folder.name) / "hub"
        made = make_site(data_dir)
        self.chime = provision.add_device(data_dir, "penerima", "penerima-1", 5, 9)["node"]
        self.site = Site(data_dir, made)
        self.pressed, self.raised, self.rejected = [], set(), 0
        self.counts["boots"] += 1

    def _event(self, of_type, **fields):
        self.ids += 1
        return {
            "id": f"gateway-1/{self.ids}",
            "type": of_type,
            "at_ms": self.ids,
            "boot_id": "boot-1",
            "wall": None,
            **fields,
        }

    def _pick(self, some):
        return some[int(self.rnd.random() * len(some))]

    def _lie(self):
        """Send the word of a device that was not asked, or has no say."""
        rnd, site = self.rnd, self.site
        liar = self._pick((site.button, site.other, site.post, self.chime, 0x53999999))
        about = self._pick(self.pressed[-40:] or [(site.button, 1)])
        what = rnd.randrange(7)
        if what < 2:
            return self._event(
                "event",
                device=liar,
                event=m.EVENT_COMING,
                person=rnd.randrange(9),
                origin=about[0],
                counter=about[1],
                report_counter=rnd.randrange(1, 1 << 20),
            )
        if what == 2:
            return self._event(
                "siren_report",
                device=liar,
                origin=about[0],
                counter=about[1] + rnd.randrange(3),
                state=rnd.randrange(12),
                source=rnd.randrange(6),
                report_counter=rnd.randrange(1 << 20),
            )
        if what == 3:
            return self._event(
                "status",
                device=liar,
                role=rnd.randrange(8),
                body={
                    self._pick(("flags", "battery", "battery_mv", "counter", "rssi", "boots")): self._pick(
                        ODD_VALUES
                    ),
                    "flags": rnd.randrange(1 << 16),
                },
                counter=rnd.randrange(1 << 20),
            )
        if what == 4:
            return self._event("stage_seen", device=liar, counter=about[1], stage=1 + rnd.randrange(7))
        if what == 5:
            return self._event(
                "refusals", counters={self._pick(("tag", "replay", "x" * 64)): rnd.randrange(1 << 40)}
            )
        return self._event(
            "gateway_siren",
            origin=about[0],
            counter=about[1],
            state=self._pick(ODD_VALUES),
            source=self._pick(ODD_VALUES),
        )

    def _odd(self, how):
        if how == "lie":
            return self._lie()
        event = copy.deepcopy(self._pick(self.pool))
        if how == "replay" or not isinstance(event, dict) or not event:
            return event
        if how == "other id":
            return {**event, "id": f"gateway-1/x{self.rnd.randrange(1 << 30)}"}
        if how == "field":
            event[self._pick(list(event))] = self._pick(ODD_VALUES)
        elif how == "missing":
            event.pop(self._pick(list(event)))
        elif how == "type":  # not "paged": a gateway that says whom it asked is believed
            event["type"] = self._pick(
                (
                    "alarm",
                    "event",
                    "siren_report",
                    "drill_known",
                    "supervision",
                    "trouble",
                    "settings_wait",
                    "radio",
                    "unheard of",
                )
            )
        else:
            return self._pick(ODD_VALUES)
        return event

    def step(self, number):
        how = self._pick(HOWS)
        self.how[how] = self.how.get(how, 0) + 1
        event = self._odd(how)
        self.frame = event
        self.pool.append(event)
        if len(self.pool) > POOL:
            self.pool[int(self.rnd.random() * POOL)] = self.pool.pop()
        self._send(event)
        if number % PROOF_EVERY == PROOF_EVERY - 1:
            self.prove()
        if number % RESTART_EVERY == RESTART_EVERY - 1:
            self._flush()
            self.site.restart()
            self.counts["boots"] += 1
        if number % SITE_EVERY == SITE_EVERY - 1:
            self._new_site()

    def _send(self, event):
        self.batch.append(event)
        if isinstance(event, dict) and event.get("type") == "alarm":
            self.raised.add((str(event.get("device")), str(event.get("counter"))))
        if len(self.batch) >= BATCH:
            self._flush()

    def _flush(self):
        batch, self.batch = self.batch, []
        self.site.clock.advance(self.rnd.randrange(60_000))
        answer = self.site.client.post(
            "/api/v1/events",
            headers=self.site.headers,
            data=json.dumps({"boot_id": "boot-1", "events": batch}),
        )
        need(answer.status_code == 200, "status {} for a batch: {}", answer.status_code, answer.text[:200])
        told = answer.json
        need(
            len(told["accepted"]) + len(told["rejected"]) == len(batch),
            "{} events are neither taken nor refused",
            len(batch) - len(told["accepted"]) - len(told["rejected"]),
        )
        self.rejected += len(told["rejected"])
        self.counts["rejected"] += len(told["rejected"])
        self.counts["accepted"] += len(told["accepted"])
        self.counts["sent"] += len(batch)

    def prove(self):
        """A press is one incident, however often its event comes; nobody has answered anything."""
        self.counter += 3
        device = self._pick((self.site.button, self.site.other))
        self.pressed = [*self.pressed[-40:], (device, self.counter)]
        event = self._event(
            "alarm",
            device=device,
            counter=self.counter,
            incident=self.counter & 0xFFFF,
            zone=5,
            kind=1 + self.rnd.randrange(7),
            digest=f"{self.rnd.randrange(1 << 32):08x}",
        )
        self.pool.append(event)
        self._send(event)
        self._send(dict(event))
        self._flush()
        found = self.site.rows(
            "SELECT * FROM incidents WHERE device = ? AND first_counter = ?", device, self.counter
        )
        need(len(found) == 1, "a press of {} #{} is {} incidents", device, self.counter, len(found))
        answered = self.site.rows(
            "SELECT slug FROM incidents WHERE answered_ms IS NOT NULL OR answered_by IS NOT NULL"
        )
        need(not answered, "somebody is said to come, and nobody was asked: {}", answered[:3])
        with self.site.hub.store.read() as db:
            need(not db.setting(failures.NOTED), "the hub failed at: {}", db.setting(failures.NOTED))
        self._no_other_incident()
        self.counts["proved"] += 1

    def _no_other_incident(self):
        """Only what came as an alarm is one; and what is refused is in the gateway's count."""
        last = self.site.rows(
            "SELECT device, first_counter, last_counter FROM incidents ORDER BY id DESC LIMIT 20"
        )
        for row in last:
            need(
                (str(row["device"]), str(row["last_counter"])) in self.raised,
                "an incident of {} that nobody raised",
                tuple(row),
            )
        counted = self.site.rows("SELECT * FROM refusals WHERE reason = 'hub: bad event'")
        need(
            sum(row["count"] for row in counted) == self.rejected,
            "{} refusals are counted, {} were",
            sum(row["count"] for row in counted),
            self.rejected,
        )

    def told(self):
        return {**self.counts, "limits": {}, "how": self.how}
