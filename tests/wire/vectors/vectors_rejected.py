"""Rejected frames of wire/vectors.json, each with its reason, for make_vectors.py."""

import vector_maker as v
from vector_maker import (
    alarm,
    coming,
    data,
    entry,
    event,
    frame,
    item,
    message,
    order,
    page,
    quiet,
    receipts,
    report,
    settings,
    status,
    tagged,
)


def rejected_frames():
    """Refused by the layers below the message."""
    whole = frame(v.BUTTON, 1600, data(alarm(1600)))
    payload = alarm(1600)

    def plain(raw):
        return frame(v.BUTTON, 1600, raw)

    def sender(number):
        return frame(number, 1600, data(alarm(1600)))

    return [
        ("no byte at all", "short", b""),
        ("header cut by a byte", "short", whole[:15]),
        ("longer than LoRa allows", "long", whole + bytes(256 - len(whole))),
        ("sender 0", "header", sender(0)),
        ("sender 3, reserved", "header", sender(3)),
        ("sender is broadcast", "header", sender(0xFFFFFFFF)),
        ("hop_limit above hop_start", "header", frame(v.BUTTON, 1600, data(payload), 4, 3)),
        ("hash of another channel", "channel", whole[:13] + bytes([whole[13] ^ 1]) + whole[14:]),
        (
            "hash of this channel, key of another",
            "protobuf",
            frame(v.BUTTON, 1600, data(payload), key=bytes(32)),
        ),
        ("header without a Data", "port", plain(b"")),
        ("frame cut by its last byte", "protobuf", whole[:-1]),
        ("frame cut in the payload", "protobuf", whole[:30]),
        ("payload length that lies", "protobuf", plain(b"\x08\x80\x02\x12\x7f" + payload)),
        ("payload length beyond 64 bits", "protobuf", plain(b"\x08\x80\x02\x12" + b"\xff" * 10 + b"\x01")),
        ("varint without an end", "protobuf", plain(b"\x08" + b"\x80" * 40)),
        ("payload as a number", "protobuf", plain(b"\x08\x80\x02\x10\x05")),
        ("portnum as bytes", "protobuf", plain(b"\x0a\x02\x80\x02")),
        ("portnum beyond 32 bits", "protobuf", plain(b"\x08\x80\x82\x80\x80\x80\x02" + data(payload)[3:])),
        ("field number 0", "protobuf", plain(b"\x00\x00" + data(payload))),
        ("group in a Data", "protobuf", plain(data(payload) + b"\x1b\x1c")),
        ("fixed32 cut short", "protobuf", plain(data(payload) + b"\x1d\x00\x00")),
        ("text message", "port", plain(data(b"halo", 1))),
        ("our payload on another port", "port", plain(data(payload, 257))),
        ("Data without a payload", "short", plain(data(b""))),
    ]


