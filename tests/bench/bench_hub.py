"""`make bench-hub`: every page of a hub with 1,000 devices, 100,000 incidents and 5 million statuses.

Prints a Markdown table; p95 of each page over 40 requests after 3 to warm up, in process.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kentongan_hub.app import create_app  # noqa: E402
from kentongan_hub.base.clock import Clock  # noqa: E402
from kentongan_hub.devices import provision  # noqa: E402
from kentongan_hub.upkeep import backup  # noqa: E402
from kentongan_sim.console.progress import during  # noqa: E402
from kits.hub import (
    hub_load,  # noqa: E402
    hub_screens,  # noqa: E402
)

WARM, TIMES = 3, 40
LIMIT_MS = 150  # the promise of every page's p95


def p95(values):
    return statistics.quantiles(values, n=20)[18]


def browser(app):
    client = app.test_client()
    token = re.search(r'name="csrf" value="(\w+)"', client.get("/masuk").text)[1]
    client.post(
        "/masuk",
        data={"csrf": token, "masuk": "admin", "sandi": hub_load.PASSWORD},
        headers={"Origin": "http://localhost"},
    )
    return client


def pages(client, incidents):
    rows = []
    for path in hub_load.PAGES:
        took = []
        path = path.format(last=f"kejadian-{incidents - 1}", middle=f"kejadian-{incidents // 2 + 1}")
        for _ in range(WARM + TIMES):
            began = time.perf_counter()
            answer = client.get(path)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
        took = took[WARM:]
        rows.append((path, statistics.median(took), p95(took), len(answer.data) / 1024))
    return rows


def alarms(app, token, count=200):
    """Time one alarm from the request to the answer, each in a request of its own."""
    client, took, headers = app.test_client(), [], {"Authorization": f"Bearer {token}"}
    for number in range(count):
        event = {"id": f"g/{number}", "type": "alarm", "device": 1000 + number, "counter": 500_000 + number,
                 "kind": 1, "zone": 1}  # fmt: skip
        began = time.perf_counter()
        answer = client.post("/api/v1/events", json={"events": [event]}, headers=headers)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.json["accepted"]
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the rows")
    scale = 100 if parser.parse_args().quick else 1
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        hub_load.make(data)
        token = provision.gateway_token(data)
        app = create_app(data, dispatch=False)
        began = time.perf_counter()
        with during("a hub's database is filled"):
            hub_load.fill(app.hub.store, Clock().steady_ms(), hub_load.DEVICES, hub_load.INCIDENTS // scale,
                          hub_load.STATUSES // scale)  # fmt: skip
        size = (data / "hub.sqlite3").stat().st_size / 2**20
        print(f"filled in {time.perf_counter() - began:.0f} s, {size:.0f} MiB\n")
        with app.hub.store.write() as db:
            db.run("UPDATE accounts SET named_for_confidential = 1, outside = 1")
        print("| page | median ms | p95 ms | KiB | |\n|---|---|---|---|---|")
        slow = 0
        for path, median, high, kib in pages(browser(app), hub_load.INCIDENTS // scale):
            slow += high >= LIMIT_MS
            verdict = "short" if high >= LIMIT_MS else "pass"
            print(f"| {path} | {median:.1f} | {high:.1f} | {kib:.0f} | {verdict} |", flush=True)
        with during("alarms"):
            took = alarms(app, token)
        print(f"\nalarm stored and answered: median {statistics.median(took):.1f} ms, p95 {p95(took):.1f} ms")
        began = time.perf_counter()
        app.hub.dispatch.step()
        print(f"one round of dispatch: {(time.perf_counter() - began) * 1000:.0f} ms")
        began = time.perf_counter()
        with during("a backup"):
            backup.make(data, "gerobak soto di pojok", Path(folder) / "cadangan")
        print(f"backup: {time.perf_counter() - began:.1f} s")
    with during("live screens while alarms arrive"):
        live = hub_screens.report(seconds=hub_screens.SECONDS if scale == 1 else 5)
    return slow + (not live)


if __name__ == "__main__":
    sys.exit(main() > 0)
