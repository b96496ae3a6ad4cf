"""No device says stage 2 or above of an alarm before that is on disk at a gateway.

Whoever carries a receipt on, or answers from its cache, repeats a gateway's word and is not asked; neither is
a stranger, whose lies the buttons refuse (presser_knows_truth).
"""

from kentongan_sim.physics.shapes import Detail
from kentongan_sim.world.history import History

STAGE_STORED = 2


def check(history: History) -> list[str]:
    out = []
    buttons = {place["node"] for place in history.positions.values() if place["role"] == "tombol"}
    for t_us, label, detail in history.frames.values():
        if not says_it_itself(history, label, detail):
            continue
        for node, counter, stage in detail.get("answers", ()):
            stored_us = history.stored.get((node, counter), t_us + 1)
            if stage & 0x7F >= STAGE_STORED and stored_us > t_us and node in buttons:
                out.append(
                    f"{label} sent a receipt of stage {stage & 0x7F} for {node:08x} #{counter} at "
                    f"{t_us / 1e6:.3f} s, before it was stored"
                )
    return out


def says_it_itself(history: History, label: str, detail: Detail) -> bool:
    """Tell whether the frame is this device's own, not one that it relays."""
    return detail.get("src") == history.node(label)
