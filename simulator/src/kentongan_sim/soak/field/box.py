"""A device of the campaign: the real core of its role and the real keeper, over a flash that may refuse.

Its milliseconds start with its power or its wake-up, as on the chip. RTC memory lives through a reset and not
through a lost supply. What only chips can do (console, watchdog, a radio's registers) is not modelled here.
"""
import json
import random

from kentongan_node import counter, roles, rtcmem, settings
from kentongan_node.actions import Boot
from kentongan_node.keeper import Keeper
from kentongan_node.siren import new_post_state

from kentongan_sim.soak.radio import AIRTIME_MS

BOOT_MS = 350
CAD_MS = 5
KEEP_MS = 20          # the keeper's next look after anything happened
IDLE_KEEP_MS = 10_000  # and while nothing happens
SENSE_MS = 20          # the current sensor follows the relay
BATTERY_MV = {"tombol": 3_900}
MAINS_MV = 13_200
FULL = 28              # ENOSPC


class Box:
    """`on_sound(box, pattern)` is called at every sounding; `shown`: [(ms, state)] of its lamp."""

    def __init__(self, timeline, air, label, file, seed, on_sound):
        self._timeline, self._air, self._settings = timeline, air, settings.load(json.dumps(file))
        self.node, self.role, self.label = file["node"], file["role"], label
        self.rng = random.Random(seed)
        self._on_sound = on_sound
        self.flash = {"guard": new_post_state()["guard"]} if self.role == "sirene" else {}
        self.nvs, self.rtc = b"", b""
        self.refuses = self.nvs_refuses = self.deaf = False
        self.mute = False      # the output of its siren cannot be driven
        self.sags = 0          # so many of the next frames pull the supply down
        self.sags_lose_rtc = False
        self.shown, self.sent, self.keys = [], 0, set()
        self.on = False
        self._life, self._core, self._armed = 0, None, 0
        self._sounds_until = None
        air.join(self)

    # power

    def power_on(self, cause="power", key=""):
        self._life += 1
        self._later(BOOT_MS, self._boot, cause, key)

    def power_off(self, lose_rtc=True):
        """The supply is gone; with it, after a moment, RTC memory."""
        self._life += 1
        self.on, self._core, self._sounds_until = False, None, None
        if lose_rtc:
            self.rtc = b""

    def reset(self):
        """A brown-out or the watchdog."""
        lost = self.sags_lose_rtc
        self.power_off(lose_rtc=lost)
        self.power_on("power" if lost else "reset", self._held_key() if lost else "")

    def _held_key(self):
        return next((key for key in ("main", "silent") if key in self.keys), "")

    def _boot(self, cause, key):
        memory = self._memory = rtcmem.load(self.rtc)
        self._boot_ms = self._timeline.now_ms
        memory.faults = memory.tries = 0

        memory.dark = not memory.belongs_to(self.node)
        self._core = roles.make(self._settings, self._recalled(memory))
        self._keeper = Keeper(memory, self._write, self._remember, self._spare, self._now(),
                              cause == "wake_timer")
        self.on = True
        self._do(self._core.start(Boot(cause, key, False), self._now(), self._draw()))
        if key and key not in self.keys:
            self.deliver("key", key, False)
        if self.mute:
            self.deliver("sense", "siren", -1)
        self.deliver("sense", "battery", BATTERY_MV.get(self.role, MAINS_MV))

    def _recalled(self, memory):
        """As launch.recalled: RTC memory is written first, so it is never older."""
        state = dict(self.flash)
        state.update(memory.files)
        if memory.dark:
            boots = int.from_bytes(bytes(state.get("boots", b"")), "little")
            counter.after_dark(state, boots, self._draw(), lambda n, d: self._keep_sequence(memory, n, d),
                               self.nvs)
            memory.stale = memory.failing
            for name in counter.NAMES:
                if memory.failing and name in state:
                    memory.files[name] = state[name]
            self._remember(memory)
        if memory.stale:
            state["stale"] = b"1"
        return state

    def _keep_sequence(self, memory, name, data):
        try:
            self._write(name, data)
            return True
        except OSError:
            memory.failing = True
            return self._spare(data)

    def _write(self, name, data):
        if self.refuses:
            raise OSError(FULL)
        self.flash[name] = bytes(data)

    def _spare(self, data):
        if not self.nvs_refuses:
            self.nvs = bytes(data)
        return not self.nvs_refuses

    def _remember(self, memory):
        self.rtc = memory.dump()

    # events

    def press(self, key="main", hold_ms=400):
        self.keys.add(key)
        if self.on:
            self.deliver("key", key, True)
        elif self._core is None:
            self.power_on("wake_key", key)
        self._timeline.after(hold_ms, self._let_go, key)

    def _let_go(self, key):
        self.keys.discard(key)
        self.deliver("key", key, False)

    def receive(self, frame):
        if not self.deaf:
            self.deliver("receive", frame, -80, 20)

    def deliver(self, name, *args):
        if self.on:
            self._do(getattr(self._core, name)(*args, self._now(), self._draw()))

    def _now(self):
        return self._timeline.now_ms - self._boot_ms

    def _draw(self):
        return self.rng.getrandbits(32)

    def _later(self, ms, function, *args):
        life = self._life
        self._timeline.after(ms, lambda: function(*args) if life == self._life else None)

    def _do(self, todo):
        life = self._life
        for action in todo:
            getattr(self, "_" + type(action).__name__.lower())(action)
            if life != self._life:
                return  # asleep, or without power
        due = self._core.next_deadline()
        self._armed += 1
        if due is not None:
            self._later(max(0, due - self._now()), self._tick, self._armed)
        self._later(KEEP_MS, self._keep, self._armed)

    def _tick(self, armed):
        if armed == self._armed:
            self.deliver("tick")

    def _keep(self, armed):
        """What the shell's loop does when nothing else goes on."""
        if armed != self._armed or not self.on:
            return
        event = self._keeper.poll(self._now(), True, not self._busy())
        if event is not None:
            self.deliver(event[0], *event[1])
        elif self.role != "tombol":
            self._later(IDLE_KEEP_MS, self._keep, armed)

    def _busy(self):
        files = self._memory.files
        return bool(files.get("incident") or files.get("silent") or self._sounds_until)

    # actions

    def _cad(self, action):
        self._later(CAD_MS, self.deliver, "cad", False)

    def _transmit(self, action):
        self.sent += 1
        if self.sags:
            self.sags -= 1
            self._later(1 + self.rng.randrange(60), self.reset)
            return  # nobody can read what breaks off
        if not self.deaf:
            self._air.send(action.frame, self)
        self._later(AIRTIME_MS, self.deliver, "sent", True)

    def _tune(self, action):
        return

    def _listen(self, action):
        return

    def _persist(self, action):
        self._keeper.persist(action.name, action.data, self._now())

    def _sound(self, action):
        if self.mute:
            self._later(SENSE_MS, self.deliver, "sense", "siren", -1)
            return
        self._sounds_until = self._timeline.now_ms + action.total_ms
        self._on_sound(self, action.pattern)
        self._sensed(1)
        self._later(action.total_ms, self._over, self._sounds_until)

    def _quiet(self, action):
        self._sounds_until = None
        self._sensed(0)

    def _over(self, until):
        if self._sounds_until == until:
            self._quiet(None)

    def _sensed(self, value):
        if self._settings.get("has_sense"):
            self._later(SENSE_MS, self.deliver, "sense", "siren", value)

    def _show(self, action):
        self.shown.append((self._timeline.now_ms, action.state))

    def _sleep(self, action):
        self._keeper.flush(self._now())
        self.power_off(lose_rtc=False)
        if action.wake_ms is not None:
            self._later(action.wake_ms, self._boot, "wake_timer", "")

    def _note(self, action):
        return
