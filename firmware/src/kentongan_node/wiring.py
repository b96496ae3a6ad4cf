"""What hangs on a board's pins: the radio, the battery's divider, the keys that wake. Pure.

`machine` and `esp32`, the chip's own modules, are given by hal.py.
"""
from kentongan_node import supply

WAKE_KEYS = ("main", "silent", "lid")


class AntennaSwitch:
    """What the driver calls where a pin of the chip has to say that it receives."""

    def __init__(self, pin):
        self._pin = pin

    def rx(self):
        self._pin.value(1)

    def tx(self, _):
        self._pin.value(0)

    def idle(self):
        self._pin.value(0)


def radio_pins(machine, board):
    """The dict that radio.Radio takes, of a board's numbers."""
    def pin(number):
        return None if number is None else machine.Pin(number)

    spi = machine.SPI(board.SPI_ID, baudrate=2_000_000, sck=pin(board.SCK), mosi=pin(board.MOSI),
                      miso=pin(board.MISO))
    cs = machine.Pin(board.NSS, machine.Pin.OUT, value=1)
    switch = None
    if board.RXEN is not None:
        switch = AntennaSwitch(machine.Pin(board.RXEN, machine.Pin.OUT, value=0))
    return {"chip": board.CHIP, "spi": spi, "cs": cs, "reset": pin(board.RESET), "busy": pin(board.BUSY),
            "dio0": pin(board.DIO0), "dio1": pin(board.DIO1), "tcxo_mv": board.TCXO_MV,
            "rf_switch": board.DIO2_RF_SWITCH, "switch": switch}


def battery(machine, board, pins, i2c):
    """supply.Battery of the role's own divider, the board's, or its power chip."""
    number, ratio_x10 = pins["battery"] or (board.BATTERY_ADC, board.BATTERY_RATIO_X10)
    adc = None if number is None else machine.ADC(number, atten=machine.ADC.ATTN_11DB)
    enable = None if pins["battery"] else board.BATTERY_ENABLE

    def line(level):
        """Drive the divider's switch; None: let it go, and return the level at which it rests."""
        if level is None:
            return machine.Pin(enable, machine.Pin.IN).value()
        return machine.Pin(enable, machine.Pin.OUT, value=level)

    return supply.Battery(adc, ratio_x10, None if enable is None else line, i2c)


def arm_keys(esp32, keys):
    """Let the keys wake the chip; True when the main key is held, so that its release wakes."""
    armed = False
    idle = []
    for pin, active, key in keys:
        held = pin.value() == active
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


def temperature(esp32):
    """Of the chip, degrees C; the classic ESP32 has Fahrenheit only, 0 where there is neither."""
    if hasattr(esp32, "mcu_temperature"):
        return int(esp32.mcu_temperature())
    if hasattr(esp32, "raw_temperature"):
        return (esp32.raw_temperature() - 32) * 5 // 9
    return 0
