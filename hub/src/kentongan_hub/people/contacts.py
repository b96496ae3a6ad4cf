"""Numbers that people call, per area, each with the day somebody last checked it.

No number stands in behaviour: advice and cards name a service, and the number comes from here. Numbers that
the state promises everywhere are there from the start, unchecked (domain.md 1); local ones are empty until
somebody fills them in, 112 among them because most districts do not answer it.
"""

from typing import TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, services
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import phones
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Contact
from kentongan_hub.people.access import By
from kentongan_hub.record import audit, away
from kentongan_hub.record.away import Absences
from kentongan_hub.storage.store import Db


class Values(TypedDict):
    """A contact as the form spells it."""

    name: str
    number: str
    service: str
    zone: int


OTHER = ""  # a contact of no service: listed, in no sentence
LIMIT = 80  # contacts
NAME_LIMIT = 60  # characters
CHECK_DAYS = 180  # after so long a number has to be called again; the page Pengaturan changes it
CHECK_DAYS_RANGE = (30, 730)
GRACE_MS = 8 * 86_400_000  # a new site has a week before its unchecked numbers are a warning
DAY_MS = 86_400_000


def seed(db: Db) -> None:
    for service, (_word, name, number) in services.SERVICES.items():
        db.insert("contacts", name=name, number=number, service=service)


def numbers(db: Db, zone: int = 0) -> dict[str, str]:
    """{service: number} for people of this RT; a number of the RT's own wins over one for all."""
    rows = db.all(
        "SELECT service, number FROM contacts WHERE number != '' AND service != '' AND zone IN (0, ?) "
        "ORDER BY zone, id DESC",
        zone,
    )
    return {row["service"]: row["number"] for row in rows}


def save(db: Db, now: Now, by: By, number: int | None, values: Values, at: str = "") -> None:
    """Change contact `number`, or add one when it is None. `values`: name, number, service, zone."""
    name = audit.clean(values["name"]).strip()
    service, zone = values["service"], values["zone"]
    if not 0 < len(name) <= NAME_LIMIT:
        raise LocalError(_("nama: 1 sampai %(limit)s huruf", limit=NAME_LIMIT))
    phone = phones.callable_number(values["number"]) if values["number"].strip() else ""
    if service != OTHER and service not in services.SERVICES:
        raise LocalError(_("layanan: pilih dari daftar"))
    if not 0 <= zone <= 255:
        raise LocalError(_("RT: 1 sampai 255, atau 0 untuk semua RT"))
    if number is None:
        if db.value("SELECT count(*) FROM contacts") >= LIMIT:
            raise LocalError(_("sudah ada %(limit)s kontak; hapus yang tidak dipakai", limit=LIMIT))
        db.insert("contacts", name=name, number=phone, service=service, zone=zone)
        audit.record(db, now.wall, by["login"], codes.CONTACT_ADDED, name, phone, at)
        return
    old = _find(db, number)
    db.run(
        "UPDATE contacts SET name = ?, number = ?, service = ?, zone = ? WHERE id = ?",
        name, phone, service, zone, number,
    )  # fmt: skip
    if old["number"] != phone:  # whoever checked the old one has not called this one
        none = "verified_wall = NULL, verified_ms = NULL, verified_by = ''"
        db.run(f"UPDATE contacts SET {none} WHERE id = ?", number)
    becomes = Said(codes.BECOMES, old=old["number"], new=phone)
    audit.record(db, now.wall, by["login"], codes.CONTACT_CHANGED, name, becomes, at)


def verified(db: Db, now: Now, by: By, number: int, at: str = "") -> None:
    """This person has called the number and the right people answered."""
    row = _find(db, number)
    if not row["number"]:
        raise LocalError(_("Kontak ini belum punya nomor. Isi dulu nomornya."))
    db.run(
        "UPDATE contacts SET verified_wall = ?, verified_ms = ?, verified_by = ? WHERE id = ?",
        *(now.wall, now.ms, by["name"], number),
    )
    audit.record(db, now.wall, by["login"], codes.CONTACT_CHECKED, row["name"], row["number"], at)


def drop(db: Db, now: Now, by: By, number: int, at: str = "") -> None:
    row = _find(db, number)
    db.run("DELETE FROM contacts WHERE id = ?", number)
    audit.record(db, now.wall, by["login"], codes.CONTACT_REMOVED, row["name"], row["number"], at)


def _find(db: Db, number: int) -> Contact:
    row = db.one("SELECT * FROM contacts WHERE id = ?", number, of=Contact)
    if row is None:
        raise LocalError(_("Kontak itu tidak ada lagi. Muat ulang halaman."))
    return row


def check_days(db: Db) -> int:
    return db.number("contacts_days", CHECK_DAYS)


def is_old(row: Contact, gone: Absences, now_ms: int, days: int) -> bool:
    """Tell whether nobody has called a number for too long, or ever; `gone`: when this hub was away."""
    checked_ms = row["verified_ms"]
    return bool(row["number"]) and (not checked_ms or gone.passed_ms(checked_ms, now_ms) > days * DAY_MS)


def old(db: Db, now_ms: int) -> list[str]:
    """List the names of the numbers to call again; none in a site's first week."""
    made_ms, gone = away.made_ms(db), away.of(db)
    if made_ms is None or gone.passed_ms(made_ms, now_ms) < GRACE_MS:
        return []
    days = check_days(db)
    rows: list[Contact] = db.all("SELECT * FROM contacts ORDER BY id")
    return [row["name"] for row in rows if is_old(row, gone, now_ms, days)]
