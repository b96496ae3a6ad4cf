"""Attacks on a relay's hour: what it is made to send for others, until nothing is left for an alarm."""

from collections.abc import Iterable

from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from kentongan_wire.message import messages as m

from kentongan_sim.attack import air
from kentongan_sim.attack.siege import Siege, at_door
from kentongan_sim.physics.shapes import Detail

INVENTED = 0x5400_0000
KINDS_S = (("status", 17.5), ("stages", 9.3), ("orders", 4.0))  # seconds of air each
ASKED_TIMES, ASKED_S = 30, 2.15  # as often as a relay answers one alarm from its cache, and as fast
ASKED_ALARMS = 10
RESEALED = 6


def every_kind(siege: Siege) -> None:
    """Status of invented senders, then stages and orders in the gateway's name, all before the press."""
    siege.first()
    preset, n = phy.preset(siege.world.scene.preset), 0
    forge = {"status": status, "stages": air.stages, "orders": air.orders}
    for kind, limit_s in KINDS_S:
        spent_us = 0
        while spent_us < limit_s * 1e6:
            n += 1
            frame = forge[kind](siege, n)
            spent_us += phy.airtime_us(preset, len(frame))
            siege.send(frame, every_s=3)
    siege.press()
    siege.run(air.CALLS_S)


def status(siege: Siege, i: int) -> bytes:
    """STATUS of a relay that is none, with a carry tag that holds."""
    src = INVENTED + i
    return siege.bag.message(m.STATUS, m.PENERUS, src, air.AHEAD + i, bytes(22), siege.bag.c(src, m.PENERUS))


@at_door("penerus-1")
def asked(siege: Siege) -> None:
    """Answered alarms, the same bytes over and over: a relay answers each of them from its cache."""
    siege.first()
    if siege.stolen:  # alarms of his own
        own = siege.node(siege.stolen[0])
        frames = [siege.bag.alarm(own, siege.high() + 50 * k) for k in range(ASKED_ALARMS)]
    else:
        frames = siege.recorded("ALARM", siege.button)[:ASKED_ALARMS]
    for frame in frames:
        siege.send(*[frame] * ASKED_TIMES, every_s=ASKED_S)
    siege.press()
    siege.run(air.CALLS_S)


@at_door("penerus-2")
def resealed(siege: Siege) -> None:
    """Empty the common purse; then play each attempt under ids of his own, with one hop left, ahead of it."""
    for i in range(air.PURSE_FRAMES):
        siege.send(air.flood(siege, i), every_s=1)

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] not in ("ALARM", "OTHER"):
            return ()
        packet = wire.parse_packet(frame)
        if packet.hop_limit != packet.hop_start:
            return ()
        return [siege.bag.again(frame, hops=1) for _ in range(RESEALED)]

    siege.first()
    siege.reacts(react)
    siege.press()
    siege.run(air.CALLS_S)
