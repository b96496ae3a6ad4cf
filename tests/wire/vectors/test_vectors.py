# runs: cpython micropython
"""wire/vectors.json, frame by frame: good ones come back byte-exact, rejected ones give their reason."""

from kentongan_wire.air import packet
from kentongan_wire.air.packet import Channel, Data, Packet
from kentongan_wire.base import codes
from kentongan_wire.base.errors import REASONS, RemoteError
from kentongan_wire.keyring import keys, site_keys
from kentongan_wire.message import messages, verify
from kentongan_wire.message.replay import Guard
from kentongan_wire.settings import config
from kits.both import load_json, random_bytes

VECTORS = load_json("wire/vectors.json")
SITE_KEY = bytes.fromhex(VECTORS["site_key"])
CHANNEL = Channel(VECTORS["channel"], bytes.fromhex(VECTORS["channel_key"]))
GENERATIONS = (0, 1)
ALARM_ROOTS = {g: site_keys.alarm_root(SITE_KEY, g) for g in GENERATIONS}
CONTROL_ROOTS = {g: site_keys.control_root(SITE_KEY, g) for g in GENERATIONS}
SITE = site_keys.SiteKeys(ALARM_ROOTS, CONTROL_ROOTS, 0)
HEADER = (
    ("to", "to"),
    ("from", "src"),
    ("id", "id"),
    ("hop_limit", "hop_limit"),
    ("hop_start", "hop_start"),
    ("want_ack", "want_ack"),
    ("via_mqtt", "via_mqtt"),
    ("channel_hash", "channel_hash"),
    ("next_hop", "next_hop"),
    ("relay_node", "relay_node"),
)


def keys_of(role, node):
    """The key ring that a party of that role holds."""
    if role == codes.GATEWAY:
        return SITE
    rings = {g: site_keys.held(ALARM_ROOTS[g], CONTROL_ROOTS[g], node, role, g) for g in GENERATIONS}
    if role == codes.SIRENE:
        return keys.PostKeys(node, rings, 0)
    return (keys.OwnKeys if role == codes.TOMBOL else keys.RelayKeys)(node, role, rings, 0)


def opened(frame):
    """(Packet, Data) of our own port; RemoteError."""
    parsed = packet.parse_packet(frame)
    data = CHANNEL.open(parsed)
    if data.portnum != packet.PORT_PRIVATE:
        raise RemoteError("port")
    return parsed, data


def read(frame, ring=SITE, revoked=()):
    parsed, data = opened(frame)
    return verify.open_message(data.payload, parsed.src, parsed.to, ring, revoked)


def read_order(frame, ring, node, revoked=()):
    """An order, judged by one of its targets."""
    parsed, data = opened(frame)
    return verify.own_order(data.payload, parsed.src, node, ring, revoked)


def judge(case, receiver):
    """Do all that this receiver does with the case's frame; return None when it accepts it."""
    role, node = receiver
    ring, guard = keys_of(role, node), Guard()
    frame = bytes.fromhex(case["frame"])
    if case["judge"] == "entry":
        parsed, data = opened(frame)
        verify.own_entry(data.payload, parsed.src, node, ring.a(node, role, 0), ring.c(node, role, 0))
        return

    def message_of(frame, revoked=()):
        if case["judge"] == "order":
            return read_order(frame, ring, node, revoked)
        return read(frame, ring, revoked)

    for before in case["after"]:
        message = message_of(bytes.fromhex(before))
        guard.check(message)
        guard.accept(message)
    message = message_of(frame, case["revoked"])
    guard.check(message)
    if case["judge"] == "items":
        config.read(message.body.items, ring.c(node, role, 0), message.src, message.counter)


def assert_fields(value, expected, name):
    """The decoded value has every field that the vector has; bytes stand as hexadecimal text."""
    if isinstance(expected, dict):
        for field in expected:
            if field not in ("tag_ok", "settings"):
                assert_fields(getattr(value, field), expected[field], name + "." + field)
    elif isinstance(expected, list):
        assert len(value) == len(expected), name
        for i in range(len(expected)):
            if isinstance(expected[i], dict) and "tag8" in expected[i]:
                assert value[i] == (expected[i]["target"], bytes.fromhex(expected[i]["tag8"])), name
            else:
                assert_fields(value[i], expected[i], name)
    elif isinstance(expected, str):
        assert bytes(value) == bytes.fromhex(expected), name
    else:
        assert value == expected, (name, value, expected)


