"""Expiry in the outbox: a call that nobody ever tried to send is told, never dropped in silence.

Of a confidential incident only its circle is told, on its timeline and by a message that may wait for a day
while nobody has answered.
"""

import json

from kentongan_hub.base import codes, states
from kentongan_hub.base.clock import Now
from kentongan_hub.base.said import HUB, Said
from kentongan_hub.base.tables import Incident
from kentongan_hub.incidents.calling import recipients, texts
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.policies import policy
from kentongan_hub.record import failures, outbox, timeline
from kentongan_hub.storage.store import Db

NEVER_TRIED = f"o.{outbox.WAITS} AND o.expires_ms <= ? AND o.type = ? AND o.attempts = 0"


def expire(db: Db, now: Now) -> int:
    """End what is past its time; the number of rows. Calls of an incident that is open are told there."""
    rows = db.all(
        "SELECT o.incident, o.channel, count(*) AS n FROM outbox o JOIN incidents i ON i.id = o.incident "
        f"WHERE {NEVER_TRIED} AND i.closed_ms IS NULL GROUP BY o.incident, o.channel",
        now.ms,
        outbox.MESSAGE,
    )
    on = {row["name"] for row in db.all("SELECT name FROM channels WHERE enabled = 1")}
    late = 0
    for row in rows:
        incident = incident_of(db, row["incident"])
        what = Said(codes.CALLS_OF_CHANNEL, channel=Said(codes.CHANNEL, name=row["channel"]), count=row["n"])
        timeline.tell(db, now, incident, HUB, codes.NEVER_TRIED, what)
        if incident["confidential"]:
            if incident["state"] == states.BARU:  # nobody has answered
                _tell_circle(db, now, incident)
        elif row["channel"] in on:
            late += row["n"]
    if late:
        failures.note(db, now, Said(codes.CALLS_NEVER_TRIED, count=late))
    return outbox.expire(db, now.ms)


def _tell_circle(db: Db, now: Now, incident: Incident) -> None:
    text = texts.unsent(incident)
    with failures.about(True):
        for one in recipients.resolve(db, now, incident, [policy.NAMED]):
            body = json.dumps({"to": one["address"], "name": one["name"], "text": text}, ensure_ascii=False)
            outbox.add(db, now.ms, one["channel"], outbox.NEWS, body, outbox.CORRECTION_EXPIRES_MS,
                       incident["id"])  # fmt: skip
