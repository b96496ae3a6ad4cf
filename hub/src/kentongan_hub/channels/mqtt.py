"""Home Assistant: sensors by MQTT discovery (mqtt_sensors.py), calls to phones with its app (mqtt_phones.py).

No command, nothing confidential: whoever keeps the broker may be anybody's neighbour, or kin.

Everything is said again on every new connection, when Home Assistant says that it has started (its birth
message), and when our own last will appears although we live: a broker may have lost what it kept, and says
"offline" of us after a cut that we have long outlived.
"""

import json
import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Clock, Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Claimed, OutboxRow
from kentongan_hub.channels import mqtt_phones as phones
from kentongan_hub.channels.base import TEST, Failure, Message, Worker, failed, worked
from kentongan_hub.channels.mqtt_sensors import Topic, discovery, snapshot
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.calling import links, replies
from kentongan_hub.incidents.calling.links import Outcome
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db, Store, parsed

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
SIGNED_MS = 86_400_000  # answers come late; to an older call nobody answers any more
# a word on the answers' topic that is none: no button's, or with a sign that no message of ours has
NO_BUTTON, NOT_SIGNED = "no_button", "not_signed"
REPLY_EXPIRES_MS = 300_000  # that an answer was taken
UNKNOWN_TOLD_MS = 600_000  # answers that nobody signed are in the record once in so long


