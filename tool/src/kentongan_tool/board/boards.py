"""The boards that there is a pin file for: their chip, MicroPython's image for it, and how USB shows them."""

from collections.abc import Collection
from typing import NamedTuple

from kentongan_tool.base.failures import ToolError

Usb = tuple[int | None, int | None]  # (vendor, product)


class Board(NamedTuple):
    name: str
    title: str
    chip: str
    image: str
    usb: tuple[Usb, ...]  # that it may show
    flash_mb: int
    roles: tuple[str, ...]  # what it is fit for


class Unfit(NamedTuple):
    title: str
    chip: str
    usb: tuple[Usb, ...]
    flash_mb: int
    why: str


ROLES = ("tombol", "sirene", "penerus", "penerima", "modem")

CP2102 = (0x10C4, 0xEA60)
CH9102 = (0x1A86, 0x55D4)
CH340 = (0x1A86, 0x7523)
NATIVE = (0x303A, 0x1001)  # the S3's own USB, in its ROM loader and in MicroPython's default
NATIVE_MPY = (0x303A, 0x4001)  # MicroPython's USB stack
ESP32, ESP32S3 = "ESP32", "ESP32-S3"
GENERIC = {ESP32: "ESP32_GENERIC", ESP32S3: "ESP32_GENERIC_S3"}  # names on micropython.org/download

BOARDS = {
    board.name: board
    for board in (
        Board("heltec_v3", "Heltec WiFi LoRa 32 V3", ESP32S3, GENERIC[ESP32S3], (CP2102,), 8, ROLES),
        Board(
            "wireless_stick_lite_v3",
            "Heltec Wireless Stick Lite V3",
            ESP32S3,
            GENERIC[ESP32S3],
            (CP2102,),
            8,
            ROLES,
        ),
        Board("lilygo_t3", "LilyGO T3 V1.6.1", ESP32, GENERIC[ESP32], (CH9102, CH340), 4, ROLES),
        Board("lilygo_t3s3", "LilyGO T3-S3", ESP32S3, GENERIC[ESP32S3], (NATIVE, NATIVE_MPY), 4, ROLES),
        Board("tbeam_sx1276", "LilyGO T-Beam, SX1276", ESP32, GENERIC[ESP32], (CH9102, CP2102), 4, ROLES),
        Board("tbeam_sx1262", "LilyGO T-Beam, SX1262", ESP32, GENERIC[ESP32], (CH9102, CP2102), 4, ROLES),
        Board(
            "xiao_esp32s3",
            "XIAO ESP32S3 + Wio-SX1262 kit (konektor kecil)",
            ESP32S3,
            GENERIC[ESP32S3],
            (NATIVE, NATIVE_MPY),
            8,
            ROLES,
        ),
        # Between its headers one pin is left that wakes the chip: no keys, no siren.
        Board(
            "xiao_esp32s3_header",
            "XIAO ESP32S3 di atas Wio-SX1262 (kaki pin)",
            ESP32S3,
            GENERIC[ESP32S3],
            (NATIVE, NATIVE_MPY),
            8,
            ("penerus", "modem"),
        ),
    )
}
# Sold in place of the V3, with the radio on the same pins. Between radio and antenna stands an amplifier,
# GC1109 (V4.2) or KCT8103L (V4.3), fed by GPIO 7 and switched by 2 and 46 or 5: our keys are there. Unfed it
# hears 10-20 dB less; fed it sends up to 28 dBm, and nobody knows how much at a given setting, so that the
# law's limit could not be kept. Sources: meshcore-dev/MeshCore pull requests 1249 and 1857,
# markqvist/RNode_Firmware 133, matthias-bs/BresserWeatherSensorReceiver 310.
HELTEC_V4 = Unfit(
    "Heltec WiFi LoRa 32 V4",
    ESP32S3,
    (NATIVE, NATIVE_MPY),
    16,
    "its amplifier between radio and antenna is on the pins of our keys and sends too strongly",
)
RADIO_OF_V4 = ("heltec_v3", "wireless_stick_lite_v3")  # boards whose radio has the same pins
VIRTUAL = "heltec_v3"  # a board of the demo village has these pins

FLASH_START = {ESP32: 0x1000, ESP32S3: 0x0}  # where MicroPython's image begins
IMAGE_CHIP_ID = {ESP32: 0, ESP32S3: 9}  # esp_app_format.h, esp_chip_id_t
REPL_CHIP = {"ESP32S3": ESP32S3, "ESP32": ESP32}  # longest first: end of sys.implementation._machine


def candidates(chip: str, usb: Usb | None = None, flash_mb: int | None = None) -> list[Board]:
    """Boards with this chip; with this (vendor, product), and then this flash, when that leaves any.

    The flash alone names no board: others have as much.
    """
    fitting = [board for board in BOARDS.values() if board.chip == chip]
    seen = [board for board in fitting if usb in board.usb]
    return [board for board in seen if board.flash_mb == flash_mb] or seen or fitting


def refuse_unfit(
    chip: str, usb: Usb | None = None, flash_mb: int | None = None, radios: Collection[str] = ()
) -> None:
    """Raise ToolError for a board that is known as not fit. `radios`: boards on whose pins a radio answers.

    The V4 shows itself by its own USB where a V3 has a bridge. Flash as large as its own has no board that
    is supported, but others have it too (XIAO ESP32S3 Plus).
    """
    large = chip == HELTEC_V4.chip and flash_mb == HELTEC_V4.flash_mb
    own_usb = usb in HELTEC_V4.usb and any(name in RADIO_OF_V4 for name in radios)
    if own_usb:
        raise ToolError("unfit_board", f"radio of a V3, USB of its own: {HELTEC_V4.title}: {HELTEC_V4.why}")
    if large:
        raise ToolError(
            "unfit_board",
            f"{chip}, {flash_mb} MB: a {HELTEC_V4.title} ({HELTEC_V4.why}), or a board that is not supported",
        )


def refuse_role(board: Board, role: str) -> None:
    if role not in board.roles:
        raise ToolError("unfit_board", f"{board.name} as {role}: it is fit for {', '.join(board.roles)}")


def chip_of_machine(machine: str) -> str | None:
    """Return the chip in MicroPython's own words ("Generic ESP32S3 module with ESP32S3"), or None."""
    for word, chip in REPL_CHIP.items():
        if machine.endswith(word):
            return chip
    return None
