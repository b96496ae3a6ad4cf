"""Radios behind one face: start, send, relay, drop, stop. Siblings, each with its own threads."""

from kentongan_gateway import sections
from kentongan_gateway.radio import base
from kentongan_gateway.radio.base import Key


def make(settings: sections.Settings, key_file: Key) -> base.Radio:
    """Return the radio of [radio], or a pair with that of [radio_2]."""
    first = make_one(settings.radio, key_file)
    if settings.radio_2.type == "none":
        return first
    from kentongan_gateway.radio.pair import Pair

    same = settings.radio_2.type == settings.radio.type
    return Pair([first, make_one(settings.radio_2, key_file, "_2" if same else "")])


def make_one(settings: sections.Radio, key_file: Key, suffix: str = "") -> base.Radio:
    """Return the radio that one section names. Libraries are imported only for the radio that needs them."""
    if settings.type == "loopback":
        from kentongan_gateway.radio.loopback import Loopback

        return Loopback(settings.host, int(settings.port), "loopback" + suffix)
    if settings.type == "meshtastic":
        from kentongan_gateway.radio.meshtastic import MeshtasticRadio

        return MeshtasticRadio(settings.host, settings.port, key_file, "meshtastic" + suffix)
    from kentongan_gateway.radio.serial_modem import SerialModem

    return SerialModem(str(settings.port), key_file, settings, "modem" + suffix)
