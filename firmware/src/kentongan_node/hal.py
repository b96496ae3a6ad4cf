"""The device's port: pins, clock, flash, sleep and watchdog. The simulator's sibling is kentongan_sim.port.

No waiting in here: events are looked for at every POLL_MS by the awaitable that next_event returns.
"""
import binascii
import os
import struct
import sys
import time
from asyncio import sleep_ms

import esp32
import machine
import micropython

from kentongan_node.actions import Boot

POLL_MS = 5
DEBOUNCE_MS = 20          # an edge counts when the level stood so long
SENSE_PERIOD_MS = 60_000  # battery, mains and temperature are read so often
SIREN_LIMIT_MS = 180_000  # the hardware timer on the carrier has the same limit
WATCHDOG_MS = 30_000
HOST_READ_BYTES = 256
STATE_DIR = "/state"
RTC_LAYOUT = "<QQI"       # our clock and the chip's at the start of sleep, in ms and s; crc32
WAKE_KEYS = ("main", "silent", "lid")


def siren_off(pins):
    """Drive the siren's output low: the first thing that a board does. `pins`: its role's dict of boards/."""
    if pins["siren"] is not None:
        machine.Pin(pins["siren"], machine.Pin.OUT, value=0)


def device_text(path="/device.json"):
    with open(path) as file:
        return file.read()


def read_state():
    """{name: bytes} of everything that was persisted."""
    if STATE_DIR[1:] not in os.listdir("/"):
        os.mkdir(STATE_DIR)
    state = {}
    for name in os.listdir(STATE_DIR):
        with open(STATE_DIR + "/" + name, "rb") as file:
            state[name] = file.read()
    return state


class Clock:
    """Milliseconds that only grow: wraps of ticks_ms and deep sleep are kept in here."""

    def __init__(self):
        self._ticks = time.ticks_ms()
        self._ms = self._ticks + self._slept_ms()

    @staticmethod
    def _slept_ms():
        if machine.reset_cause() != machine.DEEPSLEEP_RESET:
            return 0
        data = bytes(machine.RTC().memory())
        size = struct.calcsize(RTC_LAYOUT)
        if len(data) != size:
            return 0
        ms, at_s, crc = struct.unpack(RTC_LAYOUT, data)
        if binascii.crc32(data[:-4]) & 0xFFFFFFFF != crc:
            return 0
        return ms + max(0, int(time.time()) - at_s) * 1000

    def now_ms(self):
        ticks = time.ticks_ms()
        self._ms += max(0, time.ticks_diff(ticks, self._ticks))
        self._ticks = ticks
        return self._ms

    def keep(self):
        """Before deep sleep: leave the time where it survives."""
        data = struct.pack("<QQ", self.now_ms(), int(time.time()))
        machine.RTC().memory(data + struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF))


class Key:
    """One debounced input."""

    def __init__(self, name, number, active):
        self.name = name
        self.active = active
        pull = machine.Pin.PULL_DOWN if active else machine.Pin.PULL_UP
        self.pin = machine.Pin(number, machine.Pin.IN, pull)
        self.down = self.pressed()
        self._since = None

    def pressed(self):
        return self.pin.value() == self.active

    def poll(self, now_ms):
        """True when a debounced edge has come; self.down is the new level."""
        if self.pressed() == self.down:
            self._since = None
        elif self._since is None:
            self._since = now_ms
        elif now_ms - self._since >= DEBOUNCE_MS:
            self.down = not self.down
            self._since = None
            return True
        return False


class Beat:
    """An output that beats a rhythm by hardware timer, which a busy loop neither stretches nor sticks."""

    def __init__(self, number, timer):
        self.on = False
        self._pin = machine.Pin(number, machine.Pin.OUT, value=0)
        self._timer = machine.Timer(timer)
        self._steps = ()
        self._start = time.ticks_ms()
        self._total_ms = 0

    def play(self, steps, total_ms):
        """Repeat the steps for total_ms (None: for good), from now on."""
        self._steps, self._total_ms = steps, total_ms
        self._start = time.ticks_ms()
        self._edge(None)

    def stop(self):
        self._timer.deinit()
        self._steps = ()
        self._set(False)

    def _set(self, on):
        self.on = on
        self._pin.value(1 if on else 0)

    def _edge(self, _):
        from kentongan_node.patterns import edge_at  # tombol loads it with its first feedback, not at boot
        at_ms = time.ticks_diff(time.ticks_ms(), self._start)
        if self._total_ms is not None and at_ms >= self._total_ms:
            self.stop()
            return
        on, next_ms = edge_at(self._steps, at_ms)
        if next_ms is None:
            self.stop()
            return
        if self._total_ms is not None:
            next_ms = min(next_ms, self._total_ms)
        self._set(on)
        self._timer.init(mode=machine.Timer.ONE_SHOT, period=max(1, next_ms - at_ms), callback=self._edge)


class Ready:
    """An awaitable that is over at once."""

    def __init__(self, value):
        self._value = value

    def __iter__(self):
        return self._value
        yield

    __await__ = __iter__


