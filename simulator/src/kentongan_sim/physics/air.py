"""The air between the radios: who hears what, how strongly, and what destroys it.

Strengths are whole quarter decibels above the receiver's noise (`snr_q`). Sources of the numbers and what
the model leaves out are in simulator/README.md.
"""

import math
from bisect import insort
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import NamedTuple, Protocol

from kentongan_wire.air import phy

from kentongan_sim.physics.chance import bell_q, bell_table, bytes_for, drawn, happens, threshold
from kentongan_sim.physics.clock import Clock, Entry
from kentongan_sim.physics.shapes import Detail, Report, Us

CAPTURE_Q = 24  # 6 dB: co-channel rejection of one spreading factor (Semtech AN1200.22; Croce 2018)
SNR_FLOOR_Q = {7: -30, 8: -40, 9: -50, 10: -60, 11: -70, 12: -80}  # SX1262 data sheet table 6-1, quarter dB
SNR_TOP_Q = 48  # 12 dB: what a chip reports at most
NOISE_FIGURE_DB = 6  # receiver; thermal noise is -174 dBm/Hz
HEARD_BELOW_FLOOR_Q = 40  # 10 dB: weaker than this under the floor a frame does not even disturb
LOCK_SYMBOLS = 11  # of the 16: the last 5 preamble symbols are the critical ones (Bor 2016)
SYNC_SYMBOLS = 4  # preamble symbols a receiver must have heard by then


class Propagation(NamedTuple):
    """Log-distance path loss with shadowing and fading."""

    reference_db: float  # loss at 1 m
    exponent: float  # log-distance
    shadow_db: float  # standard deviation of a link, fixed for a place
    fade_db: float  # standard deviation of one frame on a link
    layout: str  # name that the shadowing is drawn from: a place stays the same for every seed


URBAN = Propagation(74.85, 2.75, 8.0, 1.0, "rt")  # see README: Callebaut and Van der Perre 2020, urban


class Cad(NamedTuple):
    """Channel activity detection of one chip."""

    symbols: int  # length of one check
    preamble: float  # share of audible preambles it notices
    payload: float  # share of audible payloads it notices
    turnaround_us: Us  # from the end of a check, or a decision, to the first symbol on the air


CAD = Cad(phy.CAD_SYMBOLS, 0.93, 0.70, 1_500)
CAD_FLAG_US = 100  # reading "preamble detected" from a receiver that is in the middle of a frame


def path_loss_db(spec: Propagation, distance_m: float, one: str, other: str) -> float:
    """Return the loss between two places: the same both ways, and for every seed of the simulation."""
    pair = "/".join(sorted((one, other)))
    shadow = bell_q(spec.shadow_db * 4, spec.layout, pair) / 4
    return spec.reference_db + 10 * spec.exponent * math.log10(max(distance_m, 1.0)) + shadow


def noise_dbm(bw_hz: int) -> float:
    """Return the noise of a receiver at this bandwidth, in dBm."""
    return -174 + 10 * math.log10(bw_hz) + NOISE_FIGURE_DB


def strongest_other(heard: "dict[Frame, int]", frame: "Frame") -> "Frame | None":
    """Find the strongest frame at an antenna beside this one, the first of equals, or None."""
    found: Frame | None = None
    most_q = 0
    for other, snr_q in heard.items():
        if other is not frame and (found is None or snr_q > most_q):
            found, most_q = other, snr_q
    return found


class Client(Protocol):
    """The board behind a radio."""

    def received(self, frame: bytes, rssi: int, snr_q: int) -> None: ...

    def garbled(self, n_bytes: int) -> None: ...

    def sent(self, ok: bool) -> None: ...

    def channel(self, busy: bool) -> None: ...


class AirFault(Exception):
    """A node asked its radio for what a radio cannot do: a bug in the node."""


class Frame:
    """One transmission."""

    __slots__ = (
        "index",
        "sender",
        "data",
        "start_us",
        "lock_us",
        "payload_us",
        "end_us",
        "reached",
        "audible",
        "cut",
    )

    def __init__(self, index: int, sender: "Radio", data: bytes, start_us: Us, air: "Air"):
        self.index = index
        self.sender = sender
        self.data = data
        self.start_us = start_us
        self.lock_us = start_us + LOCK_SYMBOLS * air.symbol_us
        self.payload_us = start_us + (phy.PREAMBLE_SYMBOLS + 4) * air.symbol_us
        self.end_us = start_us + phy.airtime_us(air.preset, len(data))
        self.reached: list[Radio] = []  # radios that are powered and at whose antenna it is no mere trace
        self.audible: list[tuple[Radio, int]] = []  # (radio, snr_q) of those that could receive it
        self.cut = False  # the sender lost power in the middle


