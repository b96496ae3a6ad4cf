"""When a post's word about its siren is missed: what a hub holds against a post's own times in codes.py.

Not on devices: every name that a board loads takes room in its table of names.
"""
from kentongan_wire.codes import CROWD_TIMES, HELD_MS, HELD_SPAN_MS

# A post tells within this what its siren does, but for what the rest delays on purpose (firmware/output.py).
SIREN_TOLD_MS = 15_000
HELD_MAX_MS = SIREN_TOLD_MS + (HELD_MS + HELD_SPAN_MS) * CROWD_TIMES  # nothing is held for longer
