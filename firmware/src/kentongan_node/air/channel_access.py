"""Access to the channel: one frame at a time through Cad -> Transmit -> sent, within the law (wire-format 3).

state     event                                  does                               next
IDLE      a frame's time has come                Cad                                CHECKING
CHECKING  cad(False), not yet CHECKS in a row    Cad                                CHECKING
CHECKING  cad(False)                             Transmit the most urgent           SENDING
CHECKING  cad(True), a frame waited its limit    Transmit that one                  SENDING
CHECKING  cad(True)                              wait for that frame's end, draw    IDLE
SENDING   sent(True)                             -                                  IDLE
SENDING   sent(False)                            put back, RADIO_TRIES in all       IDLE
CHECKING, SENDING   no answer in time            count, go on                       IDLE
"""

from kentongan_wire.air import phy
from kentongan_wire.air.flood import CLASS_ALARM, CLASS_EVENT, CLASS_ORDER, CLASS_STATUS
from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.air.airledger import AirLedger
from kentongan_node.air.answers import ANSWERS
from kentongan_node.air.contention import BusyMeter, backoff_ms
from kentongan_node.air.queue import Entry, SendQueue
from kentongan_node.air.shares import COMMON, NEWCOMERS, OLD
from kentongan_node.base.actions import Cad, Transmit

if TYPE_CHECKING:
    from kentongan_wire.air.phy import Preset
    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.air.answers import AnswerCache
    from kentongan_node.air.shares import Shares
    from kentongan_node.base.actions import Action

IDLE, CHECKING, SENDING = 0, 1, 2

CAD_TIMEOUT_MS = 1_000  # a channel check takes a few symbols; later it is lost
SEND_TIMEOUT_MS = 2_000  # beyond the frame's own air time
RADIO_TRIES = 3  # of one frame, when the radio fails
RADIO_RETRY_MS = 100
# Only alarms, receipts, orders and pages go beyond half, and our STATUS by what recordings took, else all of
# an RT is called lost; what others make a relay send that is no alarm takes no more than half, and its
# reserves: 12 s are for alarms, whatever anybody says in whose name.
LAW_RESERVE_MS = phy.AIR_LIMIT_MS // 2
# Of the hour alone for orders and pages; events and siren reports of others; our own of these; settings. So
# many alarms do not keep back a revocation, the end of a drill or the word that a siren sounds.
RESERVE = 1_500  # ms
# With less left no purse pays an alarm: nobody ends it all at once, in a hundred names.
LOW_AIR_MS = 12_000
SELDOM_MS = 600_000  # after so long our STATUS goes on beyond that too: recordings of all kinds took 27 s
# Checks that must find the channel free, one after the other. One misses 30 % of payloads in the model: with
# three, ten presses in 3 s at 8 % loss had 128 alarm frames destroyed instead of 170 (60 bursts).
CHECKS = 3
RND_SLOTS = 1_000  # the slots' numbers of a draw start here; roles use the small ones