def rejected_heads():
    """Messages with a true tag whose header or length is wrong: (name, reason, payload, sender)."""

    def raw(first, second, counter=1600, src=v.BUTTON):
        return tagged(first, second, counter, src, bytes(10), v.key_c(src, second >> 4, second & 15))

    def made(kind, role, src, size):
        return message(kind, role, 1600, src, bytes(size))

    b, p, g, chime = v.BUTTON, v.POST, v.GATE, v.CHIME
    one = entry(b, 1, 2)
    return [
        ("message cut below header and tags", "short", alarm(1600)[:11], b),
        ("message longer than any", "long", made(v.CONFIG, v.GATEWAY, g, 220), g),
        ("version 0", "version", raw(0x01, 0x10), b),
        ("version 2", "version", raw(0x21, 0x10), b),
        ("type 0", "type", raw(0x10, 0x10), b),
        ("type 5", "type", raw(0x15, 0x10), b),
        ("type 15", "type", raw(0x1F, 0x10), b),
        ("role 0", "role", raw(0x11, 0x00), b),
        ("role 6", "role", raw(0x11, 0x60), b),
        ("alarm of a penerus", "role", made(v.ALARM, v.PENERUS, v.RELAY, 10), v.RELAY),
        ("alarm of a gateway", "role", made(v.ALARM, v.GATEWAY, g, 10), g),
        ("alarm of a penerima", "role", made(v.ALARM, v.PENERIMA, chime, 10), chime),
        ("report of a tombol", "role", made(v.SIREN_REPORT, v.TOMBOL, b, 10), b),
        ("report of a penerima", "role", made(v.SIREN_REPORT, v.PENERIMA, chime, 10), chime),
        ("event of a gateway", "role", made(v.EVENT, v.GATEWAY, g, 10), g),
        ("event of a penerus", "role", made(v.EVENT, v.PENERUS, v.RELAY, 10), v.RELAY),
        ("receipts of a tombol", "role", made(v.RECEIPTS, v.TOMBOL, b, 16), b),
        ("receipts of a penerus", "role", made(v.RECEIPTS, v.PENERUS, v.RELAY, 16), v.RELAY),
        ("order of a post", "role", made(v.SIREN_ORDER, v.SIRENE, p, 25), p),
        ("settings of a post", "role", made(v.CONFIG, v.SIRENE, p, 8), p),
        ("page of a tombol", "role", made(v.PAGE, v.TOMBOL, b, 17), b),
        ("counter 0", "field", alarm(0), b),
        ("alarm a byte short", "length", made(v.ALARM, v.TOMBOL, b, 9), b),
        ("alarm a byte long", "length", made(v.ALARM, v.TOMBOL, b, 11), b),
        ("alarm without a proof", "length", made(v.ALARM, v.TOMBOL, b, 6), b),
        ("status of a tombol as long as a post's", "length", made(v.STATUS, v.TOMBOL, b, 22), b),
        ("status of a tombol without its counter", "length", made(v.STATUS, v.TOMBOL, b, 7), b),
        ("status of a post as of a button", "length", made(v.STATUS, v.SIRENE, p, 11), p),
        ("report a byte short", "length", made(v.SIREN_REPORT, v.SIRENE, p, 9), p),
        ("event a byte long", "length", made(v.EVENT, v.TOMBOL, b, 11), b),
        ("event with 16 bits of an incident", "length", made(v.EVENT, v.PENERIMA, chime, 4), chime),
        ("page a byte short", "length", made(v.PAGE, v.GATEWAY, g, 16), g),
        ("receipts: two named, one there", "length", receipts(1600, one, count=2), g),
        ("receipts: one named, two there", "length", receipts(1600, one, one, count=1), g),
        ("receipts without an entry", "length", receipts(1600), g),
        ("receipts without a count", "length", made(v.RECEIPTS, v.GATEWAY, g, 0), g),
        (
            "receipts: fifteen entries",
            "length",
            message(v.RECEIPTS, v.GATEWAY, 1600, g, b"\x0f" + bytes(209)),
            g,
        ),
        ("order: two targets named, one there", "length", order(1600, count=2), g),
        ("order: sixteen targets", "length", order(1600, range(p, p + 16)), g),
        ("order cut before its count", "length", made(v.SIREN_ORDER, v.GATEWAY, g, 12), g),
        ("settings cut in their head", "length", made(v.CONFIG, v.GATEWAY, g, 7), g),
        ("generation that is not held", "generation", alarm(1600, generation=2), b),
    ]


def rejected_bodies():
    """Messages with a true tag that say what their sender may not: (name, reason, payload, sender)."""
    b, p, g, chime = v.BUTTON, v.POST, v.GATE, v.CHIME
    a = v.key_a(b, v.TOMBOL)
    return [
        ("test under A", "weak_key", alarm(1600, kind=15, key=a), b),
        ("cancel under A", "weak_key", alarm(1600, flags=4, key=a), b),
        ("silent alarm under A", "weak_key", alarm(1600, kind=1, flags=1, key=a), b),
        ("alarm of kind kekerasan under A", "weak_key", alarm(1600, kind=8, key=a), b),
        ("alarm of zone 0 under A", "weak_key", alarm(1600, zone=0, key=a), b),
        (
            "test alarm of a post under A",
            "weak_key",
            alarm(1600, src=p, role=v.SIRENE, kind=15, key=v.key_a(p, v.SIRENE)),
            p,
        ),
        ("real alarm of a post", "role", alarm(1600, src=p, role=v.SIRENE, kind=1), p),
        ("saya datang of a tombol", "role", coming(1600, src=b, role=v.TOMBOL), b),
        ("saya datang of a post", "role", coming(1600, src=p, role=v.SIRENE), p),
        ("saya datang to nothing", "field", coming(1600, origin=0, alarm_counter=0), chime),
        ("saya datang to no counter", "field", coming(1600, alarm_counter=0), chime),
        ("saya datang to no node", "field", coming(1600, origin=0), chime),
        ("aman that names an alarm", "field", coming(1600, 2, src=b, role=v.TOMBOL), b),
        ("ronda that names a node", "field", coming(1600, 1, alarm_counter=0, src=p, role=v.SIRENE), p),
        ("handover of a penerima that names a counter", "field", coming(1600, 3, origin=0), chime),
        ("event 0", "field", event(1600, 0), b),
        ("event 5", "field", event(1600, 5), b),
        ("order without a target", "order_empty", order(1600, ()), g),
        ("order with action 0", "field", order(1600, action=0), g),
        ("order with action 7", "field", order(1600, action=7), g),
        ("report with state 0", "field", report(1600, 0), p),
        ("report with state 9", "field", report(1600, 9), p),
        ("report with source 0", "field", report(1600, 1, 0), p),
        ("report with source 5", "field", report(1600, 1, 5), p),
        ("stage 0", "stage", receipts(1600, entry(b, 1, 0)), g),
        ("stage 6", "stage", receipts(1600, entry(b, 1, 6)), g),
        ("stored by a post", "stage", receipts(1600, entry(b, 1, 2, sender=p), src=p, role=v.SIRENE), p),
        ("coming, says a post", "stage", receipts(1600, entry(b, 1, 3, sender=p), src=p, role=v.SIRENE), p),
        ("zone in a stage 3 entry", "field", receipts(1600, entry(b, 1, 3, zone=5)), g),
        ("kind in a stage 1 entry", "field", receipts(1600, entry(b, 1, 1, kind=1)), g),
        ("part 2 of 2, counted from 0", "config_part", settings(1600, b"", part=2, parts=2), g),
        ("part of no parts", "config_part", settings(1600, b"", part=0, parts=0), g),
    ]


