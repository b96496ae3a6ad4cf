"""machine.Pin and machine.ADC of the ESP32 port; MicroPython subset. Sources: README.md beside this file."""

from kits.board.esp32_chip import EIO, esp_error

IN, OUT, OPEN_DRAIN = 1, 3, 7
PULL_DOWN, PULL_UP = 1, 2
KEEP = -1  # pull is left as it is
HISTORY = 6_000  # edges of a pin that are remembered


class Pin:
    """One pad over the board's whole life. `outside`: the level that something outside pulls it to."""

    IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN = IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN
    IRQ_RISING, IRQ_FALLING, WAKE_LOW, WAKE_HIGH = 1, 2, 4, 5

    def __init__(self, board, number):
        self.board, self.number = board, number
        self.outside = None
        self.history = []  # (us, level) of an output; None: it lets go
        self.held = False
        self._down = None
        self.reset()

    def reset(self):
        """Any reset, and a deep sleep: what is not held floats, and is no input either."""
        self._handler, self._trigger = None, 0
        if self.held:
            return
        self.mode, self.pull, self.driven = None, None, 0
        self._note(None)

    def init(self, mode=None, pull=KEEP, value=None, drive=None, hold=None):
        only_in = self.board.soc.input_only(self.number)
        if value is not None:
            self._register(1 if value else 0)  # before the direction: no wrong level in between
        if mode is not None:
            if only_in and mode & 2:
                raise ValueError("pin can only be input")
            if not self.held:
                self.mode = mode
                self._note(self.driven if mode & 2 else None)
        if pull != KEEP:
            self._pull(pull or None, only_in)
        if hold is not None and not only_in:
            self.held = bool(hold)

    def _pull(self, pull, only_in):
        if only_in:
            for bit, name in ((PULL_DOWN, "gpio_pulldown_en(116)"), (PULL_UP, "gpio_pullup_en")):
                if pull is not None and pull & bit:
                    self.board.asked_pulls.append(self.number)
                    self.board.log(
                        "gpio: {}: GPIO number error (input-only pad has no internal P{})".format(
                            name, "D" if bit == PULL_DOWN else "U"
                        )
                    )
        elif not self.held:
            self.pull = pull

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, wake=None):
        if trigger in (Pin.WAKE_LOW, Pin.WAKE_HIGH) and wake is not None:
            if not 2 <= wake <= 7:
                raise ValueError("bad wake value")
            if self.number not in self.board.soc.wake:
                raise ValueError("invalid pin for wake")
        self._handler, self._trigger = handler, trigger if handler is not None else 0
        return self

    def pad(self):
        """The level at the pad, whoever makes it."""
        if self.mode is not None and self.mode & 2 and not (self.mode == OPEN_DRAIN and self.driven):
            return self.driven
        if self.outside is not None:
            return self.outside
        pull = self.pull or 0
        return 1 if pull & PULL_UP else 0 if pull & PULL_DOWN else self.board.floating

    def value(self, level=None):
        if self.number in self.board.broken:
            raise OSError(EIO)
        if level is not None:
            if self.board.soc.input_only(self.number):
                self.board.log("gpio: gpio_set_level: GPIO output gpio_num error")
                return None
            self._register(1 if level else 0)
            return None
        return 0 if self.mode is None else self.pad()  # no input: reads 0

    def __call__(self, level=None):
        return self.value(level)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def _register(self, level):
        if self.held:
            return
        self.driven = level
        if self.mode is not None and self.mode & 2:
            self._note(level)

    def _note(self, level):
        if self.history and self.history[-1][1] == level or not self.history and level is None:
            return
        self.history.append((self.board.clock.us, level))
        if len(self.history) > HISTORY:
            del self.history[: HISTORY // 2]

    def hold_outside(self, level):
        before = self.pad()
        self.outside = level
        after = self.pad()
        edge = Pin.IRQ_RISING if after else Pin.IRQ_FALLING
        if before != after and self._trigger & edge:
            self.board.schedule(self._handler, self)


class PinMaker:
    """machine.Pin: called, it gives the one object of that number; the radio's pins are the chip's."""

    IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN = IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN
    IRQ_RISING, IRQ_FALLING = Pin.IRQ_RISING, Pin.IRQ_FALLING

    def __init__(self, board):
        self._board = board

    def __call__(self, number, mode=None, pull=KEEP, value=None, drive=None, hold=None):
        board = self._board
        if not isinstance(number, int):
            number = number.number
        board.make("Pin {}".format(number))
        it = board.pin(board.soc.find(number))
        if isinstance(it, Pin):
            if mode is not None or pull != KEEP or value is not None or hold is not None:
                it.init(mode, pull, value, drive, hold)
        else:
            if mode is not None and mode & 2 and board.soc.input_only(number):
                raise ValueError("pin can only be input")
            if value is not None:
                it(value)
        return it


class Adc:
    """One channel. It takes its pad from the digital side until a Pin sets a mode again."""

    def __init__(self, board, number, atten):
        self._board, self._number = board, number
        self.atten(3 if atten is None else atten)
        pin = board.pin(number)
        pin.mode = None

    def atten(self, atten):
        if not 0 <= atten <= 3:
            raise ValueError("invalid attenuation")
        self._atten = atten

    def read_uv(self):
        """Whole millivolts; raises where eFuse holds no calibration."""
        if "adc" in self._board.broken:
            raise esp_error(self._board.soc.uncalibrated)
        assert self._atten == 3, "up to 3.1 V can come"
        return self._board.adc.get(self._number, 0) // 1000 * 1000


class AdcMaker:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3

    def __init__(self, board):
        self._board = board

    def __call__(self, number, atten=None):
        self._board.make("ADC")
        if not isinstance(number, int):
            number = number.number
        self._board.soc.find(number)
        if number not in self._board.soc.adc:
            raise ValueError("invalid pin")
        return Adc(self._board, number, atten)
