"""No device is on the air for more than 36 s of any hour (1 %), relayed frames included.

The hour rolls: it ends with each frame in turn. Strangers on the air obey nobody and are not asked.
"""

from collections import deque

from kentongan_wire.air.phy import AIR_LIMIT_MS

from kentongan_sim.physics.shapes import Us
from kentongan_sim.world.actors import STRANGERS
from kentongan_sim.world.history import History

HOUR_US = 3_600_000_000
LIMIT_US = AIR_LIMIT_MS * 1000


def check(history: History) -> list[str]:
    return [
        f"{label} was on the air for {used / 1e6:.1f} s within one hour, 36 s are allowed"
        for label, used in sorted(worst_hours(history).items())
        if used > LIMIT_US
    ]


def worst_hours(history: History) -> dict[str, Us]:
    """Return label -> most microseconds on the air in any rolling hour."""
    worst: dict[str, Us] = {}
    used: dict[str, Us] = {}
    recent: dict[str, deque[tuple[Us, Us]]] = {}  # (since, for how long)
    ours = [frame for frame in history.frames.values() if history.role(frame[1]) not in STRANGERS]
    for t_us, label, detail in sorted(ours, key=lambda frame: frame[0]):
        mine = recent.setdefault(label, deque())
        mine.append((t_us, detail["airtime_us"]))
        used[label] = used.get(label, 0) + detail["airtime_us"]
        while mine[0][0] + mine[0][1] <= t_us + detail["airtime_us"] - HOUR_US:
            used[label] -= mine.popleft()[1]
        worst[label] = max(worst.get(label, 0), used[label])
    return worst