def names_of(names, value):
    return [number for number in names if names[number] == value][0]


def test_good_frames_decode_to_their_header_data_and_message():
    for case in VECTORS["good"]:
        parsed, data = opened(bytes.fromhex(case["frame"]))
        for shown, field in HEADER:
            assert getattr(parsed, field) == case[shown], (case["name"], shown)
        assert data == Data(case["portnum"], bytes.fromhex(case["payload"]), case["bitfield"]), case["name"]
        message, expected = read(bytes.fromhex(case["frame"])), case["message"]
        assert case["tag_ok"] is True
        assert message.type == names_of(codes.TYPE_NAMES, expected["type"]), case["name"]
        assert message.role == names_of(codes.ROLE_NAMES, expected["role"]), case["name"]
        for field in ("generation", "counter"):
            assert getattr(message, field) == expected[field], case["name"]
        assert message.silent == expected.get("silent", False), case["name"]
        assert_fields(message.body, expected["body"], case["name"])


def keys_for(message, expected):
    """(key of the tag, of the carry tag, of the proof) of a good vector's message."""
    about = message.src, message.role, message.generation
    if "target_role" in expected:
        role = names_of(codes.ROLE_NAMES, expected["target_role"])
        return SITE.c(message.body.target, role, message.generation), SITE.r(*about), None
    if codes.posts_judge(message.type, message.role):
        return SITE.a(*about), SITE.r(*about), None
    if message.type != codes.ALARM:
        return SITE.c(*about), SITE.r(*about), None
    body = message.body
    loud = codes.is_loud(body.zone, body.kind, body.flags) and not message.silent
    return (SITE.a if loud else SITE.c)(*about), SITE.r(*about), SITE.c(*about)


def test_good_messages_encode_to_the_same_payload():
    for case in VECTORS["good"]:
        if not case["carry_ok"]:
            continue
        said = read(bytes.fromhex(case["frame"]))
        payload = messages.encode(
            said.type,
            said.role,
            said.generation,
            said.counter,
            said.src,
            said.body,
            *keys_for(said, case["message"]),
        )
        assert payload == bytes.fromhex(case["payload"]), case["name"]


def test_the_carry_tag_is_judged_alike_by_all_who_hold_r():
    other = 0x4B0005FF
    rings = [keys_of(role, other) for role in (codes.SIRENE, codes.PENERUS, codes.PENERIMA)]
    refused = 0
    for case in VECTORS["good"]:
        parsed, data = opened(bytes.fromhex(case["frame"]))
        envelope = messages.parse(data.payload)
        for ring in rings + [SITE, keys_of(envelope.role, parsed.src)]:
            assert verify.carries(envelope, parsed.src, parsed.to, ring) is case["carry_ok"], case["name"]
        assert verify.carries(envelope, parsed.src, parsed.to, keys_of(codes.TOMBOL, other)) is False
        refused += not case["carry_ok"]
    assert refused == 1


def test_good_frames_encode_to_the_canonical_frame():
    for case in VECTORS["good"]:
        parsed, data = opened(bytes.fromhex(case["frame"]))
        body = CHANNEL.crypt(parsed.src, parsed.id, packet.encode_data(data))
        again = packet.build_packet(Packet(*(tuple(parsed)[:-1] + (body,))))
        assert again == bytes.fromhex(case["canonical"]), case["name"]
        assert read(again) == read(bytes.fromhex(case["frame"])), case["name"]


def test_good_frames_are_new_once_and_then_repeats():
    for case in VECTORS["good"]:
        guard = Guard()
        message = read(bytes.fromhex(case["frame"]))
        assert guard.check(message) == 1, case["name"]
        guard.accept(message)
        assert guard.check(message) == 2, case["name"]


def test_good_frames_cover_every_type_from_every_role():
    found = []
    for case in VECTORS["good"]:
        message = read(bytes.fromhex(case["frame"]))
        found.append((message.type, message.role))
    for message_type in codes.SENDERS:
        for role in codes.SENDERS[message_type]:
            assert (message_type, role) in found, (message_type, role)


