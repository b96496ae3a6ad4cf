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
from kentongan_wire import messages as m
from kentongan_wire.flood import CLASS_STATUS

from kentongan_node import feedback
from kentongan_node.actions import Listen, Persist, Show, Sleep, Tune
from kentongan_node.incident import Incident, load
from kentongan_node.node import FIRMWARE, Node
from kentongan_node.reach import NAME as REACH
from kentongan_node.reach import Reach
from kentongan_node.repeats import hop_limit
from kentongan_node.strokes import Strokes

CANCEL_HOLD_MS = 3_000
STROKE_MAX_MS = 1_000          # a hold that could have become a cancel counts as a stroke up to here
BUSY_SHARE_PERCENT = 50        # "mostly busy": a repeat gives its turn away
UNSURE_ATTEMPT = 2             # nobody answered so many: our number may be below what receivers know
CROWD = 2                      # other buttons heard alarming lately
LISTEN_STATUS_MS = 2_000       # after each STATUS
STAGE_STATUS_MIN_MS, STAGE_STATUS_SPAN_MS = 500, 1_500
CLOSING_MS = 10_000            # start value: how long the end of an incident is shown
FIRST_STATUS_MS, FIRST_STATUS_SPAN_MS = 2_000, 8_000  # after power: whoever installs it sees it soon
STAGGER_PERCENT = 10           # of the status period, either way
LID_STATUS_GAP_MS = 10_000     # a lid that rattles does not fill the channel
AWAKE_MS = 15_000              # a STATUS due sooner than this is waited for, not slept for
LOW_BATTERY_MV = 3_300         # start value: one lithium cell, nearly empty
# Start value: what is left goes into alarms. No STATUS, no buzzer, no motor; the lamp and the ear stay, since
# an answered alarm is repeated less.
LAST_BATTERY_MV = 3_000
BATTERY_STEP_MV = 20           # the unit of battery u8

OPEN, SILENT = "incident", "silent"  # the two slots; also the names of their files
SLOTS = (OPEN, SILENT)
NO_STEPS = ((), ())  # buzzer and motor


