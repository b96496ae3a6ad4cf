"""Modbus RTU relay boards: one coil each (write single coil, read coils)."""
import minimalmodbus

TIMEOUT_S = 0.3
WRITE_COIL, READ_COILS = 5, 1
TRIES = 3  # a busy RS-485 line eats a frame now and then


class ModbusRelay:
    """channel counts from 1, as printed on the boards; coil addresses count from 0.

    sense() reads the coil back: the board has obeyed. Whether the siren has power only a sense line knows.
    """

    def __init__(self, port, baud, address, channel):
        self._port, self._baud, self._address, self._coil = port, baud, address, channel - 1
        self._board = None

    def open(self):
        self.close()
        board = minimalmodbus.Instrument(self._port, self._address)
        board.serial.baudrate = self._baud
        board.serial.timeout = board.serial.write_timeout = TIMEOUT_S
        board.clear_buffers_before_each_transaction = True
        self._board = board
        self.set(False)

    def _ask(self, method, *args):
        if self._board is None:
            raise OSError(f"{self._port} is not open")
        for left in reversed(range(TRIES)):
            try:
                return getattr(self._board, method)(*args)
            except (OSError, ValueError, TypeError) as error:  # it raises all three for bad replies
                if not left:
                    raise OSError(f"board {self._address} at {self._port}: {error}") from error
        return None

    def set(self, on):
        self._ask("write_bit", self._coil, int(on), WRITE_COIL)

    def sense(self):
        return bool(self._ask("read_bit", self._coil, READ_COILS))

    def close(self):
        board, self._board = self._board, None
        if board is not None:
            try:
                board.write_bit(self._coil, 0, WRITE_COIL)
            except (OSError, ValueError, TypeError):
                return  # a board that does not answer is told again when it is opened
            finally:
                board.serial.close()
