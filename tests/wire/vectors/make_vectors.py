"""Writes wire/vectors.json: python tests/wire/vectors/make_vectors.py. A test holds the file to it."""

import json
import struct
from pathlib import Path

import vector_maker as v
from kentongan_wire.air.packet import Channel
from kentongan_wire.describe import every_generation, frame_to_object
from vector_maker import (
    alarm,
    coming,
    data,
    entry,
    event,
    frame,
    item,
    order,
    page,
    quiet,
    receipts,
    report,
    settings,
    status,
    tagged,
)
from vectors_rejected import (
    rejected_bodies,
    rejected_by_counter,
    rejected_by_keys,
    rejected_frames,
    rejected_heads,
    rejected_items,
    rejected_of_thieves,
)

PATH = Path(__file__).resolve().parents[3] / "wire/vectors.json"
ABOUT = (
    "Golden frames of the kentongan message, made by a second implementation. good: each decodes to its"
    " header, Data and message as given, and these encode to `canonical`, the frame that a relay with the"
    " channel key sends. rejected: each is refused with exactly its reason by its receiver (role and node; it"
    " holds that role's keys, generations 0 and 1), after it accepted the frames in `after`, with the"
    " numbers in `revoked`; [role, node] in `believed_by` believes it all the same. judge: message = verify"
    " and counter; entry = the receiver's own receipt entry; order = its own target of an order and counter;"
    " items = also the settings of a CONFIG. Keys are for tests only."
)
GATEWAY_RECEIVER = [v.GATEWAY, v.GATE]


def good():
    """(name, frame, canonical frame or None) of every type and role, and of what is easily got wrong."""
    out = []

    def add(name, src, payload, packet_id=None, **header):
        counter = struct.unpack("<I", payload[2:6])[0]
        out.append((name, frame(src, packet_id or counter, data(payload), **header), None))

    for group in (good_alarms, good_reports, good_answers, good_settings):
        for name, src, payload, *header in group():
            add(name, src, payload, **(header[0] if header else {}))
    button = v.BUTTON
    whole = frame(button, 1500, data(alarm(1500)))
    stranger = b"\x08\x80\x02\x38\x05\x12\x16" + alarm(1500) + b"\x35\x01\x02\x03\x04\x1a\x02hi\x48\x00"
    out.append(("Data with unknown fields, out of order", frame(button, 1500, stranger), whole))
    out.append(("Data without a bitfield", frame(button, 1501, data(alarm(1501), bitfield=b"")), None))
    out.append(
        (
            "Data with a bitfield of a stock sender",
            frame(button, 1502, data(alarm(1502), bitfield=b"\x48\x01")),
            None,
        )
    )
    out.append(
        (
            "stock header bits set on the way",
            frame(button, 1503, data(alarm(1503)), 3, 7, 0x99, want_ack=1, next_hop=0x42),
            None,
        )
    )
    return out


def good_alarms():
    """(name, sender, payload[, header]) of ALARM, loud ones under A and all others under C."""
    b, p = v.BUTTON, v.POST
    return [
        ("alarm of one press", b, alarm(1234)),
        (
            "alarm of two strokes, maling, fourth attempt, relayed once",
            b,
            alarm(1234, attempt=3, kind=1),
            {"packet_id": 1237, "hop_limit": 2, "hop_start": 3, "relay": 0x31},
        ),
        (
            "alarm on its last hop",
            b,
            alarm(1235, incident=1234, kind=2),
            {"hop_limit": 0, "hop_start": 7, "relay": 0x22},
        ),
        ("alarm of a kind of the future", b, alarm(1236, kind=12)),
        ("alarm by the silent key", b, quiet(1237)),
        ("alarm of kind kekerasan without the flag", b, quiet(1238, flags=0)),
        ("alarm medis under C without the flag", b, alarm(1239, kind=7, key=v.key_c(b, v.TOMBOL))),
        ("cancel", b, alarm(1240, incident=1234, flags=4)),
        ("alarm with the lid open, empty battery", b, alarm(1241, flags=8, battery=0)),
        ("alarm of the next generation", b, alarm(1242, generation=1)),
        ("silent alarm of the next generation", b, quiet(1243, generation=1)),
        ("cancel of a silent alarm", b, quiet(1244, incident=1243, flags=5)),
        ("alarm of kind maling with the silent flag", b, alarm(1245, kind=1, flags=1)),
        ("alarm of zone 0, nothing sounds", b, alarm(1246, zone=0)),
        ("test of a tombol", b, alarm(1247, kind=15)),
        (
            "alarm with the highest counter",
            b,
            alarm(0xFFFFFFFF, attempt=255, zone=255, kind=14, flags=10, battery=255),
        ),
        (
            "silent alarm with the highest counter",
            b,
            alarm(0xFFFFFFFF, attempt=255, zone=255, kind=15, flags=15, battery=255),
        ),
        ("alarm that a relay carries at nobody's charge", b, carried_by_nobody(1248)),
        ("test alarm of a post", p, alarm(9, src=p, role=v.SIRENE, kind=15)),
    ]