def rejected_by_keys():
    """True shapes that this receiver must not believe: (name, reason, payload, sender, more)."""
    b, p, g = v.BUTTON, v.POST, v.GATE
    good_alarm, chime, relay = alarm(1600), [v.PENERIMA, v.CHIME], [v.PENERUS, v.RELAY]
    tombol, post = [v.TOMBOL, b], [v.SIRENE, p]
    ordered = {"receiver": post, "judge": "order"}
    own = {"judge": "entry", "receiver": tombol}
    return [
        (
            "tag with one wrong bit",
            "tag",
            good_alarm[:-3] + bytes([good_alarm[-3] ^ 1]) + good_alarm[-2:],
            b,
            {},
        ),
        ("body changed under its tag", "tag", good_alarm[:6] + b"\x01" + good_alarm[7:], b, {}),
        (
            "proof changed under the tag",
            "tag",
            good_alarm[:12] + bytes([good_alarm[12] ^ 1]) + good_alarm[13:],
            b,
            {},
        ),
        ("alarm of one button sent as another", "tag", good_alarm, v.OTHER_BUTTON, {}),
        ("alarm under a neighbour's key", "tag", alarm(1600, key=v.key_a(v.OTHER_BUTTON, v.TOMBOL)), b, {}),
        (
            "alarm under the last generation's key",
            "tag",
            alarm(1600, generation=1, key=v.key_a(b, v.TOMBOL)),
            b,
            {},
        ),
        ("alarm under another role's key", "tag", alarm(1600, key=v.key_a(b, v.SIRENE)), b, {}),
        ("alarm under the relays' key", "tag", alarm(1600, key=v.key_r(b, v.TOMBOL)), b, {}),
        ("receipts under C", "tag", receipts(1600, entry(b, 9, 2), key=v.key_c(g, v.GATEWAY)), g, {}),
        ("silent alarm, heard by a post", "tag", quiet(1600), b, {"receiver": post}),
        ("cancel, heard by a post", "tag", alarm(1600, flags=4), b, {"receiver": post}),
        ("test, heard by a post", "tag", alarm(1600, kind=15), b, {"receiver": post}),
        ("revoked sender", "revoked", good_alarm, b, {"revoked": [v.OTHER_BUTTON, b]}),
        (
            "neighbour's alarm, heard by a button",
            "no_key",
            alarm(1600, src=v.OTHER_BUTTON),
            v.OTHER_BUTTON,
            {"receiver": tombol},
        ),
        ("alarm, heard by a penerus", "no_key", good_alarm, b, {"receiver": relay}),
        ("alarm, heard by a penerima", "no_key", good_alarm, b, {"receiver": chime}),
        ("receipts, heard by a penerima", "no_key", receipts(1600, entry(b, 9, 2)), g, {"receiver": chime}),
        ("status of a tombol, heard by a post", "no_key", status(1600), b, {"receiver": post}),
        ("order, judged by its outer tag at a post", "no_key", order(1600), g, {"receiver": post}),
        ("settings for another", "not_for_us", settings(1600, b"", v.OTHER_BUTTON), g, {"receiver": tombol}),
        ("page for another chime", "not_for_us", page(1600, v.CHIME + 1), g, {"receiver": chime}),
        ("order for another post", "not_for_us", order(1600, (v.OTHER_POST,)), g, ordered),
        (
            "order whose target tag is another post's",
            "tag",
            order(1600, keys={p: v.key_c(v.OTHER_POST, v.SIRENE)}),
            g,
            ordered,
        ),
        ("order of a revoked gateway", "revoked", order(1600), g, dict(ordered, revoked=[g])),
        ("own order in what is no order", "type", good_alarm, b, ordered),
        ("own entry under a wrong key", "tag", receipts(1600, entry(b, 9, 2, key=bytes(32))), g, own),
        ("own entry of another sender", "tag", receipts(1600, entry(b, 9, 2, sender=p)), g, own),
        ("own entry in what is no receipt", "type", good_alarm, b, own),
    ]


