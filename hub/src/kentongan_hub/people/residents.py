"""Houses and people: who lives where, who is called for what, with consent; and what happens when they move.

Stored: name, house, addresses, an optional health note with a consent of its own. Never NIK, KK number or
religion (UU PDP 27/2022, domain.md 7). A withdrawal of consent acts at once.
"""

import re
from collections.abc import Collection

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, sending, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Person
from kentongan_hub.people import ways
from kentongan_hub.people.access import By
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db

DUTIES = words.DUTIES
RT_DUTIES = ("ronda", "ketua_rt", "wakil_rt", "keamanan", "p3k", "kader", "mobil")  # the others serve the RW

DELAY_MAX_S = 900  # before an address is tried
NAME_LIMIT, PLACE_LIMIT, NOTE_LIMIT = 60, 80, 200  # characters
ADDRESSES_LIMIT = 5  # of one person
HOUSE_MAX = 0xFFFF
_NIK = re.compile(r"\d[\d .-]{14,}\d")
GONE = "(persetujuan ditarik)"
MOVES_OUT = (_("Pindah rumah"), _("Kontrak habis"), _("Rumah dijual"))  # reasons, one tap each
MOVES_IN = (_("Penghuni baru"), _("Kembali dari luar kota"))


def _text(name: str, value: object, limit: int, required: bool = False) -> str:
    value = audit.clean(value).strip()
    if required and not value:
        raise LocalError(_("%(name)s: masih kosong", name=name))
    if len(value) > limit:
        raise LocalError(_("%(name)s: paling panjang %(limit)s huruf", name=name, limit=limit))
    if _NIK.search(value):
        raise LocalError(_("%(name)s: jangan menyimpan NIK atau nomor KK di sini", name=name))
    return value


def subject_of(person: int) -> Said:
    """Somebody of the register, on the record: by number, for the name is erased one day."""
    return Said(codes.PERSON, number=person)


def house_at(zone: int, number: int) -> Said:
    return Said(codes.HOUSE_OF_RT, zone=f"{zone:02d}", house=number)


def check_name(name: str) -> str:
    return _text(_("nama"), name, NAME_LIMIT, True)


def check_place(place: str) -> str:
    return _text(_("patokan"), place, PLACE_LIMIT)


def check_consent(consent: object) -> None:
    if not consent:
        raise LocalError(_("persetujuan: orang ini harus setuju datanya disimpan; cetak dan minta tanda "
                           "tangan"))  # fmt: skip


def check_health(health: str, consent: object) -> str:
    health = _text("catatan kesehatan", health, NOTE_LIMIT)
    if health and not consent:
        raise LocalError(_("catatan kesehatan: perlu persetujuan tersendiri, atau kosongkan"))
    return health


def add_house(db: Db, now: Now, by: By, zone: int, number: int, place: str = "", at: str = "") -> int:
    """Add a house and return its id."""
    if not 1 <= zone <= 255 or not 1 <= number <= HOUSE_MAX:
        raise LocalError(_("RT 1 sampai 255 dan nomor rumah 1 sampai %(house_max)s", house_max=HOUSE_MAX))
    if db.value("SELECT 1 FROM houses WHERE zone = ? AND number = ?", zone, number):
        raise LocalError(_("rumah %(number)s di RT %(zone)s: sudah terdaftar",
                           number=number, zone=f"{zone:02d}"))  # fmt: skip
    house = db.insert("houses", zone=zone, number=number, place=check_place(place))
    audit.record(db, now.wall, by["login"], codes.HOUSE_ADDED, house_at(zone, number), address=at)
    return house


def add_person(
    db: Db,
    now: Now,
    by: By,
    name: str,
    zone: int,
    house: int,
    consent: object,
    health: str = "",
    health_consent: object = False,
    head: bool = False,
    at: str = "",
) -> int:
    """Add a person and return the id; nobody is stored without consent."""
    check_consent(consent)
    health = check_health(health, health_consent)
    if house and not db.value("SELECT 1 FROM houses WHERE zone = ? AND number = ?", zone, house):
        add_house(db, now, by, zone, house, at=at)
    person = db.insert(
        "people",
        name=check_name(name),
        zone=zone,
        house=house,
        head=int(head),
        health_note=health,
        consent_wall=now.wall,
        health_consent_wall=now.wall if health else None,
        created_wall=now.wall,
    )
    agreed = Said(codes.WITH_CONSENT)
    audit.record(db, now.wall, by["login"], codes.PERSON_ADDED, subject_of(person), agreed, at)
    return person


def check_address(db: Db, channel: str, address: str, delay_s: int) -> str:
    """Return the address as it is kept; LocalError names what is wrong."""
    address = ways.checked(db, channel, address)
    if not 0 <= delay_s <= DELAY_MAX_S:
        raise LocalError(_("tunda: 0 sampai 900 detik"))
    return address


def add_address(
    db: Db, now: Now, by: By, person: int, channel: str, address: str, delay_s: int = 0, at: str = ""
) -> None:
    address = check_address(db, channel, address, delay_s)
    _person(db, person)
    if db.value("SELECT count(*) FROM addresses WHERE person = ?", person) >= ADDRESSES_LIMIT:
        raise LocalError(_("paling banyak %(limit)s alamat untuk satu orang; hapus satu dulu",
                           limit=ADDRESSES_LIMIT))  # fmt: skip
    db.insert(
        "addresses", person=person, channel=channel, address=address, delay_s=delay_s, created_ms=now.ms
    )
    audit.record(db, now.wall, by["login"], codes.ADDRESS_ADDED, subject_of(person), channel, at)


