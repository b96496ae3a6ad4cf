"""Faults: each begins at some moment of an alarm's walk, and ends."""

import errno
from collections import namedtuple

TEN_YEARS_S = 10 * 365.25 * 86_400
KILL_STEPS, POWER_STEPS = 14, 26  # of an alarm's walk: puts, states, frames; writes and syncs of the spool

# begin(house, rng): the fault is there; end(house): it is over. least_s, most_s: how long it lasts.
# shown: beginnings of the names under which the board shows it; log: a line in the gateway's log will do
Fault = namedtuple("Fault", ("name", "begin", "end", "least_s", "most_s", "shown", "log"))


def _nothing(house):
    return


def modem(house):
    return house.world.nodes[house.modem]


def _kill(house, rng):
    house.kill_in = rng.randrange(KILL_STEPS)


def _cut(house, rng):
    if house._disk and rng.random() < 0.7:
        house._disk.arm(house.directory, rng.randrange(POWER_STEPS))
    else:
        house.lose_power, house.kill_in = True, rng.randrange(KILL_STEPS)


def _make_dead(house):
    """Carry out now, at rest, a death that was armed and never reached."""
    if house._disk and house._disk._armed:
        house._disk.dead = True
        house.kill()
    elif house.kill_in is not None:
        house.kill_in = None
        house.kill()


def _unplug(house, rng):
    house.radio.unplug()


def _plug(house):
    house.radio.plug()


def _re_enumerate(house, rng):
    house.radio.unplug()
    modem(house).reset("power")


def _freeze(house, rng):
    modem(house).freeze()


def _thaw(house):
    modem(house).reset("power")


def _garbage(house, rng):
    house.radio.mangle = lambda data: rng.randbytes(rng.randrange(40)) + data + rng.randbytes(3)


def _halves(house, rng):
    house.radio.mangle = lambda data: data[: rng.randrange(len(data) + 1)] if rng.random() < 0.6 else data


def _clean(house):
    house.radio.mangle = None


def _hub(kind):
    def begin(house, rng):
        house.link.fault = kind

    return begin


def _hub_ends(house):
    house.link.fault = None
    house.link.delay_ms = 0


def _slow(house, rng):
    house.link.delay_ms = 4_500


def _disk(kind, code):
    def begin(house, rng):
        if house._disk:
            house._disk.fault, house._disk.failing = kind, house.directory
        house.state_fault = OSError(code, kind)

    return begin


def _disk_ends(house):
    if house._disk:
        house._disk.fault = house._disk.failing = None
    house.state_fault = None


def _clock(seconds):
    def begin(house, rng):
        house.wall_offset_s += seconds

    return begin


HUB = dict(end=_hub_ends, least_s=5, most_s=80, shown=("hub",), log=True)
RADIO = ("radio ", "radio_")
FAULTS = (
    Fault("kill -9", _kill, _make_dead, 8, 8, ("restart",), False),
    Fault("power cut, torn writes", _cut, _make_dead, 8, 8, ("restart",), False),
    Fault("USB unplugged, plugged in again", _unplug, _plug, 2, 40, RADIO, False),
    Fault("USB re-enumerates, modem restarts", _re_enumerate, _plug, 1, 4, RADIO, False),
    Fault("radio frozen, line open", _freeze, _thaw, 20, 50, RADIO, False),
    Fault("garbage on the cable", _garbage, _clean, 8, 25, RADIO, False),
    Fault("half frames on the cable", _halves, _clean, 8, 25, RADIO, False),
    Fault("hub slow, 4.5 s a reply", _slow, **HUB | {"shown": None}),
    Fault("hub refuses connections", _hub("refused"), **HUB),
    Fault("hub answers 500", _hub("500"), **HUB),
    Fault("hub commits, reply lost", _hub("reply lost"), **HUB),
    Fault("hub answers garbage", _hub("garbage"), **HUB),
    Fault("hub answers JSON that is none of ours", _hub("odd"), **HUB),
    Fault("disk full", _disk("full", errno.ENOSPC), _disk_ends, 66, 90, ("disk",), False),
    Fault("disk read-only", _disk("readonly", errno.EROFS), _disk_ends, 66, 90, ("disk",), False),
    Fault("clock 10 years ahead", _clock(TEN_YEARS_S), _nothing, 8, 8, ("clock",), False),
    Fault("clock 10 years back", _clock(-TEN_YEARS_S), _nothing, 8, 8, ("clock",), False),
    Fault("two gateways hear it, one is killed", _kill, _make_dead, 8, 8, ("restart",), False),
)
ARMED = (_kill, _cut)
BOTH = "two gateways hear it, one is killed"
