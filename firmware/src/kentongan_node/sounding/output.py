"""The output of a post: what sounds now, what is sensed of it, what is told of it, what a reset finds of it.

what happens                          what follows
the incident that is heard changes    Sound with its pattern for its own remaining time, or Quiet
its time is over                      the one before it goes on, or Quiet; a report
driven for 180 s on end               Quiet and "stopped" for 17 s (stretch.py), then it goes on; a report
the sensor finds no siren in time     fault; a report that it failed to sound
a further alarm that sounds alike     its report comes later, when the crowd is over
a report of another post, in a crowd  our own report of that incident comes later
a report was sent, in a large crowd   it is repeated later
every KEEP_LEFT_MS while it sounds    the remaining time goes to flash
"""

from kentongan_wire.air import flood
from kentongan_wire.base import patterns
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages as m

from kentongan_node.base.actions import Persist, Quiet, Sound
from kentongan_node.common.mains import MainsNode
from kentongan_node.common.reports import PACE_MAX, Reports
from kentongan_node.sounding.soundings import KEEP_LEFT_MS, LIVE, Soundings, load

if TYPE_CHECKING:
    from kentongan_wire.message.bodies import SirenReport

    from kentongan_node.base.actions import Action, Boot, Settings, State, Steps
    from kentongan_node.sounding.soundings import Record


REPORT_MIN_MS, REPORT_SPAN_MS = 200, 800  # clear of the receipts, within the gateway's 2 s
# A report that says no more than an earlier one comes so much later: ten presses in 3 s at 8 % loss had 4.5 s
# of siren reports in their first 15 s, and 53 of 85 alarm frames that collided at the gateway met one.
# It comes CROWD_TIMES later still where this many alarm: 40 presses in 10 s had 94 such reports and 200
# copies of them by relays in the second half minute. The hub knows these times (wire/air/flood.py) and waits.
CROWD_ORIGINS = 4
SENSE_MS = 1_000  # the sensor says so long after the relay that the siren sounds, or it failed
SENSE_LOSS_MS = 3_500  # longer than the longest pause of a pattern
REST_REPORTS = 4  # incidents of which a rest and its end are told, the heard one first

FILE = "siren"
SOUNDS = (m.STATE_SOUNDING, m.STATE_DRIVEN)


