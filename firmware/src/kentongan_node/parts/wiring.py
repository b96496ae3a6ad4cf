"""Wiring of a board's pins: keys, outputs, the radio, the battery's divider, the keys that wake. Pure.

`machine` and `esp32`, the chip's own modules, are given by hal.py. Whatever of theirs cannot be made is told
and stands as a part that fails (Wires); only the radio's are raised, since without it a start is none.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

from kentongan_node.parts import supply
from kentongan_node.parts.beat import Beat
from kentongan_node.parts.inputs import Key, level_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kentongan_node.base.actions import Steps
    from kentongan_node.parts.beat import Timer
    from kentongan_node.parts.beside import Beside
    from kentongan_node.parts.inputs import Pin

    Pins = dict[str, Any]  # of a role, in a module of boards/; or of the radio
    Contact = tuple[Pin, int, Key]  # a key's pin, its level when down
    Beats = list[Beat | None]  # of lamp, buzzer and motor


WAKE_KEYS = ("main", "silent", "lid")
SHOWS = ("lamp", "buzzer", "motor")
OUTPUT = "output"  # the siren's
POWER_TRIES = 3  # of a power chip that does not answer


class Dead:
    """In place of a pin that could not be set up: whoever reads or drives it gets an error."""

    def value(self, _: object = None) -> int:
        raise OSError(19)


class Wires:
    """Makes the chip's objects of a board's numbers. `beside`: beside.Beside."""

    def __init__(self, machine: "Any", beside: "Beside") -> None:
        self._machine, self._beside = machine, beside

    def _pin(self, part: str, number: int, *how: int, **value: int) -> "Any":
        pin = self._beside.do(part, lambda: self._machine.Pin(number, *how, **value))
        return Dead() if pin is None else pin

    def input(self, part: str, number: int, *pull: int) -> "Any":
        return self._pin(part, number, self._machine.Pin.IN, *pull)

    def output(self, part: str, number: int, level: int = 0) -> "Any":
        """Make an output at that level."""
        return self._pin(part, number, self._machine.Pin.OUT, value=level)

    def timer(self, number: int) -> "Timer | None":
        """Make a timer, or None where the chip gives none: Beat.look() does its work then."""
        return self._beside.do("timer {}".format(number), self._machine.Timer, number)

    def key(self, board: "Any", name: str, number: int, now_ms: int) -> "Contact":
        """(pin, level when down, Key) of one input."""
        active = 0 if number == board.BUTTON else board.KEY_ACTIVE
        pull = self._machine.Pin.PULL_DOWN if active else self._machine.Pin.PULL_UP
        pin = self.input(name, number, *(() if number in board.INPUT_ONLY else (pull,)))
        return pin, active, Key(name, level_of(pin) == active, now_ms)

    def keys(self, board: "Any", pins: "Pins", now_ms: int) -> "list[Contact]":
        return [self.key(board, name, number, now_ms) for name, number in pins["keys"]]

    def siren(self, pins: "Pins") -> "Beat | None":
        """Make the siren's Beat, or None. Four timers: its own, one each for lamp, buzzer and motor, which
        a board with a siren has not: the fourth is the siren's limit."""
        number = pins["siren"]
        return None if number is None else Beat(self.output(OUTPUT, number), self.timer(0), self.timer(3))

    def shows(self, board: "Any", pins: "Pins") -> "Beats":
        """Beats of lamp, buzzer and motor; None for what is not there."""
        beats = []
        for i, number in enumerate(pins["shows"]):
            level = 1 if i else board.LAMP_ON
            beats.append(
                None
                if number is None
                else Beat(self.output(SHOWS[i], number, 1 - level), self.timer(1 + i), level=level)
            )
        return beats

    def show(self, beats: "Beats", steps: "Sequence[Steps]") -> None:
        """Show by the lamp until the next call; by buzzer and motor once, and never in place of a chime."""
        for i in range(min(len(beats), len(steps))):
            if beats[i] is None or i and not steps[i]:
                continue
            once_ms = sum([on_ms + off_ms for on_ms, off_ms in steps[i]])
            self._beside.do(
                SHOWS[i],
                beats[i].play if steps[i] else beats[i].stop,
                *((steps[i], None if i == 0 else once_ms) if steps[i] else ()),
            )

    def look(self, beats: "Beats", siren: "Beat | None" = None) -> None:
        """Look after these Beats, which no timer does."""
        for i in range(len(beats)):
            if beats[i] is not None:
                self._beside.do(SHOWS[i] + "'s timer", beats[i].look)
        if siren is not None:
            self._beside.do("siren's timer", siren.look)

    def power_chip(self, board: "Any") -> "Any":
        """Return the I2C bus of a board's power chip, which then feeds the radio; None on boards without.

        A chip that does not answer is told: whether the radio has power all the same it says itself.
        """
        if board.PMU is None:
            return None
        i2c = self._beside.do("supply's bus", self._bus, *board.PMU)
        for _ in range(0 if i2c is None else POWER_TRIES):
            if self._beside.do("supply", supply.switch_on, i2c):
                break
        return i2c

    def _bus(self, sda: int, scl: int) -> "Any":
        pin = self._machine.Pin
        return self._machine.I2C(0, sda=pin(sda), scl=pin(scl), freq=100_000)


