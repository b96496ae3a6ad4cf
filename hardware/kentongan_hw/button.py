"""The button node's circuit; the penerima uses the same board with a 5 V adaptor."""

from kentongan_hw.parts.circuit import Circuit
from kentongan_hw.siren import radio_nets, test_points

REVISION = "B"
TITLE = "Tombol darurat: papan induk (button node carrier)"
LABELS = (
    "Revisi B: belum ada yang membuat. Built by: nobody yet.",
    "Satu sumber saja: 18650, atau 2xAA + U1 + JP1, atau adaptor 5 V (penerima).",
    "GPL-3.0-or-later; dibuat dari hardware/kentongan_hw/button.py",
)


def supply(c):
    b = c.block(
        "1  DAYA (cell)",
        (12, 14),
        (190, 84),
        (
            "J2: kabel ke soket baterai Heltec (periksa kutub). Q1, Q2: tahan baterai terbalik.",
            "JP1 1-2 hanya pada varian 2xAA. AA litium baru 3,6 V: U1 menjadikannya 3,3 V.",
        ),
    )
    b.add("J1", "TERM2", "18650", "SEL_IN GND", (5, 8), mirror=True, variant="18650")
    b.add("F1", "PTC_100", "1,0A", "SEL_IN SEL", (13, 8), 90, variant="18650")
    b.add(
        "Q1",
        "PMOS_SMALL",
        "AO3401",
        {"G": "GERBANG_1", "S": "BAT_OUT", "D": "SEL"},
        (24, 11),
        variant="18650",
    )
    b.add("R1", "R", "100k", "GERBANG_1 GND", (17, 16), variant="18650")
    b.add("J2", "TERM2", "KE HELTEC", "BAT_OUT GND", (40, 12), variant="18650")
    b.add("J3", "TERM2", "2xAA", "AA_IN GND", (5, 24), mirror=True, variant="2xAA")
    b.add("F2", "PTC_100", "1,0A", "AA_IN AA", (13, 24), 90, variant="2xAA")
    b.add("Q2", "PMOS_SMALL", "AO3401", {"G": "GERBANG_2", "S": "AA_P", "D": "AA"}, (24, 22), variant="2xAA")
    b.add("R2", "R", "100k", "GERBANG_2 GND", (17, 26), variant="2xAA")
    b.add(
        "U1",
        "BUCKBOOST",
        "3,3V",
        {"VIN": "AA_P", "GND_IN": "GND", "GND_OUT": "GND", "VOUT": "BB"},
        (44, 26),
        variant="2xAA",
    )
    b.add("C1", "CE", "100u 10V", "BB GND", (54, 29), variant="2xAA")
    b.add("JP1", "JUMPER3", "SUMBER 3V3", {"A": "BB", "MIDDLE": "+3V3", "B": None}, (63, 24), variant="2xAA")


def adaptor(c):
    b = c.block(
        "2  ADAPTOR 5 V (penerima)",
        (206, 14),
        (90, 104),
        ("Terbalik: F3 putus oleh D6, Q5 tetap tertutup.", "JP2 2-3: GPIO 5 membaca ADA_5V."),
    )
    b.add("J7", "TERM2", "ADAPTOR 5V", "ADAPTOR_IN GND", (5, 9), mirror=True, variant="penerima")
    b.add("F3", "PTC_100", "1,0A", "ADAPTOR_IN ADAPTOR", (12, 9), 90, variant="penerima")
    b.add("D6", "TVS10", "P6KE6.8A", "ADAPTOR GND", (17, 14), 270, variant="penerima")
    b.add(
        "Q5",
        "PMOS_SMALL",
        "AO3401",
        {"G": "GERBANG_3", "S": "+5V", "D": "ADAPTOR"},
        (28, 12),
        variant="penerima",
    )
    b.add("R18", "R", "100k", "GERBANG_3 GND", (23, 18), variant="penerima")
    b.add("R7", "R", "47k", "+5V ADA_5V", (11, 25), variant="penerima")
    b.add("R8", "R", "68k", "ADA_5V GND", (11, 32), variant="penerima")


def radio(c):
    b = c.block("3  PAPAN RADIO", (300, 14), (108, 104), ("Stick Lite V3: sambung menurut nama di J8.",))
    b.add("U2", "HELTEC", "Heltec V3", radio_nets("button", {"2": "+5V", "20": "+3V3"}), (21, 20))


WETTING = "2k7"


def contact(b, at, pull, cap, series, net, key, ohm="100k"):
    """One input: pull-up (it draws only while closed), a resistor and 10 n against bounce and spikes.

    A pull-up of 2.7 k sits at the contact itself: 1.2 mA through silver while it is pressed, none while open.
    """
    x, y = at
    wet = ohm == WETTING
    b.add(pull, "R", ohm, f"+3V3 {key if wet else net}", (x + (13 if wet else 4), y - 2))
    b.add(cap, "C", "10n", f"{net} GND", (x, y + 4))
    b.add(series, "R", "4k7", f"{net} {key}", (x + 9, y), 90)


