"""Faults: each begins at some moment of an alarm's walk, and ends."""

import errno
import random
from collections.abc import Callable
from typing import NamedTuple

from kentongan_sim.soak.campaign_gateway import CampaignGateway
from kentongan_sim.world.node_host import NodeHost

TEN_YEARS_S = 10 * 365.25 * 86_400
KILL_STEPS, POWER_STEPS = 14, 26  # of an alarm's walk: puts, states, frames; writes and syncs of the spool

Begin = Callable[[CampaignGateway, random.Random], None]


class Fault(NamedTuple):
    name: str
    begin: Begin  # the fault is there
    end: Callable[[CampaignGateway], None]  # it is over
    least_s: int  # how long it lasts
    most_s: int
    shown: tuple[str, ...] | None  # beginnings of the board's names for it; None: no fault yet
    log: bool  # a line in the gateway's log will do


def _nothing(house: CampaignGateway) -> None:
    return


def modem(house: CampaignGateway) -> NodeHost:
    return house.world.nodes[house.modem]


def _kill(house: CampaignGateway, rng: random.Random) -> None:
    house.kill_in = rng.randrange(KILL_STEPS)


def _cut(house: CampaignGateway, rng: random.Random) -> None:
    if house._disk and rng.random() < 0.7:
        house._disk.arm(house.directory, rng.randrange(POWER_STEPS))
    else:
        house.lose_power, house.kill_in = True, rng.randrange(KILL_STEPS)


def _make_dead(house: CampaignGateway) -> None:
    """Carry out now, at rest, a death that was armed and never reached."""
    if house._disk and house._disk._armed:
        house._disk.dead = True
        house.kill()
    elif house.kill_in is not None:
        house.kill_in = None
        house.kill()


def _unplug(house: CampaignGateway, rng: random.Random) -> None:
    house.radio.unplug()


def _plug(house: CampaignGateway) -> None:
    house.radio.plug()


def _re_enumerate(house: CampaignGateway, rng: random.Random) -> None:
    house.radio.unplug()
    modem(house).reset("power")


def _freeze(house: CampaignGateway, rng: random.Random) -> None:
    modem(house).freeze()


def _thaw(house: CampaignGateway) -> None:
    modem(house).reset("power")


def _garbage(house: CampaignGateway, rng: random.Random) -> None:
    house.radio.mangle = lambda data: rng.randbytes(rng.randrange(40)) + data + rng.randbytes(3)


def _halves(house: CampaignGateway, rng: random.Random) -> None:
    house.radio.mangle = lambda data: data[: rng.randrange(len(data) + 1)] if rng.random() < 0.6 else data


def _clean(house: CampaignGateway) -> None:
    house.radio.mangle = None


def _hub(kind: str) -> Begin:
    def begin(house: CampaignGateway, rng: random.Random) -> None:
        house.link.fault = kind

    return begin


def _hub_ends(house: CampaignGateway) -> None:
    house.link.fault = None
    house.link.delay_ms = 0


def _slow(house: CampaignGateway, rng: random.Random) -> None:
    house.link.delay_ms = 4_500


def _disk(kind: str, code: int) -> Begin:
    def begin(house: CampaignGateway, rng: random.Random) -> None:
        if house._disk:
            house._disk.fault, house._disk.failing = kind, house.directory
        house.state_fault = OSError(code, kind)

    return begin


def _disk_ends(house: CampaignGateway) -> None:
    if house._disk:
        house._disk.fault = house._disk.failing = None
    house.state_fault = None


def _clock(seconds: float) -> Begin:
    def begin(house: CampaignGateway, rng: random.Random) -> None:
        house.wall_offset_s += seconds

    return begin


def _of_hub(name: str, begin: Begin, shown: tuple[str, ...] | None = ("hub",)) -> Fault:
    return Fault(name, begin, _hub_ends, 5, 80, shown, True)


RADIO = ("radio ", "radio_")
FAULTS = (
    Fault("kill -9", _kill, _make_dead, 8, 8, ("restart",), False),
    Fault("power cut, torn writes", _cut, _make_dead, 8, 8, ("restart",), False),
    Fault("USB unplugged, plugged in again", _unplug, _plug, 2, 40, RADIO, False),
    Fault("USB re-enumerates, modem restarts", _re_enumerate, _plug, 1, 4, RADIO, False),
    Fault("radio frozen, line open", _freeze, _thaw, 20, 50, RADIO, False),
    Fault("garbage on the cable", _garbage, _clean, 8, 25, RADIO, False),
    Fault("half frames on the cable", _halves, _clean, 8, 25, RADIO, False),
    _of_hub("hub slow, 4.5 s a reply", _slow, None),
    _of_hub("hub refuses connections", _hub("refused")),
    _of_hub("hub answers 500", _hub("500")),
    _of_hub("hub commits, reply lost", _hub("reply lost")),
    _of_hub("hub answers garbage", _hub("garbage")),
    _of_hub("hub answers JSON that is none of ours", _hub("odd")),
    Fault("disk full", _disk("full", errno.ENOSPC), _disk_ends, 66, 90, ("disk",), False),
    Fault("disk read-only", _disk("readonly", errno.EROFS), _disk_ends, 66, 90, ("disk",), False),
    Fault("clock 10 years ahead", _clock(TEN_YEARS_S), _nothing, 8, 8, ("clock",), False),
    Fault("clock 10 years back", _clock(-TEN_YEARS_S), _nothing, 8, 8, ("clock",), False),
    Fault("two gateways hear it, one is killed", _kill, _make_dead, 8, 8, ("restart",), False),
)
ARMED = (_kill, _cut)
BOTH = "two gateways hear it, one is killed"
