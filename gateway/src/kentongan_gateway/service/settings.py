"""The gateway's TOML, parsed once into one typed object; refusals name file, line and remedy."""

import tomllib
import urllib.parse
from collections import namedtuple
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from kentongan_wire.base.errors import LocalError

from kentongan_gateway import outputs
from kentongan_gateway.outputs.siren_driver import Told
from kentongan_gateway.sections import Hub, Settings

SECTIONS = ("gateway", "radio", "radio_2", "hub", "siren", "button", "lamp", "voice")
ALL_OR_NOTHING = ("siren",)  # without its active_low a relay would be on when it is meant to be off
BESIDE = ("radio_2", "hub", "siren", "button", "lamp", "voice")  # a gateway without these stores and receipts


class Field(NamedTuple):
    kind: Any  # the name of a kind, bounds as a tuple, choices as a frozenset
    default: Any
    remedy: str


Raw = dict[str, Any]  # of every section what stands in the file
Refuse = Callable[[str, str, str, str], NoReturn]
REQUIRED = object()

RADIO_TYPES = ("serial_modem", "meshtastic", "loopback")
LAMP_DRIVERS = ("none", "gpio", "led", "virtual")
VOICE_DRIVERS = ("none", "espeak", "virtual")
BAUDS = (1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200)
PORT_MAX = 65_535
SHOWN = 60  # characters of a refused value that are told
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _whole(low: int, high: int, default: object, remedy: str) -> Field:
    return Field((low, high), default, f"{remedy}, a whole number {low}..{high}")


def _choice(words: Iterable[str], default: object) -> Field:
    return Field(frozenset(words), default, "one of " + ", ".join(words))


def _radio(types: Iterable[str], default: object) -> dict[str, Field]:
    return {
        "type": _choice(types, default),
        "port": Field("port", "", "a serial device by its stable path, /dev/kentongan-modem, or a TCP port"),
        "host": Field("text", "127.0.0.1", "the host name of a radio on the network"),
        "conducted_dbm": _whole(-100, 100, 14, "the radio's power in dBm"),
        "gain_dbi": _whole(-100, 100, 2, "the antenna's gain in dBi"),
        "loss_db": _whole(-100, 100, 0, "the cable's loss in dB"),
    }


# section -> key -> how to read it; a default of REQUIRED must be given
FIELDS: dict[str, dict[str, Field]] = {
    "gateway": {
        "key_file": Field("path", REQUIRED, "the file that `kentongan-hub gateway-file` wrote"),
        "state_dir": Field("path", REQUIRED, "a directory on a disk that survives power cuts"),
        "run_dir": Field("path", "", "where status.json goes; leave it out for state_dir"),
        "label": Field("text", REQUIRED, 'the name that the hub gave it, like "gateway-1"'),
        "log_level": _choice(("debug", "info", "warning"), "info"),
        "log_format": _choice(("text", "json"), "text"),
        "metrics_port": _whole(0, PORT_MAX, 0, "a TCP port on this machine, 0 for none"),
    },
    "radio": _radio(RADIO_TYPES, REQUIRED),
    "radio_2": _radio(("none", *RADIO_TYPES), "none"),
    "hub": {
        "url": Field("url", REQUIRED, "http://127.0.0.1:8080, or https:// beyond this machine"),
        "token_file": Field("path", REQUIRED, "the token file that `kentongan-hub gateway-file` wrote"),
        "ca_file": Field("path", "", "the hub's certificate, or its own authority's, in PEM"),
    },
    "siren": {  # and what its driver alone has: outputs/siren_driver.py
        "driver": _choice(("none", *outputs.DRIVERS), "none"),
        "file": Field("path", "", "where the virtual driver writes its changes"),
        "line": Field("text", "", "the name of the GPIO line, as `gpioinfo` shows it"),
        "active_low": Field("truth", False, "true where the relay board switches on a low level, else false"),
        "port": Field("path", "", "the board's serial device by its stable path, /dev/serial/by-path/..."),
        "baud": Field(frozenset(BAUDS), 9_600, "the board's speed, 9600 for most"),
        "address": _whole(1, 247, 1, "the board's Modbus address"),
        "channel": _whole(1, 64, 1, "the relay as numbered on the board"),
        "shortest_ms": _whole(0, 2_000, 0, "the relay's shortest stroke in ms, 0 for the driver's own"),
        "sense_line": Field("text", "", "the GPIO line that is active while the siren has power"),
    },
    "button": {"line": Field("text", "", "the GPIO line of the silence key, which connects it to ground")},
    "lamp": {
        "driver": _choice(LAMP_DRIVERS, "none"),
        "line": Field("text", "", "the name of the GPIO line, as `gpioinfo` shows it"),
        "name": Field("text", "", "a lamp of /sys/class/leds, ACT on a Pi"),
        "file": Field("path", "", "where the virtual driver writes its changes"),
    },
    "voice": {
        "driver": _choice(VOICE_DRIVERS, "none"),
        "device": Field("text", "", "the sound device, as `aplay -L` shows it; leave it out for the default"),
        "file": Field("path", "", "where the virtual driver writes what it says"),
    },
}
# (section, driver) -> the keys that it cannot do without; of a siren its driver says
NEEDS = {
    ("lamp", "gpio"): ("line",),
    ("lamp", "led"): ("name",),
    ("lamp", "virtual"): ("file",),
    ("voice", "virtual"): ("file",),
}


