"""Judges of odd frames: what each device may do among them, and must do when something true comes."""

from kentongan_node.base import actions as act
from kentongan_node.base import feedback
from kentongan_wire.air import link
from kentongan_wire.air.packet import parse_packet
from kentongan_wire.base import patterns
from kentongan_wire.message import messages as m
from kits.node import nodekit
from soak.frames.frame_rigs import SENT_WITHIN_MS, Rig, need
from soak.frames.odd_frames import BUTTONS

CALM_MS = 220_000  # a sounding is over then, and the output has rested
CALM_TRIES = 60
AIR_ENOUGH_MS = 15_000  # of the hour's 36 s: with less used a relay carries every alarm
STAGES = {
    feedback.SOUNDING: 1,
    feedback.STORED: 2,
    feedback.COMING: 3,
    feedback.CLOSED: 4,
    feedback.CANCELLED: 5,
}
ODD_BUTTONS = BUTTONS[::2]  # in whose name no stolen post or relay speaks


class AiredRig(Rig):
    def air_to_spare(self):
        """Until the law leaves air again: what a thief made it send, and its own."""
        for _ in range(CALM_TRIES):
            if self.core.mesh.air_used_ms(self.now_ms) < AIR_ENOUGH_MS and not len(self.core.mesh.queue):
                return
            self.until(self.now_ms + CALM_MS)
        need(False, "the hour's air is never free again")


class SireneRig(Rig):
    """No sound but for an alarm that some button, or a stolen post in an even button's name, has raised."""

    def __init__(self, *about):
        self.over, self.turn = set(), 0
        super().__init__(*about)

    def judge(self, action):
        if not isinstance(action, act.Sound):
            return
        playing = self.core._playing
        need(isinstance(playing, tuple), "the output is driven for no incident")
        record = playing[0]
        cause = self.air.may_sound.get((record.origin, record.last))
        need(cause, "a siren for {:08x} #{}, whom nobody heard", record.origin, record.last)
        if cause != "genuine":
            need(record.origin not in ODD_BUTTONS, "a siren in the name of {:08x}", record.origin)
            self.limit("siren: " + cause)
        need(
            (record.origin, record.last) not in self.over,
            "a siren for {:08x} #{} again",
            record.origin,
            record.last,
        )

    def prove(self):
        """An odd button's alarm, its receipt or its order sounds at once; the gateway ends it."""
        self._calm()
        origin = ODD_BUTTONS[self.turn % len(ODD_BUTTONS)]
        self.turn += 1
        kind = self.air.draw(7)
        frame = self.air.alarm(origin, kind=kind)
        counter = self.air.last(origin)
        way = self.turn % 4
        if way == 1:
            frame = self.air.receipt(origin, counter, m.STAGE_STORED, 5, kind)
        elif way == 2:
            frame = self.air.order(origin, counter, m.ACTION_START, kind)
        pushed = self._receipts_pushed()
        sounds = [one for one in self.hear(frame) if isinstance(one, act.Sound)]
        if not sounds and way == 1 and pushed:
            # Of an alarm that it has not heard itself the gateway's order is left, which no post can make.
            self.limit("siren: receipts in the gateway's name by a stolen post made true ones look old")
            frame = self.air.order(origin, counter, m.ACTION_START, kind)
            sounds = [one for one in self.hear(frame) if isinstance(one, act.Sound)]
        need(sounds, "{:08x} #{} is true and does not sound (way {})", origin, counter, way)
        need(sounds[0].pattern == patterns.of(self.core.settings, kind, False)[0], "another code is beaten")
        self.until(self.now_ms + 5_000)
        stopped = self.hear(self.air.order(origin, counter, m.ACTION_STOP, kind, 0))
        need(any(isinstance(one, act.Quiet) for one in stopped), "a true order to stop does not stop")
        self.over.add((origin, counter))

    def _receipts_pushed(self):
        """Tell whether the gateway's newest number, which was not on the air yet, was heard already."""
        last = self.core.guard.last(nodekit.GATEWAY, 0, m.RECEIPTS) or 0
        return last >= self.air.last(nodekit.GATEWAY)

    def _calm(self):
        for _ in range(CALM_TRIES):
            if self.core.soundings.current() is None and self.core._playing is None:
                self.until(self.now_ms + 20_000)
                return
            self.until(self.now_ms + CALM_MS)
        need(False, "the siren does not come to an end")