def button(c):
    b = c.block(
        "4  TOMBOL BESAR (NO + NC)",
        (12, 102),
        (190, 92),
        (
            "NO rendah saat ditekan, NC tinggi: keduanya berubah = utuh. D1, D2: kabel luar.",
            "JP2 1-2: kontak NC. Tombol dinding di luar: kabel ke J4, sama.",
        ),
    )
    contact(b, (9, 10), "R3", "C2", "R4", "TOMBOL_NO", "NO_K", WETTING)
    b.add("D1", "TVS18S", "P6KE18A", "NO_K GND", (24, 13), 270)
    b.add("J4", "TERM4", "TOMBOL", "NO_K GND NC_K LED_LUAR", (44, 15))
    b.add("D2", "TVS18S", "P6KE18A", "NC_K GND", (36, 20), 270)
    contact(b, (9, 26), "R5", "C3", "R6", "TOMBOL_NC", "NC_PILIH", "1M")  # closed all day: 3 uA
    b.add("JP2", "JUMPER3", "NC / 5V", {"A": "NC_K", "MIDDLE": "NC_PILIH", "B": "ADA_5V"}, (26, 22))
    b.add("R17", "R", "330", "LAMPU_GPIO LED_LUAR", (62, 13), 90)


def keys(c):
    b = c.block("5  TOMBOL DIAM, TUTUP (silent key, lid)", (206, 122), (202, 72))
    contact(b, (9, 9), "R9", "C4", "R10", "TOMBOL_DIAM", "DIAM_K", WETTING)
    contact(b, (34, 9), "R11", "C5", "R12", "TUTUP", "TUTUP_K")
    b.add("J5", "TERM4", "DIAM TUTUP", "DIAM_K GND TUTUP_K GND", (60, 10))


def outputs(c):
    b = c.block("6  LAMPU, BUZZER, GETAR", (12, 198), (190, 84))
    b.add("R13", "R", "330", "LAMPU_GPIO LED_A", (12, 6), 90)
    b.add("D3", "LED", "merah", "GND LED_A", (18, 6), 180)
    b.add("Q3", "NMOS_SMALL", "AO3400", {"G": "BUZZER_GPIO", "S": "GND", "D": "BZ_N"}, (24, 17))
    b.add("R14", "R", "100k", "BUZZER_GPIO GND", (17, 20))
    b.add("D4", "D1", "1N4148", "+3V3 BZ_N", (26, 12), 270)
    b.add("BZ1", "BUZZER", "3V aktif", "+3V3 BZ_N", (34, 15))
    b.add("Q4", "NMOS_SMALL", "AO3400", {"G": "GETAR_GPIO", "S": "GND", "D": "GETAR_N"}, (54, 17))
    b.add("R15", "R", "100k", "GETAR_GPIO GND", (47, 20))
    b.add("D5", "D1", "1N4148", "+3V3 GETAR_N", (56, 12), 270)
    b.add("J6", "TERM2", "GETAR", "+3V3 GETAR_N", (67, 13))
    b = c.block("7  STICK LITE V3 (kabel menurut nama)", (206, 198), (88, 84))
    b.add(
        "J8",
        "HEADER10",
        "STICK LITE",
        "+3V3 BAT_OUT TOMBOL_NO TOMBOL_NC TUTUP TOMBOL_DIAM LAMPU_GPIO BUZZER_GPIO GETAR_GPIO GND",
        (24, 17),
    )


VOLTS = {
    **dict.fromkeys(("SEL_IN", "SEL", "BAT_OUT"), 4.25),
    **dict.fromkeys(("AA_IN", "AA", "AA_P"), 3.7),
    **dict.fromkeys(("ADAPTOR_IN", "ADAPTOR", "+5V"), 10.5),
}  # D6 at its rated pulse
LOADS = {
    **dict.fromkeys(("SEL_IN", "SEL", "BAT_OUT", "AA_IN", "AA", "AA_P"), 0.6),
    "BB": 0.3,
    "+3V3": 0.3,
    **dict.fromkeys(("ADAPTOR_IN", "ADAPTOR", "+5V"), 1.0),
    "GETAR_N": 0.1,
    "BZ_N": 0.04,
}
TEST_POINTS = (
    "GND",
    "BAT_OUT",
    "BB",
    "+3V3",
    "+5V",
    "TOMBOL_NO",
    "TOMBOL_NC",
    "TUTUP",
    "BUZZER_GPIO",
    "ADA_5V",
)


def build():
    """Return the Circuit of the button node's carrier."""
    c = Circuit("button", TITLE, REVISION, LABELS)
    c.volts, c.loads, c.steady_v = VOLTS, LOADS, 5.25
    c.flags = {"GND": (34, 28), "+5V": (30, 29)}
    for block in (supply, adaptor, radio, button, keys, outputs):
        block(c)
    test_points(c.block("8  TITIK UJI (test points)", (298, 198), (110, 52)), TEST_POINTS)
    return c
