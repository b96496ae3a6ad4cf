"""Relaying in the mesh: who carries whose frames on, and what pays for them (wire-format 3)."""

from kentongan_wire.air.flood import CLASS_ALARM, may_relay
from kentongan_wire.air.packet import BROADCAST, relayed
from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.air.airledger import AirLedger
from kentongan_node.air.answers import ANSWER_LOT_MS, ANSWERS, AnswerCache
from kentongan_node.air.carried import FILE, Carried
from kentongan_node.air.channel_access import LAW_RESERVE_MS, LOW_AIR_MS, RESERVE, ChannelAccess
from kentongan_node.air.heads import alarm_head, content_of, said_counter
from kentongan_node.air.queue import HOLD_FRAMES, HOLD_MS, Entry
from kentongan_node.air.shares import COMMON, NEWCOMERS, OLD, PURSES, Shares
from kentongan_node.base.actions import Persist
from kentongan_node.base.mix import pick

if TYPE_CHECKING:
    from kentongan_wire.air.packet import Data, Packet
    from kentongan_wire.air.phy import Preset
    from kentongan_wire.base.shapes import Bytes

    from kentongan_node.base.actions import Action

    Head = tuple[int, int]  # of an alarm: counter, attempt

ACTIVE_MS = 10_000  # an origin counts as active so long after its last alarm frame
ACTIVE_LIMIT = 16  # origins remembered; more change nothing
CROWD_ORIGINS = 5
LOTS = 8  # what no purse pays is drawn, at most 7 of 8 alarm frames go
# Highest attempt that a receipt which cannot be verified keeps back. Its presser repeats when it was forged.
DOUBT_ATTEMPTS = 2
# The same of a copy that another relay seems to have carried, and where a post has verified the receipt (a
# stolen post makes one): no lies keep an alarm back for good.
# With all attempts spared so, a thief of a relay kept 15 of 20 alarms from a line of relays for over 10 s.
DOUBT_OVERHEARD_ATTEMPTS = 5
FIRST_ATTEMPTS = 3  # of an alarm: these go beyond the purses (shares.py)
OLD_STEP_MS = 1_000  # for each that OLD has paid one of its eight lots less wins; one always does
# Copies that go once more have a purse: 3 s of the hour while half of it is left. None when so many wait.
AGAIN, AGAIN_PLACES = 6, 6


class Mesh(ChannelAccess):
    """Mesh of one node: frames that it sends and carries on. Frames heard decide no local delivery here."""

    def __init__(
        self,
        preset: "Preset",
        node: int,
        relays: bool,
        air_state: "Bytes | None" = None,
        counted: "Bytes | None" = None,
    ) -> None:
        """`relays`: whether this node carries others' frames; `air_state`, `counted`: what Persist wrote last
        of the air ledger and of the senders' counters."""
        ChannelAccess.__init__(self, preset, node, Shares(preset) if relays else None, air_state)
        self.relays = relays
        self.carried: Carried | None = Carried(counted) if relays else None
        self.answers = AnswerCache(self.carried, self.pace) if relays else None
        self._others = AirLedger() if relays else None
        self.last_alarm_ms: int | None = None  # when any tombol's alarm frame was heard last
        # origin, known here or not: when its last alarm was heard
        self._origins: dict[int, int] = {}
        self._strangers: dict[int, int] = {}

    # -- what waits ---------------------------------------------------------------------------------

    def offer(
        self,
        packet: "Packet",
        data: "Data",
        klass: int,
        snr_q: int,
        now_ms: int,
        tag: "tuple[int, int] | None" = None,
        proved: bool = False,
        rnd: int = 0,
    ) -> bool:
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

    def _hold_ms(self, origins: int) -> int:
        frames = HOLD_FRAMES[(origins >= 2) + (origins >= CROWD_ORIGINS)]
        return HOLD_MS * self.pace // 100 + frames * self._alarm_air_ms

    def _make_way(self, entry: "Entry", counter: int, proved: bool) -> bool:
        """Drop a waiting copy of an older attempt: a newer one says all that it says, if it is true.

        As far as it goes, that is, and in that one's turn (True): held anew each time, nothing came through.
        """
        copies = self._copies(entry.src, counter) if proved else ()
        older = [c for c in copies if c.attempt < entry.attempt and c.hop_limit() <= entry.hop_limit()]
        for one in older:
            self.queue.drop(one, "repeated")
            if not one.again:
                entry.take(one)
        return bool([one for one in older if not one.again])

    def _affordable(self, entry: "Entry", head: "Head | None", first: bool, now_ms: int, rnd: int) -> bool:
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

    def _drawn(self, entry: "Entry", head: "Head | None", left_ms: int, now_ms: int, rnd: int) -> bool:
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

    def _pays(self, entry: "Entry", head: "Head | None", now_ms: int) -> bool:
        """Tell whether the purse that the entry names has the air for it and for what waits on that purse."""
        waiting = [other for other in self.queue.entries if other.charge == entry.charge]
        wanted_ms = sum([self.airtime_ms(len(one.frame)) for one in waiting + [entry]])
        first = entry.attempt <= FIRST_ATTEMPTS if head else entry.charge != COMMON
        return self._shares.affords(entry.charge, wanted_ms, now_ms, first)

    def answer(
        self,
        packet: "Packet",
        data: "Data",
        head: "Head",
        proved: bool,
        snr_q: int,
        now_ms: int,
        rnd: int = 0,
    ) -> bool:
        """Answer an alarm that was heard again from the cache. True: a stage 2 receipt for it is held.

        Its frame is offered after this: what is carried is no longer new.
        """
        about = packet.src, head[0]
        new = proved and may_relay(packet, data) and self.carried.is_new(
            packet.src, content_of(data), head[0], head[1], True, now_ms, False)  # fmt: skip
        frame = self.answers.take(*about, now_ms)
        if frame is None or self.queue.holds(frame):
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

    def doubt_alarm(self, origin: int, counter: int, proved: bool = False) -> None:
        """Drop copies of first attempts: a receipt says that it is stored. proved: its tag holds here."""
        for entry in self._copies(origin, counter):
            most = DOUBT_OVERHEARD_ATTEMPTS if proved or entry.overheard else DOUBT_ATTEMPTS
            if entry.again or entry.attempt <= most:
                self.queue.drop(entry, "doubt")

    def _copies(self, origin: int, counter: int) -> "list[Entry]":
        return [e for e in self.queue.entries if e.relay and e.tag == (origin, counter)]

    # -- what is heard ------------------------------------------------------------------------------

    def hear(self, packet: "Packet", data: "Data", proved: bool, now_ms: int) -> None:
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

    def overhear(self, packet: "Packet", now_ms: int) -> None:
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

    def _several(self, now_ms: int) -> int:
        """Count those known here who alarm, two at most: no header holds a copy for a crowd."""
        return min(self.active_origins(now_ms, False), 2)

    def active_origins(self, now_ms: int, strangers: bool = True) -> int:
        """Count the tombol heard alarming lately; without strangers: those that are known here."""
        for origins in (self._origins, self._strangers):
            for origin in [o for o in origins if now_ms - origins[o] >= ACTIVE_MS * self.pace // 100]:
                del origins[origin]
        return len(self._origins) + strangers * len(self._strangers)

    def keep(self, actions: "list[Action]") -> None:
        """Persist how far the senders have counted, when that changed: to a relay that starts anew every
        recording would be new."""
        if self.carried is not None and self.carried.changed:
            actions.append(Persist(FILE, self.carried.image()))

    def _watch(self, sent: "Entry", now_ms: int) -> None:
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
