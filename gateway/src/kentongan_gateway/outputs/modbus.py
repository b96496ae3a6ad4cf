"""Modbus RTU relay boards: one coil each (write single coil, read coils).

Boards in shops keep to the standard in writing, not in reading: Waveshare's boards know one question, for
eight coils from the first (waveshare.com/wiki/Modbus_RTU_Relay, "Read States of Relays"), others answer with
all that they have, and those with few relays refuse a question for eight. So it is found out when the line is
opened, and our coil is taken out of the answer by its place.
"""

from typing import Any, Self

import minimalmodbus
import serial

from kentongan_gateway import sections
from kentongan_gateway.outputs.siren_driver import Relay

TIMEOUT_S = 0.3
WRITE_COIL, READ_COILS = 5, 1
TRIES = 3  # a busy RS-485 line eats a frame now and then
ECHO_TRIES = 2
GROUP = 8  # coils of one byte of an answer
COILS_MAX = 64
SILENT_MAX = 3  # questions without any answer: it is dead, or takes no questions
# For bad replies minimalmodbus raises OSErrors, ValueErrors and TypeErrors; when an adapter was pulled out it
# lets through what pyserial does: termios.error, which is none of these.
ERRORS = Exception


class ModbusRelay(Relay):
    """channel counts from 1, as printed on the boards; coil addresses count from 0.

    sense() reads the coil back: the board has obeyed. Whether the siren has power only a sense line knows.
    `echoes`: the adapter hears itself, and its own words come back before the board's.
    """

    needs = ("port",)
    shortest_ms = 200

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        return cls(siren.port, siren.baud, siren.address, siren.channel)

    def __init__(self, port: str, baud: int, address: int, channel: int):
        self._port, self._baud, self._address, self._coil = port, baud, address, channel - 1
        self._board: minimalmodbus.Instrument | None = None
        self._question: tuple[int, int] | None = None  # first coil and how many; None: it answers none
        self.echoes = False

    def open(self) -> None:
        """Open the line, find out how it answers, switch off; OSError where the board does not obey."""
        self._open_line()
        self.set(False)

    def _open_line(self) -> None:
        self.close()
        line = serial.Serial(
            self._port, self._baud, timeout=TIMEOUT_S, write_timeout=TIMEOUT_S, exclusive=True
        )
        try:
            board = minimalmodbus.Instrument(line, self._address)
            board.clear_buffers_before_each_transaction = True
            self.echoes = board.handle_local_echo = _hears_itself(board)
            self._question = self._find_question(board)
        except ERRORS as error:
            line.close()
            raise OSError(f"board {self._address} at {self._port}: {error}") from error
        self._board = board

    def _find_question(self, board: minimalmodbus.Instrument) -> tuple[int, int] | None:
        """(first coil, how many) of a question that this board answers, or None."""
        first = self._coil // GROUP * GROUP
        all_of_them = [(0, count) for count in range(first + GROUP, COILS_MAX + 1, GROUP)]
        silent = 0
        for question in ((first, GROUP), (first, self._coil + 1 - first), *all_of_them):
            try:
                board.read_bits(*question, READ_COILS)
                return question
            except minimalmodbus.NoResponseError:
                silent += 1
                if silent == SILENT_MAX:
                    return None
            except ERRORS:
                continue  # another length, or an exception of the board: another question
        return None

    def _ask(self, method: str, *args: object) -> Any:
        if self._board is None:
            raise OSError(f"{self._port} is not open")
        for left in reversed(range(TRIES)):
            try:
                return getattr(self._board, method)(*args)
            except ERRORS as error:
                if not left:
                    heard = "; the adapter only repeats what it is told" if self.echoes else ""
                    raise OSError(f"board {self._address} at {self._port}: {error}{heard}") from error
        return None

    def set(self, on: bool) -> None:
        self._ask("write_bit", self._coil, int(on), WRITE_COIL)

    def sense(self) -> bool | None:
        """Tell whether the coil is on; None where the board cannot tell.

        Of more than one byte some boards (Waveshare's with 32 relays) send the last first: a state that only
        one of both ways of reading shows is not claimed.
        """
        if self._question is None:
            return None
        first, count = self._question
        bits = self._ask("read_bits", first, count, READ_COILS)
        turned = [bit for at in range(len(bits) - GROUP, -1, -GROUP) for bit in bits[at : at + GROUP]]
        at = self._coil - first
        if len(bits) > GROUP and turned[at] != bits[at]:
            return None
        return bool(bits[at])

    def look(self) -> str:
        """Ask the board for a check and change nothing: its answer, or OSError with the remedy."""
        self._open_line()
        try:
            if self._question is None:
                raise OSError(
                    f"board {self._address} at {self._port} does not answer; check A and B, its "
                    "power, [siren] address and baud"
                )
            on = {True: "on", False: "off", None: "read in two ways"}[self.sense()]
            echo = ", the adapter repeats what it is told" if self.echoes else ""
            return f"board {self._address} answers, relay {self._coil + 1} is {on}{echo}"
        finally:
            board, self._board = self._board, None
            if board is not None:
                board.serial.close()

    def close(self) -> None:
        board, self._board = self._board, None
        if board is not None:
            try:
                board.write_bit(self._coil, 0, WRITE_COIL)
            except ERRORS:
                return  # a board that does not answer is told again when it is opened
            finally:
                board.serial.close()


def _hears_itself(board: minimalmodbus.Instrument) -> bool:
    """Tell whether our own question comes back first: no answer to a read begins like the question itself.

    To "switch the coil" it does: there the answer is the question, and an echo would pass for obedience.
    """
    board.handle_local_echo = True
    for _ in range(ECHO_TRIES):
        try:
            board.read_bits(0, GROUP, READ_COILS)
            return True
        except minimalmodbus.LocalEchoError:
            continue
        except ERRORS:
            return True  # the echo was there, and then no answer, or none that is one
    return False
