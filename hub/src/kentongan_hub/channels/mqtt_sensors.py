"""Sensors that Home Assistant shows by itself, and their states: nothing confidential, no drill."""

from collections.abc import Mapping

from kentongan_hub.base import words
from kentongan_hub.base.clock import Now
from kentongan_hub.devices import health as site_health
from kentongan_hub.storage.store import Db

Topic = Mapping[str, object]  # the payload of one topic, before it is JSON


def snapshot(db: Db, now: Now, site: str) -> dict[str, Topic]:
    """Collect the public state for Home Assistant, {topic: payload}: incidents, sirens, warnings."""
    base = f"kentongan/{site}"
    out: dict[str, Topic] = {}
    rows = db.all(
        "SELECT zone, kind, house, answered_ms FROM incidents "
        "WHERE closed_ms IS NULL AND confidential = 0 AND drill = 0 AND merged_into IS NULL "
        "ORDER BY opened_ms DESC"
    )
    for zone in zones(db):
        own = [row for row in rows if row["zone"] == zone]
        out[f"{base}/rt{zone:02d}/alarm"] = {
            "state": "ON" if own else "OFF",
            "jenis": [words.kind(row["kind"]) for row in own],
            "rumah": [row["house"] for row in own if row["house"]],
            "dijawab": all(row["answered_ms"] is not None for row in own) if own else False,
        }
    health = site_health.health(db, now)
    problems = len(health["gateways_lost"]) + len(health["radios_down"]) + len(health["failed_sirens"])
    out[f"{base}/gangguan"] = {"state": "ON" if problems + len(health["warnings"]) else "OFF"}
    return out


def discovery(db: Db, site: str) -> dict[str, Topic]:
    """Describe the sensors so that Home Assistant shows them by itself: {topic: payload}."""
    base = f"kentongan/{site}"
    device = {"identifiers": [f"kentongan_{site}"], "name": f"Kentongan {db.setting('name', site)}"}
    common = {
        "availability_topic": f"{base}/hidup",
        "value_template": "{{ value_json.state }}",
        "device": device,
    }
    out: dict[str, Topic] = {}
    for zone in zones(db):
        topic = f"{base}/rt{zone:02d}/alarm"
        out[f"homeassistant/binary_sensor/kentongan_{site}_rt{zone:02d}/config"] = {
            **common,
            "name": f"Alarm RT {zone:02d}",
            "unique_id": f"kentongan_{site}_rt{zone:02d}",
            "device_class": "safety",
            "state_topic": topic,
            "json_attributes_topic": topic,
        }
    out[f"homeassistant/binary_sensor/kentongan_{site}_gangguan/config"] = {
        **common,
        "name": "Gangguan kentongan",
        "unique_id": f"kentongan_{site}_gangguan",
        "device_class": "problem",
        "state_topic": f"{base}/gangguan",
    }
    return out


def zones(db: Db) -> list[int]:
    rows = db.all("SELECT DISTINCT zone FROM devices WHERE revoked = 0 AND zone > 0 ORDER BY zone")
    return [row["zone"] for row in rows]
