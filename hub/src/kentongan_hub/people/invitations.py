"""Invitations at the post and recovery links: one use, an end, and only the hash of the secret is kept."""

import secrets

from kentongan_wire.base.errors import LocalError

from kentongan_hub.base import codes, roles
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import Text, _
from kentongan_hub.base.said import Actor, Said, Who
from kentongan_hub.base.tables import Account, Home, Invitation
from kentongan_hub.people import access, accounts, pins
from kentongan_hub.record import audit, away
from kentongan_hub.storage.store import Db


class Open(Invitation):
    login: str | None  # of a recovery link


HOUR_MS = 3_600_000
HOURS = (1, 24, 168)  # how long an invitation may be open
RECOVERY_HOURS = 1  # a link into an existing account is shorter
OWN_LIMIT = 20  # invitations of one account that wait at once: nobody shuts the door for another's
KEPT_MS = 30 * 24 * HOUR_MS  # used and ended ones are listed this long; the record keeps them for good
TOKEN_BYTES = 18  # 144 bits: a short address, and nothing to guess


def make(
    db: Db, now: Now, by: Account, name: str, role: str, hours: int, at: str = "", home: Home = (0, 0, 0)
) -> str:
    """Make an invitation for a named person and return its secret; LocalError names what is wrong.

    `home`: where this person lives, as access.check_home gives it; the invited person cannot choose it.
    """
    name = audit.clean(name).strip()
    if not 0 < len(name) <= accounts.NAME_LIMIT:
        raise LocalError(_("nama: 1 sampai %(limit)s huruf", limit=accounts.NAME_LIMIT))
    if role not in roles.INVITES.get(by["role"], ()):
        raise LocalError(_("peran: pilih salah satu dari daftar; peran lain diundang oleh admin"))
    if hours not in HOURS:
        raise LocalError(_("berlaku: pilih 1 jam, 1 hari atau 1 minggu"))
    token = _insert(db, now, by["name"], name, role, hours, home=home, by_account=by["id"])
    lives = access.home_said(access.lives(home))
    detail = Said(codes.INVITED_AS, role=role, hours=hours, home=lives)
    audit.record(db, now.wall, by["login"], codes.INVITED, name, detail, at)
    return token


def recover(db: Db, now: Now, by: str, account: Account, at: str = "", console: str = "") -> str:
    """Make a link for a new password of this account and return its secret; its older links end.

    `console`: who asked for it at the hub's own machine, as `by`. An account that is or was agreed for
    confidential incidents, or holds an office that is called for them, is recovered there only: whoever holds
    the link for a moment would read what that person may read.
    """
    if not account["active"]:
        raise LocalError(_("akun %(login)s dimatikan; hidupkan dulu di halaman Akun",
                           login=f"{account['login']!r}"))  # fmt: skip
    if account["paired_by"] or account["role"] in roles.NEVER_NAMED:
        raise LocalError(_("akun %(login)s adalah layar: pasangkan lagi di halaman Layar pos",
                           login=f"{account['login']!r}"))  # fmt: skip
    if not console and access.is_near(db, account):
        raise LocalError(
            _(
                "akun %(login)s dipanggil untuk kejadian rahasia: hanya teknisi di mesin pusat data yang "
                "membuat sandi baru (kentongan-hub recovery-link)",
                login=f"{account['login']!r}",
            )  # fmt: skip
        )
    db.run("UPDATE invitations SET ended_wall = ? WHERE account = ? AND used_wall IS NULL "
           "AND ended_wall IS NULL", now.wall, account["id"])  # fmt: skip
    who: Who = Actor(codes.CONSOLE, console) if console else by
    token = _insert(db, now, by, account["name"], account["role"], RECOVERY_HOURS, account["id"])
    audit.record(db, now.wall, who, codes.RECOVERY_LINK_MADE, account["login"], address=at)
    return token