# fmt: off
def rejected_of_thieves():
    """List the frames that keys of a stolen post or penerus do not make: as rejected_by_keys."""
    b, p, g, chime = v.BUTTON, v.POST, v.GATE, v.CHIME
    a, wrong, post = v.key_a(b, v.TOMBOL), bytes(32), [v.SIRENE, p]
    believed = {"believed_by": post}
    ordered = {"receiver": post, "judge": "order"}
    return [
        ("alarm of a stolen post, without a proof", "unproved", alarm(1600, proof_key=wrong), b, believed),
        ("alarm of a stolen post, proved under A", "unproved", alarm(1600, proof_key=a), b, believed),
        ("alarm of a stolen post, proved under its own C", "unproved",
         alarm(1600, proof_key=v.key_c(p, v.SIRENE)), b, believed),
        ("alarm of a stolen post with another's proof", "unproved", with_proof_of(1600, 1599), b, believed),
        ("test of a stolen post", "weak_key", alarm(1600, kind=15, key=a, proof_key=wrong), b,
         {"receiver": post}),
        ("cancel of a stolen post", "weak_key", alarm(1600, flags=4, key=a, proof_key=wrong), b,
         {"receiver": post}),
        ("test of a stolen post, at the gateway", "unproved", alarm(1600, kind=15, key=a, proof_key=wrong), b,
         {}),
        ("cancel of a stolen post, at the gateway", "unproved", alarm(1600, flags=4, key=a, proof_key=a), b,
         {}),
        ("silent alarm proved, tagged under R", "tag", quiet(1600, key=v.key_r(b, v.TOMBOL)), b, {}),
        ("silent alarm tagged under C, proved under A", "unproved", quiet(1600, proof_key=a), b, {}),
        ("status of a tombol under A", "tag", status(1600, key=a), b, {}),
        ("status of a post under A", "tag", status(1600, p, v.SIRENE, key=v.key_a(p, v.SIRENE)), p, {}),
        ("report under A", "tag", report(1600, key=v.key_a(p, v.SIRENE)), p, {}),
        ("a siren sounds, by another stolen post", "tag",
         receipts(1600, entry(b, 1234, 1, 1, sender=p), src=p, role=v.SIRENE, key=v.key_a(p, v.SIRENE)), p,
         {}),
        ("receipts of a post, heard by another", "no_key",
         receipts(1600, entry(b, 1234, 1, 1, sender=v.OTHER_POST), src=v.OTHER_POST, role=v.SIRENE),
         v.OTHER_POST, {"receiver": post}),
        ("aman under A", "tag", event(1600, 2, key=a), b, {}),
        ("saya datang under A", "tag",
         event(1600, 4, 7, b, 1234, chime, v.PENERIMA, v.key_a(chime, v.PENERIMA)), chime, {}),
        ("saya datang under the relays' key", "tag",
         event(1600, 4, 7, b, 1234, chime, v.PENERIMA, v.key_r(chime, v.PENERIMA)), chime, {}),
        ("order under A, at another gateway", "tag", order(1600, key=v.key_a(g, v.GATEWAY)), g, {}),
        ("order by a stolen post as the gateway", "tag",
         order(1600, keys={p: v.key_a(p, v.SIRENE)}, key=v.key_a(g, v.GATEWAY)), g, ordered),
        ("settings under A", "tag", settings(1600, b"", key=v.key_a(b, v.TOMBOL)), g, {}),
        ("settings under the gateway's own C", "tag", settings(1600, b"", key=v.key_c(g, v.GATEWAY)), g, {}),
        ("receipts under the relays' key", "tag",
         receipts(1600, entry(b, 9, 2), key=v.key_r(g, v.GATEWAY)), g, {"receiver": post}),
        ("stored, tagged under A by a stolen post", "tag", receipts(1600, entry(b, 9, 2, key=a)), g,
         {"judge": "entry", "receiver": [v.TOMBOL, b]}),
        ("a siren sounds, tagged under R by a stolen penerus", "tag",
         receipts(1600, entry(b, 9, 1, key=v.key_r(b, v.TOMBOL))), g,
         {"judge": "entry", "receiver": [v.TOMBOL, b]}),
        ("stage 1 for a penerima, which holds no A", "no_key",
         receipts(1600, entry(chime, 9, 1, role=v.PENERIMA)), g,
         {"judge": "entry", "receiver": [v.PENERIMA, chime]}),
    ]
