"""Tombol: a key press becomes an alarm on the air at once, and what is known of it becomes light and sound.

key       down / up   when                                does
main      down        one-press                           an alarm at once
main      down / up   strokes                             counts; the code's kind is the alarm
main      down        a cancel is possible                waits: 3 s held is a cancel, less is a press
silent    down        always                              a silent alarm; nothing is shown, ever
lid       down        closed until now                    one STATUS, after a running incident
uji       down        no incident runs                    a test alarm of kind 15, over when it is stored
An alarm and a silent alarm can run at the same time, each with its own turns and stages (incident.py).
Nothing left to do: deep sleep until a key or the next STATUS.
"""

from kentongan_wire.air.flood import CLASS_ALARM, CLASS_STATUS
from kentongan_wire.base.shapes import TYPE_CHECKING
from kentongan_wire.message import messages as m

from kentongan_node.base import feedback
from kentongan_node.base.actions import Listen, Persist, Show, Sleep, Tune
from kentongan_node.common.node import FIRMWARE, Node
from kentongan_node.press.incident import Incident, load
from kentongan_node.press.reach import NAME as REACH
from kentongan_node.press.reach import Reach
from kentongan_node.press.repeats import hop_limit
from kentongan_node.press.strokes import Strokes

if TYPE_CHECKING:
    from kentongan_wire.base.shapes import Bytes
    from kentongan_wire.message.bodies import Entry
    from kentongan_wire.message.messages import Envelope

    from kentongan_node.air.queue import Entry as Waiting
    from kentongan_node.base.actions import Action, Boot, Settings, State
    from kentongan_node.common.node import Heard


CANCEL_HOLD_MS = 3_000
STROKE_MAX_MS = 1_000  # a hold that could have become a cancel counts as a stroke up to here
BUSY_SHARE_PERCENT = 50  # "mostly busy": a repeat gives its turn away
UNSURE_ATTEMPT = 2  # nobody answered so many: our number may be below what receivers know
CROWD = 2  # other buttons heard alarming lately
LISTEN_STATUS_MS = 2_000  # after each STATUS
STAGE_STATUS_MIN_MS, STAGE_STATUS_SPAN_MS = 500, 1_500
CLOSING_MS = 10_000  # start value: how long the end of an incident is shown
FIRST_STATUS_MS, FIRST_STATUS_SPAN_MS = 2_000, 8_000  # after power: whoever installs it sees it soon
STAGGER_PERCENT = 10  # of the status period, either way
LID_STATUS_GAP_MS = 10_000  # a lid that rattles does not fill the channel
AWAKE_MS = 15_000  # a STATUS due sooner than this is waited for, not slept for
LOW_BATTERY_MV = 3_300  # start value: one lithium cell, nearly empty
# Start value: what is left goes into alarms. No STATUS, no buzzer, no motor; the lamp and the ear stay, since
# an answered alarm is repeated less.
LAST_BATTERY_MV = 3_000
BATTERY_STEP_MV = 20  # the unit of battery u8

OPEN, SILENT = "incident", "silent"  # the two slots; also the names of their files
SLOTS = (OPEN, SILENT)
NO_STEPS = ((), ())  # buzzer and motor


