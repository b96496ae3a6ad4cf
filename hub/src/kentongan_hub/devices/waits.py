"""Messages that wait for air at a gateway, with reason and time: settings, revocations, words of drills."""

import json
from typing import TypedDict

from kentongan_hub.base.clock import Now, local_time
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Event, Row
from kentongan_hub.storage.store import Db, parsed


class Waiting(TypedDict):
    gateway: str
    words: str


NAME = "waiting "  # a setting for each gateway: {what: its wait}
WORDS = {  # (what, reason)
    ("settings", "air"): _(
        "pengaturan, kode dan kunci menunggu jatah udara sampai %(until)s (%(devices)s alat)"
    ),
    ("settings", "alarm"): _(
        "pengaturan, kode dan kunci menunggu karena ada alarm, sampai %(until)s (%(devices)s alat)"
    ),
    ("revocation", "air"): _("pencabutan menunggu jatah udara sampai %(until)s (%(devices)s alat)"),
    ("drill", "air"): _("awal atau akhir latihan menunggu jatah udara sampai %(until)s (%(devices)s pos)"),
}


def take(db: Db, now: Now, gateway: str, event: Event) -> None:
    """Take a gateway's word: this waits from its moment on for so many seconds, or no more (no reason)."""
    waiting = _of(db, gateway)
    waiting.pop(event["what"], None)
    left_ms = event["seconds"] * 1_000 - max(0, event["age_ms"])
    if (event["what"], event["reason"]) in WORDS:
        waiting[event["what"]] = {
            "reason": event["reason"],
            "until_ms": now.ms + left_ms,
            "until_wall": now.wall + left_ms,
            "devices": event["devices"],
        }
    db.set_setting(NAME + gateway, json.dumps(waiting))


def _of(db: Db, gateway: str) -> Row:
    return parsed(db.setting(NAME + gateway))


def shown(db: Db, now: Now) -> list[Waiting]:
    """[{"gateway", "words"}] of what waits now."""
    zone, out = db.setting("time_zone", "WIB"), list[Waiting]()
    for row in db.all("SELECT label FROM gateways WHERE token IS NOT NULL ORDER BY label"):
        for what, wait in sorted(_of(db, row["label"]).items()):
            try:
                said, until = WORDS[what, wait["reason"]], wait["until_ms"]
                words = said.of(until=local_time(wait["until_wall"], zone), devices=wait["devices"])
            except (KeyError, TypeError, ValueError, OverflowError):
                continue  # the row says nothing that can be read
            if until > now.ms:
                out.append({"gateway": row["label"], "words": words})
    return out
