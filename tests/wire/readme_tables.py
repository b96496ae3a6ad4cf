"""Draws the tables of wire/README.md from the code: python tests/wire/readme_tables.py. A test holds them."""

import json
import re
from pathlib import Path

from kentongan_wire.air import flood, link
from kentongan_wire.base import codes, errors
from kentongan_wire.keyring import keys
from kentongan_wire.message import bodies, messages
from kentongan_wire.settings import config, device_file

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "wire/README.md"
BYTES = {"B": ("u8", 1), "b": ("i8", 1), "H": ("u16", 2), "h": ("i16", 2), "I": ("u32", 4)}
KEYS = {
    codes.ALARM: "A(from) when it sounds, else C(from)",
    codes.RECEIPTS: "A(from) of a gateway, C(from) of a sirene",
    codes.CONFIG: "C(target)",
    codes.PAGE: "C(target)",
}
FIXED_ENTRY = bodies.Entry._fields[:2] + ("stage", "zone", "kind")
SHAPES = (  # heading, type or None, namedtuple's fields, layout, fields that end the shape
    (
        "ALARM",
        codes.ALARM,
        ("attempt", "incident", "zone", "kind, flags", "battery"),
        bodies.ALARM_FORMAT,
        ("proof",),
    ),
    ("STATUS of a tombol", codes.STATUS, bodies.ButtonStatus._fields, bodies.BUTTON_STATUS_FORMAT, ()),
    (
        "STATUS of the others",
        codes.STATUS,
        bodies.NodeStatus._fields[:-1] + ("major", "minor", "patch"),
        bodies.NODE_STATUS_FORMAT,
        (),
    ),
    ("SIREN_REPORT", codes.SIREN_REPORT, bodies.SirenReport._fields, "IIBB", ()),
    ("EVENT", codes.EVENT, bodies.Event._fields, bodies.EVENT_FORMAT, ()),
    ("RECEIPTS", codes.RECEIPTS, ("n",), "B", ("n x entry",)),
    ("entry of RECEIPTS", None, FIXED_ENTRY, bodies.ENTRY_FORMAT, ("tag4",)),
    (
        "SIREN_ORDER",
        codes.SIREN_ORDER,
        bodies.SirenOrder._fields[:-1] + ("n",),
        bodies.ORDER_FORMAT + "B",
        ("n x target",),
    ),
    ("target of SIREN_ORDER", None, ("target",), "I", ("tag8",)),
    ("CONFIG", codes.CONFIG, bodies.Config._fields[:-1], bodies.CONFIG_FORMAT, ("items",)),
    ("PAGE", codes.PAGE, bodies.Page._fields, bodies.PAGE_FORMAT, ()),
)
MEANINGS = {
    "attempt": "0 for the first frame of this counter, then one more each",
    "incident": "low 16 bits of the counter of the incident's first ALARM",
    "zone": "RT of the site, 1-255; 0: nothing sounds",
    "kind": "see kinds",
    "kind, flags": "kind in the low half byte; in the high one 1 silent, 4 cancel, 8 lid open",
    "proof": 'HMAC(C(from), "KTGP" | from u32 | to u32 | header and the {} bytes before)[:{}]'.format(
        bodies.ALARM_BYTES, bodies.PROOF_BYTES
    ),
    "PAGE.flags": "1 silent",
    "battery": "20 mV; 0: not known",
    "temperature": "degrees C",
    "rssi": "dBm, last frame heard",
    "snr_q": "0.25 dB, last frame heard",
    "boots": "starts since provisioning, modulo",
    "uptime_h": "hours",
    "config_version": "version last applied; of a tombol its low byte",
    "firmware": "build number",
    "STATUS of a tombol.flags": "1 lid open, 2 low battery, bits 2-4 highest stage, 32 key stuck or broken, "
    "64 flash failing, 128 a part failing",
    "STATUS of the others.flags": "1 mains, 2 lid, 4 sounding, 8 siren fault, 16 counters lost, 32 jamming, "
    "64 flash failing, 128 a part failing",
    "battery_mv": "mV; 0: not known",
    "air_used": "0.1 s of the last hour",
    "last_control": "highest counter of a gateway accepted",
    "major": "firmware version",
    "minor": "firmware version",
    "patch": "firmware version",
    "origin": "node of the alarm",
    "counter": "counter of the alarm",
    "STATUS of a tombol.counter": "of the alarm whose stage the flags name; 0: they name none",
    "SIREN_REPORT.origin": "node of the alarm; of states 7 and 8 the gateway",
    "SIREN_REPORT.counter": "counter of the alarm; of states 7 and 8 of the order itself",
    "EVENT.origin": "saya datang: node of the alarm; else 0",
    "EVENT.counter": "saya datang: counter of its incident's first ALARM; else 0",
    "PAGE.counter": "counter of the incident's first ALARM",
    "state": "1 sounding, 2 stopped, 3 silenced at the post, 4 failed to sound, 5 driven, not sensed,"
    " 6 not sounded by itself, 7 drill began, 8 drill ended",
    "source": "1 direct, 2 receipt, 3 order, 4 post",
    "event": "1 ronda check-in, 2 aman, 3 handover, 4 saya datang",
    "person": "slot in the site's list",
    "n": "count of what follows",
    "node": "whom the entry answers",
    "n x entry": "15 B each, at most {}".format(codes.ENTRIES_MAX),
    "stage": "1 sounding, 2 stored, 3 coming, 4 closed, 5 cancelled; bit 7: a siren is sounding",
    "tag4": 'HMAC(A(node) for stage 1, C(node) for 2-5; "KTGR" | sender u32 | the 11 bytes before)[:4]',
    "action": "1 start, 2 stop, 3 quiet test, 4 a drill begins, 5 it ends, 6 rest",
    "SIREN_ORDER.origin": "node of the alarm, of a siren on purpose the gateway; 0 of actions 3 to 5",
    "SIREN_ORDER.counter": "counter of the alarm, on purpose the incident's number; of a drill its own, "
    "the counter of its first order",
    "pattern": "kind whose pattern is beaten; of a drill its zone, 0: all",
    "seconds": "at most {}; of a drill {}; of a stop {}: the end tone, {}: of that incident alone".format(
        codes.ORDER_SECONDS_MAX, codes.DRILL_SECONDS_MAX, codes.STOP_TONE, codes.STOP_ALONE
    ),
    "n x target": "12 B each, 1 to {}".format(codes.TARGETS_MAX),
    "target": "node meant",
    "tag8": 'HMAC(C(target); "KTGO" | from u32 | counter u32 | target u32 | the first 12 bytes)[:8]',
    "version": "of the settings",
    "part": "from 0",
    "parts": "1 to {}".format(config.PARTS_LIMIT),
    "items": "see settings, at most {} B".format(codes.CONFIG_ITEMS_MAX),
    "house": "number",
}
LINK_MEANINGS = {
    link.Configure: "the modem's node number, radio settings and power; answered before anything is sent",
    link.Transmit: "a whole LoRa frame; not_before_ms counts from its arrival at the modem; flags 1 first of"
    " an alarm, 2 relay copy; snr_q of the copy heard",
    link.Drop: "forget a frame that waits; Ack whether it did or not",
    link.StatusAsk: "ask for ModemStatus",
    link.Hello: "after a start; node 0: not configured",
    link.Received: "at_ms: modem's clock modulo 2^32",
    link.Transmitted: "left the antenna",
    link.Refused: "taken with Ack before, and never sent after all",
    link.ModemStatus: "air of the last hour, frames waiting, frames dropped, jammed 0 or 1",
    link.LogLine: "printable ASCII",
    link.Ack: "seq of the host message that was taken",
    link.Nack: "seq of the host message that was not",
}
ITEM_MEANINGS = {
    "table": "zone u8, kinds u16 (bit n: kind n): which alarms the post sounds",
    "profile": "pattern profile",
    "revoked": "node number; the whole list of the generation",
    "counters": "node u32, generation (high half) and type (low half; 0: any, as of a tombol) u8, "
    "last counter u32",
    "next_keys": "generation u8 in clear, then {} B sealed".format(config.KEYS_SEALED_BYTES),
    "generations": "send u8, lowest accepted u8: keys of a new generation replace the old ones step by step",
    "status_period_s": "60 to 86400",
    "hop_limit": "1 to 7, of the device's own alarms",
    "patterns": "kind u8 ({}), code u16: up to four groups of 1-9 strokes, a half byte each, the first "
    "lowest; 0: titir; single strokes and sixes alone are refused; other kinds beat by the profile".format(
        ", ".join(map(str, codes.CODED))
    ),
}


