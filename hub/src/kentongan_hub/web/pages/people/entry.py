"""First run (/mulai), log in, log out, and the way from / to where one belongs."""

import hmac
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from kentongan_hub.base import codes, language
from kentongan_hub.base.clock import Now
from kentongan_hub.base.entries.typed import gateway_key_file
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.devices import provision
from kentongan_hub.people import accounts
from kentongan_hub.record import audit
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import forms, web
from kentongan_hub.web.pages.people import homes

blueprint = Blueprint("entry", __name__)
GUESSED = _(
    "Nama ini ditebak berkali-kali. Tunggu %(seconds)s detik, pakai ponsel yang sudah pernah masuk, "
    "atau minta tautan sandi baru."
)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    if not this_hub().has_site():
        return redirect(url_for("entry.setup"))
    return redirect(url_for("board.page") if g.account else url_for("entry.login"))


@blueprint.get("/mulai")
def setup() -> ResponseReturnValue:
    if this_hub().has_site():
        abort(404)
    return render_template("people/entry_setup.html", form={}, problem="")


@blueprint.post("/mulai")
def make_site() -> ResponseReturnValue:
    """Make the site with the code from the hub's console; strangers have five guesses a minute."""
    hub = this_hub()
    if hub.has_site():
        abort(404)
    now = hub.now()
    if hub.attempts.blocked(now.ms, "mulai"):
        abort(429)
    form = request.form
    if not hmac.compare_digest(form.get("kode", "").strip().encode(), hub.setup_code.encode()):
        hub.attempts.failed(now.ms, "mulai")
        return _setup_again(_("Kode penyiapan tidak cocok. Lihat kode di layar mesin pusat data.")), 403
    if form.get("sandi") != form.get("sandi2"):
        return _setup_again(_("Kedua sandi tidak sama. Tulis ulang.")), 400
    try:
        provision.create_site(
            hub.data_dir,
            form.get("nama", ""),
            form.get("masuk", "").strip().lower(),
            form.get("sandi", ""),
            admin_name=form.get("orang", "").strip(),
            rt=forms.whole("rt", "RT", *forms.ZONES),
            rw=forms.whole("rw", "RW", *forms.ZONES),
            time_zone=form.get("zona", "WIB"),
            admin_home=homes.of_form(_("Nomor rumah Anda")),
            stand_in=form.get("pengganti") == "1",
        )
    except LocalError as error:
        return _setup_again(str(error)), 400
    token = provision.gateway_token(hub.data_dir)
    hub.store.bell.ring()
    shown = {"token": token, "label": provision.sites.FIRST_GATEWAY, "key_file": gateway_key_file()}
    return render_template("people/entry_ready.html", **shown)


def _setup_again(problem: str) -> str:
    return render_template("people/entry_setup.html", form=request.form, problem=problem)


@blueprint.get("/masuk")
def login() -> ResponseReturnValue:
    if not this_hub().has_site():
        return redirect(url_for("entry.setup"))
    return _login("", "")


def _login(problem: str, name: str) -> str:
    where = request.values.get("ke", "")
    return render_template("people/entry_login.html", problem=problem, name=name, where=where)


@blueprint.post("/masuk")
def enter() -> ResponseReturnValue:
    hub, address = this_hub(), request.remote_addr or ""
    now, name = hub.now(), request.form.get("masuk", "").strip().lower()[: accounts.NAME_LIMIT]
    with hub.store.read() as db:
        account: Account | None = db.one("SELECT * FROM accounts WHERE login = ? AND active = 1", name)
    known = _is_known(account)
    key = f"perangkat {name}" if known else address  # whoever guesses next door keeps no officer's phone out
    if hub.attempts.blocked(now.ms, key):
        abort(429)
    left_ms = 0 if known else hub.guesses.left_ms(now.ms, name)
    if left_ms:
        return _login(GUESSED.of(seconds=-(-left_ms // 1000)), name), 429
    right = hub.passwords.check(account, request.form.get("sandi", ""))
    if right is None:
        abort(429)
    if not right or account is None:
        hub.attempts.failed(now.ms, key)
        if not known:
            hub.guesses.failed(now.ms, name)
        with hub.store.write() as db:
            audit.record(db, now.wall, name[:40], codes.LOGIN_FAILED, address=address)
        return _login(_("Nama atau sandi tidak cocok."), name), 403
    if not known:
        hub.guesses.worked(name)
    with hub.store.write() as db:
        audit.record(db, now.wall, account["login"], codes.LOGGED_IN, address=address)
        response = begin(db, now, account["id"], where=_page_of(request.form.get("ke", "")))
    web.set_cookie(response, web.KNOWN_COOKIE, accounts.known_device(account), accounts.KNOWN_DEVICE_S)
    return response


def _is_known(account: Account | None) -> bool:
    if account is None:
        return False
    given = request.cookies.get(web.KNOWN_COOKIE, "").encode()
    return hmac.compare_digest(given, accounts.known_device(account).encode())


def _page_of(path: str) -> str:
    """Find our page at this path, the board where there is none: never an address from outside."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(path, "GET")
    except (HTTPException, RequestRedirect):
        return url_for("board.page")
    view = current_app.view_functions[endpoint]
    return path if hasattr(view, "permissions") and path.startswith("/") else url_for("board.page")


def begin(db: Db, now: Now, account: int, life_ms: int = accounts.SESSION_MS, where: str = "") -> AnyResponse:
    """Open a session onto the board; whoever was logged in on this browser is so no more.

    `where`: another page of ours than the board.
    """
    if g.session_token:
        accounts.close_session(db, g.session_token)
    agent = request.headers.get("User-Agent", "")
    token = accounts.open_session(db, now, account, request.remote_addr or "", agent, life_ms)
    response = redirect(where or url_for("board.page"), 303)
    web.set_cookie(response, web.SESSION_COOKIE, token, life_ms // 1000)
    return response


def _page_above(path: str) -> str:
    """Find a page that can be opened again: the one at this path, or above it where a form was answered."""
    routes = current_app.url_map.bind("")
    while path.startswith("/") and not path.startswith("//") and path != "/":
        try:
            routes.match(path, "GET")
        except RequestRedirect as moved:
            return urlsplit(moved.new_url).path
        except HTTPException:
            path = path.rpartition("/")[0]
        else:
            return path
    return "/"


@blueprint.post("/bahasa")
def choose_language() -> ResponseReturnValue:
    """Set the language of this browser and of the person; back to the page one came from."""
    name = request.form.get("ke", "")
    if name not in language.languages():
        abort(400)
    if g.account and not g.account["paired_by"]:
        with this_hub().store.write(ring=False) as db:
            db.run("UPDATE accounts SET language = ? WHERE id = ?", name, g.account["id"])
    back = _page_above(urlsplit(request.referrer or "/").path)  # check_form has compared its host with ours
    response = redirect(back, 303)
    web.set_cookie(response, web.LANGUAGE_COOKIE, name, web.LANGUAGE_S)
    return response


@blueprint.post("/keluar")
def leave() -> ResponseReturnValue:
    hub = this_hub()
    if g.account:
        with hub.store.write() as db:
            accounts.close_session(db, g.session_token)
            audit.record(db, hub.now().wall, g.account["login"],
                codes.LOGGED_OUT, address=request.remote_addr or "")  # fmt: skip
    response = redirect(url_for("entry.login"), 303)
    response.delete_cookie(web.SESSION_COOKIE, httponly=True, samesite="Lax")
    return response
