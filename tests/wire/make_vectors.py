"""Writes wire/vectors.json: python tests/wire/make_vectors.py. A test holds the committed file to this."""
import json
import struct
from pathlib import Path

import vector_maker as v
from kentongan_wire.describe import every_generation, frame_to_object
from kentongan_wire.packet import Channel
from vector_maker import alarm, data, entry, frame, item, message, order, page, receipts, settings, tagged

PATH = Path(__file__).resolve().parents[2] / "wire/vectors.json"
ABOUT = (
    "Golden frames of the kentongan message, made by a second implementation. good: each decodes to its"
    " header, Data and message as given, and these encode to `canonical`, the frame that a relay with the"
    " channel key sends. rejected: each is refused with exactly its reason by its receiver (role and node; it"
    " holds that role's keys, generations 0 and 1), after it accepted the frames in `after`, with the"
    " numbers in `revoked`. judge: message = verify and counter; entry = the receiver's own receipt entry;"
    " order = also its own target; items = also the settings of a CONFIG. Keys are for tests only."
)
GATEWAY_RECEIVER = [v.GATEWAY, v.GATE]


def good():
    """(name, frame, canonical frame or None) of every type and role, and of what is easily got wrong."""
    out = []

    def add(name, src, payload, packet_id=None, **header):
        counter = struct.unpack("<I", payload[2:6])[0]
        out.append((name, frame(src, packet_id or counter, data(payload), **header), None))

    button, post, relay, gate, chime = v.BUTTON, v.POST, v.RELAY, v.GATE, v.CHIME
    add("alarm of one press", button, alarm(1234))
    add("alarm of two strokes, maling, fourth attempt, relayed once", button, alarm(1234, attempt=3, kind=1),
        packet_id=1237, hop_limit=2, hop_start=3, relay=0x31)
    add("alarm on its last hop", button, alarm(1235, incident=1234, kind=2), hop_limit=0, hop_start=7,
        relay=0x22)
    add("alarm of a kind of the future", button, alarm(1236, kind=99))
    add("alarm by the silent key, under C", button,
        alarm(1237, kind=8, flags=1, key=v.key_c(button, v.TOMBOL)))
    add("alarm of kind kekerasan under A", button, alarm(1238, kind=8))
    add("alarm medis under C without the flag", button, alarm(1239, kind=7, key=v.key_c(button, v.TOMBOL)))
    add("cancel", button, alarm(1240, incident=1234, flags=4))
    add("alarm with the lid open, empty battery", button, alarm(1241, flags=8, battery=0))
    add("alarm of the next generation", button, alarm(1242, generation=1))
    add("alarm with the highest counter", button,
        alarm(0xFFFFFFFF, attempt=255, zone=255, kind=15, battery=255))
    add("test alarm of a post", post, alarm(9, src=post, role=v.SIRENE, kind=15))
    add("status of a tombol", button, message(v.STATUS, v.TOMBOL, 1300, button, v.button_status(0x0C)))
    for role, src in ((v.SIRENE, post), (v.PENERUS, relay), (v.GATEWAY, gate), (v.PENERIMA, chime)):
        name = {v.SIRENE: "sirene", v.PENERUS: "penerus", v.GATEWAY: "gateway", v.PENERIMA: "penerima"}[role]
        add("status of a " + name, src, message(v.STATUS, role, 20, src, v.node_status()))
    add("report of a sounding siren", post,
        message(v.SIREN_REPORT, v.SIRENE, 21, post, struct.pack("<IIBB", button, 1234, 1, 1)))
    add("report of a silenced siren", post,
        message(v.SIREN_REPORT, v.SIRENE, 22, post, struct.pack("<IIBB", button, 1234, 3, 4)))
    for role, src, event in ((v.TOMBOL, button, 2), (v.SIRENE, post, 1), (v.PENERIMA, chime, 4)):
        name = {v.TOMBOL: "tombol", v.SIRENE: "sirene", v.PENERIMA: "penerima"}[role]
        add("event of a " + name, src, message(v.EVENT, role, 1400, src, struct.pack("<BBH", event, 7, 1234)))
    add("receipt of a post: a siren sounds", post,
        receipts(23, entry(button, 1234, 1, 1, sender=post), src=post, role=v.SIRENE))
    add("receipt stored, may sound a post", gate, receipts(50, entry(button, 1234, 2, 1, 5, 1)), hop_limit=0)
    add("receipts of stages 3, 4 and 5", gate,
        receipts(51, entry(button, 7, 3), entry(v.OTHER_BUTTON, 8, 4), entry(button, 6, 5)), hop_limit=3)
    add("receipts, as many as fit", gate, receipts(52, *[entry(v.BUTTON + i, 100 + i, 2) for i in range(14)]))
    add("order to sound", gate, order(60))
    add("order to stop, two posts", gate, order(61, (post, v.OTHER_POST), action=2, seconds=0))
    add("quiet test, as many posts as fit", gate, order(62, [v.POST + i for i in range(15)], 0, 0, 3, 0, 0))
    add("settings for a tombol", gate, settings(70, item(7, struct.pack("<I", 21_600)) + item(8, b"\x02")))
    known = item(1, b"\x05\xff\xff\x06\x06\x00") + item(2, b"\x00"), item(6, b"\x05\x10\x0e")
    add("settings for a post, unknown item skipped", gate,
        settings(71, item(99, b"?").join(known), post, v.SIRENE))
    add("keys of the next generation", gate, settings(
        72, v.next_keys(72, 1, v.key_a(button, v.TOMBOL, 1), v.key_c(button, v.TOMBOL, 1))))
    counters = b"".join(struct.pack("<IBI", v.BUTTON + i, 0, 900 + i) for i in range(23))
    add("settings, longest part of three", gate,
        settings(73, item(4, counters), post, v.SIRENE, part=1, parts=3))
    add("settings without an item", gate, settings(74, b"", relay, v.PENERUS))
    own = b"\x01\x02\x00" + b"\x03\x13\x00" + b"\x05\x71\x01" + b"\x06\x00\x00"
    add("codes of the RT's own: 2, 3+1, 1+7+1 and titir", gate,
        settings(75, item(2, b"\x01") + item(10, own), post, v.SIRENE))
    add("page", gate, page(80))
    add("silent page", gate, page(81, kind=8, flags=1))
    whole = frame(button, 1500, data(alarm(1500)))
    stranger = b"\x08\x80\x02\x38\x05\x12\x16" + alarm(1500) + b"\x35\x01\x02\x03\x04\x1a\x02hi\x48\x00"
    out.append(("Data with unknown fields, out of order", frame(button, 1500, stranger), whole))
    out.append(("Data without a bitfield", frame(button, 1501, data(alarm(1501), bitfield=b"")), None))
    out.append(("Data with a bitfield of a stock sender",
                frame(button, 1502, data(alarm(1502), bitfield=b"\x48\x01")), None))
    out.append(("stock header bits set on the way",
                frame(button, 1503, data(alarm(1503)), 3, 7, 0x99, want_ack=1, next_hop=0x42), None))
    return out


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
        ("hash of this channel, key of another", "protobuf",
         frame(v.BUTTON, 1600, data(payload), key=bytes(32))),
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


