"""Supply of a board: its cell's voltage by a divider or a power chip, which on a T-Beam feeds the radio too.

AXP192 (T-Beam V1.1) and AXP2101 (V1.2): registers from the X-Powers data sheets AXP192 v1.1 and AXP2101 v1.0.
`i2c`: readfrom_mem and writeto_mem.
"""

from kentongan_wire.base.shapes import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class I2C(Protocol):
        """A bus of the chip."""

        def readfrom_mem(self, address: int, register: int, size: int) -> bytes: ...

        def writeto_mem(self, address: int, register: int, data: bytes) -> object: ...

    class Adc(Protocol):
        def read_uv(self) -> int: ...


ADDRESS = 0x34
ID = 0x03
AXP192_ID = 0x03
# AXP192: LDO2 feeds the radio
AXP192_OUTPUTS, AXP192_LDO2_ON = 0x12, 0x04
AXP192_LDO23_VOLTS, AXP192_LDO2_3V3 = 0x28, 0xF0  # upper half: LDO2, 1.8 V + 0.1 V a step
AXP192_ADC, AXP192_ADC_BATTERY = 0x82, 0x80
AXP192_BATTERY = 0x78  # 8 + 4 bits of 1.1 mV
# AXP2101: ALDO2 feeds the radio
AXP2101_OUTPUTS, AXP2101_ALDO2_ON = 0x90, 0x02
AXP2101_ALDO2_VOLTS, AXP2101_3V3 = 0x93, 0x1C  # 0.5 V + 0.1 V a step
AXP2101_ADC, AXP2101_ADC_BATTERY = 0x30, 0x01
AXP2101_BATTERY = 0x34  # 6 + 8 bits of 1 mV


def _set_bits(i2c: "I2C", register: int, bits: int, keep: int = 0xFF) -> None:
    value = i2c.readfrom_mem(ADDRESS, register, 1)[0]
    i2c.writeto_mem(ADDRESS, register, bytes((value & keep | bits,)))


def is_axp192(i2c: "I2C") -> bool:
    return i2c.readfrom_mem(ADDRESS, ID, 1)[0] == AXP192_ID


def switch_on(i2c: "I2C") -> bool:
    """Feed the radio with 3.3 V and let the battery be measured; True, or OSError when no chip answers."""
    if is_axp192(i2c):
        _set_bits(i2c, AXP192_LDO23_VOLTS, AXP192_LDO2_3V3, 0x0F)
        _set_bits(i2c, AXP192_OUTPUTS, AXP192_LDO2_ON)
        _set_bits(i2c, AXP192_ADC, AXP192_ADC_BATTERY)
    else:
        _set_bits(i2c, AXP2101_ALDO2_VOLTS, AXP2101_3V3, 0xE0)
        _set_bits(i2c, AXP2101_OUTPUTS, AXP2101_ALDO2_ON)
        _set_bits(i2c, AXP2101_ADC, AXP2101_ADC_BATTERY)
    return True


def chip_battery_mv(i2c: "I2C") -> int:
    """Millivolts of the cell; 0 without one."""
    if is_axp192(i2c):
        high, low = i2c.readfrom_mem(ADDRESS, AXP192_BATTERY, 2)
        return (high << 4 | low & 0x0F) * 11 // 10
    high, low = i2c.readfrom_mem(ADDRESS, AXP2101_BATTERY, 2)
    return (high & 0x3F) << 8 | low


class Battery:
    """Millivolts of the supply. `adc`: read_uv, or None; `line`: drives the divider's switch, or None;
    `load(level)`: draws a test current from the battery, or None."""

    def __init__(
        self,
        adc: "Adc | None",
        ratio_x10: int,
        line: "Callable[[int | None], int] | None",
        i2c: "I2C | None",
        load: "Callable[[int], object] | None" = None,
    ) -> None:
        self._adc, self._ratio_x10, self._line, self._i2c = adc, ratio_x10, line, i2c
        self.load = load
        # Heltec V3 and V3.1 rest high and enable with low; V3.2 rests low and enables with high.
        self._rest = None if line is None else line(None)

    def connect(self) -> None:
        """Before a reading; it takes some milliseconds to settle. A power chip that forgot its settings, or
        did not answer when the board started, gets them again."""
        if self._i2c is not None:
            switch_on(self._i2c)
        elif self._line is not None:
            self._line(1 - self._rest)

    def read_mv(self) -> int | None:
        """Read it; None where nothing can be read; the divider, which takes current, is let go again.

        OSError of a chip that does not answer, or of an ADC without calibration (-258).
        """
        if self._i2c is not None:
            return chip_battery_mv(self._i2c)
        if self._adc is None:
            return None
        try:
            return self._adc.read_uv() // 1000 * self._ratio_x10 // 10
        finally:
            if self._line is not None:
                self._line(None)
            if self.load is not None:
                self.load(0)
