# runs: cpython micropython
"""Forged, foreign, revoked, outdated: what each holder of keys believes, and why it refuses the rest."""

import struct

from kentongan_wire.air.packet import BROADCAST
from kentongan_wire.base.errors import REASONS, RemoteError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages as m
from kentongan_wire.message.replay import REPEAT, Guard
from kentongan_wire.message.verify import carries, open_message, own_entry, own_order
from kits.both import raises, random_bytes

SITE = bytes(range(32))
ALARM_ROOTS = {g: site_keys.alarm_root(SITE, g) for g in (0, 1)}
CONTROL_ROOTS = {g: site_keys.control_root(SITE, g) for g in (0, 1)}
SITE_KEYS = site_keys.SiteKeys(ALARM_ROOTS, CONTROL_ROOTS, 0)
BUTTON, OTHER, POST, POST2, GATE, CHIME, RELAY = 101, 102, 201, 202, 301, 401, 501
A, C, R = SITE_KEYS.a, SITE_KEYS.c, SITE_KEYS.r


def held(node, role):
    return {0: site_keys.held(ALARM_ROOTS[0], CONTROL_ROOTS[0], node, role, 0)}


POST_KEYS = keys.PostKeys(POST, held(POST, m.SIRENE), 0)
BUTTON_KEYS = keys.OwnKeys(BUTTON, m.TOMBOL, held(BUTTON, m.TOMBOL), 0)
CHIME_KEYS = keys.RelayKeys(CHIME, m.PENERIMA, held(CHIME, m.PENERIMA), 0)
RELAY_KEYS = keys.RelayKeys(RELAY, m.PENERUS, held(RELAY, m.PENERUS), 0)
QUIET = (  # zone, kind, flags of every alarm that does not sound
    (3, m.KIND_MALING, m.FLAG_SILENT),
    (3, m.KIND_KEKERASAN, 0),
    (3, m.KIND_KEKERASAN, m.FLAG_SILENT),
    (3, m.KIND_MALING, m.FLAG_CANCEL),
    (3, m.KIND_UJI, 0),
    (0, m.KIND_MALING, 0),
)


def alarm_body(attempt=0, kind=m.KIND_MALING, flags=0, zone=3):
    return m.Alarm(attempt, 77, zone, kind, flags, 150)


def alarm(body=None, counter=77, src=BUTTON, key=None, generation=0, proof_key=None, role=m.TOMBOL):
    """Under A when it sounds, else C; proved under C."""
    body = body or alarm_body()
    about = src, role, generation
    key = key or (A if m.is_loud(body.zone, body.kind, body.flags) else C)(*about)
    return m.encode(m.ALARM, role, generation, counter, src, body, key, R(*about), proof_key or C(*about))


def sent(type, role, src, body, key=None, counter=9):
    """A message of another type, under C of its sender unless told."""
    return m.encode(type, role, 0, counter, src, body, key or C(src, role, 0), R(src, role, 0))


def from_gate(type, body, key=None, counter=5):
    return sent(type, m.GATEWAY, GATE, body, key, counter)


def refused(payload, src, ring, revoked=(), to=BROADCAST):
    return raises(RemoteError, open_message, payload, src, to, ring, revoked).reason


def order(targets=(POST,), seconds=90, key=None, target_key=None):
    tags = tuple(
        [
            m.order_target(
                GATE, 5, t, BUTTON, 77, m.ACTION_START, 1, seconds, target_key or C(t, m.SIRENE, 0)
            )
            for t in targets
        ]
    )
    return from_gate(m.SIREN_ORDER, m.SirenOrder(BUTTON, 77, m.ACTION_START, 1, seconds, tags), key)


def order_refused(payload, node, ring, revoked=(), src=GATE):
    return raises(RemoteError, own_order, payload, src, node, ring, revoked).reason


def receipts(entries, role=m.GATEWAY, src=GATE, key=None):
    key = key or (A if role == m.GATEWAY else C)(src, role, 0)
    return sent(m.RECEIPTS, role, src, m.Receipts(tuple(entries)), key, 6)


