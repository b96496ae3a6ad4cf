"""modem: all that runs on its board; kentongan-tool joins it into one file."""

from kentongan_node.roles.modem import Modem
from kentongan_node.shell import launch


def serve(board):
    launch.serve(board, board.MODEM, Modem)
