"""Attacks on the gateway's own hour and on its tables: it stores the press, and has no word or room for it.

The thief spends his own legal air first; the house presses when all of it is gone.
"""

from collections.abc import Callable, Iterable, Iterator

from kentongan_gateway.core.devices import forgeries
from kentongan_wire.air import packet as wire
from kentongan_wire.air import phy
from kentongan_wire.air.phy import AIR_LIMIT_MS
from kentongan_wire.message import messages as m

from kentongan_sim.attack.bag import ROLE_OF
from kentongan_sim.attack.siege import Siege
from kentongan_sim.physics.shapes import Detail, Node

PACE_S = 0.6
FRESH_S = 610  # what a gateway has seen it forgets after ten minutes
ROUNDS = 6  # of an hour
RECORDED = 60  # frames that a thief without a key plays again in each
PRESSES = 10  # of the village, from which he has them
BETWEEN_S = 20
INVENTED = 0x6100_0000  # gateways that do not exist
ENTRIES = 14  # of one RECEIPTS
HIGH = 0x1_0000  # so many counters ahead a button's number of 16 bits is the same
SOUNDS_S = 200  # a post's siren is over
SOUNDINGS = 3  # of one incident at a post
BLOCK = 64  # a button that was without power goes on with the next block
PAGED = 40  # alarms of his own, each of which pages all penerima
HELD = 140  # alarms of his own, more than a gateway without memory holds back
NEAR_S = 40


def spent_by(frames_of: Callable[[Siege], Iterator[bytes]]) -> Callable[[Siege], None]:
    """Make the attack that spends all its air on frames_of(siege), which the gateway answers or carries."""

    def go(siege: Siege) -> None:
        siege.first()
        preset, used_ms, frames = phy.preset(siege.world.scene.preset), 0, frames_of(siege)
        while used_ms < AIR_LIMIT_MS - 300:
            frame = next(frames)
            used_ms += phy.airtime_us(preset, len(frame)) // 1000 + 1
            siege.send(frame, every_s=PACE_S)
        siege.press()
        siege.run(NEAR_S)

    go.__doc__ = frames_of.__doc__
    return go


def _not_its_own(siege: Siege, kind: str) -> list[bytes]:
    """List frames of others than the victim's own gateway, which that gateway carries on."""
    return [one for one in siege.recorded(kind) if siege.describe(one)["src"] != siege.gateway]


def _any_receipt(siege: Siege) -> bytes:
    """Return one that he heard: the gateway's own where no post said any, one of his own where he is deaf."""
    heard = _not_its_own(siege, "RECEIPTS") or siege.recorded("RECEIPTS")
    return heard[0] if heard else next(invented(siege))


def receipts(siege: Siege) -> Iterator[bytes]:
    """One recorded receipt of a post, sealed again under ever new ids."""
    one = _any_receipt(siege)
    while True:
        yield siege.bag.again(one)


def pages(siege: Siege) -> Iterator[bytes]:
    """One recorded page of another gateway, sealed again under ever new ids."""
    one = (_not_its_own(siege, "PAGE") or [_any_receipt(siege)])[0]
    while True:
        yield siege.bag.again(one)


def invented(siege: Siege) -> Iterator[bytes]:
    """Receipts in the names of gateways that do not exist."""
    while True:
        number = siege.high()
        yield siege.bag.many_receipts(INVENTED + number, number, siege.button, range(ENTRIES))


def own_words(siege: Siege) -> Iterator[bytes]:
    """Send the stolen board's own true messages: a penerima's answers, a tombol's tests, a post's reports."""
    label, bag, victim, last = siege.stolen[0], siege.bag, siege.button, siege.counter()
    own, role = siege.node(label), siege.world.nodes[label].place.role
    while True:
        if role == "penerima":
            yield bag.event(own, ROLE_OF[role], siege.high(), victim, last)
        elif role == "sirene":
            yield bag.report(own, siege.high(), victim, siege.high(), m.STATE_SOUNDING)
        else:
            yield bag.alarm(own, siege.high(), kind=m.KIND_UJI, under_c=True)


def recordings(siege: Siege) -> None:
    """Sixty recorded frames, all hops left again in the clear header, every ten minutes of an hour."""
    for label in [siege.victim, *siege.others][:PRESSES]:
        siege.press(label)
        siege.run(BETWEEN_S)
    siege.run(SOUNDS_S)
    kept = [
        wire.parse_packet(one)
        for kind in ("RECEIPTS", "SIREN_ORDER", "PAGE")
        for one in _not_its_own(siege, kind)
    ][:RECORDED]
    for _ in range(ROUNDS):
        for packet in kept:
            siege.send(wire.build_packet(packet._replace(hop_limit=7, hop_start=7)), every_s=PACE_S)
        siege.run(max(0, FRESH_S - PACE_S * len(kept)))
    siege.press()
    siege.run(NEAR_S)


