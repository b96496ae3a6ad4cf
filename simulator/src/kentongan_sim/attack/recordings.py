"""Attacks with what was on the air before, by somebody without a key; and with a near sender's number.

The houses of before are none of the scene's: what they said is made with a penerus' key, as they sent it.
"""

from collections.abc import Iterable

from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy

from kentongan_sim.attack import air
from kentongan_sim.attack.bag import Bag
from kentongan_sim.attack.siege import Siege, at_door
from kentongan_sim.physics.shapes import Detail
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME

HOUSES = 0x5400_0000
THEN, SINCE = 500, 9_000  # counters of the recorded alarms, and of what these houses said later
MANY = 150  # more houses than a relay remembers
ATTEMPTS = 20  # recorded of each alarm
HOUR_S = 3_700  # and a minute: what was carried before has left the hour
AIR_S, EVERY_S = 34.0, 2.5
CROWD, CROWD_ROUNDS, ROUND_S = 4, 10, 9.0
STRANGE, STRANGE_ROUNDS = 6, 66  # all his air
ANSWERED, TIMES, GAP_S = 5, 30, 0.44


def _before(siege: Siege, houses: int) -> Bag:
    """Make the bag of before, once each of the houses has been heard with its later counter."""
    bag = Bag(wire.Channel(CHANNEL_NAME, CHANNEL_KEY), [siege.world.nodes["penerus-1"].settings])
    for n in range(houses):
        siege.send(bag.alarm(HOUSES + n, SINCE), every_s=1)
    siege.run(HOUR_S)
    siege.first()
    return bag


@at_door("penerus-1")
def old_alarms(siege: Siege) -> None:
    """Recorded alarms of other houses, each with its attempts, for all his legal air before the press."""
    _old_alarms(siege, 1 + int(AIR_S / 0.09 / ATTEMPTS))


@at_door("penerus-1")
def old_alarms_many(siege: Siege) -> None:
    """Play the same where relays have heard more houses than they remember: those played are forgotten."""
    _old_alarms(siege, MANY)


@at_door("penerus-1", known=False)
def old_alarms_new(siege: Siege) -> None:
    """Play the same on the day the relays came: they know neither the victim nor those played."""
    _old_alarms(siege, 0)


def _old_alarms(siege: Siege, houses: int) -> None:
    preset, spent_us, n = phy.preset(siege.world.scene.preset), 0, 0
    bag = _before(siege, houses)
    while spent_us < AIR_S * 1e6:
        frame = bag.alarm(HOUSES + n // ATTEMPTS, THEN, attempt=n % ATTEMPTS)
        spent_us += phy.airtime_us(preset, len(frame))
        siege.send(frame, every_s=EVERY_S)
        n += 1
    siege.press()
    siege.run(air.CALLS_S)


@at_door("penerus-3")
def old_crowd(siege: Siege) -> None:
    """Recorded alarms of four houses every few seconds, so that relays wait as in a crowd."""
    bag = _before(siege, CROWD)
    old = [bag.alarm(HOUSES + n, THEN, attempt=1) for n in range(CROWD)]
    for number in range(CROWD_ROUNDS):
        siege.send(*old, every_s=0.6)
        if number == 1:
            siege.press()
        siege.run(ROUND_S - 0.6 * CROWD)
    siege.run(air.CALLS_S)


@at_door("penerus-3")
def strange_crowd(siege: Siege) -> None:
    """Recorded alarms of six houses that no relay knows, an attempt of each every nine seconds."""
    bag = _before(siege, 0)
    for number in range(STRANGE_ROUNDS):
        if number == 2:
            siege.press()
        first = HOUSES + number // ATTEMPTS * STRANGE
        of_round = [bag.alarm(first + n, THEN, attempt=number % ATTEMPTS) for n in range(STRANGE)]
        siege.send(*of_round, every_s=0.5)
        siege.run(ROUND_S - 0.5 * STRANGE)


@at_door("penerus-3", known=False)
def strange_crowd_new(siege: Siege) -> None:
    """Play the same on the day on which the relays came: they do not know the victim either."""
    strange_crowd(siege)


@at_door("penerus-1")
def old_answers(siege: Siege) -> None:
    """Answered alarms, the same bytes with no hop left, until the relay's air for cached answers is gone."""
    for _ in range(ANSWERED):
        siege.first()
    of_alarm: dict[int, bytes] = {}
    for frame in siege.recorded("ALARM", siege.button):
        of_alarm[siege.describe(frame)["counter"]] = frame
    for _ in range(TIMES):
        for frame in list(of_alarm.values())[-ANSWERED:]:
            siege.send(wire.build_packet(wire.parse_packet(frame)._replace(hop_limit=0)), every_s=GAP_S)
    siege.press()
    siege.run(air.CALLS_S)


@at_door("penerus-3")
def twin(siege: Siege) -> None:
    """Ahead of each copy that the last relay is to carry the same words under a number like its sender's."""
    last, done = siege.node("penerus-3") & 0xFF, dict[int, int]()

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        packet = wire.parse_packet(frame)
        if one.get("src") != siege.button or one["type"] not in ("ALARM", "OTHER"):
            return ()
        if packet.relay_node == last:
            return ()
        done[packet.id] = done.get(packet.id, 0) + 1
        if done[packet.id] > 2:
            return ()
        channel, like = siege.bag.channel, packet.src ^ 1 << siege.drawn(0, 31, "twin", packet.id)
        if packet.id % 2:
            like = packet.src ^ 0x8000_0000
        return [channel.seal(like, packet.id, 7, channel.open(packet).payload)] * 2

    siege.first()
    siege.reacts(react)
    siege.press()
    siege.run(air.CALLS_S)
