"""modem: starts the core of its device file. board.py is one of ../../boards."""
import micropython

micropython.kbd_intr(-1)  # a stray 0x03 ends nothing; see launch.py for the way to the prompt

import board  # noqa: E402
from kentongan_node import launch  # noqa: E402

launch.serve(board, board.MODEM)
