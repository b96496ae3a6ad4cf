"""Model of a battery's life: charge by event, from the firmware's own times and the figures' currents.

Pure arithmetic. Charges are in mA s, currents in mA, times in ms unless the name says otherwise.
"""

from kentongan_node.air import channel_access
from kentongan_node.base import feedback
from kentongan_node.press import incident, repeats
from kentongan_node.roles import button
from kentongan_wire.air import phy
from kentongan_wire.base import patterns

from kentongan_hw.power.figures import (
    BOOT,
    BUZZER,
    CONTACT,
    CPU,
    LAMP,
    LEAD_LEFT,
    MOTOR,
    PANEL_LEFT,
    PANEL_W,
    SUN_HOURS,
)

BOOT_MS = 350  # power or wake-up to the first line of our code; start value, to measure
STATUS_BYTES = phy.ALARM_FRAME_BYTES  # a tombol's STATUS is as long on the air as its alarm, on purpose
ANSWERED_S = 600  # an incident that somebody closes after ten minutes
MAS_PER_MAH = 3_600
HOURS_PER_YEAR = 8_766


def air_ms(preset=phy.DEFAULT_PRESET, n_bytes=STATUS_BYTES) -> float:
    """Return the time on air of one frame of a button."""
    return phy.airtime_us(phy.preset(preset), n_bytes) / 1_000


def transmit_mas(board, preset) -> float:
    """One frame: its air time and the channel checks before it, each two symbols of listening."""
    checks_ms = channel_access.CHECKS * phy.CAD_SYMBOLS * phy.symbol_us(phy.preset(preset)) / 1_000
    return (air_ms(preset) * (board.tx.ma + CPU.ma) + checks_ms * (board.rx.ma + CPU.ma)) / 1_000


def listen_mas(board, ms) -> float:
    return ms * (board.rx.ma + CPU.ma) / 1_000


def status_mas(board, preset=phy.DEFAULT_PRESET) -> float:
    """Wake up, say "I am here", listen for the gateway, sleep."""
    return (
        BOOT_MS * BOOT.ma / 1_000 + transmit_mas(board, preset) + listen_mas(board, button.LISTEN_STATUS_MS)
    )


def shown_mas(state, ms) -> float:
    """Return the charge that lamp, buzzer and motor take for a state; the lamp goes on, others play once."""
    lamp, buzzer, motor = feedback.STEPS[state]
    cycle = sum(on + off for on, off in lamp) or 1
    lit = ms * sum(on for on, _ in lamp) / cycle
    return (
        lit * LAMP.ma + sum(on for on, _ in buzzer) * BUZZER.ma + sum(on for on, _ in motor) * MOTOR.ma
    ) / 1_000


def answered_mas(board, preset=phy.DEFAULT_PRESET) -> float:
    """Return what a press takes that is stored at its second frame, and that listens until ANSWERED_S."""
    ms = ANSWERED_S * 1_000
    return (
        BOOT_MS * BOOT.ma / 1_000
        + 2 * transmit_mas(board, preset)
        + listen_mas(board, ms)
        + shown_mas(feedback.SENDING, 1_000)
        + shown_mas(feedback.STORED, 60_000)
        + shown_mas(feedback.COMING, ms)
    )


def unheard_mas(board, preset=phy.DEFAULT_PRESET) -> float:
    """Return what a press takes that nobody hears: every turn is sent, it listens and warns to the end."""
    return (
        BOOT_MS * BOOT.ma / 1_000
        + len(repeats.TURNS_S) * transmit_mas(board, preset)
        + listen_mas(board, incident.LISTEN_MS)
        + shown_mas(feedback.NOBODY, incident.LISTEN_MS)
    )


def mean_ma(board, cell, per_day, presses_year=4, preset=phy.DEFAULT_PRESET) -> float:
    """Mean current: sleep, NC contact, the cell's loss and converter, `per_day` STATUS, answered presses."""
    loss_ma = cell.mah * cell.month_percent / 100 * 12 / HOURS_PER_YEAR
    events = (
        per_day * status_mas(board, preset) / 24 + presses_year * answered_mas(board, preset) / HOURS_PER_YEAR
    )
    return board.sleep.ma + CONTACT.ma + cell.drain_ma + loss_ma + events / MAS_PER_MAH


def years(board, cell, per_day, presses_year=4, preset=phy.DEFAULT_PRESET) -> float:
    """Years until the cell is empty or worn out, whichever is first."""
    used = cell.mah / mean_ma(board, cell, per_day, presses_year, preset) / HOURS_PER_YEAR
    return min(used, cell.shelf_years)


def pattern_duty(steps) -> float:
    """Share of the time that a siren's output is on while it plays these steps."""
    return sum(on for on, _ in steps) / patterns.cycle_ms(steps)


def standby_h(printed_ah, idle_ma, sounding_min, siren_ma, duty=1.0) -> float:
    """Hours without mains after which `sounding_min` minutes of siren are still left in a lead battery."""
    left_mah = printed_ah * 1_000 * LEAD_LEFT - sounding_min / 60 * (siren_ma * duty + idle_ma)
    return max(0.0, left_mah / idle_ma)


def panel_surplus(load_ma, volt=3.7) -> float:
    """Return the yield of a day of the darkest month, as a multiple of a day's consumption."""
    return PANEL_W * SUN_HOURS * PANEL_LEFT / (load_ma / 1_000 * volt * 24)