def entry(stage=m.STAGE_STORED, node=BUTTON, sender=GATE, key=None):
    key = key or (A if stage == 1 else C)(node, m.TOMBOL, 0)
    zone, kind = (3, m.KIND_MALING) if stage == 2 else (0, 0)
    return m.receipt_entry(sender, node, 77, stage, 1, zone, kind, key)


def test_a_post_and_a_gateway_read_an_alarm_that_sounds_alike():
    for ring in (POST_KEYS, SITE_KEYS, BUTTON_KEYS):
        message = open_message(alarm(), BUTTON, BROADCAST, ring)
        assert tuple(message)[:7] == (m.ALARM, m.TOMBOL, 0, BUTTON, 77, alarm_body(), False)


def test_what_does_not_sound_is_read_by_the_gateway_only_and_looks_alike_to_all_others():
    for zone, kind, flags in QUIET:
        payload = alarm(alarm_body(0, kind, flags, zone))
        assert open_message(payload, BUTTON, BROADCAST, SITE_KEYS).body == alarm_body(0, kind, flags, zone)
        assert refused(payload, BUTTON, POST_KEYS) == "tag"
        for ring in (CHIME_KEYS, RELAY_KEYS):
            assert refused(payload, BUTTON, ring) == refused(alarm(), BUTTON, ring) == "no_key"


def test_whatever_hints_at_silence_is_silent():
    silent = [
        open_message(alarm(alarm_body(0, kind, flags, zone)), BUTTON, BROADCAST, SITE_KEYS).silent
        for zone, kind, flags in QUIET
    ]
    assert silent == [True, True, True, False, False, False]
    under_c = alarm(alarm_body(), key=C(BUTTON, m.TOMBOL, 0))  # would sound, and its button did not want it
    assert open_message(under_c, BUTTON, BROADCAST, SITE_KEYS).silent is True
    both = alarm(alarm_body(0, m.KIND_KEKERASAN, m.FLAG_SILENT | m.FLAG_CANCEL))
    assert open_message(both, BUTTON, BROADCAST, SITE_KEYS).silent is True
    assert open_message(alarm(alarm_body(0, 12)), BUTTON, BROADCAST, POST_KEYS).silent is False


def test_under_a_nothing_is_said_but_that_something_sounds():
    for zone, kind, flags in QUIET:
        weak = alarm(alarm_body(0, kind, flags, zone), key=A(BUTTON, m.TOMBOL, 0))
        for ring in (POST_KEYS, SITE_KEYS, BUTTON_KEYS):
            assert refused(weak, BUTTON, ring) == "weak_key"
    test = m.Alarm(0, 77, 3, m.KIND_UJI, 0, 0)
    weak = alarm(test, src=POST, role=m.SIRENE, key=A(POST, m.SIRENE, 0))
    assert refused(weak, POST, SITE_KEYS) == refused(weak, POST, POST_KEYS) == "weak_key"
    good = alarm(test, src=POST, role=m.SIRENE)
    assert open_message(good, POST, BROADCAST, SITE_KEYS).body == test
    assert refused(good, POST, keys.PostKeys(POST2, held(POST2, m.SIRENE), 0)) == "tag"


def test_an_alarm_that_a_post_could_have_made_sounds_there_and_counts_for_nothing_at_the_gateway():
    a, c_post = A(BUTTON, m.TOMBOL, 0), C(POST, m.SIRENE, 0)
    for forged in (a, c_post, R(BUTTON, m.TOMBOL, 0), bytes(32)):
        payload = alarm(proof_key=forged)
        assert open_message(payload, BUTTON, BROADCAST, POST_KEYS).body == alarm_body()
        assert refused(payload, BUTTON, SITE_KEYS) == "unproved"
        assert refused(payload, BUTTON, BUTTON_KEYS) == "unproved"
    for zone, kind, flags in QUIET:  # a test or a cancel under a counter that the button has yet to use
        forged = alarm(alarm_body(0, kind, flags, zone), key=a, proof_key=a)
        assert refused(forged, BUTTON, SITE_KEYS) == "unproved"
        assert refused(forged, BUTTON, POST_KEYS) == "weak_key"


