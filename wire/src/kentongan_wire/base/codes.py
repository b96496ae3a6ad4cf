"""Numbers of the kentongan message: roles, types, kinds, stages and flag bits (wire-format 4)."""

from kentongan_wire.base.kinds import *  # noqa: F403 - the numbers are part of this module's face
from kentongan_wire.base.kinds import NEVER_SOUND

VERSION = 1

TOMBOL, SIRENE, PENERUS, GATEWAY, PENERIMA = 1, 2, 3, 4, 5
ROLE_NAMES = {1: "tombol", 2: "sirene", 3: "penerus", 4: "gateway", 5: "penerima"}

ALARM, STATUS, SIREN_REPORT, EVENT = 1, 2, 3, 4
RECEIPTS, SIREN_ORDER, CONFIG, PAGE = 8, 9, 10, 11
TYPE_NAMES = {
    1: "ALARM",
    2: "STATUS",
    3: "SIREN_REPORT",
    4: "EVENT",
    8: "RECEIPTS",
    9: "SIREN_ORDER",
    10: "CONFIG",
    11: "PAGE",
}
SENDERS = {  # roles that may send a type
    ALARM: (TOMBOL, SIRENE),
    STATUS: (TOMBOL, SIRENE, PENERUS, GATEWAY, PENERIMA),
    SIREN_REPORT: (SIRENE,),
    EVENT: (TOMBOL, SIRENE, PENERIMA),
    RECEIPTS: (GATEWAY, SIRENE),
    SIREN_ORDER: (GATEWAY,),
    CONFIG: (GATEWAY,),
    PAGE: (GATEWAY,),
}

FLAG_SILENT, FLAG_CANCEL, FLAG_LID = 1, 4, 8  # ALARM (a half byte, beside the kind) and PAGE flags

STAGE_SOUNDING, STAGE_STORED, STAGE_COMING, STAGE_CLOSED, STAGE_CANCELLED = 1, 2, 3, 4, 5

STATE_SOUNDING, STATE_STOPPED, STATE_SILENCED, STATE_FAILED, STATE_DRIVEN = 1, 2, 3, 4, 5  # SIREN_REPORT
# Authentic here, but its counter is not above the last one: only the gateway knows whether it is a replay.
STATE_REFUSED = 6
STATE_DRILL, STATE_NO_DRILL = 7, 8  # the window of an order has begun, has ended; counter: the order's
SOURCE_DIRECT, SOURCE_RECEIPT, SOURCE_ORDER, SOURCE_POST = 1, 2, 3, 4  # what made the siren sound
ACTION_START, ACTION_STOP, ACTION_TEST = 1, 2, 3  # SIREN_ORDER
ACTION_DRILL, ACTION_DRILL_END = 4, 5  # the window of a drill, of the target's own zone
STOP_TONE, STOP_ALONE = 1, 2  # seconds of a stop: people hear that it ends; only the named incident ends
ACTION_REST = 6  # what sounds for the named alarm ends; its incident does not, a further press sounds
EVENT_RONDA, EVENT_AMAN, EVENT_HANDOVER, EVENT_COMING = 1, 2, 3, 4  # EVENT_COMING = "saya datang"

TOMBOL_STATUS_LID, TOMBOL_STATUS_LOW_BATTERY = 1, 2
TOMBOL_STATUS_STAGE_SHIFT = 2  # bits 2-4: highest stage held
TOMBOL_STATUS_KEY_STUCK, TOMBOL_STATUS_FLASH_FAILING, TOMBOL_STATUS_PART_FAILING = 0x20, 0x40, 0x80
STATUS_MAINS, STATUS_LID, STATUS_SOUNDING = 1, 2, 4
STATUS_SIREN_FAULT, STATUS_COUNTERS_LOST, STATUS_JAMMING = 8, 16, 32
STATUS_FLASH_FAILING, STATUS_PART_FAILING = 64, 128

ENTRIES_MAX = 14  # RECEIPTS
TARGETS_MAX = 15  # SIREN_ORDER
ORDER_SECONDS_MAX = 180  # longest sounding at a time
DRILL_SECONDS_MAX = 3600  # longest window of a drill
CONFIG_ITEMS_MAX = 209  # 211 bytes a part, part and parts included


def is_loud(zone: int, kind: int, flags: int) -> bool:
    """Tell whether a post may sound this alarm on its own; only such alarms go under A."""
    return bool(zone) and kind not in NEVER_SOUND and not flags & (FLAG_SILENT | FLAG_CANCEL)


def posts_judge(type: int, role: int) -> bool:
    """Tell whether a whole type goes under A: the receipts by which a gateway makes posts sound."""
    return type == RECEIPTS and role == GATEWAY
