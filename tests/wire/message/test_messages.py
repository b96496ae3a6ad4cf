# runs: cpython micropython
"""Layouts of every message type, byte by byte, and what neither encoder nor parser lets through."""

import struct
from binascii import hexlify

from kentongan_wire.base.crypto import hmac_portable
from kentongan_wire.base.errors import LocalError, RemoteError
from kentongan_wire.message import messages as m
from kentongan_wire.message.bodies import check_length
from kits.both import raises, random_bytes

KEY = bytes(range(32))
CARRY, PROOF = bytes(range(1, 33)), bytes(range(2, 34))
ALARM = m.Alarm(0, 0x1234, 3, m.KIND_MALING, m.FLAG_LID, 150)
BUTTON = 0x0A0B0C0D
ENTRY = m.Entry(BUTTON, 7, m.STAGE_STORED, 1, 3, m.KIND_MALING, b"tag4")
ORDER = m.SirenOrder(0x0A0B0C0D, 7, m.ACTION_START, 1, 90, ((0x11223344, b"8bytetag"),))
STATUS = m.NodeStatus(0x0102, 3700, -5, -120, -80, 3, 4, 5, 6, 7, (1, 2, 3))
BODIES = (  # type, role, body, its bytes unmasked
    (m.ALARM, m.TOMBOL, ALARM, "00341203819600000000"),
    (m.STATUS, m.TOMBOL, m.ButtonStatus(9, 150, -5, -120, 2, 3, 4, 515), "0996fb8802030403020000"),
    (m.STATUS, m.SIRENE, STATUS, "0201740efb88b0030004000500060000000700010203"),
    (m.STATUS, m.PENERUS, STATUS, "0201740efb88b0030004000500060000000700010203"),
    (m.STATUS, m.GATEWAY, STATUS, "0201740efb88b0030004000500060000000700010203"),
    (m.STATUS, m.PENERIMA, STATUS, "0201740efb88b0030004000500060000000700010203"),
    (m.SIREN_REPORT, m.SIRENE, m.SirenReport(0x0A0B0C0D, 7, 1, 2), "0d0c0b0a070000000102"),
    (m.EVENT, m.PENERIMA, m.Event(m.EVENT_COMING, 2, 0x0A0B0C0D, 515), "04020d0c0b0a03020000"),
    (m.EVENT, m.TOMBOL, m.Event(m.EVENT_AMAN, 0, 0, 0), "02000000000000000000"),
    (m.EVENT, m.SIRENE, m.Event(m.EVENT_RONDA, 1, 0, 0), "01010000000000000000"),
    (m.RECEIPTS, m.GATEWAY, m.Receipts((ENTRY,)), "010d0c0b0a0700000082030174616734"),
    (m.SIREN_ORDER, m.GATEWAY, ORDER, "0d0c0b0a0700000001015a0001443322113862797465746167"),
    (m.CONFIG, m.GATEWAY, m.Config(0x11223344, 515, 1, 2, b"tlv"), "4433221103020102746c76"),
    (
        m.PAGE,
        m.GATEWAY,
        m.Page(0x11223344, 0x0A0B0C0D, 0x1234, 1, 515, 3, 1),
        "443322110d0c0b0a341200000103020301",
    ),
)


def payload_of(type, role, body, counter=9, src=5, generation=0):
    return m.encode(type, role, generation, counter, src, body, KEY, CARRY, PROOF)


def head(type, role, counter=9):
    return struct.pack("<BBI", 0x10 | type, role << 4, counter)


def refused(payload):
    return raises(RemoteError, m.parse, payload).reason


def test_every_body_has_the_bytes_of_the_wire_format_and_reads_back():
    for type, role, body, expected in BODIES:
        raw = m.encode_body(type, role, body)
        assert hexlify(raw).decode() == expected, body
        check_length(type, role, raw)
        assert m.decode_body(type, role, raw) == body


def masked_part(type, role):
    """(first, end) of the bytes of a body that are masked."""
    if type == m.STATUS:
        return (0, 11) if role == m.TOMBOL else (0, 0)
    return {m.ALARM: (1, 6), m.EVENT: (2, 10), m.PAGE: (4, 17)}.get(type, (0, 0))


