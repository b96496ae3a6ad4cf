"""Attacks on the air: in the victim's name, at the relay's doorstep, with all that the law leaves a thief."""

from collections.abc import Callable, Iterable
from hashlib import shake_128

from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from kentongan_wire.air.phy import AIR_LIMIT_MS
from kentongan_wire.message import messages as m

from kentongan_sim.attack.siege import React, Siege, at_door
from kentongan_sim.physics.shapes import Detail
from kentongan_sim.world.actors import dressed

ALARM_BYTES = 45  # of a whole frame, as long as what the others forge
LAST_COUNTER = 0xFFFF_FFFF
AHEAD = 5_000  # counters that the victim has not reached
BEFORE = 0.9  # this share of his air goes before the press, the rest during it and after
PURSE_FRAMES = 115  # ten seconds of air: no purse of a relay pays any more
CALLS_S = 640  # a button calls for ten minutes, at last at 300 and 600 s
CARRIED_US = 5_000_000
LATE_US = 60_000
FARTHER = "penerus-2"
RECORDED = 6  # genuine frames that he plays again in turn

# s between two frames before the press, ms between two from then on: all of it within ten minutes, or within
# the hour that the law counts.
DENSE, HOUR = (1.5, (600, 1_400)), (9, (6_000, 12_000))


def spending(
    forge: Callable[[Siege, int], bytes], pace: tuple[float, tuple[int, int]]
) -> Callable[[Siege], None]:
    """Make the attack that spends all its air on forge(siege, i), the i-th frame; the press falls into it."""

    def go(siege: Siege) -> None:
        siege.first()
        preset = phy.preset(siege.world.scene.preset)
        before_s, (least_ms, most_ms) = pace
        used_ms, limit_ms, sent, pressed = 0, AIR_LIMIT_MS - 300, 0, False
        while used_ms < limit_ms:
            if not pressed and used_ms >= limit_ms * BEFORE:
                siege.run(siege.drawn(0, int(before_s * 1_000), "rest") / 1000)
                siege.press()
                pressed = True
            frame = forge(siege, sent)
            used_ms += phy.airtime_us(preset, len(frame)) // 1000 + 1
            gap_s = siege.drawn(least_ms, most_ms, "gap", sent) / 1000
            siege.send(frame, every_s=gap_s if pressed else before_s)
            sent += 1

    go.__doc__ = forge.__doc__
    return go


def flood(siege: Siege, i: int) -> bytes:
    """Attempt 0 of ever new counters, under a tag that is none."""
    return siege.bag.alarm(siege.button, AHEAD + i)


def next_flood(siege: Siege, i: int) -> bytes:
    """Return the alarm with a counter that comes next, so that the real one looks like a copy."""
    return siege.bag.alarm(siege.button, siege.counter() + 1 + i % 12, attempt=i % 4)


def repeats(siege: Siege, i: int) -> bytes:
    """One counter, one attempt after the other."""
    return siege.bag.alarm(siege.button, AHEAD, attempt=i % 20)


def replays(siege: Siege, i: int) -> bytes:
    """Play the victim's own genuine frames of an earlier press, each time under a new id."""
    known = siege.recorded("ALARM", siege.button)[:RECORDED]
    return siege.bag.again(known[i % len(known)]) if known else flood(siege, i)


def raw_replays(siege: Siege, i: int) -> bytes:
    """Play the same without holding any key at all: other hops, other relay, other id."""
    known = siege.recorded("ALARM", siege.button)[:RECORDED]
    return dressed(known[i % len(known)], i) if known else noise(siege, i)


def texts(siege: Siege, i: int) -> bytes:
    """Text for phones in the victim's name."""
    text = shake_128(i.to_bytes(4, "little")).hexdigest(20).encode()
    return siege.bag.seal(siege.button, text, portnum=wire.PORT_ALERT)


def receipts(siege: Siege, i: int) -> bytes:
    """Receipts in the gateway's name for what the victim has not yet said."""
    return siege.bag.receipts(
        siege.gateway, m.GATEWAY, AHEAD + i, siege.button, siege.counter() + 1 + i % 8, m.STAGE_STORED, 1, 0
    )


def status(siege: Siege, i: int) -> bytes:
    """STATUS in the victim's name."""
    return siege.bag.button_status(siege.button, AHEAD + i, 0, 0)


def orders(siege: Siege, i: int) -> bytes:
    """Orders to fifteen posts in the gateway's name, with a carry tag that holds: no relay can judge them."""
    targets = range(0x9000, 0x900F)
    return siege.bag.order(siege.gateway, siege.high(), siege.button, AHEAD + i, targets)


