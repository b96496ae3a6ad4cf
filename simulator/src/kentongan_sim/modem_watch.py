"""Overhears the serial line between gateway and modem: has the modem taken the gateway's settings?"""
from kentongan_wire import link


class ModemWatch:
    """`ready()` once a Configure of the host was answered with an Ack."""

    def __init__(self):
        self.forget()

    def forget(self):
        """Start anew: the line was cut."""
        self._down, self._up = link.Decoder(), link.Decoder()
        self._asked = None
        self._ready = False

    def ready(self):
        return self._ready

    def down(self, data):
        """Bytes from the host to the modem."""
        self._asked = next((seq for seq, message in self._down.feed(data)
                            if isinstance(message, link.Configure)), self._asked)

    def up(self, data):
        """Bytes from the modem to the host."""
        self._ready = self._ready or any(isinstance(message, link.Ack) and message.seq == self._asked
                                         for _, message in self._up.feed(data))
