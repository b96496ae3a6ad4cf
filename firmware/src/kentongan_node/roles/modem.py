"""The gateway's radio: a dumb pipe with a clock and the law (wire-format 5). It holds no keys.

The host decides what is sent and relayed; this decides when, listens before it talks, and refuses what
band, power or air time forbid. Every host message is answered by Ack or Nack, a repeated Transmit once.
"""

import struct

from kentongan_wire.air import link, phy
from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages

from kentongan_node.air.channel_access import ChannelAccess
from kentongan_node.air.shares import Shares
from kentongan_node.base.actions import HostWrite, Listen, Note, Tune

if TYPE_CHECKING:
    from typing import Any

    from kentongan_node.base.actions import Action, Boot, Settings, State

    Radio = tuple[str, int, int]  # preset, frequency in Hz, power in dBm


HEARTBEAT_MS = 5_000  # ModemStatus without being asked; the host takes three missed ones as dead
REMEMBERED = 8  # host messages whose repeat is answered without sending twice
CLASS_LAST = 4
FRAME_LEAST_BYTES = 17  # header and something
LOST_REASONS = {  # what the queue says -> what the host is told
    "full": link.REASON_FULL,
    "air": link.REASON_AIR,
    "radio": link.REASON_RADIO,
    "radio_timeout": link.REASON_RADIO,
}


