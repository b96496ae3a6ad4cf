"""An incident's states and what leads from one to the next; the picture in the README is drawn from it."""

BARU, DITERIMA, MENUJU, DITANGANI = "baru", "diterima", "menuju_lokasi", "ditangani"
SELESAI, KELIRU, DIBATALKAN, LATIHAN = "selesai", "alarm_keliru", "dibatalkan", "latihan"
STATES = (BARU, DITERIMA, MENUJU, DITANGANI, SELESAI, KELIRU, DIBATALKAN, LATIHAN)
CLOSED = (SELESAI, KELIRU)

# what a button does: a press, a drill's press, the presser's cancel
TEKAN, TEKAN_LATIHAN, BATAL = "tekan", "tekan_latihan", "batal"
# what a person does
TERIMA, DATANG, TIBA, BANTUAN = "terima", "datang", "tiba", "bantuan"
TUTUP, SALAH, TANDAI_LATIHAN, SUNGGUHAN, BUKA = "selesai", "keliru", "latihan", "sungguhan", "buka"

_CLOSING = {TUTUP: SELESAI, SALAH: KELIRU}
_OPEN = {**_CLOSING, DATANG: MENUJU, TIBA: DITANGANI, TANDAI_LATIHAN: LATIHAN}
TABLE = {
    BARU: {**_OPEN, TEKAN: BARU, TEKAN_LATIHAN: BARU, BATAL: DIBATALKAN, TERIMA: DITERIMA, BANTUAN: BARU},
    DITERIMA: {
        **_OPEN,
        TEKAN: DITERIMA,
        TEKAN_LATIHAN: DITERIMA,
        BATAL: DITERIMA,
        TERIMA: DITERIMA,
        BANTUAN: DITERIMA,
    },
    MENUJU: {**_OPEN, TEKAN: MENUJU, TEKAN_LATIHAN: MENUJU, BATAL: MENUJU, BANTUAN: MENUJU},
    DITANGANI: {
        **_OPEN,
        DATANG: DITANGANI,
        TEKAN: DITANGANI,
        TEKAN_LATIHAN: DITANGANI,
        BATAL: DITANGANI,
        BANTUAN: DITANGANI,
    },
    DIBATALKAN: {
        **_OPEN,
        TEKAN: BARU,
        TEKAN_LATIHAN: DIBATALKAN,
        BATAL: DIBATALKAN,
        TERIMA: DITERIMA,
        BANTUAN: BARU,
    },
    LATIHAN: {
        **_CLOSING,
        TEKAN: BARU,
        TEKAN_LATIHAN: LATIHAN,
        BATAL: LATIHAN,
        DATANG: LATIHAN,
        TIBA: LATIHAN,
        SUNGGUHAN: BARU,
    },
    SELESAI: {TEKAN: BARU, TEKAN_LATIHAN: SELESAI, BATAL: SELESAI, BUKA: DITERIMA},
    KELIRU: {TEKAN: BARU, TEKAN_LATIHAN: KELIRU, BATAL: KELIRU, BUKA: DITERIMA},
}


def after(state: str, event: str) -> str | None:
    """Look the next state up; None when the table forbids it."""
    return TABLE[state].get(event)
