"""The demo's site, made as a technician makes a real one: hub, devices, gateway, in a fresh directory."""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kentongan_hub.devices import provision
from kentongan_hub.people import access, accounts
from kentongan_hub.storage.store import Store

from kentongan_sim.demo import plan
from kentongan_sim.demo.village import GATEWAY_LABEL, ZONE, survey
from kentongan_sim.physics.shapes import Node, Settings

SITE_NAME = "RT 05 Kampung Kentongan"
ADMIN = "admin"
RW = 3
PASSWORD_WORDS = (
    "bambu",
    "ronda",
    "lampu",
    "pendopo",
    "kelapa",
    "jambu",
    "sawah",
    "gardu",
    "titir",
    "kopi",
    "angkringan",
    "melati",
    "mawar",
    "kunang",
    "jati",
    "bulan",
)
AGREED = (("bidan", "Bu Rina", 3), ("kader", "Bu Dewi", 12))  # login, name, house
PASSWORD_LENGTH = 3  # words; with the number about 25 bits, for a hub that only this machine reaches


class Site(NamedTuple):
    """Files and numbers of the demo's site."""

    data: Path
    hub_data: Path
    gateway_toml: Path
    serial: Path
    spool: Path
    siren_file: Path
    password: str  # of ADMIN at the hub
    settings: dict[str, Settings]  # by label
    nodes: dict[str, Node]


def make_site(data: str | Path) -> Site:
    """Make everything that the demo's parts need, under the directory `data`."""
    data = Path(data)
    hub_data, gateway = data / "hub", data / "gateway"
    for folder in (hub_data, gateway):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = "-".join(
        [
            *(secrets.choice(PASSWORD_WORDS) for _ in range(PASSWORD_LENGTH)),
            str(secrets.randbelow(9000) + 1000),
        ]
    )
    provision.create_site(
        hub_data, SITE_NAME, ADMIN, password, admin_name="Bu Sari", rt=ZONE, rw=RW, admin_home=access.OUTSIDE
    )
    with Store(hub_data).write() as db:  # a silent alarm of the village has somebody to reach
        for login, name, house in AGREED:
            accounts.add(db, 0, login, name, "petugas_ronda", secrets.token_urlsafe(), True, (ZONE, house, 0))
    settings = _provision_devices(hub_data)
    key_file = provision.gateway_file(hub_data)
    write_secret(gateway / "key.json", json.dumps(key_file))
    write_secret(gateway / "token", provision.gateway_token(hub_data) + "\n")
    modem = provision.modem_file(hub_data)
    settings[plan.GATEWAY.label] = modem
    nodes = {label: one["node"] for label, one in settings.items()}
    return Site(
        data,
        hub_data,
        gateway / "gateway.toml",
        data / "modem",
        gateway / "state",
        gateway / "siren.jsonl",
        password,
        settings,
        nodes,
    )


def _provision_devices(hub_data: Path) -> dict[str, Settings]:
    hops = survey()
    settings: dict[str, Settings] = {}
    for spot in plan.DEVICES:
        if spot is plan.GATEWAY:
            continue
        to_gateway = max(1, hops.get(spot.label, 1))
        more: Settings = {"hop_limit": max(1, to_gateway - 1)}
        if spot.role == "tombol":
            more["one_press"] = spot.label in plan.ONE_PRESS
        if spot.role == "sirene":
            more["has_sense"] = True
        settings[spot.label] = provision.add_device(
            hub_data,
            spot.role,
            spot.label,
            ZONE,
            house=spot.house,
            place=plan.place_of(spot),
            hops=to_gateway,
            **more,
        )
    return settings


def write_gateway_settings(site: Site, hub_url: str, radio: Sequence[str]) -> None:
    """Write the gateway's TOML; `radio` is its [radio] table as lines."""
    folder = site.gateway_toml.parent
    lines = [
        "[gateway]",
        f'key_file = "{folder / "key.json"}"',
        f'state_dir = "{site.spool}"',
        f'label = "{GATEWAY_LABEL}"',
        "[radio]",
        *radio,
        "[hub]",
        f'url = "{hub_url}"',
        f'token_file = "{folder / "token"}"',
        "[siren]",
        'driver = "virtual"',
        f'file = "{site.siren_file}"',
    ]
    site.gateway_toml.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