def stages(siege: Siege, i: int) -> bytes:
    """Receipts of fourteen stages in the gateway's name, with a carry tag that holds."""
    about = siege.button, range(AHEAD + 14 * i, AHEAD + 14 * i + 14)
    return siege.bag.many_receipts(siege.gateway, siege.high(), *about)


def houses(siege: Siege, i: int) -> bytes:
    """Alarms of ever new houses, with a carry tag that holds: each has a share of its own at every relay."""
    return siege.bag.alarm(0x5400_0000 + i, AHEAD)


def long_houses(siege: Siege, i: int) -> bytes:
    """Play the same, twenty frames of each: relays see an alarm that goes on, and draw for it."""
    return siege.bag.alarm(0x5400_0000 + i // 20, AHEAD, attempt=i % 20)


def mixed(siege: Siege, i: int) -> bytes:
    """Of everything something."""
    return (flood, next_flood, receipts, texts)[i % 4](siege, i)


def noise(siege: Siege, i: int) -> bytes:
    """Frames of no network, to compare: what they cost is physics, and nobody can be kept from that."""
    return shake_128(b"noise" + i.to_bytes(4, "little")).digest(ALARM_BYTES)


def hops(siege: Siege) -> None:
    """Play the victim's frame without hops, as if a relay had carried it, or spoilt, right behind it."""

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] not in ("ALARM", "OTHER"):
            return ()
        packet = wire.parse_packet(frame)
        lower = max(0, packet.hop_limit - 1)
        spoilt = packet.body[:-1] + bytes([packet.body[-1] ^ 1])  # it can be read, and proves nothing
        return [
            wire.build_packet(packet._replace(hop_limit=0, relay_node=0x42)),
            wire.build_packet(packet._replace(hop_limit=lower, relay_node=0x43)),
            wire.build_packet(packet._replace(hop_limit=lower, relay_node=0x44, body=spoilt)),
        ]

    _react_to_press(siege, react)
    _carried_soon(siege)


def _carried_soon(siege: Siege, relay: str = "penerus-1") -> None:
    """Nobody's headers keep a relay from carrying what it heard: it may wait a moment for a true receipt."""
    pressed_us = max(at for at, label, *_ in siege.world.pressed if label == siege.victim)
    numbers, heard_us = set[int](), None
    for t_us, label, what, one in siege.world.trace.events:
        if t_us < pressed_us:
            continue
        of_victim = what == "tx" and one.get("src") == siege.button and one["type"] == "ALARM"
        if of_victim and label == siege.victim:
            numbers.add(one["tx"])
        elif what == "rx" and label == relay and one["tx"] in numbers and heard_us is None:
            heard_us = t_us
        elif of_victim and label == relay and heard_us is not None:
            if t_us - heard_us > CARRIED_US:
                siege.wrong("dropped", f"{relay} carried it {(t_us - heard_us) / 1e6:.1f} s after hearing it")
            return
    if heard_us is not None:
        siege.wrong("dropped", f"{relay} heard the press and carried nothing")


@at_door(FARTHER)
def low_ahead(siege: Siege) -> None:
    """Play the victim's frame with one hop left, at a relay farther on, ahead of the true copy."""
    _react_to_press(siege, _lower(siege))


@at_door(FARTHER)
def low_steps(siege: Siege) -> None:
    """Empty the common purse; then the same, and one hop more each time that relay has carried one."""
    for i in range(PURSE_FRAMES if siege.bag.holds_channel else 0):
        siege.send(flood(siege, i), every_s=1)
    _react_to_press(siege, _lower(siege, steps=True))


@at_door(FARTHER)
def low_late(siege: Siege) -> None:
    """Play the same so much later that it also meets the copy of a first relay that waited its slots."""
    react = _lower(siege)

    def later(one: Detail, frame: bytes) -> Iterable[bytes]:
        for copy in react(one, frame):
            siege.world.at(siege.world.now_us + LATE_US, siege.world.host_write, "maling", copy)
        return ()

    _react_to_press(siege, later)


def _lower(siege: Siege, steps: bool = False) -> React:
    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] not in ("ALARM", "OTHER"):
            return ()
        packet = wire.parse_packet(frame)
        if packet.hop_limit == packet.hop_start:
            return [wire.build_packet(packet._replace(hop_limit=min(1, packet.hop_limit), relay_node=0x42))]
        if steps and packet.relay_node == siege.node(FARTHER) & 0xFF:
            return [wire.build_packet(packet._replace(hop_limit=min(packet.hop_limit + 2, packet.hop_start)))]
        return ()

    return react