class HomeAssistant(Worker):
    name = "mqtt"
    label = _("Home Assistant (MQTT)")
    word = "Home Assistant"
    address_label = _("Nama ponsel di Home Assistant, misalnya budi_hp")
    secret_address = False
    discreet = False
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
        self._site = ""  # its part of every topic
        self._signed: dict[str, None] = {}  # secrets of our buttons: whatever comes, only these wait
        self._answers: dict[str, None] = {}  # those that came and wait to be looked at
        self._refused = Counter(
            {NO_BUTTON: 0, NOT_SIGNED: 0}
        )  # words that are no answer, by reason, since the start
        self._told = 0  # how many of them the record has
        self._flooded = False  # somebody sends what is no fresh answer: looked at every PERIOD_S, not at once
        self._unknown_ms: int | None = None  # when that was told last

    @staticmethod
    def checked(db: Db, address: str) -> str:
        return phones.checked(address)

    def step(self) -> bool:
        """Publish what changed, take an answer, call one phone; True when there may be another.

        States are retained: Home Assistant knows them after a restart of its own.
        """
        if not self.enabled():
            return False
        now = self.now()
        if self._lost.is_set():
            self._drop()
        if self._client is None and self.settings is self._failed_with and now.ms < self._retry_ms:
            return False
        try:
            told = self._tell_states(now)
        except Exception as error:  # also of the library: told on the page Kanal, and tried again
            log.exception("mqtt: the broker was not told")
            self._failed_now(now, error)
            return False
        self._fails = 0
        if told:
            with self._store.write(ring=False) as db:
                worked(db, now, self.name)
        self._take_answers(now)
        return super().step()

    def _tell_states(self, now: Now, everything: bool = False) -> bool:
        """Bring the broker to what is true; False where it knew it."""
        with self._store.read() as db:
            site = db.setting("site_slug") or "rt"
            wanted = {**discovery(db, site), **snapshot(db, now, site)}
        return self._tell(site, wanted, everything)

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

        with self._store.read() as db:  # also of before a restart, the oldest first
            since_ms = self.now().ms - SIGNED_MS
            self._signed = dict.fromkeys(reversed(links.sent(db, self.name, since_ms)))
        # whoever reconnects must say everything again: that is this worker, not the library
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=f"kentongan-{site}",
            clean_session=False,  # the broker keeps an answer while the line is cut
            reconnect_on_failure=False,
        )
        self._client, self._site, self._alive_topic = client, site, f"kentongan/{site}/hidup"
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
            client.subscribe([(BIRTH_TOPIC, 1), (self._alive_topic, 1), (phones.answers(self._site), 1)])
            self._connected.set()
        self._answered.set()

    def _on_disconnect(self, client: "mqtt.Client", *_: object) -> None:
        if client is self._client:
            self._connected.clear()
            self._lost.set()
            self._store.bell.ring()

    def _on_message(self, client: "mqtt.Client", _userdata: object, message: "mqtt.MQTTMessage") -> None:
        """Notice an answer, and a birth or burial that is news: at retained ones all is said anew anyway."""
        if client is self._client and message.topic == phones.answers(self._site):
            self._hear(bytes(message.payload))
            return
        birth = message.topic == BIRTH_TOPIC and message.payload == BIRTH
        buried = message.topic == self._alive_topic and message.payload == OFFLINE.encode()
        if client is self._client and not message.retain and (birth or buried):
            self._again.set()
            self._store.bell.ring()

    def _hear(self, word: bytes) -> None:
        """Keep an answer of ours, once; junk is counted, takes nobody's place and wakes nobody."""
        secret = phones.secret(word)
        if secret not in self._signed:
            self._refused[NOT_SIGNED if secret else NO_BUTTON] += 1
            return
        self._answers[secret] = None
        if not self._flooded:
            self._store.bell.ring()

    # the worker's again

    def _take_answers(self, now: Now) -> None:
        """Look at what came in; what nobody signed costs the disk nothing but a line in ten minutes."""
        outcomes = [self._try_answer(now, secret) for secret in list(self._answers)]
        self._flooded = any(one is not Outcome.COMING for one in outcomes)
        self._refused[NOT_SIGNED] += outcomes.count(Outcome.UNKNOWN)  # of a phone that is no longer called
        refused = dict(self._refused)
        lately = self._unknown_ms is not None and now.ms - self._unknown_ms < UNKNOWN_TOLD_MS
        if sum(refused.values()) > self._told and not lately:
            self._unknown_ms, self._told = now.ms, sum(refused.values())
            said = Said(codes.WORDS_REFUSED, **refused)
            with self._store.write(ring=False) as db:
                replies.unknown(db, now, self.name, said)

    def _try_answer(self, now: Now, secret: str) -> Outcome:
        """Take an answer off those that wait; one that a busy disk kept from the record waits on."""
        del self._answers[secret]
        try:
            return self._answer(now, secret)
        except Exception:
            self._answers[secret] = None
            raise

    def _answer(self, now: Now, secret: str) -> Outcome:
        with self._store.read() as db:
            row = links.message(db, secret)
        if row is None or row["channel"] != self.name:
            return Outcome.UNKNOWN
        with self._store.write() as db:
            outcome = links.press(db, now, secret)
            if outcome is not Outcome.UNKNOWN:
                _reply(db, now, row, outcome)
        return outcome

    def _send_row(self, row: Claimed) -> None:
        if row["type"] == TEST:
            self._tell_states(self.now(), everything=True)
        with self._store.read() as db:
            if actions.is_of_confidential(db, row):  # it became one after it was written
                raise Failure(_("alarm rahasia tidak lewat sini; hubungi dengan cara lain"), permanent=True)
        super()._send_row(row)

    def dressed(self, row: Claimed, message: Message) -> Message:
        with self._store.write(ring=False) as db:
            secret = links.token(db, row)
        if row["incident"] is not None:
            message = {**message, "tag": f"kentongan-{row['incident']}"}
        if secret:
            self._signed[secret] = None
            while len(self._signed) > links.SENT_LIMIT:
                del self._signed[next(iter(self._signed))]
        return {**message, "link": secret} if secret else message

    def send(self, body: Message) -> None:
        try:
            topic = phones.calls(self._site, phones.checked(body["to"]))
        except LocalError as error:
            raise Failure(_("%(error)s; perbaiki di halaman Warga", error=error), permanent=True)
        try:
            self._publish(topic, json.dumps(phones.payload(body), ensure_ascii=False), retain=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise Failure(_("broker tidak terjangkau: %(error)s", error=error))

    def _publish(self, topic: str, payload: str, retain: bool = True) -> None:
        if self._client is None or not self._connected.is_set():
            raise OSError("sambungan putus")
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
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


def _reply(db: Db, now: Now, row: OutboxRow, outcome: Outcome) -> None:
    """Tell the phone what became of its answer, each word once; who is expected stays expected."""
    if outcome is Outcome.AGAIN and links.coming(db, row):
        outcome = Outcome.COMING
    about, text = parsed(row["body"]), str(links.SAID[outcome])
    said = {"to": about["to"], "name": about.get("name", ""), "text": text}
    if outcome is Outcome.TESTED:
        said["of"] = str(row["id"])  # each test has its own word
    body = json.dumps(said, ensure_ascii=False)
    same = "SELECT 1 FROM outbox WHERE channel = ? AND type = ? AND incident IS ? AND body = ?"
    if not db.value(same, row["channel"], outbox.NEWS, row["incident"], body):
        outbox.add(db, now.ms, row["channel"], outbox.NEWS, body, REPLY_EXPIRES_MS, row["incident"])
