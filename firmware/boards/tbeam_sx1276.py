"""T-Beam V1.x with SX1276 (ESP32). Battery is behind a power chip that is not read. Not measured yet."""
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
HELD_HIGH = ()
BATTERY_ADC = None
BATTERY_RATIO_X10 = 0
BATTERY_ENABLE = None
KEY_ACTIVE = 0  # level of a pressed key

# keys: (name, pin); shows: lamp, buzzer, motor; healthy: toggles while the program runs
# battery: (ADC pin, ratio x10) where the role has a divider of its own
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
    "battery": None,
    "senses": (("mains", 25),),
}
PENERIMA = {
    "keys": (("lid", 14), ("come", 13), ("hush", 25),),
    "shows": (4, 15, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
PENERUS = {
    "keys": (("lid", 14),),
    "shows": (4, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
MODEM = {
    "keys": (),
    "shows": (4, None, None),
    "siren": None,
    "healthy": None,
    "battery": None,
    "senses": (),
}
