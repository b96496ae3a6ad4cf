"""Heltec Wireless Stick Lite V3 (ESP32-S3, SX1262). Nobody has measured these numbers on a board yet."""
CHIP = "sx1262"
SPI_ID = 1
SCK = 9
MISO = 11
MOSI = 10
NSS = 8
RESET = 12
BUSY = 13
DIO0 = None
DIO1 = 14
TCXO_MV = 1800  # on DIO3
DIO2_RF_SWITCH = True
RXEN = None  # high while it receives
BATTERY_ADC = 1
BATTERY_RATIO_X10 = 49
BATTERY_ENABLE = 37  # as an input high on V3 and V3.1 (then low enables), low on V3.2 (then high)
PMU = None  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 1  # level that lights the lamp
BUTTON = 0  # on the board, low when pressed
KEY_ACTIVE = 0  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = ()  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 4), ("lid", 6), ("silent", 7),),
    "shows": (35, 5, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (("lid", 6), ("test", 0),),
    "shows": (35, None, None),
    "siren": 4,
    "healthy": 5,
    "battery": None,
    "senses": (("mains", 7),),
}
PENERIMA = {
    "keys": (("lid", 6), ("come", 4), ("hush", 7),),
    "shows": (35, 5, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 6),),
    "shows": (35, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
MODEM = {
    "keys": (),
    "shows": (35, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
