"""An answer link: "Saya datang" from the lock screen, out of the very message that called this person.

It says one thing, of one person, to one incident, once, and for half an hour: the number of the message, and
a sign over message, address, name, incident and time under this hub's own key. Never for a confidential one:
a service between reads the message, and who reads it can press. What comes in, by a POST or through Home
Assistant, has that sign: it alone counts, whoever brings it. A test message's button says that it works.
"""

import base64
import hashlib
import hmac
import secrets
from enum import Enum

from kentongan_hub.base import sending
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import numerals
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Incident, OutboxRow
from kentongan_hub.incidents import actions
from kentongan_hub.incidents.calling import replies
from kentongan_hub.incidents.tables import incident_of
from kentongan_hub.record import outbox
from kentongan_hub.storage.store import Db, parsed

KEY = "answer_key"  # setting
LIFE_MS = 1_800_000  # as long as its message may wait
SIGN_BYTES = 18
SENT_LIMIT = 2_000  # secrets that are known at once


class Outcome(Enum):
    """Outcome of a press."""

    COMING, AGAIN, OLD, CLOSED, UNKNOWN, TESTED = range(6)


SAID = {
    Outcome.COMING: _("Anda tercatat datang"),
    Outcome.AGAIN: _("Jawaban ini sudah dipakai. Lihat papan, atau telepon pos."),
    Outcome.OLD: _("Panggilan ini sudah lama. Lihat papan, atau telepon pos."),
    Outcome.CLOSED: _("Kejadian ini sudah ditutup. Tidak perlu datang."),
    Outcome.UNKNOWN: _("Tautan ini tidak dikenal. Jawab di papan, atau telepon pos."),
    Outcome.TESTED: _("Tombol ini bekerja. Ini pesan uji, tidak ada yang tercatat."),
}


def key(db: Db) -> str:
    """Read this hub's key for answer links, made when it is first needed: by a caller who may write."""
    kept = db.setting(KEY)
    if not kept:
        kept = secrets.token_hex(32)
        db.set_setting(KEY, kept)
    return kept


def token(db: Db, row: OutboxRow) -> str:
    """Make the secret behind a message's button; '' for a message that may have none."""
    if not _may(db, row):
        return ""
    return f"{row['id']}.{_sign(key(db), row)}"


def _may(db: Db, row: OutboxRow) -> bool:
    if row["type"] == sending.TEST:
        return True
    if row["type"] != outbox.MESSAGE or row["incident"] is None:
        return False
    incident = db.one("SELECT confidential, drill FROM incidents WHERE id = ?", row["incident"])
    return incident is not None and not incident["confidential"] and not incident["drill"]


def _sign(secret: str, row: OutboxRow) -> str:
    body = parsed(row["body"])
    parts = [row["id"], row["incident"], row["channel"], row["created_ms"], body.get("to"), body.get("name")]
    made = hmac.new(secret.encode(), repr(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:SIGN_BYTES]).decode()


def message(db: Db, text: str) -> OutboxRow | None:
    """Find the message that this secret was made for; None for a secret that is none."""
    number, _, sign = text.partition(".")
    row = db.one("SELECT * FROM outbox WHERE id = ?", numerals.whole(number) or 0, of=OutboxRow)
    kept = db.setting(KEY)
    if row is None or not kept or not hmac.compare_digest(_sign(kept, row).encode(), sign.encode()):
        return None
    return row if _may(db, row) and (row["state"] == outbox.DONE or row["attempts"]) else None


def sent(db: Db, channel: str, since_ms: int) -> list[str]:
    """List the secrets of this channel's messages since then, the newest first."""
    kept = db.setting(KEY)
    rows: list[OutboxRow] = db.all(
        "SELECT * FROM outbox WHERE channel = ? AND created_ms > ? AND type IN (?, ?) "
        "ORDER BY id DESC LIMIT ?",
        *(channel, since_ms, outbox.MESSAGE, sending.TEST, SENT_LIMIT),
    )
    return [f"{row['id']}.{_sign(kept, row)}" for row in rows if _may(db, row)] if kept else []


def _names(db: Db, channel: str, address: str) -> list[str]:
    """List who is called there now: a phone that was taken off the register answers nothing."""
    return [one["name"] for one in replies.people_of(db, channel, address)]


def press(db: Db, now: Now, text: str) -> Outcome:
    """Take 'saya datang' of the person whom that message called."""
    row = message(db, text)
    if row is None:
        return Outcome.UNKNOWN
    fresh = 0 <= now.ms - row["created_ms"] < LIFE_MS
    if row["type"] == sending.TEST:
        return Outcome.TESTED if fresh else Outcome.OLD
    name = _called(row)
    if name not in _names(db, row["channel"], str(parsed(row["body"]).get("to", ""))):
        return Outcome.UNKNOWN
    if not fresh:
        return Outcome.OLD
    incident = _incident(db, row)
    if incident["closed_ms"] is not None or incident["drill"] or incident["confidential"]:
        return Outcome.CLOSED
    first = db.run(
        "UPDATE outbox SET body = json_set(body, '$.pressed', 1) WHERE id = ? "
        "AND json_extract(body, '$.pressed') IS NULL",
        row["id"],
    )
    if not first:
        return Outcome.AGAIN
    actions.come_from_device(db, now, incident, name)
    return Outcome.COMING if coming(db, row) else Outcome.CLOSED


def coming(db: Db, row: OutboxRow) -> bool:
    """Tell if whom this message called is expected at its incident now."""
    return actions.came(db, _incident(db, row), _called(row))


def _called(row: OutboxRow) -> str:
    return str(parsed(row["body"]).get("name", ""))


def _incident(db: Db, row: OutboxRow) -> Incident:
    """Read the incident of a call, or the one that it was merged into."""
    incident = incident_of(db, row["incident"] or 0)
    return incident_of(db, incident["merged_into"]) if incident["merged_into"] else incident