class NextEvent:
    """An awaitable that looks for events until one comes or the deadline has passed (None)."""

    def __init__(self, port, deadline_ms):
        self._port = port
        self._deadline_ms = deadline_ms

    def __iter__(self):
        while True:
            event = self._port.poll()
            if event is not None:
                return event
            if self._deadline_ms is not None and self._port.now_ms() >= self._deadline_ms:
                return None
            yield from sleep_ms(POLL_MS)  # type: ignore[misc]  # a generator on the device

    __await__ = __iter__


class Port:
    """What runner.run needs, on the device.

    `board`, `pins`: a module of boards/ and its dict of the role; `radio`: radio.Radio, None on a bench.
    """

    def __init__(self, board, pins, settings, radio):
        self._board = board
        self._pins = pins
        self._radio = radio
        self._clock = Clock()
        self._tuning = {name: settings[name] for name in ("gain_dbi", "loss_db")}
        self._keys = [Key(name, number, board.KEY_ACTIVE) for name, number in pins["keys"]]
        # Four hardware timers: the siren's, and one each for lamp, buzzer and motor.
        self._siren = None if pins["siren"] is None else Beat(pins["siren"], 0)
        self._shows = [None if n is None else Beat(n, 1 + i) for i, n in enumerate(pins["shows"])]
        self._healthy = None if pins["healthy"] is None else machine.Pin(pins["healthy"], machine.Pin.OUT)
        self._current = None   # of the siren's output: a level that is told at its edges
        for what, number in pins["senses"]:
            if what == "siren":
                self._current = Key(what, number, 1)
        self._readings = []
        self._sense_ms = 0
        self._notes = settings["role"] != "modem"  # there the serial line belongs to the host
        self._uart = None if self._notes else self._host_line()
        self._ratio_x10 = board.BATTERY_RATIO_X10
        self._adc = self._battery(board)
        if pins["battery"] is not None:  # the carrier's own divider instead of the board's
            self._adc, self._ratio_x10 = machine.ADC(pins["battery"][0]), pins["battery"][1]
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self._do = {
            "Cad": self._cad, "Transmit": self._transmit, "Tune": self._tune, "Listen": self._listen,
            "Persist": self._persist, "Sound": self._sound, "Quiet": self._quiet, "Show": self._show,
            "HostWrite": self._host_write, "Sleep": self._sleep, "Note": self._note,
        }

    @staticmethod
    def _battery(board):
        if board.BATTERY_ADC is None:
            return None
        if board.BATTERY_ENABLE is not None:
            # Two revisions of one board differ: what pulls the line at rest tells which level enables.
            level = machine.Pin(board.BATTERY_ENABLE, machine.Pin.IN).value()
            machine.Pin(board.BATTERY_ENABLE, machine.Pin.OUT, value=1 - level)
        return machine.ADC(board.BATTERY_ADC)

    @staticmethod
    def _host_line():
        micropython.kbd_intr(-1)
        os.dupterm(None, 0)
        return machine.UART(0, baudrate=115_200, rxbuf=1024, txbuf=2048)

    def boot(self):
        """Awaitable of the Boot: why we start, and whether the lid stands open."""
        cause, key = self._why()
        return Ready(Boot(cause, key, self._pressed("lid")))

    def _why(self):
        cause = machine.reset_cause()
        if cause == machine.DEEPSLEEP_RESET:
            wake = machine.wake_reason()
            if wake == machine.TIMER_WAKE:
                return "wake_timer", ""
            # EXT0 is the main key; EXT1 the silent key and the lid: what was let go before boot was the key.
            if wake == machine.EXT0_WAKE:
                return "wake_key", "main"
            return "wake_key", "lid" if self._pressed("lid") and not self._pressed("silent") else "silent"
        return ("power" if cause == machine.PWRON_RESET else "reset"), ""

    def _pressed(self, name):
        for key in self._keys:
            if key.name == name:
                return key.down
        return False

    def now_ms(self):
        return self._clock.now_ms()

    def random_u32(self):
        return struct.unpack("<I", os.urandom(4))[0]

    def next_event(self, deadline_ms):
        return NextEvent(self, deadline_ms)

    def poll(self):
        """The next event (name, args), or None."""
        if self._radio is None or not self._radio.dead:
            self._watchdog.feed()
            if self._healthy is not None:  # the carrier's watchdog and relay want edges, not a level
                self._healthy.value(1 - self._healthy.value())
        now_ms = self.now_ms()
        for key in self._keys:
            if key.poll(now_ms):
                return "key", (key.name, key.down)
        if self._current is not None and self._current.poll(now_ms):
            return "sense", ("siren", int(self._current.down))
        if self._radio is not None:
            event = self._radio.poll()
            if event is not None:
                return event
        if self._uart is not None and self._uart.any():
            return "host", (self._uart.read(min(self._uart.any(), HOST_READ_BYTES)) or b"",)
        return self._sense(now_ms)

    def _sense(self, now_ms):
        if not self._readings and now_ms >= self._sense_ms:
            self._sense_ms = now_ms + SENSE_PERIOD_MS
            if self._adc is not None:
                millivolts = self._adc.read_uv() // 1000 * self._ratio_x10 // 10
                self._readings.append(("battery", millivolts))
            self._readings.append(("temperature", self._temperature()))
            for what, number in self._pins["senses"]:
                if what != "siren":
                    self._readings.append((what, machine.Pin(number, machine.Pin.IN).value()))
        return ("sense", self._readings.pop(0)) if self._readings else None

    @staticmethod
    def _temperature():
        """Of the chip, degrees C; the classic ESP32 has Fahrenheit only, 0 where there is neither."""
        if hasattr(esp32, "mcu_temperature"):
            return int(esp32.mcu_temperature())
        if hasattr(esp32, "raw_temperature"):
            return (esp32.raw_temperature() - 32) * 5 // 9
        return 0

    # -- actions ------------------------------------------------------------------------------------

    def perform(self, action):
        """Do one action; when this returns it is done, or begun where the answer is an event."""
        self._do[type(action).__name__](action)

    def _cad(self, action):
        if self._radio is not None:
            self._radio.begin_check()

    def _transmit(self, action):
        if self._radio is not None:
            self._radio.begin_send(action.frame)

    def _listen(self, action):
        if self._radio is not None:
            self._radio.listen(action.on)

    def _tune(self, action):
        self._tuning.update(action._asdict() if hasattr(action, "_asdict") else {
            "preset": action.preset, "freq_hz": action.freq_hz, "conducted_dbm": action.conducted_dbm})
        if self._radio is not None:
            self._radio.tune(self._tuning)

    def _persist(self, action):
        # A plain rewrite is atomic on littlefs2; a rename would cost three program operations instead of one.
        with open(STATE_DIR + "/" + action.name, "wb") as file:
            file.write(action.data)

    def _sound(self, action):
        if self._siren is not None:
            self._siren.play(action.steps, min(action.total_ms, SIREN_LIMIT_MS))

    def _quiet(self, action):
        if self._siren is not None:
            self._siren.stop()

    def _show(self, action):
        """Lamp until the next Show; buzzer and motor once."""
        for i in range(min(len(self._shows), len(action.steps))):
            steps, output = action.steps[i], self._shows[i]
            if output is not None:
                output.stop()
            if output is not None and steps:
                once_ms = sum([on_ms + off_ms for on_ms, off_ms in steps])
                output.play(steps, None if i == 0 else once_ms)

    def _host_write(self, action):
        if self._uart is not None:
            self._uart.write(action.data)

    def _note(self, action):
        if self._notes:
            line = "{} #{} {} {}\n"
            sys.stdout.write(line.format(action.device, action.counter, action.step, action.detail))

    def _sleep(self, action):
        """Deep sleep; does not come back."""
        if self._radio is not None:
            self._radio.sleep()
        for output in self._shows:
            if output is not None:
                output.stop()
        level = esp32.WAKEUP_ANY_HIGH if self._board.KEY_ACTIVE else esp32.WAKEUP_ALL_LOW
        idle = []
        for key in self._keys:
            if key.name == "main":
                # A latching mushroom that stays down wakes on its release, or it would wake at once for ever.
                wake_on = 1 - key.active if key.pressed() else key.active
                esp32.wake_on_ext0(key.pin, esp32.WAKEUP_ANY_HIGH if wake_on else esp32.WAKEUP_ALL_LOW)
            elif key.name in WAKE_KEYS and not key.pressed():
                idle.append(key.pin)
        if idle:
            esp32.wake_on_ext1(tuple(idle), level)
        self._clock.keep()
        if action.wake_ms is None:
            machine.deepsleep()
        machine.deepsleep(max(1, action.wake_ms))


