"""On the pins of which board a radio answers: what tells boards with the same chip apart at their prompt.

Asked of a board that is no device, or is to be one no more: the pins of one board may be something else on
another, so only those of boards that could stand there are driven, each for some milliseconds.
"""

import ast
from collections.abc import Iterable
from typing import Any, Protocol

from kentongan_tool.board.boards import Board
from kentongan_tool.board.prompt import Prompt

RADIO = ("CHIP", "SPI_ID", "SCK", "MISO", "MOSI", "NSS", "RESET", "BUSY")

# On the board. SX1262: status after a reset is standby, mode 2 or 3 (13.5.1); SX1276: RegVersion is 0x12.
ASK = """
import machine, time
def answers(chip, spi_id, sck, miso, mosi, nss, reset, busy):
    spi = machine.SPI(spi_id, baudrate=1000000, sck=machine.Pin(sck), mosi=machine.Pin(mosi),
                      miso=machine.Pin(miso))
    cs = machine.Pin(nss, machine.Pin.OUT, value=1)
    pin = machine.Pin(reset, machine.Pin.OUT, value=0)
    time.sleep_ms(2)
    pin.value(1)
    time.sleep_ms(10)
    data = bytearray((0xC0, 0, 0) if chip == "sx1262" else (0x42, 0))
    waits = chip == "sx1262" and machine.Pin(busy, machine.Pin.IN).value()
    cs.value(0)
    spi.write_readinto(data, data)
    cs.value(1)
    spi.deinit()
    for number in (sck, mosi, nss, reset):
        machine.Pin(number, machine.Pin.IN)
    if chip == "sx1262":
        return not waits and data[1] >> 4 & 7 in (2, 3) and data[1] != 255
    return data[1] == 0x12
for name, pins in BOARDS:
    try:
        found = answers(*pins)
    except Exception:
        found = False
    print("KENTONGAN " + repr([name, bool(found)]))
"""


class PinFiles(Protocol):
    """The part of a bundle that is needed here."""

    def board_text(self, board: str) -> str: ...


def numbers(text: str) -> dict[str, Any]:
    """{name: value} of a board file's own lines."""
    out = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            out[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    return out


def question(bundle: PinFiles, boards: Iterable[Board]) -> str:
    """Return the program that asks for a radio on the pins of each of these boards."""
    pins = []
    for board in boards:
        known = numbers(bundle.board_text(board.name))
        pins.append((board.name, tuple(known[name] for name in RADIO)))
    return f"BOARDS = {pins!r}\n{ASK}"


def answering(prompt: Prompt, bundle: PinFiles, boards: Iterable[Board]) -> list[str]:
    """List the names of the boards on whose pins a radio answers."""
    return [name for name, found in prompt.ask(question(bundle, boards)) if found]
