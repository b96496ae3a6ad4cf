"""The gateway's TOML, parsed once into one typed object; refusals name file, line and remedy."""
import tomllib
from collections import namedtuple
from pathlib import Path

from kentongan_wire.errors import LocalError

Settings = namedtuple("Settings", ("file", "gateway", "radio", "hub", "siren"))
Field = namedtuple("Field", ("kind", "default", "remedy"))
REQUIRED = object()

RADIO_TYPES = ("serial_modem", "meshtastic", "loopback")
SIREN_DRIVERS = ("virtual", "none")
PORT_MAX = 65_535

# section -> key -> how to read it; a default of REQUIRED must be given
FIELDS = {
    "gateway": {
        "key_file": Field("path", REQUIRED, "the file that `kentongan-hub gateway-file` wrote"),
        "state_dir": Field("path", REQUIRED, "a directory on a disk that survives power cuts"),
        "run_dir": Field("path", "", "where status.json goes; leave it out for state_dir"),
        "label": Field("text", REQUIRED, 'the name that the hub gave it, like "gateway-1"'),
        "log_level": Field(("debug", "info", "warning"), "info", "debug, info or warning"),
    },
    "radio": {
        "type": Field(RADIO_TYPES, REQUIRED, "one of " + ", ".join(RADIO_TYPES)),
        "port": Field("port", "", "a serial device by its stable path, /dev/kentongan-modem, or a TCP port"),
        "host": Field("text", "127.0.0.1", "the host name of a radio on the network"),
        "conducted_dbm": Field("integer", 14, "the radio's power in dBm, a whole number"),
        "gain_dbi": Field("integer", 2, "the antenna's gain in dBi, a whole number"),
        "loss_db": Field("integer", 0, "the cable's loss in dB, a whole number"),
    },
    "hub": {
        "url": Field("url", REQUIRED, "http://127.0.0.1:8080, or https:// beyond this machine"),
        "token_file": Field("path", REQUIRED, "the token file that `kentongan-hub gateway-file` wrote"),
        "ca_file": Field("path", "", "the hub's certificate in PEM, for https"),
    },
    "siren": {
        "driver": Field(SIREN_DRIVERS, "none", "one of " + ", ".join(SIREN_DRIVERS)),
        "file": Field("path", "", "where the virtual driver writes its changes"),
    },
}


def load(path) -> Settings:
    """Read and check; LocalError with the place and the remedy for anything that is not as it must be."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: cannot be read ({error}); give the settings file by --config") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LocalError(f"{path}: no TOML: {error}; correct that place") from error
    for name in raw:
        if name not in FIELDS:
            raise LocalError(f"{path}:{_line(text, name)}: section [{name}] is unknown; "
                             f"known are {', '.join(FIELDS)}")
    sections = {name: _section(path, text, name, raw.get(name, {})) for name in FIELDS}
    settings = Settings(str(path), **sections)
    _together(settings, text)
    return settings


def _section(path, text, name, raw):
    if not isinstance(raw, dict):
        raise LocalError(f"{path}:{_line(text, name)}: {name} is no section; write [{name}]")
    fields = FIELDS[name]
    for key in raw:
        if key not in fields:
            raise LocalError(f"{path}:{_line(text, key, name)}: [{name}] {key} is unknown; "
                             f"remove it, or use one of {', '.join(fields)}")
    values = {}
    for key, field in fields.items():
        if key not in raw:
            if field.default is REQUIRED:
                line = _line(text, name)
                raise LocalError(f"{path}:{line}: [{name}] {key} is missing; give {field.remedy}")
            values[key] = field.default
        else:
            where = f"{path}:{_line(text, key, name)}: [{name}] {key}"
            values[key] = _value(where, field, raw[key], path.parent)
    return namedtuple(name.capitalize(), fields)(**values)


def _value(where, field, value, base):
    kind = field.kind
    if kind == "integer":
        good = type(value) is int and -100 <= value <= 100
    elif kind == "port":
        good = (type(value) is int and 0 < value <= PORT_MAX) or (isinstance(value, str) and value)
    elif isinstance(kind, tuple):
        good = value in kind
    elif kind == "url":
        good = isinstance(value, str) and value.startswith(("http://", "https://"))
    else:
        good = isinstance(value, str) and value
    if not good:
        raise LocalError(f"{where} = {value!r} does not fit; give {field.remedy}")
    if kind == "path":
        return str((base / value).resolve())
    return value


def _together(settings, text):
    """What must fit together across keys."""
    radio, siren = settings.radio, settings.siren
    line = _line(text, "radio")
    if radio.type == "serial_modem" and not isinstance(radio.port, str):
        raise LocalError(f"{settings.file}:{line}: [radio] port must be a path for serial_modem; "
                         "give the device by its stable path, /dev/kentongan-modem")
    if not radio.port:
        remedy = FIELDS["radio"]["port"].remedy
        raise LocalError(f"{settings.file}:{line}: [radio] port is missing; give {remedy}")
    if radio.type == "loopback" and type(radio.port) is not int:
        raise LocalError(f"{settings.file}:{line}: [radio] port must be a number for loopback; give 1..65535")
    if siren.driver == "virtual" and not siren.file:
        raise LocalError(f"{settings.file}:{_line(text, 'siren')}: [siren] file is missing; "
                         f"give {FIELDS['siren']['file'].remedy}")


def _line(text, key, section=None) -> int:
    """The line (from 1) of a section, or of a key in its section; 1 where it cannot be found."""
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
