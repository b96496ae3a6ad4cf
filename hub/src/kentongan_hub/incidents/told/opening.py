"""Open an incident by a person's word: its row, its circle, when its policy calls next."""

from kentongan_hub.base import sending, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import Part, Who
from kentongan_hub.base.tables import Incident, Value
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.people import circles
from kentongan_hub.policies import policy_store
from kentongan_hub.record import audit, outbox, timeline
from kentongan_hub.storage.store import Db

PAGE_EXPIRES_MS = 3_600_000
NONE_YET = ("drill", "cancelled", "late", "lid", "presses", "alerts")


def opened(db: Db, now: Now, secret: bool, **columns: Value) -> Incident:
    """Write the new incident down; nobody is called yet."""
    prefix = "rahasia" if secret else "kejadian"
    slug = actions.new_slug(db, prefix)
    number = int(slug.removeprefix(f"{prefix}-"))
    row: dict[str, Value] = {
        **dict.fromkeys(NONE_YET, 0),
        **{"slug": slug, "state": states.BARU, "device": timeline.BY_HAND, "gateway": ""},
        **{"first_counter": number, "last_counter": number, "confidential": int(secret)},
        **{"opened_ms": now.ms, "opened_wall": now.wall},
        **columns,
    }
    incident = incident_of(db, db.insert("incidents", **row))
    circles.draw(db, incident)
    return incident


def begin(
    db: Db, now: Now, incident: Incident, who: Who, what: str, detail: str, address: str, said: Part = None
) -> None:
    """Say who told it, and show it; its next step has its time."""
    due_ms = policy_store.first_alert_ms(db, now, incident, False)
    db.run("UPDATE incidents SET next_alert_ms = ? WHERE id = ?", due_ms, incident["id"])
    timeline.tell(db, now, incident, who, what, detail, address, said)
    outbox.add(db, now.ms, outbox.BOARD, sending.NEW, "{}", PAGE_EXPIRES_MS, incident["id"])
    audit.note("hub_logged", timeline.identity(db, incident), incident["state"])