class Tombol(Node):
    role = m.TOMBOL
    relays = False

    @staticmethod
    def unanswered(data):
        """Whether these bytes hold an incident that has no answer yet."""
        incident = load(data, 0)
        return incident is not None and not incident.stage

    def __init__(self, settings, state):
        Node.__init__(self, settings, state)
        self.incidents: dict = {OPEN: None, SILENT: None}
        self.reach = Reach(self.settings["hop_limit"], state.get(REACH))
        self.strokes = Strokes(settings["strokes"])
        self._hold_ms = None
        self._lid = False
        self._lid_pending = False
        self._lid_sent_ms = None
        self._battery_mv = 0
        self._temperature = 0
        self._rssi = 0
        boots = state.get("boots")
        self._boots = boots[0] if boots else 0
        self._last_counter = 0      # highest counter that any message of ours carried
        self._shown = feedback.OFF
        self._listening = False
        self._listen_ms = None      # the receiver stays on until then
        self._asleep = False
        self._spent = False         # an incident has used up its resets, and its key is still down
        self._stuck = False         # a key is held longer than anybody holds one

    # -- events -------------------------------------------------------------------------------------

    def on_start(self, boot, now_ms, rnd, actions):
        self._lid = boot.lid_open and boot.key != "lid"  # the lid that woke us is being opened now
        for name in SLOTS:
            self._resume(name, boot, now_ms, actions)
        if len(self._running()) == len(SLOTS):
            # Each was sent under counters in turn: whatever was the highest, both go on above it.
            self._last_counter = self.sequence.peek() - 1
        if boot.cause == "wake_key" and boot.key == "main" and not self.settings["one_press"]:
            self.strokes.wake(now_ms)
        elif boot.key and (boot.cause == "wake_key" or not self._spent):
            # after power or a reset: the key was down as the board started
            self.on_key(boot.key, True, now_ms, rnd, actions)
        if boot.cause in ("power", "reset"):
            self._boots = (self._boots + 1) & 0xFF
            actions.append(Persist("boots", bytes((self._boots,))))
            self.at("status", now_ms + FIRST_STATUS_MS + self.draw(rnd, FIRST_STATUS_SPAN_MS))
        elif boot.cause == "wake_timer":
            self.at("status", now_ms)
        else:
            self._next_status(now_ms, rnd)

    def on_key(self, key, down, now_ms, rnd, actions):
        if key == "main":
            if down:
                self._main_down(now_ms, rnd, actions)
            else:
                self._main_up(now_ms, rnd, actions)
        elif key == "silent" and down:
            self._press(SILENT, m.KIND_KEKERASAN, now_ms, rnd, actions)
        elif key == "uji" and down and self.incidents[OPEN] is None:
            self._press(OPEN, m.KIND_UJI, now_ms, rnd, actions)
        elif key == "lid":
            self._lid_pending = self._lid_pending or down and not self._lid
            self._lid = down
        self._timers(now_ms)

    def on_sense(self, what, value, now_ms, rnd, actions):
        if what == "battery":
            self._battery_mv = value
        elif what == "stuck":
            self._stuck = bool(value)
        elif what == "temperature":
            self._temperature = max(-128, min(127, value))
        elif what == "flash" and not self._running():
            self.confirm_config(now_ms, rnd)  # a STATUS soon: somebody has to come

    def on_timer(self, name, now_ms, rnd, actions):
        if name in SLOTS:
            self._turn(name, now_ms, rnd, actions)
        elif name == "strokes":
            self._strokes_tick(now_ms, rnd, actions)
        elif name == "hold":
            self._cancel_alarm(now_ms, rnd, actions)
        elif name == "stage_status":
            self._send_status(now_ms, actions)
        elif name == "status":
            if not self._running():
                self._send_status(now_ms, actions)
            self._next_status(now_ms, rnd)

    def on_sent(self, entry, now_ms, rnd, actions):
        if entry.klass == CLASS_STATUS:
            self._listen(now_ms + LISTEN_STATUS_MS, actions)
        incident = self.incidents[OPEN]
        if incident is None or incident.repeats.attempt != 1:
            return
        if entry.tag == (self.node, incident.counter):
            self.note(actions, "sent", incident.counter)

    def on_config(self, changed, now_ms, actions):
        if "hop_limit" in changed:
            self.reach = Reach(changed["hop_limit"])

    def on_entry(self, entry, envelope, heard, now_ms, rnd, actions):
        self._rssi = max(-128, min(127, heard[1]))
        for name in SLOTS:
            incident = self.incidents[name]
            if incident is None or not incident.owns(entry.counter):
                continue
            stage = entry.stage
            first = incident.stage < m.STAGE_COMING <= stage
            higher = incident.answer(entry.counter, stage, now_ms, rnd)
            if first:
                self.reach.told(heard[0].hop_start, envelope.body[0] > 1, actions)
            if stage >= m.STAGE_COMING and incident.may_tell(higher):
                wait_ms = STAGE_STATUS_MIN_MS + self.draw(rnd, STAGE_STATUS_SPAN_MS)
                self.at("stage_status", now_ms + wait_ms)
            if higher:
                if name == OPEN:
                    self.note(actions, "receipt_{}".format(stage), incident.counter)
                actions.append(Persist(name, incident.dump()))
                if incident.finished():
                    self.at("end_" + name, now_ms + CLOSING_MS)
                self._show_now(now_ms, actions)
                if name == OPEN and stage == m.STAGE_COMING:
                    self.note(actions, "shown_coming", incident.counter)
        self._timers(now_ms)

    # -- presses ------------------------------------------------------------------------------------

    def _main_down(self, now_ms, rnd, actions):
        incident = self.incidents[OPEN]
        if incident is not None and incident.may_cancel(now_ms) and self.strokes.idle():
            self._hold_ms = now_ms
            self.at("hold", now_ms + CANCEL_HOLD_MS)
        elif self.settings["one_press"]:
            self._press(OPEN, self.settings["strokes"][0], now_ms, rnd, actions)
        else:
            self._strokes_tick(now_ms, rnd, actions)
            kind = self.strokes.press(now_ms)
            if kind is not None:
                self._press(OPEN, kind, now_ms, rnd, actions)

    def _main_up(self, now_ms, rnd, actions):
        held_from_ms, self._hold_ms = self._hold_ms, None
        self.cancel("hold")
        if held_from_ms is None:
            self._strokes_tick(now_ms, rnd, actions)
            self.strokes.release(now_ms)
            return
        incident = self.incidents[OPEN]
        if now_ms - held_from_ms >= STROKE_MAX_MS and incident is not None:
            # neither a stroke nor a cancel: in doubt, alarm
            self._press(OPEN, incident.kind, now_ms, rnd, actions)
        elif self.settings["one_press"]:
            self._press(OPEN, self.settings["strokes"][0], now_ms, rnd, actions)
        else:
            self.strokes.press(held_from_ms)
            self.strokes.release(now_ms)

    def _strokes_tick(self, now_ms, rnd, actions):
        kind = self.strokes.tick(now_ms)
        if kind is not None:
            self._press(OPEN, kind, now_ms, rnd, actions)

    def _press(self, name, kind, now_ms, rnd, actions):
        """An alarm of that slot: the running incident goes on, unless it is over or was cancelled."""
        incident = self.incidents[name]
        tested = incident is not None and incident.kind == m.KIND_UJI and kind != m.KIND_UJI
        if incident is None or incident.finished() or incident.cancel or tested:
            incident = Incident(kind, name == SILENT, now_ms)
            self.incidents[name] = incident
            self.cancel("end_" + name)
        elif incident.folds(kind, now_ms):
            return
        self._begin_alarm(name, kind, False, now_ms, rnd, actions)

    def _cancel_alarm(self, now_ms, rnd, actions):
        """The hold lasted: take the alarm back. The same incident, until stage 5."""
        self._hold_ms = None
        incident = self.incidents[OPEN]
        if incident is not None and not incident.finished():
            self._begin_alarm(OPEN, incident.kind, True, now_ms, rnd, actions)

    def _begin_alarm(self, name, kind, cancel, now_ms, rnd, actions):
        """Attempt 0: the channel is asked before the flash is written, so that the write costs no time."""
        incident = self.incidents[name]
        incident.press(self.sequence.peek(), kind, self._lid, self._battery(), now_ms, cancel)
        if name == OPEN:
            self.note(actions, "cancel" if cancel else "press", incident.counter)
        self._turn(name, now_ms, rnd, actions)
        self.mesh.tick(now_ms, rnd, actions)
        self._listen(now_ms, actions)
        self._show_now(now_ms, actions)
        actions.append(Persist(name, incident.dump()))

    def _turn(self, name, now_ms, rnd, actions):
        """Use the turn that is due, or give it away to a busy channel."""
        incident = self.incidents[name]
        if incident is None or incident.repeats.due_ms is None or now_ms < incident.repeats.due_ms:
            return
        repeats = incident.repeats
        turn_rnd = self.draw(rnd, 1 << 32)
        if self.mesh.busy_share(now_ms) > BUSY_SHARE_PERCENT and repeats.skip(now_ms, turn_rnd):
            self.count("turn_skipped")
            return
        if self.sequence.unsure and incident.stage == 0 and repeats.attempt >= UNSURE_ATTEMPT:
            self.sequence.leap(turn_rnd)
            self._last_counter = self.sequence.peek()
        if incident.counter < self._last_counter:
            incident.renumber(self.sequence.peek())
            actions.append(Persist(name, incident.dump()))
        self._last_counter = max(self._last_counter, incident.counter)
        body = m.Alarm(repeats.attempt, incident.number, self.settings["zone"], incident.kind,
                       incident.flags(), incident.battery)
        self.send(m.ALARM, body, now_ms, actions,
                  hop_limit=hop_limit(repeats.attempt, self.reach.hops,
                                      self._crowded(incident, now_ms)), counter=incident.counter,
                  first=repeats.attempt == 0)
        repeats.sent(now_ms, turn_rnd)

    def _crowded(self, incident, now_ms):
        """Whether somebody hears us, so that it is the others that keep the gateway's answer away."""
        return incident.stage >= m.STAGE_SOUNDING and self.mesh.active_origins(now_ms) >= CROWD

    def _resume(self, name, boot, now_ms, actions):
        """An incident that a reset interrupted goes on; that it did is on flash before anything is sent."""
        data = self.state.get(name)
        if not data:
            return
        incident = None if boot.lid_open else load(data, now_ms)
        self.incidents[name] = incident
        if incident is None and boot.key and boot.cause != "wake_key" and not boot.lid_open:
            # Its resets are used up and its key is still down, so it is stuck: no new alarm at every reset.
            self._spent = True
            return
        actions.append(Persist(name, incident.dump() if incident else b""))
        if incident:
            self._weaken(incident, actions)
            self._spent = self._spent or incident.last_ms is not None
            self._listen(now_ms, actions)

    def _weaken(self, incident, actions):
        """After too many resets: perhaps the cell has the current for a weaker frame."""
        dbm = incident.weak_dbm()
        if dbm is not None and dbm < self.settings["conducted_dbm"]:
            actions.append(Tune(self.settings["preset"], self.settings["freq_hz"], dbm))

    # -- what runs ----------------------------------------------------------------------------------

    def _running(self):
        return [name for name in SLOTS if self.incidents[name] is not None]

    def _timers(self, now_ms):
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
        if incident is not None and not incident.stage and now_ms < incident.nobody_ms():
            self.at("show", incident.nobody_ms())
        self.cancel("strokes")
        if self.strokes.deadline() is not None:
            self.at("strokes", self.strokes.deadline())

    def _end(self, now_ms, rnd, actions):
        """After every event: what is over ends, what is true is shown, and without work the box sleeps."""
        for name in SLOTS:
            self._finish(name, now_ms, actions)
        self._lid_status(now_ms, actions)
        self._timers(now_ms)
        self._show_now(now_ms, actions)
        self._rest(now_ms, actions)
        return Node._end(self, now_ms, rnd, actions)

    def _finish(self, name, now_ms, actions):
        incident = self.incidents[name]
        if incident is None:
            return
        over = incident.finished() and "end_" + name not in self.timers
        if over or now_ms >= incident.ends_ms():
            self.incidents[name] = None
            self.cancel("end_" + name)
            actions.append(Persist(name, b""))

    def _show_now(self, now_ms, actions):
        """Show what is true of the open incident; a silent one is not looked at."""
        state = feedback.OFF
        incident = self.incidents[OPEN]
        if incident is not None:
            state = incident.shown(now_ms)
        elif not self.strokes.idle():
            state = feedback.PRESSED
        if state != self._shown:
            self._shown = state
            show = feedback.show(state)
            actions.append(Show(state, show.steps[:1] + NO_STEPS) if self._exhausted() else show)

    def _listen(self, until_ms, actions):
        self._listen_ms = max(until_ms, self._listen_ms or 0)
        if not self._listening:
            self._listening = True
            actions.append(Listen(True))

    def _rest(self, now_ms, actions):
        """Deep sleep when nothing is left but the next STATUS, and that is far away."""
        if self._listen_ms is not None and now_ms >= self._listen_ms:
            self._listen_ms = None
        status_ms = self.timers.get("status", now_ms + AWAKE_MS)
        waits = [name for name in self.timers if name != "status"]
        if (waits or self._running() or self._lid_pending or self._listen_ms is not None
                or self.mesh.next_deadline() is not None or status_ms - now_ms < AWAKE_MS):
            return
        if self._listening:
            self._listening = False
            actions.append(Listen(False))
        self._asleep = True
        actions.append(Sleep(status_ms - now_ms))

    def _begin(self):
        self._asleep = False
        return Node._begin(self)

    def next_deadline(self):
        """None in deep sleep: the wake-up time went with the Sleep."""
        if self._asleep:
            return None
        times = [at_ms for at_ms in (Node.next_deadline(self), self._listen_ms) if at_ms is not None]
        return min(times) if times else None

    # -- status -------------------------------------------------------------------------------------

    def _next_status(self, now_ms, rnd):
        period_ms = self.settings["status_period_s"] * 1000
        span_ms = period_ms * STAGGER_PERCENT // 100
        self.at("status", now_ms + period_ms - span_ms + self.draw(rnd, 2 * span_ms + 1))

    def _lid_status(self, now_ms, actions):
        """One STATUS for an opened lid, when no incident runs and the last one is long enough ago."""
        if not self._lid_pending or self._running():
            return
        if self._lid_sent_ms is not None and now_ms - self._lid_sent_ms < LID_STATUS_GAP_MS:
            self.at("lid", self._lid_sent_ms + LID_STATUS_GAP_MS)
            return
        self._lid_pending = False
        self._lid_sent_ms = now_ms
        self._send_status(now_ms, actions)

    def confirm_config(self, now_ms, rnd):
        wait_ms = STAGE_STATUS_MIN_MS + self.draw(rnd, STAGE_STATUS_SPAN_MS)
        self.at("stage_status", now_ms + wait_ms)

    def _wants(self, envelope):
        """Nothing changes while an incident runs, its keys least of all: the gateway sends CONFIG again."""
        if envelope.type == m.CONFIG and self._running():
            return False
        return Node._wants(self, envelope)

    def _exhausted(self):
        return 0 < self._battery_mv < LAST_BATTERY_MV

    def _battery(self):
        return max(0, min(255, self._battery_mv // BATTERY_STEP_MV))

    def _send_status(self, now_ms, actions):
        if self._exhausted():
            self.count("battery_saved")
            return
        stage, counter = max([(self.incidents[name].stage, self.incidents[name].counter)
                              for name in self._running()] or [(0, 0)])
        flags = ((m.TOMBOL_STATUS_LID if self._lid else 0) | (stage << m.TOMBOL_STATUS_STAGE_SHIFT)
                 | (m.TOMBOL_STATUS_KEY_STUCK if self._stuck else 0)
                 | (m.TOMBOL_STATUS_FLASH_FAILING if self.flash_failing else 0)
                 | (m.TOMBOL_STATUS_PART_FAILING if self.part_failing else 0)
                 | (m.TOMBOL_STATUS_LOW_BATTERY if 0 < self._battery_mv < LOW_BATTERY_MV else 0))
        body = m.ButtonStatus(flags, self._battery(), self._temperature, self._rssi, self._boots,
                              self.config_version & 0xFF, FIRMWARE[0] << 4 | FIRMWARE[1],
                              counter if stage else 0)
        self._last_counter = self.sequence.peek()
        self.send_own_status(body, now_ms, actions, self.reach.hops)
        self._listen(now_ms, actions)
