"""Reports of people without a button: an event somebody ran to the post with, or a report.

Of a confidential one neither the reporter's name nor address is stored anywhere, not even in the record.
"""

import threading

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import REPORTER
from kentongan_hub.base.tables import Account, Incident, Value
from kentongan_hub.incidents.calling import recipients, steps
from kentongan_hub.incidents.told import opening
from kentongan_hub.people import circles
from kentongan_hub.policies import policy_store
from kentongan_hub.record import audit, outbox
from kentongan_hub.storage.store import Db

TEXT_LIMIT, PLACE_LIMIT = 280, 80  # characters
KINDS = [kind for kind in words.KINDS if kind != m.KIND_UJI]
WAITING_MAX, WAITING_MS = 5, 600_000  # reports of one account that nobody was called for yet, in this time


class Lately:
    """Counts an account's recent reports: in memory only, for no disk may know who reported."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrote: dict[
            int, list[tuple[int, str]]
        ] = {}  # account -> [(steady ms, slug; '' of one in confidence)]

    def check(self, db: Db, now_ms: int, account: int) -> None:
        """Raise LocalError where so many of this account wait that another would only wait behind them.

        One that is called for, or over, counts no more. One in confidence counts for its time: else its
        reporter would see how it goes.
        """
        with self._lock:
            recent = [one for one in self._wrote.get(account, ()) if now_ms - one[0] < WAITING_MS]
            self._wrote[account] = [one for one in recent if not one[1] or _is_uncalled(db, one[1])]
            if len(self._wrote[account]) >= WAITING_MAX:
                raise LocalError(
                    _(
                        "%(count)s laporan Anda dalam 10 menit ini masih menunggu. Telepon dulu: 112, atau "
                        "nomor di halaman Kontak; orang lain bisa melapor dari akunnya sendiri.",
                        count=WAITING_MAX,
                    )  # fmt: skip
                )

    def wrote(self, now_ms: int, account: int, slug: str, secret: bool) -> None:
        with self._lock:
            self._wrote.setdefault(account, []).append((now_ms, "" if secret else slug))


def _is_uncalled(db: Db, slug: str) -> bool:
    """Recognize an open report whose calls wait and were never tried."""
    return bool(
        db.value(
            "SELECT 1 FROM incidents i JOIN outbox o ON o.incident = i.id WHERE i.slug = ? "
            "AND i.closed_ms IS NULL AND o.type = ? GROUP BY i.id "
            "HAVING max(o.state = ?) = 1 AND max(o.attempts) = 0",
            *(slug, outbox.MESSAGE, outbox.WAITING),
        )
    )


def zones(db: Db) -> list[int]:
    """List the RTs of this site: its own, and every one with a device or a house."""
    rows = db.all(
        "SELECT DISTINCT zone FROM devices WHERE revoked = 0 UNION SELECT zone FROM houses "
        "UNION SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'rt'"
    )
    return sorted(row["zone"] for row in rows if row["zone"])


def is_confidential(kind: int) -> bool:
    return kind in words.CONFIDENTIAL_KINDS


def take(
    db: Db,
    now: Now,
    account: Account,
    kind: int,
    zone: int,
    house: int,
    place: str,
    text: str,
    address: str = "",
) -> str:
    """Open an incident from a report, called like any other but without sirens; its slug."""
    if kind not in KINDS:
        raise LocalError(_("Pilih jenis kejadian: yang dikirim tidak ada di daftar."))
    if not 1 <= zone <= 255 or not 0 <= house <= 0xFFFF:
        raise LocalError(_("RT: tulis angka 1 sampai 255; rumah boleh kosong"))
    if zone not in zones(db):
        raise LocalError(_("RT %(zone)s tidak ada di sini: pilih dari daftar.", zone=f"{zone:02d}"))
    text, place = audit.clean(text).strip(), audit.clean(place).strip()
    if not text:
        raise LocalError(_("Tulis satu kalimat: apa yang terjadi."))
    if len(text) > TEXT_LIMIT or len(place) > PLACE_LIMIT:
        raise LocalError(_("Terlalu panjang: kalimat %(limit)s huruf, patokan %(limit2)s huruf",
                           limit=TEXT_LIMIT, limit2=PLACE_LIMIT))  # fmt: skip
    secret = is_confidential(kind)
    about: dict[str, Value] = {"zone": zone, "house": house, "place": place, "kind": kind}
    incident = opening.opened(db, now, secret, **about)
    _somebody_hears(db, now, incident)
    who, at = (REPORTER, "") if secret else (account["name"], address)
    opening.begin(db, now, incident, who, codes.REPORTED, text, at)
    steps.at_once(db, now, incident)
    return incident["slug"]


def _somebody_hears(db: Db, now: Now, incident: Incident) -> None:
    """Refuse a report for offices only where no office is known, and name whom to telephone."""
    if incident["kind"] in circles.OFFICES_ONLY and not circles.members(db, incident):
        to = [word for step in policy_store.for_incident(db, incident)["langkah"] for word in step["kepada"]]
        if not recipients.resolve(db, now, incident, to):
            raise LocalError(
                _(
                    "Belum ada ketua RW atau Bhabinkamtibmas yang bisa dipanggil. Telepon polsek; ketua RT "
                    "melengkapi tugas mereka di Orang dan rumah."
                )  # fmt: skip
            )
