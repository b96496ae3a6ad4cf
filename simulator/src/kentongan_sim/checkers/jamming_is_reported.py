"""A gateway stores soon that a jammer took over half of one minute of the channel."""

from kentongan_sim.physics.shapes import Us
from kentongan_sim.world.actors import JAMMER
from kentongan_sim.world.history import History

MINUTE_US = 60_000_000
SHARE = 0.5  # of a minute (wire-format 3)
REPORT_US = 300_000_000  # a post's status every 140 s, put off by an alarm for up to 120 s


def check(history: History) -> list[str]:
    since_us = jammed_us(history)
    if since_us is None or since_us + REPORT_US > history.end_us:
        return []
    if any(since_us - MINUTE_US <= t_us <= since_us + REPORT_US for t_us in history.jam_reports):
        return []
    return [f"the channel was jammed for a minute at {since_us / 1e6:.0f} s, and no gateway was told"]


def jammed_us(history: History) -> Us | None:
    """Return the end of the first minute of which jammers took more than SHARE, or None."""
    frames = sorted(
        (t_us, detail["airtime_us"])
        for t_us, label, detail in history.frames.values()
        if history.role(label) == JAMMER
    )
    first = used_us = 0
    for t_us, airtime_us in frames:
        used_us += airtime_us
        while frames[first][0] < t_us - MINUTE_US:
            used_us -= frames[first][1]
            first += 1
        if used_us > SHARE * MINUTE_US:
            return t_us + airtime_us
    return None
