"""The frame of all pages: sessions, CSRF, security headers, errors in plain Indonesian."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from kentongan_wire.base.errors import LocalError
from werkzeug.wrappers import Response as AnyResponse

from kentongan_hub.base import language, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.tables import Account
from kentongan_hub.people import accounts, screens
from kentongan_hub.people.houses import list_file
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db
from kentongan_hub.web import pictures

P = ParamSpec("P")
Deed = Callable[[Db, Now, Account, str], object]  # what a form does: by whom, from which address
SESSION_COOKIE = "kentongan_sesi"
FIRST_COOKIE = "kentongan_awal"  # before login: binds a form to the browser that asked for it
LANGUAGE_COOKIE = "kentongan_bahasa"  # of a browser; an account's own choice wins
KNOWN_COOKIE = "kentongan_kenal"  # of a browser that has logged in before, see accounts.known_device
LANGUAGE_S = 365 * 86_400
FORM_LIMIT = 32 * 1024  # bytes of a posted form
BY_LINK = ("answer.press",)  # the secret in the address is all that it needs, and no cookie counts there
UPLOADS = ("plan.upload", "work.photo")  # the only forms that carry a picture, of people who are in
LISTS = ("house_list.look", "house_list.store")  # a list of houses, likewise
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
WORKER = "/static/worker.js"  # the service worker, which may stand before every page
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def load_account() -> None:
    """Load g.account from the session cookie; None without one."""
    token = request.cookies.get(SESSION_COOKIE, "")
    g.session_token = token
    g.account = None
    language.use(request.cookies.get(LANGUAGE_COOKIE))
    if token and not request.path.startswith(("/static/", "/api/")):
        now_ms = this_hub().clock.steady_ms()
        with this_hub().store.read() as db:
            g.account = accounts.of_session(db, now_ms, token)
            life_ms = screens.SESSION_MS if g.account and g.account["paired_by"] else accounts.SESSION_MS
            worn = g.account and accounts.is_worn(db, now_ms, token, life_ms)
        if worn:
            with this_hub().store.write(ring=False) as db:
                accounts.prolong(db, now_ms, token, life_ms)
            g.prolonged_s = life_ms // 1000
        if g.account:
            language.use(g.account["language"] or language.current())
            this_hub().seen[g.account["id"]] = this_hub().clock.wall_ms()


def csrf_token() -> str:
    """Derive the token of this browser's forms from its cookie: nothing to store, nothing to guess."""
    secret = request.cookies.get(SESSION_COOKIE) if g.get("account") else request.cookies.get(FIRST_COOKIE)
    if not secret:
        secret = g.setdefault("first_cookie", secrets.token_urlsafe(24))
    return hmac.new(secret.encode(), b"kentongan csrf", hashlib.sha256).hexdigest()


def check_form() -> None:
    """Require of every unsafe request to a page our own origin and this browser's token."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith("/api/"):
        return
    if request.endpoint in BY_LINK:
        request.max_content_length = FORM_LIMIT
        return
    limit = FORM_LIMIT
    if g.get("account") is not None and request.endpoint in (*UPLOADS, *LISTS):
        limit += pictures.BYTES_MAX if request.endpoint in UPLOADS else list_file.BYTES_MAX
    request.max_content_length = limit
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(origin)
    except ValueError:  # brackets that hold no address
        abort(403)
    if (parts.scheme, parts.netloc) != (request.scheme, request.host):
        abort(403)
    page = current_app.view_functions.get(request.endpoint or "")
    if g.get("account") is None and request.cookies.get(SESSION_COOKIE) and hasattr(page, "permissions"):
        abort(401)  # the session has ended; what was typed is one step back
    # a browser without a cookie gets a fresh secret here, which no form can match
    if not hmac.compare_digest(csrf_token().encode(), request.form.get("csrf", "").encode()):
        abort(403)


def finish(response: Response) -> Response:
    """Set the headers of every answer; the first cookie when a form needed it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if request.path == WORKER:
        response.headers["Service-Worker-Allowed"] = "/"
    if "prolonged_s" in g and SESSION_COOKIE not in response.headers.get("Set-Cookie", ""):
        set_cookie(response, SESSION_COOKIE, g.session_token, g.prolonged_s)
    if "first_cookie" in g:
        set_cookie(response, FIRST_COOKIE, g.first_cookie, None)
    return response


