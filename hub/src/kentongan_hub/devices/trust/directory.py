"""The directory: what gateways are told of every device, and of refused numbers."""

import json
from typing import TypedDict

from kentongan_hub.base.clock import Now
from kentongan_hub.base.site import Secret
from kentongan_hub.base.tables import Gateway, Row
from kentongan_hub.devices.trust import generations
from kentongan_hub.policies import gateway_calls
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db

EXPIRES_MS = 7 * 86_400_000  # a gateway away for longer asks for everything when it is back


class Body(TypedDict):
    devices: list[Row]
    revoked: list[int]
    paging: gateway_calls.Paging


def announce(db: Db, now: Now, secret: Secret, label: str | None = None) -> None:
    """Gateways learn the device list and the revoked numbers; an older list still waiting is superseded."""
    body = body_of(db, secret)
    gateways: list[Gateway] = db.all("SELECT * FROM gateways WHERE token IS NOT NULL")
    for gateway in gateways:
        if label and gateway["label"] != label:
            continue
        channel = outbox.gateway_channel(gateway["label"])
        db.run(
            "UPDATE outbox SET state = ?, result = 'superseded', done_ms = ? "
            "WHERE channel = ? AND type = 'directory' AND state = ?",
            outbox.EXPIRED,
            now.ms,
            channel,
            outbox.WAITING,
        )
        own = {"gateway_counter": gateway["own_counter"]}
        outbox.add(db, now.ms, channel, "directory", json.dumps({**body, **own}), EXPIRES_MS)


def body_of(db: Db, secret: Secret) -> Body:
    """Return the part of a directory order and a gateway's key file about devices; no keys."""

    lowest = generations.valid_now(db, secret).lowest
    rows = db.all("SELECT node FROM devices WHERE revoked = 1 AND revoked_upto >= ? ORDER BY node", lowest)
    revoked = [row["node"] for row in rows]
    return {"devices": directory(db), "revoked": revoked, "paging": gateway_calls.paging(db)}


FIELDS = ("node", "role", "label", "zone", "house", "place", "hops")


def directory(db: Db) -> list[Row]:
    """Every device in service, as gateway files and directory orders carry them."""
    rows: list[Row] = db.all("SELECT * FROM devices WHERE revoked = 0 ORDER BY node")
    chimes = gateway_calls.chimes(db)
    return [
        {
            **{name: row[name] for name in FIELDS},
            "status_period_s": row["period_s"],
            **chimes.get(row["node"], {}),
        }
        for row in rows
    ]
