"""Words for the posts' voices: an order to each gateway of the RT; without a voice it says nothing."""

from kentongan_wire.base.kinds import may_be_crime
from kentongan_wire.message import messages as m

from kentongan_hub.base import words
from kentongan_hub.base.clock import Now
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

TEXT_MAX = 240  # characters that a gateway takes
EXPIRES_MS = 60_000  # said later it would startle
CALM = "Amankan, jangan main hakim sendiri."


def say(db: Db, now: Now, zone: int, text: str, incident: int | None = None) -> int:
    """Order it of the gateways of this RT, 0: of all; the number of gateways. An empty text ends it."""
    rows = db.all(
        "SELECT label FROM gateways WHERE token IS NOT NULL AND (? = 0 OR zone IN (0, ?)) ORDER BY label",
        *(zone, zone),
    )
    labels = [row["label"] for row in rows]
    outbox.order(db, now.ms, labels, "say", {"text": text[:TEXT_MAX]}, EXPIRES_MS, incident)
    return len(labels)


def place(zone: int) -> str:
    return f"di er te {zone}" if zone else ""


def of_alarm(kind: int, zone: int) -> str:
    """Say an alarm as a gateway says the one that it has heard itself."""
    name = "Orang sakit mendadak" if kind == m.KIND_MEDIS else str(words.kind(kind))
    calm = f" {CALM}" if may_be_crime(kind) else ""
    return f"Perhatian. {name} {place(zone)}.{calm}"