def rejected_shapes():
    """Messages with a true tag whose header, length or fields are wrong: (name, reason, payload, sender)."""
    def raw(first, second, counter=1600, src=v.BUTTON, body=bytes(8), key=None):
        return tagged(first, second, counter, src, body, key or v.key_a(src, second >> 4, second & 15))

    def made(kind, role, src, body):
        return message(kind, role, 1600, src, body)

    report, event = struct.Struct("<IIBB"), struct.Struct("<BBH")
    b, p, g = v.BUTTON, v.POST, v.GATE
    return [
        ("message cut below header and tag", "short", alarm(1600)[:13], b),
        ("message longer than any", "long", made(v.CONFIG, v.GATEWAY, g, bytes(218)), g),
        ("version 0", "version", raw(0x01, 0x10), b),
        ("version 2", "version", raw(0x21, 0x10), b),
        ("type 0", "type", raw(0x10, 0x10), b),
        ("type 5", "type", raw(0x15, 0x10), b),
        ("type 15", "type", raw(0x1F, 0x10), b),
        ("role 0", "role", raw(0x11, 0x00), b),
        ("role 6", "role", raw(0x11, 0x60), b),
        ("alarm of a penerus", "role", made(v.ALARM, v.PENERUS, v.RELAY, bytes(8)), v.RELAY),
        ("alarm of a gateway", "role", made(v.ALARM, v.GATEWAY, g, bytes(8)), g),
        ("alarm of a penerima", "role", made(v.ALARM, v.PENERIMA, v.CHIME, bytes(8)), v.CHIME),
        ("real alarm of a post", "role", alarm(1600, src=p, role=v.SIRENE, kind=1), p),
        ("report of a tombol", "role", made(v.SIREN_REPORT, v.TOMBOL, b, report.pack(b, 1, 1, 1)), b),
        ("event of a gateway", "role", made(v.EVENT, v.GATEWAY, g, event.pack(1, 0, 0)), g),
        ("receipts of a tombol", "role", made(v.RECEIPTS, v.TOMBOL, b, bytes(16)), b),
        ("order of a post", "role", made(v.SIREN_ORDER, v.SIRENE, p, bytes(25)), p),
        ("settings of a post", "role", made(v.CONFIG, v.SIRENE, p, bytes(8)), p),
        ("page of a tombol", "role", made(v.PAGE, v.TOMBOL, b, bytes(11)), b),
        ("counter 0", "field", alarm(0), b),
        ("alarm a byte short", "length", made(v.ALARM, v.TOMBOL, b, bytes(7)), b),
        ("alarm a byte long", "length", made(v.ALARM, v.TOMBOL, b, bytes(9)), b),
        ("status of a tombol as long as a post's", "length", made(v.STATUS, v.TOMBOL, b, v.node_status()), b),
        ("status of a post as of a button", "length", made(v.STATUS, v.SIRENE, p, v.button_status()), p),
        ("report a byte short", "length", made(v.SIREN_REPORT, v.SIRENE, p, bytes(9)), p),
        ("event a byte long", "length", made(v.EVENT, v.TOMBOL, b, bytes(5)), b),
        ("page a byte short", "length", made(v.PAGE, v.GATEWAY, g, bytes(10)), g),
        ("receipts: two named, one there", "length", receipts(1600, entry(b, 1, 2), count=2), g),
        ("receipts: one named, two there", "length", receipts(1600, *2 * [entry(b, 1, 2)], count=1), g),
        ("receipts without an entry", "length", receipts(1600), g),
        ("receipts without a count", "length", made(v.RECEIPTS, v.GATEWAY, g, b""), g),
        ("receipts: fifteen entries", "length", made(v.RECEIPTS, v.GATEWAY, g, b"\x0f" + bytes(210)), g),
        ("order: two targets named, one there", "length", order(1600, count=2), g),
        ("order: sixteen targets", "length", order(1600, range(v.POST, v.POST + 16)), g),
        ("order cut before its count", "length", made(v.SIREN_ORDER, v.GATEWAY, g, bytes(12)), g),
        ("settings cut in their head", "length", made(v.CONFIG, v.GATEWAY, g, bytes(7)), g),
        ("order without a target", "order_empty", order(1600, ()), g),
        ("order with action 0", "field", order(1600, action=0), g),
        ("order with action 4", "field", order(1600, action=4), g),
        ("report with state 0", "field", made(v.SIREN_REPORT, v.SIRENE, p, report.pack(b, 1, 0, 1)), p),
        ("report with state 6", "field", made(v.SIREN_REPORT, v.SIRENE, p, report.pack(b, 1, 6, 1)), p),
        ("report with source 5", "field", made(v.SIREN_REPORT, v.SIRENE, p, report.pack(b, 1, 1, 5)), p),
        ("event 0", "field", made(v.EVENT, v.TOMBOL, b, event.pack(0, 0, 0)), b),
        ("event 5", "field", made(v.EVENT, v.TOMBOL, b, event.pack(5, 0, 0)), b),
        ("stage 0", "stage", receipts(1600, entry(b, 1, 0)), g),
        ("stage 6", "stage", receipts(1600, entry(b, 1, 6)), g),
        ("stored by a post", "stage", receipts(1600, entry(b, 1, 2, sender=p), src=p, role=v.SIRENE), p),
        ("coming, says a post", "stage", receipts(1600, entry(b, 1, 3, sender=p), src=p, role=v.SIRENE), p),
        ("zone in a stage 3 entry", "field", receipts(1600, entry(b, 1, 3, zone=5)), g),
        ("kind in a stage 1 entry", "field", receipts(1600, entry(b, 1, 1, kind=1)), g),
        ("part 2 of 2, counted from 0", "config_part", settings(1600, b"", part=2, parts=2), g),
        ("part of no parts", "config_part", settings(1600, b"", part=0, parts=0), g),
        ("generation that is not held", "generation", alarm(1600, generation=2), b),
    ]


