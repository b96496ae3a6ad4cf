"""LilyGO T3-S3 V1.2/1.3 (ESP32-S3, SX1262). DIO1 cannot wake the chip. Not measured yet."""
CHIP = "sx1262"
SPI_ID = 1
SCK = 5
MISO = 3
MOSI = 6
NSS = 7
RESET = 8
BUSY = 34
DIO0 = None
DIO1 = 33
TCXO_MV = 1800  # on DIO3
DIO2_RF_SWITCH = True
RXEN = None  # high while it receives
BATTERY_ADC = 1
BATTERY_RATIO_X10 = 20
BATTERY_ENABLE = None
PMU = None  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 1  # level that lights the lamp
BUTTON = 0  # on the board, low when pressed
KEY_ACTIVE = 0  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = ()  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 12), ("lid", 15), ("silent", 16),),
    "shows": (37, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (("lid", 15), ("test", 0),),
    "shows": (37, None, None),
    "siren": 12,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 16),),
}
PENERIMA = {
    "keys": (("lid", 15), ("come", 12), ("hush", 0),),
    "shows": (37, 16, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 15),),
    "shows": (37, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 16),),
}
MODEM = {
    "keys": (),
    "shows": (37, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
