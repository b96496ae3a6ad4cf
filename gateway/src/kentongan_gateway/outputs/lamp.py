"""The lamp at the post: how the gateway is, in flashes a person can count.

Dark, or lit without a flash, is a gateway that does not run: every code is made by its loop and ends 15 s
after the loop has stopped asking for it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from kentongan_gateway import sections
from kentongan_gateway.core.base.actions import Steps
from kentongan_gateway.outputs.player import Player

FLASH_MS, GAP_MS, PAUSE_MS = 120, 280, 2_000
LASTS_MS = 15_000
LEDS = Path("/sys/class/leds")
# what a person counts; the worst that is wrong is shown
FINE, HUB, RADIO, DISK, OUTPUT, OTHER = 1, 2, 3, 4, 5, 6
CODES = {
    FINE: "all is well",
    HUB: "the hub takes nothing",
    RADIO: "a radio is dead, deaf or jammed",
    DISK: "the disk takes nothing, or its data was damaged",
    OUTPUT: "siren, key or voice do not work",
    OTHER: "something else; see `kentongan-gateway status`",
}
OF_TROUBLE = {
    "hub": HUB,
    "radio": RADIO,
    "disk": DISK,
    "siren": OUTPUT,
    "key": OUTPUT,
    "voice": OUTPUT,
    "radio_flash": OTHER,
    "radio_role": OTHER,
}
PAST = ("restart", "radio_away")  # told to people elsewhere; nothing is wrong any more
SHOWN_FIRST = (DISK, RADIO, OUTPUT, HUB, OTHER)


def code_of(troubles: Iterable[str]) -> int:
    """Return the code for these names of troubles; a name like "radio_jammed" counts by its first word."""
    names = [name for name in troubles if name not in PAST]
    whole = [name.partition(" ")[0] for name in names]
    codes = {OF_TROUBLE.get(name, OF_TROUBLE.get(name.partition("_")[0], OTHER)) for name in whole}
    return next((code for code in SHOWN_FIRST if code in codes), FINE)


def steps_of(code: int) -> Steps:
    return ((FLASH_MS, GAP_MS),) * (code - 1) + ((FLASH_MS, PAUSE_MS),)


class Shows(Protocol):
    """A lamp, or anything else that shows a code."""

    def show(self, code: int) -> None: ...
    def trouble(self) -> str | None: ...
    def close(self) -> None: ...


class Led:
    """A lamp of the kernel's LED class, taken from its trigger while we have it."""

    def __init__(self, name: str, leds: Path = LEDS):
        self._path = Path(leds) / name

    def open(self) -> None:
        (self._path / "trigger").write_text("none")

    def set(self, on: bool) -> None:
        (self._path / "brightness").write_text("1" if on else "0")

    def sense(self) -> bool | None:
        return None

    def close(self) -> None:
        self.set(False)


class Lamp:
    """show(code) from the loop; a lamp that fails is no reason to stop, and is told."""

    def __init__(self, player: Player):
        self._player = player
        self._code: int | None = None

    def show(self, code: int) -> None:
        if code == self._code:
            self._player.prolong(LASTS_MS)
        else:
            self._code = code
            self._player.play(str(code), steps_of(code), LASTS_MS)

    def trouble(self) -> str | None:
        """Say what is wrong now, or None."""
        return self._player.trouble()

    def close(self) -> None:
        self._player.close()


class NoLamp:
    def __init__(self, why: str | None = None):
        self._why = why

    def show(self, code: int) -> None:
        return

    def trouble(self) -> str | None:
        return self._why

    def close(self) -> None:
        return


def make(settings: sections.Lamp) -> Shows:
    """Return the lamp that the [lamp] section names."""
    if settings.driver == "none":
        return NoLamp()
    if settings.driver == "virtual":
        from kentongan_gateway.outputs.virtual import VirtualLamp

        return VirtualLamp(settings.file)
    if settings.driver == "led":
        return Lamp(Player(Led(settings.name), 1, name="lamp"))
    from kentongan_gateway.outputs.gpio import GpioRelay

    return Lamp(Player(GpioRelay(settings.line), 1, name="lamp"))