def radio_pins(board):
    """The dict that radio.Radio takes, of a board's numbers."""
    def pin(number):
        return None if number is None else machine.Pin(number)

    for number in board.HELD_HIGH:
        machine.Pin(number, machine.Pin.OUT, value=1)
    spi = machine.SPI(board.SPI_ID, baudrate=2_000_000, sck=pin(board.SCK), mosi=pin(board.MOSI),
                      miso=pin(board.MISO))
    cs = machine.Pin(board.NSS, machine.Pin.OUT, value=1)
    return {"chip": board.CHIP, "spi": spi, "cs": cs, "reset": pin(board.RESET), "busy": pin(board.BUSY),
            "dio0": pin(board.DIO0), "dio1": pin(board.DIO1), "tcxo_mv": board.TCXO_MV,
            "rf_switch": board.DIO2_RF_SWITCH}


def serve(board, pins):
    """Read the device file, make the core, run it; any fault of ours ends in a reset, never in a prompt."""
    from asyncio import run as run_loop

    from kentongan_node import roles
    try:
        checked, core = roles.start(device_text(), read_state)
        from kentongan_node import radio, runner  # after the core: they need no room in one piece
        port = Port(board, pins, checked, radio.Radio(radio_pins(board), checked))
        run_loop(runner.run(core, port))
    except Exception as fault:  # an uncaught one would leave the board at its prompt, deaf
        siren_off(pins)
        sys.print_exception(fault)
        time.sleep_ms(5_000)  # no faster than this, should the fault be there at once again
        machine.reset()
