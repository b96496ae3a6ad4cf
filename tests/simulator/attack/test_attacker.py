"""A hostile radio in the running village: what it replays, alters or forges sounds no siren, tells no lie."""

import random

import pytest
from kentongan_gateway.core.gateway_core import SLOW_MS
from kentongan_sim.checkers import check_all
from kentongan_sim.checkers.summary import unreachable
from kentongan_sim.scenarios.catalogue import CHANNEL_KEY, CHANNEL_NAME, TEST_SITE_KEY, scenario
from kentongan_sim.world.actors import Stranger
from kentongan_sim.world.frames import Describer
from kentongan_sim.world.history import History
from kentongan_sim.world.world import World
from kentongan_wire.air import packet as wire
from kentongan_wire.keyring import keys as wire_keys
from kentongan_wire.keyring import site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.bodies import ALARM_BYTES
from kits.hub.hub_kit import Site, make_site

S = 1_000_000
STRANGER = "orang-asing"
BUTTON, POSTS, GATEWAY = "tombol-07", ("pos-1", "pos-2"), "gateway-1"
PRESS_US = 30 * S
SOUND_US = 181 * S  # a siren is quiet so long after its start
NEW_IDS = 0x7000_0000  # packet ids that no device of the village has reached
HOPS = 3


class Attack:
    """The village, and a stranger in the middle of it who holds the channel key, as stock repeaters do."""

    def __init__(self, seed=1, **world):
        self.world = World(scenario("rt"), seed, **world)
        self.stranger = Stranger()
        self.world.host_core(STRANGER, self.stranger, 56, 44, role="stranger")
        self.channel = wire.Channel(CHANNEL_NAME, CHANNEL_KEY)
        self.alarm_root = site_keys.alarm_root(TEST_SITE_KEY, 0)
        self.control_root = site_keys.control_root(TEST_SITE_KEY, 0)
        self._id = NEW_IDS

    def node(self, label):
        return self.world.nodes[label].place.node

    def a(self, label, role):
        return wire_keys.node_key(self.alarm_root, self.node(label), role, 0)

    def c(self, label, role):
        return wire_keys.node_key(self.control_root, self.node(label), role, 0)

    def run(self, seconds):
        self.world.run_until(self.world.now_us + int(seconds * S))

    def press_and_record(self, label=BUTTON):
        """One press; the alarm frames that the stranger heard of it, attempt 0 first."""
        seen = len(self.stranger.heard)
        self.world.press(label)
        self.run(6)
        describe = Describer().describe
        return [
            frame
            for _, frame in self.stranger.heard[seen:]
            if describe(frame)["type"] == "ALARM" and describe(frame)["src"] == self.node(label)
        ]

    def send(self, *frames, every_s=0.7):
        for frame in frames:
            self.world.host_write(STRANGER, frame)
            self.run(every_s)

    def seal(self, src, payload):
        """A frame of any payload under a packet id that was never used."""
        self._id += 1
        return self.channel.seal(src, self._id, HOPS, payload)

    def again(self, frame):
        """The same message, encrypted anew under another packet id."""
        packet = wire.parse_packet(frame)
        return self.seal(packet.src, self.channel.open(packet).payload)

    def r(self, label, role):
        return wire_keys.node_key(wire_keys.relay_root(self.alarm_root), self.node(label), role, 0)

    def forge(self, kind, role, label, raw, key, counter=900, proof=None):
        """A message that the encoder may refuse to make: any type from any role, tagged with `key`.

        proof: C of the sender, of an ALARM by whoever has it. The carry tag holds, so that relays carry it.
        """
        src = self.node(label)
        head = bytes((m.VERSION << 4 | kind, role << 4)) + counter.to_bytes(4, "little")
        body = m.mask(kind, role, src, counter, key, raw)
        if kind == m.ALARM:
            body = body[:ALARM_BYTES]
            body += m.proof_tag(proof or bytes(32), src, wire.BROADCAST, head + body)
        tagged = head + body + m.outer_tag(key, src, wire.BROADCAST, head + body)
        return self.seal(src, tagged + m.carry_tag(self.r(label, role), src, wire.BROADCAST, tagged))

    def events(self, what, labels=None):
        return [
            event
            for event in self.world.trace.events
            if event[2] == what and (labels is None or event[1] in labels)
        ]

    def sounds(self):
        return len(self.events("sound"))

    def shown(self, label=BUTTON):
        return [detail["state"] for _, _, _, detail in self.events("show", (label,))]

    def stored(self, label=BUTTON):
        return [
            detail["counter"]
            for _, _, _, detail in self.events("store")
            if detail["type"] == "alarm" and detail["device"] == self.node(label)
        ]

    def refused(self, label, reason):
        return self.world.counters().get(label, {}).get(reason, 0)

    def broken(self):
        """List the checkers' complaints."""
        history = History.of(self.world, unreachable(self.world))
        return {name: problems for name, problems in check_all(history).items() if problems}