def test_header_body_proof_tag_and_carry_tag_stand_where_they_should():
    src_to = b"\x0d\x0c\x0b\x0a" + b"\xff" * 4
    for type, role, body, expected in BODIES:
        payload = payload_of(type, role, body, 0x01020304, 0x0A0B0C0D, 5)
        assert payload[0] == 0x10 | type and payload[1] == role << 4 | 5
        assert payload[2:6] == b"\x04\x03\x02\x01"
        assert payload[-6:-2] == hmac_portable(KEY, b"KTG1" + src_to + payload[:-6])[:4]
        assert payload[-2:] == hmac_portable(CARRY, b"KTGC" + src_to + payload[:-2])[:2]
        raw = payload[6:-6]
        if type == m.ALARM:
            assert raw[6:] == hmac_portable(PROOF, b"KTGP" + src_to + payload[:12])[:4]
            raw = raw[:6] + bytes(4)
        first, end = masked_part(type, role)
        pad = hmac_portable(KEY, b"KTGE" + bytes([type]) + src_to[:4] + b"\x04\x03\x02\x01")
        raw = raw[:first] + bytes([x ^ y for x, y in zip(raw[first:end], pad)]) + raw[end:]  # noqa: B905
        assert hexlify(raw).decode() == expected
        assert m.masked(type, role) == (first, end)
        envelope = m.parse(payload)
        assert tuple(envelope) == (
            type,
            role,
            5,
            0x01020304,
            payload[6:-6],
            payload[-6:-2],
            payload[-2:],
            payload,
        )


def test_no_frame_that_hurries_is_longer_than_it_needs_to_be():
    lengths = {(type, role): len(payload_of(type, role, body)) for type, role, body, _ in BODIES}
    assert lengths[m.ALARM, m.TOMBOL] == 22
    assert lengths[m.RECEIPTS, m.GATEWAY] == 12 + 1 + 15  # an entry
    assert lengths[m.SIREN_ORDER, m.GATEWAY] == 12 + 13 + 12  # a target
    assert lengths[m.EVENT, m.TOMBOL] == 22
    assert lengths[m.STATUS, m.TOMBOL] == 23
    assert lengths[m.PAGE, m.GATEWAY] == 29


def test_the_mask_hides_what_is_said_and_changes_with_counter_and_sender():
    for type, role, body, _ in BODIES:
        first, end = [6 + at for at in masked_part(type, role)]
        masked = {
            payload_of(type, role, body, counter, src)[first:end] for counter in (9, 10) for src in (5, 6)
        }
        if first == end:
            continue
        assert len(masked) == 4
        assert m.encode_body(type, role, body)[first - 6 : end - 6] not in masked


def test_each_type_has_a_mask_of_its_own():
    pads = []
    for type in (m.ALARM, m.STATUS, m.EVENT, m.PAGE):
        first = m.masked(type, m.TOMBOL)[0]
        pads.append(m.mask(type, m.TOMBOL, 5, 9, KEY, bytes(17))[first : first + 4])
    assert len(set(pads)) == 4


def test_the_attempt_stands_in_clear_and_changes_nothing_else_but_the_proof_and_the_tags():
    first = payload_of(m.ALARM, m.TOMBOL, ALARM)
    third = payload_of(m.ALARM, m.TOMBOL, m.Alarm(*((3,) + tuple(ALARM)[1:])))
    assert (first[6], third[6]) == (0, 3)
    assert first[:6] + first[7:12] == third[:6] + third[7:12]
    for begin, end in ((12, 16), (16, 20), (20, 22)):
        assert first[begin:end] != third[begin:end]


def test_only_the_roles_of_the_table_may_send_a_type():
    allowed = {(type, role) for type, role, _, _ in BODIES} | {(m.ALARM, m.SIRENE), (m.RECEIPTS, m.SIRENE)}
    for type in range(16):
        for role in range(16):
            payload = head(type, role) + bytes(8) + bytes(6)
            if type not in m.TYPE_NAMES:
                assert refused(payload) == "type"
            elif (type, role) not in allowed:
                assert refused(payload) == "role"
                raises(LocalError, m.encode, type, role, 0, 1, 5, (), KEY, CARRY, PROOF)
    assert {role for _, role in allowed} == set(m.ROLE_NAMES)


def test_other_versions_are_refused_before_anything_else():
    for version in (0, 2, 15):
        assert refused(bytes([version << 4 | 5]) + bytes(11)) == "version"


def test_a_payload_is_neither_shorter_than_header_and_tags_nor_longer_than_a_frame_holds():
    for n in range(12):
        assert refused(head(m.EVENT, m.TOMBOL)[:n] + bytes(max(0, n - 6))) == "short"
    assert refused(head(m.CONFIG, m.GATEWAY) + bytes(226)) == "long"
    assert refused(head(m.CONFIG, m.GATEWAY) + bytes(6)) == "length"


