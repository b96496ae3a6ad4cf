"""Stop a post that sounds by an order of long ago, played to it by somebody who recorded it.

A post that did not hear an order cannot know that it is old, and a gateway does not know what other gateways
order. The hub knows both: when the alarm came, and when it last had sirens started for it.
"""

from kentongan_wire import messages as m

from kentongan_hub.base.language import _
from kentongan_hub.incidents import orders
from kentongan_hub.record import away, outbox, timeline

AGAIN_MS = 10_000  # between two orders to stop the same incident's posts
OVER_MS = 10 * 60_000  # gateways order by themselves in an alarm's first minutes only (their SLOW_MS)
SOUNDING = (m.STATE_SOUNDING, m.STATE_DRIVEN)
ORDERED = (
    "SELECT count(*) FROM outbox WHERE type = 'siren' AND incident = ? AND created_ms > ? "
    "AND json_extract(body, '$.action') = ?"
)
PRESSED = "SELECT count(*) FROM alarms WHERE incident = ? AND received_ms > ?"


def stop(db, now, incident, gateway, event):
    """Order the post of this report to stop, where nobody can have ordered it to start; whether it was."""
    post, since_ms = event.get("device"), now.ms - OVER_MS
    by_order = event["source"] == m.SOURCE_ORDER and event["state"] in SOUNDING
    if not post or not by_order or incident["confidential"] or away.of(db).back_ms > since_ms:
        return False
    if db.value(PRESSED, incident["id"], since_ms) or db.value(ORDERED, incident["id"], since_ms, "start"):
        return False
    if db.value(ORDERED, incident["id"], now.ms - AGAIN_MS, "stop"):
        return False
    body = {"action": "stop", "origin": event["origin"], "counter": event["counter"],
            "first": incident["first_counter"], "targets": [post], "kind": incident["kind"],
            "seconds": 0}  # fmt: skip
    outbox.order(db, now.ms, [gateway], "siren", body, orders.SIREN_EXPIRES_MS, incident["id"])
    label = db.value("SELECT label FROM devices WHERE node = ?", post)
    timeline.tell(db, now, incident, label, _("perintah lama diputar ulang, sirene dihentikan"))
    return True