def drop_address(db: Db, now: Now, by: By, person: int, number: int, at: str = "") -> None:
    row = db.one("SELECT channel, address FROM addresses WHERE id = ? AND person = ?", number, person)
    if row:
        ways.drop_waiting(db, now, person, row["channel"], row["address"])
        db.run("DELETE FROM addresses WHERE id = ?", number)
        audit.record(db, now.wall, by["login"], codes.ADDRESS_REMOVED, subject_of(person), address=at)


def check_duties(duties: Collection[str]) -> None:
    unknown = [duty for duty in duties if duty not in DUTIES]
    if unknown:
        raise LocalError(_("tugas %(value)s: pilih %(duties)s",
                           value=f"{unknown[0]!r}", duties=", ".join(DUTIES)))  # fmt: skip


def set_duties(db: Db, now: Now, by: By, person: int, duties: Collection[str], at: str = "") -> None:
    """This person is called for exactly these duties from now on; RT duties count in the own RT only."""
    row = _person(db, person)
    check_duties(duties)
    had = db.all("SELECT duty FROM duties WHERE person = ? ORDER BY duty", person)
    db.run("DELETE FROM duties WHERE person = ?", person)
    for duty in duties:
        db.insert("duties", person=person, duty=duty, zone=row["zone"] if duty in RT_DUTIES else 0)
    had_words = [", ".join(sorted(some)) or "-" for some in ([row["duty"] for row in had], duties)]
    detail = Said(codes.BECOMES, old=had_words[0], new=had_words[1])
    audit.record(db, now.wall, by["login"], codes.DUTIES_CHANGED, subject_of(person), detail, at)


def _person(db: Db, person: int) -> Person:
    row = db.one("SELECT * FROM people WHERE id = ? AND erased_wall IS NULL", person, of=Person)
    if row is None:
        raise LocalError(_("Orang itu tidak ada di daftar."))
    return row


def withdraw(db: Db, now: Now, by: By, person: int, at: str = "") -> None:
    """Consent withdrawn: name, notes, addresses and duties go at once; that it happened is on the record."""
    name = _person(db, person)["name"]
    # messages that wait are not sent, and those that were sent keep no number and no name
    db.run(
        f"DELETE FROM outbox WHERE type IN {sending.TO_PEOPLE} AND EXISTS ("
        "SELECT 1 FROM addresses a WHERE a.person = ? AND a.channel = outbox.channel "
        "AND a.address = json_field(outbox.body, 'to') AND NOT EXISTS (SELECT 1 FROM addresses b "
        "WHERE b.channel = a.channel AND b.address = a.address AND b.person != a.person))",
        person,
    )
    db.run("UPDATE houses SET key_holder = '' WHERE key_holder = ?", name)
    db.run("UPDATE houses SET key_person = NULL WHERE key_person = ?", person)
    db.run(
        "DELETE FROM sms_parts WHERE sender IN (SELECT address FROM addresses WHERE person = ?)", person
    )  # fmt: skip
    db.run("DELETE FROM addresses WHERE person = ?", person)
    db.run("DELETE FROM duties WHERE person = ?", person)
    db.run(
        "UPDATE people SET name = ?, health_note = '', house = 0, account = NULL, withdrawn_wall = ?, "
        "erased_wall = ? WHERE id = ?",
        GONE,
        now.wall,
        now.wall,
        person,
    )
    audit.record(db, now.wall, by["login"], codes.CONSENT_WITHDRAWN, subject_of(person), address=at)


def move_out(db: Db, now: Now, by: By, zone: int, number: int, reason: str, at: str = "") -> int:
    """Take a household out: nobody of it is called any more; the house stays, without people."""
    reason = _text(_("alasan"), reason, NOTE_LIMIT, True)
    if not db.run(
        "UPDATE houses SET occupied = 0 WHERE zone = ? AND number = ? AND occupied = 1", zone, number
    ):
        raise LocalError(_("rumah %(number)s di RT %(zone)s: tidak ada, atau sudah kosong",
                           number=number, zone=f"{zone:02d}"))  # fmt: skip
    gone = db.all("SELECT id FROM people WHERE zone = ? AND house = ? AND erased_wall IS NULL", zone, number)
    for row in gone:
        ways.drop_waiting(db, now, row["id"])
        db.run("UPDATE addresses SET active = 0 WHERE person = ?", row["id"])
        db.run("DELETE FROM duties WHERE person = ?", row["id"])
        db.run("UPDATE people SET house = 0, head = 0 WHERE id = ?", row["id"])
    audit.record(db, now.wall, by["login"], codes.MOVED_OUT, house_at(zone, number), reason, at)
    return len(gone)


def move_in(db: Db, now: Now, by: By, zone: int, number: int, reason: str, at: str = "") -> None:
    """Take a household in: the house counts again; its people are added with their consent."""
    reason = _text(_("alasan"), reason, NOTE_LIMIT, True)
    if not db.run(
        "UPDATE houses SET occupied = 1 WHERE zone = ? AND number = ? AND occupied = 0", zone, number
    ):
        raise LocalError(_("rumah %(number)s di RT %(zone)s: tidak ada, atau sudah berpenghuni",
                           number=number, zone=f"{zone:02d}"))  # fmt: skip
    audit.record(db, now.wall, by["login"], codes.MOVED_IN, house_at(zone, number), reason, at)
