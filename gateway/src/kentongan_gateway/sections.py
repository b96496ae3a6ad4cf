"""The sections of gateway.toml, as service/settings.py gives them to radios, outputs and the loop."""

from typing import NamedTuple, Protocol


class Gateway(Protocol):
    key_file: str
    state_dir: str
    run_dir: str
    label: str
    log_level: str
    log_format: str
    metrics_port: int


class Radio(Protocol):
    type: str
    port: str | int  # a serial device, or a TCP port at `host`
    host: str
    conducted_dbm: int
    gain_dbi: int
    loss_db: int


class Hub(Protocol):
    url: str
    token_file: str
    ca_file: str


class Siren(Protocol):
    driver: str
    file: str
    line: str
    active_low: bool
    port: str
    baud: int
    address: int
    channel: int
    shortest_ms: int
    sense_line: str


class Button(Protocol):
    line: str


class Lamp(Protocol):
    driver: str
    line: str
    name: str
    file: str


class Voice(Protocol):
    driver: str
    device: str
    file: str


class Settings(NamedTuple):
    """`odd`: what was wrong beside the alarm's way and is left out, in words."""

    file: str
    gateway: Gateway
    radio: Radio
    radio_2: Radio
    hub: Hub
    siren: Siren
    button: Button
    lamp: Lamp
    voice: Voice
    odd: tuple[str, ...]
