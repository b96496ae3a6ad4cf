"""LoRa modulation presets, time on air, contention numbers and the law's limits; integers only."""

from kentongan_wire.base.errors import LocalError
from kentongan_wire.base.shapes import NamedTuple

# cr 5..8 stands for 4/5..4/8
Preset = NamedTuple("Preset", (("name", str), ("bw_hz", int), ("sf", int), ("cr", int)))

DEFAULT_PRESET = "ShortSlow"
# Meshtastic's modem presets, RadioInterface.cpp; those wider than 250 kHz are not lawful here.
PRESETS = {
    "ShortFast": Preset("ShortFast", 250_000, 7, 5),
    "ShortSlow": Preset("ShortSlow", 250_000, 8, 5),
    "MediumFast": Preset("MediumFast", 250_000, 9, 5),
    "MediumSlow": Preset("MediumSlow", 250_000, 10, 5),
    "LongFast": Preset("LongFast", 250_000, 11, 5),
    "LongModerate": Preset("LongModerate", 125_000, 11, 8),
    "LongSlow": Preset("LongSlow", 125_000, 12, 8),
}

SYNC_WORD = 0x2B  # Meshtastic; SX126x registers 0x24B4
PREAMBLE_SYMBOLS = 16  # Meshtastic; stock receivers sleep between looks, so all of them are sent
SYNC_QUARTER_SYMBOLS = 17  # 4.25 symbols of sync word after the preamble, SX1262 datasheet 6.1.4
LOW_RATE_SYMBOL_US = 16_000  # low data rate optimisation from this symbol time on (RadioLib, SX126x)
ALARM_FRAME_BYTES = 45  # header 16, Data 7, payload 22: the frame that is on the air most often
MAX_FRAME = 255  # bytes, LoRa's length field
CAD_SYMBOLS = 2  # channel activity detection length, Meshtastic NUM_SYM_CAD
TURNAROUND_US = 7_600  # 0.2 ms propagation + 0.4 ms turnaround + 7 ms processing, Meshtastic

CONTENTION_MIN, CONTENTION_MAX = 3, 8  # Meshtastic CWmin, CWmax
CONTENTION_SNR_DB = (-20, 10)  # SNR that map to them

DEFAULT_FREQ_HZ = 920_625_000  # SG_923, slot 15 at 250 kHz
BAND_HZ = (920_000_000, 923_000_000)  # Indonesia, SDPPI: LPWAN band
BANDWIDTH_MAX_HZ = 250_000
EIRP_MAX_DBM = 20  # 100 mW
AIR_LIMIT_MS = 36_000  # 1 % of an hour
AIR_BINS = 61  # one-minute bins: any whole hour lies within them


def preset(name: str) -> Preset:
    """Return the preset of that name; LocalError lists the names."""
    if name not in PRESETS:
        raise LocalError("preset {!r}: use one of {}".format(name, ", ".join(sorted(PRESETS))))
    return PRESETS[name]


def symbol_us(p: Preset) -> int:
    """Length of one symbol in microseconds (exact for the presets)."""
    return (1_000_000 << p.sf) // p.bw_hz


def airtime_us(p: Preset, n_bytes: int) -> int:
    """Return the time on air in us of a frame of n_bytes: explicit header, CRC (SX1262 datasheet 6.1.4)."""
    if not 0 <= n_bytes <= MAX_FRAME:
        raise LocalError("phy.airtime_us: {} bytes, a frame has 0 to {}".format(n_bytes, MAX_FRAME))
    symbol = symbol_us(p)
    bits_per_symbol = p.sf - 2 if symbol >= LOW_RATE_SYMBOL_US else p.sf
    bits = 8 * n_bytes + 16 - 4 * p.sf + 8 + 20  # payload, CRC, explicit header
    blocks = -(-bits // (4 * bits_per_symbol)) if bits > 0 else 0
    quarters = 4 * (PREAMBLE_SYMBOLS + 8 + blocks * p.cr) + SYNC_QUARTER_SYMBOLS
    return symbol * quarters // 4


def pace_percent(p: Preset) -> int:
    """Return the percent of an alarm's time on air against the default preset's; at least 100.

    A time in which frames are heard, held or repeated was measured on that one; it is so many frames long.
    """
    reference_us = airtime_us(PRESETS[DEFAULT_PRESET], ALARM_FRAME_BYTES)
    return max(100, airtime_us(p, ALARM_FRAME_BYTES) * 100 // reference_us)


def slot_us(p: Preset) -> int:
    """Contention slot in microseconds: 2.5 symbols + 7.6 ms, cut to whole milliseconds as Meshtastic does."""
    return (symbol_us(p) * (2 * CAD_SYMBOLS + 1) // 2 + TURNAROUND_US) // 1000 * 1000


def contention_window(snr_q: int) -> int:
    """Contention window 3..8 for a reception at snr_q quarter dB; the farthest hearer gets the smallest."""
    low, high = CONTENTION_SNR_DB
    snr_db = snr_q // 4 if snr_q >= 0 else -(-snr_q // 4)  # cut toward zero, as Arduino's map() does
    snr_db = min(max(snr_db, low), high)
    return CONTENTION_MIN + (snr_db - low) * (CONTENTION_MAX - CONTENTION_MIN) // (high - low)


def check_frequency(freq_hz: int, bw_hz: int) -> None:
    """Raise LocalError unless the whole channel lies in 920-923 MHz and is at most 250 kHz wide."""
    if not 0 < bw_hz <= BANDWIDTH_MAX_HZ:
        raise LocalError("bandwidth {} Hz: at most {} Hz is lawful".format(bw_hz, BANDWIDTH_MAX_HZ))
    if 2 * freq_hz - bw_hz < 2 * BAND_HZ[0] or 2 * freq_hz + bw_hz > 2 * BAND_HZ[1]:
        raise LocalError(
            "frequency {} Hz with {} Hz bandwidth leaves 920-923 MHz: use {} Hz".format(
                freq_hz, bw_hz, DEFAULT_FREQ_HZ
            )
        )


def check_eirp_dbm(conducted: int, gain: int, loss: int) -> None:
    """Raise LocalError unless conducted power + gain - cable loss (dBm, dBi, dB) is at most 20 dBm."""
    if conducted + gain - loss > EIRP_MAX_DBM:
        raise LocalError(
            "{} dBm + gain {} dBi - loss {} dB is above {} dBm EIRP: lower conducted_dbm".format(
                conducted, gain, loss, EIRP_MAX_DBM
            )
        )
