"""tombol: all that runs on its board; kentongan-tool joins it into one file."""

from kentongan_node.roles.button import Tombol
from kentongan_node.shell import launch


def serve(board):
    launch.serve(board, board.TOMBOL, Tombol)
