"""The first days of a site as a list that ends by itself: what is missing, and on which page it is done."""

from typing import Any, NamedTuple

from kentongan_hub.base import roles
from kentongan_hub.base.language import _
from kentongan_hub.people import circles
from kentongan_hub.storage.store import Db

PINS_MIN = 2  # who may answer at the post's screen


class Step(NamedTuple):
    """One thing to do once; `missing`: what is still to be done of it, '' when it is done."""

    name: str
    missing: Any
    endpoint: str
    permission: str  # whoever lacks it asks for it


def left(db: Db) -> list[Step]:
    """List what is still to be done, in the order in which it is best done."""
    return [one for one in steps(gather(db)) if one.missing]


def gather(db: Db) -> dict[str, Any]:
    def count(sql: str) -> int:
        return db.value(sql) or 0

    posts = "FROM devices WHERE role = 'sirene' AND revoked = 0 AND pending = 0"
    coming = [row for row in db.all("SELECT role, pin FROM accounts WHERE active = 1") if _comes(row["role"])]
    return {
        "gateways_heard": count("SELECT count(*) FROM gateways WHERE heard_ms IS NOT NULL"),
        "posts": count(f"SELECT count(*) {posts}"),
        "untested": [row["label"] for row in db.all(f"SELECT label {posts} AND coalesce(tested_ms, 0) = 0")],
        "agreed": circles.enough(db),
        "asked": count("SELECT count(*) FROM access_requests WHERE what = 'rahasia' AND done_wall IS NULL"),
        "people": len(coming),
        "pins": sum(bool(row["pin"]) for row in coming),
        "unchecked": count(
            "SELECT count(*) FROM contacts WHERE number != '' AND coalesce(verified_ms, 0) = 0"
        ),
        "checked": count("SELECT count(*) FROM contacts WHERE verified_ms > 0"),
        "placed": count("SELECT count(*) FROM houses WHERE x IS NOT NULL"),
        "unplaced": count("SELECT count(*) FROM houses WHERE x IS NULL AND occupied = 1"),
        "backed_up": bool(db.setting("backup_ms")),
        "drilled": count("SELECT count(*) FROM drills WHERE opened_ms IS NOT NULL"),
    }


def _comes(role: str) -> bool:
    return roles.allows(role, roles.COME)


def steps(facts: dict[str, Any]) -> list[Step]:
    """Say all of them, done or not, from what is known. Pure."""
    gateway = "" if facts["gateways_heard"] else _GATEWAY
    own_pin = "invite.page" if facts["pins"] else "settings.page"
    of_whom = roles.REGISTER if facts["asked"] else roles.ACCOUNTS  # a second officer opens Akses
    houses = "plan.page" if facts["unplaced"] else "register.page"
    whom = "access.page" if facts["asked"] else "people.page" if facts["people"] > 1 else "invite.page"
    backup, drill = "" if facts["backed_up"] else _BACKUP, "" if facts["drilled"] else _DRILL
    return [
        Step(_("Gerbang terdengar"), gateway, "devices.page", roles.DEVICES),
        Step(_("Pos diuji"), _post(facts), "devices.page", roles.DEVICES),
        Step(_("Dua orang untuk alarm diam"), _agreed(facts), whom, of_whom),
        Step(_("PIN untuk layar pos"), _pins(facts), own_pin, roles.INVITE),
        Step(_("Kontak dicek"), _contacts(facts), "contacts.page", roles.REGISTER),
        Step(_("Denah terisi"), _plan(facts), houses, roles.REGISTER),
        Step(_("Cadangan di USB"), backup, "storage.page", roles.SYSTEM),
        Step(_("Latihan pertama"), drill, "drill.page", roles.DRILL),
    ]


_GATEWAY = _("belum ada gerbang yang terhubung ke pusat data; teknisi memasang berkas kunci dan tokennya")
_BACKUP = _("belum pernah dibuat; tancapkan USB di mesin pusat data")
_DRILL = _("belum pernah; umumkan dulu, lalu tiap rumah menekan tombolnya sekali")


def _post(facts: dict[str, Any]) -> Any:
    if not facts["posts"]:
        return _("belum ada pos; teknisi memasangnya dengan kentongan-tool")
    if facts["untested"]:
        return _("tekan Uji (diam): %(posts)s", posts=", ".join(facts["untested"][:3]))
    return ""


def _agreed(facts: dict[str, Any]) -> Any:
    if facts["agreed"]:
        return ""
    if facts["asked"]:
        return _("menunggu orang kedua: petugas dari rumah lain membenarkannya di halaman Akses")
    if facts["people"] > 1:
        return _("sepakati paling sedikit dua orang dari rumah berbeda; sampai itu alarm diam hampir tidak "
                 "memanggil siapa pun")  # fmt: skip
    return _("undang dulu dua orang dari rumah berbeda, lalu sepakati keduanya")


def _pins(facts: dict[str, Any]) -> Any:
    if facts["pins"] >= PINS_MIN:
        return ""
    return _("%(pins)s orang punya PIN, perlu %(least)s: tanpa PIN tidak ada yang bisa menjawab di layar pos",
             pins=facts["pins"], least=PINS_MIN)  # fmt: skip


def _contacts(facts: dict[str, Any]) -> Any:
    if facts["unchecked"]:
        return _("telepon tiap nomor sekali; belum dicek: %(count)s", count=facts["unchecked"])
    return "" if facts["checked"] else _("belum ada nomor; isi polsek dan puskesmas")


def _plan(facts: dict[str, Any]) -> Any:
    if facts["unplaced"]:
        return _("rumah yang belum di denah: %(count)s", count=facts["unplaced"])
    return "" if facts["placed"] else _("belum ada rumah; daftarkan dulu rumah-rumahnya")