class Refused(LocalError):
    """A section that is not as it must be; `.section` names it."""

    section = ""


def load(path: str | Path, strict: bool = True) -> Settings:
    """Read and check; LocalError with the place and the remedy for anything that is not as it must be.

    strict False: to run with. A section beside the alarm's way that is not as it must be is left out and told
    in `.odd`: a card that altered the lamp's line, or a slip, keeps no alarm from being stored.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8", errors="strict" if strict else "replace")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: cannot be read ({error}); give the settings file by --config") from error
    odd: list[str] = []
    told = None if strict else odd
    raw = _parsed(path, text, told)
    sections: dict[str, Any] = {}
    for name in FIELDS:
        try:
            sections[name] = _section(path, text, name, raw.get(name, {}), told)
        except LocalError as error:
            if strict or name not in BESIDE:
                raise
            odd.append(str(error))
            sections[name] = _without(name)
    while True:
        settings = Settings(str(path), **sections, odd=tuple(odd))
        try:
            _together(settings, text)
            return settings
        except Refused as error:
            if strict or error.section not in BESIDE or sections[error.section] == _without(error.section):
                raise
            odd.append(str(error))
            sections[error.section] = _without(error.section)


def _parsed(path: Path, text: str, odd: list[str] | None) -> Raw:
    """{section: {key: value}}; where odd is a list, of the sections that can be read."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = f"{path}: no TOML: {error}; correct that place"
        if odd is None:
            raise LocalError(said) from error
        odd.append(said)
        raw = _by_lines(text)
    for name in [name for name in raw if name not in FIELDS]:
        said = f"{path}:{_line(text, name)}: section [{name}] is unknown; known are {', '.join(FIELDS)}"
        if odd is None:
            raise LocalError(said)
        odd.append(said)
    return raw


def _by_lines(text: str) -> Raw:
    """{section: {key: value}} of every line that can be read; the first of two counts."""
    raw: Raw = {}
    name, bad = "", set()
    for line in text.splitlines():
        try:
            read = tomllib.loads(line)
        except (tomllib.TOMLDecodeError, RecursionError):
            bad.add(name)
            continue
        if line.lstrip().startswith("["):
            name = next(iter(read))
            raw.setdefault(name, {})
        elif name:
            raw[name] = {**read, **raw[name]}
    return {name: section for name, section in raw.items() if name not in bad or name not in ALL_OR_NOTHING}


def _without(name: str) -> Any:
    """Return the section as if nothing of it were given; the hub's gets an address that answers nobody."""
    values = {key: "" if field.default is REQUIRED else field.default for key, field in FIELDS[name].items()}
    return namedtuple(name.capitalize(), values)(**values)


def _fields(name: str, raw: Raw) -> dict[str, Field]:
    """Return the fields of a section's keys, with those that only a siren's driver has."""
    own = _siren_driver(raw.get("driver")).fields if name == "siren" else {}
    return {**FIELDS[name], **{key: Field(*told) for key, told in own.items()}}


def _siren_driver(name: object) -> type[Told]:
    """Its class; where it cannot be imported, nothing of its own is known, and making it says why."""
    try:
        return outputs.driver(name if isinstance(name, str) else "none")
    except Exception:  # a library that is missing or damaged keeps no alarm from being stored
        return outputs.NoSiren


