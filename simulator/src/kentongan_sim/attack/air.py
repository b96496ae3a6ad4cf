"""Attacks on the air: in the victim's name, at the relay's doorstep, with all that the law leaves a thief."""

from hashlib import shake_128

from kentongan_wire import messages as m
from kentongan_wire import packet as wire
from kentongan_wire import phy
from kentongan_wire.phy import AIR_LIMIT_MS

from kentongan_sim.actors import dressed

BEFORE, EVERY_S = (
    0.9,
    1.5,
)  # this share of his air goes before the press, a frame so often; the rest during it
ALARM_BYTES = 45  # of a whole frame, as long as what the others forge
AHEAD = 5_000  # counters that the victim has not reached


def spend(siege, frame_of):
    """All his air: frame_of(i) is the i-th frame. The press falls somewhere into the last tenth."""
    siege.first()
    preset = phy.preset(siege.world.scene.preset)
    sent, used_ms, limit_ms = 0, 0, AIR_LIMIT_MS - 300
    while used_ms < limit_ms * BEFORE:
        frame = frame_of(sent)
        used_ms += phy.airtime_us(preset, len(frame)) // 1000 + 1
        siege.send(frame, every_s=EVERY_S)
        sent += 1
    siege.run(siege.drawn(0, 1_500, "rest") / 1000)
    siege.press()
    while used_ms < limit_ms:
        frame = frame_of(sent)
        used_ms += phy.airtime_us(preset, len(frame)) // 1000 + 1
        siege.send(frame, every_s=siege.drawn(600, 1_400, "gap", sent) / 1000)
        sent += 1


def flood(siege):
    """Attempt 0 of ever new counters, under a tag that is none."""
    spend(siege, lambda i: siege.bag.alarm(siege.button, AHEAD + i))


def next_flood(siege):
    """The counters that come next, so that the real one looks like a copy."""
    spend(siege, lambda i: siege.bag.alarm(siege.button, siege.counter() + 1 + i % 12, attempt=i % 4))


def repeats(siege):
    """One counter, one attempt after the other."""
    spend(siege, lambda i: siege.bag.alarm(siege.button, AHEAD, attempt=i % 20))


def replays(siege):
    """The victim's own genuine frames of an earlier press, each time under a new id."""

    def frame_of(i):
        known = siege.recorded("ALARM", siege.button)[:6]
        return siege.bag.again(known[i % len(known)]) if known else siege.bag.alarm(siege.button, AHEAD + i)

    spend(siege, frame_of)


def raw_replays(siege):
    """The same by somebody who holds no key at all: other hops, other relay, other id."""

    def frame_of(i):
        known = siege.recorded("ALARM", siege.button)[:6]
        return dressed(known[i % len(known)], i) if known else bytes(40)

    spend(siege, frame_of)


def texts(siege):
    """Text for phones in the victim's name."""

    def frame_of(i):
        text = shake_128(i.to_bytes(4, "little")).hexdigest(20).encode()
        return siege.bag.seal(siege.button, text, portnum=wire.PORT_ALERT)

    spend(siege, frame_of)


def receipts(siege):
    """Receipts in the gateway's name for what the victim has not yet said."""
    spend(
        siege,
        lambda i: siege.bag.receipts(
            siege.gateway,
            m.GATEWAY,
            AHEAD + i,
            siege.button,
            siege.counter() + 1 + i % 8,
            m.STAGE_STORED,
            1,
            0,
        ),
    )


def status(siege):
    """STATUS in the victim's name."""
    spend(siege, lambda i: siege.bag.button_status(siege.button, AHEAD + i, 0, 0))


def mixed(siege):
    """Of everything something."""
    kinds = (
        lambda i: siege.bag.alarm(siege.button, AHEAD + i),
        lambda i: siege.bag.alarm(siege.button, siege.counter() + 1 + i % 5),
        lambda i: siege.bag.receipts(
            siege.gateway, m.GATEWAY, AHEAD + i, siege.button, siege.counter() + 1, m.STAGE_STORED, 1, 0
        ),
        lambda i: siege.bag.seal(siege.button, bytes(30), portnum=wire.PORT_ALERT),
    )
    spend(siege, lambda i: kinds[i % len(kinds)](i))


def noise(siege):
    """Frames of no network, to compare: what they cost is physics, and no forger can be kept from that."""
    spend(siege, lambda i: shake_128(b"noise" + i.to_bytes(4, "little")).digest(ALARM_BYTES))


def hops(siege):
    """The victim's frame with no hops left, or as if another relay had carried it, right behind it."""

    def react(one, frame):
        if one.get("src") != siege.button or one["type"] not in ("ALARM", "OTHER"):
            return ()
        packet = wire.parse_packet(frame)
        lower = max(0, packet.hop_limit - 1)
        return [
            wire.build_packet(packet._replace(hop_limit=0, relay_node=0x42)),
            wire.build_packet(packet._replace(hop_limit=lower, relay_node=0x43)),
        ]

    _react_to_press(siege, react)


def attempts(siege):
    """A forged higher attempt of the very counter, right behind the frame."""

    def react(one, frame):
        if one.get("src") != siege.button or one["type"] != "ALARM":
            return ()
        return [
            siege.bag.alarm(siege.button, one["counter"], attempt=one["attempt"] + more) for more in (1, 9)
        ]

    _react_to_press(siege, react)


def spared(siege):
    """A forged receipt behind each frame, so that relays spare their copies."""

    def react(one, frame):
        if one.get("src") != siege.button or one["type"] != "ALARM":
            return ()
        return [
            siege.bag.receipts(
                siege.gateway, m.GATEWAY, siege.high(), siege.button, one["counter"], m.STAGE_STORED, 1, 0
            )
        ]

    _react_to_press(siege, react)


def _react_to_press(siege, react):
    siege.first()
    siege.reacts(react)
    siege.press()
    siege.run(40)


def jam_and_forge(siege):
    """A jammer for 12 s from the press on, and forged receipts and stops as soon as he is done."""
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


def two_thieves(siege):
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