def test_counter_zero_belongs_to_nobody():
    assert refused(head(m.EVENT, m.TOMBOL, 0) + bytes(12)) == "field"


def test_lengths_that_lie_are_refused():
    for type, role, body, _ in BODIES:
        payload = payload_of(type, role, body)
        for wrong in (payload[:12], payload[:-7] + payload[-6:], payload[:-6] + b"\x00" + payload[-6:]):
            if type == m.CONFIG and len(wrong) > 20:
                m.parse(wrong)  # its items may have any length
            else:
                assert refused(wrong) in ("length", "short"), (type, wrong)
    entry = m.encode_body(m.RECEIPTS, m.GATEWAY, m.Receipts((ENTRY,)))[1:]
    for n, entries in ((0, 0), (0, 1), (2, 1), (1, 2), (15, 14), (255, 1)):
        assert refused(head(m.RECEIPTS, m.GATEWAY) + bytes([n]) + entry * entries + bytes(6)) == "length"
    fixed, target = m.encode_body(m.SIREN_ORDER, m.GATEWAY, ORDER)[:12], bytes(12)
    for n, targets in ((0, 1), (2, 1), (1, 2), (16, 15), (16, 16), (255, 1)):
        payload = head(m.SIREN_ORDER, m.GATEWAY) + fixed + bytes([n]) + target * targets + bytes(6)
        assert refused(payload) == "length"


def test_the_longest_messages_fit_a_frame():
    many = m.Receipts((ENTRY,) * m.ENTRIES_MAX)
    assert len(payload_of(m.RECEIPTS, m.GATEWAY, many)) == 223
    targets = tuple([(n + 4, b"8bytetag") for n in range(m.TARGETS_MAX)])
    order = m.SirenOrder(*(tuple(ORDER)[:5] + (targets,)))
    assert len(payload_of(m.SIREN_ORDER, m.GATEWAY, order)) == 205
    assert len(payload_of(m.CONFIG, m.GATEWAY, m.Config(5, 1, 0, 1, bytes(m.CONFIG_ITEMS_MAX)))) == 229
    for type, body in (
        (m.RECEIPTS, m.Receipts((ENTRY,) * 15)),
        (m.RECEIPTS, m.Receipts(())),
        (m.SIREN_ORDER, m.SirenOrder(*(tuple(ORDER)[:5] + (targets + targets[:1],)))),
        (m.SIREN_ORDER, m.SirenOrder(*(tuple(ORDER)[:5] + ((),)))),
        (m.CONFIG, m.Config(5, 1, 0, 1, bytes(m.CONFIG_ITEMS_MAX + 1))),
    ):
        raises(LocalError, m.encode, type, m.GATEWAY, 0, 1, 5, body, KEY, CARRY)


def body_refused(type, role, raw):
    return raises(RemoteError, m.decode_body, type, role, raw).reason


def test_values_outside_their_table_are_refused():
    entry = m.encode_body(m.RECEIPTS, m.GATEWAY, m.Receipts((ENTRY,)))
    for stage in (0, 6, 0x7F, 0x80, 0x86):
        assert body_refused(m.RECEIPTS, m.GATEWAY, entry[:9] + bytes([stage, 0, 0]) + entry[12:]) == "stage"
    for stage in (1, 3, 4, 5):  # zone and kind belong to stage 2
        assert body_refused(m.RECEIPTS, m.GATEWAY, entry[:9] + bytes([stage, 1, 0]) + entry[12:]) == "field"
        assert body_refused(m.RECEIPTS, m.GATEWAY, entry[:9] + bytes([stage, 0, 1]) + entry[12:]) == "field"
    assert body_refused(m.RECEIPTS, m.SIRENE, entry) == "stage"
    order = m.encode_body(m.SIREN_ORDER, m.GATEWAY, ORDER)
    for action in (0, 7, 255):
        assert body_refused(m.SIREN_ORDER, m.GATEWAY, order[:8] + bytes([action]) + order[9:]) == "field"
    assert body_refused(m.SIREN_ORDER, m.GATEWAY, order[:12] + b"\x00") == "order_empty"
    assert body_refused(m.CONFIG, m.GATEWAY, bytes(6) + b"\x02\x02") == "config_part"
    assert body_refused(m.CONFIG, m.GATEWAY, bytes(8)) == "config_part"
    for state, source in ((0, 1), (9, 1), (1, 0), (1, 5)):
        assert body_refused(m.SIREN_REPORT, m.SIRENE, bytes(8) + bytes([state, source])) == "field"
    for event in (0, 5, 255):
        assert body_refused(m.EVENT, m.TOMBOL, bytes([event]) + bytes(9)) == "field"


