"""Events for the hub from what was heard, and an alarm back from its event after a restart."""

from collections.abc import Mapping

from kentongan_wire.message import messages as m
from kentongan_wire.message.verify import Message

from kentongan_gateway.core.base.actions import Heard
from kentongan_gateway.core.base.directory import Directory
from kentongan_gateway.core.base.records import Key, Record
from kentongan_gateway.core.base.stored import Event


def highest_stage(button_status: m.ButtonStatus) -> int:
    """Return the highest stage that the button says it holds."""
    return button_status.flags >> m.TOMBOL_STATUS_STAGE_SHIFT & 7


def _common(kind: str, message: Message | Record, heard: Heard, directory: Directory) -> Event:
    return {
        "type": kind,
        "key": f"{kind}/{message.src:08x}/{message.generation}/{message.counter}/{message.digest.hex()}",
        "device": message.src,
        "role": message.role,
        "label": directory.label(message.src),
        "generation": message.generation,
        "rssi": heard.rssi,
        "snr_q": heard.snr_q,
        "hops": max(0, heard.hop_start - heard.hop_limit),
        "radio": heard.radio,
    }


def event_of(record: Record, heard: Heard, directory: Directory) -> Event:
    """Return the event of an alarm, a siren report or a person's event; by `key` it is stored only once."""
    body = record.body
    if record.type == m.SIREN_REPORT:
        return {
            **_common("siren_report", record, heard, directory),
            "origin": body.origin,
            "counter": body.counter,
            "state": body.state,
            "source": body.source,
            "report_counter": record.counter,
        }
    if record.type == m.EVENT:
        return {
            **_common("event", record, heard, directory),
            "event": body.event,
            "person": body.person,
            "origin": body.origin,
            "counter": body.counter,
            "report_counter": record.counter,
        }
    return {
        **_common("alarm", record, heard, directory),
        "counter": record.counter,
        "incident": body.incident,
        "zone": body.zone,
        "kind": body.kind,
        "silent": bool(record.silent),
        "cancel": record.cancel,
        "lid": bool(body.flags & m.FLAG_LID),
        "drill": record.drill,
        "late": record.late,
        "altered": record.altered,
        "doubted": record.doubted,
        "digest": record.digest.hex(),
        "attempt": body.attempt,
        "battery": body.battery,
    }


def status_event(message: Message, heard: Heard, directory: Directory) -> Event:
    body = {
        name: list(value) if isinstance(value, (tuple, bytes)) else value
        for name, value in message.body._asdict().items()
    }
    return {**_common("status", message, heard, directory), "counter": message.counter, "body": body}


def key_of(event: Event) -> Key:
    """Return the name of a stored alarm in the core's memory."""
    return event["device"], event["generation"], event["counter"], bytes.fromhex(event["digest"])


NUMBERS = {
    "device": 0xFFFFFFFF,
    "counter": 0xFFFFFFFF,
    "incident": 0xFFFF,
    "zone": 0xFF,
    "kind": 0xFF,
    "role": 0xFF,
    "generation": 0xFF,
    "attempt": 0xFF,
    "hops": 0xFF,
}
DIGEST_BYTES = 4
TRUTHS = ("silent", "cancel", "late", "drill", "altered", "doubted")


def record_of(event: Event) -> Record:
    """Return the record of a stored alarm event; KeyError, TypeError or ValueError for anything else."""
    kept: Mapping[str, object] = event
    for name, most in NUMBERS.items():
        value = kept[name]
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"{name} is no such number")
    if any(kept[name] not in (True, False, None) for name in TRUTHS):
        raise ValueError("a field is no truth value")
    if len(bytes.fromhex(event["digest"])) != DIGEST_BYTES:
        raise ValueError("the digest is none")
    flags = (m.FLAG_SILENT if event["silent"] else 0) | (m.FLAG_CANCEL if event["cancel"] else 0)
    body = m.Alarm(event["attempt"], event["incident"], event["zone"], event["kind"], flags, 0)
    record = Record(key_of(event), event["role"], body, event["silent"])
    record.late, record.drill = event["late"], event["drill"]
    record.altered, record.doubted, record.stored = event["altered"], event["doubted"], True
    record.hops = record.farthest = event["hops"]
    return record