def test_a_proof_covers_sender_counter_attempt_and_all_that_is_said():
    a = A(BUTTON, m.TOMBOL, 0)

    def signed(body, counter=77):
        """The true tag of a stolen post around a body with somebody else's proof."""
        unsigned = struct.pack("<BBI", 0x10 | m.ALARM, m.TOMBOL << 4, counter) + body
        return unsigned + m.outer_tag(a, BUTTON, BROADCAST, unsigned) + bytes(2)

    body = alarm()[6:16]
    assert open_message(signed(body), BUTTON, BROADCAST, SITE_KEYS).body == alarm_body()
    assert refused(signed(body, 78), BUTTON, SITE_KEYS) == "unproved"
    for at in range(10):
        other = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert refused(signed(other), BUTTON, SITE_KEYS) == "unproved"
    other = alarm(src=OTHER)[6:16]
    assert refused(signed(other), BUTTON, SITE_KEYS) == "unproved"


def test_a_page_says_silent_for_silent_kinds():
    for kind, flags, silent in ((1, 0, False), (m.KIND_KEKERASAN, 0, True), (1, m.FLAG_SILENT, True)):
        page = from_gate(m.PAGE, m.Page(CHIME, BUTTON, 77, kind, 12, 3, flags), C(CHIME, m.PENERIMA, 0))
        message = open_message(page, GATE, BROADCAST, CHIME_KEYS)
        assert message.body == m.Page(CHIME, BUTTON, 77, kind, 12, 3, flags)
        assert message.silent is silent


def test_one_flipped_bit_anywhere_is_refused():
    payload = alarm()
    for bit in range(8 * (len(payload) - m.CARRY_BYTES)):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        assert refused(bytes(forged), BUTTON, POST_KEYS) in (
            "tag",
            "no_key",
            "version",
            "type",
            "role",
            "generation",
            "length",
        )


def test_sender_and_destination_are_under_the_tag():
    assert refused(alarm(), OTHER, SITE_KEYS) == "tag"
    assert refused(alarm(), BUTTON, SITE_KEYS, (), GATE) == "tag"
    for src in (0, 3, BROADCAST):
        assert refused(alarm(), src, SITE_KEYS) == "header"


def test_a_stolen_button_key_raises_no_alarm_of_another_and_no_other_role():
    stolen = A(BUTTON, m.TOMBOL, 0)
    assert refused(alarm(src=OTHER, key=stolen), OTHER, SITE_KEYS) == "tag"
    for key in (stolen, C(BUTTON, m.TOMBOL, 0)):
        report = sent(m.SIREN_REPORT, m.SIRENE, BUTTON, m.SirenReport(OTHER, 7, 1, 1), key)
        assert refused(report, BUTTON, SITE_KEYS) == "tag"
        assert refused(order(key=key, target_key=key), GATE, SITE_KEYS) == "tag"
        assert order_refused(order(key=key, target_key=key), POST, POST_KEYS) == "tag"
        coming = sent(m.EVENT, m.PENERIMA, CHIME, m.Event(m.EVENT_COMING, 1, OTHER, 7), key)
        assert refused(coming, CHIME, SITE_KEYS) == "tag"


def test_a_stolen_post_fakes_alarms_but_gives_no_order_and_no_stage_above_one():
    a_gate, c_post = A(GATE, m.GATEWAY, 0), C(POST, m.SIRENE, 0)  # alarm_root gives it A of everyone
    for key in (a_gate, c_post):
        fake = order((POST2,), key=key, target_key=c_post)
        assert refused(fake, GATE, SITE_KEYS) == "tag"
        assert order_refused(fake, POST2, keys.PostKeys(POST2, held(POST2, m.SIRENE), 0)) == "tag"
    coming = receipts([entry(m.STAGE_COMING, key=A(BUTTON, m.TOMBOL, 0))])
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    assert raises(RemoteError, own_entry, coming, GATE, BUTTON, a, c).reason == "tag"