def rejected_by_keys():
    """True shapes that this receiver must not believe: (name, reason, payload, sender, more)."""
    b, p, g = v.BUTTON, v.POST, v.GATE
    good_alarm, chime = alarm(1600), [v.PENERIMA, v.CHIME]
    tombol, post = [v.TOMBOL, b], [v.SIRENE, p]
    c = v.key_c(b, v.TOMBOL)
    own = {"judge": "entry", "receiver": tombol}
    return [
        ("tag with one wrong bit", "tag", good_alarm[:-1] + bytes([good_alarm[-1] ^ 1]), b, {}),
        ("body changed under its tag", "tag", good_alarm[:6] + b"\x01" + good_alarm[7:], b, {}),
        ("alarm of one button sent as another", "tag", good_alarm, v.OTHER_BUTTON, {}),
        ("alarm under a neighbour's key", "tag", alarm(1600, key=v.key_a(v.OTHER_BUTTON, v.TOMBOL)), b, {}),
        ("alarm under the last generation's key", "tag",
         alarm(1600, generation=1, key=v.key_a(b, v.TOMBOL)), b, {}),
        ("alarm under another role's key", "tag", alarm(1600, key=v.key_a(b, v.SIRENE)), b, {}),
        ("status under C", "tag", message(v.STATUS, v.TOMBOL, 1600, b, v.button_status(), 0, c), b, {}),
        ("settings under A", "tag", message(v.CONFIG, v.GATEWAY, 1600, g, settings(1600, b"")[6:-8]), g, {}),
        ("order by a stolen post as the gateway", "tag",
         message(v.SIREN_ORDER, v.GATEWAY, 1600, g, order(1600)[6:-8], 0, v.key_c(p, v.SIRENE)), g,
         {"receiver": post}),
        ("silent alarm, heard by a post", "tag", alarm(1600, kind=8, flags=1, key=c), b, {"receiver": post}),
        ("revoked sender", "revoked", good_alarm, b, {"revoked": [v.OTHER_BUTTON, b]}),
        ("neighbour's alarm, heard by a button", "no_key", alarm(1600, src=v.OTHER_BUTTON), v.OTHER_BUTTON,
         {"receiver": tombol}),
        ("settings for another", "not_for_us", settings(1600, b"", v.OTHER_BUTTON), g, {"receiver": tombol}),
        ("page for another chime", "not_for_us", page(1600, v.CHIME + 1), g, {"receiver": chime}),
        ("order for another post", "not_for_us", order(1600, (v.OTHER_POST,)), g,
         {"receiver": post, "judge": "order"}),
        ("order whose target tag is another post's", "tag",
         order(1600, keys={p: v.key_c(v.OTHER_POST, v.SIRENE)}), g, {"receiver": post, "judge": "order"}),
        ("own entry under a wrong key", "tag", receipts(1600, entry(b, 9, 2, key=bytes(32))), g, own),
        ("stored, tagged under A by a stolen post", "tag",
         receipts(1600, entry(b, 9, 2, key=v.key_a(b, v.TOMBOL))), g, own),
        ("own entry of another sender", "tag", receipts(1600, entry(b, 9, 2, sender=p)), g, own),
        ("own entry in what is no receipt", "type", good_alarm, b, own),
    ]


