"""The words of a message that calls a person; of a confidential incident its number and nothing more."""

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import local_time
from kentongan_hub.base.tables import Incident
from kentongan_hub.people import contacts
from kentongan_hub.people.houses import left_empty
from kentongan_hub.storage.store import Db

LIMIT = 300  # characters: two SMS


def call(db: Db, incident: Incident, number: int, on_duty: bool = False) -> str:
    """Compose a call: 'KEBAKARAN di Rumah 7, RT 05/RW 03, 22.30 WIB. ...'

    `on_duty`: to somebody who may read that the house is empty; a fire calls everybody.
    """
    if incident["confidential"]:
        return f"Kentongan: {incident['slug']} menunggu Anda di pusat data RT. {hint(incident['slug'])}"
    again = f" (panggilan ke-{number})" if number else ""
    mark = "INI LATIHAN. " if incident["drill"] else ""
    when = local_time(incident["opened_wall"], db.setting("time_zone", "WIB"))
    text = f"{mark}{words.kind(incident['kind']).upper()} di {place(db, incident)}, {when}{again}."
    advice = words.advice(incident, contacts.numbers(db, incident["zone"]))
    empty = left_empty.note(db, incident["opened_ms"], incident["zone"], incident["house"]) if on_duty else ""
    text = f"{text} {_raised(db, incident)} {empty} {advice}".replace("  ", " ").strip()
    return f"{text[: LIMIT - 30]} {hint(incident['slug'])}"


def _raised(db: Db, incident: Incident) -> str:
    """Say who had the siren sounded, and why: no button was pressed."""
    if not incident["raised_by"]:
        return ""
    why = "SELECT detail FROM timeline WHERE incident = ? AND what = ? ORDER BY id LIMIT 1"
    return f"{words.raised(incident)}: {db.value(why, incident['id'], codes.RAISED)}."


def left_open(db: Db, incident: Incident) -> str:
    """Compose the question after an answered incident that nobody has ended."""
    if incident["confidential"]:
        return f"Kentongan: {incident['slug']} masih terbuka. Sudah selesai? Tutup di pusat data RT."
    kind = words.kind(incident["kind"])
    when = local_time(incident["opened_wall"], db.setting("time_zone", "WIB"))
    return (
        f"{kind} di {place(db, incident)}, {when}, dijawab {incident['answered_by']}, masih terbuka. "
        f"Sudah selesai? Tutup {incident['slug']} di papan, atau tulis catatan."
    )[:LIMIT]


def unsent(incident: Incident) -> str:
    """Tell the circle of a confidential incident that calls to some of them were never tried."""
    return f"Kentongan: {incident['slug']}: ada panggilan yang tidak sempat dikirim. Buka di pusat data RT."


def place(db: Db, incident: Incident) -> str:
    """Name the place as people say it: 'Rumah 7, Gang Mawar · RT 05/RW 03'."""
    area = f"RT {incident['zone']:02d}/RW {db.number('rw'):02d}"
    device = db.one("SELECT label, house, place FROM devices WHERE node = ?", incident["device"])
    where = incident["place"] or (device or {}).get("place", "")
    house = f"Rumah {incident['house']}" if incident["house"] else (device or {}).get("label", "")
    parts = [part for part in (house, where if where != area else "", area) if part]
    return ", ".join(parts)


def correction(db: Db, incident: Incident) -> str:
    """Compose the correction for everybody who was called for a false alarm."""
    if incident["confidential"]:
        return f"Kentongan: {incident['slug']} sudah ditutup."
    kind = words.kind(incident["kind"]).lower()
    return f"KOREKSI: alarm {kind} di {place(db, incident)} keliru. Keadaan aman."


def only_a_drill(db: Db, incident: Incident) -> str:
    """Compose the correction for everybody who was called for a drill."""
    kind = words.kind(incident["kind"]).lower()
    return f"INI LATIHAN. Panggilan {kind} di {place(db, incident)} hanya latihan, tidak perlu datang."


def hint(slug: str) -> str:
    """Compose 'Balas: DATANG 12', so that an answer names its incident; confidential ones are R3."""
    prefix, _, number = slug.rpartition("-")
    return f"Balas: DATANG {'R' if prefix == 'rahasia' else ''}{number}"
