"""sirene: the output first, then the rest. board.py is one of ../../boards."""
import board
from kentongan_node import hal

hal.siren_off(board.SIRENE)  # before anything that takes time or could fail

from kentongan_node import launch  # noqa: E402

launch.serve(board, board.SIRENE)
