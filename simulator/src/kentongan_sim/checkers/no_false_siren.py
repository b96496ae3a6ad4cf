"""No siren sounds but for a press that was made before, that may sound, and that this siren has heard of."""

from kentongan_sim.world.history import Alarm, History, Sounding


def check(history: History) -> list[str]:
    return [
        f"{s.label} sounded {s.pattern} at {s.t_us / 1e6:.3f} s, and nobody had pressed for that"
        for s in false_sirens(history)
    ]


def false_sirens(history: History) -> list[Sounding]:
    return [s for s in history.soundings if not any(justifies(history, alarm, s) for alarm in history.alarms)]


def justifies(history: History, alarm: Alarm, sounding: Sounding) -> bool:
    if alarm.key == "test" or alarm.t_us > sounding.t_us:
        return False
    if history.role(sounding.label) == "penerima":
        return True  # its page names no alarm on the air; that one was pressed must do
    heard_us = history.heard_us(sounding.label, alarm.node, alarm.counter)
    return alarm.key == "main" and heard_us is not None and heard_us <= sounding.t_us
