"""What waits for air at a gateway: why, and until when; settings, numbers to be refused, words of drills."""

import json

from kentongan_hub.clock import local_time
from kentongan_hub.store import parsed

NAME = "waiting "  # a setting for each gateway: {what: its wait}
WORDS = {  # (what, reason)
    ("settings", "air"): "pengaturan, kode dan kunci menunggu jatah udara sampai {} ({} alat)",
    ("settings", "alarm"): "pengaturan, kode dan kunci menunggu karena ada alarm, sampai {} ({} alat)",
    ("revocation", "air"): "pencabutan menunggu jatah udara sampai {} ({} alat)",
    ("drill", "air"): "awal atau akhir latihan menunggu jatah udara sampai {} ({} pos)",
}


def take(db, now, gateway, event):
    """A gateway's word: this waits from its moment on for so many seconds, or no more (no reason)."""
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


def _of(db, gateway):
    return parsed(db.setting(NAME + gateway))


def shown(db, now):
    """[{"gateway", "words"}] of what waits now."""
    zone, out = db.setting("time_zone", "WIB"), []
    for row in db.all("SELECT label FROM gateways WHERE token IS NOT NULL ORDER BY label"):
        for what, wait in sorted(_of(db, row["label"]).items()):
            try:
                said, until = WORDS[what, wait["reason"]], wait["until_ms"]
                words = said.format(local_time(wait["until_wall"], zone), wait["devices"])
            except (KeyError, TypeError, ValueError, OverflowError):
                continue  # the row says nothing that can be read
            if until > now.ms:
                out.append({"gateway": row["label"], "words": words})
    return out
