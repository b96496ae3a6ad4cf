"""The siren post's circuit. Values are calculated in hardware/siren/README.md and proved by tests/hardware.

Nets of the radio board's pins come from signals.toml; everything else is here.
"""

from kentongan_hw.kicad.ownlib import pin_of
from kentongan_hw.parts import signals
from kentongan_hw.parts.circuit import Circuit

REVISION = "B"
TITLE = "Pos sirene: papan induk (siren post carrier)"
LABELS = (
    "Revisi B: belum ada yang membuat. Built by: nobody yet.",
    "Hanya 12 V DC di papan ini. Listrik PLN 220 V tidak boleh masuk kotak papan.",
    "GPL-3.0-or-later; dibuat dari hardware/kentongan_hw/siren.py",
)


def radio_nets(node, extra):
    """{symbol pin: net} of the Heltec's 36 pins: power, signals, `extra`; the rest stays open."""
    nets = {str(i): None for i in range(1, 37)}
    nets.update({"1": "GND", "19": "GND"})
    nets.update({pin_of(s.gpio): s.net for s in signals.load(node)})
    nets.update(extra)
    return nets


def supply(c):
    b = c.block(
        "1  CATU DAYA 12 V (supply, charger, battery)",
        (12, 14),
        (156, 100),
        (
            "Adaptor 13,8 V 3 A (SELV). Aki VRLA 12 V 7 Ah: 13,5-13,7 V bila penuh. R1 membatasi arus isi.",
            "Q1: aki hanya bila adaptor mati; Q9: lihat 13. Aki terbalik: F2 putus oleh D4.",
        ),
    )
    b.add("J1", "TERM2", "ADAPTOR 13,8V", "PSU_IN GND", (4, 9), mirror=True)
    b.add("F1", "FUSE", "T3,15A", "PSU_IN PSU", (12, 9), 90)
    b.add("D1", "TVS18", "1.5KE18A", "PSU GND", (18, 13), 270)
    b.add("R4", "R", "1k", "PSU GND", (24, 13))
    b.add("D2", "D3A", "1N5408", "VRAW PSU", (52, 9), 180)
    b.add("F5", "PTC_100", "1,0A", "PSU ISI1", (31, 15), 90)
    b.add("R1", "R5W", "3R3 5W", "ISI1 ISI2", (39, 15), 90)
    b.add("D3", "DFAST3A", "SB560", "AKI ISI2", (47, 15), 180)
    b.add("J2", "TERM2", "AKI 12V", "AKI_IN GND", (4, 25), mirror=True)
    b.add("F2", "FUSE", "T5A", "AKI_IN AKI", (12, 25), 90)
    b.add("D4", "TVS18", "1.5KE18A", "AKI GND", (18, 29), 270)
    b.add("Q1", "PMOS", "IRF4905", {"G": "GERBANG_P", "D": "AKI_Q", "S": "VRAW"}, (55, 20), 0)
    b.add("D5", "ZENER", "15V", "VRAW GERBANG_P", (46, 21), 270)
    b.add("R2", "R", "100k", "GERBANG_P GND", (46, 28))
    b.add("R3", "R", "10k", "PSU GERBANG_P", (38, 22))
    b.add("F4", "PTC_040", "0,4A", "VRAW V12", (30, 31), 90)
    b.add("C1", "CE_BIG", "470u 35V", "V12 GND", (37, 32))
    b.add("C2", "C", "100n", "V12 GND", (23, 33))
    b.add("R30", "R", "470k 1%", "AKI AKI_ADC", (50, 28))
    b.add("R31", "R", "100k 1%", "AKI_ADC GND", (50, 33))
    b.add("C12", "C", "100n", "AKI_ADC GND", (57, 33))


def five_volt(c):
    b = c.block("2  5 V", (212, 14), (84, 52), ("Modul menerima 6,5-36 V; polyfuse F4 di depannya.",))
    b.add("U1", "BUCK5", "5V 1A", {"VIN": "V12", "GND": "GND", "VOUT": "+5V"}, (13, 8))
    b.add("C3", "CE", "22u 25V", "+5V GND", (20, 12))
    b.add("R5", "R", "1k", "+5V LED5", (26, 8))
    b.add("D6", "LED", "hijau 5V", "GND LED5", (26, 14), 90)


def radio(c):
    b = c.block(
        "3  PAPAN RADIO",
        (300, 14),
        (108, 68),
        ("Antena di luar lewat penangkal petir koaksial; tidak di papan ini.",),
    )
    b.add(
        "U2", "HELTEC", "Heltec V3", radio_nets("siren", {"2": "+5V", "20": "+3V3", "7": "RESET"}), (21, 14)
    )


