"""`kentongan-gateway check`: what must be right before the gateway can work, each with id and remedy."""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from kentongan_wire.base.errors import LocalError

from kentongan_gateway import outputs, sections
from kentongan_gateway.hub_client.uplink import HubClient, HubError
from kentongan_gateway.outputs import ports, siren_driver
from kentongan_gateway.sections import Settings
from kentongan_gateway.service import keyfile, status

CERTIFICATE_DAYS = 30  # left, below which people are told


class Result(NamedTuple):
    id: str
    ok: bool
    text: str


def run(settings: Settings) -> Iterator[Result]:
    """Every check in order; none changes anything on the air."""
    yield _guarded("key_file", lambda: _key_file(settings))
    yield _guarded("state_dir", lambda: _state_dir(settings))
    yield _guarded("radio", lambda: _radio(settings))
    yield _guarded("token_file", lambda: _token(settings))
    yield _guarded("hub", lambda: _hub(settings))
    if settings.hub.url.startswith("https"):
        yield _guarded("hub_certificate", lambda: _certificate(settings))
    if settings.radio_2.type != "none":
        yield _guarded("radio_2", lambda: _radio_at(settings.radio_2))
    if "meshtastic" in (settings.radio.type, settings.radio_2.type):
        yield _guarded("radio_role", lambda: _radio_role(settings))
    yield from _siren(settings)
    for name, line in (
        ("sense_line", settings.siren.sense_line),
        ("button_line", settings.button.line),
        ("lamp_line", settings.lamp.line),
    ):
        if line:
            yield _guarded(name, partial(_line, line))
    if settings.voice.driver == "espeak":
        yield _guarded("voice", _voice)


def _guarded(name: str, check: Callable[[], str]) -> Result:
    try:
        return Result(name, True, check())
    except (LocalError, HubError, OSError) as error:
        return Result(name, False, str(error))


def _key_file(settings: Settings) -> str:
    key_file = keyfile.load(settings.gateway.key_file)
    return f"site {key_file.site}, node {key_file.node:08x}, RT {key_file.zone}"


def _state_dir(settings: Settings) -> str:
    path = settings.gateway.state_dir
    os.makedirs(path, mode=0o700, exist_ok=True)
    room = os.statvfs(path)
    if room.f_flag & os.ST_RDONLY:
        raise LocalError(f"{path} is on a read-only file system; the card is failing: replace it")
    if not os.access(path, os.W_OK):
        raise LocalError(f"{path} is not writable; run `chown kentongan {path}`")
    free_mb = room.f_bavail * room.f_frsize >> 20
    if free_mb < 64:
        raise LocalError(f"{path} has {free_mb} MB left; make room for the spool")
    return f"{path}, {free_mb} MB free"


def _line(name: str) -> str:
    from kentongan_gateway.outputs import gpio

    return gpio.look(name)


def _siren(settings: Settings) -> Iterator[Result]:
    """Check the driver's device; the running gateway is asked first about a serial port that it holds."""
    name = settings.siren.driver
    try:
        kind = outputs.driver(name)
    except Exception as error:  # of a library, whatever it is
        yield Result("siren", False, f"driver {name} cannot be loaded ({error}); install the gateway anew")
        return
    if issubclass(kind, siren_driver.Relay):
        key = kind.needs[0] if kind.needs else "driver"
        busy = _siren_port if key == "port" else lambda settings: None
        yield _guarded(f"siren_{key}", lambda: busy(settings) or kind.of(settings.siren).look())


def _siren_port(settings: Settings) -> str | None:
    """Return the running gateway's word on its siren; None: the line is free."""
    siren = settings.siren
    if not os.path.exists(siren.port):
        raise LocalError(f"{siren.port} is not there; plug the board in, or correct [siren] port")
    ports.check(siren.port)
    for section, radio in (("radio", settings.radio), ("radio_2", settings.radio_2)):
        if radio.type != "none" and isinstance(radio.port, str) and ports.same(siren.port, radio.port):
            raise LocalError(f"{siren.port} is the line of [{section}] too; give each its {ports.BY_PATH}")
    return _running_says(settings)


def _running_troubles(settings: Settings) -> dict[str, str] | None:
    """Return {name: text} of what is wrong at the running gateway; None where none runs."""
    try:
        snapshot, alive = status.read(settings, time.monotonic_ns() // 1_000_000)
    except LocalError:
        return None
    troubles: dict[str, str] = snapshot.get("troubles", {})
    return troubles if alive else None


def _radio_role(settings: Settings) -> str:
    """Check the role of a stock radio, which only one program at a time can ask: the gateway, if it runs."""
    troubles = _running_troubles(settings)
    if troubles is None:
        return (
            "not known: the gateway does not run; `kentongan-tool stock --use gateway --check` asks the radio"
        )
    unfit = [text for name, text in troubles.items() if name.startswith("radio_role")]
    if unfit:
        raise LocalError("; ".join(unfit))
    return "the running gateway finds nothing wrong with it"


def _running_says(settings: Settings) -> str | None:
    """Return what the running gateway, which holds the line, knows of its siren; None where none runs."""
    troubles = _running_troubles(settings)
    if troubles is None:
        return None
    trouble = troubles.get("siren")
    if trouble:
        raise LocalError(f"the running gateway says of its siren: {trouble}")
    return f"{settings.siren.port}: in use by the running gateway, which has no trouble with it"


def _voice() -> str:
    missing = [name for name in ("espeak-ng", "aplay") if not shutil.which(name)]
    if missing:
        raise LocalError(f"{', '.join(missing)}: not installed; run `apt install espeak-ng alsa-utils`")
    return "espeak-ng and aplay"


def _radio(settings: Settings) -> str:
    return _radio_at(settings.radio)


def _radio_at(radio: sections.Radio) -> str:
    if radio.type == "serial_modem" and not os.path.exists(radio.port):
        raise LocalError(f"{radio.port} is not there; plug the modem in, or correct [radio] port")
    if isinstance(radio.port, str):
        ports.check(radio.port)
    return f"{radio.type} at {radio.port}"


def _token(settings: Settings) -> str:
    path = settings.hub.token_file
    if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        raise LocalError(f"{path}: others may read the gateway's token; run `chmod 600 {path}`")
    with open(path, encoding="ascii") as file:
        if not file.read().strip():
            raise LocalError(f"{settings.hub.token_file} is empty; use `kentongan-hub gateway-file`")
    return settings.hub.token_file


def _certificate(settings: Settings) -> str:
    """Check the certificate's dates. They hold no alarm back: a Pi without a clock works, people renew it."""
    client = HubClient(settings.hub.url, "", ca_file=settings.hub.ca_file)
    try:
        client.call("GET", "/api/v1/health")
    finally:
        client.close()
    days = int(((client.expires_s or 0) - time.time()) // 86_400)
    if days < CERTIFICATE_DAYS:
        raise LocalError(f"the hub's certificate ends in {days} days; renew it, and [hub] ca_file with it")
    return f"good for {days} days"


def _hub(settings: Settings) -> str:
    client = HubClient(settings.hub.url, "", ca_file=settings.hub.ca_file)
    try:
        client.call("GET", "/api/v1/health")
    except HubError as error:
        raise LocalError(f"{settings.hub.url}: {error}; start the hub, or correct [hub] url") from error
    finally:
        client.close()
    return settings.hub.url
