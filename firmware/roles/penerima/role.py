"""penerima: all that runs on its board; kentongan-tool joins it into one file."""

from kentongan_node import launch
from kentongan_node.receiver import Penerima


def serve(board):
    launch.serve(board, board.PENERIMA, Penerima)
