"""What the gateway switches: siren, lamp, voice. Off when made, off when closed, off when the time is over.

A Relay is one thing that is on or off; a Player beats patterns on it from a thread of its own.
"""
from kentongan_gateway.outputs import ports, siren_driver
from kentongan_gateway.outputs.player import Player

SHORTEST_MS = {"gpio": 50, "lcus": 150, "modbus": 200}  # shortest stroke that such a board follows for years


class NoSiren(siren_driver.SirenDriver):
    """Nothing is fitted, or what is fitted could not be made: then why."""

    def __init__(self, why=None):
        self._why = why

    def trouble(self):
        return self._why

    def play(self, pattern, steps, total_ms):
        return

    def off(self):
        return


def relay_of(siren):
    """The Relay that the [siren] section names; libraries are imported only for the board that needs them."""
    if siren.driver == "gpio":
        from kentongan_gateway.outputs.gpio import GpioRelay

        return GpioRelay(siren.line, siren.active_low)
    if siren.driver == "lcus":
        from kentongan_gateway.outputs.lcus import LcusRelay

        return LcusRelay(siren.port, siren.channel)
    from kentongan_gateway.outputs.modbus import ModbusRelay

    return ModbusRelay(siren.port, siren.baud, siren.address, siren.channel)


class _NotTheirs:
    """A relay that is not opened on a line that is a radio's: that one does not obey, and is disturbed."""

    def __init__(self, relay, port, others):
        self._relay, self._port, self._others = relay, port, others

    def open(self):
        for other in self._others:
            if ports.same(self._port, other):
                raise OSError(f"{self._port} leads to the radio's line; give each its /dev/serial/by-path/")
        self._relay.open()

    def __getattr__(self, name):
        return getattr(self._relay, name)


def make(siren, others=()) -> siren_driver.SirenDriver:
    """The driver that the [siren] section names; others: serial paths of radios, which it leaves alone."""
    if siren.driver == "none":
        return NoSiren()
    if siren.driver == "virtual":
        from kentongan_gateway.outputs.virtual import VirtualSiren

        return VirtualSiren(siren.file)
    sense = None
    if siren.sense_line:
        from kentongan_gateway.outputs.gpio import SenseLine

        sense = SenseLine(siren.sense_line)
    relay = relay_of(siren)
    if siren.port:
        relay = _NotTheirs(relay, siren.port, [other for other in others if isinstance(other, str)])
    return Player(relay, siren.shortest_ms or SHORTEST_MS[siren.driver], sense, "siren")