class Modem:
    """`settings` as device_file.check returns them, with `power_dbm`: what the chip can send. Its radio
    values are used until the host configures; what its antenna does not allow is refused then, too."""

    def __init__(self, settings: "Settings", state: "State") -> None:
        self.now_ms = self.rnd = 0  # of the call under way
        self.actions: list[Action] = []
        self.settings = settings
        self.label = settings["label"]
        self.node = 0  # 0: not configured since the start
        self.counters: dict[str, int] = {}
        preset = phy.preset(settings["preset"])
        self.mesh = ChannelAccess(preset, 0, Shares(preset), state.get("air"))
        self._decoder = link.Decoder()
        self._tuned = self._radio(settings)
        self._seq = 0
        self._handled: list[tuple[int, int, int]] = []  # (seq, src, id) of the last Transmits
        self._start_ms = 0
        self._beat_ms: int | None = None
        self._flash_fails = False

    @staticmethod
    def _radio(values: "Settings") -> "Radio":
        return (values["preset"], values["freq_hz"], values["conducted_dbm"])

    # -- what the shell calls -----------------------------------------------------------------------

    def start(self, boot: "Boot", now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self._start_ms = now_ms
        self._beat_ms = now_ms + HEARTBEAT_MS
        self._tell(link.Hello(link.LINK_VERSION, messages.GATEWAY, self.node))
        return self._end()

    def host(self, data: bytes, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        for seq, message in self._decoder.feed(data):
            reason = self._obey(seq, message)
            self._tell(link.Nack(seq, reason) if reason else link.Ack(seq))
            if isinstance(message, link.StatusAsk):
                self._status()
        return self._end()

    def receive(self, frame: bytes, rssi: int, snr_q: int, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self.mesh.channel_used(len(frame), now_ms)
        if self.node and 0 < len(frame) <= phy.MAX_FRAME:
            rssi, snr_q = max(-32768, min(rssi, 32767)), max(-128, min(snr_q, 127))
            self._tell(link.Received(frame, rssi, snr_q, now_ms & 0xFFFFFFFF))
        return self._end()

    def garbled(self, n_bytes: int, now_ms: int, rnd: int) -> "list[Action]":
        self.mesh.garbled(n_bytes, now_ms)
        return []

    def cad(self, busy: bool, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        self.mesh.cad(busy, now_ms, rnd, self.actions)
        return self._end()

    def sent(self, ok: bool, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        entry = self.mesh.sent(ok, now_ms, rnd, self.actions)
        if entry is not None:
            airtime_ms = self.mesh.airtime_ms(len(entry.frame))
            self._tell(link.Transmitted(entry.src, entry.id, airtime_ms))
        return self._end()

    def key(self, key: str, down: bool, now_ms: int, rnd: int) -> "list[Action]":
        return []

    def sense(self, what: str, value: int, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        if what == "flash":  # its only file is the hour's air
            self._flash_fails = bool(value)
            self._status()
        return self.actions

    def tick(self, now_ms: int, rnd: int) -> "list[Action]":
        self._begin(now_ms, rnd)
        if self._beat_ms is not None and now_ms >= self._beat_ms:
            self._beat_ms = now_ms + HEARTBEAT_MS
            if not self.node:
                self._tell(link.Hello(link.LINK_VERSION, messages.GATEWAY, 0))
            self._status()
        return self._end()

    def next_deadline(self) -> int | None:
        times = [t for t in (self._beat_ms, self.mesh.next_deadline()) if t is not None]
        return min(times) if times else None

    # -- the host's orders --------------------------------------------------------------------------

    def _obey(self, seq: int, message: "Any") -> int:
        """Do what the host asks; 0, or the reason of the refusal."""
        if isinstance(message, link.Configure):
            return self._configure(message)
        if isinstance(message, link.Transmit):
            return self._transmit(seq, message)
        if isinstance(message, link.Drop):
            self.mesh.drop(message.src, message.id, "host")
            return 0
        return 0 if isinstance(message, link.StatusAsk) else link.REASON_UNKNOWN

    def _configure(self, wanted: "link.Configure") -> int:
        try:
            preset = phy.preset(wanted.preset)
            phy.check_frequency(wanted.freq_hz, preset.bw_hz)
            phy.check_eirp_dbm(wanted.conducted_dbm, wanted.gain_dbi, wanted.loss_db)
            phy.check_eirp_dbm(wanted.conducted_dbm, self.settings["gain_dbi"], self.settings["loss_db"])
        except LocalError as error:
            self.counters["configure"] = self.counters.get("configure", 0) + 1
            self.actions.append(Note("configure_refused", self.label, 0, str(error)))
            return link.REASON_SETTINGS
        low, high = self.settings.get("power_dbm", (-128, 127))
        if not 3 < wanted.node < 0xFFFFFFFF or not low <= wanted.conducted_dbm <= high:
            return link.REASON_SETTINGS
        radio = (wanted.preset, wanted.freq_hz, wanted.conducted_dbm)
        if radio != self._tuned or wanted.node != self.node:
            self.mesh.retune(preset, wanted.node)
        if radio != self._tuned:
            self._tuned = radio
            self.actions.append(Tune(wanted.preset, wanted.freq_hz, wanted.conducted_dbm))
        if wanted.node != self.node:
            self.node = wanted.node
            self.actions.append(Listen(True))
        return 0

    def _transmit(self, seq: int, order: "link.Transmit") -> int:
        if not self.node:
            return link.REASON_NOT_READY
        if not FRAME_LEAST_BYTES <= len(order.frame) <= phy.MAX_FRAME or order.klass > CLASS_LAST:
            return link.REASON_FRAME
        src, packet_id = struct.unpack("<II", order.frame[4:12])
        relay = bool(order.flags & link.FLAG_RELAY)
        if src != self.node and not relay:
            return link.REASON_FRAME
        known = (seq, src, packet_id)
        if known in self._handled:
            return 0
        first = bool(order.flags & link.FLAG_FIRST)
        delay_ms = order.not_before_ms
        if not self.mesh.submit(order.frame, order.klass, self.now_ms, delay_ms, first, relay, order.snr_q):
            return link.REASON_FULL
        self._handled = self._handled[1 - REMEMBERED :] + [known]
        return 0

    # -- inside -------------------------------------------------------------------------------------

    def _status(self) -> None:
        dropped = sum(self.mesh.drops.values()) & 0xFFFF
        faults = link.FAULT_JAMMED if self.mesh.meter.jammed(self.now_ms) else 0
        faults |= link.FAULT_FLASH if self._flash_fails else 0
        uptime_s = (self.now_ms - self._start_ms) // 1000
        air_ms = self.mesh.air_used_ms(self.now_ms)
        self._tell(link.ModemStatus(air_ms, len(self.mesh.queue), dropped, uptime_s, faults))

    def _tell(self, message: "Any") -> None:
        self.actions.append(HostWrite(link.encode(self._seq, message)))
        self._seq = (self._seq + 1) & 0xFFFF

    def _begin(self, now_ms: int, rnd: int) -> None:
        self.now_ms, self.rnd, self.actions = now_ms, rnd, []

    def _end(self) -> "list[Action]":
        self.mesh.tick(self.now_ms, self.rnd, self.actions)
        for src, packet_id, reason in self.mesh.queue.take_lost():
            self._tell(link.Refused(src, packet_id, LOST_REASONS.get(reason, link.REASON_DROPPED)))
        return self.actions
