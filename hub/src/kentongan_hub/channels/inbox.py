"""Incoming SMS: taken once, joined from its parts, and only then given to replies.

Taken means committed: the digest of a message outlives its place on the card, so that a card that refuses
to delete gives no answer twice. Words are kept only while parts are missing, and only of who is registered.
"""

from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries import phones
from kentongan_hub.base.tables import Value
from kentongan_hub.channels import pdu
from kentongan_hub.incidents.calling import replies
from kentongan_hub.storage.store import Db

CHANNEL = "sms"
PART_WAIT_MS = 60_000  # after this what is there of a joined message counts, if its beginning is
PART_KEEP_MS = 86_400_000  # a part without the beginning waits so long for it
PARTS_OF_ONE = 20  # parts that wait, of one sender
TAKEN_KEEP_MS = 7 * 86_400_000  # digests of messages that were last seen on the card
SEEN_AGAIN_MS = 3_600_000

# reasons beside those of pdu.py
STRANGER, UNCLEAR, LOST, FAILED = "nomor asing", "belum jelas", "bagian hilang", "gagal dibaca"


def take(db: Db, now: Now, octets: bytes, problem: str | None = None) -> None:
    """Take one message, in the caller's transaction; the same one again changes nothing.

    octets: the PDU, service centre first · problem: count it under this reason and do not read it.
    """
    digest = pdu.digest_of(octets)
    known = db.value("SELECT seen_ms FROM sms_taken WHERE digest = ?", digest)
    if known is not None:
        if now.ms - known > SEEN_AGAIN_MS:  # still on the card: it must not be forgotten
            db.run("UPDATE sms_taken SET seen_ms = ? WHERE digest = ?", now.ms, digest)
        return
    db.insert("sms_taken", digest=digest, seen_ms=now.ms)
    try:
        if problem:
            raise pdu.Refused(problem)
        _read(db, now, pdu.read(octets))
    except pdu.Refused as refused:
        count(db, now, refused.reason)


def _read(db: Db, now: Now, message: pdu.Message) -> None:
    number = phones.sender(message.sender)
    if number is None or not replies.people_of(db, CHANNEL, number):
        replies.unknown(db, now, CHANNEL)
        raise pdu.Refused(STRANGER)
    if message.part is None:
        _answer(db, now, number, message.text)
        return
    reference, total, at = message.part
    key = (number, reference, total)
    there = db.one(
        "SELECT text FROM sms_parts WHERE sender = ? AND reference = ? AND total = ? AND number = ?", *key, at
    )
    if there:
        if there["text"] == message.text:
            return  # the network sent it twice
        _end(db, now, *key)  # phones use their references again
    row: dict[str, Value] = {"sender": number, "reference": reference, "total": total, "number": at}
    db.insert("sms_parts", **row, text=message.text, came_ms=now.ms)
    of_one = db.all("SELECT * FROM sms_parts WHERE sender = ? ORDER BY came_ms, number", number)
    if sum((one["reference"], one["total"]) == (reference, total) for one in of_one) == total:
        _end(db, now, *key)
    elif len(of_one) > PARTS_OF_ONE:
        _end(db, now, number, of_one[0]["reference"], of_one[0]["total"])


def run_out(db: Db, now: Now) -> None:
    """End messages whose parts did not all come: with a beginning they count, the rest counts as lost."""
    due = db.all(
        "SELECT sender, reference, total, min(number) AS first, min(came_ms) AS came_ms FROM sms_parts "
        "GROUP BY sender, reference, total"
    )
    for row in due:
        wait_ms = PART_WAIT_MS if row["first"] == 1 else PART_KEEP_MS
        if now.ms - row["came_ms"] >= wait_ms:
            _end(db, now, row["sender"], row["reference"], row["total"])
    db.run("DELETE FROM sms_taken WHERE seen_ms < ?", now.ms - TAKEN_KEEP_MS)


def waiting(db: Db) -> bool:
    return bool(db.value("SELECT 1 FROM sms_parts LIMIT 1"))


def _end(db: Db, now: Now, sender: str, reference: int, total: int) -> None:
    """Read the parts from the first one to the first gap, and forget them."""
    where = "WHERE sender = ? AND reference = ? AND total = ?"
    rows = db.all(f"SELECT number, text FROM sms_parts {where} ORDER BY number", sender, reference, total)
    db.run(f"DELETE FROM sms_parts {where}", sender, reference, total)
    texts = [row["text"] for at, row in enumerate(rows, 1) if row["number"] == at]
    if len(texts) < total:
        count(db, now, LOST)
    if texts:
        _answer(db, now, sender, "".join(texts))


def _answer(db: Db, now: Now, number: str, text: str) -> None:
    if not replies.take(db, now, CHANNEL, number, text):
        count(db, now, UNCLEAR)


def count(db: Db, now: Now, reason: str) -> None:
    db.run(
        "INSERT INTO sms_refusals (reason, count, changed_wall) VALUES (?, 1, ?) "
        "ON CONFLICT (reason) DO UPDATE SET count = count + 1, changed_wall = excluded.changed_wall",
        reason,
        now.wall,
    )