def test_who_relays_can_say_nothing_in_anothers_name():
    for src, role in ((BUTTON, m.TOMBOL), (POST, m.SIRENE), (GATE, m.GATEWAY), (CHIME, m.PENERIMA)):
        r = RELAY_KEYS.r(src, role, 0)
        for type in (t for t in m.SENDERS if role in m.SENDERS[t]):
            head = struct.pack("<BBI", 0x10 | type, role << 4, 9)
            body = {
                m.STATUS: bytes(11 if role == m.TOMBOL else 22),
                m.RECEIPTS: b"\x01" + bytes(15),
                m.SIREN_ORDER: bytes(12) + b"\x01" + bytes(12),
                m.ALARM: bytes(10),
                m.PAGE: struct.pack("<I", CHIME) + bytes(13),
                m.CONFIG: struct.pack("<I", POST) + bytes(4),
            }.get(type, bytes(10))
            payload = head + body + m.outer_tag(r, src, BROADCAST, head + body)
            payload += m.carry_tag(r, src, BROADCAST, payload)
            assert carries(m.parse(payload), src, BROADCAST, SITE_KEYS)
            for ring in (SITE_KEYS, POST_KEYS, CHIME_KEYS):
                assert refused(payload, src, ring) in ("tag", "no_key", "not_for_us"), (type, role)


def test_the_carry_tag_says_whose_frame_it_is_to_every_relay_and_to_no_button():
    for payload, src in (
        (alarm(), BUTTON),
        (alarm(alarm_body(0, *QUIET[0][1:])), BUTTON),
        (order(), GATE),
        (receipts([entry()]), GATE),
    ):
        for ring in (SITE_KEYS, POST_KEYS, CHIME_KEYS, RELAY_KEYS):
            assert carries(m.parse(payload), src, BROADCAST, ring)
            assert not carries(m.parse(payload), OTHER, BROADCAST, ring)
            assert not carries(m.parse(payload), src, POST, ring)
        neighbour = keys.OwnKeys(OTHER, m.TOMBOL, held(OTHER, m.TOMBOL), 0)
        assert not carries(m.parse(payload), src, BROADCAST, neighbour)
    assert carries(m.parse(alarm()), BUTTON, BROADCAST, BUTTON_KEYS)
    assert not carries(m.parse(alarm(generation=1)), BUTTON, BROADCAST, RELAY_KEYS)


def test_of_a_true_frame_nobody_makes_a_second_that_relays_believe():
    """Not even one that differs in nothing but its tag, which no relay can judge."""
    payload = alarm()
    for bit in range(8 * len(payload)):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        try:
            assert not carries(m.parse(bytes(forged)), BUTTON, BROADCAST, RELAY_KEYS), bit
        except RemoteError as error:
            assert error.reason in ("version", "type", "role", "length")


def test_the_carry_tag_is_no_tag_and_without_it_a_message_is_still_true():
    payload = alarm()
    strange = payload[:-6] + bytes(4)
    strange += m.carry_tag(R(BUTTON, m.TOMBOL, 0), BUTTON, BROADCAST, strange)
    assert carries(m.parse(strange), BUTTON, BROADCAST, RELAY_KEYS)
    assert refused(strange, BUTTON, SITE_KEYS) == "tag"
    assert open_message(payload[:-2] + bytes(2), BUTTON, BROADCAST, SITE_KEYS).body == alarm_body()


def test_the_checks_come_in_the_written_order():
    assert refused(alarm(), BUTTON, SITE_KEYS, (BUTTON,)) == "revoked"
    bad_tag = alarm()[:-6] + bytes(6)
    assert refused(bad_tag, BUTTON, SITE_KEYS, {BUTTON}) == "revoked"
    assert refused(bytes([bad_tag[0], bad_tag[1] | 7]) + bad_tag[2:], BUTTON, SITE_KEYS) == "generation"
    assert refused(bytes([0x20]) + bad_tag[1:], BUTTON, SITE_KEYS, {BUTTON}) == "version"
    assert refused(bad_tag, BUTTON, SITE_KEYS) == "tag"
    a = A(BUTTON, m.TOMBOL, 0)
    weak = alarm(alarm_body(0, m.KIND_UJI), key=a, proof_key=a)
    assert refused(weak[:-6] + bytes(6), BUTTON, SITE_KEYS) == "tag"
    assert refused(weak, BUTTON, SITE_KEYS) == "unproved"
    weak = alarm(alarm_body(0, m.KIND_UJI), key=a)
    assert refused(weak, BUTTON, SITE_KEYS) == "weak_key"
    assert open_message(alarm(), BUTTON, BROADCAST, SITE_KEYS, (OTHER,)).src == BUTTON


