"""sirene: the output first, then the rest. board.py is one of ../../boards."""
import micropython

micropython.kbd_intr(-1)  # a stray 0x03 ends nothing; see launch.py for the way to the prompt

import board  # noqa: E402
from kentongan_node import hal  # noqa: E402

hal.siren_off(board.SIRENE)  # before anything that takes time or could fail

from kentongan_node import launch  # noqa: E402

launch.serve(board, board.SIRENE)
