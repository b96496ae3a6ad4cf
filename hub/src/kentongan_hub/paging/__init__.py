"""Channels that call people: one file each, each with its own worker, so that none waits for another."""

from kentongan_hub.paging.internet import Internet
from kentongan_hub.paging.mqtt import HomeAssistant
from kentongan_hub.paging.screen import Screen
from kentongan_hub.paging.sms import Sms

CHANNELS = (Screen, Sms, Internet, HomeAssistant)


def workers(store, clock):
    """A worker of every channel; none runs before start()."""
    return [channel(store, clock) for channel in CHANNELS]
