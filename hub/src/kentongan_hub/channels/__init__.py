"""Channels that call people: one file each, each with its own worker, so that none waits for another.

SMS has three more beside sms.py: modem.py (the AT dialogue), pdu.py (the bytes), inbox.py (what came in).
"""

from kentongan_hub.channels.internet import Internet
from kentongan_hub.channels.mqtt import HomeAssistant
from kentongan_hub.channels.screen import Screen
from kentongan_hub.channels.sms import Sms

CHANNELS = (Screen, Sms, Internet, HomeAssistant)


def workers(store, clock):
    """A worker of every channel; none runs before start()."""
    return [channel(store, clock) for channel in CHANNELS]