def test_both_generations_are_accepted_during_a_rotation_and_only_then():
    new = alarm(generation=1)
    assert open_message(new, BUTTON, BROADCAST, SITE_KEYS).generation == 1
    assert refused(new, BUTTON, POST_KEYS) == "generation"
    relabelled = bytes([new[0], new[1] & 0xF0]) + new[2:]
    assert refused(relabelled, BUTTON, SITE_KEYS) == "tag"


def test_without_the_key_nothing_is_judged():
    assert refused(alarm(src=OTHER), OTHER, BUTTON_KEYS) == "no_key"
    assert refused(receipts([entry()]), GATE, BUTTON_KEYS) == "no_key"


def test_config_and_page_are_read_by_their_target_and_the_site_only():
    config = from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"), C(POST, m.SIRENE, 0))
    for ring in (POST_KEYS, SITE_KEYS):
        assert open_message(config, GATE, BROADCAST, ring).body == m.Config(POST, 3, 0, 1, b"tlv")
    assert refused(config, GATE, CHIME_KEYS) == "not_for_us"
    forged = from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"), A(POST, m.SIRENE, 0))
    assert refused(forged, GATE, POST_KEYS) == "tag"
    assert refused(forged, GATE, SITE_KEYS) == "tag"
    page = from_gate(m.PAGE, m.Page(CHIME, BUTTON, 77, 1, 12, 3, 0), C(CHIME, m.PENERIMA, 0))
    assert open_message(page, GATE, BROADCAST, SITE_KEYS).body.house == 12
    assert refused(page, GATE, POST_KEYS) == "not_for_us"


def test_statuses_reports_events_and_orders_are_read_under_the_senders_c_and_nothing_else():
    status = m.NodeStatus(1, 2, -3, -4, -5, 6, 7, 8, 9, 10, (1, 2, 3))
    for type, role, src, body in (
        (m.STATUS, m.TOMBOL, BUTTON, m.ButtonStatus(1, 150, 30, -90, 1, 2, 3, 77)),
        (m.STATUS, m.SIRENE, POST, status),
        (m.STATUS, m.PENERIMA, CHIME, status),
        (m.STATUS, m.PENERUS, RELAY, status),
        (m.STATUS, m.GATEWAY, GATE, status),
        (m.SIREN_REPORT, m.SIRENE, POST, m.SirenReport(BUTTON, 77, m.STATE_REFUSED, 1)),
        (m.EVENT, m.TOMBOL, BUTTON, m.Event(m.EVENT_AMAN, 1, 0, 0)),
        (m.EVENT, m.PENERIMA, CHIME, m.Event(m.EVENT_COMING, 1, BUTTON, 77)),
        (m.SIREN_ORDER, m.GATEWAY, GATE, m.SirenOrder(BUTTON, 77, 2, 1, 0, ((POST, bytes(8)),))),
    ):
        assert open_message(sent(type, role, src, body), src, BROADCAST, SITE_KEYS).body == body
        for key in (A(src, role, 0), R(src, role, 0), C(src, role, 1), C(OTHER, role, 0)):
            assert refused(sent(type, role, src, body, key), src, SITE_KEYS) == "tag"


def test_a_gateways_receipts_are_read_under_its_a_for_posts_judge_them_and_a_posts_under_its_c():
    one = [entry(1, sender=POST2)]
    made = receipts(one, m.SIRENE, POST2)
    assert open_message(made, POST2, BROADCAST, SITE_KEYS).body.entries[0].stage == 1
    assert refused(made, POST2, POST_KEYS) == "no_key"
    # that another post sounds is believed of that post alone: else its silence would not be noticed
    assert refused(receipts(one, m.SIRENE, POST2, A(POST2, m.SIRENE, 0)), POST2, SITE_KEYS) == "tag"
    for ring in (SITE_KEYS, POST_KEYS):
        assert open_message(receipts([entry()]), GATE, BROADCAST, ring).body.entries[0].stage == 2
        assert refused(receipts([entry()], key=C(GATE, m.GATEWAY, 0)), GATE, ring) == "tag"


