"""Fifty live screens while alarms arrive: a real hub process, real HTTP clients; for `make bench-hub`.

A screen has seen an alarm when a board with that incident, or one opened after it, has arrived there whole.
"""

import http.client
import json
import re
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.people import accounts
from kentongan_hub.storage.store import Store
from kentongan_hub.web import web
from kits.hub.hub_kit import HubProcess, make_site
from kits.patience import LOOK_S, PATIENCE_S

SCREENS, PER_SECOND, SECONDS = 50, 20, 60
ACCOUNTS = 10  # people with several screens each
FIRST_NODE = 100_000
SETTLE_S = 20  # for the last news, and for a hub that is behind
MEMORY_MIB = 256  # of a Pi with 1 GB; what a screen was sent must not stay
OUT_S = 15  # a screen that heard nothing for so long says TERPUTUS (static/hub.js)
WAITING = re.compile(rb'"menunggu": \[([^\]]*)\]')


class Screen(threading.Thread):
    """One EventSource: what it heard and when."""

    def __init__(self, address, session):
        super().__init__(daemon=True)
        self.address, self.session = address, session
        self.seen = []  # (second, highest incident on the board)
        self.heard_s = []  # every message, also a sign of life
        self.status, self.bytes, self.trouble = None, 0, ""
        self.open = threading.Event()

    def run(self):
        try:
            self._listen()
        except OSError as error:
            self.trouble = str(error)
        finally:
            self.open.set()

    def _listen(self):
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE_S)
        connection.request("GET", "/papan/aliran", headers={"Cookie": f"{web.SESSION_COOKIE}={self.session}"})
        answer = connection.getresponse()
        self.status = answer.status
        self.open.set()
        while line := answer.readline():
            self.bytes += len(line)
            if line.startswith(b"data: "):
                now_s = time.monotonic()
                self.heard_s.append(now_s)
                if found := WAITING.search(line):
                    slugs = [int(text) for text in re.findall(rb"-(\d+)", found[1])]
                    self.seen.append((now_s, max(slugs, default=0)))

    def silence_s(self, until_s):
        """The longest time without a word, from the first message on."""
        times = [*self.heard_s, until_s]
        return max(b - a for a, b in zip(times, times[1:], strict=False))

    def delays_ms(self, stored):
        """For every stored alarm (incident, second): how long until this screen had it; None: never."""
        out, boards = [], iter(self.seen)
        at_s, highest = 0.0, 0
        for incident, stored_s in stored:
            while highest < incident:
                at_s, highest = next(boards, (None, float("inf")))
            out.append(None if at_s is None else max(0.0, at_s - stored_s) * 1000)
        return out


def sessions(data, count):
    """Tokens of people who have logged in."""
    store, out, clock = Store(data), [], Clock()
    now = Now(clock.steady_ms(), clock.wall_ms())
    with store.write() as db:
        for number in range(ACCOUNTS):
            db.insert("accounts", login=f"layar{number}", name=f"Layar {number}", role="petugas_ronda",
                      password="x", created_wall=0)  # fmt: skip
        people = [row["id"] for row in db.all("SELECT id FROM accounts WHERE login LIKE 'layar%'")]
        for number in range(count):
            account = people[number % len(people)]
            out.append(accounts.open_session(db, now, account))
    return out


def devices(data, count):
    with Store(data).write() as db:
        for number in range(count):
            db.insert("devices", node=FIRST_NODE + number, role="tombol", label=f"alat-{number}", zone=5,
                      house=number, place=f"Gang {number % 30}", hops=1, created_wall=0)  # fmt: skip