class Radio:
    """One radio: what it is doing and what reaches its antenna."""

    OFF, IDLE, LISTEN, CAD, SEND = range(5)
    __slots__ = (
        "index",
        "label",
        "client",
        "mode",
        "listening",
        "since_us",
        "locked",
        "spoiled_by",
        "heard",
        "links",
        "sending",
        "checks",
        "job",
    )

    def __init__(self, index: int, label: str, client: Client):
        self.index = index
        self.label = label
        self.client = client
        self.mode = Radio.OFF
        self.listening = False  # what to go back to after sending or a check
        self.since_us = 0  # listening since
        self.locked: Frame | None = None  # the frame being received
        self.spoiled_by: Frame | None = None  # the frame that destroyed it
        self.heard: dict[Frame, int] = {}  # frames on the air here -> snr_q
        self.links: dict[Radio, int] = {}  # who could hear us: radio -> snr_q, in order of index
        self.sending: Frame | None = None  # the frame of ours that is on the air
        self.checks = 0
        self.job: Entry | None = None


class Air:
    """All radios of one channel and preset."""

    def __init__(
        self,
        clock: Clock,
        seed: int,
        preset: phy.Preset,
        report: Report,
        loss: float = 0.0,
        cad: Cad = CAD,
        fade_db: float = URBAN.fade_db,
        describe: Callable[[bytes], Detail] | None = None,
    ):
        self.clock = clock
        self.seed = seed
        self.preset = preset
        self.loss = loss
        self.cad_model = cad
        self._fades_q = bell_table(fade_db * 4)
        self.symbol_us = phy.symbol_us(preset)
        self.noise_dbm = round(noise_dbm(preset.bw_hz))
        self.floor_q = SNR_FLOOR_Q[preset.sf]
        self.trace_q = self.floor_q - CAPTURE_Q  # so weak a frame harms no reception and is heard by no check
        self.radios: list[Radio] = []
        self._powered: list[Radio] = []  # those of them, in order of index
        self.frames = 0
        self.on_air: dict[Frame, bytes] = {}  # frame -> the random byte of every radio
        self._loss_below = threshold(loss)
        self._report = report
        self._describe: Callable[[bytes], Detail] = describe or (lambda data: {})  # facts of a frame

    def add(self, label: str, client: Client) -> Radio:
        radio = Radio(len(self.radios), label, client)
        self.radios.append(radio)
        return radio

    @property
    def least_q(self) -> int:
        """Links below this are left out, so that 1,000 nodes stay quick."""
        return self.floor_q - HEARD_BELOW_FLOOR_Q

    def link(self, sender: Radio, receiver: Radio, power_dbm: float, loss_db: float) -> None:
        """Let `receiver` hear `sender`, unless that is far below the floor."""
        snr_q = round((power_dbm - loss_db - self.noise_dbm) * 4)
        if snr_q >= self.least_q:
            sender.links[receiver] = snr_q

    def power(self, radio: Radio, on: bool) -> None:
        """Power of the radio; off forgets everything, mid-frame included."""
        if radio.job:
            self.clock.cancel(radio.job)
            radio.job = None
        if radio.sending:
            radio.sending.cut = True
            radio.sending = None
        if on and radio.mode == Radio.OFF:
            insort(self._powered, radio, key=attrgetter("index"))
        elif not on and radio.mode != Radio.OFF:
            self._powered.remove(radio)
        radio.mode = Radio.IDLE if on else Radio.OFF
        radio.listening = False
        radio.locked = None
        radio.heard.clear()
        if on:
            for frame in self.on_air:
                self._reach(frame, [radio])

    def listen(self, radio: Radio, on: bool) -> None:
        radio.listening = on
        if radio.mode in (Radio.IDLE, Radio.LISTEN):
            self._rest(radio)

    def _rest(self, radio: Radio) -> None:
        mode = Radio.LISTEN if radio.listening else Radio.IDLE
        if mode == Radio.LISTEN and radio.mode != Radio.LISTEN:
            radio.since_us = self.clock.now_us
        if mode != Radio.LISTEN:
            radio.locked = None
        radio.mode = mode

    def _need_free(self, radio: Radio, what: str) -> None:
        if radio.mode in (Radio.OFF, Radio.CAD, Radio.SEND) or radio.job:
            raise AirFault(
                f"{radio.label} asked for {what} at {self.clock.now_us} us, while its radio was off or busy"
            )

    # Channel check

    def check_channel(self, radio: Radio) -> None:
        """Start one check; the client's .channel(busy) answers. The receiver is deaf meanwhile."""
        self._need_free(radio, "a channel check")
        radio.checks += 1
        if radio.locked:
            radio.job = self.clock.at(self.clock.now_us + CAD_FLAG_US, self._flagged, radio)
            return
        radio.mode = Radio.CAD
        start_us = self.clock.now_us
        end_us = start_us + self.cad_model.symbols * self.symbol_us
        radio.job = self.clock.at(end_us, self._checked, radio, start_us)

    def _flagged(self, radio: Radio) -> None:
        radio.job = None
        radio.client.channel(True)

    def _checked(self, radio: Radio, start_us: Us) -> None:
        radio.job = None
        busy = any([self._notices(radio, frame, snr_q, start_us) for frame, snr_q in radio.heard.items()])
        self._rest(radio)
        radio.client.channel(busy)

    def _notices(self, radio: Radio, frame: Frame, snr_q: int, start_us: Us) -> bool:
        if snr_q < self.floor_q:
            return False
        overlap_us = self.clock.now_us - max(start_us, frame.start_us)
        if overlap_us * 2 < 3 * self.symbol_us:  # one and a half symbols are needed to correlate
            return False
        share = self.cad_model.preamble if start_us < frame.payload_us else self.cad_model.payload
        return happens(share, self.seed, "cad", frame.index, radio.index, radio.checks)

    # Sending and receiving

    def transmit(self, radio: Radio, data: bytes) -> None:
        """Send one frame after the turnaround; the client's .sent(ok) answers. Deaf until it is out."""
        self._need_free(radio, "a transmission")
        radio.mode = Radio.SEND
        radio.locked = None
        start_us = self.clock.now_us + self.cad_model.turnaround_us
        radio.job = self.clock.at(start_us, self._start, radio, bytes(data))

    def _start(self, radio: Radio, data: bytes) -> None:
        self.frames += 1
        frame = Frame(self.frames, radio, data, self.clock.now_us, self)
        self.on_air[frame] = bytes_for(len(self.radios), self.seed, "fade", frame.index)
        airtime_us = frame.end_us - frame.start_us
        detail: Detail = {"tx": frame.index, "airtime_us": airtime_us, **self._describe(data)}
        self._report(frame.start_us, radio.label, "tx", detail)
        self._reach(frame, self._powered)
        radio.sending = frame
        self.clock.at(frame.lock_us, self._lock, frame)
        self.clock.at(frame.end_us, self._end, frame)
        radio.job = None

    def _reach(self, frame: Frame, receivers: Iterable[Radio]) -> None:
        """Put the frame at these antennas from now on, where they are in reach; it may spoil there the one
        that is being received.
        """
        links, fades, fades_q = frame.sender.links, self.on_air[frame], self._fades_q
        count, trace_q, floor_q = len(fades), self.trace_q, self.floor_q
        reached, audible = frame.reached, frame.audible
        for receiver in receivers:
            snr_q = links.get(receiver)
            if snr_q is None:
                continue
            snr_q += fades_q[fades[receiver.index % count]]
            if snr_q <= trace_q:
                continue
            reached.append(receiver)
            heard = receiver.heard
            heard[frame] = snr_q
            if snr_q >= floor_q:
                audible.append((receiver, snr_q))
            locked = receiver.locked
            if locked and heard[locked] - snr_q < CAPTURE_Q and not receiver.spoiled_by:
                receiver.spoiled_by = frame

    def _lock(self, frame: Frame) -> None:
        """Lock each receiver that can still find the preamble."""
        deadline_us, listen = frame.lock_us - SYNC_SYMBOLS * self.symbol_us, Radio.LISTEN
        for receiver, snr_q in frame.audible:
            if receiver.mode != listen or receiver.since_us > deadline_us:
                continue
            heard = receiver.heard
            other = strongest_other(heard, frame) if len(heard) > 1 else None
            if other and snr_q - heard[other] < CAPTURE_Q:
                self._miss(receiver, frame, "collision", other)
            elif receiver.locked is None:
                receiver.locked, receiver.spoiled_by = frame, None
            elif frame.start_us < receiver.locked.lock_us:
                self._miss(receiver, receiver.locked, "captured", frame)
                receiver.locked, receiver.spoiled_by = frame, None
            else:
                self._miss(receiver, frame, "occupied", receiver.locked)

    def _end(self, frame: Frame) -> None:
        received, garbled = [], []
        del self.on_air[frame]
        for receiver in frame.reached:
            receiver.heard.pop(frame, None)
        length, end_us, report = len(frame.data), frame.end_us, self._report
        draw_of = f"{self.seed}/loss/{frame.index}/".encode()
        for receiver, snr_q in frame.audible:
            if receiver.locked is not frame:
                continue
            receiver.locked = None
            if frame.cut:
                self._miss(receiver, frame, "cut", None)
            elif receiver.spoiled_by:
                self._miss(receiver, frame, "collision", receiver.spoiled_by)
                receiver.spoiled_by = None
                garbled.append(receiver)
            elif self.loss and drawn(b"%b%d" % (draw_of, receiver.index)) < self._loss_below:
                self._miss(receiver, frame, "lost", None)
                garbled.append(receiver)
            else:
                received.append((receiver, min(snr_q, SNR_TOP_Q), self.noise_dbm + snr_q // 4))
        sender = frame.sender
        if not frame.cut:
            sender.sending = None
            self._rest(sender)
            sender.client.sent(True)
        for receiver in garbled:
            receiver.client.garbled(length)
        for receiver, snr_q, rssi in received:
            report(end_us, receiver.label, "rx", {"tx": frame.index, "rssi": rssi, "snr_q": snr_q})
            receiver.client.received(frame.data, rssi, snr_q)

    def _miss(self, receiver: Radio, frame: Frame, why: str, by: Frame | None) -> None:
        detail: Detail = {"tx": frame.index, "why": why}
        if by:
            detail["by"] = by.index
        self._report(self.clock.now_us, receiver.label, "miss", detail)