def test_a_post_receipts_stage_one_and_nothing_above():
    one = receipts([entry(1, sender=POST)], m.SIRENE, POST)
    assert open_message(one, POST, BROADCAST, POST_KEYS).body.entries[0].stage == 1
    two = bytearray(receipts([entry(2)]))
    two[1] = m.SIRENE << 4
    two[-6:-2] = m.outer_tag(C(POST, m.SIRENE, 0), POST, BROADCAST, bytes(two[:-6]))
    assert refused(bytes(two), POST, POST_KEYS) == "stage"
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    assert raises(RemoteError, own_entry, bytes(two), POST, BUTTON, a, c).reason == "stage"


def test_a_button_judges_only_its_own_entry_and_ignores_the_outer_tag():
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    payload = receipts([entry(2, OTHER), entry(2), entry(4, OTHER)])[:-6] + bytes(6)
    envelope, own = own_entry(payload, GATE, BUTTON, a, c)
    assert envelope.role == m.GATEWAY and envelope.counter == 6
    assert (own.node, own.counter, own.stage, own.sounding) == (BUTTON, 77, 2, 1)
    assert own_entry(receipts([entry(2, OTHER)]), GATE, BUTTON, a, c)[1] is None
    assert own_entry(receipts([entry(1)]), GATE, BUTTON, a, c)[1].stage == 1
    for stage in (2, 3, 4, 5):
        assert own_entry(receipts([entry(stage)]), GATE, BUTTON, a, c)[1].stage == stage


def test_a_forged_own_entry_is_refused():
    a, c = A(BUTTON, m.TOMBOL, 0), C(BUTTON, m.TOMBOL, 0)
    payload = receipts([entry(3)])
    for bit in range(8 * 7, 8 * 22):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        try:
            assert own_entry(bytes(forged), GATE, BUTTON, a, c)[1] is None  # no longer ours
            assert 7 <= bit // 8 < 11
        except RemoteError as error:
            assert error.reason in ("tag", "stage", "field")
    assert raises(RemoteError, own_entry, payload, POST, BUTTON, a, c).reason == "tag"  # another sender
    assert raises(RemoteError, own_entry, payload, GATE, BUTTON, a, None).reason == "no_key"
    assert raises(RemoteError, own_entry, alarm(), BUTTON, BUTTON, a, c).reason == "type"


def test_an_order_counts_for_its_targets_only():
    payload = order((POST, POST2))
    for node in (POST, POST2):
        own = own_order(payload, GATE, node, keys.PostKeys(node, held(node, m.SIRENE), 0))
        assert tuple(own)[:5] == (m.SIREN_ORDER, m.GATEWAY, 0, GATE, 5)
        assert own.body == open_message(payload, GATE, BROADCAST, SITE_KEYS).body
        assert own.silent is False
    assert order_refused(payload, 203, keys.PostKeys(203, held(203, m.SIRENE), 0)) == "not_for_us"
    assert order_refused(payload, POST, keys.PostKeys(POST2, held(POST2, m.SIRENE), 0)) == "no_key"
    assert order_refused(order(target_key=C(POST2, m.SIRENE, 0)), POST, POST_KEYS) == "tag"
    assert order_refused(alarm(), POST, POST_KEYS, (), BUTTON) == "type"


def test_an_order_is_judged_in_the_same_order_as_all_else():
    assert order_refused(order(), POST, POST_KEYS, (GATE,)) == "revoked"
    assert order_refused(order(), POST, POST_KEYS, (), 3) == "header"
    newer = order()
    assert order_refused(newer[:1] + bytes([newer[1] | 1]) + newer[2:], POST, POST_KEYS) == "generation"
    assert order_refused(b"\x29" + newer[1:], POST, POST_KEYS) == "version"
    assert order_refused(newer[:14] + b"\x07" + newer[15:], POST, POST_KEYS) == "field"
    assert order_refused(newer[:11], POST, POST_KEYS) == "short"
    assert order_refused(newer, POST, POST_KEYS, (), GATE + 1) == "tag"


