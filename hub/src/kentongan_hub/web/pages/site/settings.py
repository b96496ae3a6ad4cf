"""Pengaturan: what a person sets for themself, and what an administrator sets for the site."""

import re
from collections.abc import Callable

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from werkzeug.datastructures import MultiDict

from kentongan_hub import channels
from kentongan_hub.base import codes, quiet_hours, roles
from kentongan_hub.base.clock import ZONES, local_date_time
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.people import accounts, contacts, keepers, pins, ringing
from kentongan_hub.record import audit, outbox
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.upkeep import retention
from kentongan_hub.web import forms, view, web
from kentongan_hub.web.view import Shown

blueprint = Blueprint("settings", __name__)
NAME_LIMIT = 60  # characters
HOUR = re.compile(r"([01]\d|2[0-3])\.[0-5]\d\Z")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,100}/?\Z")


@blueprint.get("/pengaturan")
@web.needs(roles.OWN)
def page() -> ResponseReturnValue:
    return _page("")


def _page(problem: str, done: str = "") -> str:
    hub = this_hub()
    now = hub.now()
    with hub.store.read() as db:
        zone = view.site_words(db)["zone"]
        sessions = accounts.sessions(db, now.ms, g.account["id"], g.session_token)
        chimes = ringing.of_account(db, g.account)
        kept = db.value("SELECT made_wall FROM backup_keepers WHERE account = ?", g.account["id"])
        shown = _site(db, zone) if roles.allows(g.account["role"], roles.SYSTEM) else {}
    return render_template(
        "site/settings.html", sessions=_since(sessions, zone), problem=problem, done=done, zones=ZONES,
        form=request.form,
        comes=roles.allows(g.account["role"], roles.COME), chimes=chimes,
        keeps=keepers.may_keep(g.account), kept_since=local_date_time(kept, zone), **shown,
    )  # fmt: skip


def _since(sessions: list[accounts.Session], zone: str) -> list[Shown]:
    return [{**one, "since": local_date_time(one["created_wall"], zone)} for one in sessions]


def _site(db: Db, zone: str) -> Shown:
    """Give an administrator the site's values, and the way to the rest."""
    backup = db.number("backup_wall")
    rows = {row["name"]: row for row in db.all("SELECT * FROM channels")}
    return {
        "site": {
            **{key: db.setting(key) for key in ("name", "rt", "rw", "time_zone", "address")},
            **{key: db.setting(key, default) for key, default in quiet_hours.QUIET.items()},
            "contacts_days": contacts.check_days(db),
        },
        "backup": local_date_time(backup, zone) if backup else "",
        "kept": retention.days(db)[retention.CONFIDENTIAL],
        "channels": [(one.label, one.name == outbox.BOARD, rows.get(one.name)) for one in channels.CHANNELS],
    }


@blueprint.post("/pengaturan/situs")
@web.needs(roles.SYSTEM)
def save_site() -> ResponseReturnValue:
    hub = this_hub()
    try:
        wanted = _checked(request.form)
    except LocalError as error:
        return _page(str(error)), 400
    with hub.store.write() as db:
        changed = {key: value for key, value in wanted.items() if db.setting(key) != str(value)}
        for key, value in changed.items():
            db.set_setting(key, value)
        detail = ", ".join(f"{key}={value}" for key, value in changed.items())
        _note(db, codes.SETTINGS_CHANGED, Said(codes.THE_SITE), detail)
    hub.dispatch.watch_soon()
    return redirect(url_for("settings.page"), 303)


def _checked(form: MultiDict[str, str]) -> dict[str, str | int]:
    """Read the site's values from the form; LocalError names the first that is wrong."""
    name = audit.clean(form.get("nama", "")).strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise LocalError(_("nama tempat: 1 sampai %(limit)s huruf", limit=NAME_LIMIT))
    if form.get("zona") not in ZONES:
        raise LocalError(_("waktu: pilih WIB, WITA atau WIT"))
    address = form.get("alamat", "").strip()
    if address and not ADDRESS.match(address):
        raise LocalError(_("alamat pusat data: tulis seperti https://kentongan.local, atau kosongkan"))
    hours = {key: form.get(key, "").strip() for key in quiet_hours.QUIET}
    if not all(HOUR.match(text) for text in hours.values()):
        raise LocalError(_("jam tenang: tulis seperti 22.00"))
    return {
        "name": name,
        "rt": forms.whole("rt", "RT", *forms.ZONES),
        "rw": forms.whole("rw", "RW", *forms.ZONES),
        "time_zone": form["zona"],
        "address": address,
        "contacts_days": forms.whole("kontak", _("Kontak dicek tiap"), *contacts.CHECK_DAYS_RANGE),
        **hours,
    }


