"""Seeed XIAO ESP32S3 on the header Wio-SX1262: penerus and modem only, one free pin wakes. Not measured."""
CHIP = "sx1262"
SPI_ID = 1
SCK = 7
MISO = 8
MOSI = 9
NSS = 5
RESET = 3
BUSY = 4
DIO0 = None
DIO1 = 2
TCXO_MV = 1800  # on DIO3
DIO2_RF_SWITCH = True
RXEN = 6  # high while it receives
BATTERY_ADC = None
BATTERY_RATIO_X10 = 0
BATTERY_ENABLE = None
PMU = None  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 0  # level that lights the lamp
BUTTON = 0  # on the board, low when pressed
KEY_ACTIVE = 0  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = ()  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 1),),
    "shows": (21, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (),
    "shows": (21, None, None),
    "siren": 1,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERIMA = {
    "keys": (("come", 1),),
    "shows": (21, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 1),),
    "shows": (21, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
MODEM = {
    "keys": (),
    "shows": (21, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
