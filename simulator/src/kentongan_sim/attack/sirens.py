"""Attacks on sirens: old alarms after a power cut, forged orders and pages, silence in advance, eviction."""

from collections.abc import Iterable, Sequence

from kentongan_node.common import configure
from kentongan_wire.air import packet as wire
from kentongan_wire.keyring import keys as wire_keys
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m

from kentongan_sim.attack.siege import Siege
from kentongan_sim.physics.shapes import Detail, Node
from kentongan_sim.scenarios.catalogue import TEST_SITE_KEY
from kentongan_sim.world.actors import dressed

LATER_S = 1_200  # a siren that begins so long after the press is a false one
SOON_S = 250  # the siren of 180 s is over, and what a restart goes on with is younger
BRIEF_S = 30  # of a drill, which is over when its order is played again
REPORTED_S = 20
ATTEMPTS, AWAY_S = 4, 60  # of a recorded alarm; that its button has long ended
OVER_S = 200  # the sirens of what he invents are over
OVER_LONG_S = (
    620  # a gateway calls an alarm old, and its button still calls a further press the same incident
)
INVENTED = 300  # senders that do not exist, more than a post's guard has rows
UNKNOWN = 0x6000_0000


def in_dresses(siege: Siege, frames: Iterable[bytes]) -> list[bytes]:
    """Each frame as it was, with other hops, as if relayed, under another id."""
    out = [dressed(frame, number) for frame in frames for number in range(4)]
    if siege.bag.holds_channel:
        out += [siege.bag.again(frame) for frame in frames]
    return out


def after_cut(siege: Siege, erase: bool = False, wait_s: float = LATER_S) -> None:
    """One recorded alarm, and all that was said of it, played again after a power cut of the gateway."""
    siege.press()
    siege.run(wait_s)
    old = siege.recorded("ALARM", siege.button)[:2]
    said = siege.recorded("RECEIPTS")[:3] + siege.recorded("PAGE")[:2] + siege.recorded("SIREN_ORDER")[:2]
    siege.cut(erase=erase)
    siege.send(*in_dresses(siege, old + said), every_s=0.4)
    siege.run(40)
    siege.send(*in_dresses(siege, old), every_s=0.4)
    siege.run(60)


def soon_after_cut(siege: Siege) -> None:
    """Play the same four minutes after the press, when its siren has just ended: nothing begins anew."""
    siege.press()
    siege.run(SOON_S)
    old = siege.recorded("ALARM", siege.button)[:3]
    siege.cut()
    since_us = siege.world.now_us
    siege.send(*in_dresses(siege, old), every_s=0.4)
    siege.run(40)
    for t_us, label, what, detail in siege.world.trace.events:
        beats = what == "sound" and "penerima" not in label
        ordered = what == "tx" and detail["type"] == "SIREN_ORDER" and detail["action"] == m.ACTION_START
        if t_us >= since_us and (beats or ordered):
            siege.wrong("again", f"{label} began anew at {t_us / 1e6:.1f} s, after the gateway's restart")


def empty_state(siege: Siege) -> None:
    after_cut(siege, erase=True)


def strange_gateway(siege: Siege) -> None:
    """Play an alarm of twenty minutes ago to a gateway of another RT that had no power then."""
    strange = next(one for one in siege.world.scene.gateways if one is not siege.home)
    siege.world.switch(strange.label, False)
    siege.press()
    siege.run(AWAY_S)
    siege.world.switch(strange.label, True)
    siege.run(LATER_S)
    for frame in siege.recorded("ALARM", siege.button)[:ATTEMPTS]:
        if siege.armed:
            siege.world.nodes[strange.modem].deliver("receive", frame, -40, 40)
        siege.run(2)
    siege.run(60)


