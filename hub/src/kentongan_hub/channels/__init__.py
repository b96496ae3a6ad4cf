"""Channels that call people: one file each, each with its own worker, so that none waits for another.

A class here tells everything about itself: form fields, what an address is, words. A new one is a file, and
its class in CHANNELS.

SMS has three more beside sms.py: modem.py (the AT dialogue), pdu.py (the bytes), inbox.py (what came in).
"""

from kentongan_hub.base.clock import Clock
from kentongan_hub.base.speech import code_words
from kentongan_hub.channels.base import Worker
from kentongan_hub.channels.internet import Internet
from kentongan_hub.channels.mqtt import HomeAssistant
from kentongan_hub.channels.screen import Screen
from kentongan_hub.channels.sms import Sms
from kentongan_hub.people import ways
from kentongan_hub.storage.store import Store

CHANNELS: tuple[type[Worker], ...] = (Screen, Sms, Internet, HomeAssistant)  # as the page Kanal shows them
ways.KNOWN.update({channel.name: channel for channel in CHANNELS})
code_words.channel_words.update({channel.name: channel.word for channel in CHANNELS})


def workers(store: Store, clock: Clock) -> list[Worker]:
    """Make a worker of every channel; none runs before start()."""
    return [channel(store, clock) for channel in CHANNELS]
