"""Attacks on words: who answers, who says what is stored, who calls off; planted identities; old receipts."""

from collections.abc import Iterable

from kentongan_wire.message import messages as m

from kentongan_sim.attack.bag import ROLE_OF
from kentongan_sim.attack.siege import Siege
from kentongan_sim.physics.shapes import Detail

LAST_COUNTER = 0xFFFF_FFFF
PLANTED = 40  # counters ahead of the victim's last one that a thief covers


def answers(siege: Siege) -> None:
    """ "Saya datang" in every name and under every key that is in the bag, while penerima are being asked."""
    bag, origin = siege.bag, siege.button
    siege.press()
    siege.run(1.5)
    for second in (1, 5, 28, 8, 12):
        siege.run(second)
        counter = siege.counter()
        frames = [
            bag.event(siege.node(label), ROLE_OF[role], siege.high(), origin, counter)
            for role in ("tombol", "sirene", "penerima")
            for label in siege.of_role(role)[:3]
        ]
        frames += [
            bag.event(siege.node(label), m.PENERIMA, siege.high(), origin, counter, under_a=True)
            for label in siege.of_role("penerima")
        ]
        frames += [
            bag.event(
                siege.node(label),
                ROLE_OF[label.split("-")[0].replace("pos", "sirene")],
                siege.high(),
                origin,
                counter,
            )
            for label in siege.stolen
        ]
        siege.send(*frames)


def receipts(siege: Siege) -> None:
    """Receipts of every stage for the coming counters, before the press, and again for the real one."""
    siege.first()
    siege.send(*_lies(siege, siege.counter(), 4))
    siege.press()
    siege.run(0.6)
    siege.send(*_lies(siege, siege.counter(), 1))


def _lies(siege: Siege, last: int, count: int) -> list[bytes]:
    bag, button = siege.bag, siege.button
    post = (
        siege.node(siege.stolen[0])
        if "sirene" in siege.attack.holder
        else siege.node(siege.of_role("sirene")[0])
    )
    out = []
    for counter in range(last, last + count + 1):
        for stage in range(m.STAGE_SOUNDING, m.STAGE_CANCELLED + 1):
            out.append(bag.receipts(siege.gateway, m.GATEWAY, siege.high(), button, counter, stage))
        out.append(bag.receipts(post, m.SIRENE, siege.high(), button, counter, m.STAGE_SOUNDING))
    return out


def neighbours(siege: Siege) -> None:
    """Receipts in every other gateway's name, so that the victim's own holds the alarm for answered."""
    siege.first()
    old = siege.recorded("RECEIPTS")[-12:]
    others = [siege.node(one.modem) for one in siege.world.scene.gateways if one is not siege.home]

    def lies(counter: int) -> list[bytes]:
        return [
            siege.bag.receipts(node, m.GATEWAY, siege.high(), siege.button, counter, m.STAGE_STORED, 1, 0)
            for node in others
        ]

    siege.send(*[frame for ahead in range(1, 4) for frame in lies(siege.counter() + ahead)])
    siege.send(*[siege.bag.again(frame) for frame in old])
    siege.press()
    siege.run(0.5)
    siege.send(*lies(siege.counter()), *[siege.bag.again(frame) for frame in old])
    siege.run(30)


def old_receipts(siege: Siege) -> None:
    """Play the button's own receipts of an earlier press, stage 3 among them, during the next."""
    siege.first()
    old = siege.recorded("RECEIPTS")[-24:]
    siege.world.switch("hub", False)  # nobody answers the second one
    siege.press()
    for _ in range(2):
        siege.run(0.5)
        siege.send(*(old if not siege.bag.holds_channel else [siege.bag.again(frame) for frame in old]))


def planted(
    siege: Siege, kind: int = m.KIND_MALING, flags: int = 0, zone: int = 1, under_c: bool = False
) -> None:
    """Alarms that sound nowhere (or do) under the victim's coming counters; then the real press."""
    siege.first()
    last = siege.counter()
    counters = range(last + 1, last + 1 + PLANTED)
    siege.send(*[siege.bag.alarm(siege.button, one, zone, kind, flags, under_c=under_c) for one in counters])
    siege.run(siege.drawn(1, 20, "then"))
    siege.press()
    siege.run(30)


def uji(siege: Siege) -> None:
    planted(siege, kind=m.KIND_UJI)


def uji_c(siege: Siege) -> None:
    planted(siege, kind=m.KIND_UJI, under_c=True)


def cancel(siege: Siege) -> None:
    planted(siege, flags=m.FLAG_CANCEL)


def zone_0(siege: Siege) -> None:
    planted(siege, zone=0)


def loud(siege: Siege) -> None:
    planted(siege)


def race(siege: Siege) -> None:
    """Other content under the very counter of the press, as soon as its first frame is heard."""
    siege.first()
    seen = set[int]()

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        counter = one.get("counter")
        if one.get("src") != siege.button or one["type"] != "ALARM" or counter is None or counter in seen:
            return ()
        seen.add(counter)
        kinds = ((m.KIND_UJI, 0), (m.KIND_KEBAKARAN, 0), (m.KIND_MALING, m.FLAG_CANCEL))
        return [siege.bag.alarm(siege.button, counter, kind=kind, flags=flags) for kind, flags in kinds]

    siege.reacts(react)
    siege.press()
    siege.run(30)


def ahead(siege: Siege) -> None:
    """Loud alarms with counters far ahead: posts take the real press for an old one."""
    siege.first()
    siege.send(*[siege.bag.alarm(siege.button, siege.high()) for _ in range(3)])
    siege.run(siege.drawn(60, 240, "then"))
    siege.press()
    siege.run(30)


def used_up(siege: Siege) -> None:
    """Say the highest counter there is in all that a post may make in another's name: nothing is newer."""
    bag = siege.bag
    siege.first()
    about = siege.button, LAST_COUNTER
    siege.send(
        bag.receipts(siege.gateway, m.GATEWAY, LAST_COUNTER, *about, m.STAGE_SOUNDING),
        bag.receipts(siege.gateway, m.GATEWAY, LAST_COUNTER, *about, m.STAGE_STORED, 1, 0),
        bag.alarm(*about),
        bag.button_status(*about, 0, 0),
        bag.button_status(*about, 0, 0, under_a=True),
    )
    siege.run(siege.drawn(200, 400, "then"))
    siege.press()
    siege.run(30)


def seen_it(siege: Siege) -> None:
    """STATUS in the victim's name: it has seen "somebody is coming", so that nobody repeats it."""
    siege.press()
    siege.run(7)
    for _ in range(6):
        counter = siege.counter()
        siege.send(
            *[
                siege.bag.button_status(siege.button, siege.high(), stage, counter, under_a)
                for stage in (m.STAGE_COMING, m.STAGE_CLOSED)
                for under_a in (False, True)
            ]
        )
        siege.run(0.5)
