"""The words on one device outside the pages: for the technician's tool, and on its sticker."""

import json
from collections.abc import Mapping
from typing import Any

from kentongan_hub.base import words
from kentongan_hub.base.clock import local_date_time
from kentongan_hub.base.tables import Device, Gateway
from kentongan_hub.devices.provision import device_files
from kentongan_hub.devices.trust import configs
from kentongan_hub.storage.store import Db

LAMP = (
    "Lihat lampunya. Kedip cepat: sedang dikirim. 1 kedip: sirene berbunyi. "
    "2 kedip: pos sudah menerima. 3 kedip: ada yang datang."
)
CANCEL = "Salah tekan? Saat lampu berkedip, tahan 3 detik untuk membatalkan."
STEPS = {
    "sirene": (
        "Sirene berbunyi sendiri saat ada alarm.",
        "Tombol DIAM mematikan bunyi yang sedang terdengar.",
        "Tombol UJI: dua nada, lalu tercatat sebagai uji coba.",
    ),
    "penerus": (
        "Alat ini meneruskan alarm tetangga. Jangan dicabut dari listrik.",
        "Lampu mati? Periksa stopkontak.",
        "Tetap mati? Hubungi teknisi RT.",
    ),
    "penerima": (
        "Berbunyi atau menyala saat tetangga butuh bantuan.",
        "Bisa datang? Tekan SAYA DATANG.",
        "Jangan dicabut dari listrik.",
    ),
    "modem": (
        "Radio pos: semua alarm masuk lewat alat ini. Jangan dicabut dari gateway.",
        "Antenanya harus selalu terpasang.",
        "Lampu gateway berkedip tiga? Periksa kabel USB dan antena ini.",
    ),
}


def steps(row: Mapping[str, Any]) -> list[str]:
    """Give three steps for a sticker, in the words of this very device: its strokes or its one press."""
    if row["role"] != "tombol":
        return list(STEPS[row["role"]])
    chosen = json.loads(row["settings"])
    if chosen.get("one_press", True):
        return ["Tekan tombol merah sekali.", LAMP, CANCEL]
    kinds = [f"{number} {words.kind(kind).lower()}" for number, kind in enumerate(chosen["strokes"], 1)]
    return [f"Tekan sampai lampu menyala, lalu ketuk: {', '.join(kinds)}.", LAMP, CANCEL]


def modem(db: Db, gateway: Gateway, file: dict[str, Any], site: str) -> dict[str, Any]:
    """Do as label(), for the radio of a gateway's row; `file` is its device file."""
    place = device_files.place_of(db, gateway["zone"])
    return label(db, {**file, "house": 0, "place": place}, site)


def shown(db: Db, row: Device) -> dict[str, Any]:
    """Describe one device for the tool: what it is, its state, the progress of its settings."""
    zone = db.setting("time_zone", "WIB")
    return {
        **{name: row[name] for name in ("node", "role", "label", "zone", "house", "place", "hops")},
        "id": format(row["node"], "08x"),
        "state": "revoked" if row["revoked"] else "pending" if row["pending"] else "in_service",
        "replaces": row["replaces"],
        "heard": local_date_time(row["heard_wall"], zone),
        "heard_wall": row["heard_wall"],
        "tested_wall": row["tested_wall"],
        "config": {
            "version": row["config_version"],
            "reported": row["reported_version"],
            "done": configs.has(row),
            "stranded": bool(row["stranded"]),
        },
    }


def label(db: Db, row: Mapping[str, Any], site: str) -> dict[str, Any]:
    """Compose the words and the QR text of a device's sticker; no key and no secret is on it."""
    number = format(row["node"], "08x")
    return {
        "site": site,
        "name": db.setting("name"),
        "node": row["node"],
        "id": number,
        "label": row["label"],
        "role": row["role"],
        "role_word": words.DEVICE_ROLES[row["role"]],
        "house": row["house"],
        "zone": row["zone"],
        "place": row["place"],
        "steps": steps(row),
        "qr": f"KENTONGAN {site} {row['label']} {number}",
    }
