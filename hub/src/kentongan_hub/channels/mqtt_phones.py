"""Calls to people's phones by Home Assistant's own app, and what their button brings back.

Two automations hand a call to the app and its button's word back (docs/reference.md). The broker
is no authority: whoever may write there can write anything, so a word counts by its sign alone (links.py).
"""

import re
from collections.abc import Mapping

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base.language import _
from kentongan_hub.channels.base import Message

ADDRESS = re.compile(r"[a-z0-9_]{1,64}")  # as Home Assistant names phones: notify.mobile_app_budi_hp
BUTTON = "Saya datang"
PREFIX = "KENTONGAN_"  # of a button's word, so that automations know it from others
WORD = re.compile(PREFIX + r"(\d{1,18}\.[A-Za-z0-9_-]{1,64})")
WORD_BYTES = 128  # of what is looked at
TITLE = "Kentongan"
# Home Assistant's notify takes each text for a template once more: what people typed must neither run there
# nor fail. A sign that nobody sees keeps these braces apart.
OPENS = re.compile(r"\{(?=[{%#])")
APART = "{\u2060"


def calls(site: str, phone: str) -> str:
    """Name the topic on which this phone is called."""
    return f"kentongan/{site}/panggilan/{phone}"


def answers(site: str) -> str:
    """Name the topic on which buttons answer."""
    return f"kentongan/{site}/jawab"


def checked(address: str) -> str:
    """Return the phone's name as it is kept; LocalError."""
    name = address.strip().lower().removeprefix("notify.").removeprefix("mobile_app_")
    if not ADDRESS.fullmatch(name):
        raise LocalError(_("ponsel di Home Assistant: tulis seperti budi_hp, dari notify.mobile_app_budi_hp"))
    return name


def payload(message: Message) -> Mapping[str, object]:
    """Write a call as the app takes it: loud, at once, and the next one of its incident in its place."""
    data: dict[str, object] = {
        "ttl": 0,  # Android: at once, also from deep sleep
        "priority": "high",
        "channel": TITLE,
        "importance": "high",
        "push": {"interruption-level": "time-sensitive"},  # iOS
    }
    if message.get("tag"):
        data["tag"] = message["tag"]
    if message.get("link"):
        data["actions"] = [{"action": PREFIX + message["link"], "title": BUTTON}]
    return {"title": TITLE, "message": OPENS.sub(APART, message["text"]), "data": data}


def secret(word: bytes) -> str:
    """Read the secret out of a button's word; '' for what is none."""
    found = WORD.fullmatch(word[:WORD_BYTES].decode("ascii", "replace").strip())
    return found[1] if found else ""
