"""The output of a post: what sounds now, what is sensed of it, what is told of it, what a reset finds of it.

what happens                          what follows
the incident that is heard changes    Sound with its pattern for its own remaining time, or Quiet
its time is over                      the one before it goes on, or Quiet; a report
the sensor finds no siren in time     fault; a report that it failed to sound
a further alarm that sounds alike     its report comes later, when the crowd is over
a report of another post, in a crowd  our own report of that incident comes later
every KEEP_LEFT_MS while it sounds    the remaining time goes to flash
"""
from kentongan_wire import messages as m

from kentongan_node import patterns
from kentongan_node.actions import Persist, Quiet, Sound
from kentongan_node.mains import MainsNode
from kentongan_node.reports import Reports
from kentongan_node.soundings import LIVE, Soundings, load

REPORT_MIN_MS, REPORT_SPAN_MS = 200, 800   # clear of the receipts, within the gateway's 2 s
# A report that says no more than an earlier one comes so much later: ten presses in 3 s at 8 % loss had 4.5 s
# of siren reports in their first 15 s, and 53 of 85 alarm frames that collided at the gateway met one.
CROWD_HOLD_MS, CROWD_SPAN_MS = 15_000, 30_000
# .. and so many times longer where this many alarm: 40 presses in 10 s had 94 such reports and 200 relays'
# copies of them in the second half minute.
CROWD_ORIGINS, CROWD_TIMES = 4, 4
SENSE_MS = 1_000              # the sensor says so long after the relay that the siren sounds, or it failed
SENSE_LOSS_MS = 3_500         # longer than the longest pause of a pattern
KEEP_LEFT_MS = 10_000         # how often the remaining time goes to flash while it sounds

FILE = "siren"
SOUNDS = (m.STATE_SOUNDING, m.STATE_DRIVEN)