def driver(c):
    b = c.block(
        "4  PENGGERAK SIRENE (siren output)",
        (12, 118),
        (148, 84),
        ("R8 dan R10 menahan gerbang di 0 V saat program belum jalan atau kabel lepas.",),
    )
    b.add("R6", "R", "390", "SIRENE_GPIO OPTO_A", (10, 10), 90)
    b.add("U3", "OPTO", "PC817B", {"A": "OPTO_A", "K": "GND", "E": "OPTO_E", "C": "V12"}, (18, 11))
    b.add("R8", "R", "10k", "OPTO_E GND", (24, 17))
    b.add("R9", "R", "10k", "OPTO_E GERBANG", (30, 12), 90)
    b.add("R10", "R", "100k", "GERBANG GND", (35, 17))
    b.add("D7", "ZENER", "12V", "GERBANG GND", (40, 17), 270)
    b.add("Q2", "NMOS", "IRLZ44N", {"G": "GERBANG", "D": "SIRENE_N", "S": "SHUNT"}, (46, 15))
    b.add("R11", "RSHUNT", "0R22 2W", "SHUNT GND", (47, 22))
    b.add("D8", "DFAST3A", "SB560", "SIRENE_P SIRENE_N", (47, 8), 270)
    b.add("F3", "FUSE", "T3,15A", "VRAW SIRENE_P", (36, 5), 90)
    b.add("J3", "TERM2", "SIRENE", "SIRENE_P SIRENE_N", (55, 9))
    b.add("Q3", "NPN", "BC547B", {"C": "GERBANG", "B": "BATAS_B", "E": "GND"}, (28, 22), 0)
    b.add("R12", "R", "10k", "BATAS BATAS_B", (20, 22), 90)


def timer(c):
    b = c.block(
        "5  BATAS BUNYI 180 s (maximum-on timer)",
        (164, 118),
        (128, 84),
        (
            "Tidak bergantung pada ESP32. U4: 8192 x 2,2 x R15 x C4 = 207 s sejak bunyi pertama,",
            "lalu Q3 menutup gerbang. Direset setelah 3-16 s hening (R14, C5).",
        ),
    )
    b.add("R7", "R", "47k", "OPTO_E AKTIF_B", (8, 20), 90)
    b.add("R13", "R", "100k", "AKTIF_B GND", (13, 24))
    b.add("Q4", "NPN", "BC547B", {"C": "AKTIF_C", "B": "AKTIF_B", "E": "GND"}, (18, 20))
    b.add("R16", "R", "1k", "HENING AKTIF_C", (19, 14))
    b.add("C5", "CE", "10u 25V", "+5V HENING", (12, 9))
    b.add("R14", "R", "1M", "+5V HENING", (19, 7))
    b.add(
        "U4",
        "CD4060",
        "CD4060B",
        {
            "OSC_OUT": "OSC_C",
            "OSC_OUT_N": "OSC_R",
            "OSC_IN": "OSC_IN",
            "RESET": "HENING",
            "VDD": "+5V",
            "VSS": "GND",
            "Q14": "BATAS",
            **dict.fromkeys(("Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q10", "Q12", "Q13")),
        },
        (36, 15),
    )
    b.add("C4", "CFILM", "100n 5%", "OSC_X OSC_C", (26, 5), 90)
    b.add("R15", "R", "115k 1%", "OSC_X OSC_R", (26, 9), 90)
    b.add("R17", "R", "1M", "OSC_X OSC_IN", (26, 13), 90)
    b.add("D10", "D1", "1N4148", "OSC_IN BATAS", (36, 27), 0)
    b.add("C6", "C", "100n", "+5V GND", (46, 9))


def sense(c):
    b = c.block(
        "6  ARUS SIRENE (does it draw current)",
        (12, 206),
        (104, 78),
        ("Ambang 22 mV / 0R22 = 0,1 A. Arus bukan bukti bunyi: uji dengan telinga.",),
    )
    b.add("R18", "R", "1k", "SHUNT ARUS_P", (9, 8), 90)
    b.add("C7", "C", "100n", "ARUS_P GND", (14, 12))
    b.add("R19", "R", "150k 1%", "+3V3 ARUS_REF", (9, 15))
    b.add("R20", "R", "1k 1%", "ARUS_REF GND", (9, 22))
    b.add(
        "U5",
        "LM393",
        "LM393",
        {
            "1OUT": "ARUS_SIRENE",
            "1IN-": "ARUS_REF",
            "1IN+": "ARUS_P",
            "2IN+": "GND",
            "2IN-": "+3V3",
            "2OUT": None,
            "GND": "GND",
            "VCC": "+5V",
        },
        (0, 0),
        units=[(1, (22, 11), 0), (2, (22, 22), 0), (3, (30, 21), 0)],
    )
    b.add("R21", "R", "1M", "ARUS_P ARUS_SIRENE", (22, 6), 90)
    b.add("R22", "R", "10k", "+3V3 ARUS_SIRENE", (29, 7))
    b.add("C8", "C", "100n", "+5V GND", (36, 21))