def carried_by_nobody(counter):
    """An alarm whose tag and proof hold and whose carry tag is a neighbour's."""
    other = v.key_r(v.OTHER_BUTTON, v.TOMBOL)
    body = alarm(counter)[6:-6]
    return tagged(0x11, v.TOMBOL << 4, counter, v.BUTTON, body, v.key_a(v.BUTTON, v.TOMBOL), carry_key=other)


def good_reports():
    """STATUS, SIREN_REPORT and EVENT."""
    b, p, relay, gate, chime = v.BUTTON, v.POST, v.RELAY, v.GATE, v.CHIME
    out = [
        ("status of a tombol", b, status(1300, flags=0x0C, alarm_counter=1234)),
        ("status of a tombol that holds no stage", b, status(1301)),
        ("status of a tombol under the next keys", b, status(1302, generation=1)),
    ]
    for role, src, name in (
        (v.SIRENE, p, "sirene"),
        (v.PENERUS, relay, "penerus"),
        (v.GATEWAY, gate, "gateway"),
        (v.PENERIMA, chime, "penerima"),
    ):
        out.append(("status of a " + name, src, status(20, src, role)))
    for state, source, name in (
        (1, 1, "sounding siren"),
        (2, 3, "stopped siren"),
        (3, 4, "silenced siren"),
        (4, 2, "siren that failed"),
        (5, 1, "siren without a sense"),
        (6, 1, "counter that is not above the last"),
        (7, 3, "drill that began"),
        (8, 3, "drill that ended"),
    ):
        out.append(("report of a " + name, p, report(20 + state, state, source)))
    return [
        *out,
        ("event of a tombol: aman", b, event(1400, 2)),
        ("event of a tombol: ronda", b, event(1401, 1, person=255)),
        ("event of a sirene: ronda", p, event(1400, 1, src=p, role=v.SIRENE)),
        ("event of a sirene: handover", p, event(1401, 3, src=p, role=v.SIRENE)),
        ("event of a penerima: aman", chime, event(1400, 2, src=chime, role=v.PENERIMA)),
        ("event of a penerima: saya datang", chime, coming(1401)),
    ]


def good_answers():
    """RECEIPTS, SIREN_ORDER and PAGE."""
    b, p, g = v.BUTTON, v.POST, v.GATE
    return [
        (
            "receipt of a post: a siren sounds",
            p,
            receipts(23, entry(b, 1234, 1, 1, sender=p), src=p, role=v.SIRENE),
        ),
        ("receipt stored, may sound a post", g, receipts(50, entry(b, 1234, 2, 1, 5, 1)), {"hop_limit": 0}),
        (
            "receipts of stages 3, 4 and 5",
            g,
            receipts(51, entry(b, 7, 3), entry(v.OTHER_BUTTON, 8, 4), entry(b, 6, 5)),
            {"hop_limit": 3},
        ),
        ("receipts, as many as fit", g, receipts(52, *[entry(b + i, 100 + i, 2) for i in range(14)])),
        ("order to sound", g, order(60)),
        ("order to stop, two posts", g, order(61, (p, v.OTHER_POST), action=2, seconds=0)),
        ("quiet test, as many posts as fit", g, order(62, [p + i for i in range(15)], 0, 0, 3, 0, 0)),
        ("order of a drill of an hour", g, order(63, (p,), 0, 63, 4, 5, 3600)),
        ("order that a drill ends", g, order(64, (p, v.OTHER_POST), 0, 63, 5, 5, 0)),
        ("order to rest, for what was recorded", g, order(65, action=6, seconds=0)),
        ("page", g, page(80)),
        ("silent page", g, page(81, kind=8, flags=1)),
        ("page of an incident with a large number", g, page(82, alarm_counter=0xFEDCBA98)),
    ]