def bodies_table():
    """Every body, byte by byte."""
    out = []
    for heading, kind, names, layout, tail in SHAPES:
        out.append("**{}**{}{}".format(heading, _sender_text(kind, heading), _mask_text(kind, heading)))
        out += ["```"]
        at = 0
        for name, letter in zip(names, layout, strict=True):
            kind_name, size = BYTES[letter]
            out.append("{:<3} {:<5}{:<15} {}".format(at, kind_name, name, _meaning(heading, name)))
            at += size
        for name in tail:
            out.append("{:<3} {:<5}{:<15} {}".format(at, "", name, _meaning(heading, name)))
        out += ["```", ""]
    return out[:-1]


def _meaning(heading, name):
    return MEANINGS.get("{}.{}".format(heading, name)) or MEANINGS[name]


def _sender_text(kind, heading):
    if kind is None:
        return ""
    roles = [codes.ROLE_NAMES[role] for role in codes.SENDERS[kind]]
    if kind == codes.STATUS:
        roles = ["tombol"] if heading.endswith("tombol") else roles[1:]
    return ", type {}, from {}, under {}".format(kind, ", ".join(roles), KEYS.get(kind, "C(from)"))


def _mask_text(kind, heading):
    role = codes.TOMBOL if heading.endswith("tombol") else codes.GATEWAY
    first, end = messages.masked(kind, role)
    return "; bytes {} to {} masked".format(first, end - 1) if end else ""


