"""Announcements without a siren: leave your houses, a death, work together, other news. Shown, spoken, ended.

Who may is by what it is: an evacuation whoever may sound a siren, the others whoever makes the RT's policies.
Each ends at a time that is chosen with it, or before. An evacuation is said every two minutes until then, at
any hour; the others once, and in quiet hours only after them.
"""

from typing import NamedTuple, TypedDict

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, quiet_hours, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account
from kentongan_hub.incidents.told import voice
from kentongan_hub.record import audit, away
from kentongan_hub.storage.store import Db

EVACUATE, DEATH, WORK, NEWS = "evacuate", "death", "work", "news"
MINUTE_MS = 60_000
AGAIN_MS = 2 * MINUTE_MS  # an evacuation is said again
TEXT_LIMIT = 160  # characters
OPEN_MAX, PERSON_MAX = 8, 4  # open at once: of all, and of one person
KEEP_MS = 90 * 86_400_000  # whose name and words they are
ENDED = "ended_wall IS NOT NULL"


class Kind(NamedTuple):
    word: Text
    permission: str
    minutes: tuple[int, ...]  # to choose from
    spoken: str  # what the voice begins with


KINDS = {
    EVACUATE: Kind(_("Evakuasi"), roles.SIREN, (30, 60, 180), "Perhatian, evakuasi"),
    DEATH: Kind(_("Berita lelayu"), roles.POLICY, (360, 1440, 4320), "Berita lelayu"),
    WORK: Kind(_("Kerja bakti"), roles.POLICY, (360, 1440, 4320), "Pengumuman kerja bakti"),
    NEWS: Kind(_("Pengumuman"), roles.POLICY, (60, 360, 1440, 4320), "Pengumuman"),
}


class Announcement(TypedDict):
    id: int
    kind: str
    zone: int
    text: str
    spoken: int
    account: int | None
    made_by: str
    screen: str
    made_ms: int
    made_wall: int
    ends_ms: int
    ends_wall: int
    said_ms: int | None
    ended_wall: int | None
    ended_by: str


def kind_of(row: Announcement) -> Kind:
    """Give what is known of its kind; a damaged one is news."""
    return KINDS.get(row["kind"], KINDS[NEWS])


def check(db: Db, by: Account, kind: str, zone: int, text: str, minutes: int, sure: bool) -> str:
    """Give the text as it is kept; LocalError says why it is not announced."""
    what, text = KINDS.get(kind), audit.clean(text).strip()
    if what is None or minutes not in what.minutes:
        raise LocalError(_("Pilih jenis pengumuman, dan berapa lama."))
    if not roles.allows(by["role"], what.permission):
        raise LocalError(_("Pengumuman itu dibuat ketua RT, wakil, ketua RW atau admin."))
    if not 0 <= zone <= 255:
        raise LocalError(_("RT: tulis angka 1 sampai 255, atau 0 untuk semua RT"))
    if not 0 < len(text) <= TEXT_LIMIT:
        raise LocalError(_("Tulis satu kalimat, paling panjang %(limit)s huruf.", limit=TEXT_LIMIT))
    if kind == EVACUATE and not sure:
        raise LocalError(_("Evakuasi: tandai bahwa Anda yakin. Tanda bahaya palsu dilarang."))
    running = opened(db)
    mine = sum(one["account"] == by["id"] for one in running)
    if len(running) >= OPEN_MAX or (mine >= PERSON_MAX and kind != EVACUATE):
        raise LocalError(_("Sudah terlalu banyak pengumuman. Akhiri yang lama dulu."))
    return text


def make(
    db: Db,
    now: Now,
    by: Account,
    kind: str,
    zone: int,
    text: str,
    minutes: int,
    spoken: bool,
    sure: bool = False,
    screen: str = "",
    at: str = "",
) -> int:
    """Announce it from now on; its number."""
    text = check(db, by, kind, zone, text, minutes, sure)
    number = db.insert(
        "announcements",
        kind=kind,
        zone=zone,
        text=text,
        spoken=int(spoken),
        account=by["id"],
        made_by=by["name"],
        screen=screen,
        made_ms=now.ms,
        made_wall=now.wall,
        ends_ms=now.ms + minutes * MINUTE_MS,
        ends_wall=now.wall + minutes * MINUTE_MS,
    )
    _record(db, now, by, codes.ANNOUNCED, number, text, screen, at)
    run_due(db, now)
    return number


def _record(db: Db, now: Now, by: Account, what: str, number: int, text: str, screen: str, at: str) -> None:
    said = Said(codes.FROM_SCREEN, name=screen) if screen else None
    audit.record(db, now.wall, by["login"], what, Said(codes.ANNOUNCEMENT, number=number), text, at, said)


def opened(db: Db) -> list[Announcement]:
    """List what stands now, the most urgent first."""
    return db.all(
        "SELECT * FROM announcements WHERE ended_wall IS NULL ORDER BY kind = ? DESC, id DESC", EVACUATE
    )


def end(db: Db, now: Now, by: Account, number: int, screen: str = "", at: str = "") -> None:
    """Take it down before its time; who may make it may end it."""
    row = db.one("SELECT * FROM announcements WHERE id = ? AND ended_wall IS NULL", number, of=Announcement)
    if row is None:
        raise LocalError(_("Pengumuman itu tidak ada lagi. Muat ulang halaman."))
    if not roles.allows(by["role"], kind_of(row).permission):
        raise LocalError(_("Pengumuman itu dibuat ketua RT, wakil, ketua RW atau admin."))
    _ended(db, now, row, by["name"])
    _record(db, now, by, codes.ANNOUNCEMENT_ENDED, number, row["text"], screen, at)


def _ended(db: Db, now: Now, row: Announcement, who: str) -> None:
    db.run("UPDATE announcements SET ended_wall = ?, ended_by = ? WHERE id = ?", now.wall, who, row["id"])
    if row["kind"] == EVACUATE and row["said_ms"] is not None:
        voice.say(db, now, row["zone"], "")


def _waits_to_be_said(row: Announcement, now: Now, quiet: bool) -> bool:
    if not row["spoken"]:
        return False
    if row["kind"] == EVACUATE:
        return row["said_ms"] is None or now.ms - row["said_ms"] >= AGAIN_MS
    return row["said_ms"] is None and not quiet


def due(db: Db, now: Now) -> list[Announcement]:
    """List those that are over, or to be said now."""
    quiet = quiet_hours.quiet_left_ms(db, now) > 0
    return [row for row in opened(db) if row["ends_ms"] <= now.ms or _waits_to_be_said(row, now, quiet)]


def run_due(db: Db, now: Now) -> int:
    """End what is over, have the posts say what is due; the number of both."""
    rows = due(db, now)
    for row in rows:
        if row["ends_ms"] <= now.ms:
            _ended(db, now, row, "")
        else:
            voice.say(db, now, row["zone"], sentence(row))
            db.run("UPDATE announcements SET said_ms = ? WHERE id = ?", now.ms, row["id"])
    return len(rows)


def sentence(row: Announcement) -> str:
    """Compose what the posts say."""
    begin = " ".join(filter(None, (kind_of(row).spoken, voice.place(row["zone"]))))
    return f"{begin}. {row['text']}"


def expire(db: Db, now: Now) -> int:
    """Forget those that were over long ago; the record keeps its lines."""
    return db.run(
        f"DELETE FROM announcements WHERE {ENDED} AND ends_ms < ?", away.cutoff(db, now.ms, KEEP_MS)
    )