def _insert(
    db: Db,
    now: Now,
    by: str,
    name: str,
    role: str,
    hours: int,
    account: int | None = None,
    home: Home = (0, 0, 0),
    by_account: int | None = None,
) -> str:
    old = "(used_wall IS NOT NULL OR ended_wall IS NOT NULL OR expires_ms <= ?)"
    db.run("DELETE FROM invitations WHERE expires_ms < ?", away.cutoff(db, now.ms, KEPT_MS))
    own = f"SELECT count(*) FROM invitations WHERE made_account = ? AND NOT {old}"
    # a recovery link takes the place of the last one of its account, and is never kept out
    if db.value(own, by_account, now.ms) >= OWN_LIMIT:
        raise LocalError(_("sudah ada %(limit)s undangan Anda yang menunggu; batalkan yang tidak dipakai",
                           limit=OWN_LIMIT))  # fmt: skip
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.insert(
        "invitations",
        token=accounts.hash_token(token),
        name=name,
        role=role,
        account=account,
        zone=home[0],
        house=home[1],
        outside=home[2],
        made_account=by_account,
        made_by=by,
        made_wall=now.wall,
        expires_ms=now.ms + hours * HOUR_MS,
        expires_wall=now.wall + hours * HOUR_MS,
    )
    return token


def find(db: Db, now_ms: int, token: str) -> Open | None:
    """Return the open invitation of this secret, with `login` when it is a recovery link; else None.

    One whose maker was switched off since opens nothing.
    """
    found: Open | None = db.one(
        "SELECT i.*, a.login FROM invitations i LEFT JOIN accounts a ON a.id = i.account "
        "LEFT JOIN accounts m ON m.id = i.made_account "
        "WHERE i.token = ? AND i.used_wall IS NULL AND i.ended_wall IS NULL AND i.expires_ms > ? "
        "AND coalesce(a.active, 1) = 1 AND coalesce(m.active, 1) = 1",
        accounts.hash_token(token),
        now_ms,
    )
    return found


def take(
    db: Db, now: Now, invitation: Open, login: str, name: str, password: str, pin: str, at: str = ""
) -> int:
    """Return the account's id: a new one, or the old one with a new password and every session ended.

    `invitation` is what find() gave in the same transaction, so nobody takes it twice.
    """
    if pin:
        pins.check_new(pin)
    account = invitation["account"]
    if account is None:
        home = access.home(invitation)
        account = accounts.add(db, now.wall, login, name, invitation["role"], password, home=home)
        access.made(db, now, invitation["made_account"], account, home)
    else:
        accounts.check_new(invitation["login"] or login, password)
        db.run("UPDATE accounts SET password = ? WHERE id = ?", accounts.hash_password(password), account)
        accounts.end_sessions(db, account)
    if pin:
        db.run("UPDATE accounts SET pin = ? WHERE id = ?", accounts.hash_password(pin), account)
    db.run("UPDATE invitations SET used_wall = ?, used_by = ? WHERE id = ?", now.wall, account,
           invitation["id"])  # fmt: skip
    what = codes.PASSWORD_RECOVERED if invitation["account"] else codes.INVITATION_USED
    detail = Said(codes.INVITED_BY, made_by=invitation["made_by"], role=invitation["role"])
    audit.record(db, now.wall, invitation["login"] or login, what, invitation["name"], detail, at)
    return account


def end(db: Db, now: Now, by: Account, number: int, at: str = "") -> bool:
    """Take an open invitation back; False when there is none."""
    row = db.one("SELECT * FROM invitations WHERE id = ?", number, of=Invitation)
    if row is None or row["used_wall"] is not None or row["ended_wall"] is not None:
        return False
    db.run("UPDATE invitations SET ended_wall = ? WHERE id = ?", now.wall, number)
    audit.record(db, now.wall, by["login"], codes.INVITATION_ENDED, row["name"], row["role"], at)
    return True


def state(row: Invitation, now_ms: int) -> Text:
    """'menunggu', 'dipakai', 'dibatalkan' or 'lewat waktu'."""
    if row["used_wall"] is not None:
        return _("dipakai")
    if row["ended_wall"] is not None:
        return _("dibatalkan")
    return _("menunggu") if row["expires_ms"] > now_ms else _("lewat waktu")
