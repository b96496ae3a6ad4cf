"""Home Assistant by MQTT discovery: a sensor per RT and one for the hub. No command, nothing confidential."""

import json
import threading

from kentongan_hub import outbox, view, words
from kentongan_hub.paging.base import Worker, failed, worked

CONNECT_S = 5.0
PUBLISH_S = 5.0
KEEPALIVE_S = 30


def snapshot(db, now, site):
    """{topic: payload} of all that Home Assistant may know: public incidents, sirens, warnings."""
    base, out = f"kentongan/{site}", {}
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
    health = view.health(db, now)
    problems = len(health["gateways_lost"]) + len(health["radios_down"]) + len(health["failed_sirens"])
    out[f"{base}/gangguan"] = {"state": "ON" if problems + len(health["warnings"]) else "OFF"}
    return out


def discovery(db, site):
    """{topic: payload} that makes Home Assistant show the sensors by itself."""
    base = f"kentongan/{site}"
    device = {"identifiers": [f"kentongan_{site}"], "name": f"Kentongan {db.setting('name', site)}"}
    common = {
        "availability_topic": f"{base}/hidup",
        "value_template": "{{ value_json.state }}",
        "device": device,
    }
    out = {}
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


def zones(db):
    rows = db.all("SELECT DISTINCT zone FROM devices WHERE revoked = 0 AND zone > 0 ORDER BY zone")
    return [row["zone"] for row in rows]


class HomeAssistant(Worker):
    name = "mqtt"
    label = "Home Assistant (MQTT)"
    fields = (
        ("host", "Alamat broker", ""),
        ("port", "Port", "1883"),
        ("user", "Nama", ""),
        ("password", "Sandi", ""),
    )
    secret_fields = ("password",)

    def __init__(self, store, clock):
        super().__init__(store, clock)
        self._client = None
        self._said = {}
        self._connected = threading.Event()

    def step(self):
        """Publish what changed; states are retained: Home Assistant knows them after a restart of its own."""
        if not self.enabled():
            return False
        now = self.now()
        with self._store.read() as db:
            site = db.setting("site_slug") or "rt"
            wanted = {**discovery(db, site), **snapshot(db, now, site)}
        fresh = {topic: payload for topic, payload in wanted.items() if self._said.get(topic) != payload}
        gone = [topic for topic in self._said if topic not in wanted]
        try:
            test = self._claim()
            if self._client is None:
                self._open(site)
            if test or not self._said:
                fresh = wanted
            for topic, payload in fresh.items():
                self._publish(topic, json.dumps(payload, ensure_ascii=False))
            for topic in gone:
                self._publish(topic, "")  # an empty retained payload takes the sensor away
            self._said = wanted
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            with self._store.write(ring=False) as db:
                failed(db, now, self.name, f"broker tidak terjangkau: {error}"[:200])
            return False
        if fresh or gone or test:
            with self._store.write(ring=False) as db:
                worked(db, now, self.name)
                if test:
                    outbox.mark(db, now.ms, self.name, test["id"])
        return False

    def _open(self, site):
        import paho.mqtt.client as mqtt

        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"kentongan-{site}")
        client.on_connect = lambda *args: self._connected.set()
        client.on_disconnect = lambda *args: self._connected.clear()
        if self.settings.get("user"):
            client.username_pw_set(self.settings["user"], self.settings.get("password"))
        client.will_set(f"kentongan/{site}/hidup", "offline", qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        self._client = client
        client.connect(
            self.settings.get("host") or "127.0.0.1", int(self.settings.get("port") or 1883), KEEPALIVE_S
        )
        client.loop_start()
        if not self._connected.wait(CONNECT_S):
            raise OSError("tidak ada jawaban")
        self._publish(f"kentongan/{site}/hidup", "online")

    def _publish(self, topic, payload):
        if not self._connected.is_set():
            raise OSError("sambungan putus")
        sent = self._client.publish(topic, payload, qos=1, retain=True)
        sent.wait_for_publish(PUBLISH_S)
        if not sent.is_published():
            raise OSError("tidak dikonfirmasi")

    def close(self):
        if self._client:
            self._client.disconnect()
            self._client.loop_stop()
        self._client, self._said = None, {}
        self._connected.clear()
