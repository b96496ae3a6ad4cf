"""Troubles that gateways report, until they say that they are over; never about an incident."""

from typing import TypedDict

from kentongan_hub.base.clock import Now
from kentongan_hub.base.speech.trouble_words import words
from kentongan_hub.base.tables import Event
from kentongan_hub.devices import deaf, last_heard
from kentongan_hub.storage.store import Db


class Kept(TypedDict):
    """A row of troubles."""

    gateway: str
    name: str
    detail: str
    since_wall: int
    since_ms: int


class Trouble(Kept):
    words: str


ALL = "*"  # over with every trouble of this gateway: it has started anew
LIMIT = 64  # troubles kept for one gateway; a name has a radio's or a board's in it, so they are few


def take(db: Db, now: Now, gateway: str, event: Event) -> None:
    """One event of type trouble: it lasts from now on, or is over."""
    _keep(db, now, gateway, event)
    deaf.note(db, gateway, min(now.ms, last_heard.happened_ms(now, event)))


def _keep(db: Db, now: Now, gateway: str, event: Event) -> None:
    name = event["name"]
    if not event["active"] and name == ALL:
        db.run("DELETE FROM troubles WHERE gateway = ?", gateway)
        return
    if not event["active"]:
        db.run("DELETE FROM troubles WHERE gateway = ? AND name = ?", gateway, name)
        return
    if db.value("SELECT count(*) FROM troubles WHERE gateway = ?", gateway) >= LIMIT:
        db.run(
            "DELETE FROM troubles WHERE gateway = ? AND name = "
            "(SELECT name FROM troubles WHERE gateway = ? ORDER BY since_ms LIMIT 1)",
            gateway,
            gateway,
        )
    db.run(
        "INSERT INTO troubles (gateway, name, detail, since_wall, since_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (gateway, name) DO UPDATE SET detail = excluded.detail",
        gateway,
        name,
        event["detail"],
        last_heard.happened(now, event),
        now.ms,
    )


# what costs alarms, receipts or sound now; the rest can be looked at by day
URGENT = (
    "disk",
    "disk_lost",
    "siren",
    "radio_deaf",
    "radio_jammed",
    "radio_role",
    "radio_chip",
    "radio_cable",
    "key",
    "air",
    "pages",
    "forged",
    "revoked",
)


def urgent(name: str) -> bool:
    return name.partition(" ")[0] in URGENT


def lasting(db: Db) -> list[Trouble]:
    """[{"gateway", "name", "words", "detail", "since_wall"}] of all gateways."""
    rows: list[Kept] = db.all("SELECT * FROM troubles ORDER BY gateway, name")
    return [{**row, "words": words(row["name"])} for row in rows]