def watchdog(c):
    b = c.block(
        "7  PENGAWAS (watchdog, relay)",
        (120, 206),
        (126, 78),
        ("Detak dari program: U6 mereset papan bila detak berhenti 60 s; relay lepas dalam 1-4 s.",),
    )
    b.add(
        "U6",
        "TPL5010",
        "TPL5010",
        {"VDD": "+3V3", "GND": "GND", "DELAY": "WAKTU", "DONE": "DETAK", "WAKE": None, "RST": "RESET"},
        (12, 12),
    )
    b.add("R25", "R", "22k1 1%", "WAKTU GND", (5, 17))
    b.add("R26", "R", "10k", "+3V3 RESET", (21, 7))
    b.add("C9", "C", "1u", "DETAK POMPA", (20, 19), 90)
    b.add("D11", "DSCH", "BAT85", "POMPA GND", (24, 23), 270)
    b.add("D12", "DSCH", "BAT85", "TAHAN POMPA", (28, 19), 180)
    b.add("C10", "CE", "10u 25V", "TAHAN GND", (32, 23))
    b.add("R27", "R", "220k", "TAHAN GND", (38, 23))
    b.add("Q5", "NMOS_SMALL", "AO3400", {"G": "TAHAN", "S": "GND", "D": "RELAY_N"}, (44, 19))
    b.add("D13", "D1", "1N4148", "V12 RELAY_N", (28, 10), 270)
    b.add(
        "K1",
        "RELAY",
        "SRD-12V",
        {"COIL_A": "V12", "COIL_B": "RELAY_N", "COM": "PENGAWAS_C", "NO": "PENGAWAS_NO", "NC": "PENGAWAS_NC"},
        (37, 11),
    )
    b.add("J4", "TERM3", "JAGA", "PENGAWAS_NO PENGAWAS_C PENGAWAS_NC", (45, 5))


def inputs(c):
    b = c.block(
        "8  TUTUP, PLN, UJI AKI (lid, mains, load test)",
        (296, 122),
        (112, 80),
        (
            "J5: rangkaian normal tertutup; kabel putus terbaca tutup terbuka.",
            "U7: PLN ada bila adaptor memberi lebih dari 9 V. R53 membebani aki 2-6 s, tidak lebih (C17).",
        ),
    )
    b.add("J5", "TERM2", "TUTUP", "TUTUP_L GND", (5, 9), mirror=True)
    b.add("R32", "R", "2k2", "+5V TUTUP_L", (11, 6))
    b.add("R33", "R", "10k", "TUTUP_L TUTUP_G", (16, 9), 90)
    b.add("C13", "C", "100n", "TUTUP_G GND", (20, 12))
    b.add("Q6", "NMOS_SMALL", "AO3400", {"G": "TUTUP_G", "S": "GND", "D": "TUTUP"}, (28, 9))
    b.add("R34", "R", "10k", "+3V3 TUTUP", (34, 6))
    b.add("D15", "ZENER", "6V2", "PSU PLN_Z", (11, 17), 0)
    b.add("R36", "R", "1k", "PLN_Z PLN_A", (18, 17), 90)
    b.add("U7", "OPTO", "PC817B", {"A": "PLN_A", "K": "GND", "E": "PLN_ADA", "C": "+3V3"}, (26, 18))
    b.add("R37", "R", "10k", "PLN_ADA GND", (33, 22))
    b.add("C17", "CE", "10u 25V", "UJI_AKI UJI_G", (9, 23), 90)
    b.add("R52", "R", "330k", "UJI_G GND", (13, 25))
    b.add("Q10", "NMOS_SMALL", "AO3400", {"G": "UJI_G", "S": "GND", "D": "UJI_BEBAN"}, (19, 24))
    b.add("R53", "R5W", "12R 5W", "UJI_BEBAN AKI", (26, 24), 90)


def keys(c):
    b = c.block("9  TOMBOL UJI DAN MATIKAN BUNYI (test, silence)", (250, 206), (158, 47))
    b.add("R38", "R", "2k2", "+3V3 TOMBOL_UJI", (12, 7))
    b.add("C14", "C", "100n", "TOMBOL_UJI GND", (8, 13))
    b.add("R39", "R", "330", "TOMBOL_UJI UJI_K", (18, 9), 90)
    b.add("SW1", "KEY", "UJI", "UJI_K GND", (23, 13), 270)
    b.add("R40", "R", "2k2", "+3V3 TOMBOL_DIAM", (36, 7))
    b.add("C15", "C", "100n", "TOMBOL_DIAM GND", (32, 13))
    b.add("R41", "R", "330", "TOMBOL_DIAM DIAM_K", (42, 9), 90)
    b.add("SW2", "KEY", "MATIKAN", "DIAM_K GND", (47, 13), 270)
    b.add("J6", "TERM3", "LUAR", "UJI_K GND DIAM_K", (56, 7))