def attempts(siege: Siege) -> None:
    """Forge a higher attempt of the very counter, right behind the frame."""

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] != "ALARM":
            return ()
        return [
            siege.bag.alarm(siege.button, one["counter"], attempt=one["attempt"] + more) for more in (1, 9)
        ]

    _react_to_press(siege, react)


def spared(siege: Siege) -> None:
    """Forge a receipt behind each frame, so that relays spare their copies."""

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] != "ALARM":
            return ()
        return [
            siege.bag.receipts(
                siege.gateway, m.GATEWAY, siege.high(), siege.button, one["counter"], m.STAGE_STORED, 1, 0
            )
        ]

    _react_to_press(siege, react)


def overheard(siege: Siege) -> None:
    """Behind each frame a copy as if another relay had carried it, and a receipt: both lies together."""

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] != "ALARM":
            return ()
        packet = wire.parse_packet(frame)
        copy = packet._replace(hop_limit=max(0, packet.hop_limit - 1), relay_node=0x43)
        lie = siege.bag.receipts(
            siege.gateway, m.GATEWAY, siege.high(), siege.button, one["counter"], m.STAGE_STORED, 1, 0
        )
        return [wire.build_packet(copy), lie, wire.build_packet(copy), siege.bag.again(lie)]

    _react_to_press(siege, react)


def cached(siege: Siege) -> None:
    """Receipts of coming counters, fourteen in a frame, so that relays hold answers before the press."""
    siege.first()
    for first in range(siege.counter() + 1, siege.counter() + 99, 14):
        about = siege.button, range(first, first + 14)
        siege.send(siege.bag.many_receipts(siege.gateway, siege.high(), *about))
    siege.run(5)
    siege.press()
    siege.run(40)


def _react_to_press(siege: Siege, react: React) -> None:
    siege.first()
    siege.reacts(react)
    siege.press()
    siege.run(40)


def muzzle(siege: Siege) -> None:
    """One frame with the highest counter there is, as the victim's; then the common purse is emptied."""
    _empty_the_purses(siege)
    siege.press()
    siege.run(CALLS_S)


def muzzle_on(siege: Siege) -> None:
    """Play the same, and while the button calls come first whenever a relay carries one more."""
    _empty_the_purses(siege)
    siege.press()
    for i in range(CALLS_S):
        siege.send(siege.bag.alarm(siege.button, AHEAD + PURSE_FRAMES + i, attempt=i % 3), every_s=1)


def _empty_the_purses(siege: Siege) -> None:
    siege.first()
    button, bag = siege.button, siege.bag
    siege.send(bag.alarm(button, LAST_COUNTER, attempt=20), every_s=1)
    siege.send(*[bag.alarm(button, AHEAD + i, attempt=i % 3) for i in range(PURSE_FRAMES)], every_s=1)


def shares_spent(siege: Siege) -> None:
    """Proved frames of ever new counters, until the victim's own share of the relays is spent."""
    siege.first()
    siege.send(*[siege.bag.alarm(siege.button, siege.counter() + 1 + i) for i in range(60)], every_s=1)
    siege.press()
    siege.run(60)


def jam_and_forge(siege: Siege) -> None:
    """Jam for 12 s from the press on, then forge receipts and stops at once."""
    siege.first()
    siege.jam(12)
    siege.press()
    siege.run(12)
    for _ in range(6):
        counter = siege.counter()
        siege.send(
            *[
                siege.bag.receipts(siege.gateway, m.GATEWAY, siege.high(), siege.button, counter, stage)
                for stage in (m.STAGE_STORED, m.STAGE_COMING, m.STAGE_CANCELLED)
            ]
        )
        siege.run(1)
    siege.run(30)


def two_thieves(siege: Siege) -> None:
    """One with a stolen post, one with a stolen button: foreign counters used up, true alarms of its own."""
    bag, own = siege.bag, siege.node(siege.stolen[-1])
    siege.first()
    siege.send(*[bag.alarm(siege.button, siege.high()) for _ in range(2)])
    siege.send(*[bag.alarm(own, siege.high()) for _ in range(2)])
    siege.run(30)
    siege.press()
    for _ in range(4):
        counter = siege.counter()
        siege.send(
            bag.event(own, m.TOMBOL, siege.high(), siege.button, counter),
            bag.alarm(own, siege.high(), flags=m.FLAG_CANCEL, under_c=True),
            bag.alarm(siege.button, counter, flags=m.FLAG_CANCEL, under_c=True),
            bag.receipts(siege.gateway, m.GATEWAY, siege.high(), siege.button, counter, m.STAGE_COMING),
        )
        siege.run(2)
    siege.run(30)
