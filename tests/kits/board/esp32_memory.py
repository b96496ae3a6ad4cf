"""Memories of an ESP32: RTC memory, NVS, files; and its I2C bus. MicroPython subset. Sources: README.md
beside this file. The file system's operations on the flash: esp32_flash.py.
"""

from kits.board.esp32_chip import EEXIST, ENODEV, ENOENT, ENOSPC, ETIMEDOUT, IDF_HEAPS, RTC_BYTES, esp_error

NVS_NAME_MAX = 15


class Rtc:
    """machine.RTC: 2048 bytes that every reset keeps, and a lost supply does not."""

    def __init__(self, board):
        self._board = board

    def memory(self, data=None):
        if "rtc" in self._board.broken:
            raise OSError("RTC memory")
        if data is None:
            return self._board.rtc
        if len(data) > RTC_BYTES:
            raise ValueError("buffer too long")
        self._board.rtc = bytes(data)
        return None


class Nvs:
    """esp32.NVS: blobs that are there for good once they were committed."""

    def __init__(self, board, space):
        if len(space) > NVS_NAME_MAX:
            raise esp_error(0x1104)
        self._board, self._space, self._new = board, space, {}

    def _key(self, key):
        if len(key) > NVS_NAME_MAX:
            raise esp_error(0x1109)
        return self._space, key

    def get_blob(self, key, data):
        held = self._board.nvs.get(self._key(key))
        if held is None:
            raise esp_error(0x1102)
        if len(data) < len(held):
            raise esp_error(0x110C)
        data[: len(held)] = held
        return len(held)

    def set_blob(self, key, data):
        if self._board.refuses is not None and self._board.refuses("nvs"):
            raise esp_error(0x1105)
        self._new[self._key(key)] = bytes(data)

    def erase_key(self, key):
        if self._board.nvs.pop(self._key(key), None) is None:
            raise esp_error(0x1102)

    def commit(self):
        self._board.nvs.update(self._new)
        self._new = {}


class File:
    """An open file of board.flash; a write is there when it is closed."""

    def __init__(self, flash, path, mode, refuses=None):
        self.flash, self.path, self.mode = flash, path, mode
        if "w" in mode and refuses is not None and refuses(path):
            raise OSError(ENOSPC)
        if "w" in mode:
            self.data = b""
        elif flash.get(path) is None:
            raise OSError(ENOENT)
        else:
            self.data = flash[path]

    def read(self):
        return self.data if "b" in self.mode else self.data.decode()

    def write(self, data):
        self.data += bytes(data)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if "w" in self.mode:
            self.flash[self.path] = self.data


class Bus:
    """machine.I2C's object: the board's chip, or nobody who answers."""

    def __init__(self, board):
        self._board = board

    def _chip(self):
        if "i2c stuck" in self._board.broken:
            raise OSError(ETIMEDOUT)
        if self._board.i2c is None or "i2c" in self._board.broken:
            raise OSError(ENODEV)
        return self._board.i2c

    def readfrom_mem(self, *args):
        return self._chip().readfrom_mem(*args)

    def writeto_mem(self, *args):
        self._chip().writeto_mem(*args)


class BusMaker:
    """machine.I2C"""

    def __init__(self, board):
        self._board = board

    def __call__(self, number=0, scl=None, sda=None, freq=400_000, timeout=50_000):
        self._board.make("I2C")
        if number not in (0, 1):
            raise ValueError("I2C({}) doesn't exist".format(number))
        return Bus(self._board)


class SpiMaker:
    """machine.SPI: the radio's bus."""

    def __init__(self, board):
        self._board = board

    def __call__(self, number, *_, **__):
        self._board.make("SPI")
        if number not in (1, 2):
            raise ValueError("SPI({}) doesn't exist".format(number))
        return self._board.chip


def idf_heap_info(_):
    """Constants of one measured state; nothing in here counts the heap."""
    return list(IDF_HEAPS)


class Os:
    """The module os: the flash's folders, random bytes of any count."""

    def __init__(self, board, getenv):
        self._board = board
        self._state = 0
        if getenv is not None:
            self.getenv = getenv  # of the machine that runs the model

    def listdir(self, path):
        flash = self._board.flash
        if path not in flash:
            raise OSError(ENOENT)
        return [name[len(path) + 1 :] for name in flash if name.startswith(path + "/")]

    def mkdir(self, path):
        if path in self._board.flash:
            raise OSError(EEXIST)
        if self._board.refuses is not None and self._board.refuses(path):
            raise OSError(ENOSPC)
        self._board.flash[path] = None

    def urandom(self, n):
        out = []
        while len(out) < n:
            self._state = ((self._state ^ self._board.clock.us) * 1_103_515_245 + 12_345) & 0xFFFFFFFF
            mixed = self._state ^ self._state >> 15
            out += list((mixed & 0xFFFFFFFF).to_bytes(4, "little"))
        return bytes(out[:n])

    @staticmethod
    def dupterm(*_):
        return None
