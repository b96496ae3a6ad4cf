"""One frame at a time through Cad -> Transmit -> sent, and who carries whose frames on (wire-format 3).

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

from kentongan_wire import phy
from kentongan_wire.flood import CLASS_ALARM, CLASS_EVENT, CLASS_ORDER, CLASS_STATUS, may_relay
from kentongan_wire.packet import BROADCAST, relayed

from kentongan_node.actions import Cad, Persist, Transmit
from kentongan_node.airledger import AirLedger
from kentongan_node.answers import ANSWER_LOT_MS, ANSWERS, AnswerCache
from kentongan_node.carried import FILE, Carried
from kentongan_node.contention import BusyMeter, backoff_ms
from kentongan_node.heads import alarm_head, content_of, said_counter
from kentongan_node.mix import pick
from kentongan_node.queue import HOLD_FRAMES, HOLD_MS, Entry, SendQueue
from kentongan_node.shares import COMMON, PURSES, Shares

IDLE, CHECKING, SENDING = 0, 1, 2

CAD_TIMEOUT_MS = 1_000  # a channel check takes a few symbols; later it is lost
SEND_TIMEOUT_MS = 2_000  # beyond the frame's own air time
RADIO_TRIES = 3  # of one frame, when the radio fails
RADIO_RETRY_MS = 100
ACTIVE_MS = 10_000  # an origin counts as active so long after its last alarm frame
ACTIVE_LIMIT = 16  # origins remembered; more change nothing
CROWD_ORIGINS = 5
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
LOTS = 8  # what no purse pays is drawn, at most 7 of 8 alarm frames go
# Checks that must find the channel free, one after the other. One misses 30 % of payloads in the model: with
# three, ten presses in 3 s at 8 % loss had 128 alarm frames destroyed instead of 170 (60 bursts).
CHECKS = 3
# Highest attempt that a receipt which cannot be verified keeps back. Its presser repeats when it was forged.
DOUBT_ATTEMPTS = 2
# The same of a copy that another relay seems to have carried, and where a post has verified the receipt (a
# stolen post makes one): no lies keep an alarm back for good.
# With all attempts spared so, a thief of a relay kept 15 of 20 alarms from a line of relays for over 10 s.
DOUBT_OVERHEARD_ATTEMPTS = 5
FIRST_ATTEMPTS = 3  # of an alarm: these go beyond the purses (shares.py)
# Purses that are no sender's (shares.py), as those in answers.py: of alarms older than what their sender said
# since, which anybody may have recorded; of alarms of those who are not known here. A sender with a number
# within PURSES of the numbers' ends has none of its own.
OLD, NEWCOMERS = 5, 7
OLD_STEP_MS = 1_000  # for each that OLD has paid one of its eight lots less wins; one always does
# Copies that go once more have a purse: 3 s of the hour while half of it is left. None when so many wait.
AGAIN, AGAIN_PLACES = 6, 6
RND_SLOTS = 1_000  # the slots' numbers of a draw start here; roles use the small ones


class Mesh:
    """Mesh of one node: frames that it sends and carries on. Frames heard decide no local delivery here."""

    def __init__(self, preset, node, relays, air_state=None, counted=None):
        """`preset`: a phy.Preset; `relays`: whether this node carries others' frames; `air_state`, `counted`:
        what Persist wrote last of the air ledger and of the senders' counters."""
        self.preset = preset
        self.node = node
        self.relays = relays
        self.ledger = AirLedger(air_state)
        self.queue = SendQueue()
        self.drops = self.queue.drops
        self.meter = BusyMeter()
        self.carried = Carried(counted) if relays else None
        self._shares = Shares(preset) if relays else None  # a modem sets it too
        self._others = AirLedger() if relays else None  # of the hour, what others made us send but alarms
        self._set_pace()
        self.answers = AnswerCache(self.carried, self.pace) if relays else None
        self._state, self._state_ms, self._checks_left = IDLE, 0, 0
        self._free_ms = self._status_ms = 0  # a frame on the air ends then; our own STATUS went last
        self.last_alarm_ms = None  # when any tombol's alarm frame was heard last
        self._origins, self._strangers = {}, {}  # origin, known here or not: when its last alarm was heard
        self._current, self._draws = None, 0

    def retune(self, preset, node):
        """Another preset or number: what waits is dropped, the hour's ledger stays."""
        for entry in list(self.queue.entries):
            self.queue.drop(entry, "retuned")
        self.preset, self.node = preset, node
        self._set_pace()

    def _set_pace(self):
        self.pace = phy.pace_percent(self.preset)
        self._alarm_air_ms = self.airtime_ms(phy.ALARM_FRAME_BYTES)

    def airtime_ms(self, n_bytes):
        """Return the time on air, rounded up."""
        return (phy.airtime_us(self.preset, n_bytes) + 999) // 1000

    # -- what waits ---------------------------------------------------------------------------------

    def submit(self, frame, klass, now_ms, delay_ms=0, first=False, relay=False, snr_q=0, tag=None):
        """Queue a whole frame; False when its class is full. first: no back-off before the first check."""
        return self.queue.put(Entry(frame, klass, now_ms + delay_ms, first, relay, snr_q, tag, self.pace))

    def offer(self, packet, data, klass, snr_q, now_ms, tag=None, proved=False, rnd=0):
        """Queue a relay copy of an opened packet when the flooding rules allow it; True when it waits.

        One that comes with more hops left than what was carried takes the waiting copy's place, or goes
        again: the one before may have been played ahead of it, to end its way here.
        proved: its carry tag holds. Unproved frames, or those said before, are paid from one common purse.
        """
        if not self.relays or packet.src == self.node or not may_relay(packet, data):
            return False
        content = content_of(data)
        most, same, more = self.carried.known(packet.src, proved, content, packet.id)
        farther = packet.hop_limit > most
        if same and not farther:
            return False
        head = alarm_head(data)
        counter, attempt = head or (said_counter(data), 0)
        frame = relayed(packet, self.node & 0xFF)
        about = (packet.src, proved, content, packet.id, counter, attempt, now_ms, packet.hop_limit - 1)
        old = bool(proved and head) and self.carried.is_old(packet.src, content, counter, attempt, now_ms)
        for waiting in self.queue.entries if same else ():
            if waiting.relay and waiting.frame[4:12] == frame[4:12] and waiting.frame[16:] == frame[16:]:
                waiting.frame = frame
                self.carried.add(*about, first=True)
                return True
        entry = Entry(frame, klass, now_ms, False, True, snr_q, head and (packet.src, counter), self.pace)
        entry.attempt, entry.old = attempt, old
        is_new = self.carried.is_new
        if not (proved and is_new(packet.src, content, counter, attempt, bool(head), now_ms, farther)):
            entry.charge = COMMON
        elif head:
            # Of whom is not known here any recording may look new: it has no share of its own.
            entry.old = not self.carried.is_known(packet.src)
            entry.charge = NEWCOMERS if entry.old else COMMON
            own = PURSES < packet.src < BROADCAST - PURSES and not entry.old
            # whoever sends it on and on pays first
            if own and (more == 0 or not self._pays(entry, head, now_ms)):
                entry.charge = packet.src
        else:  # which relays cannot judge: of each kind so much, whoever says it
            entry.charge = BROADCAST - klass
        # In its sender's name, and not carried so far: a thief of a relay may have spent the purses for him.
        if not self._affordable(entry, head, proved and farther, now_ms, rnd):
            return False
        if head:  # what a stranger says may be recorded: it holds no copy of who is known
            origins = self.active_origins(now_ms, entry.old)
            if not self._make_way(entry, head[0], proved) and origins >= 2 and not same:
                entry.hold(self._hold_ms(origins))
        if same:  # a copy has gone, with fewer hops: perhaps as far as it had to
            entry.overheard = True
            entry.hold(self._hold_ms(self._several(now_ms)))
        if not self.queue.put(entry):
            return False
        self.carried.add(*about, old=old)
        return True

    def _hold_ms(self, origins):
        frames = HOLD_FRAMES[(origins >= 2) + (origins >= CROWD_ORIGINS)]
        return HOLD_MS * self.pace // 100 + frames * self._alarm_air_ms

    def _make_way(self, entry, counter, proved):
        """A copy of a newer attempt says all that a waiting one of an older attempt says, if it is true.

        As far as it goes, that is, and in that one's turn (True): held anew each time, nothing came through.
        """
        copies = self._copies(entry.src, counter) if proved else ()
        older = [c for c in copies if c.attempt < entry.attempt and c.hop_limit() <= entry.hop_limit()]
        for one in older:
            self.queue.drop(one, "repeated")
            if not one.again:
                entry.take(one)
        return bool([one for one in older if not one.again])

    def _affordable(self, entry, head, first, now_ms, rnd):
        if entry.charge is None:
            return True
        left_ms = self.ledger.left_ms(now_ms)
        low = head and left_ms < LOW_AIR_MS
        if not low and self._pays(entry, head, now_ms):
            return True
        # Its share is spent, by whomever: it stands in line with the others, while there is air.
        # Not who is not known here: recordings of such houses would take two thirds of the hour.
        if head and not low and entry.charge != COMMON and not entry.old:
            self.queue.count(entry.klass, "share")
            entry.charge = COMMON
            if self._pays(entry, head, now_ms):
                return True
        if first and self._drawn(entry, head, left_ms, now_ms, rnd):
            entry.charge = OLD if entry.old else None
            return True
        self.queue.count(entry.klass, "low_air" if low else "unproved")
        return False

    def _drawn(self, entry, head, left_ms, now_ms, rnd):
        """Tell whether it goes although no purse pays it: by lot, so that nobody can come first.

        An alarm that goes on (one first frame each of many never do), the likelier the more air is left: the
        next relay has mostly spent less, and sees few of an alarm's frames, so later attempts need no second.
        A thief pays a frame for each draw, as a button does, and even all of his hour does not end that of
        the relay. Recordings need no thief: what its sender has counted beyond, or is of nobody known here,
        goes the rarer the more of it has gone. The other classes: 2.4 s of the hour each.
        """
        if head:
            # 900: the roles take small numbers, slots the high.
            lots = min(LOTS - 1, 2 + (left_ms - 4 * RESERVE) // RESERVE)
            if entry.old:
                lots = min(lots, max(1, LOTS - 1 - self._shares.used_ms(OLD, now_ms) // OLD_STEP_MS))
            goes_on = self.carried.heard(entry.src, *head) or entry.attempt > FIRST_ATTEMPTS
            return goes_on and pick(rnd, 900, LOTS) < lots
        return self._shares.allow(now_ms, rnd, entry.klass, 3_000 * self.airtime_ms(len(entry.frame)))

    def _pays(self, entry, head, now_ms):
        """Tell whether the purse that the entry names has the air for it and for what waits on that purse."""
        waiting = [other for other in self.queue.entries if other.charge == entry.charge]
        wanted_ms = sum([self.airtime_ms(len(one.frame)) for one in waiting + [entry]])
        first = entry.attempt <= FIRST_ATTEMPTS if head else entry.charge != COMMON
        return self._shares.affords(entry.charge, wanted_ms, now_ms, first)

    def answer(self, packet, data, head, proved, snr_q, now_ms, rnd=0):
        """Answer an alarm that was heard again from the cache. True: a stage 2 receipt for it is held.

        Its frame is offered after this: what is carried is no longer new.
        """
        about = packet.src, head[0]
        new = proved and may_relay(packet, data) and self.carried.is_new(
            packet.src, content_of(data), head[0], head[1], True, now_ms, False)  # fmt: skip
        frame = self.answers.take(*about, now_ms)
        if frame is None:
            return bool(self.answers.holds(*about))
        entry = Entry(frame, CLASS_ALARM, now_ms, False, False, snr_q, about, self.pace)
        entry.answer, entry.charge = True, ANSWERS
        entry.attempt = 0 if new else FIRST_ATTEMPTS + 1  # 9 s of the purse, or 3
        air_ms = self.airtime_ms(len(frame))
        if self._pays(entry, head, now_ms) or new and pick(rnd, 900, air_ms) < ANSWER_LOT_MS:
            self.queue.put(entry)
        else:
            self.answers.budget.unsaid(*about)
            self.queue.count(CLASS_ALARM, "share")
        return True

    def doubt_alarm(self, origin, counter, proved=False):
        """A receipt says that it is stored: no copies of its first attempts. proved: its tag holds here."""
        for entry in self._copies(origin, counter):
            most = DOUBT_OVERHEARD_ATTEMPTS if proved or entry.overheard else DOUBT_ATTEMPTS
            if entry.again or entry.attempt <= most:
                self.queue.drop(entry, "doubt")

    def _copies(self, origin, counter):
        return [e for e in self.queue.entries if e.relay and e.tag == (origin, counter)]

    def drop(self, src, packet_id, reason):
        """Forget a waiting frame by its packet; True when it waited."""
        found = [e for e in self.queue.entries if e.src == src and e.id == packet_id]
        for entry in found:
            self.queue.drop(entry, reason)
        return bool(found)

    # -- what is heard ------------------------------------------------------------------------------

    def channel_used(self, n_bytes, now_ms):
        """Any frame, ours or foreign, ended just now: whoever waited for its end draws slots from here."""
        self.garbled(n_bytes, now_ms)
        for entry in self.queue.entries:
            entry.alive(self.pace)
            if self._free_ms > now_ms and entry.base_ms == self._free_ms:
                entry.put_off(now_ms)
        self._free_ms = now_ms

    def garbled(self, n_bytes, now_ms):
        """A frame ended just now that could not be read: the channel was used, by whom nobody knows."""
        self.meter.mark(now_ms - self.airtime_ms(n_bytes), now_ms, now_ms)

    def hear(self, packet, data, proved, now_ms):
        """Note an active sender, and the copies that are needless now.

        proved: its carry tag holds. A tombol cannot judge that. To a relay nobody is active whose alarm is
        old, nor a stranger whose frame is not to be carried: of that it keeps nothing.
        """
        if self.relays and not proved:
            return
        head = alarm_head(data)
        old = self.carried.is_old if self.relays and head else None
        if head and not (old and old(packet.src, content_of(data), head[0], head[1], now_ms)):
            self.last_alarm_ms = now_ms
            known = not self.relays or self.carried.is_known(packet.src)
            origins = self._origins if known else self._strangers
            if (known or packet.hop_limit) and (packet.src in origins or len(origins) < ACTIVE_LIMIT):
                origins[packet.src] = now_ms
        self.overhear(packet, now_ms)

    def overhear(self, packet, now_ms):
        """Another relay's copy makes ours needless, as far as its header can be believed.

        Only one that is just as far along serves the same hearers. An alarm's copy then waits for a receipt,
        which drops it: a header is anybody's word.
        """
        for entry in list(self.queue.entries):
            if entry.src != packet.src or entry.id != packet.id:
                continue
            if entry.again and 0 <= entry.hop_limit() - packet.hop_limit <= 1:
                self.queue.drop(entry, "suppressed")
                continue
            if not (entry.answer or entry.relay and packet.hop_limit == entry.hop_limit()):
                continue
            if entry.answer or entry.klass != CLASS_ALARM or entry.tag is None:
                self.queue.drop(entry, "suppressed")
            elif not entry.overheard:
                entry.overheard = True
                entry.hold(self._hold_ms(self._several(now_ms)))

    def _several(self, now_ms):
        """Count those known here who alarm, two at most: no header holds a copy for a crowd."""
        return min(self.active_origins(now_ms, False), 2)

    def active_origins(self, now_ms, strangers=True):
        """Count the tombol heard alarming lately; without strangers: those that are known here."""
        for origins in (self._origins, self._strangers):
            for origin in [o for o in origins if now_ms - origins[o] >= ACTIVE_MS * self.pace // 100]:
                del origins[origin]
        return len(self._origins) + strangers * len(self._strangers)

    def keep(self, actions):
        """Persist how far the senders have counted, when that changed: to a relay that starts anew every
        recording would be new."""
        if self.carried is not None and self.carried.changed:
            actions.append(Persist(FILE, self.carried.image()))

    def air_used_ms(self, now_ms):
        return self.ledger.used_ms(now_ms)

    def busy_share(self, now_ms):
        """Busy share of the last minute, 0..100."""
        return self.meter.share_percent(now_ms)

    def jammed(self, now_ms):
        return self.meter.jammed(now_ms)

    # -- the channel --------------------------------------------------------------------------------

    def tick(self, now_ms, rnd, actions):
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

    def cad(self, busy, now_ms, rnd, actions):
        """The channel check's answer."""
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

    def sent(self, ok, now_ms, rnd, actions):
        """The transmission's answer; the frame's Entry when it was on the air, else None."""
        if self._state != SENDING:
            return None
        entry = self._current
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

    def _watch(self, sent, now_ms):
        """Have a copy of an alarm go once more, unless a relay is heard to carry it on with all the hops that
        it had, one at our side to say the same, or a receipt.

        A copy with few hops left, played at the next relay ahead of ours, did more than noise: ours met it
        there, and the relay sent his. Nobody's word makes a relay repeat, silence does: hence its own purse.
        """
        if not sent.relay or sent.tag is None or not sent.hop_limit() or sent.again or sent.overheard:
            return
        if sent.old or sent.charge == COMMON or len(self.queue) >= AGAIN_PLACES:
            return
        if self.active_origins(now_ms, False) > (sent.src in self._origins):
            return  # several press: ten presses in an RW took 3 % more air, and came through no sooner
        waiting = [one for one in self.queue.entries if one.again]
        wanted_ms = self.airtime_ms(len(sent.frame)) * (len(waiting) + 1)
        if self.ledger.left_ms(now_ms) < LAW_RESERVE_MS or not self._shares.affords(AGAIN, wanted_ms, now_ms):
            return
        at_ms = now_ms + self._hold_ms(1)
        entry = Entry(sent.frame, sent.klass, at_ms, False, True, sent.snr_q, sent.tag, self.pace)
        entry.attempt, entry.charge, entry.again = sent.attempt, AGAIN, True
        self.queue.put(entry)

    def next_deadline(self):
        return self.queue.next_ms() if self._state == IDLE else self._state_ms

    def _enter(self, state, until_ms):
        self._state, self._state_ms = state, until_ms

    def _draw(self, rnd):
        for entry in self.queue.entries:
            if entry.at_ms is None:
                self._draws += 1
                number = RND_SLOTS + self._draws % 1000
                wait_ms = backoff_ms(self.preset, entry.snr_q, rnd, number)
                entry.at_ms = min(entry.base_ms + wait_ms, entry.due_ms)

    def _next_payable(self, now_ms, overdue=False):
        """Return the most urgent frame whose time has come and that can be paid; drops those that cannot."""
        while True:
            entry = self.queue.best(now_ms, overdue)
            if entry is None or self._payable(entry, now_ms):
                return entry
            self.queue.drop(entry, "air")
            if entry.answer:
                self.answers.budget.unsaid(*entry.tag)

    def _payable(self, entry, now_ms):
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
        if used_ms <= limit_ms and self._has_place(entry, airtime_ms, now_ms):
            return True
        purse = (None, 1, 2, None, 3)[entry.klass]  # in shares.py: no node has such a number
        purse = self.node if purse == CLASS_EVENT and not entry.relay else purse
        if purse is None or entry.charge not in (None, purse, BROADCAST - entry.klass):
            return False
        if used_ms > phy.AIR_LIMIT_MS or self._shares.used_ms(purse, now_ms) + airtime_ms > RESERVE:
            return False
        entry.charge = purse
        return True

    def _has_place(self, entry, airtime_ms, now_ms):
        """Tell whether it is an alarm or our own, or leaves the alarms theirs."""
        if self._others is None or not entry.is_others():
            return True
        return self._others.used_ms(now_ms) + airtime_ms <= LAW_RESERVE_MS

    def _transmit(self, entry, now_ms, actions):
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