def test_an_order_covers_its_counter_object_action_and_seconds_for_each_target():
    payload = order((POST, POST2))
    good = own_order(payload, GATE, POST, POST_KEYS)
    changed = same = 0
    for bit in range(8, 8 * len(payload)):
        forged = bytearray(payload)
        forged[bit // 8] ^= 1 << bit % 8
        try:
            own = own_order(bytes(forged), GATE, POST, POST_KEYS)
        except RemoteError as error:
            assert error.reason in ("tag", "role", "generation", "length", "field", "not_for_us")
            changed += 1
            continue
        # its own tag says nothing of another's entry or of the outer tags: and neither does its content
        assert bit // 8 >= 31 and tuple(own)[:5] + (own.digest,) == tuple(good)[:5] + (good.digest,), bit
        assert tuple(own.body)[:5] == tuple(good.body)[:5]
        same += 1
    assert (changed, same) == (8 * 30, 8 * (12 + 6))


def test_what_a_stranger_changes_in_an_order_makes_it_no_other_order():
    guard, payload = Guard(), order((POST, POST2))
    guard.accept(own_order(payload[:-18] + bytes(18), GATE, POST, POST_KEYS))
    assert guard.check(own_order(payload, GATE, POST, POST_KEYS)) == REPEAT
    tags = (m.order_target(GATE, 5, POST, BUTTON, 77, m.ACTION_STOP, 1, 90, C(POST, m.SIRENE, 0)),)
    stop = from_gate(m.SIREN_ORDER, m.SirenOrder(BUTTON, 77, m.ACTION_STOP, 1, 90, tags))
    other = own_order(stop, GATE, POST, POST_KEYS)
    assert raises(RemoteError, guard.check, other).reason == "altered"


def test_an_order_above_180_seconds_is_sent_and_judged_as_180():
    assert own_order(order((POST,), 600), GATE, POST, POST_KEYS).body.seconds == 180


def test_the_digest_is_equal_over_attempts_and_differs_for_all_else():
    def digest(body, counter=77, key=None):
        return open_message(alarm(body, counter, key=key), BUTTON, BROADCAST, SITE_KEYS).digest

    first = digest(alarm_body())
    assert len(first) == 4
    assert digest(alarm_body(19)) == first
    assert digest(alarm_body(0, m.KIND_UJI)) == digest(alarm_body(9, m.KIND_UJI))
    for other in (
        digest(alarm_body(0, 2)),
        digest(alarm_body(0, 1, m.FLAG_CANCEL)),
        digest(alarm_body(), 78),
        digest(alarm_body(), key=C(BUTTON, m.TOMBOL, 0)),
        digest(alarm_body(0, m.KIND_UJI)),
    ):
        assert other != first


def test_any_payload_is_read_or_refused_with_a_known_reason():
    noise = random_bytes(4)
    good = (
        alarm(),
        order(),
        receipts([entry()]),
        from_gate(m.CONFIG, m.Config(POST, 3, 0, 1, b"tlv"), C(POST, m.SIRENE, 0)),
    )
    rings = (POST_KEYS, SITE_KEYS, BUTTON_KEYS)
    for n in range(2000):
        payload = bytearray([next(noise) for _ in range(next(noise))])
        if n % 2:
            payload = bytearray(good[next(noise) % len(good)])
            payload[next(noise) % len(payload)] = next(noise)
            payload = payload[: len(payload) - (next(noise) % 3)]
        try:
            open_message(bytes(payload), GATE, BROADCAST, rings[n % 3])
        except RemoteError as error:
            assert error.reason in REASONS
        try:
            own_entry(bytes(payload), GATE, BUTTON, SITE, SITE)
        except RemoteError as error:
            assert error.reason in REASONS
        try:
            own_order(bytes(payload), GATE, POST, rings[n % 3])
        except RemoteError as error:
            assert error.reason in REASONS
        try:
            carries(m.parse(bytes(payload)), GATE, BROADCAST, rings[n % 3])
        except RemoteError as error:
            assert error.reason in REASONS
