"""modem: all that runs on its board; kentongan-tool joins it into one file."""

from kentongan_node import launch
from kentongan_node.modem import Modem


def serve(board):
    launch.serve(board, board.MODEM, Modem)