class Output(MainsNode):
    """Base of Sirene: everything behind the decision whether an incident may sound."""

    def __init__(self, settings, state):
        super().__init__(settings, state)
        self.soundings = Soundings()
        self.reports = Reports()
        self.fault = False
        self._stuck = False         # current flows although nothing is to sound
        self._playing = None        # what the output does: (record, kind, drill, times) or a tone's name
        self._sensed = False

    def on_start(self, boot, now_ms, rnd, actions):
        super().on_start(boot, now_ms, rnd, actions)
        self.soundings = load(self.state.get(FILE), now_ms)
        if self.soundings.current():
            # Before the sound, unlike everywhere else: a siren that browns its own board out would
            # otherwise resume for ever.
            self._keep(now_ms, actions)
            self._drive(now_ms, actions)
            self._report(self.soundings.current(), now_ms, rnd)

    def on_sense(self, what, value, now_ms, rnd, actions):
        if what != "siren":
            super().on_sense(what, value, now_ms, rnd, actions)
        elif not self.settings["has_sense"]:
            return
        elif self._playing is None:
            # Current without a sounding: the output is stuck, or somebody bridged it. STATUS says so.
            self._stuck = bool(value)
        elif value:
            first = not self._sensed or self.fault
            self._sensed, self.fault = True, False
            self.cancel("sense")
            if first and self.soundings.current():
                self._report(self.soundings.current(), now_ms, rnd)
        elif self._playing is not None and self._sensed:
            self.at("sense", now_ms + SENSE_LOSS_MS)

    def on_timer(self, name, now_ms, rnd, actions):
        if name == "end":
            for record in self.soundings.expire(now_ms):
                self._report(record, now_ms, rnd, m.STATE_STOPPED)
            self._drive(now_ms, actions)
            self._keep(now_ms, actions)
        elif name == "keep":
            self._keep(now_ms, actions)
        elif name == "report":
            self.reports.send_due(self, now_ms, actions, self.settings["gateway_hops"])
        elif name == "tone":
            if self._playing in (patterns.END, patterns.DRILL):
                self._playing = None
                actions.append(Quiet())
        elif name == "sense":
            self._sense_missing(now_ms, rnd)
        else:
            super().on_timer(name, now_ms, rnd, actions)

    def _end(self, now_ms, rnd, actions):
        self._timer("end", self.soundings.next_end())
        self._timer("report", self.reports.deadline())
        if self.soundings.current() is None:
            self.cancel("keep")
        return super()._end(now_ms, rnd, actions)

    def _timer(self, name, at_ms):
        if at_ms is None:
            self.cancel(name)
        else:
            self.at(name, at_ms)

    def status_flags(self, now_ms):
        flags = super().status_flags(now_ms)
        if self.soundings.current():
            flags |= m.STATUS_SOUNDING
        if self.fault or self._stuck:
            flags |= m.STATUS_SIREN_FAULT
        return flags

    def _drive(self, now_ms, actions):
        """Let the output do what the incidents say."""
        record = self.soundings.current()
        if record is None:
            if self._playing not in (None, patterns.END, patterns.DRILL):
                self._playing = None
                self.cancel("sense")
                actions.append(Quiet())
            return
        playing = (record, record.kind, record.drill, record.times)
        if playing == self._playing:
            return
        name, steps = patterns.of(self.settings, record.kind, record.drill)
        actions.append(Sound(name, steps, record.left_ms(now_ms)))
        if not isinstance(self._playing, tuple):
            self._sensed = False
            self.at("keep", now_ms + KEEP_LEFT_MS)
        if self.settings["has_sense"] and not self._sensed:
            self.at("sense", now_ms + SENSE_MS)
        self._playing = playing

    def _tone(self, name, steps, now_ms, actions):
        """A tone of the post's own, once."""
        total_ms = patterns.cycle_ms(steps)
        actions.append(Sound(name, steps, total_ms))
        self._playing = name
        self.at("tone", now_ms + total_ms)

    def _sense_missing(self, now_ms, rnd):
        record = self.soundings.current()
        self._sensed = False
        if record is not None:
            self.fault = True
            self._report(record, now_ms, rnd)

    def _report(self, record, now_ms, rnd, state=None):
        """Tell the gateway what the siren does about an incident; state None: as sensed."""
        if state is None:
            state = m.STATE_DRIVEN
            if self.settings["has_sense"]:
                if not self._sensed and not self.fault:
                    return  # the sensor is about to say which
                state = m.STATE_SOUNDING if self._sensed else m.STATE_FAILED
        source = m.SOURCE_POST if state == m.STATE_SILENCED else record.source
        body = m.SirenReport(record.origin, record.last, state, source)
        wait_ms = REPORT_MIN_MS + self.draw(rnd, REPORT_SPAN_MS)
        if state in SOUNDS and record.source != m.SOURCE_ORDER and self.soundings.joins(record):
            wait_ms += self._crowd_ms(now_ms, rnd)
        self.reports.add(m.SIREN_REPORT, body, now_ms + wait_ms, (record.origin, record.number))

    def _hold_report(self, body, now_ms, rnd):
        """Another post says that it sounds: with several alarms at once one such report is enough for now."""
        record = self.soundings.of_counter(body.origin, body.counter)
        if record is None or record.state != LIVE or body.state not in SOUNDS:
            return
        if self.mesh.active_origins(now_ms) < 2:
            return
        report = self.reports.find((record.origin, record.number))
        if report is not None:
            report.hold(self._crowd_ms(now_ms, rnd))

    def _crowd_ms(self, now_ms, rnd):
        """How long a report waits that says nothing new."""
        times = CROWD_TIMES if self.mesh.active_origins(now_ms) >= CROWD_ORIGINS else 1
        return CROWD_HOLD_MS * times + self.draw(rnd, CROWD_SPAN_MS * times)

    def _keep(self, now_ms, actions):
        actions.append(Persist(FILE, self.soundings.dump(now_ms)))
        if self.soundings.current():
            self.at("keep", now_ms + KEEP_LEFT_MS)