@pytest.fixture(name="attack")
def attack_fixture(request):
    attack = Attack(dead=getattr(request, "param", ()))
    with attack.world:
        attack.run(PRESS_US / S)
        yield attack


def alarm(zone=1, kind=m.KIND_MALING, flags=0, attempt=0, incident=900):
    return m.encode_body(m.ALARM, m.TOMBOL, m.Alarm(attempt, incident, zone, kind, flags, 200))


def replays(attack, frame):
    """One frame in every dress: as it was, with other hop bits, as if relayed, under a new packet id."""
    packet = wire.parse_packet(frame)
    dressed = [
        packet._replace(hop_limit=7, hop_start=7),
        packet._replace(hop_limit=0, hop_start=7),
        packet._replace(hop_limit=1, hop_start=3, relay_node=0x42),
        packet._replace(id=packet.id + 1),
    ]
    return [frame, *map(wire.build_packet, dressed), attack.again(frame)]


def test_replays_while_the_siren_sounds_start_nothing_and_store_nothing(attack):
    first, *_ = attack.press_and_record()
    sounds, stored, shown = attack.sounds(), attack.stored(), attack.shown()
    attack.send(*replays(attack, first))
    attack.run(5)
    assert (attack.sounds(), attack.stored()) == (sounds, stored)
    assert set(attack.shown()) <= {*shown, "coming"}
    assert attack.broken() == {}


def test_replays_after_the_end_of_the_incident_and_after_power_cuts_sound_nothing(attack):
    first, *_ = attack.press_and_record()
    attack.run(SOUND_US / S)
    sounds, stored = attack.sounds(), attack.stored()
    attack.send(*replays(attack, first))
    for label in (*POSTS, GATEWAY):
        attack.world.switch(label, False)
        attack.run(1)
        attack.world.switch(label, True)
    attack.run(4)
    attack.send(*replays(attack, first))
    attack.run(5)
    assert (attack.sounds(), attack.stored()) == (sounds, stored)
    assert attack.broken() == {}


def test_an_older_alarm_is_refused_as_replayed_at_the_posts_and_at_the_gateway(attack):
    old, *_ = attack.press_and_record()
    attack.run(SOUND_US / S)
    attack.press_and_record()
    attack.run(SOUND_US / S)
    sounds, stored = attack.sounds(), attack.stored()
    attack.send(*replays(attack, old))
    attack.run(5)
    assert (attack.sounds(), attack.stored()) == (sounds, stored)
    assert all(attack.refused(label, "replay") for label in POSTS)
    attack.run(SLOW_MS / 1000)  # until then it may be a copy that a relay carried slowly
    sounds, stored = attack.sounds(), attack.stored()
    attack.send(*replays(attack, old))
    attack.run(5)
    assert (attack.sounds(), attack.stored()) == (sounds, stored)
    assert attack.refused(GATEWAY, "replay")
    assert attack.broken() == {}


def test_a_post_that_lost_its_counters_sounds_for_no_old_alarm(attack):
    first, *_ = attack.press_and_record()
    attack.run(SOUND_US / S)
    sounds = attack.sounds()
    for label in POSTS:
        attack.world.switch(label, False)
        attack.world.nodes[label].state.clear()
        attack.world.switch(label, True)
    attack.run(4)
    attack.send(*replays(attack, first))
    attack.run(5)
    assert attack.sounds() == sounds
    assert all(attack.refused(label, "counters_lost") for label in POSTS)
    assert attack.broken() == {}


