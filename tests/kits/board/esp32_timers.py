"""machine.Timer and machine.WDT of the ESP32 port; MicroPython subset. Sources: README.md here."""

from kits.board.esp32_chip import TIMERS, esp_error

PERIOD_MS = 0xFFFFFFFF


class Timer:
    """One of the hardware's. An init after a deinit takes an interrupt of the chip anew, and a chip that has
    none left stops the program (abort)."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, board, number):
        self.board, self.number = board, number
        self.due_us = self.callback = None
        self.handle = False  # an interrupt of the chip is its own
        self.allocations = 0

    def init(self, mode=PERIODIC, period=PERIOD_MS, callback=None, tick_hz=1000, freq=None, hard=False):
        self.due_us = None
        if hard:
            raise ValueError("hard Timers are not implemented")
        if "timers" in self.board.broken:
            raise esp_error(0x103)
        if not self.handle:
            if self.board.interrupts_left == 0:
                self.board.abort("esp_intr_alloc")
            self.handle = True
            self.allocations += 1
            self.board.interrupts += 1
        self.period_us = int(1_000_000 / freq) if freq is not None else period * 1_000_000 // tick_hz
        self.mode, self.callback = mode, callback
        self.due_us = self.board.clock.us + self.period_us

    def deinit(self):
        """Stop, and give the interrupt back."""
        self.due_us = None
        self.handle = False

    def value(self):
        if not self.handle:
            raise ValueError("timer not set")
        return (self.board.clock.us - self.due_us + self.period_us) // 1000 if self.due_us else 0

    def ring(self):
        """It is due: the callback is put into the queue of the program."""
        self.due_us = self.due_us + self.period_us if self.mode == Timer.PERIODIC else None
        self.board.schedule(self.callback, self)


class TimerMaker:
    """machine.Timer: the one object of that number."""

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, board):
        self._board = board

    def __call__(self, number, **how):
        self._board.make("Timer {}".format(number))
        if not 0 <= number < TIMERS:
            raise ValueError("invalid Timer number")
        if number not in self._board.timers:
            self._board.timers[number] = Timer(self._board, number)
        timer = self._board.timers[number]
        if how:
            timer.init(**how)
        return timer


class Watchdog:
    """machine.WDT's object: nothing stops it."""

    def __init__(self, board):
        self._board = board

    def feed(self):
        if "wdt" in self._board.broken:
            raise OSError("ESP_ERR_NOT_FOUND")
        self._board.fed_us = self._board.clock.us


class WatchdogMaker:
    """machine.WDT: a second call gives the one watchdog another time."""

    def __init__(self, board):
        self._board = board

    def __call__(self, id=0, timeout=5000):
        self._board.make("WDT")
        if id != 0:
            raise ValueError()
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._board.watchdog_ms = timeout
        self._board.fed_us = self._board.clock.us
        return Watchdog(self._board)