def set_cookie(response: AnyResponse, name: str, value: str, max_age_s: int | None) -> None:
    response.set_cookie(
        name, value, max_age=max_age_s, httponly=True, samesite="Lax", secure=request.is_secure
    )


def needs(
    *permissions: str,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Guard a page for accounts with one of these permissions: others are sent to log in, or refused."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if g.account is None:
                if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
                    return redirect(url_for("entry.login", ke=request.path))
                abort(401)
            if not any(roles.allows(g.account["role"], one) for one in permissions):
                abort(403)
            return view(*args, **kwargs)

        guarded.permissions = permissions  # type: ignore[attr-defined]  # a function takes what is told of it
        return guarded

    return decorate


def do(deed: Deed, back: str, page: Callable[[str], str], refused: int = 400) -> ResponseReturnValue:
    """Redirect to `back` after deed(db, now, who, address); page(why) when a LocalError refuses it.

    A deed that gives False waits for a second person, on the page Akses.
    """
    hub = this_hub()
    try:
        with hub.store.write() as db:
            done = deed(db, hub.now(), g.account, request.remote_addr or "")
    except LocalError as error:
        return page(str(error)), refused
    hub.dispatch.watch_soon()
    return redirect(url_for("access.page") if done is False else back, 303)


ERRORS = {
    400: (_("Permintaan tidak terbaca"), _("Muat ulang halaman, lalu coba lagi.")),
    401: (
        _("Belum masuk"),
        _("Masuk dengan nama dan sandi Anda. Yang Anda tulis masih ada bila Anda kembali satu halaman."),
    ),
    403: (
        _("Tidak diizinkan"),
        _("Halaman ini bukan untuk peran Anda, atau formulirnya sudah lama. Muat ulang, lalu coba lagi."),
    ),
    404: (_("Tidak ada"), _("Halaman atau kejadian ini tidak ada.")),
    405: (_("Cara ini tidak dikenal"), _("Kembali ke papan siaga.")),
    413: (_("Kiriman terlalu besar"), _("Persingkat isian, lalu coba lagi.")),
    429: (_("Terlalu sering mencoba"), _("Tunggu satu menit, lalu coba lagi. Alarm tetap berjalan.")),
    500: (_("Pusat data terganggu"), _("Coba lagi. Alarm di pos tetap berbunyi tanpa halaman ini.")),
    503: (_("Sedang penuh"), _("Terlalu banyak layar terbuka. Tutup yang tidak dipakai, lalu coba lagi.")),
}


KEYS_REMEDY = _("Alarm tetap berjalan. Teknisi: perbaiki site.json di pusat data, atau ambil dari cadangan.")
FILE_TOO_LARGE = _("Berkas paling besar %(bytes_max)s MB. Kecilkan dulu, lalu kirim lagi.",
                   bytes_max=pictures.BYTES_MAX >> 20)  # fmt: skip


def without_keys(error: Exception) -> ResponseReturnValue:
    """Refuse a request that needs the site's keys; the rest goes on."""
    if request.path.startswith("/api/"):
        return {"error": str(error), "field": "", "remedy": "restore site.json from the backup"}, 503
    title = _("Berkas kunci situs rusak")
    return render_template("error.html", title=title, remedy=KEYS_REMEDY, code=503), 503


def error_page(error: Exception) -> ResponseReturnValue:
    code = getattr(error, "code", 500)
    title, remedy = ERRORS.get(code, ERRORS[500])
    if code == 413 and request.endpoint in UPLOADS:
        remedy = FILE_TOO_LARGE
    if code == 413 and request.endpoint in LISTS:
        remedy = list_file.TOO_LARGE
    if request.path.startswith("/api/"):
        body = {
            "error": getattr(error, "name", "internal"),
            "field": "",
            "remedy": "see docs of the hub's API",
        }
        return getattr(error, "response", None) or (body, code)
    back = urlsplit(request.referrer or "").path if code == 401 else ""
    return render_template("error.html", title=title, remedy=remedy, code=code, back=back), code