def memory_mib(pid, what="VmRSS"):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", text)[1]) / 1024


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def press(hub, token, count, per_second):
    """[(incident, second of the answer)], and how long the posts took in ms.

    As a gateway's uplink does: what has come meanwhile goes in the next request.
    """
    connection = http.client.HTTPConnection(urlsplit(hub.address).netloc, timeout=PATIENCE_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    stored, took, began = [], [], time.monotonic()
    while len(stored) < count:
        time.sleep(max(0.0, began + len(stored) / per_second - time.monotonic()))
        due = min(count, int((time.monotonic() - began) * per_second) + 1)
        events = [
            {
                "id": f"gateway-1/{number + 1}",
                "type": "alarm",
                "device": FIRST_NODE + number,
                "counter": 7,
                "kind": number % 7,
                "zone": 5,
                "at_ms": number,
                "boot_id": "b",
            }  # fmt: skip
            for number in range(len(stored), due)
        ]
        asked = time.monotonic()
        connection.request("POST", "/api/v1/events", json.dumps({"boot_id": "b", "events": events}), headers)
        answer = json.loads(connection.getresponse().read())
        assert len(answer["accepted"]) == len(events), answer
        stored += [(number, time.monotonic()) for number in range(len(stored) + 1, due + 1)]
        took.append((time.monotonic() - asked) * 1000)
    return stored, took, time.monotonic() - began


def measure(screens=SCREENS, per_second=PER_SECOND, seconds=SECONDS):
    """The figures of one run, as a dict."""
    count = per_second * seconds
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        token = make_site(data)["token"]
        devices(data, count)
        cookies = sessions(data, screens)
        hub = HubProcess(data)
        try:
            before = memory_mib(hub.process.pid)
            viewers = [Screen(hub.address, cookie) for cookie in cookies]
            for viewer in viewers:
                viewer.start()
            for viewer in viewers:
                viewer.open.wait(PATIENCE_S)
            refused = [viewer.status for viewer in viewers if viewer.status != 200]
            work_s = cpu_s(hub.process.pid)
            stored, took, wall_s = press(hub, token, count, per_second)
            end_s = time.monotonic() + SETTLE_S
            while time.monotonic() < end_s and any(not v.seen or v.seen[-1][1] < count for v in viewers):
                time.sleep(LOOK_S)
            work_s = cpu_s(hub.process.pid) - work_s
            until_s = time.monotonic()
            peak = memory_mib(hub.process.pid, "VmHWM")
        finally:
            hub.stop()
    delays = [delay for viewer in viewers for delay in viewer.delays_ms(stored)]
    known = [delay for delay in delays if delay is not None]
    return {
        "screens": screens, "refused": len(refused), "alarms": count, "alarms_per_s": count / wall_s,
        "never_seen": len(delays) - len(known), "p50_ms": statistics.median(known),
        "p99_ms": statistics.quantiles(known, n=100)[98], "max_ms": max(known),
        "silence_s": max(viewer.silence_s(until_s) for viewer in viewers if viewer.heard_s),
        "stored_p50_ms": statistics.median(took), "stored_p99_ms": statistics.quantiles(took, n=100)[98],
        "memory_before_mib": before, "memory_peak_mib": peak, "cores": work_s / (until_s - stored[0][1]),
        "mib_per_screen_s": sum(v.bytes for v in viewers) / 2**20 / screens / wall_s,
    }  # fmt: skip


def report(screens=SCREENS, per_second=PER_SECOND, seconds=SECONDS):
    """Prints the figures as a Markdown table; True when every screen stayed live and the memory small."""
    one, many = measure(1, per_second, min(10, seconds)), measure(screens, per_second, seconds)
    print(f"\n| {many['alarms']} alarms in {seconds} s | 1 screen | {screens} screens | ratio |")
    print("|---|---|---|---|")
    for name in one:
        ratio = many[name] / one[name] if one[name] else 0
        print(f"| {name} | {one[name]:.4g} | {many[name]:.4g} | {ratio:.2g} |")
    live = not many["refused"] and not many["never_seen"] and many["silence_s"] < OUT_S
    return live and many["memory_peak_mib"] < MEMORY_MIB


if __name__ == "__main__":
    import sys

    sys.exit(not report(*[int(text) for text in sys.argv[1:]]))
