"""Tiny programs on the ESP32 model, as somebody would type them at its prompt; MicroPython subset."""

from kits.board.esp32_fake import Board
from kits.node.boardkit import Space

CLASSIC, S3, S3_USB = "lilygo_t3", "heltec_v3", "xiao_esp32s3"


def run(board, program, ms=1_000, cause=None, wake=None):
    """Tell how program(chip) ended: "stopped" as it waited, "reset", "asleep", "prompt"; or its exception."""
    raised = []

    def whole():
        fakes = board._fakes()
        chip = Space(
            machine=fakes["machine"],
            esp32=fakes["esp32"],
            os=fakes["os"],
            sys=board.sys(),
            time=board.clock,
            micropython=fakes["micropython"],
        )
        try:
            program(chip)
        except Exception as fault:
            raised.append(fault)

    end = board.run(ms, cause, wake, whole)
    return raised[0] if raised else end


def answer(board, program, *args):
    """Return the result of program(chip), from a start of its own; its exception where it raises."""
    out = []
    end = run(board, lambda chip: out.append(program(chip)), *args)
    return out[0] if out else end


def both_chips():
    return Board(CLASSIC), Board(S3)
