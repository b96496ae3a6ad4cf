"""Metrics, logs and checks: what the gateway says of itself to machines and to a technician."""

import json
import logging
import os
import urllib.request

from kentongan_gateway.service import checks, settings, status
from kentongan_gateway.service.logs import Json
from kentongan_gateway.service.metrics import Metrics, families
from kits.gateway.gateway_process import Gateway
from kits.patience import PATIENCE_S
from prometheus_client.parser import text_string_to_metric_families

SNAPSHOT = {
    "label": "gateway-1",
    "radios": {"modem": True, "meshtastic": False},
    "clock": "unsure",
    "troubles": {"disk": "full"},
    "spool": {"rows": 5, "unsent": 2, "held": 1, "evicted": {"status": 9}},
    "store_ms": {"p50": 1.5, "p99": 20.0, "max": 31.0},
    "commit_ms": {"p50": 1.0},
    "refused": {"replay": 3},
    "doubles": 4,
}


def test_metrics_are_served_in_prometheus_format_on_this_machine():
    metrics = Metrics(0, SNAPSHOT)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics", timeout=PATIENCE_S) as reply:
            text = reply.read().decode()
    finally:
        metrics.close()
    assert {
        'kentongan_radio_up{radio="meshtastic"} 0.0',
        'kentongan_trouble{name="disk"} 1.0',
        'kentongan_spool_events{which="held"} 1.0',
        'kentongan_store_ms{quantile="p99"} 20.0',
        'kentongan_counted_total{reason="replay"} 3.0',
        "kentongan_doubles_total 4.0",
        'kentongan_evicted_total{class="status"} 9.0',
    } <= set(text.splitlines())


def test_prometheus_own_parser_reads_every_metric_of_an_odd_day():
    """Labels come from radios, troubles and refusals: quotes and line breaks in them are no end of a line."""
    odd = {
        **SNAPSHOT,
        "troubles": {'radio_deaf "modem"': "x", "a\\b\nc": "y"},
        "refused": {"größe": 1, "": 2},
        "radio_counters": {"modem_lost": 3},
        "dropped": 5,
        "up_s": 9,
    }
    for snapshot in (odd, {}):
        metrics = Metrics(0, snapshot)
        try:
            address = f"http://127.0.0.1:{metrics.port}/metrics"
            with urllib.request.urlopen(address, timeout=PATIENCE_S) as reply:
                assert reply.headers["Content-Type"].startswith("text/plain")
                found = {f.name: f for f in text_string_to_metric_families(reply.read().decode())}
        finally:
            metrics.close()
        assert all(name.startswith("kentongan_") and family.documentation for name, family in found.items())
        assert found["kentongan_cpu_seconds"].type == "counter" and found["kentongan_memory_bytes"].samples
    names = {
        sample.labels["name"]
        for sample in next(f for f in families(odd) if f.name == "kentongan_trouble").samples
    }
    assert names == set(odd["troubles"])


def test_a_json_log_line_carries_the_alarms_one_identity():
    record = logging.LogRecord("kentongan.gateway", logging.INFO, "", 0, "%s stored", ("tombol-07 #1",), None)
    record.about, record.step, record.detail = "tombol-07 #1", "stored", ""
    line = json.loads(Json().format(record))
    assert line["about"] == "tombol-07 #1" and line["step"] == "stored" and line["level"] == "info"
    assert line["text"] == "tombol-07 #1 stored"


def test_status_names_what_is_wrong_for_people():
    lines = list(status.lines(SNAPSHOT, True))
    assert "BERMASALAH disk: full" in lines and "radio meshtastic: TERPUTUS" in lines
    assert any(line.startswith("jam belum pasti") for line in lines)


def test_check_names_a_card_that_has_turned_read_only(tmp_path, monkeypatch):
    gateway = Gateway(tmp_path, 9, 9)
    real = os.statvfs(tmp_path)
    flags = {"f_flag": os.ST_RDONLY, "f_bavail": real.f_bavail, "f_frsize": real.f_frsize}
    monkeypatch.setattr(checks.os, "statvfs", lambda _path: type("Room", (), flags))
    found = {result.id: result for result in checks.run(settings.load(gateway.config))}
    assert not found["state_dir"].ok and "replace it" in found["state_dir"].text


def test_check_names_lines_boards_and_voices_that_are_not_there(tmp_path, monkeypatch):
    gateway = Gateway(tmp_path, 9, 9)
    monkeypatch.setenv("PATH", "")
    with gateway.config.open("a") as file:
        file.write('[button]\nline = "TOMBOL"\n[voice]\ndriver = "espeak"\n')
    text = gateway.config.read_text().replace('driver = "virtual"', 'driver = "lcus"\nport = "/dev/none"', 1)
    gateway.config.write_text(text)
    found = {result.id: result for result in checks.run(settings.load(gateway.config))}
    assert "gpioinfo" in found["button_line"].text and "apt install" in found["voice"].text
    assert "plug the board in" in found["siren_port"].text and found["key_file"].ok