class TombolRig(AiredRig):
    """No word from 2 on but by a true receipt of this very alarm."""

    def __init__(self, *about):
        self.given = {}
        super().__init__(*about)

    def judge(self, action):
        if not isinstance(action, act.Show) or action.state not in STAGES:
            return
        stage, incident = STAGES[action.state], self.core.incidents["incident"]
        given = max([self.given.get(counter, 0) for counter in incident.counters] or [0])
        if stage == m.STAGE_SOUNDING and given < stage:
            self.limit("word: a stolen post says that a siren sounds")
            return
        need(stage <= given, '"{}" is shown, and the gateway has given stage {}', action.state, given)

    def odd(self):
        if self.core.incidents["incident"] is None and self.air.draw(30) == 0:
            self.press()
        super().odd()

    def press(self):
        """A press is on the air before long, as an alarm whose tags hold."""
        self.key("main", True)
        self.now_ms += 200
        self.key("main", False)

    def prove(self):
        self.air_to_spare()
        incident = self.core.incidents["incident"]
        if incident is None or incident.finished():
            self.until(self.now_ms + 20_000)  # the end was shown, the box has slept
            if self.core.incidents["incident"] is None:
                self.press()
            incident = self.core.incidents["incident"]
        if not incident.answered or incident.stage < m.STAGE_STORED:
            self._goes_out(incident)
            self._answer(incident, m.STAGE_STORED, feedback.STORED)
        stage = incident.stage + 1 if incident.stage < m.STAGE_CLOSED else 0
        if stage:
            self._answer(incident, stage, feedback.COMING if stage == m.STAGE_COMING else feedback.CLOSED)

    def _goes_out(self, incident):
        """It repeats until it is told that it is stored; somebody presses again when it has given up."""
        self.out = []
        if incident.repeats.due_ms is None:
            self.press()
        due = incident.repeats.due_ms
        self.until(max(self.now_ms, due or 0) + SENT_WITHIN_MS)
        sent = [one.counter for one in self.own_messages(m.ALARM)]
        need(set(sent) & set(incident.counters), "an alarm under way is not sent")

    def _answer(self, incident, stage, state):
        counter = incident.counter
        self.given[counter] = max(stage, self.given.get(counter, 0))
        shown = [
            one.state
            for one in self.hear(self.air.receipt(self.node, counter, stage))
            if isinstance(one, act.Show)
        ]
        need(state in shown, "stage {} is true and {} is shown", stage, shown)


class PenerusRig(AiredRig):
    """It says nothing of its own but STATUS, and carries a true alarm."""

    def judge(self, action):
        need(not isinstance(action, (act.Sound, act.HostWrite)), "a relay sounds")
        if isinstance(action, act.Transmit):
            message = self.own_message(action.frame)
            need(message is None or message.type == m.STATUS, "a relay says what is not its own")

    def prove(self):
        self.air_to_spare()
        origin = self.air.pick(ODD_BUTTONS)
        need(
            self.carried(origin, self.air.alarm(origin, hop_limit=2)),
            "a true alarm of {:08x} is not carried",
            origin,
        )

    def carried(self, origin, frame):
        """Tell whether this frame goes on, with a hop less, before long."""
        packet = parse_packet(frame)
        self.hear(frame)
        self.until(self.now_ms + SENT_WITHIN_MS)
        copies = [parse_packet(one.frame) for one in self.out if isinstance(one, act.Transmit)]
        return any(
            (copy.src, copy.id, copy.hop_limit) == (origin, packet.id, packet.hop_limit - 1)
            for copy in copies
        )