def test_alarms_under_random_keys_are_refused_by_tag(attack):
    draw = random.Random(7)
    for counter in range(900, 910):
        attack.send(attack.forge(m.ALARM, m.TOMBOL, BUTTON, alarm(), draw.randbytes(32), counter))
    attack.run(2)
    assert not attack.sounds() and not attack.stored()
    # not all ten: the village's own frames are on the air too
    assert all(attack.refused(label, "tag") >= 5 for label in (*POSTS, GATEWAY))
    assert attack.broken() == {}


def test_another_content_under_a_used_counter_starts_no_siren_and_counts_as_another_alarm(attack):
    """A holder of a button's own keys can say something else under a used counter: it is stored as that.

    Whoever has a post's only makes posts refuse it; for the gateway its proof is none.
    """
    attack.press_and_record()
    sounds, counter = attack.sounds(), attack.stored()[0]
    a, c, other = attack.a(BUTTON, m.TOMBOL), attack.c(BUTTON, m.TOMBOL), alarm(kind=m.KIND_KEBAKARAN)
    attack.send(attack.forge(m.ALARM, m.TOMBOL, BUTTON, other, a, counter))
    attack.run(3)
    assert attack.sounds() == sounds and len(attack.stored()) == 1
    assert all(attack.refused(label, "altered") for label in POSTS) and attack.refused(GATEWAY, "unproved")
    attack.send(attack.forge(m.ALARM, m.TOMBOL, BUTTON, other, a, counter, proof=c))
    attack.run(3)
    assert attack.stored() == [counter, counter] and attack.refused(GATEWAY, "altered_alarm")


def test_a_stolen_button_in_a_foreign_role_is_refused(attack):
    """Its own keys, under every role and type that are not a button's."""
    key = attack.a(BUTTON, m.TOMBOL)
    order = m.encode_body(
        m.SIREN_ORDER,
        m.GATEWAY,
        m.SirenOrder(
            attack.node(BUTTON), 900, m.ACTION_START, m.KIND_MALING, 180, ((attack.node("pos-1"), bytes(8)),)
        ),
    )
    attack.send(
        *(
            attack.forge(m.ALARM, role, BUTTON, alarm(), key, 900 + role)
            for role in (m.SIRENE, m.PENERUS, m.GATEWAY, m.PENERIMA)
        )
    )
    attack.send(
        *(
            attack.forge(m.SIREN_ORDER, role, BUTTON, order, key, 920 + role)
            for role in (m.TOMBOL, m.PENERUS, m.GATEWAY, m.PENERIMA)
        )
    )
    attack.run(3)
    assert not attack.sounds() and not attack.stored()
    for label in (*POSTS, GATEWAY):
        assert attack.refused(label, "role") >= 3, label
        assert attack.refused(label, "tag"), label
    assert attack.broken() == {}


@pytest.mark.parametrize("attack", [(GATEWAY,)], indirect=True, ids=["no gateway says these stages"])
def test_a_stolen_post_without_control_keys_promises_no_help(attack):
    """alarm_root gives it every A: the outer tag of a gateway, but no entry of stage 2 to 5."""
    attack.press_and_record()
    node, counter = attack.node(BUTTON), m_counter(attack)
    lies = []
    for number, stage in enumerate((m.STAGE_STORED, m.STAGE_COMING, m.STAGE_CLOSED, m.STAGE_CANCELLED)):
        for label, role in (("pos-1", m.SIRENE), ("modem-1", m.GATEWAY)):
            key = attack.a(BUTTON, m.TOMBOL)
            entry = m.receipt_entry(attack.node(label), node, counter, stage, 1, 0, 0, key)
            raw = raw_receipt(entry)
            lies.append(attack.forge(m.RECEIPTS, role, label, raw, attack.a(label, role), 900 + number))
    attack.send(*lies)
    attack.run(2)
    assert set(attack.shown()) <= {"sending", "sounding", "nobody"}
    assert attack.refused(BUTTON, "tag") >= 3 and attack.refused(BUTTON, "stage") >= 3
    assert attack.refused("pos-2", "stage") >= 3  # pos-1 hears its own number, and takes it for an echo
    assert attack.broken() == {}