# receipts that no gateway gave


def forged_by(sender_of: Callable[[Siege], Node]) -> Callable[[Siege], None]:
    """Make the attack that lets posts beat by a receipt of sender_of(siege), then mutes the next press."""

    def go(siege: Siege) -> None:
        siege.first()
        bag, post, sender = siege.bag, siege.node(siege.stolen[0]), sender_of(siege)
        for number in _coming(siege) * 2:
            about = siege.button, number + HIGH
            lie = bag.receipts(sender, m.GATEWAY, siege.high(), *about, m.STAGE_STORED, 1, m.KIND_MALING)
            siege.send(lie, every_s=2)
        siege.run(SOUNDS_S)
        _told(siege)

        def react(one: Detail, frame: bytes) -> Iterable[bytes]:
            if one.get("src") != siege.button or one["type"] != "ALARM":
                return ()
            about = siege.button, one["counter"]
            return [
                bag.receipts(post, m.SIRENE, siege.high(), *about, m.STAGE_SOUNDING),
                bag.report(post, siege.high(), *about, m.STATE_SOUNDING),
            ]

        siege.reacts(react)
        siege.press()
        siege.run(NEAR_S)

    go.__doc__ = sender_of.__doc__
    return go


def _coming(siege: Siege) -> tuple[int, int]:
    """Return the counters that the button may press under next: it stayed awake, or it did not."""
    last = siege.counter()
    return last + 1, (last // BLOCK + 1) * BLOCK + 1


def _told(siege: Siege) -> None:
    core = siege.world.gateway_hosts[siege.home.label]._core
    if siege.armed and core is not None and forgeries.NAME not in core.troubles():
        siege.wrong("untold", "posts beat by a forged receipt, and no person was told of forgeries")


def own_number(siege: Siege) -> Node:
    """Send a receipt in the gateway's own number, which it takes for an echo."""
    return siege.gateway


def invented_number(siege: Siege) -> Node:
    """Send a receipt in the number of a gateway that does not exist."""
    return INVENTED


def neighbours_number(siege: Siege) -> Node:
    """Send a receipt in the number of another gateway of the site."""
    return next(siege.node(one.modem) for one in siege.world.scene.gateways if one is not siege.home)


def number_used_up(siege: Siege) -> None:
    """Three soundings each of the incidents that the coming press may be, under a high counter."""
    siege.first()
    coming = _coming(siege)
    for i in range(SOUNDINGS):
        for number in coming:
            siege.send(siege.bag.alarm(siege.button, number + HIGH * (1 + i), incident=number))
            siege.run(SOUNDS_S)
    siege.press()
    siege.run(NEAR_S)


# tables that are full


def pages_full(siege: Siege) -> None:
    """Press a stolen button again and again: each of its alarms pages everybody for ten minutes."""
    own = siege.node(siege.stolen[0])
    for _ in range(PAGED):
        counter = siege.high()
        siege.send(siege.bag.alarm(own, counter), every_s=2)
        _page(siege, own, counter)
    siege.press()
    siege.run(2)
    _page(siege, siege.button, siege.counter_pressed())
    siege.run(NEAR_S)
    _paged(siege)


def held_full(siege: Siege) -> None:
    """Fill a gateway that has a new card with alarms of a stolen button that it holds back."""
    siege.cut(erase=True)
    own, modem = siege.node(siege.stolen[0]), siege.world.nodes[siege.home.modem]
    for i in range(HELD if siege.armed else 0):  # so near that no post hears it and vouches for it
        packet = wire.parse_packet(siege.bag.alarm(own, siege.high() + 20 * i))
        modem.deliver("receive", wire.build_packet(packet._replace(hop_limit=0, hop_start=0)), -40, 40)
        siege.run(0.2)
    siege.press()
    siege.run(NEAR_S)
    if not _noted(siege, "vouched"):
        siege.wrong("uncalled", "the press was not held back until a post's word, but dropped")


def _page(siege: Siege, origin: Node, counter: int) -> None:
    """Page as a living hub orders it."""
    order = {"id": siege.high(), "type": "page", "device": origin, "counter": counter, "expires_in_s": 60}
    if siege.attack.hub != "dead":
        siege.world.gateway_hosts[siege.home.label].order(order)


def _paged(siege: Siege) -> None:
    if not _noted(siege, "paged"):
        siege.wrong("unpaged", "no penerima was paged about the press")


def _noted(siege: Siege, step: str) -> bool:
    """Tell whether the gateway wrote this down about the victim's last press."""
    since_us = max(at for at, label, *_ in siege.world.pressed if label == siege.victim)
    about = step, siege.victim
    return any(
        what == "note" and t_us >= since_us and (detail["step"], detail["device"]) == about
        for t_us, _, what, detail in siege.world.trace.events
    )
