"""A second, plain reading of wire/README.md for the golden vectors; shares no code with kentongan_wire."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SITE_KEY = hashlib.sha256(b"kentongan test vectors: site key, never for a real site").digest()
CHANNEL_NAME = "kentongan"
CHANNEL_KEY = hashlib.sha256(b"kentongan test vectors: channel key").digest()
BROADCAST = 0xFFFFFFFF
BITFIELD = b"\x48\x00"  # field 9, present and 0
TOMBOL, SIRENE, PENERUS, GATEWAY, PENERIMA = 1, 2, 3, 4, 5
ALARM, STATUS, SIREN_REPORT, EVENT, RECEIPTS, SIREN_ORDER, CONFIG, PAGE = 1, 2, 3, 4, 8, 9, 10, 11
# one number of each role, and another of some
BUTTON, OTHER_BUTTON, POST, OTHER_POST = 0x4B000107, 0x4B000108, 0x4B000221, 0x4B000222
RELAY, GATE, CHIME = 0x4B000331, 0x4B000441, 0x4B000551


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def key_a(node, role, generation=0):
    root = mac(SITE_KEY, b"KTG1 alarm", bytes([generation]))
    return mac(root, b"KTG1 node", struct.pack("<IBB", node, role, generation))


def key_c(node, role, generation=0):
    root = mac(SITE_KEY, b"KTG1 control", bytes([generation]))
    return mac(root, b"KTG1 node", struct.pack("<IBB", node, role, generation))


def key_r(node, role, generation=0):
    root = mac(mac(SITE_KEY, b"KTG1 alarm", bytes([generation])), b"KTG1 relay")
    return mac(root, b"KTG1 node", struct.pack("<IBB", node, role, generation))


def ctr(key, number, src, data):
    """AES-CTR with the counter block number u64, from u32, 0 u32."""
    block = struct.pack("<QII", number, src, 0)
    return Cipher(algorithms.AES(key), modes.CTR(block)).encryptor().update(data)


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def data(payload, portnum=256, bitfield=BITFIELD):
    """The protobuf Data, bitfield last."""
    inner = b"\x12" + varint(len(payload)) + payload if payload else b""
    return b"\x08" + varint(portnum) + inner + bitfield


def frame(
    src,
    packet_id,
    plain,
    hop_limit=1,
    hop_start=None,
    relay=None,
    to=BROADCAST,
    key=CHANNEL_KEY,
    want_ack=0,
    next_hop=0,
):
    """A whole LoRa frame around a plaintext Data."""
    hop_start = hop_limit if hop_start is None else hop_start
    channel_hash = 0
    for byte in CHANNEL_NAME.encode() + CHANNEL_KEY:
        channel_hash ^= byte
    flags = hop_limit | want_ack << 3 | hop_start << 5
    relay = src & 0xFF if relay is None else relay
    header = struct.pack("<IIIBBBB", to, src, packet_id, flags, channel_hash, next_hop, relay)
    return header + ctr(key, packet_id, src, plain)


def tagged(first, second, counter, src, body, key, to=BROADCAST, carry_key=None):
    """A payload of these two first bytes, this body, a true tag and a true carry tag."""
    carry_key = key_r(src, second >> 4, second & 15) if carry_key is None else carry_key
    ends = struct.pack("<II", src, to)
    unsigned = bytes([first, second]) + struct.pack("<I", counter) + body
    unsigned += mac(key, b"KTG1", ends, unsigned)[:4]
    return unsigned + mac(carry_key, b"KTGC", ends, unsigned)[:2]


def masked(kind, clear, src, counter, key):
    """The body with its last bytes under the mask: of ALARM from byte 1, of EVENT 2, of PAGE 4, else all."""
    pad = mac(key, b"KTGE", bytes([kind]), struct.pack("<II", src, counter))
    first = {ALARM: 1, EVENT: 2, PAGE: 4}.get(kind, 0)
    return clear[:first] + bytes(a ^ b for a, b in zip(clear[first:], pad, strict=False))


def message(kind, role, counter, src, body, generation=0, key=None):
    """A payload under the key that its type has, unless another is given; the body goes out as it is."""
    if key is None:
        key = (key_a if kind == RECEIPTS and role == GATEWAY else key_c)(src, role, generation)
    return tagged(1 << 4 | kind, role << 4 | generation, counter, src, body, key)


def sounds(zone, kind, flags):
    return zone > 0 and kind != 8 and kind != 15 and flags & 5 == 0


def alarm(
    counter,
    attempt=0,
    incident=None,
    zone=5,
    kind=0,
    flags=0,
    battery=150,
    src=BUTTON,
    role=TOMBOL,
    generation=0,
    key=None,
    proof_key=None,
):
    """Under A when it sounds, else under C; proved under C."""
    if key is None:
        key = (key_a if sounds(zone, kind, flags) else key_c)(src, role, generation)
    proof_key = key_c(src, role, generation) if proof_key is None else proof_key
    incident = counter & 0xFFFF if incident is None else incident
    clear = struct.pack("<BHBBB", attempt, incident, zone, kind | flags << 4, battery)
    body = masked(ALARM, clear, src, counter, key)
    head = struct.pack("<BBI", 1 << 4 | ALARM, role << 4 | generation, counter)
    proof = mac(proof_key, b"KTGP", struct.pack("<II", src, BROADCAST), head + body)[:4]
    return message(ALARM, role, counter, src, body + proof, generation, key)


def quiet(counter, **fields):
    """An alarm that nobody hears, by its flag and kind."""
    return alarm(counter, **dict({"kind": 8, "flags": 1}, **fields))


def status(counter, src=BUTTON, role=TOMBOL, generation=0, key=None, **fields):
    key = key_c(src, role, generation) if key is None else key
    if role == TOMBOL:
        body = masked(STATUS, button_status(**fields), src, counter, key)
    else:
        body = node_status(**fields)
    return message(STATUS, role, counter, src, body, generation, key)


def event(counter, what, person=7, origin=0, alarm_counter=0, src=BUTTON, role=TOMBOL, key=None):
    key = key_c(src, role) if key is None else key
    clear = struct.pack("<BBII", what, person, origin, alarm_counter)
    return message(EVENT, role, counter, src, masked(EVENT, clear, src, counter, key), 0, key)


def coming(counter, what=4, origin=BUTTON, alarm_counter=0x00010203, src=CHIME, role=PENERIMA):
    """ "Saya datang", or an event that names an alarm without being one."""
    return event(counter, what, origin=origin, alarm_counter=alarm_counter, src=src, role=role)


def report(counter, state=1, source=1, origin=BUTTON, alarm_counter=1234, src=POST, key=None):
    body = struct.pack("<IIBB", origin, alarm_counter, state, source)
    return message(SIREN_REPORT, SIRENE, counter, src, body, 0, key)


def page(
    counter, target=CHIME, origin=BUTTON, alarm_counter=1234, kind=1, house=12, zone=5, flags=0, src=GATE
):
    key = key_c(target, PENERIMA)
    clear = struct.pack("<IIIBHBB", target, origin, alarm_counter, kind, house, zone, flags)
    return message(PAGE, GATEWAY, counter, src, masked(PAGE, clear, src, counter, key), 0, key)


def entry(node, counter, stage, sounding=0, zone=0, kind=0, sender=GATE, key=None, role=TOMBOL):
    fixed = struct.pack("<IIBBB", node, counter, stage | sounding << 7, zone, kind)
    if key is None:
        key = key_a(node, role) if stage == 1 else key_c(node, role)
    return fixed + mac(key, b"KTGR", struct.pack("<I", sender), fixed)[:4]


def receipts(counter, *entries, src=GATE, role=GATEWAY, count=None, key=None):
    count = len(entries) if count is None else count
    return message(RECEIPTS, role, counter, src, bytes([count]) + b"".join(entries), 0, key)


def order(
    counter,
    targets=(POST,),
    origin=BUTTON,
    alarm_counter=1234,
    action=1,
    pattern=1,
    seconds=180,
    count=None,
    keys=None,
    src=GATE,
    key=None,
):
    fixed = struct.pack("<IIBBH", origin, alarm_counter, action, pattern, seconds)
    out = fixed + bytes([len(targets) if count is None else count])
    for target in targets:
        own = (keys or {}).get(target, key_c(target, SIRENE))
        out += struct.pack("<I", target)
        out += mac(own, b"KTGO", struct.pack("<III", src, counter, target), fixed)[:8]
    return message(SIREN_ORDER, GATEWAY, counter, src, out, 0, key)


def settings(counter, items, target=BUTTON, role=TOMBOL, version=3, part=0, parts=1, src=GATE, key=None):
    body = struct.pack("<IHBB", target, version, part, parts) + items
    return message(CONFIG, GATEWAY, counter, src, body, 0, key_c(target, role) if key is None else key)


def item(tag, value):
    return bytes([tag, len(value)]) + value


def next_keys(counter, generation, *keys, target=BUTTON, role=TOMBOL, src=GATE):
    """The sealed item of the next generation's keys: 96 bytes, zeros where a role holds fewer."""
    plain = b"".join(keys) + bytes(96 - 32 * len(keys))
    return item(5, bytes([generation]) + ctr(mac(key_c(target, role), b"KTGX"), counter, src, plain))


def button_status(
    flags=0, battery=150, temperature=31, rssi=-97, boots=3, config=3, firmware=1, alarm_counter=0
):
    return struct.pack("<BBbbBBBI", flags, battery, temperature, rssi, boots, config, firmware, alarm_counter)


def node_status(flags=1, battery_mv=13_100, last_control=77):
    return struct.pack(
        "<HHbbbHHHIHBBB", flags, battery_mv, -3, -110, -22, 9, 700, 123, last_control, 3, 0, 1, 0
    )