def m_counter(attack):
    """The counter of the alarm that was pressed last."""
    return [
        detail["counter"] for _, _, _, detail in attack.events("tx", (BUTTON,)) if detail["type"] == "ALARM"
    ][-1]


def raw_receipt(entry):
    head = entry.node.to_bytes(4, "little") + entry.counter.to_bytes(4, "little")
    return bytes((1,)) + head + bytes((entry.stage | entry.sounding << 7, 0, 0)) + entry.tag4


def test_a_stolen_post_orders_no_siren(attack):
    """The outer tag of the gateway holds, the targets' own tags do not."""
    node = attack.node(BUTTON)
    for counter, start in enumerate((m.ACTION_START, m.ACTION_STOP, m.ACTION_TEST), 900):
        targets = tuple((attack.node(label), bytes(range(8))) for label in POSTS)
        raw = m.encode_body(
            m.SIREN_ORDER, m.GATEWAY, m.SirenOrder(node, 900, start, m.KIND_MALING, 180, targets)
        )
        key = attack.a("modem-1", m.GATEWAY)
        attack.send(attack.forge(m.SIREN_ORDER, m.GATEWAY, "modem-1", raw, key, counter))
    attack.run(2)
    assert not attack.sounds()
    assert all(attack.refused(label, "tag") >= 2 for label in POSTS)
    assert attack.broken() == {}


@pytest.mark.parametrize("hub_up", (True, False))
def test_zone_0_tests_and_silent_alarms_sound_nowhere(attack, hub_up):
    """A stolen button's own alarms, all authentic; with the hub dead the gateway has a siren too.

    Under A, as every post could make them, they are nothing at all; under C they are stored.
    """
    attack.world.switch("hub", hub_up)
    under_a, under_c = attack.a(BUTTON, m.TOMBOL), attack.c(BUTTON, m.TOMBOL)
    bodies = (
        alarm(zone=0, incident=900),
        alarm(zone=0, kind=m.KIND_MEDIS, incident=901),
        alarm(kind=m.KIND_UJI, incident=902),
        alarm(kind=m.KIND_KEKERASAN, incident=903),
        alarm(flags=m.FLAG_SILENT, incident=904),
        alarm(incident=905),
    )
    for key in (under_a, under_c):
        some = bodies[:-1] if key is under_a else bodies  # the last one sounds, under A
        for counter, raw in enumerate(some, 900):
            attack.send(attack.forge(m.ALARM, m.TOMBOL, BUTTON, raw, key, counter, proof=under_c), every_s=8)
        attack.run(10)
        assert [event[1] for event in attack.events("sound") if "penerima" not in event[1]] == []
        assert bool(attack.stored()) == (key is under_c)
    assert attack.refused(GATEWAY, "weak_key") and attack.refused("pos-1", "weak_key")


def test_refusals_reach_the_device_page_of_the_hub_by_reason(attack, tmp_path):
    attack.world.switch("hub", False)  # so that the spool keeps what the hub is to be told
    for counter in range(900, 905):
        attack.send(
            attack.forge(m.ALARM, m.TOMBOL, BUTTON, alarm(), bytes(32), counter),
            attack.forge(m.ALARM, m.PENERUS, BUTTON, alarm(), bytes(32), counter),
        )
    attack.run(70)
    spool = attack.world.gateway_hosts[GATEWAY].spool
    told = [event for _, event in spool.unsent() if event["type"] == "refusals"]
    assert told
    site = Site(tmp_path, make_site(tmp_path))
    answer = site.post_events(*(site.event("refusals", counters=event["counters"]) for event in told))
    assert not answer["rejected"]
    page = site.enter("admin").get("/perangkat").text
    for reason, words in (("tag", "tanda tangan palsu"), ("role", "peran tidak berhak")):
        assert sum(event["counters"].get(reason, 0) for event in told) == attack.refused(GATEWAY, reason) > 0
        assert words in page and f"<code>{reason}</code>" in page
