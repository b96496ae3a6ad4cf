"""The line that a deed leaves: for people in the timeline, for the record in the audit."""

from kentongan_hub.base import codes
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Part, Who, pack
from kentongan_hub.base.tables import Incident
from kentongan_hub.record import audit, chain, failures
from kentongan_hub.storage.store import Db

BY_HAND = 0  # the device of an incident that a person wrote down: no button, no gateway


def identity(db: Db, incident: Incident) -> str:
    """Name the incident as logs and people do: 'tombol-07 #1234', or 'rahasia-3' and nothing more."""
    if incident["confidential"] or incident["device"] == BY_HAND or incident["raised_by"]:
        return incident["slug"]
    label = db.value("SELECT label FROM devices WHERE node = ?", incident["device"])
    return f"{label or format(incident['device'], '08x')} #{incident['first_counter']}"


def tell(
    db: Db,
    now: Now,
    incident: Incident,
    who: Who,
    what: str,
    detail: Part = "",
    address: str = "",
    said: Part = None,
) -> None:
    """Write a line for people (timeline) and one for the record (audit); no deed fails for want of them.

    `what`: a code · `detail`: what people typed, or a Said · `said`: what we say beside what people typed.
    """
    with failures.about(incident["confidential"]):
        deed = (_tell, db, now, incident, who, what, detail, address, said)
        failures.contained(db, now, codes.WRITING_INCIDENT, *deed)


def tell_once(db: Db, now: Now, incident: Incident, what: str, said: Part) -> None:
    """Tell something of the hub itself, as tell(); not again while this line stands there."""
    known = "SELECT 1 FROM timeline WHERE incident = ? AND what = ? AND said = ? LIMIT 1"
    if not db.value(known, incident["id"], what, pack(said)):
        tell(db, now, incident, HUB, what, said)


def _tell(
    db: Db, now: Now, incident: Incident, who: Who, what: str, detail: Part, address: str, said: Part
) -> None:
    row = audit.columns(who, what, detail, address, said)
    chain.append(db, "timeline", incident=incident["id"], at_wall=now.wall, **row)
    if incident["confidential"]:
        detail, said = "", None
    audit.record(db, now.wall, who, what, identity(db, incident), detail, address, said)
