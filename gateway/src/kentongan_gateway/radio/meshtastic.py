"""A stock Meshtastic radio through the unmodified library, with its known faults handled.

- It never reconnects: a supervisor rebuilds the whole interface when the link dies or falls silent.
- A frozen radio looks alive: every heartbeat must change the interface's queueStatus.
- One thread publishes everything: our subscriber enqueues and returns.
- Sending has no lock and may block: one sender thread per interface, and a blocked one is abandoned.
- It calls sys.exit on odd destinations: we pass the broadcast number only, and catch SystemExit all the same.
- A radio ignores a packet id that its host sends twice: same_id is False, so repeats come with new ids.
- Of equal priority it sends relays before ours: so all of ours is urgent to it, which the air never shows.
- In role CLIENT it sends its own relay of an alarm before our receipt, seconds late, and drops receipts when
  16 packets wait: only ROUTER with rebroadcast ALL and CLIENT_MUTE are fit, any other is told as a trouble.
- Its reader prints tracebacks of a line that broke: they are debug lines of our log.
"""

import logging
import queue
import threading
import time
from typing import Any

from kentongan_wire.air.packet import BROADCAST, PORT_PRIVATE, Channel
from meshtastic import stream_interface
from meshtastic.protobuf import mesh_pb2
from pubsub import pub

from kentongan_gateway.core.base.actions import Heard, Send
from kentongan_gateway.radio.base import Key, OnHeard, OnState, Radio

log = logging.getLogger("kentongan.radio")

TOPIC = "meshtastic.receive"
OPEN_TIMEOUT_S = 20  # handshake without the node list
HEARTBEAT_S = 4.0
SILENT_S = 14.0  # three heartbeats without an answer, or a sender stuck for so long: rebuild
LOOK_S = 0.5  # the supervisor looks this often
REOPEN_MIN_S, REOPEN_MAX_S = 1.0, 15.0
OUT_LIMIT = 64
TRIES_MAX = 2  # of one frame, over a rebuild
REMEDY = "run `kentongan-tool stock --use gateway` on it, by cable"


def unfit(device: Any) -> str | None:
    """Say why a radio with these device settings is not fit for a gateway, or None."""
    role, mode = _name(device, "role"), _name(device, "rebroadcast_mode")
    if role == "CLIENT_MUTE" or (role, mode) == ("ROUTER", "ALL"):
        return None
    if role == "ROUTER":
        return f"the radio is a ROUTER with rebroadcast {mode}, which relays no alarm: {REMEDY}"
    return f"the radio is a {role}, which sends receipts seconds late or drops them: {REMEDY}"


def _name(device: Any, field: str) -> str:
    """Return the setting's name, or its number where only a newer library knows it."""
    number = getattr(device, field)
    known = device.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(known.name if known else number)


class _Tracebacks:
    """Stands for the module of that name in the library's reader."""

    @staticmethod
    def print_exc() -> None:
        log.debug("the library's reader", exc_info=True)


stream_interface.traceback = _Tracebacks


class MeshtasticRadio(Radio):
    """`port` is a TCP port number at `host`, or a serial device path."""

    same_id = False

    def __init__(self, host: str, port: str | int, key_file: Key, name: str = "meshtastic"):
        self._host, self._port, self._name, self.names = host, port, name, (name,)
        self._node, self._channel = key_file.node, key_file.channel
        # (class, order of arrival, tries, Send)
        self._out: queue.PriorityQueue[tuple[int, int, int, Send]] = queue.PriorityQueue(OUT_LIMIT)
        self._arrival = 0
        self._stopping = threading.Event()
        self._session: _Session | None = None
        self._lock = threading.Lock()
        self.counters = {}

    def start(self, on_heard: OnHeard, on_state: OnState) -> None:
        self._on_heard, self._on_state = on_heard, on_state
        pub.subscribe(self._received, TOPIC)
        self._thread = threading.Thread(target=self._supervise, name=self._name, daemon=True)
        self._thread.start()

    def healthy(self) -> bool:
        return self._thread.is_alive()

    def send(self, send: Send) -> None:
        self._put(send, 0)

    def stop(self) -> None:
        self._stopping.set()
        session = self._session
        if session:
            session.close()

    def count(self, what: str) -> None:
        with self._lock:
            self.counters[what] = self.counters.get(what, 0) + 1

    def _put(self, send: Send, tries: int) -> None:
        with self._lock:
            self._arrival += 1
            order = self._arrival
        try:
            self._out.put_nowait((send.klass, order, tries, send))
        except queue.Full:
            self.count("dropped")

    # receiving: on the library's publishing thread

    def _received(self, packet: dict[str, Any], interface: Any) -> None:
        session = self._session
        if session is None or interface is not session.interface:
            return
        session.alive()
        raw = packet.get("raw")
        if raw is None or not raw.HasField("decoded") or raw.decoded.portnum != PORT_PRIVATE:
            return
        if raw.channel != session.channel_index or raw.pki_encrypted:
            self.count("channel")
            return
        src, snr_q = getattr(raw, "from"), round(raw.rx_snr * 4)
        self._on_heard(
            Heard(
                src,
                raw.to,
                raw.id,
                raw.hop_limit,
                raw.hop_start,
                raw.relay_node,
                bytes(raw.decoded.payload),
                raw.rx_rssi,
                snr_q,
                self._name,
            )
        )

    # supervision: one thread, the only one that builds and tears down

    def _supervise(self) -> None:
        wait_s, said = REOPEN_MIN_S, ""
        self._role: str | None = None
        while not self._stopping.is_set():
            try:
                self._session = _Session(self, self._open(), self._node, self._channel)
                wait_s, said = REOPEN_MIN_S, ""
                self._on_state(self._name, True)
                self._watch(self._session)
            except (Exception, SystemExit) as error:  # the library raises what it likes
                if str(error) != said:
                    log.warning("%s at %s: %s %s", self._name, self._port, type(error).__name__, error)
                said = str(error)
            session, self._session = self._session, None
            if session:
                session.close()
                self.count("rebuilt")
                self._on_state(self._name, False)
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, REOPEN_MAX_S)

    def _open(self) -> Any:
        if isinstance(self._port, int):
            from meshtastic.tcp_interface import TCPInterface

            return TCPInterface(self._host, portNumber=self._port, noNodes=True, timeout=OPEN_TIMEOUT_S)
        from meshtastic.serial_interface import SerialInterface

        return SerialInterface(self._port, noNodes=True, timeout=OPEN_TIMEOUT_S)

    def _watch(self, session: "_Session") -> None:
        """Return when the interface must be rebuilt."""
        while not self._stopping.is_set():
            self._look_at_role(session)
            self._stopping.wait(LOOK_S)
            reason = session.fault()
            if reason:
                log.warning("%s: %s: rebuilding", self._name, reason)
                self.count(reason.replace(" ", "_"))
                return

    def _look_at_role(self, session: "_Session") -> None:
        """Tell of a role that costs receipts; an app, or newer firmware by itself, may change it."""
        text = unfit(session.interface.localNode.localConfig.device)
        if text != self._role:
            self._role = text
            if text:
                log.warning("%s: %s", self._name, text)
            self.on_trouble(self._name, "role", text)

    def next_send(self, timeout_s: float) -> tuple[int, Send] | None:
        """(tries, Send) of the most urgent frame, or None."""
        try:
            _, _, tries, send = self._out.get(timeout=timeout_s)
        except queue.Empty:
            return None
        return tries, send

    def put_back(self, send: Send, tries: int) -> None:
        """Put back a frame that failed on its way: once more over the next interface."""
        if tries < TRIES_MAX:
            self._put(send, tries)
        else:
            self.count("unsent")


