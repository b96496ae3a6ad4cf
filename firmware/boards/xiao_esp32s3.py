"""Seeed XIAO ESP32S3 with Wio-SX1262. RXEN 38 while it receives, DIO2 while it sends. Not measured yet."""
CHIP = "sx1262"
SPI_ID = 1
SCK = 7
MISO = 8
MOSI = 9
NSS = 41
RESET = 42
BUSY = 40
DIO0 = None
DIO1 = 39
TCXO_MV = 1800  # on DIO3
DIO2_RF_SWITCH = True
RXEN = 38  # high while it receives
BATTERY_ADC = None
BATTERY_RATIO_X10 = 0
BATTERY_ENABLE = None
PMU = None  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 1  # level that lights the lamp
BUTTON = 21  # on the board, low when pressed
KEY_ACTIVE = 0  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = ()  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 1), ("lid", 2), ("silent", 4),),
    "shows": (48, 5, 6),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (("lid", 2), ("test", 21),),
    "shows": (48, 5, None),
    "siren": 1,
    "healthy": 6,
    "battery": None,
    "senses": (("mains", 4),),
}
PENERIMA = {
    "keys": (("lid", 2), ("come", 1), ("hush", 4),),
    "shows": (48, 5, 6),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 2),),
    "shows": (48, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 4),),
}
MODEM = {
    "keys": (),
    "shows": (48, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
