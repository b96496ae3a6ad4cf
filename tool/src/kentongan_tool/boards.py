"""The boards that there is a pin file for: their chip, MicroPython's image for it, and how USB shows them."""
from collections import namedtuple

Board = namedtuple("Board", "name title chip image usb")  # usb: (vendor, product) numbers it may show

CP2102 = (0x10C4, 0xEA60)
CH9102 = (0x1A86, 0x55D4)
CH340 = (0x1A86, 0x7523)
NATIVE = (0x303A, 0x1001)       # the S3's own USB, in its ROM loader and in MicroPython's default
NATIVE_MPY = (0x303A, 0x4001)   # MicroPython's USB stack
ESP32, ESP32S3 = "ESP32", "ESP32-S3"
GENERIC = {ESP32: "ESP32_GENERIC", ESP32S3: "ESP32_GENERIC_S3"}  # names on micropython.org/download

BOARDS = {board.name: board for board in (
    Board("heltec_v3", "Heltec WiFi LoRa 32 V3", ESP32S3, GENERIC[ESP32S3], (CP2102,)),
    Board("wireless_stick_lite_v3", "Heltec Wireless Stick Lite V3", ESP32S3, GENERIC[ESP32S3], (CP2102,)),
    Board("lilygo_t3", "LilyGO T3 V1.6.1", ESP32, GENERIC[ESP32], (CH9102, CH340)),
    Board("lilygo_t3s3", "LilyGO T3-S3", ESP32S3, GENERIC[ESP32S3], (NATIVE, NATIVE_MPY)),
    Board("tbeam_sx1276", "LilyGO T-Beam, SX1276", ESP32, GENERIC[ESP32], (CH9102, CP2102)),
    Board("tbeam_sx1262", "LilyGO T-Beam, SX1262", ESP32, GENERIC[ESP32], (CH9102, CP2102)),
    Board("xiao_esp32s3", "XIAO ESP32S3 + Wio-SX1262", ESP32S3, GENERIC[ESP32S3], (NATIVE, NATIVE_MPY)),
)}
VIRTUAL = "heltec_v3"  # a board of the demo village has these pins

FLASH_START = {ESP32: 0x1000, ESP32S3: 0x0}  # where MicroPython's image begins
IMAGE_CHIP_ID = {ESP32: 0, ESP32S3: 9}       # esp_app_format.h, esp_chip_id_t
REPL_CHIP = {"ESP32S3": ESP32S3, "ESP32": ESP32}  # longest first: end of sys.implementation._machine


def candidates(chip, usb=None):
    """Boards with this chip, and with this (vendor, product) when that leaves any."""
    fitting = [board for board in BOARDS.values() if board.chip == chip]
    seen = [board for board in fitting if usb in board.usb]
    return seen or fitting


def chip_of_machine(machine):
    """The chip in MicroPython's own words ("Generic ESP32S3 module with ESP32S3"), or None."""
    for word, chip in REPL_CHIP.items():
        if machine.endswith(word):
            return chip
    return None