class Tombol(Node):
    role = m.TOMBOL
    relays = False

    @staticmethod
    def unanswered(data: "Bytes | None") -> bool:
        """Tell whether these bytes hold an incident that has no answer yet."""
        incident = load(data, 0)
        return incident is not None and not incident.stage

    def __init__(self, settings: "Settings", state: "State") -> None:
        Node.__init__(self, settings, state)
        self.incidents: dict[str, Incident | None] = {OPEN: None, SILENT: None}
        self.reach = Reach(self.settings["hop_limit"], state.get(REACH))
        self.strokes = Strokes(settings["strokes"])
        self._hold_ms: int | None = None
        self._lid = False
        self._lid_pending = False
        self._lid_sent_ms: int | None = None
        self._battery_mv = 0
        self._temperature = 0
        self._rssi = 0
        boots = state.get("boots")
        self._boots = boots[0] if boots else 0
        self._last_counter = 0  # highest counter that any message of ours carried
        self._shown = feedback.OFF
        self._listening = False
        self._listen_ms: int | None = None  # the receiver stays on until then
        self._asleep = False
        self._spent = False  # an incident has used up its resets, and its key is still down
        self._stuck = False  # a key is held longer than anybody holds one

    # -- events -------------------------------------------------------------------------------------

    def on_start(self, boot: "Boot") -> None:
        self._lid = boot.lid_open and boot.key != "lid"  # the lid that woke us is being opened now
        for name in SLOTS:
            self._resume(name, boot)
        if len(self._running()) == len(SLOTS):
            # Each was sent under counters in turn: whatever was the highest, both go on above it.
            self._last_counter = self.sequence.peek() - 1
        if boot.cause == "wake_key" and boot.key == "main" and not self.settings["one_press"]:
            self.strokes.wake(self.now_ms)
        elif boot.key and (boot.cause == "wake_key" or not self._spent):
            # after power or a reset: the key was down as the board started
            self.on_key(boot.key, True)
        if boot.cause in ("power", "reset"):
            self._boots = (self._boots + 1) & 0xFF
            self.actions.append(Persist("boots", bytes((self._boots,))))
            self.at("status", self.now_ms + FIRST_STATUS_MS + self.draw(FIRST_STATUS_SPAN_MS))
        elif boot.cause == "wake_timer":
            self.at("status", self.now_ms)
        else:
            self._next_status()

    def on_key(self, key: str, down: bool) -> None:
        if key == "main":
            if down:
                self._main_down()
            else:
                self._main_up()
        elif key == "silent" and down:
            self._press(SILENT, m.KIND_KEKERASAN)
        elif key == "uji" and down and self.incidents[OPEN] is None:
            self._press(OPEN, m.KIND_UJI)
        elif key == "lid":
            self._lid_pending = self._lid_pending or down and not self._lid
            self._lid = down
        self._timers()

    def on_sense(self, what: str, value: int) -> None:
        if what == "battery":
            self._battery_mv = value
        elif what == "stuck":
            self._stuck = bool(value)
        elif what == "temperature":
            self._temperature = max(-128, min(127, value))
        elif what == "flash" and not self._running():
            self.confirm_config()  # a STATUS soon: somebody has to come

    def on_timer(self, name: str) -> None:
        if name in SLOTS:
            self._turn(name)
        elif name == "strokes":
            self._strokes_tick()
        elif name == "hold":
            self._cancel_alarm()
        elif name == "stage_status":
            self._send_status()
        elif name == "status":
            if not self._running():
                self._send_status()
            self._next_status()

    def on_sent(self, entry: "Waiting") -> None:
        if entry.klass == CLASS_STATUS:
            self._listen(self.now_ms + LISTEN_STATUS_MS)
        incident = self.incidents[OPEN]
        if incident is None or incident.repeats.attempt != 1:
            return
        if entry.tag == (self.node, incident.counter):
            self.note("sent", incident.counter)

    def on_config(self, changed: "Settings") -> None:
        if "hop_limit" in changed:
            self.reach = Reach(changed["hop_limit"])

    def on_entry(self, entry: "Entry", envelope: "Envelope", heard: "Heard") -> None:
        self._rssi = max(-128, min(127, heard[1]))
        for name in SLOTS:
            incident = self.incidents[name]
            if incident is None or not incident.owns(entry.counter):
                continue
            stage = entry.stage
            first = incident.stage < m.STAGE_COMING <= stage
            higher = incident.answer(entry.counter, stage, self.now_ms, self.rnd)
            if incident.answered >= m.STAGE_STORED and not incident.cancel:
                self._spare(incident)
            if first:
                self.reach.told(heard[0].hop_start, envelope.body[0] > 1, self.actions)
            if stage >= m.STAGE_COMING and incident.may_tell(higher):
                wait_ms = STAGE_STATUS_MIN_MS + self.draw(STAGE_STATUS_SPAN_MS)
                self.at("stage_status", self.now_ms + wait_ms)
            if higher:
                if name == OPEN:
                    self.note("receipt_{}".format(stage), incident.counter)
                self.actions.append(Persist(name, incident.dump()))
                if incident.finished():
                    self.at("end_" + name, self.now_ms + CLOSING_MS)
                self._show_now()
                if name == OPEN and stage == m.STAGE_COMING:
                    self.note("shown_coming", incident.counter)
        self._timers()

    def _spare(self, incident: "Incident") -> None:
        """Drop its repeat that waits for the channel: what that would say is known."""
        for waiting in list(self.mesh.queue.entries):
            if waiting.klass == CLASS_ALARM and incident.is_of_press(waiting.tag[1]):
                self.mesh.queue.drop(waiting, "stored")

    # -- presses ------------------------------------------------------------------------------------

    def _main_down(self) -> None:
        incident = self.incidents[OPEN]
        if incident is not None and incident.may_cancel(self.now_ms) and self.strokes.idle():
            self._hold_ms = self.now_ms
            self.at("hold", self.now_ms + CANCEL_HOLD_MS)
        elif self.settings["one_press"]:
            self._press(OPEN, self.settings["strokes"][0])
        else:
            self._strokes_tick()
            kind = self.strokes.press(self.now_ms)
            if kind is not None:
                self._press(OPEN, kind)

    def _main_up(self) -> None:
        held_from_ms, self._hold_ms = self._hold_ms, None
        self.cancel("hold")
        if held_from_ms is None:
            self._strokes_tick()
            self.strokes.release(self.now_ms)
            return
        incident = self.incidents[OPEN]
        if self.now_ms - held_from_ms >= STROKE_MAX_MS and incident is not None:
            # neither a stroke nor a cancel: in doubt, alarm
            self._press(OPEN, incident.kind)
        elif self.settings["one_press"]:
            self._press(OPEN, self.settings["strokes"][0])
        else:
            self.strokes.press(held_from_ms)
            self.strokes.release(self.now_ms)

    def _strokes_tick(self) -> None:
        kind = self.strokes.tick(self.now_ms)
        if kind is not None:
            self._press(OPEN, kind)

    def _press(self, name: str, kind: int) -> None:
        """Raise an alarm of that slot: the running incident goes on, unless it is over or was cancelled."""
        incident = self.incidents[name]
        tested = incident is not None and incident.kind == m.KIND_UJI and kind != m.KIND_UJI
        if incident is None or incident.finished() or incident.cancel or tested:
            incident = Incident(kind, name == SILENT, self.now_ms, self.mesh.pace)
            self.incidents[name] = incident
            self.cancel("end_" + name)
        elif incident.folds(kind, self.now_ms):
            return
        self._begin_alarm(name, kind, False)

    def _cancel_alarm(self) -> None:
        """Take the alarm back, since the hold lasted. The same incident, until stage 5."""
        self._hold_ms = None
        incident = self.incidents[OPEN]
        if incident is not None and not incident.finished():
            self._begin_alarm(OPEN, incident.kind, True)

    def _begin_alarm(self, name: str, kind: int, cancel: bool) -> None:
        """Attempt 0: the channel is asked before the flash is written, so that the write costs no time."""
        incident = self.incidents[name]
        incident.press(self.sequence.peek(), kind, self._lid, self._battery(), self.now_ms, cancel)
        if name == OPEN:
            self.note("cancel" if cancel else "press", incident.counter)
        self._turn(name)
        self.mesh.tick(self.now_ms, self.rnd, self.actions)
        self._listen(self.now_ms)
        self._show_now()
        self.actions.append(Persist(name, incident.dump()))

    def _turn(self, name: str) -> None:
        """Use the turn that is due, or give it away to a busy channel."""
        incident = self.incidents[name]
        if incident is None or incident.repeats.due_ms is None or self.now_ms < incident.repeats.due_ms:
            return
        repeats = incident.repeats
        turn_rnd = self.draw(1 << 32)
        if self.mesh.meter.share_percent(self.now_ms) > BUSY_SHARE_PERCENT and repeats.skip(
            self.now_ms, turn_rnd
        ):
            self.count("turn_skipped")
            return
        if self.sequence.unsure and incident.stage == 0 and repeats.attempt >= UNSURE_ATTEMPT:
            self.sequence.leap(turn_rnd)
            self._last_counter = self.sequence.peek()
        if incident.counter < self._last_counter:
            incident.renumber(self.sequence.peek())
            self.actions.append(Persist(name, incident.dump()))
        self._last_counter = max(self._last_counter, incident.counter)
        body = m.Alarm(
            repeats.attempt,
            incident.number,
            self.settings["zone"],
            incident.kind,
            incident.flags(),
            incident.battery,
        )
        self.send(
            m.ALARM,
            body,
            hop_limit=hop_limit(repeats.attempt, self.reach.hops, self._crowded(incident)),
            counter=incident.counter,
            first=repeats.attempt == 0,
        )
        repeats.sent(self.now_ms, turn_rnd)

    def _crowded(self, incident: "Incident") -> bool:
        """Tell whether somebody hears us, so that other buttons keep the gateway's answer away."""
        return incident.stage >= m.STAGE_SOUNDING and self.mesh.active_origins(self.now_ms) >= CROWD

    def _resume(self, name: str, boot: "Boot") -> None:
        """Go on with an incident that a reset interrupted; that it did is on flash before any sending."""
        data = self.state.get(name)
        if not data:
            return
        incident = None if boot.lid_open else load(data, self.now_ms, self.mesh.pace)
        self.incidents[name] = incident
        if incident is None and boot.key and boot.cause != "wake_key" and not boot.lid_open:
            # Its resets are used up and its key is still down, so it is stuck: no new alarm at every reset.
            self._spent = True
            return
        self.actions.append(Persist(name, incident.dump() if incident else b""))
        if incident:
            self._weaken(incident)
            self._spent = self._spent or incident.last_ms is not None
            self._listen(self.now_ms)

    def _weaken(self, incident: "Incident") -> None:
        """Weaken frames after too many resets: perhaps the cell has the current for that."""
        dbm = incident.weak_dbm()
        if dbm is not None and dbm < self.settings["conducted_dbm"]:
            self.actions.append(Tune(self.settings["preset"], self.settings["freq_hz"], dbm))

    # -- what runs ----------------------------------------------------------------------------------

    def _running(self) -> list[str]:
        return [name for name in SLOTS if self.incidents[name] is not None]

    def _timers(self) -> None:
        """Set the timers that follow from the state, whatever changed it."""
        for name in SLOTS:
            incident = self.incidents[name]
            self.cancel(name)
            if incident is None:
                continue
            if incident.repeats.due_ms is not None:
                self.at(name, incident.repeats.due_ms)
            if not incident.finished():
                self.at("end_" + name, incident.ends_ms())
        incident = self.incidents[OPEN]
        self.cancel("show")
        if incident is not None and not incident.stage and self.now_ms < incident.nobody_ms():
            self.at("show", incident.nobody_ms())
        self.cancel("strokes")
        if self.strokes.deadline() is not None:
            self.at("strokes", self.strokes.deadline())

    def _end(self) -> "list[Action]":
        """End what is over, show what is true, and sleep without work: after every event."""
        for name in SLOTS:
            self._finish(name)
        self._lid_status()
        self._timers()
        self._show_now()
        self._rest()
        return Node._end(self)

    def _finish(self, name: str) -> None:
        incident = self.incidents[name]
        if incident is None:
            return
        over = incident.finished() and "end_" + name not in self.timers
        if over or self.now_ms >= incident.ends_ms():
            self.incidents[name] = None
            self.cancel("end_" + name)
            self.actions.append(Persist(name, b""))

    def _show_now(self) -> None:
        """Show what is true of the open incident; a silent one is not looked at."""
        state = feedback.OFF
        incident = self.incidents[OPEN]
        if incident is not None:
            state = incident.shown(self.now_ms)
        elif not self.strokes.idle():
            state = feedback.PRESSED
        if state != self._shown:
            self._shown = state
            show = feedback.show(state)
            self.actions.append(Show(state, show.steps[:1] + NO_STEPS) if self._exhausted() else show)

    def _listen(self, until_ms: int) -> None:
        self._listen_ms = max(until_ms, self._listen_ms or 0)
        if not self._listening:
            self._listening = True
            self.actions.append(Listen(True))

    def _rest(self) -> None:
        """Deep sleep when nothing is left but the next STATUS, and that is far away."""
        if self._listen_ms is not None and self.now_ms >= self._listen_ms:
            self._listen_ms = None
        status_ms = self.timers.get("status", self.now_ms + AWAKE_MS)
        waits = [name for name in self.timers if name != "status"]
        if (
            waits
            or self._running()
            or self._lid_pending
            or self._listen_ms is not None
            or self.mesh.next_deadline() is not None
            or status_ms - self.now_ms < AWAKE_MS
        ):
            return
        if self._listening:
            self._listening = False
            self.actions.append(Listen(False))
        self._asleep = True
        self.actions.append(Sleep(status_ms - self.now_ms))

    def _begin(self, now_ms: int, rnd: int) -> None:
        self._asleep = False
        Node._begin(self, now_ms, rnd)

    def next_deadline(self) -> int | None:
        """None in deep sleep: the wake-up time went with the Sleep."""
        if self._asleep:
            return None
        times = [at_ms for at_ms in (Node.next_deadline(self), self._listen_ms) if at_ms is not None]
        return min(times) if times else None

    # -- status -------------------------------------------------------------------------------------

    def _next_status(self) -> None:
        period_ms = self.settings["status_period_s"] * 1000
        span_ms = period_ms * STAGGER_PERCENT // 100
        self.at("status", self.now_ms + period_ms - span_ms + self.draw(2 * span_ms + 1))

    def _lid_status(self) -> None:
        """One STATUS for an opened lid, when no incident runs and the last one is long enough ago."""
        if not self._lid_pending or self._running():
            return
        if self._lid_sent_ms is not None and self.now_ms - self._lid_sent_ms < LID_STATUS_GAP_MS:
            self.at("lid", self._lid_sent_ms + LID_STATUS_GAP_MS)
            return
        self._lid_pending = False
        self._lid_sent_ms = self.now_ms
        self._send_status()

    def confirm_config(self) -> None:
        wait_ms = STAGE_STATUS_MIN_MS + self.draw(STAGE_STATUS_SPAN_MS)
        self.at("stage_status", self.now_ms + wait_ms)

    def _wants(self, envelope: "Envelope") -> bool:
        """Nothing changes while an incident runs, its keys least of all: the gateway sends CONFIG again."""
        if envelope.type == m.CONFIG and self._running():
            return False
        return Node._wants(self, envelope)

    def _exhausted(self) -> bool:
        return 0 < self._battery_mv < LAST_BATTERY_MV

    def _battery(self) -> int:
        return max(0, min(255, self._battery_mv // BATTERY_STEP_MV))

    def _send_status(self) -> None:
        if self._exhausted():
            self.count("battery_saved")
            return
        stage, counter = max(
            [(self.incidents[name].stage, self.incidents[name].counter) for name in self._running()]
            or [(0, 0)]
        )
        flags = (
            (m.TOMBOL_STATUS_LID if self._lid else 0)
            | (stage << m.TOMBOL_STATUS_STAGE_SHIFT)
            | (m.TOMBOL_STATUS_KEY_STUCK if self._stuck else 0)
            | (m.TOMBOL_STATUS_FLASH_FAILING if self.flash_failing else 0)
            | (m.TOMBOL_STATUS_PART_FAILING if self.part_failing else 0)
            | (m.TOMBOL_STATUS_LOW_BATTERY if 0 < self._battery_mv < LOW_BATTERY_MV else 0)
        )
        body = m.ButtonStatus(
            flags,
            self._battery(),
            self._temperature,
            self._rssi,
            self._boots,
            self.config_version & 0xFF,
            FIRMWARE[0] << 4 | FIRMWARE[1],
            counter if stage else 0,
        )
        self._last_counter = self.sequence.peek()
        self.send_own_status(body, self.reach.hops)
        self._listen(self.now_ms)
