"""LilyGO T3 V1.6.1 (ESP32, SX1276). 34, 36, 39 need 100 kilohm to ground. Not measured yet."""
CHIP = "sx1276"
SPI_ID = 1
SCK = 5
MISO = 19
MOSI = 27
NSS = 18
RESET = 23
BUSY = None
DIO0 = 26
DIO1 = 33
TCXO_MV = None  # on DIO3
DIO2_RF_SWITCH = False
RXEN = None  # high while it receives
BATTERY_ADC = 35
BATTERY_RATIO_X10 = 20
BATTERY_ENABLE = None
PMU = None  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 1  # level that lights the lamp
BUTTON = None  # on the board, low when pressed
KEY_ACTIVE = 1  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = (34, 35, 36, 37, 38, 39)  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 34), ("lid", 36), ("silent", 39),),
    "shows": (25, 4, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (("lid", 36), ("test", 39),),
    "shows": (25, None, None),
    "siren": 4,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 34),),
}
PENERIMA = {
    "keys": (("lid", 36), ("come", 34), ("hush", 39),),
    "shows": (25, 4, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 36),),
    "shows": (25, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 34),),
}
MODEM = {
    "keys": (),
    "shows": (25, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
