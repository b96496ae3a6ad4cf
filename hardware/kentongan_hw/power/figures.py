"""Figures of consumption and of cells, each with its source.

Nobody has measured these boards for this project yet. "typical" means a data sheet's typical value at 25 C;
"to measure" means that a bench has to replace it (hardware/power.md says how).
"""

from collections import namedtuple

# ma: current in milliampere.
Figure = namedtuple("Figure", "ma source")
# sleep_ma: whole board in deep sleep. rx_ma, tx_ma: radio alone.
Board = namedtuple("Board", "name sleep tx rx")
# mah: usable charge at 25 C until the board gives up, at the voltage the board draws it. month_percent:
# self-discharge. shelf_years: it is worn out by then whatever is drawn. drain_ma: its converter or protector.
Cell = namedtuple("Cell", "name mah month_percent shelf_years drain_ma source")

BOOT = Figure(40, "ESP32-S3 at 160 MHz while MicroPython starts, radio asleep; start value, to measure")
CPU = Figure(20, "ESP32-S3 at 80 MHz waiting between events; start value, to measure")
LAMP = Figure(5, "one bright LED at 330 ohm from 3.3 V")
BUZZER = Figure(20, "active buzzer of the 3 V class, 12 mm")
CONTACT = Figure(0.0033, "the big button's closed NC contact through R5, 1 megohm, and R6 of its carrier")
MOTOR = Figure(70, "coin vibration motor of the 3 V, 10 mm class")

SX1262_TX = Figure(118, "SX1262 data sheet, typical, +22 dBm, 3.3 V; at the lawful 17 dBm it is less")
SX1262_RX = Figure(5.3, "SX1262 data sheet, typical, LoRa 125 kHz, boosted gain, DC-DC")

BOARDS = (
    Board(
        "Heltec V3, pins and radio handled well",
        Figure(0.015, "reported by owners with radio asleep and every pin held; to measure"),
        SX1262_TX,
        SX1262_RX,
    ),
    Board(
        "Heltec V3, as most programs leave it",
        Figure(0.030, "reported by owners; to measure"),
        SX1262_TX,
        SX1262_RX,
    ),
    Board("LilyGO T3-S3 V1.3", Figure(0.040, "reported by owners; to measure"), SX1262_TX, SX1262_RX),
    Board(
        "a board with a pin left driving",
        Figure(0.800, "reported by owners of a Heltec V3 handled wrongly: what a mistake costs"),
        SX1262_TX,
        SX1262_RX,
    ),
)

CELLS = (
    Cell(
        "18650, 3,000 mAh, protected",
        2_700,
        1.5,
        10,
        0.004,
        "90 % of the printed charge down to 3.3 V; 1-2 % a month is common for lithium-ion, more in the heat",
    ),
    Cell(
        "2 x AA lithium, buck-boost to 3.3 V",
        2_450,
        0.05,
        15,
        0.020,
        "3,000 mAh x 2 x 1.5 V x 0.9 used x 0.9 converter / 3.3 V; makers promise 20 years on the shelf,"
        " less in a warm box; a converter of the TPS63802 class,"
        " 11-20 uA without load; one of the TPS63020 class takes 30-50",
    ),
    Cell(
        "2 x AA alkaline, buck-boost to 3.3 V",
        1_700,
        0.25,
        7,
        0.020,
        "2,400 mAh at low drain x 2 x 1.25 V x 0.85 used x 0.9 converter / 3.3 V; 3 % a year",
    ),
)

# The siren post at 12 V, and what else stands at mains or sun.
POST_IDLE = Figure(
    50,
    "K1's coil of 400 ohm (Songle SRD-12VDC-SL-C) 30 to 34 mA; ESP32 receiving, SX1262, lamp, lid loop 31 mA "
    "at 5 V through a converter at 85 %; U8 and dividers 1.7 mA; to measure",
)
POST_IDLE_WORST = Figure(
    75, "the same with 60 mA at 5 V and K1 at 14 V; more than this is a fault, at acceptance too"
)
SIREN_ON = Figure(1_200, "12 V siren of the 15 W class while its output is on")
LEAD_LEFT = 0.64  # of the printed charge: 80 % at the end of its life, 80 % of that at a 20 h rate or less
PENERUS = Figure(10.7, "ESP32 in light sleep between frames, SX1262 always receiving, at 3.7 V; to measure")
PENERUS_AWAKE = Figure(26, "the same without light sleep")
SUN_HOURS = 3.5  # a day at full sun, the darkest month on Java; from memory, look your place up in NASA POWER
PANEL_W, PANEL_LEFT = 2, 0.6  # dust, heat, a poor angle, the charger
GATEWAY_W = Figure(
    4.0, "W, not mA: Raspberry Pi 4 nearly idle with a USB radio; a Pi Zero 2 W takes about 1.5"
)