class Output(MainsNode):
    """Base of Sirene: everything behind the decision whether an incident may sound."""

    def __init__(self, settings: "Settings", state: "State") -> None:
        super().__init__(settings, state)
        self.soundings = Soundings()
        self.reports = Reports(self.mesh.pace)
        self.fault = False
        self._stuck = False  # current flows although nothing is to sound
        # what the output does: (record, kind, drill, end) or a tone's name
        self._playing: tuple[Record, int, bool, int] | str | None = None
        self._sensed = False
        self._rested = False  # a rest is over: the sensor's next word is told of all that run

    @property
    def sounding(self) -> bool:
        """Tell whether the siren is driven for an incident, and does not rest."""
        return isinstance(self._playing, tuple)

    def cut_off(self) -> bool:
        """Tell whether a reset has cut a sounding off; asked before the start."""
        return load(self.state.get(FILE), 0).current() is not None

    def on_start(self, boot: "Boot") -> None:
        super().on_start(boot)
        self.soundings = load(self.state.get(FILE), self.now_ms)
        if self.soundings.current():
            # Before the sound, unlike everywhere else: a siren that browns its own board out would
            # otherwise resume for ever.
            self._keep()
            self._drive()
            self._report(self.soundings.current())

    def on_sense(self, what: str, value: int) -> None:
        if what != "siren":
            super().on_sense(what, value)
        elif value < 0:  # it cannot be driven, sensor or not
            self.fault = True
            self._sense_missing()
        elif not self.settings["has_sense"]:
            return
        elif self._playing is None:
            # Current without a sounding: the output is stuck, or somebody bridged it. STATUS says so.
            self._stuck = bool(value)
        elif value:
            first = not self._sensed or self.fault
            self._sensed, self.fault = True, False
            self.cancel("sense")
            if first:
                self._sensor_says()
        elif self._playing is not None and self._sensed:
            self.at("sense", self.now_ms + SENSE_LOSS_MS)

    def on_timer(self, name: str) -> None:
        if name == "end":
            for record in self.soundings.expire(self.now_ms):
                self._report(record, m.STATE_STOPPED)
            self._drive()
            self._keep()
        elif name == "keep":
            self._keep()
        elif name == "report":
            self.reports.send_due(self, self.settings["gateway_hops"])
            for report in self.reports.waiting:
                # What was said in a crowd, and not asked for, is repeated later: the hub waits as long.
                said = report.sends and report.kind == m.SIREN_REPORT and report.body.state in SOUNDS
                if (
                    said
                    and report.body.source != m.SOURCE_ORDER
                    and self.mesh.active_origins(self.now_ms) >= CROWD_ORIGINS
                ):
                    report.hold(flood.HELD_MS)
        elif name == "tone":
            if self._playing in (patterns.END, patterns.DRILL):
                self._quiet()
        elif name == "sense":
            self._sense_missing()
        elif name == "rest":
            self._rest()
        elif name == "resting" and not self.fault:
            self._report_live(REST_REPORTS, m.STATE_STOPPED)
        elif name == "rested":
            self._go_on()
        else:
            super().on_timer(name)

    def _end(self) -> "list[Action]":
        self._timer("end", self.soundings.next_end() if self.soundings.records else None)
        self._timer("report", self.reports.deadline() if self.reports.waiting else None)
        if self.soundings.current() is None:
            self.cancel("keep")
        return MainsNode._end(self)

    def _timer(self, name: str, at_ms: int | None) -> None:
        if at_ms is None:
            self.cancel(name)
        else:
            self.at(name, at_ms)

    def status_flags(self) -> int:
        flags = super().status_flags()
        if self.sounding:
            flags |= m.STATUS_SOUNDING
        if self.fault or self._stuck:
            flags |= m.STATUS_SIREN_FAULT
        return flags

    def _drive(self) -> None:
        """Let the output do what the incidents say."""
        record = self.soundings.current()
        if record is None:
            self.cancel("rested")
            if self.sounding:
                self._quiet()
            return
        playing = (record, record.kind, record.drill, record.until_ms)
        if playing == self._playing:
            return
        left_ms = self.soundings.stretch.left_ms(self.now_ms)
        if not left_ms:
            if "rested" not in self.timers:
                self._rest()
            return
        self.soundings.stretch.driven(self.now_ms)
        self.at("rest", self.now_ms + left_ms)
        name, steps = patterns.of(self.settings, record.kind, record.drill)
        self.actions.append(Sound(name, steps, record.left_ms(self.now_ms)))
        if not self.sounding:
            self._sensed = False
            self.at("keep", self.now_ms + KEEP_LEFT_MS)
        if not self.settings["has_sense"]:
            self.fault = False  # until it is told otherwise
        elif not self._sensed:
            self.at("sense", self.now_ms + SENSE_MS)
        self._playing = playing

    def _quiet(self) -> int:
        """Switch the output off; returns when it has rested."""
        self._playing = None
        self.cancel("sense")
        self.cancel("rest")
        self.actions.append(Quiet())
        return self.soundings.stretch.quiet(self.now_ms)

    def _rest(self) -> None:
        """Rest before the carrier shuts the output: after a silence that it takes for an end."""
        self.at("rested", self._quiet())
        self.at("resting", self.now_ms)
        self.note("siren_rests", self.soundings.current().number)

    def _go_on(self) -> None:
        """After a rest: what still runs is heard again, and told when it is known."""
        self._drive()
        record = self.soundings.current()
        if record is None:
            return
        self._note_on(record, "rested")
        self._rested = True
        if not self.settings["has_sense"]:
            self._sensor_says()

    def _note_on(self, record: "Record", why: str) -> None:
        if self.sounding:
            self.note("siren_on", record.number, why, node=record.origin)

    def _tone(self, name: str, steps: "Steps") -> None:
        """Sound a tone of the post's own, once; none where the siren would have to rest within it."""
        total_ms = patterns.cycle_ms(steps)
        if self.soundings.stretch.left_ms(self.now_ms) < total_ms:
            self.count("tone_skipped")
            return
        self.cancel("rest")
        self.soundings.stretch.driven(self.now_ms)
        self.actions.append(Sound(name, steps, total_ms))
        self._playing = name
        self.at("tone", self.now_ms + total_ms)

    def _sense_missing(self) -> None:
        self._sensed = False
        if self.soundings.current() is not None:
            self.fault = True
            self._sensor_says()

    def _sensor_says(self) -> None:
        """Report what is known now of the incident that is heard; after a rest of the others as well."""
        self._report_live(REST_REPORTS if self._rested else 1)
        self._rested = False

    def _report_live(self, limit: int, state: int | None = None) -> None:
        """Send a report each of the incidents that run, the heard one first."""
        records = self.soundings.records
        live = sorted([(records[i].begun_ms, i) for i in range(len(records)) if records[i].state == LIVE])
        for _, i in list(reversed(live))[:limit]:
            self._report(records[i], state)

    def _report(self, record: "Record", state: int | None = None) -> None:
        """Tell the gateway what the siren does about an incident; state None: as sensed, after a rest."""
        if state is None:
            if not self.sounding:
                return
            state = m.STATE_DRIVEN
            if self._sensed:
                state = m.STATE_SOUNDING
            elif self.fault:
                state = m.STATE_FAILED
            elif self.settings["has_sense"]:
                return  # the sensor is about to say which
        source = m.SOURCE_POST if state == m.STATE_SILENCED else record.source
        body = m.SirenReport(record.origin, record.number, state, source)
        pace = min(self.mesh.pace, PACE_MAX)
        wait_ms = (REPORT_MIN_MS + self.draw(REPORT_SPAN_MS)) * pace // 100
        if state in SOUNDS and record.source != m.SOURCE_ORDER and self.soundings.joins(record):
            wait_ms += self._crowd_ms()
        self.reports.add(m.SIREN_REPORT, body, self.now_ms + wait_ms, (record.origin, record.first))

    def _hold_report(self, body: "SirenReport") -> None:
        """Another post says that it sounds: with several alarms at once one such report is enough for now."""
        record = self.soundings.of_counter(body.origin, body.counter)
        if record is None or record.state != LIVE or body.state not in SOUNDS:
            return
        if not self.soundings.joins(record, False):
            return  # the first word that this siren sounds at all: without it a person is sent here
        if self.mesh.active_origins(self.now_ms) < 2:
            return
        report = self.reports.find((record.origin, record.first))
        # else it waits as long already
        if report is not None and report.start_ms - self.now_ms < flood.HELD_MS:
            report.hold(self._crowd_ms())

    def _crowd_ms(self) -> int:
        """Return the wait of a report that says nothing new: as long as one that waits, for one receipt."""
        times = flood.CROWD_TIMES if self.mesh.active_origins(self.now_ms) >= CROWD_ORIGINS else 1
        least_ms, span_ms = flood.HELD_MS * times, flood.HELD_SPAN_MS * times
        for report in self.reports.waiting:
            wait_ms = report.start_ms - self.now_ms
            if not report.sends and least_ms <= wait_ms < least_ms + span_ms:
                return wait_ms
        return least_ms + self.draw(span_ms)

    def _keep(self) -> None:
        self.actions.append(Persist(FILE, self.soundings.dump(self.now_ms)))
        if self.soundings.current():
            self.at("keep", self.now_ms + KEEP_LEFT_MS)