class ChannelAccess:
    """Access of one node to the channel: its frames in turn, and the air of its hour."""

    def __init__(
        self, preset: "Preset", node: int, shares: "Shares | None", air_state: "Bytes | None" = None
    ) -> None:
        """`shares`: None at a tombol, which carries nobody's frames; `air_state`: what Persist wrote last of
        the air ledger."""
        self.preset = preset
        self.node = node
        self.ledger = AirLedger(air_state)
        self.queue = SendQueue()
        self.drops = self.queue.drops
        self.meter = BusyMeter()
        self._shares = shares
        self._others: AirLedger | None = None  # of the hour, what others made us send but alarms
        self.answers: AnswerCache | None = None
        self._set_pace()
        self._state, self._state_ms, self._checks_left = IDLE, 0, 0
        self._free_ms = self._status_ms = 0  # a frame on the air ends then; our own STATUS went last
        self._current: Entry | None = None
        self._draws = 0

    def retune(self, preset: "Preset", node: int) -> None:
        """Another preset or number: what waits is dropped, the hour's ledger stays."""
        for entry in list(self.queue.entries):
            self.queue.drop(entry, "retuned")
        self.preset, self.node = preset, node
        self._set_pace()

    def _set_pace(self) -> None:
        self.pace = phy.pace_percent(self.preset)
        self._alarm_air_ms = self.airtime_ms(phy.ALARM_FRAME_BYTES)

    def airtime_ms(self, n_bytes: int) -> int:
        """Return the time on air, rounded up."""
        return (phy.airtime_us(self.preset, n_bytes) + 999) // 1000

    def submit(
        self,
        frame: bytes,
        klass: int,
        now_ms: int,
        delay_ms: int = 0,
        first: bool = False,
        relay: bool = False,
        snr_q: int = 0,
        tag: "tuple[int, int] | None" = None,
    ) -> bool:
        """Queue a whole frame; False when its class is full. first: no back-off before the first check."""
        return self.queue.put(Entry(frame, klass, now_ms + delay_ms, first, relay, snr_q, tag, self.pace))

    def drop(self, src: int, packet_id: int, reason: str) -> bool:
        """Forget a waiting frame by its packet; True when it waited."""
        found = [e for e in self.queue.entries if e.src == src and e.id == packet_id]
        for entry in found:
            self.queue.drop(entry, reason)
        return bool(found)

    def channel_used(self, n_bytes: int, now_ms: int) -> None:
        """Any frame, ours or foreign, ended just now: whoever waited for its end draws slots from here."""
        self.garbled(n_bytes, now_ms)
        for entry in self.queue.entries:
            entry.alive(self.pace)
            if self._free_ms > now_ms and entry.base_ms == self._free_ms:
                entry.put_off(now_ms)
        self._free_ms = now_ms

    def garbled(self, n_bytes: int, now_ms: int) -> None:
        """Count a frame that ended just now and could not be read: somebody has used the channel."""
        self.meter.mark(now_ms - self.airtime_ms(n_bytes), now_ms, now_ms)

    def air_used_ms(self, now_ms: int) -> int:
        return self.ledger.used_ms(now_ms)

    # -- the channel --------------------------------------------------------------------------------

    def tick(self, now_ms: int, rnd: int, actions: "list[Action]") -> None:
        """Draw slots for those that need them and ask for the channel when a frame's time has come."""
        if self._state == IDLE and not self.queue.entries:
            return  # as after most frames that are heard
        self._draw(rnd)
        if self._state != IDLE:
            if now_ms < self._state_ms:
                return
            self.queue.count(self._current.klass if self._current else CLASS_ALARM, "radio_timeout")
            self._state, self._current = IDLE, None
        if self._next_payable(now_ms) is not None:
            self._enter(CHECKING, now_ms + CAD_TIMEOUT_MS)
            self._checks_left = CHECKS - 1
            actions.append(Cad())

    def cad(self, busy: bool, now_ms: int, rnd: int, actions: "list[Action]") -> None:
        """Take the channel check's answer."""
        if self._state != CHECKING:
            return
        if not busy and self._checks_left:
            self._checks_left -= 1
            self._enter(CHECKING, now_ms + CAD_TIMEOUT_MS)
            actions.append(Cad())
            return
        self._enter(IDLE, now_ms)
        if not busy:
            self._transmit(self._next_payable(now_ms), now_ms, actions)
        else:
            self._free_ms = max(self._free_ms, now_ms + self._alarm_air_ms)
            self.meter.mark(now_ms, self._free_ms, now_ms)
            entry = self._next_payable(now_ms, overdue=True)
            if entry is not None:
                self._transmit(entry, now_ms, actions)
            for other in self.queue.entries:
                if other.at_ms is not None and other.at_ms < self._free_ms:
                    other.put_off(self._free_ms)
        self.tick(now_ms, rnd, actions)

    def sent(self, ok: bool, now_ms: int, rnd: int, actions: "list[Action]") -> "Entry | None":
        """Take the transmission's answer; return the frame's Entry when it was on the air, else None."""
        entry = self._current
        if entry is None:
            return None
        self._enter(IDLE, now_ms)
        self._current = None
        if ok:
            self._watch(entry, now_ms)
        else:
            entry.tries += 1
            if entry.tries < RADIO_TRIES:
                entry.put_off(now_ms + RADIO_RETRY_MS)
                self.queue.put(entry)
            else:
                self.queue.drop(entry, "radio")
        self.tick(now_ms, rnd, actions)
        return entry if ok else None

    def _watch(self, sent: "Entry", now_ms: int) -> None:
        """This frame was on the air just now; a mesh may want it to go once more."""

    def next_deadline(self) -> int | None:
        return self.queue.next_ms() if self._state == IDLE else self._state_ms

    def _enter(self, state: int, until_ms: int) -> None:
        self._state, self._state_ms = state, until_ms

    def _draw(self, rnd: int) -> None:
        for entry in self.queue.entries:
            if entry.at_ms is None:
                self._draws += 1
                number = RND_SLOTS + self._draws % 1000
                wait_ms = backoff_ms(self.preset, entry.snr_q, rnd, number)
                entry.at_ms = min(entry.base_ms + wait_ms, entry.due_ms)

    def _next_payable(self, now_ms: int, overdue: bool = False) -> "Entry | None":
        """Return the most urgent frame whose time has come and that can be paid; drops those that cannot."""
        while True:
            entry = self.queue.best(now_ms, overdue)
            if entry is None or self._payable(entry, now_ms):
                return entry
            self.queue.drop(entry, "air")
            if entry.answer:
                self.answers.budget.unsaid(*entry.tag)

    def _payable(self, entry: "Entry", now_ms: int) -> bool:
        """Tell whether the hour has air for it: common air, else the air kept for its kind."""
        airtime_ms = self.airtime_ms(len(entry.frame))
        used_ms = self.ledger.used_ms(now_ms) + airtime_ms
        limit_ms = phy.AIR_LIMIT_MS if entry.klass <= CLASS_ORDER else LAW_RESERVE_MS
        if self._shares is None:  # a tombol: nothing stands before its own alarm
            return used_ms <= limit_ms
        if entry.klass == CLASS_STATUS and not entry.relay:
            seldom = now_ms - self._status_ms >= SELDOM_MS
            purses = (COMMON, OLD, NEWCOMERS) + (ANSWERS,) * seldom
            old_ms = sum([self._shares.used_ms(one, now_ms) for one in purses])
            limit_ms = min(limit_ms + old_ms, phy.AIR_LIMIT_MS - (0 if seldom else LOW_AIR_MS))
        spent = [self._shares.used_ms(purse, now_ms) for purse in (1, 2, 3, self.node)]
        kept_ms = sum([max(0, RESERVE - spent_ms) for spent_ms in spent])
        limit_ms = min(limit_ms, phy.AIR_LIMIT_MS - kept_ms)
        # An alarm, or our own, or it leaves the alarms theirs.
        others = self._others if entry.is_others() else None
        if used_ms <= limit_ms and (others is None or others.used_ms(now_ms) + airtime_ms <= LAW_RESERVE_MS):
            return True
        purse = (None, 1, 2, None, 3)[entry.klass]  # in shares.py: no node has such a number
        purse = self.node if purse == CLASS_EVENT and not entry.relay else purse
        if purse is None or entry.charge not in (None, purse, BROADCAST - entry.klass):
            return False
        if used_ms > phy.AIR_LIMIT_MS or self._shares.used_ms(purse, now_ms) + airtime_ms > RESERVE:
            return False
        entry.charge = purse
        return True

    def _transmit(self, entry: "Entry | None", now_ms: int, actions: "list[Action]") -> None:
        """Book the air before the frame goes: a reset in the middle must not lose it."""
        if entry is None:
            return
        airtime_ms = self.airtime_ms(len(entry.frame))
        self.queue.entries.remove(entry)
        self.ledger.spend(airtime_ms, now_ms, actions)
        if entry.klass == CLASS_STATUS and not entry.relay:
            self._status_ms = now_ms
        if entry.charge is not None:
            self._shares.charge(entry.charge, airtime_ms, now_ms)
        if self._others is not None and entry.is_others():
            self._others.add(airtime_ms)
        self._current = entry
        self._enter(SENDING, now_ms + airtime_ms + SEND_TIMEOUT_MS)
        actions.append(Transmit(entry.frame))