def rejected_by_counter():
    """(name, reason, payload, sender, payloads accepted before)."""
    b, p, g = v.BUTTON, v.POST, v.GATE
    status = message(v.STATUS, v.TOMBOL, 1599, b, v.button_status())
    event = message(v.EVENT, v.TOMBOL, 1600, b, b"\x01\0\0\0")
    report = [message(v.SIREN_REPORT, v.SIRENE, 30, p, struct.pack("<IIBB", b, 1, i, 1)) for i in (1, 2)]
    return [
        ("replayed: one counter back", "replay", alarm(1599), b, [alarm(1600)]),
        ("replayed: the first of two", "replay", alarm(1600), b, [alarm(1600), alarm(1700)]),
        ("status older than the button's alarm", "replay", status, b, [alarm(1600)]),
        ("replayed order", "replay", order(60), g, [order(60), order(61)]),
        ("replayed settings", "replay", settings(70, b""), g, [settings(71, b"")]),
        ("equal counter, other kind", "altered", alarm(1600, kind=1), b, [alarm(1600)]),
        ("equal counter, cancel added", "altered", alarm(1600, 1, flags=4), b, [alarm(1600)]),
        ("equal counter, now silent", "altered",
         alarm(1600, flags=1, key=v.key_c(b, v.TOMBOL)), b, [alarm(1600)]),
        ("equal counter, other type of a button", "altered", event, b, [alarm(1600)]),
        ("equal counter, other state", "altered", report[1], p, [report[0]]),
        ("equal counter, other settings", "altered", settings(70, b"", version=4), g, [settings(70, b"")]),
    ]


