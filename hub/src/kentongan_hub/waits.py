"""What waits for air at a gateway: why, and until when; settings, codes and keys, never a revocation."""

import json

from kentongan_hub.clock import local_time
from kentongan_hub.store import parsed

NAME = "settings_wait "  # a setting for each gateway
WORDS = {
    "air": "menunggu jatah udara sampai {} ({} alat)",
    "alarm": "menunggu karena ada alarm, sampai {} ({} alat)",
}


def take(db, now, gateway, event):
    """A gateway's word: its settings wait from now on for so many seconds, or nothing waits (no reason)."""
    wait = {
        "reason": event["reason"],
        "until_ms": now.ms + event["seconds"] * 1_000,
        "until_wall": now.wall + event["seconds"] * 1_000,
        "devices": event["devices"],
    }
    db.set_setting(NAME + gateway, json.dumps(wait) if event["reason"] in WORDS else "")


def shown(db, now):
    """{"gateway", "words"} of the gateways where something waits now."""
    zone, out = db.setting("time_zone", "WIB"), []
    for row in db.all("SELECT label FROM gateways WHERE token IS NOT NULL ORDER BY label"):
        wait = parsed(db.setting(NAME + row["label"]))
        if wait and wait["until_ms"] > now.ms:
            words = WORDS[wait["reason"]].format(local_time(wait["until_wall"], zone), wait["devices"])
            out.append({"gateway": row["label"], "words": words})
    return out
