"""What the gateway switches: siren, lamp, voice. Off when made, off when closed, off when the time is over.

A Relay is one thing that is on or off; a Player beats patterns on it from a thread of its own.
"""
from importlib import import_module

from kentongan_gateway.outputs import ports, siren_driver
from kentongan_gateway.outputs.player import Player

# [siren] driver -> its class here; a module is imported, and its library with it, only where it is chosen
DRIVERS = {
    "gpio": "gpio.GpioRelay",
    "lcus": "lcus.LcusRelay",
    "modbus": "modbus.ModbusRelay",
    "virtual": "virtual.VirtualSiren",
}


class NoSiren(siren_driver.SirenDriver):
    """Nothing is fitted, or what is fitted could not be made: then why."""

    def __init__(self, why=None):
        self._why = why

    @classmethod
    def of(cls, siren):
        return cls()

    def trouble(self):
        return self._why

    def play(self, pattern, steps, total_ms):
        return

    def off(self):
        return


def driver(name) -> type[siren_driver.Told]:
    """The class behind a name of [siren] driver; whatever importing it raises."""
    if name not in DRIVERS:
        return NoSiren
    module, _, kind = DRIVERS[name].partition(".")
    return getattr(import_module(f"{__name__}.{module}"), kind)


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
    kind = driver(siren.driver)
    relay = kind.of(siren)
    if not issubclass(kind, siren_driver.Relay):
        return relay
    sense = None
    if siren.sense_line:
        from kentongan_gateway.outputs.gpio import SenseLine

        sense = SenseLine(siren.sense_line)
    if siren.port:
        relay = _NotTheirs(relay, siren.port, [other for other in others if isinstance(other, str)])
    return Player(relay, siren.shortest_ms or kind.shortest_ms, sense, "siren")
