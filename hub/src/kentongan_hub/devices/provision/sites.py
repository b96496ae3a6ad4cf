"""A new site: keys in site.json, the rest in the database, one administrator, one gateway."""

import re
import secrets
import time
from pathlib import Path
from typing import Any

from kentongan_wire.air import phy
from kentongan_wire.base.errors import LocalError
from kentongan_wire.settings.config import PROFILES

from kentongan_hub.base import clock, codes, site
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Home
from kentongan_hub.devices.provision.gateways import add_gateway
from kentongan_hub.people import access, accounts, contacts
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db, Store

KEY_BYTES = 32
CHANNEL_NAME = "kentongan"  # Meshtastic allows 11 bytes; the name is no secret
NAME_LIMIT = 64  # bytes, as a device file allows
FIRST_GATEWAY = "gateway-1"


def create_site(
    data_dir: str | Path,
    name: str,
    admin_login: str = "admin",
    admin_password: str = "",
    *,
    admin_name: str = "",
    rt: int = 1,
    rw: int = 1,
    time_zone: str = "WIB",
    preset: str = phy.DEFAULT_PRESET,
    freq_hz: int = phy.DEFAULT_FREQ_HZ,
    profile: str = PROFILES[0],
    admin_home: Home = access.UNKNOWN,
    stand_in: bool = False,
) -> dict[str, Any]:
    """Make site.json, the database, the first account (admin) and gateway; gives the site without keys.

    LocalError names what is wrong and the remedy; nothing is left behind then. `admin_home`: where the first
    administrator lives (access.check_home); `stand_in`: silent alarms of other houses call them until two
    people are agreed. Nothing has happened yet, so this is the one time that it is said by oneself.
    """
    name = name.strip()
    if not name or len(name.encode()) > NAME_LIMIT:
        raise LocalError(_("nama tempat %(name)s: 1 sampai %(limit)s byte, misalnya 'RT 05 Sukamaju'",
                           name=f"{name!r}", limit=NAME_LIMIT))  # fmt: skip
    if time_zone not in clock.ZONES:
        raise LocalError(_("zona waktu %(zone)s: pilih %(zones)s",
                           zone=f"{time_zone!r}", zones=", ".join(clock.ZONES)))  # fmt: skip
    if profile not in PROFILES:
        raise LocalError(_("profil %(profile)s: pilih %(profiles)s",
                           profile=f"{profile!r}", profiles=", ".join(PROFILES)))  # fmt: skip
    if not 1 <= rt <= 255 or not 1 <= rw <= 255:
        raise LocalError(_("RT %(rt)s, RW %(rw)s: tulis angka 1 sampai 255", rt=rt, rw=rw))
    if stand_in and not any(admin_home):
        raise LocalError(_("pengganti: tulis dulu nomor rumah Anda, atau bahwa Anda tinggal di luar RT"))
    phy.check_frequency(freq_hz, phy.preset(preset).bw_hz)
    accounts.check_new(admin_login, admin_password)
    if site.exists(data_dir):
        raise LocalError(_("%(path)s: situs sudah ada; pilih map --data lain", path=site.path_of(data_dir)))
    store = Store(data_dir)
    made: site.Secret = {
        "format": site.FORMAT,
        "site": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "kentongan",
        "site_key": secrets.token_bytes(KEY_BYTES),
        "channel_name": CHANNEL_NAME,
        "channel_key": secrets.token_bytes(KEY_BYTES),
        "generation": 0,
        "preset": preset,
        "freq_hz": freq_hz,
        "profile": profile,
    }
    with store.write() as db:
        known = {"name": name, "site_slug": made["site"], "rt": rt, "rw": rw, "time_zone": time_zone}
        for key, value in known.items():
            db.set_setting(key, value)
        # an attempt that died before site.json was written may have left an account: the file decides
        db.run("DELETE FROM sessions")
        db.run("DELETE FROM accounts")
        db.run("DELETE FROM gateways")
        wall_ms = int(time.time() * 1000)
        _first_account(db, wall_ms, admin_login, admin_name, admin_password, admin_home, stand_in)
        db.run("DELETE FROM contacts")
        contacts.seed(db)
        add_gateway(db, FIRST_GATEWAY, rt)
        audit.record(db, wall_ms, admin_login, codes.SITE_MADE, name)
        site.save_new(data_dir, made)  # last: a site exists exactly when its file does
    return {key: value for key, value in made.items() if key not in ("site_key", "channel_key")}


def _first_account(
    db: Db, wall_ms: int, login: str, name: str, password: str, home: Home, stand_in: bool
) -> None:
    admin = accounts.add(db, wall_ms, login, name or login, "admin", password, home=home)
    if stand_in:
        db.run("UPDATE accounts SET stand_in = 1, once_named = 1 WHERE id = ?", admin)
    lives = access.home_said(access.lives(home))
    detail = Said(codes.LIVES_AS_STAND_IN if stand_in else codes.LIVES, home=lives)
    audit.record(db, wall_ms, login, codes.ACCOUNT_MADE, login, detail)
