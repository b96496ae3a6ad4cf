"""T-Beam V1.x with SX1262 (ESP32). A power chip feeds the radio and reads the battery. Not measured yet."""
CHIP = "sx1262"
SPI_ID = 1
SCK = 5
MISO = 19
MOSI = 27
NSS = 18
RESET = 23
BUSY = 32
DIO0 = None
DIO1 = 33
TCXO_MV = 1800  # on DIO3
DIO2_RF_SWITCH = True
RXEN = None  # high while it receives
BATTERY_ADC = None
BATTERY_RATIO_X10 = 0
BATTERY_ENABLE = None
PMU = (21, 22)  # I2C pins (SDA, SCL) of an AXP192 or AXP2101
LAMP_ON = 0  # level that lights the lamp
BUTTON = 38  # on the board, low when pressed
KEY_ACTIVE = 1  # level of a pressed key; of the lid's when it is open
INPUT_ONLY = (34, 35, 36, 37, 38, 39)  # pins that cannot drive, and have no pull: the carrier pulls

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10, pin that loads it) where the role has a divider of its own
TOMBOL = {
    "keys": (("main", 13), ("lid", 14), ("silent", 25),),
    "shows": (4, 15, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
SIRENE = {
    "keys": (("lid", 14), ("test", 38),),
    "shows": (4, None, None),
    "siren": 13,
    "healthy": 15,
    "battery": (39, 57, None),
    "senses": (("mains", 25), ("siren", 36),),
}
PENERIMA = {
    "keys": (("lid", 14), ("come", 13), ("hush", 25),),
    "shows": (4, 15, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 36),),
}
PENERUS = {
    "keys": (("lid", 14),),
    "shows": (4, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (("mains", 25),),
}
MODEM = {
    "keys": (),
    "shows": (4, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