class AntennaSwitch:
    """Switch of the antenna, which the driver calls where a pin of the chip has to say that it receives."""

    def __init__(self, pin: "Any") -> None:
        self._pin = pin

    def rx(self) -> None:
        self._pin.value(1)

    def tx(self, _: object) -> None:
        self._pin.value(0)

    def idle(self) -> None:
        self._pin.value(0)


def radio_pins(machine: "Any", board: "Any") -> "Pins":
    """Return the dict that radio.Radio takes, of a board's numbers."""

    def pin(number: int | None) -> "Any":
        return None if number is None else machine.Pin(number)

    spi = machine.SPI(
        board.SPI_ID, baudrate=2_000_000, sck=pin(board.SCK), mosi=pin(board.MOSI), miso=pin(board.MISO)
    )
    cs = machine.Pin(board.NSS, machine.Pin.OUT, value=1)
    switch = None
    if board.RXEN is not None:
        switch = AntennaSwitch(machine.Pin(board.RXEN, machine.Pin.OUT, value=0))
    return {
        "chip": board.CHIP,
        "spi": spi,
        "cs": cs,
        "reset": pin(board.RESET),
        "busy": pin(board.BUSY),
        "dio0": pin(board.DIO0),
        "dio1": pin(board.DIO1),
        "tcxo_mv": board.TCXO_MV,
        "rf_switch": board.DIO2_RF_SWITCH,
        "switch": switch,
    }


def battery(machine: "Any", board: "Any", pins: "Pins", i2c: "Any") -> "supply.Battery":
    """supply.Battery of the role's own divider, the board's, or its power chip."""
    number, ratio_x10, loaded = pins["battery"] or (board.BATTERY_ADC, board.BATTERY_RATIO_X10, None)
    adc = None if number is None else machine.ADC(number, atten=machine.ADC.ATTN_11DB)
    enable = None if pins["battery"] else board.BATTERY_ENABLE

    def line(level: int | None) -> int:
        """Drive the divider's switch; None: let it go, and return the level at which it rests."""
        if level is None:
            return machine.Pin(enable, machine.Pin.IN).value()
        return machine.Pin(enable, machine.Pin.OUT, value=level)

    load = None if loaded is None else machine.Pin(loaded, machine.Pin.OUT, value=0).value
    return supply.Battery(adc, ratio_x10, None if enable is None else line, i2c, load)


def arm_keys(esp32: "Any", keys: "list[Contact]") -> bool:
    """Let the keys wake the chip; True when the main key is held, so that its release wakes."""
    armed = False
    idle = []
    for pin, active, key in keys:
        level = level_of(pin)
        if level is None:
            continue  # it can neither be pressed nor wake
        held = level == active
        if key.name == "main":
            # A latching mushroom that stays down would wake at once for ever.
            armed = held
            wake_on = 1 - active if held else active
            esp32.wake_on_ext0(pin, esp32.WAKEUP_ANY_HIGH if wake_on else esp32.WAKEUP_ALL_LOW)
        elif key.name in WAKE_KEYS and not held:
            idle.append((pin, active))
    if idle:
        # ALL_LOW is any low on an ESP32-S3; the classic chip has all only, so its boards have keys that go
        # high.
        level = esp32.WAKEUP_ANY_HIGH if idle[0][1] else esp32.WAKEUP_ALL_LOW
        esp32.wake_on_ext1(tuple([pin for pin, _ in idle]), level)
    return armed


def temperature(esp32: "Any") -> int:
    """Return the chip's degrees C; the classic ESP32 has Fahrenheit only, 0 where there is neither."""
    if hasattr(esp32, "mcu_temperature"):
        return int(esp32.mcu_temperature())
    if hasattr(esp32, "raw_temperature"):
        return (esp32.raw_temperature() - 32) * 5 // 9
    return 0
