"""penerus: starts the core of its device file. board.py is one of ../../boards."""
import board
from kentongan_node import hal

hal.serve(board, board.PENERUS)
