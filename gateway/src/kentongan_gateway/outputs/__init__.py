"""Outputs of the gateway: siren, lamp, voice. Off when made, off when closed, off when the time is over.

A Relay is one thing that is on or off; a Player beats patterns on it from a thread of its own.
"""

from collections.abc import Collection
from importlib import import_module
from typing import Self

from kentongan_gateway import sections
from kentongan_gateway.core.base.actions import Steps
from kentongan_gateway.outputs import ports
from kentongan_gateway.outputs.player import Player
from kentongan_gateway.outputs.siren_driver import Relay, SirenDriver, Switch

# [siren] driver -> its class here; a module is imported, and its library with it, only where it is chosen
DRIVERS = {
    "gpio": "gpio.GpioRelay",
    "lcus": "lcus.LcusRelay",
    "modbus": "modbus.ModbusRelay",
    "virtual": "virtual.VirtualSiren",
}


class NoSiren(SirenDriver):
    """Nothing is fitted, or what is fitted could not be made: then why."""

    def __init__(self, why: str | None = None):
        self._why = why

    @classmethod
    def of(cls, siren: sections.Siren) -> Self:
        return cls()

    def trouble(self) -> str | None:
        return self._why

    def play(self, pattern: str, steps: Steps, total_ms: int) -> None:
        return

    def off(self) -> None:
        return


def driver(name: str) -> type[Relay] | type[SirenDriver]:
    """Return the class behind a name of [siren] driver; whatever importing it raises."""
    if name not in DRIVERS:
        return NoSiren
    module, _, kind = DRIVERS[name].partition(".")
    return getattr(import_module(f"{__name__}.{module}"), kind)


class _NotTheirs:
    """A relay that is not opened on a line that is a radio's: that one does not obey, and is disturbed."""

    def __init__(self, relay: Switch, port: str, others: Collection[str]):
        self._relay, self._port, self._others = relay, port, others

    def open(self) -> None:
        for other in self._others:
            if ports.same(self._port, other):
                raise OSError(f"{self._port} leads to the radio's line; give each its /dev/serial/by-path/")
        self._relay.open()

    def set(self, on: bool) -> None:
        self._relay.set(on)

    def sense(self) -> bool | None:
        return self._relay.sense()

    def close(self) -> None:
        self._relay.close()


def make(siren: sections.Siren, others: Collection[object] = ()) -> SirenDriver:
    """Make the driver that the [siren] section names; others: serial paths of radios, which it avoids."""
    kind = driver(siren.driver)
    if issubclass(kind, SirenDriver):
        return kind.of(siren)
    relay: Switch = kind.of(siren)
    sense = None
    if siren.sense_line:
        from kentongan_gateway.outputs.gpio import SenseLine

        sense = SenseLine(siren.sense_line)
    if siren.port:
        relay = _NotTheirs(relay, siren.port, [other for other in others if isinstance(other, str)])
    return Player(relay, siren.shortest_ms or kind.shortest_ms, sense, "siren")
