"""Name who acts: the account itself; on the post's shared screen the person with a name and a PIN."""

from flask import abort, g, request
from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.tables import Account
from kentongan_hub.record import audit
from kentongan_hub.shared.hub import this_hub
from kentongan_hub.storage.store import Db


class Refused(LocalError):
    """The person is not known yet: what to say, and the answer's code."""

    def __init__(self, text: Text, code: int):
        super().__init__(text)
        self.code = code


def code_of(error: LocalError, otherwise: int) -> int:
    """Return the answer's code: a refusal's own, else that of the page."""
    return error.code if isinstance(error, Refused) else otherwise


def is_screen() -> bool:
    """Tell if all who stand before it share this account."""
    return roles.allows(g.account["role"], roles.PIN)


def people(db: Db, permission: str) -> list[Account]:
    """List who may do this here, with a PIN; none where the account acts for itself."""
    return with_pin(db, permission) if is_screen() else []


def with_pin(db: Db, permission: str) -> list[Account]:
    """List who may do this on a post's screen."""
    rows = db.all("SELECT * FROM accounts WHERE active = 1 AND pin IS NOT NULL ORDER BY name")
    return [row for row in rows if roles.allows(row["role"], permission)]


def doer(permission: str) -> tuple[Account, str]:
    """Give the person, and the screen's name or ''; Refused where name or PIN are not right.

    Wrong PINs wait here and nowhere else: the calling goes on.
    """
    if not is_screen():
        if not roles.allows(g.account["role"], permission):
            abort(403)
        return g.account, ""
    hub, form, at, screen = this_hub(), request.form, request.remote_addr or "", g.account
    now = hub.now()
    with hub.store.read() as db:
        person = {str(row["id"]): row for row in people(db, permission)}.get(form.get("orang", ""))
    if person is None:
        raise Refused(_("Pilih nama Anda, lalu tulis PIN."), 400)
    wait_ms = hub.pin_waits.left_ms(now.ms, screen["id"], person["id"])
    if wait_ms:
        minutes = -(-wait_ms // 60_000)
        raise Refused(
            _("Terlalu banyak PIN salah. Tunggu %(minutes)s menit, atau jawab dengan ponsel sendiri "
              "atau penerima. Sirene dan panggilan tetap berjalan.", minutes=minutes), 429  # fmt: skip
        )  # fmt: skip
    right = hub.pin_checks.check({"password": person["pin"] or ""}, form.get("pin", ""))
    if right is None:
        raise Refused(_("Sedang penuh. Coba lagi."), 429)
    if not right:
        hub.pin_waits.failed(now.ms, screen["id"], person["id"])
        with hub.store.write(ring=False) as db:
            audit.record(db, now.wall, screen["name"], codes.PIN_WRONG, person["login"], address=at)
        raise Refused(_("PIN tidak cocok. Coba lagi, atau pilih nama yang benar."), 403)
    hub.pin_waits.worked(screen["id"], person["id"])
    return person, screen["name"]