# fmt: on


def with_proof_of(counter, other):
    """A loud alarm whose tag is true and whose proof is that of another counter."""
    body = alarm(counter)[6:12] + alarm(other)[12:16]
    return message(v.ALARM, v.TOMBOL, counter, v.BUTTON, body, 0, v.key_a(v.BUTTON, v.TOMBOL))


def rejected_by_counter():
    """(name, reason, payload, sender, payloads accepted before, more)."""
    b, p, g = v.BUTTON, v.POST, v.GATE
    at_post = {"receiver": [v.SIRENE, p], "judge": "order"}
    longer = order(60, seconds=90)
    return [
        ("replayed: one counter back", "replay", alarm(1599), b, [alarm(1600)], {}),
        ("replayed: the first of two", "replay", alarm(1600), b, [alarm(1600), alarm(1700)], {}),
        ("replayed silent alarm", "replay", quiet(1599), b, [alarm(1600)], {}),
        ("status older than the button's alarm", "replay", status(1599), b, [alarm(1600)], {}),
        ("replayed order", "replay", order(60), g, [order(60), order(61)], {}),
        ("replayed order, at a post", "replay", order(60), g, [order(60), order(61)], at_post),
        ("replayed settings", "replay", settings(70, b""), g, [settings(71, b"")], {}),
        ("replayed page", "replay", page(80), g, [page(81)], {}),
        ("replayed saya datang", "replay", coming(70), v.CHIME, [coming(71)], {}),
        ("equal counter, other kind", "altered", alarm(1600, kind=1), b, [alarm(1600)], {}),
        ("equal counter, cancel added", "altered", alarm(1600, 1, flags=4), b, [alarm(1600)], {}),
        ("equal counter, now silent", "altered", alarm(1600, flags=1), b, [alarm(1600)], {}),
        ("equal counter, other type of a button", "altered", event(1600, 1), b, [alarm(1600)], {}),
        ("equal counter, other state", "altered", report(30, 2), p, [report(30, 1)], {}),
        (
            "equal counter, other alarm answered",
            "altered",
            coming(70, alarm_counter=9),
            v.CHIME,
            [coming(70)],
            {},
        ),
        ("equal counter, other order, at a post", "altered", longer, g, [order(60)], at_post),
        (
            "equal counter, other settings",
            "altered",
            settings(70, b"", version=4),
            g,
            [settings(70, b"")],
            {},
        ),
    ]


def rejected_items():
    """Settings with a true tag and items that lie: (name, reason, items)."""
    return [
        ("item cut after its tag", "length", b"\x08"),
        ("item longer than the part", "length", b"\x08\x05\x01"),
        ("hop limit of two bytes", "length", b"\x08\x02\x01\x01"),
        ("table row cut", "length", b"\x01\x04\x05\xff\xff\x06"),
        ("next keys too short", "length", item(5, bytes(96))),
        ("next keys of two", "length", item(5, bytes(65))),
        ("table with zone 0", "field", b"\x01\x03\x00\xff\xff"),
        ("unknown profile", "field", b"\x02\x01\x04"),
        ("broadcast as a revoked number", "field", b"\x03\x04\xff\xff\xff\xff"),
        ("next generation 16", "field", item(5, b"\x10" + bytes(96))),
        ("status period of a second", "field", b"\x07\x04\x01\x00\x00\x00"),
        ("hop limit 0", "field", b"\x08\x01\x00"),
        ("code cut", "length", b"\x0a\x02\x01\x02"),
        ("code of a kind that has none", "field", b"\x0a\x03\x07\x02\x00"),
        ("code of a single stroke", "field", b"\x0a\x03\x01\x01\x00"),
        ("code of six strokes", "field", b"\x0a\x03\x01\x06\x00"),
        ("code of single strokes", "field", b"\x0a\x03\x01\x11\x00"),
        ("code with ten strokes in a group", "field", b"\x0a\x03\x01\x0a\x00"),
        ("code with a hole", "field", b"\x0a\x03\x01\x02\x02"),
        ("seven codes", "field", item(10, b"\x01\x02\x00" * 7)),
        ("hop limit twice", "field", b"\x08\x01\x01\x08\x01\x01"),
    ]
