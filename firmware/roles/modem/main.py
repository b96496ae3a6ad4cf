"""modem: starts the core of its device file. board.py is one of ../../boards."""
import board
from kentongan_node import launch

launch.serve(board, board.MODEM)
