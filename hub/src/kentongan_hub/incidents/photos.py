"""Photos of an incident: drawn anew, few, only for who may act on it, gone after 90 days (domain.md 7)."""

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account, Incident, Row
from kentongan_hub.incidents import confidential
from kentongan_hub.record import away, timeline
from kentongan_hub.storage.store import Db

SIDE_MAX = 1280  # px
LIMIT = 6  # of one incident
KEPT_MS = 90 * 86_400_000


def may_see(db: Db, account: Account, incident: Incident) -> bool:
    """Allow its circle to see a confidential incident's photos, else who may come: no wall, no office."""
    if incident["confidential"]:
        return confidential.may_see(db, account, incident)
    return roles.allows(account["role"], roles.COME)


def add(
    db: Db, now: Now, incident: Incident, account: Account, drawn: tuple[bytes, int, int], at: str = ""
) -> None:
    """Keep a photo; `drawn`: (JPEG, width, height) of pictures.redraw."""
    if db.value("SELECT count(*) FROM photos WHERE incident = ?", incident["id"]) >= LIMIT:
        raise LocalError(_("sudah ada %(limit)s foto untuk kejadian ini", limit=LIMIT))
    body, width, height = drawn
    db.insert(
        "photos", incident=incident["id"], body=body, width=width, height=height, made_wall=now.wall,
        made_ms=now.ms, made_by=account["name"],
    )  # fmt: skip
    timeline.tell(db, now, incident, account["name"], codes.PHOTO_ADDED, f"{width} x {height}", at)


def listed(db: Db, incident: Incident) -> list[Row]:
    columns = "id, width, height, made_by, made_wall"
    return db.all(f"SELECT {columns} FROM photos WHERE incident = ? ORDER BY id", incident["id"])


def body(db: Db, incident: Incident, number: int) -> bytes | None:
    return db.value("SELECT body FROM photos WHERE id = ? AND incident = ?", number, incident["id"])


def expire(db: Db, now: Now) -> int:
    """Delete photos at the end of their retention period; their number."""
    return db.run("DELETE FROM photos WHERE made_ms < ?", away.cutoff(db, now.ms, KEPT_MS))