def test_only_a_penerima_says_saya_datang_and_it_names_what_it_answers():
    named = struct.pack("<II", BUTTON, 7)
    for role in (m.TOMBOL, m.SIRENE):
        assert body_refused(m.EVENT, role, b"\x04\x02" + named) == "role"
        assert body_refused(m.EVENT, role, b"\x04\x02" + bytes(8)) == "role"
    for end in (bytes(8), named[:4] + bytes(4), bytes(4) + named[4:]):
        assert body_refused(m.EVENT, m.PENERIMA, b"\x04\x02" + end) == "field"
    for role in (m.TOMBOL, m.SIRENE, m.PENERIMA):
        for event in (m.EVENT_RONDA, m.EVENT_AMAN, m.EVENT_HANDOVER):
            for end in (named, named[:4] + bytes(4), bytes(4) + named[4:]):
                assert body_refused(m.EVENT, role, bytes([event, 2]) + end) == "field"
            assert m.decode_body(m.EVENT, role, bytes([event, 2]) + bytes(8)) == m.Event(event, 2, 0, 0)
    raises(LocalError, payload_of, m.EVENT, m.TOMBOL, m.Event(m.EVENT_COMING, 2, BUTTON, 7))
    raises(LocalError, payload_of, m.EVENT, m.PENERIMA, m.Event(m.EVENT_COMING, 2, 0, 0))


def test_a_siren_post_may_only_send_a_test_alarm():
    test = m.Alarm(0, 9, 3, m.KIND_UJI, 0, 0)
    assert m.decode_body(m.ALARM, m.SIRENE, m.encode_body(m.ALARM, m.SIRENE, test)) == test
    assert body_refused(m.ALARM, m.SIRENE, m.encode_body(m.ALARM, m.TOMBOL, ALARM)) == "role"
    raises(LocalError, payload_of, m.ALARM, m.SIRENE, ALARM)


def test_unknown_kinds_and_flags_and_zone_zero_are_read():
    for kind in range(16):
        odd = m.Alarm(255, 65535, 0, kind, 15 - kind, 255)
        assert m.decode_body(m.ALARM, m.TOMBOL, m.encode_body(m.ALARM, m.TOMBOL, odd)) == odd
    for kind, flags in ((16, 0), (0, 16), (-1, 0), (0, -1)):
        raises(LocalError, m.encode_body, m.ALARM, m.TOMBOL, m.Alarm(0, 1, 1, kind, flags, 0))


def test_only_what_a_post_may_sound_by_itself_is_loud():
    assert m.is_loud(1, m.KIND_BAHAYA, 0) and m.is_loud(255, 14, m.FLAG_LID | 2)
    for zone, kind, flags in (
        (0, 1, 0),
        (1, m.KIND_UJI, 0),
        (1, m.KIND_KEKERASAN, 0),
        (1, 1, m.FLAG_SILENT),
        (1, 1, m.FLAG_CANCEL),
        (1, 1, m.FLAG_CANCEL | m.FLAG_LID),
    ):
        assert not m.is_loud(zone, kind, flags)


def test_an_order_never_sounds_longer_than_180_seconds():
    long = m.SirenOrder(*(tuple(ORDER)[:4] + (65535, ORDER.targets)))
    raw = m.encode_body(m.SIREN_ORDER, m.GATEWAY, long)
    assert m.decode_body(m.SIREN_ORDER, m.GATEWAY, raw).seconds == 180
    foreign = raw[:10] + b"\xff\xff" + raw[12:]
    assert m.decode_body(m.SIREN_ORDER, m.GATEWAY, foreign).seconds == 180
    assert m.order_target(5, 9, 6, 1, 2, 1, 0, 600, KEY) == m.order_target(5, 9, 6, 1, 2, 1, 0, 180, KEY)


