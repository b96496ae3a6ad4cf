"""Is a device alive? Pure: late before lost, and never green without proof."""

TERHUBUNG, TERLAMBAT, TERPUTUS, BELUM = "terhubung", "terlambat", "terputus", "belum terdengar"

HOUR_MS = 3_600_000
# role -> (late after, lost after); mains nodes report every 140 s, buttons every 6 h
LIMITS_MS = {
    "tombol": (13 * HOUR_MS, 26 * HOUR_MS),
    "gateway": (40_000, 300_000),
}
MAINS_LIMITS_MS = (160_000, 300_000)
# one lithium-ion cell, the only kind that these boards charge; empty is the mark at which a button says "low"
BATTERY_FULL_MV, BATTERY_EMPTY_MV = 4_100, 3_300


def link(role, heard_ms, now_ms, reported=""):
    """The state of a device last heard at `heard_ms`; a gateway's report may make it worse, never better."""
    if heard_ms is None:
        return BELUM
    late_ms, lost_ms = LIMITS_MS.get(role, MAINS_LIMITS_MS)
    silent_ms = now_ms - heard_ms
    if silent_ms >= lost_ms or reported == TERPUTUS:
        return TERPUTUS
    if silent_ms >= late_ms or reported == TERLAMBAT:
        return TERLAMBAT
    return TERHUBUNG


def battery_percent(battery_mv):
    """0..100 for a button's cells, None when unknown; a rough guide, 'low' comes from the device."""
    if not battery_mv:
        return None
    share = (battery_mv - BATTERY_EMPTY_MV) * 100 // (BATTERY_FULL_MV - BATTERY_EMPTY_MV)
    return max(0, min(100, share))


def signal(rssi, snr_q):
    """'kuat', 'cukup' or 'lemah' for people; '' when unknown. LoRa decodes below the noise: SNR decides."""
    if snr_q is None:
        return ""
    if snr_q >= 20:  # 5 dB and more
        return "kuat"
    return "cukup" if snr_q >= -20 else "lemah"