def rejected_items():
    """Settings with a true tag and items that lie: (name, reason, items)."""
    return [
        ("item cut after its tag", "length", b"\x08"),
        ("item longer than the part", "length", b"\x08\x05\x01"),
        ("hop limit of two bytes", "length", b"\x08\x02\x01\x01"),
        ("table row cut", "length", b"\x01\x04\x05\xff\xff\x06"),
        ("next keys too short", "length", item(5, bytes(64))),
        ("table with zone 0", "field", b"\x01\x03\x00\xff\xff"),
        ("unknown profile", "field", b"\x02\x01\x04"),
        ("broadcast as a revoked number", "field", b"\x03\x04\xff\xff\xff\xff"),
        ("next generation 16", "field", item(5, b"\x10" + bytes(64))),
        ("drill of more than an hour", "field", b"\x06\x03\x05\x11\x0e"),
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


def sealed(src, payload, bitfield=v.BITFIELD):
    counter = struct.unpack("<I", payload[2:6])[0] or 1
    return frame(src, counter, data(payload, bitfield=bitfield)).hex()


def rejected():
    out = []

    def add(name, reason, text, receiver=GATEWAY_RECEIVER, judge="message", revoked=(), after=()):
        out.append({"name": name, "reason": reason, "frame": text, "receiver": receiver, "judge": judge,
                    "revoked": list(revoked), "after": list(after)})

    for name, reason, raw in rejected_frames():
        add(name, reason, raw.hex())
    for name, reason, payload, src in rejected_shapes():
        # the longest has no bitfield, or it would not fit a frame
        bitfield = b"" if reason == "long" else v.BITFIELD
        add(name, reason, sealed(src, payload, bitfield))
    for name, reason, payload, src, more in rejected_by_keys():
        add(name, reason, sealed(src, payload), **more)
    for name, reason, payload, src, before in rejected_by_counter():
        add(name, reason, sealed(src, payload), after=[sealed(src, one) for one in before])
    for name, reason, items in rejected_items():
        add(name, reason, sealed(v.GATE, settings(1600, items)), receiver=[v.TOMBOL, v.BUTTON], judge="items")
    return out


def text():
    """The whole document; the decoded fields are what `python -m kentongan_wire decode` prints."""
    channel, ring, cases = Channel(v.CHANNEL_NAME, v.CHANNEL_KEY), every_generation(v.SITE_KEY), []
    for name, raw, canonical in good():
        case = {"name": name, "frame": raw.hex(), "canonical": (canonical or raw).hex()}
        cases.append(dict(case, **frame_to_object(raw, channel, ring)))
    document = {
        "about": ABOUT, "site_key": v.SITE_KEY.hex(), "channel": v.CHANNEL_NAME,
        "channel_key": v.CHANNEL_KEY.hex(), "good": cases, "rejected": rejected(),
    }
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