@blueprint.post("/pengaturan/pin")
@web.needs(roles.COME)
def set_pin() -> ResponseReturnValue:
    def deed(db: Db) -> None:
        db.run(
            "UPDATE accounts SET pin = ? WHERE id = ?",
            accounts.hash_password(request.form["pin"]),
            g.account["id"],
        )
        _note(db, codes.PIN_CHANGED, g.account["login"])

    return _own("pin", pins.check_new, deed, _("PIN baru berlaku di layar pos."))


@blueprint.post("/pengaturan/sandi")
@web.needs(roles.OWN)
def set_password() -> ResponseReturnValue:
    def deed(db: Db) -> None:
        db.run(
            "UPDATE accounts SET password = ? WHERE id = ?",
            accounts.hash_password(request.form["baru"]),
            g.account["id"],
        )
        ended = accounts.end_sessions(db, g.account["id"], keep=g.session_token)
        _note(db, codes.PASSWORD_CHANGED, g.account["login"], Said(codes.LOGGED_OUT_OTHERS, count=ended))

    def check(password: str) -> None:
        accounts.check_new(g.account["login"], password)

    return _own("baru", check, deed, _("Sandi baru berlaku. Perangkat lain sudah dikeluarkan."))


@blueprint.post("/pengaturan/cadangan")
@web.needs(roles.OWN)
def keep_backups() -> ResponseReturnValue:
    """Set a keeper's passphrase: it opens backups that are made from now on."""

    def deed(db: Db) -> None:
        now, at = this_hub().now(), request.remote_addr or ""
        keepers.keep(db, now, g.account, request.form["cadangan"], at)

    return _own("cadangan", keepers.check_passphrase, deed,
        _("Cadangan berikutnya terbuka dengan sandi itu."))  # fmt: skip


def _own(
    field: str, check: Callable[[str], object], deed: Callable[[Db], object], done: str
) -> ResponseReturnValue:
    """Change a secret of one's own: the password first, so that a phone left open gives nothing away."""
    hub, form = this_hub(), request.form
    now, key = hub.now(), f"sendiri {g.account['id']}"
    try:
        if form.get(field, "") != form.get(f"{field}2", ""):
            raise LocalError(_("Kedua isian tidak sama. Tulis ulang."))
        check(form.get(field, ""))
        if hub.attempts.blocked(now.ms, key):
            raise LocalError(_("Terlalu sering mencoba. Tunggu satu menit."))
        right = hub.passwords.check(g.account, form.get("sandi", ""))
        if right is None:
            raise LocalError(_("Sedang penuh. Coba lagi."))
        if not right:
            hub.attempts.failed(now.ms, key)
            raise LocalError(_("Sandi sekarang tidak cocok."))
        with hub.store.write(ring=False) as db:
            deed(db)
    except LocalError as error:
        return _page(str(error)), 400
    return _page("", done)


@blueprint.post("/pengaturan/penerima/<int:node>/<action>")
@web.needs(roles.OWN)
def own_chime(node: int, action: str) -> ResponseReturnValue:
    """Let silent alarms ring, or not, at this chime of one's own home."""
    deeds = {"benar": ringing.confirm, "bukan": ringing.refuse}
    deed, hub = deeds.get(action) or abort(404), this_hub()
    try:
        with hub.store.write() as db:
            deed(db, hub.now(), g.account, node, request.remote_addr or "")
    except LocalError as error:
        return _page(str(error)), 400
    hub.dispatch.watch_soon()
    return redirect(url_for("settings.page"), 303)


@blueprint.post("/pengaturan/keluar")
@web.needs(roles.OWN)
def leave_everywhere() -> ResponseReturnValue:
    """Keluar di mana-mana: end every session of this person, this one too."""
    hub = this_hub()
    with hub.store.write() as db:
        ended = accounts.end_sessions(db, g.account["id"])
        _note(db, codes.LOGGED_OUT_EVERYWHERE, g.account["login"], Said(codes.LOGGED_OUT_ALL, count=ended))
    response = redirect(url_for("entry.login"), 303)
    response.delete_cookie(web.SESSION_COOKIE, httponly=True, samesite="Lax")
    return response


def _note(db: Db, what: str, subject: str | Said, detail: str | Said = "") -> None:
    now = this_hub().now()
    audit.record(db, now.wall, g.account["login"], what, subject, detail, request.remote_addr or "")
