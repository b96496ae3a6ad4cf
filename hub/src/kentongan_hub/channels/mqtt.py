"""Home Assistant by MQTT discovery: a sensor per RT and one for the hub. No command, nothing confidential.

Everything is said again on every new connection, when Home Assistant says that it has started (its birth
message), and when our own last will appears although we live: a broker may have lost what it kept, and says
"offline" of us after a cut that we have long outlived.
"""

import json
import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kentongan_hub.base import words
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Worker, failed, worked
from kentongan_hub.devices import health as site_health
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db, Store

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger("kentongan.hub")
CONNECT_S = 5.0
PUBLISH_S = 5.0
KEEPALIVE_S = 30
RETRY_MS = (0, 5_000, 10_000, 30_000)  # after so many failures in a row; the last one repeats
BIRTH_TOPIC, BIRTH = "homeassistant/status", b"online"
ONLINE, OFFLINE = "online", "offline"

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


class HomeAssistant(Worker):
    name = "mqtt"
    label = _("Home Assistant (MQTT)")
    word = "Home Assistant"
    fields = (
        ("host", _("Alamat broker"), ""),
        ("port", _("Port"), "1883"),
        ("user", _("Nama"), ""),
        ("password", _("Sandi"), ""),
    )
    secret_fields = ("password",)
    highest = {"port": 0xFFFF}

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._client: mqtt.Client | None = None
        self._alive_topic = ""
        self._said: dict[str, Topic] = {}  # topic -> payload that the broker has confirmed on this connection
        self._answered, self._connected = threading.Event(), threading.Event()
        self._lost = threading.Event()  # the connection is over
        self._again = threading.Event()  # somebody does not know what we said
        self._refusal = ""
        self._fails, self._retry_ms = 0, 0
        self._failed_with: dict[str, str] | None = None

    def step(self) -> bool:
        """Publish what changed; states are retained: Home Assistant knows them after a restart of its own."""
        if not self.enabled():
            return False
        now = self.now()
        if self._lost.is_set():
            self._drop()
        if self._client is None and self.settings is self._failed_with and now.ms < self._retry_ms:
            return False
        with self._store.read() as db:
            site = db.setting("site_slug") or "rt"
            wanted = {**discovery(db, site), **snapshot(db, now, site)}
        try:
            test = self._claim()
            told = self._tell(site, wanted, bool(test))
        except Exception as error:  # also of the library: told on the page Kanal, and tried again
            log.exception("mqtt: the broker was not told")
            self._failed_now(now, error)
            return False
        self._fails = 0
        if told or test:
            with self._store.write(ring=False) as db:
                worked(db, now, self.name)
                if test:
                    outbox.mark(db, now.ms, self.name, test["id"])
        return False

    def _failed_now(self, now: Now, error: Exception) -> None:
        self._drop()
        self._retry_ms = now.ms + RETRY_MS[min(self._fails, len(RETRY_MS) - 1)]
        self._fails, self._failed_with = self._fails + 1, self.settings
        with self._store.write(ring=False) as db:
            failed(db, now, self.name, str(_("broker tidak terjangkau: %(error)s", error=error))[:200])

    def _tell(self, site: str, wanted: dict[str, Topic], everything: bool) -> bool:
        """Bring the broker to `wanted`, on a new connection or when asked for with all of it."""
        everything = everything or self._client is None or self._again.is_set()
        self._again.clear()
        if self._client is None:
            self._open(site)
        gone = [topic for topic in self._said if topic not in wanted]
        if everything:
            self._said = {}
        fresh = {topic: payload for topic, payload in wanted.items() if self._said.get(topic) != payload}
        for topic, payload in fresh.items():
            self._publish(topic, json.dumps(payload, ensure_ascii=False))
        for topic in gone:
            self._publish(topic, "")  # an empty retained payload takes the sensor away
        if everything:
            self._publish(self._alive_topic, ONLINE)  # last: what is there is true by now
        self._said = wanted
        return bool(fresh or gone or everything)

    def _open(self, site: str) -> None:
        import paho.mqtt.client as mqtt  # only where somebody uses it

        # whoever reconnects must say everything again: that is this worker, not the library
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"kentongan-{site}", reconnect_on_failure=False
        )
        self._client, self._alive_topic = client, f"kentongan/{site}/hidup"
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message = self._on_message
        if self.settings.get("user"):
            client.username_pw_set(self.settings["user"], self.settings.get("password"))
        client.will_set(self._alive_topic, OFFLINE, qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        client.connect(
            self.settings.get("host") or "127.0.0.1", int(self.settings.get("port") or 1883), KEEPALIVE_S
        )
        client.loop_start()
        if not self._answered.wait(CONNECT_S):
            raise OSError("tidak ada jawaban")
        if self._refusal:
            raise OSError(f"ditolak: {self._refusal}")

    # called from the library's thread

    def _on_connect(
        self,
        client: "mqtt.Client",
        _userdata: object,
        _flags: object,
        reason: "ReasonCode",
        _properties: object,
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        else:
            self._refusal = ""
            client.subscribe([(BIRTH_TOPIC, 1), (self._alive_topic, 1)])
            self._connected.set()
        self._answered.set()

    def _on_disconnect(self, client: "mqtt.Client", *_: object) -> None:
        if client is self._client:
            self._connected.clear()
            self._lost.set()
            self._store.bell.ring()

    def _on_message(self, client: "mqtt.Client", _userdata: object, message: "mqtt.MQTTMessage") -> None:
        """Notice a birth or burial that is news; retained ones are from before, and all is said anew."""
        birth = message.topic == BIRTH_TOPIC and message.payload == BIRTH
        buried = message.topic == self._alive_topic and message.payload == OFFLINE.encode()
        if client is self._client and not message.retain and (birth or buried):
            self._again.set()
            self._store.bell.ring()

    # the worker's again

    def _publish(self, topic: str, payload: str) -> None:
        if self._client is None or not self._connected.is_set():
            raise OSError("sambungan putus")
        sent = self._client.publish(topic, payload, qos=1, retain=True)
        sent.wait_for_publish(PUBLISH_S)
        if not sent.is_published():
            raise OSError("tidak dikonfirmasi")

    def stop(self) -> None:
        super().stop()
        self.close()

    def close(self) -> None:
        """Leave in order: switched off, we are not there, and Home Assistant is told so."""
        try:
            if self._client and self._connected.is_set():
                self._publish(self._alive_topic, OFFLINE)
        except (OSError, ValueError, RuntimeError):
            pass  # then the last will says it
        self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client:
            client.disconnect()
            client.loop_stop()
        self._said, self._refusal = {}, ""
        for event in (self._answered, self._connected, self._lost, self._again):
            event.clear()