def test_entries_and_targets_of_good_frames_hold():
    for case in VECTORS["good"]:
        message = read(bytes.fromhex(case["frame"]))
        payload = bytes.fromhex(case["payload"])
        for entry in message.body.entries if message.type == codes.RECEIPTS else ():
            a, c = (pick(entry.node, codes.TOMBOL, 0) for pick in (SITE.a, SITE.c))
            own = verify.own_entry(payload, message.src, entry.node, a, c)[1]
            assert (own.node, own.tag4) == (entry.node, own.tag4), case["name"]
        for target, _ in message.body.targets if message.type == codes.SIREN_ORDER else ():
            own = read_order(bytes.fromhex(case["frame"]), keys_of(codes.SIRENE, target), target)
            assert (own.body, own.counter) == (message.body, message.counter), case["name"]


def test_rejected_frames_give_exactly_their_reason():
    for case in VECTORS["rejected"]:
        try:
            judge(case, case["receiver"])
        except RemoteError as error:
            assert error.reason == case["reason"], (case["name"], error.reason)
        else:
            raise AssertionError("accepted: " + case["name"])


def test_what_only_c_proves_is_believed_by_who_does_not_hold_it():
    believed = [case for case in VECTORS["rejected"] if case["believed_by"]]
    for case in believed:
        judge(case, case["believed_by"])
    assert set([case["reason"] for case in believed]) == set(["unproved"]) and len(believed) == 4


def test_there_are_many_rejected_frames_and_every_reason_is_known():
    assert len(VECTORS["rejected"]) >= 150
    names = [case["name"] for case in VECTORS["good"] + VECTORS["rejected"]]
    assert len(names) == len(set(names))
    given = set([case["reason"] for case in VECTORS["rejected"]])
    assert given == set(REASONS)


def test_one_flipped_bit_is_refused_or_changes_nothing_that_is_said():
    free = (12, 14, 15)  # flags, next_hop, relay_node: the tag does not cover them
    for case in VECTORS["good"]:
        frame = bytearray(bytes.fromhex(case["frame"]))
        said = read(bytes(frame))
        for at in range(len(frame)):
            for bit in range(8):
                frame[at] ^= 1 << bit
                try:
                    # what still reads has to say the same: flips in Data, outside the payload, may
                    assert read(bytes(frame)) == said, (case["name"], at, bit)
                    assert at in free or at >= 16, (case["name"], at, bit)
                except RemoteError as error:
                    assert error.reason in REASONS
                    assert at not in (14, 15), (case["name"], at, bit)
                frame[at] ^= 1 << bit


def test_every_cut_and_every_appended_byte_is_refused_or_changes_nothing_that_is_said():
    for case in VECTORS["good"]:
        frame = bytes.fromhex(case["frame"])
        said = read(frame)
        for changed in [frame[:end] for end in range(len(frame))] + [frame + bytes([i]) for i in range(256)]:
            try:
                assert read(changed) == said, case["name"]
            except RemoteError as error:
                assert error.reason in REASONS


def test_any_bytes_are_read_or_refused():
    byte = random_bytes(11)
    for _ in range(2000):
        length = next(byte) if next(byte) > 40 else next(byte) % 32
        try:
            read(bytes([next(byte) for _ in range(length)]))
            raise AssertionError("random bytes carried a true tag")
        except RemoteError as error:
            assert error.reason in REASONS


def test_any_payload_on_our_channel_is_read_or_refused():
    byte = random_bytes(12)
    reasons = set()
    rings = SITE, keys_of(codes.SIRENE, 1001), keys_of(codes.TOMBOL, 1002), keys_of(codes.PENERIMA, 1003)
    for i in range(3000):
        first = 0x10 | next(byte) % 12
        role = (1, 2, 4)[next(byte) % 3]
        length = next(byte) % (232 if i % 3 == 0 else 30)
        payload = bytes([first, role << 4] + [next(byte) for _ in range(length)])
        frame = CHANNEL.seal(1000 + i, i + 1, 1, payload[:231])
        for ring in rings:
            try:
                read(frame, ring)
                raise AssertionError("a random tag held")
            except RemoteError as error:
                reasons.add(error.reason)
    assert reasons >= set(["short", "type", "role", "length", "tag", "no_key"])
