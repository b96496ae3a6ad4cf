"""Facts of the two chips and their MicroPython: pads, wake sources, errors, sizes; MicroPython subset.

Where each answer stands in the sources: README.md beside this file.
"""

# pads of Pin(); the flash hangs on FLASH: whoever touches one of those stops the chip
CLASSIC_PADS = tuple(range(0, 24)) + (25, 26, 27) + tuple(range(32, 40))
CLASSIC_FLASH = (6, 7, 8, 9, 10, 11)
S3_PADS = tuple(range(0, 22)) + (26,) + tuple(range(33, 49))
S3_FLASH = ()  # 27 to 32 are no pads of Pin(); 26 and 33 to 37 where there is no PSRAM
INPUT_ONLY_FROM = 34  # of the classic chip; no output, no pulls
CLASSIC_WAKE = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27) + tuple(range(32, 40))
S3_WAKE = tuple(range(0, 22))
CLASSIC_ADC = (36, 37, 38, 39, 32, 33, 34, 35, 4, 0, 2, 15, 13, 12, 14, 27, 25, 26)
S3_ADC = tuple(range(1, 21))
CLASSIC_BOARDS = ("lilygo_t3", "tbeam_sx1262", "tbeam_sx1276")
USB_BOARDS = ("lilygo_t3s3", "xiao_esp32s3", "xiao_esp32s3_header")  # their port is the chip's own USB

TIMERS = 4
UARTS = 3
RING_BYTES = 259  # of stdin: 260 less the one that tells full from empty
FIFO_BYTES = 128  # of UART0's sender
BYTE_US = 87  # at 115200 baud
USB_FIFO_BYTES = 256  # of TinyUSB's CDC, each way
USB_WAIT_MS = 500  # that a write waits for a host which has the port open and does not read
RTC_BYTES = 2048
STACK_BYTES = 16 * 1024

# Heap. The first two are in mpconfigport.h, the others were counted on an emulated ESP32 (1.26.1).
FIRST_HEAP_BYTES = {"esp32": 56 * 1024, "esp32s3": 64 * 1024}
PROMPT_FREE_BYTES = 162_656  # gc.mem_free() of an empty classic board, what IDF may still give included
RUNNING_FREE_BYTES = {  # after the start, with the blocks of 4 KB and more that IDF can give
    "modem": 112_664,
    "tombol": 74_904,
    "sirene": 53_348,
    "penerus": 77_480,
    "penerima": 71_288,
}
LARGEST_FREE_BYTES = {"tombol": 2_160, "sirene": 3_328}
IDF_HEAPS = (  # idf_heap_info() of a tombol that runs: total, free, largest, least ever
    (240, 4, 0, 4),
    (7_288, 4, 0, 4),
    (16_648, 1_428, 1_344, 1_412),
    (86_456, 11_848, 11_776, 11_848),
    (15_072, 14_656, 14_336, 14_656),
    (113_840, 320, 304, 320),
)
HEAP_DATA = 4  # MALLOC_CAP_8BIT

# littlefs as the port mounts it: esp32_flash.py
BLOCK_BYTES, READ_BYTES, PROGRAM_BYTES, CACHE_BYTES = 4096, 32, 32, 128
LOOKAHEAD_BYTES, BLOCK_CYCLES = 32, 100

ESP_NAMES = {
    0x101: "ESP_ERR_NO_MEM",
    0x102: "ESP_ERR_INVALID_ARG",
    0x103: "ESP_ERR_INVALID_STATE",
    0x105: "ESP_ERR_NOT_FOUND",
    0x106: "ESP_ERR_NOT_SUPPORTED",
    0x107: "ESP_ERR_TIMEOUT",
    0x1102: "ESP_ERR_NVS_NOT_FOUND",
    0x1104: "ESP_ERR_NVS_INVALID_NAME",
    0x1105: "ESP_ERR_NVS_NOT_ENOUGH_SPACE",
    0x1109: "ESP_ERR_NVS_KEY_TOO_LONG",
    0x110C: "ESP_ERR_NVS_INVALID_LENGTH",
}
ENOENT, EIO, ENOMEM, EEXIST, ENODEV, ENOSPC, EOPNOTSUPP, ETIMEDOUT = 2, 5, 12, 17, 19, 28, 95, 116
ESP_ERRNO = {0x101: ENOMEM, 0x107: ETIMEDOUT, 0x106: EOPNOTSUPP}


def esp_error(code):
    """The OSError that check_esp_err raises: IDF's number made negative, or errno's, and IDF's name."""
    return OSError(ESP_ERRNO.get(code, -code), ESP_NAMES[code])


def unmade_error(what):
    """Return the error of making that part when the chip does not give it."""
    if what.startswith("Pin"):
        return ValueError("invalid pin")
    if what == "SPI":
        return OSError("SPI host already in use")
    if what == "WDT":
        return OSError(0x101)  # WDT hands IDF's number on as it is
    if what == "RTC":
        return MemoryError()  # its constructor raises nothing of its own
    return esp_error(0x101)


class Chip:
    """One of the two."""

    def __init__(self, classic, usb=False):
        self.name = "esp32" if classic else "esp32s3"
        self.classic = classic
        self.pads = CLASSIC_PADS if classic else S3_PADS
        self.flash = CLASSIC_FLASH if classic else S3_FLASH
        self.wake = CLASSIC_WAKE if classic else S3_WAKE
        self.adc = CLASSIC_ADC if classic else S3_ADC
        self.usb = usb  # whoever holds its line holds that
        self.any_low = not classic  # EXT1 at level 0: any of its pads low, or all of them
        self.uncalibrated = 0x102 if classic else 0x106

    def find(self, number):
        """That pad's number; ValueError where there is none."""
        if number not in self.pads:
            raise ValueError("invalid pin")
        assert number not in self.flash, "pad {} is the flash's: the chip stops".format(number)
        return number

    def input_only(self, number):
        return self.classic and number >= INPUT_ONLY_FROM


def chip_of(board_name):
    return Chip(board_name in CLASSIC_BOARDS, board_name in USB_BOARDS)