def holders_table():
    """Return the table of who holds which keys of a generation."""
    every = {
        "key_a": ("its own", "", ""),
        "key_c": ("", "its own", ""),
        "key_r": ("", "", "its own"),
        "alarm_root": ("of all, by alarm_root", "", "of all, by alarm_root"),
        "relay_root": ("", "", "of all, by relay_root"),
    }
    out = [
        "| | A | C | R |",
        "|---|---|---|---|",
        "| hub, gateway | of all, by alarm_root | of all, by control_root | of all, by alarm_root |",
    ]
    for role, names in keys.HELD.items():
        cells = ["".join(every[name][i] for name in names) or "-" for i in range(3)]
        out.append("| {} | {} |".format(codes.ROLE_NAMES[role], " | ".join(cells)))
    return out


def reasons_table():
    """Every reason with the comment that stands beside it in errors.py."""
    source = Path(errors.__file__).read_text(encoding="utf-8")
    found = dict(re.findall(r'^    "(\w+)",  # (.+)$', source, re.M))
    rows = ["| `{}` | {} |".format(reason, found[reason]) for reason in errors.REASONS]
    return ["| reason | meaning |", "|---|---|", *rows]


def kinds_table():
    return [", ".join("{} {}".format(n, codes.KIND_NAMES[n]) for n in sorted(codes.KIND_NAMES)) + "."]


def link_table():
    out = ["| type | message | direction | fields after type u8, seq u16 | |", "|---|---|---|---|---|"]
    for code, kind, fields, tail in link.LAYOUTS:
        text = ["{} {}".format(name, BYTES[letter][0]) for name, letter in fields]
        text += ["{} ({} to {} B)".format(tail[0], 0, tail[1])] if tail else []
        way = "host -> modem" if code < link.FIRST_MODEM_TYPE else "modem -> host"
        row = (code, kind.__name__, way, ", ".join(text), LINK_MEANINGS[kind])
        out.append("| {} | {} | {} | {} | {} |".format(*row))
    out += [
        "",
        "Reasons of Refused and Nack: "
        + ", ".join("{} {}".format(number, link.REASON_NAMES[number]) for number in sorted(link.REASON_NAMES))
        + ".",
    ]
    return out


def items_table():
    out = ["| tag | setting | bytes of a row | rows at most | |", "|---|---|---|---|---|"]
    for tag, name, layout, limit in config.ITEMS:
        size = config.struct.calcsize(layout)
        out.append("| {} | {} | {} | {} | {} |".format(tag, name, size, limit, ITEM_MEANINGS[name]))
    profiles = ", ".join("{} {}".format(i, name) for i, name in enumerate(config.PROFILES))
    return [*out, "", "Profiles: {}.".format(profiles)]


def classes_table():
    out = ["| class | | types |", "|---|---|---|"]
    for number, name in enumerate(flood.CLASS_NAMES):
        types = [codes.TYPE_NAMES[t] for t in sorted(codes.TYPE_NAMES) if flood.class_of(t) == number]
        rest = ["unknown types", "text for phones (port 11)"] if number == flood.CLASS_REST else []
        out.append("| {} | {} | {} |".format(number, name, ", ".join(types + rest)))
    return out


def device_table():
    out = ["| field | default | roles |", "|---|---|---|"]
    for name, _, default in device_file.FIELDS:
        if name in device_file.ALL_KEYS:
            roles = [role for role in device_file.ROLES if name in device_file.KEYS_BY_ROLE[role]]
            out.append("| {} | | must be there: {}; refused for others |".format(name, ", ".join(roles)))
            continue
        shown = "must be there" if default is None else "`{}`".format(json.dumps(default))
        special = {
            "status_period_s": "`21600` tombol, `140` others",
            "table": "own zone, all kinds (sirene)",
            "channel_name": "must be there but for a modem",
            "zone": "must be there for tombol, sirene",
        }
        out.append("| {} | {} | |".format(name, special.get(name, shown)))
    return out


TABLES = {
    "bodies": bodies_table,
    "reasons": reasons_table,
    "kinds": kinds_table,
    "link": link_table,
    "items": items_table,
    "classes": classes_table,
    "device": device_table,
    "holders": holders_table,
}


def redrawn(text):
    """The README with every block between <!-- name --> and <!-- end --> drawn anew."""
    for name, draw in TABLES.items():
        begin, end = "<!-- {} -->\n".format(name), "<!-- end -->"
        head, rest = text.split(begin)
        text = head + begin + "\n".join([*draw(), ""]) + end + rest.split(end, 1)[1]
    return text


if __name__ == "__main__":
    README.write_text(redrawn(README.read_text(encoding="utf-8")), encoding="utf-8")