def strange_gateway_no_hub(siege: Siege) -> None:
    """Play the same when the hub has died in the twenty minutes."""
    siege.world.at(LATER_S // 2 * 1_000_000, siege.world.switch, "hub", False)
    strange_gateway(siege)


def own_witness(siege: Siege) -> None:
    """Say by a stolen post, with a new card and no hub, that it sounds for a recorded alarm, and sound."""
    siege.press()
    siege.run(LATER_S)
    old, about = siege.recorded("ALARM", siege.button)[:2], (siege.button, siege.counter_pressed())
    post, bag = siege.node(siege.stolen[0]), siege.bag
    siege.cut(erase=True)

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.gateway or one["type"] != "SIREN_ORDER" or one["action"] != m.ACTION_TEST:
            return ()
        flags = m.STATUS_MAINS | m.STATUS_SOUNDING
        body = m.NodeStatus(flags, 12_600, 30, -70, 20, 1, 5, 10, one["id"], 0, (0, 1, 0))
        said = bag.report(post, siege.high(), *about, m.STATE_SOUNDING)
        keys = bag.c(post, m.SIRENE), bag.r(post, m.SIRENE)
        status = m.encode(m.STATUS, m.SIRENE, 0, siege.high(), post, body, *keys)
        return [said, bag.seal(post, status), bag.report(post, siege.high(), *about, m.STATE_SOUNDING)]

    siege.reacts(react)
    siege.send(*in_dresses(siege, old), every_s=0.4)
    siege.run(60)


def posts_cut(siege: Siege) -> None:
    """Cut the posts' power as well, and bring one of them back without its counters."""
    siege.press()
    siege.run(LATER_S)
    old = siege.recorded("ALARM", siege.button)[:2] + siege.recorded("RECEIPTS")[:2]
    posts = siege.of_role("sirene")
    for label in posts:
        siege.world.switch(label, False)
    siege.world.nodes[posts[0]].state.clear()
    siege.cut()
    for label in posts:
        siege.world.switch(label, True)
    siege.run(4)
    siege.send(*in_dresses(siege, old), every_s=0.4)
    siege.run(60)


def rested(siege: Siege) -> None:
    """Have a post beat a recorded alarm until it is to rest; the gateway is off before the next press."""
    post = siege.of_role("sirene")[0]
    siege.world.switch(post, False)
    siege.press()
    siege.run(AWAY_S)
    siege.world.switch(post, True)
    siege.run(OVER_LONG_S)
    for frame in siege.recorded("ALARM", siege.button)[:1]:
        if siege.armed:
            siege.world.nodes[post].deliver("receive", frame, -40, 40)
    siege.run(BRIEF_S)
    siege.world.switch(siege.home.label, False)
    since_us = siege.world.now_us
    siege.press()
    siege.run(20)
    if not any(
        what == "sound" and label == post and t_us >= since_us
        for t_us, label, what, _ in siege.world.trace.events
    ):
        siege.wrong("siren", f"{post} beat a recording before, and nothing for the press after it")
    siege.world.switch(siege.home.label, True)


def orders(siege: Siege) -> None:
    """Orders, pages and receipts in the gateway's name, for a press that never was."""
    bag, gateway = siege.bag, siege.gateway
    posts = [siege.node(label) for label in siege.of_role("sirene") if label not in siege.stolen]
    for action in (m.ACTION_START, m.ACTION_TEST, m.ACTION_DRILL):
        siege.send(bag.order(gateway, siege.high(), siege.button, siege.high(), posts, action))
    for label in siege.of_role("penerima"):
        siege.send(bag.page(gateway, siege.high(), siege.node(label), siege.button, siege.high()))
    for stage in (m.STAGE_STORED, m.STAGE_COMING):
        siege.send(bag.receipts(gateway, m.GATEWAY, siege.high(), siege.button, siege.high(), stage, 1, 1))
    siege.run(30)


def stop_orders(siege: Siege) -> None:
    """Orders to stop, cancels and stages 4 and 5, while the siren beats for a real press."""
    bag = siege.bag
    siege.press()
    siege.run(0.5)
    posts = [siege.node(label) for label in siege.of_role("sirene") if label not in siege.stolen]
    for _ in range(3):
        siege.run(1)
        counter = siege.counter()
        siege.send(
            bag.order(siege.gateway, siege.high(), siege.button, counter, posts, m.ACTION_STOP),
            bag.alarm(siege.button, counter + 1, flags=m.FLAG_CANCEL),
            bag.alarm(siege.button, counter + 1, flags=m.FLAG_CANCEL, under_c=True),
            bag.receipts(siege.gateway, m.GATEWAY, siege.high(), siege.button, counter, m.STAGE_CLOSED),
            bag.receipts(siege.gateway, m.GATEWAY, siege.high(), siege.button, counter, m.STAGE_CANCELLED),
        )
    beats = [s for s in siege.world.trace.events if s[2] == "quiet"]
    if any(t_us <= siege.world.now_us for t_us, *_ in beats):
        siege.wrong("siren", "a siren fell silent within seconds of a press")


def silence(siege: Siege, state: int = m.STATE_SILENCED) -> None:
    """Report by the stolen post "silenced at the post" (or "sounding") for the coming counters.

    The other posts refuse the press as old, for he has used up their mark: only the gateway's order sounds.
    """
    bag, post = siege.bag, siege.node(siege.stolen[0])
    others = [siege.node(label) for label in siege.of_role("sirene") if label not in siege.stolen]
    siege.first()
    last = siege.counter()
    siege.send(*[bag.alarm(siege.button, siege.high()) for _ in range(2)])
    siege.run(200)
    for counter in range(last + 1, last + 9):
        siege.send(bag.report(post, siege.high(), siege.button, counter, state))
        siege.send(
            *[bag.report(other, siege.high(), siege.button, counter, state, under_a=True) for other in others]
        )
        if state == m.STATE_SOUNDING:
            siege.send(bag.receipts(post, m.SIRENE, siege.high(), siege.button, counter, m.STAGE_SOUNDING))

    def react(one: Detail, frame: bytes) -> Iterable[bytes]:
        if one.get("src") != siege.button or one["type"] != "ALARM" or one.get("attempt"):
            return ()
        return [bag.report(post, siege.high(), siege.button, one["counter"], state) for _ in range(3)]

    siege.reacts(react)
    siege.press()
    siege.run(30)


def claim(siege: Siege) -> None:
    silence(siege, m.STATE_SOUNDING)


def whisper(siege: Siege) -> None:
    """Loud alarms that only the other posts hear, so that no gateway minds forgeries; then "it sounds"."""
    bag, post = siege.bag, siege.node(siege.stolen[0])
    others = [label for label in siege.of_role("sirene") if label not in siege.stolen]
    siege.first()
    for label in others:
        packet = wire.parse_packet(bag.alarm(siege.button, siege.high()))
        frame = wire.build_packet(packet._replace(hop_limit=0, hop_start=0))
        if siege.armed:
            siege.world.nodes[label].deliver("receive", frame, -40, 40)
    siege.run(siege.drawn(200, 400, "then"))

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
    siege.run(30)


def second_press(siege: Siege) -> None:
    """Say "silenced" by the stolen post at once, of an incident that goes on with a second press."""
    bag, post = siege.bag, siege.node(siege.stolen[0])
    siege.first()
    siege.send(*[bag.alarm(siege.button, siege.high()) for _ in range(2)])
    siege.run(200)
    siege.press()
    siege.run(4)
    for state in (m.STATE_SOUNDING, m.STATE_SILENCED, m.STATE_STOPPED):
        siege.send(bag.report(post, siege.high(), siege.button, siege.counter(), state))
    siege.run(200)
    siege.press()
    siege.run(30)


def refused(siege: Siege) -> None:
    """Say by the stolen post again and again that it refused the alarm: one order is its due, no more."""
    bag, post = siege.bag, siege.node(siege.stolen[0])
    siege.press()
    siege.run(3)
    known = len(siege.recorded("SIREN_ORDER", siege.gateway))
    for number in range(40):
        siege.send(
            bag.report(post, siege.high(), siege.button, siege.counter() + number % 3, m.STATE_REFUSED),
            every_s=0.4,
        )
    siege.run(60)
    told = map(siege.describe, siege.recorded("SIREN_ORDER", siege.gateway)[known:])
    given = {one["counter"] for one in told if one["action"] == m.ACTION_START}
    if len(given) > 2:
        siege.wrong("amplified", f"{len(given)} orders for 40 reports of one post")


def evicted(siege: Siege) -> None:
    """Invented senders fill the posts' guards; then recorded settings and orders are played again."""
    gateway, posts = siege.gateway, [label for label in siege.of_role("sirene") if label not in siege.stolen]
    siege.first()
    old, new = _settings(siege, posts, 1, (0,)), _settings(siege, posts, 2, (siege.node(siege.others[0]),))
    order = _drill_order(siege, posts)
    for frames in (old, new, [order]):
        _by_gateway(siege, frames)
    before = {label: siege.world.nodes[label].state.get(configure.NAME) for label in posts}
    siege.run(BRIEF_S)
    for i in range(INVENTED if siege.armed else 0):  # so near to each post that it misses none of them
        for label in posts:
            siege.world.nodes[label].deliver("receive", siege.bag.alarm(UNKNOWN + i, 1), -40, 40)
        siege.run(0.02)
    since_us = siege.world.now_us
    siege.send(*in_dresses(siege, [order, *old, *siege.recorded("SIREN_ORDER", gateway)[:2]]), every_s=0.4)
    siege.run(REPORTED_S)
    if any(
        what == "tx"
        and label in posts
        and t_us >= since_us
        and one["type"] == "SIREN_REPORT"
        and one.get("action") == m.STATE_DRILL
        for t_us, label, what, one in siege.world.trace.events
    ):
        siege.wrong("again", "a post began a drill by an order that was played again")
    if any(siege.world.nodes[label].state.get(configure.NAME) != before[label] for label in posts):
        siege.wrong("settings", "a post took settings that were played again")
    siege.run(OVER_S)
    siege.press()
    siege.run(10)


def _settings(siege: Siege, posts: Sequence[str], version: int, revoked: Sequence[Node]) -> list[bytes]:
    """Make CONFIG as the gateway sent it a while ago, one for each post."""
    root, out = site_keys.control_root(TEST_SITE_KEY, 0), list[bytes]()
    items = b"".join((bytes((3, 4)), revoked[0].to_bytes(4, "little"))) if revoked[0] else bytes((3, 0))
    for label in posts:
        node = siege.node(label)
        body = m.Config(node, version, 0, 1, items)
        counter = 50_000 + version * 100 + len(out)
        payload = m.encode(
            m.CONFIG,
            m.GATEWAY,
            0,
            counter,
            siege.gateway,
            body,
            wire_keys.node_key(root, node, m.SIRENE, 0),
            bytes(32),
        )
        out.append(siege.bag.seal(siege.gateway, payload))
    return out


def _drill_order(siege: Siege, posts: Sequence[str]) -> bytes:
    """Make the gateway's order that a short drill begins, as it might have given it just now."""
    control, carry = site_keys.control_root(TEST_SITE_KEY, 0), bytes(32)
    last = max(
        one["counter"]
        for _, label, what, one in siege.world.trace.events
        if what == "tx" and label == siege.home.modem and one.get("src") == siege.gateway
    )
    counter, about = last + 1, (0, last + 1, m.ACTION_DRILL, 0, BRIEF_S)
    fixed = m.SirenOrder(*about, ())
    keys = {siege.node(label): wire_keys.node_key(control, siege.node(label), m.SIRENE, 0) for label in posts}
    targets = tuple(
        (node, m.order_tag(siege.gateway, counter, node, fixed, key)) for node, key in keys.items()
    )
    own = wire_keys.node_key(control, siege.gateway, m.GATEWAY, 0)
    order = m.SirenOrder(*about, targets)
    payload = m.encode(m.SIREN_ORDER, m.GATEWAY, 0, counter, siege.gateway, order, own, carry)
    return siege.bag.seal(siege.gateway, payload)


def _by_gateway(siege: Siege, frames: Iterable[bytes]) -> None:
    """Deliver frames that were really sent to every post, whoever else gets them."""
    for frame in frames:
        for label in siege.of_role("sirene"):
            siege.world.nodes[label].deliver("receive", frame, -60, 40)
        siege.run(1)