class PenerimaRig(AiredRig):
    """It chimes and shows for a true page only, and says "saya datang" only when somebody presses for it."""

    def __init__(self, *about):
        self.paged, self.coming, self.stored = set(), set(), set()
        super().__init__(*about)

    def judge(self, action):
        if isinstance(action, (act.Sound, act.Show)):
            abouts = [call.about() for call in self.core.calls]
            need(all(about in self.paged for about in abouts), "a page that nobody sent is shown")
            if isinstance(action, act.Sound):
                need(abouts, "a chime without a page")
            if isinstance(action, act.Show) and action.state == feedback.ANSWERED:
                need(abouts[-1] in self.stored, "an answer is shown as stored that was not")
        elif isinstance(action, act.Transmit):
            message = self.own_message(action.frame)
            if message is not None and message.type == m.EVENT:
                need(
                    (message.body.origin, message.body.counter) in self.coming,
                    'it says "saya datang" by itself',
                )

    def prove(self):
        """A page chimes; its answer goes out and is shown as stored when it is."""
        self.air_to_spare()
        origin, counter = self.air.pick(BUTTONS), 1 + self.air.draw(1 << 24)
        about = origin, counter
        self.paged.add(about)
        out = self.hear(self.air.page(origin, counter, 1 + self.air.draw(6)))
        need(any(isinstance(one, act.Sound) for one in out), "a true page does not chime")
        self.until(self.now_ms + 2_500)  # nobody has touched the key: nothing is answered
        self.coming.add(about)
        self.out = []
        self.key("come", True)
        self.until(self.now_ms + 2_500)
        self.until(self.now_ms + SENT_WITHIN_MS)
        sent = [one for one in self.own_messages(m.EVENT) if (one.body.origin, one.body.counter) == about]
        need(sent, "an answer is not sent")
        self.stored.add(about)
        out = self.hear(self.air.receipt(self.node, sent[-1].counter, m.STAGE_STORED))
        shown = [one.state for one in out if isinstance(one, act.Show)]
        need(feedback.ANSWERED in shown, "a stored answer is not shown: {}", shown)


class ModemRig(Rig):
    """It sends what its host ordered and nothing else, and hands on what it hears byte for byte."""

    def __init__(self, *about):
        self.ordered, self.seq = {}, 0
        super().__init__(*about)
        self.started()

    def started(self):
        self._say(link.Configure(nodekit.GATEWAY, "ShortSlow", 920_625_000, 17, 2, 0))

    def _say(self, message):
        self.seq = (self.seq + 1) & 0xFFFF
        self.host(link.encode(self.seq, message))

    def judge(self, action):
        if isinstance(action, act.Transmit):
            need(self.ordered.get(action.frame), "a modem sends what nobody ordered")
        need(not isinstance(action, (act.Sound, act.Show)), "a modem sounds")

    def odd(self):
        odd = self.air.odd()
        heard = self.told_to_host(self.hear(odd.frame), link.Received)
        need(
            [bytes(one.frame) for one in heard] == ([odd.frame] if odd.frame else []),
            "a frame reaches no host",
        )
        self.outcomes["handed on"] = self.outcomes.get("handed on", 0) + 1
        if self.air.draw(20) == 0:
            self.host(self.rnd.randbytes(self.air.draw(60)) + b"\x00")

    def told_to_host(self, actions, kind):
        decoder, found = link.Decoder(), []
        for action in actions:
            if isinstance(action, act.HostWrite):
                found += [one for _, one in decoder.feed(action.data) if isinstance(one, kind)]
        return found

    def prove(self):
        """An order of the host goes on the air, and the host is told."""
        number = self.air.packet_id()
        frame = nodekit.receipt(self.air.pick(BUTTONS), number, packet_id=number)
        if self.core.mesh.air_used_ms(self.now_ms) > AIR_ENOUGH_MS:
            self.until(self.now_ms + 3_700_000)
        self.ordered[frame] = True
        self.host(b"\x00")
        self._say(link.Transmit(frame, 0, 0, 0, 0))
        self.until(self.now_ms + SENT_WITHIN_MS)
        need(
            any(one.id == number for one in self.told_to_host(self.out, link.Transmitted)),
            "an order is not sent",
        )


RIGS = {
    "tombol": TombolRig,
    "sirene": SireneRig,
    "penerus": PenerusRig,
    "penerima": PenerimaRig,
    "modem": ModemRig,
}