def test_a_drill_lasts_an_hour_at_most_and_no_other_order_does():
    for action, longest in (
        (m.ACTION_START, 180),
        (m.ACTION_STOP, 180),
        (m.ACTION_TEST, 180),
        (m.ACTION_DRILL, 3600),
        (m.ACTION_DRILL_END, 180),
        (m.ACTION_REST, 180),
    ):
        order = m.SirenOrder(0, 0, action, 0, 65535, ORDER.targets)
        raw = m.encode_body(m.SIREN_ORDER, m.GATEWAY, order)
        assert raw[10:12] == struct.pack("<H", longest)
        foreign = raw[:10] + b"\xff\xff" + raw[12:]
        assert m.decode_body(m.SIREN_ORDER, m.GATEWAY, foreign).seconds == longest


def test_entry_and_target_tags_cover_what_the_wire_format_says():
    entry = m.receipt_entry(0x0A0B0C0D, 0x11223344, 7, m.STAGE_STORED, True, 3, 1, KEY)
    first = b"\x44\x33\x22\x11\x07\x00\x00\x00\x82\x03\x01"
    assert entry.tag4 == hmac_portable(KEY, b"KTGR" + b"\x0d\x0c\x0b\x0a" + first)[:4]
    assert entry.sounding == 1
    target, tag8 = m.order_target(0x0A0B0C0D, 9, 0x11223344, 0x0A, 7, m.ACTION_START, 1, 90, KEY)
    fixed = b"\x0a\x00\x00\x00\x07\x00\x00\x00\x01\x01\x5a\x00"
    covered = b"KTGO\x0d\x0c\x0b\x0a\x09\x00\x00\x00\x44\x33\x22\x11" + fixed
    assert (target, tag8) == (0x11223344, hmac_portable(KEY, covered)[:8])


def test_what_receivers_would_refuse_is_not_made():
    raises(LocalError, m.receipt_entry, 5, 6, 7, 0, 0, 0, 0, KEY)
    raises(LocalError, m.receipt_entry, 5, 6, 7, 6, 0, 0, 0, KEY)
    raises(LocalError, m.receipt_entry, 5, 6, 7, 3, 0, 1, 0, KEY)
    raises(LocalError, m.receipt_entry, 5, 6, 7, 1, 0, 0, 1, KEY)
    raises(LocalError, m.encode, m.ALARM, m.TOMBOL, 16, 1, 5, ALARM, KEY, CARRY, PROOF)
    raises(LocalError, m.encode, m.ALARM, m.TOMBOL, 0, 0, 5, ALARM, KEY, CARRY, PROOF)
    raises(LocalError, m.encode, m.ALARM, m.TOMBOL, 0, 1, 3, ALARM, KEY, CARRY, PROOF)
    raises(LocalError, m.encode, m.ALARM, m.TOMBOL, 0, 1, 0xFFFFFFFF, ALARM, KEY, CARRY, PROOF)
    raises(LocalError, m.encode, 5, m.TOMBOL, 0, 1, 5, ALARM, KEY, CARRY, PROOF)
    for at, value in ((0, 256), (1, 65536), (2, -1), (5, 256)):
        body = list(ALARM)
        body[at] = value
        raises(LocalError, payload_of, m.ALARM, m.TOMBOL, m.Alarm(*body))
    raises(LocalError, payload_of, m.STATUS, m.TOMBOL, (1, 2))
    raises(LocalError, m.encode, m.ALARM, m.TOMBOL, 0, 1, 5, ALARM, KEY, CARRY)  # no proof
    raises(LocalError, payload_of, m.STATUS, m.SIRENE, m.NodeStatus(*(0,) * 10 + ((1, 2),)))
    raises(LocalError, m.target_of, m.parse(payload_of(m.ALARM, m.TOMBOL, ALARM)))


def test_the_target_of_a_config_and_a_page_stands_in_clear():
    for type, role, body, _ in BODIES:
        if type in (m.CONFIG, m.PAGE):
            assert m.target_of(m.parse(payload_of(type, role, body))) == 0x11223344


def test_any_bytes_parse_or_are_refused_with_a_known_reason():
    noise = random_bytes(3)
    reasons = set()
    for n in range(3000):
        payload = bytearray([next(noise) for _ in range(next(noise))])
        if n % 3 and len(payload) > 2:
            payload[0], payload[1] = 0x10 | next(noise) % 12, (next(noise) % 6) << 4
        try:
            envelope = m.parse(bytes(payload))
            m.decode_body(envelope.type, envelope.role, envelope.body)
        except RemoteError as error:
            reasons.add(error.reason)
    assert reasons <= {
        "short",
        "long",
        "version",
        "type",
        "role",
        "field",
        "length",
        "stage",
        "config_part",
        "order_empty",
    }