def _section(path: Path, text: str, name: str, raw: object, odd: list[str] | None = None) -> Any:
    """Return the section as its namedtuple; LocalError. odd: a list for faults that it can do without."""
    if not isinstance(raw, dict):
        raise LocalError(f"{path}:{_line(text, name)}: {name} is no section; write [{name}]")
    fields = _fields(name, raw)
    for key in raw:
        if key not in fields:
            said = (
                f"{path}:{_line(text, key, name)}: [{name}] {key} is unknown; "
                f"remove it, or use one of {', '.join(fields)}"
            )
            if odd is None or name in ALL_OR_NOTHING:
                raise LocalError(said)
            odd.append(said)
    values = {}
    for key, field in fields.items():
        if key not in raw:
            if field.default is REQUIRED:
                line = _line(text, name)
                raise LocalError(f"{path}:{line}: [{name}] {key} is missing; give {field.remedy}")
            values[key] = field.default
        else:
            where = f"{path}:{_line(text, key, name)}: [{name}] {key}"
            try:
                values[key] = _value(where, field, raw[key], path.parent)
            except LocalError as error:
                if odd is None or name in BESIDE or field.default is REQUIRED:
                    raise
                odd.append(str(error))
                values[key] = field.default
    return namedtuple(name.capitalize(), fields)(**values)


def _value(where: str, field: Field, value: Any, base: Path) -> Any:
    kind = field.kind
    if kind == "port":
        good = (type(value) is int and 0 < value <= PORT_MAX) or (isinstance(value, str) and value)
    elif kind == "truth":
        good = type(value) is bool
    elif isinstance(kind, tuple):
        good = type(value) is int and kind[0] <= value <= kind[1]
    elif isinstance(kind, frozenset):
        good = type(value) in (str, int) and value in kind
    elif kind == "url":
        good = isinstance(value, str) and value.startswith(("http://", "https://"))
    else:
        good = isinstance(value, str) and value
    if isinstance(value, str):
        good = good and value.isprintable()  # no path, name or address has a line's end or a zero byte in it
    if not good:
        raise LocalError(f"{where} = {_shown(value)} does not fit; give {field.remedy}")
    if kind == "path":
        return str((base / value).resolve())
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + ".."


def _together(settings: Settings, text: str) -> None:
    """Check what must fit together across keys."""

    def refuse(section: str, key: str, problem: str, remedy: str) -> NoReturn:
        line = _line(text, key, section)
        line = _line(text, section) if line == 1 else line
        refused = Refused(f"{settings.file}:{line}: [{section}] {key} {problem}; give {remedy}")
        refused.section = section
        raise refused

    for section in ("radio", "radio_2"):
        radio = getattr(settings, section)
        if radio.type == "none":
            continue
        if not radio.port:
            refuse(section, "port", "is missing", FIELDS["radio"]["port"].remedy)
        if radio.type == "serial_modem" and not isinstance(radio.port, str):
            refuse(
                section, "port", "must be a path for serial_modem", "its stable path, /dev/kentongan-modem"
            )
        if radio.type == "loopback" and type(radio.port) is not int:
            refuse(section, "port", "must be a number for loopback", "1..65535")
    first, second = settings.radio, settings.radio_2
    alike = (first.type, first.port, first.host) == (second.type, second.port, second.host)
    if second.type != "none" and alike:
        refuse("radio_2", "port", "is the first radio's", "another device: one radio twice helps nobody")
    needs = {**NEEDS, ("siren", settings.siren.driver): _siren_driver(settings.siren.driver).needs}
    for (section, driver), keys in needs.items():
        if getattr(settings, section).driver == driver:
            for key in keys:
                if not getattr(getattr(settings, section), key):
                    fields = _fields(section, {"driver": driver})
                    refuse(section, key, "is missing", fields[key].remedy)
    if settings.hub.url:
        _trusted(settings.hub, refuse)


def _trusted(hub: Hub, refuse: Refuse) -> None:
    """Refuse an address that would send the token over a line that somebody can read."""
    try:
        parts = urllib.parse.urlsplit(hub.url)
        fits = bool(parts.hostname) and (parts.port is None or parts.port > 0) and " " not in hub.url
    except ValueError:
        fits = False
    if not fits:
        refuse("hub", "url", f"= {hub.url!r} names no host and port", FIELDS["hub"]["url"].remedy)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        refuse("hub", "url", f"= {hub.url!r} would send the token in clear", "an https:// address")
    if parts.scheme == "https" and not hub.ca_file:
        refuse("hub", "ca_file", "is missing", FIELDS["hub"]["ca_file"].remedy)


def _line(text: str, key: str, section: str | None = None) -> int:
    """Return the line (from 1) of a section, or of a key in its section; 1 where it cannot be found."""
    inside = section is None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            name = bare.strip("[] ")
            if section is None and name == key:
                return number
            inside = section is not None and name == section
        elif inside and bare.partition("=")[0].strip().strip("\"'") == key:
            return number
    return 1