def good_settings():
    """CONFIG for every role."""
    b, p, g, relay, chime = v.BUTTON, v.POST, v.GATE, v.RELAY, v.CHIME
    known = item(1, b"\x05\xff\xff\x06\x06\x00") + item(2, b"\x00"), item(6, b"\x05\x10\x0e")
    counters = b"".join(struct.pack("<IBI", b + i, 0, 900 + i) for i in range(23))
    own = b"\x01\x02\x00" + b"\x03\x13\x00" + b"\x05\x71\x01" + b"\x06\x00\x00"
    alarm_root = v.mac(v.SITE_KEY, b"KTG1 alarm\x01")
    relay_root = v.mac(alarm_root, b"KTG1 relay")
    return [
        ("settings for a tombol", g, settings(70, item(7, struct.pack("<I", 21_600)) + item(8, b"\x02"))),
        (
            "settings for a post, unknown item skipped",
            g,
            settings(71, item(99, b"?").join(known), p, v.SIRENE),
        ),
        (
            "keys of the next generation",
            g,
            settings(72, v.next_keys(72, 1, *[made(b, v.TOMBOL, 1) for made in (v.key_a, v.key_c, v.key_r)])),
        ),
        ("settings, longest part of three", g, settings(73, item(4, counters), p, v.SIRENE, part=1, parts=3)),
        ("settings without an item", g, settings(74, b"", relay, v.PENERUS)),
        (
            "codes of the RT's own: 2, 3+1, 1+7+1 and titir",
            g,
            settings(75, item(2, b"\x01") + item(10, own), p, v.SIRENE),
        ),
        (
            "next keys of a post",
            g,
            settings(
                76,
                v.next_keys(76, 1, alarm_root, v.key_c(p, v.SIRENE, 1), target=p, role=v.SIRENE),
                p,
                v.SIRENE,
            ),
        ),
        (
            "next keys of a penerima",
            g,
            settings(
                77,
                v.next_keys(77, 1, relay_root, v.key_c(chime, v.PENERIMA, 1), target=chime, role=v.PENERIMA),
                chime,
                v.PENERIMA,
            ),
        ),
    ]


def sealed(src, payload, bitfield=v.BITFIELD):
    counter = struct.unpack("<I", payload[2:6])[0] or 1
    return frame(src, counter, data(payload, bitfield=bitfield)).hex()


def rejected():
    out = []

    def add(
        name, reason, text, receiver=GATEWAY_RECEIVER, judge="message", revoked=(), after=(), believed_by=None
    ):
        out.append(
            {
                "name": name,
                "reason": reason,
                "frame": text,
                "receiver": receiver,
                "judge": judge,
                "revoked": list(revoked),
                "after": list(after),
                "believed_by": believed_by,
            }
        )

    for name, reason, raw in rejected_frames():
        add(name, reason, raw.hex())
    for name, reason, payload, src in rejected_heads() + rejected_bodies():
        # the longest has no bitfield, or it would not fit a frame
        bitfield = b"" if reason == "long" else v.BITFIELD
        add(name, reason, sealed(src, payload, bitfield))
    for name, reason, payload, src, more in rejected_by_keys() + rejected_of_thieves():
        add(name, reason, sealed(src, payload), **more)
    for name, reason, payload, src, before, more in rejected_by_counter():
        add(name, reason, sealed(src, payload), after=[sealed(src, one) for one in before], **more)
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
        "about": ABOUT,
        "site_key": v.SITE_KEY.hex(),
        "channel": v.CHANNEL_NAME,
        "channel_key": v.CHANNEL_KEY.hex(),
        "good": cases,
        "rejected": rejected(),
    }
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