class _Session:
    """One interface with its own sender thread; never used again once closed."""

    def __init__(self, radio: MeshtasticRadio, interface: Any, node: int, channel: Channel):
        self.interface = interface
        self._radio = radio
        self._closed = threading.Event()
        self._alive_s = self._free_s = time.monotonic()  # last sign of life; sender last seen free
        try:
            self.channel_index = self._check(node, channel)
        except ValueError:
            radio.count("refused")
            interface.close()
            raise
        self._status = interface.queueStatus
        self._sender = threading.Thread(target=self._send_all, name="meshtastic-send", daemon=True)
        self._sender.start()

    def _check(self, node: int, channel: Channel) -> int:
        """Return the index of the site's channel; ValueError for a radio that the key file does not name."""
        number = self.interface.myInfo.my_node_num
        if number != node:
            raise ValueError(
                f"this radio is node {number:08x}, the key file is for {node:08x}; "
                "provision the gateway with this radio's number"
            )
        for each in self.interface.localNode.channels or []:
            if each.role and each.settings.name == channel.name and each.settings.psk == channel.key:
                return each.index
        raise ValueError(f"this radio has no channel {channel.name!r} with the site's key; provision it")

    def alive(self) -> None:
        self._alive_s = time.monotonic()

    def fault(self) -> str | None:
        """Say why this interface is of no more use, or None."""
        status, now = self.interface.queueStatus, time.monotonic()
        if status is not self._status:
            self._status, self._alive_s = status, now
        if self._closed.is_set() or not self.interface._rxThread.is_alive():
            return "link lost"
        if now - self._free_s > SILENT_S:
            return "sender blocked"
        if now - self._alive_s > SILENT_S:
            return "radio frozen"
        return None

    def close(self) -> None:
        """Close and let a blocked sender run into the closed line."""
        self._closed.set()
        self.interface.queueStatus = None
        threading.Thread(target=self._close_interface, daemon=True).start()  # it may wait for the library

    def _close_interface(self) -> None:
        try:
            self.interface.close()
        except Exception as error:  # a dead line fails in many ways, all of them expected here
            log.debug("close: %s", error)

    def _send_all(self) -> None:
        beat_s = 0.0
        while not self._closed.is_set():
            self._free_s = time.monotonic()
            item = None
            try:
                if self._free_s - beat_s >= HEARTBEAT_S:
                    beat_s = self._free_s
                    self.interface.sendHeartbeat()
                item = self._radio.next_send(0.1)
                if item and not self._closed.is_set():
                    self._send(item[1])
                    item = None
            except (Exception, SystemExit) as error:  # the library raises what it likes
                log.debug("send: %s", error)
                self._closed.set()
            if item:
                self._radio.put_back(item[1], item[0] + 1)

    def _send(self, send: Send) -> None:
        packet = mesh_pb2.MeshPacket(id=send.packet_id, channel=self.channel_index)
        packet.decoded.portnum = PORT_PRIVATE
        packet.decoded.payload = send.payload
        packet.decoded.bitfield = 0
        packet.priority = mesh_pb2.MeshPacket.Priority.HIGH
        self.interface._sendPacket(packet, BROADCAST, wantAck=False, hopLimit=send.hop_limit)
