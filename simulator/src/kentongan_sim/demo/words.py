"""The village page's words, Indonesian first: what the list of events says, and what the plan shows."""

from kentongan_sim.physics.shapes import Detail

LEGEND = (
    ("ALARM", "alarm"),
    ("RECEIPTS", "tanda terima"),
    ("SIREN_REPORT", "laporan sirene"),
    ("SIREN_ORDER", "perintah sirene"),
    ("EVENT", "kabar warga"),
    ("PAGE", "panggilan"),
    ("STATUS", "status"),
)
STROKES = ((1, "bahaya"), (2, "maling"), (3, "kebakaran"), (4, "bencana"), (5, "sakit"))
PATTERNS = {
    "titir": "titir (bahaya)",
    "maling": "dua-dua (maling)",
    "kebakaran": "tiga-tiga (kebakaran)",
    "bencana": "empat-empat (bencana)",
    "pencurian_ternak": "lima-lima (pencurian ternak)",
    "medis": "nada lembut (sakit mendadak)",
    "selesai": "nada panjang (selesai)",
    "latihan": "INI LATIHAN",
}
SHOWN = {
    "sounding": ("siren", "melihat: sirene berbunyi"),
    "stored": ("good", "melihat: pos menerima"),
    "coming": ("good", "melihat: ada yang datang"),
    "closed": ("good", "melihat: selesai"),
    "cancelled": ("good", "melihat: dibatalkan"),
    "nobody": ("dead", "melihat: tidak ada yang mendengar"),
}
PAGED = {
    "page": ("siren", "dipanggil untuk membantu"),
    "page_quiet": ("siren", "dipanggil diam-diam"),
    "answered": ("good", "menjawab: saya datang"),
}
PARTS = (
    ("gateway", "Gateway", "pos tetap berbunyi, tombol melihat sirene"),
    ("hub", "Pusat data", "gateway membunyikan sirenenya sendiri"),
    ("pos-1", "Pos ronda barat", "pos timur tetap berbunyi"),
    ("pos-2", "Pos ronda timur", "pos barat tetap berbunyi"),
    ("penerus-1", "Penerus", "rumah jauh lebih sulit terdengar"),
)
PART_NAMES = {name: title for name, title, _ in PARTS}


Line = tuple[str, str]  # (tone, text)


def line_for(what: str, label: str, name: str, detail: Detail) -> Line | None:
    """Word an event for the list of events, or None when it is not worth a line."""
    if what == "key":
        return _key(name, detail)
    if what == "show":
        words = SHOWN if label.startswith(("tombol", "papan")) else PAGED
        said = words.get(detail["state"])
        return said and (said[0], f"{name} {said[1]}")
    if what == "sound" and label.startswith(("pos", "modem")):
        return "siren", f"{name} berbunyi: {PATTERNS.get(detail['pattern'], detail['pattern'])}"
    if what == "quiet" and label.startswith("pos"):
        return "siren", f"{name} berhenti berbunyi"
    if what == "part":
        title = PART_NAMES.get(label, name)
        return ("good", f"{title} hidup lagi") if detail["up"] else ("dead", f"{title} dimatikan")
    return None


def _key(name: str, detail: Detail) -> Line | None:
    if not detail["down"]:
        return None
    if detail["key"] == "main":
        return "alarm", f"{name}: tombol ditekan"
    if detail["key"] == "silent":  # the page tells no more than a neighbour sees
        return "hush", "Satu tombol diam ditekan. Tidak ada yang terlihat atau terdengar di kampung."
    return None
