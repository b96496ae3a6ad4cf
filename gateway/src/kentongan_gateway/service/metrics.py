"""The last status in Prometheus' text format, at http://127.0.0.1:PORT/metrics of this machine."""

import resource
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from kentongan_gateway.service.status import Snapshot


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """Return the metrics of one status snapshot; a part that it lacks gives none."""
    yield _labelled(
        GaugeMetricFamily,
        "radio_up",
        "whether the radio answers",
        "radio",
        {name: int(up) for name, up in snapshot.get("radios", {}).items()},
    )
    yield _labelled(
        GaugeMetricFamily,
        "trouble",
        "what is wrong now",
        "name",
        dict.fromkeys(snapshot.get("troubles", {}), 1),
    )
    spool = snapshot.get("spool", {})
    yield _labelled(
        GaugeMetricFamily,
        "spool_events",
        "events of the spool",
        "which",
        {name: spool[name] for name in ("rows", "unsent", "held") if name in spool},
    )
    yield _labelled(CounterMetricFamily, "evicted", "events that gave way", "class", spool.get("evicted", {}))
    for name, text in (
        ("store_ms", "milliseconds from a frame's arrival until it was on disk"),
        ("commit_ms", "milliseconds of the last commits"),
    ):
        yield _labelled(GaugeMetricFamily, name, text, "quantile", snapshot.get(name, {}))
    yield _labelled(
        CounterMetricFamily,
        "counted",
        "refusals and what else is counted",
        "reason",
        snapshot.get("refused", {}),
    )
    yield _labelled(
        CounterMetricFamily,
        "radio_counted",
        "what happened at radios",
        "what",
        snapshot.get("radio_counters", {}),
    )
    for name, text in (("dropped", "frames and events dropped"), ("doubles", "frames that two radios heard")):
        yield CounterMetricFamily(f"kentongan_{name}", text, value=snapshot.get(name, 0))
    yield GaugeMetricFamily("kentongan_up_seconds", "since the start", value=snapshot.get("up_s", 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield GaugeMetricFamily("kentongan_memory_bytes", "most memory so far", value=used.ru_maxrss << 10)
    yield CounterMetricFamily("kentongan_cpu_seconds", "processor time", value=used.ru_utime + used.ru_stime)


def _labelled(kind: type[Any], name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = kind(f"kentongan_{name}", text, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([str(value)], number)
    return family


class Metrics:
    """collect() is called from the server's thread; `snapshot` is replaced whole, never changed."""

    def __init__(self, port: int, snapshot: Snapshot):
        self.snapshot = snapshot
        registry = CollectorRegistry()
        registry.register(self)
        self._server, _ = start_http_server(port, "127.0.0.1", registry)
        self.port = self._server.server_port

    def collect(self) -> Iterator[Metric]:
        return families(self.snapshot)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