def outputs(c):
    b = c.block("10  LAMPU DAN BUZZER", (212, 68), (84, 46))
    b.add("R42", "R", "330", "LAMPU_GPIO LED_A", (9, 5), 90)
    b.add("D16", "LED", "merah", "GND LED_A", (15, 5), 180)
    b.add("R43", "R", "100", "BUZZER_GPIO BZ_G", (9, 12), 90)
    b.add("R44", "R", "100k", "BZ_G GND", (12, 14))
    b.add("Q8", "NMOS_SMALL", "AO3400", {"G": "BZ_G", "S": "GND", "D": "BZ_N"}, (18, 12))
    b.add("D17", "D1", "1N4148", "+5V BZ_N", (20, 8), 270)
    b.add("BZ1", "BUZZER", "5V aktif", "+5V BZ_N", (27, 11))
    b.add("R45", "R", "330", "LAMPU_GPIO LAMPU_LUAR", (25, 5), 90)
    b.add("J8", "TERM2", "LAMPU", "LAMPU_LUAR GND", (31, 5))
    b = c.block("11  TANAH (earth)", (250, 257), (48, 27), ("GND ke batang tanah di J7 saja.",))
    b.add("J7", "TERM2", "TANAH", "GND GND", (9, 4))


def cut_off(c):
    b = c.block(
        "13  AKI KOSONG", (169, 14), (41, 100), ("Q9 putus di bawah 10,5 V,", "sambung di atas 12,3 V.")
    )
    b.add("Q9", "PMOS", "IRF4905", {"G": "AKI_G", "D": "AKI_Q", "S": "AKI"}, (9, 8), 0)
    b.add("D18", "ZENER", "15V", "AKI AKI_G", (3, 8), 270)
    b.add("R47", "R", "1k", "AKI_G AKI_K", (3, 14))
    b.add("R46", "R", "8k2", "AKI AKI_K", (9, 14))
    b.add("U8", "REF25", "TL431", {"REF": "AKI_REF", "A": "GND", "K": "AKI_K"}, (6, 24), 0)
    b.add("R48", "R", "56k 1%", "AKI AKI_REF", (3, 19))
    b.add("R50", "R", "330k 1%", "AKI_Q AKI_REF", (9, 19))
    b.add("R49", "R", "15k 1%", "AKI_REF GND", (12, 25))
    b.add("C16", "C", "1u", "AKI_REF GND", (8, 29))


SURGE_V = 25.2  # 1.5KE18A at its rated pulse: what the 12 V nets can see
VOLTS = dict.fromkeys(
    ("PSU_IN", "PSU", "AKI_IN", "AKI", "AKI_Q", "VRAW", "V12", "SIRENE_P", "SIRENE_N", "UJI_BEBAN"), SURGE_V
)
LOADS = {
    **dict.fromkeys(
        ("PSU_IN", "PSU", "AKI_IN", "AKI", "AKI_Q", "VRAW", "SIRENE_P", "SIRENE_N", "SHUNT"), 3.0
    ),
    "UJI_BEBAN": 1.3,
    **dict.fromkeys(("ISI1", "ISI2", "+5V", "PENGAWAS_C", "PENGAWAS_NO", "PENGAWAS_NC"), 1.0),
    "V12": 0.4,
    "+3V3": 0.3,
    "RELAY_N": 0.04,
    "BZ_N": 0.04,
    "OPTO_E": 0.01,
    "PLN_ADA": 0.01,
}
TEST_POINTS = ("GND", "VRAW", "V12", "+5V", "+3V3", "GERBANG", "SHUNT", "TAHAN", "BATAS", "AKI_ADC")


def test_points(b, nets):
    """Add a row or two of holes for the meter's tip, TP1 first; hardware/rakit says what each must read."""
    for i, net in enumerate(nets):
        up = net.startswith("+") or net.startswith("V")  # drawn with its power symbol above
        row, column = divmod(i, 5)
        b.add(f"TP{i + 1}", "TITIK", net, {"1": net}, (3 + 8 * column, 5 + 5 * row), 180 if up else 0)


def build():
    """Return the Circuit of the siren post's carrier."""
    c = Circuit("siren", TITLE, REVISION, LABELS)
    c.volts, c.loads, c.steady_v = VOLTS, LOADS, 14.6
    c.flags = {"VRAW": (4, 17), "V12": (9, 17), "GND": (14, 16)}
    for block in (supply, cut_off, five_volt, radio, driver, timer, sense, watchdog, inputs, keys, outputs):
        block(c)
    test_points(c.block("12  TITIK UJI (test points)", (300, 84), (108, 34)), TEST_POINTS)
    return c
