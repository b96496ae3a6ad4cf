"""Policies as people keep them: one per RT and kind over the shipped ones, each change on the record."""

import json
from typing import Any

from kentongan_wire.base.errors import LocalError
from kentongan_wire.message import messages as m

from kentongan_hub.base import codes, services, words
from kentongan_hub.base.clock import Now
from kentongan_hub.base.language import _
from kentongan_hub.base.said import Said
from kentongan_hub.base.tables import Account, Called, Cell, Policy
from kentongan_hub.people import contacts
from kentongan_hub.policies import escalation, policy
from kentongan_hub.record import audit
from kentongan_hub.storage.store import Db


def stored(db: Db, zone: int, kind: int) -> Policy | None:
    """Return the policy written for this RT, or for the whole site (zone 0); None: there is none.

    A kept policy that is damaged, or that this version would refuse, must not stop the calling: it is passed
    over here, and `broken` tells people of it.
    """
    rows = db.all(
        "SELECT body FROM policies WHERE kind = ? AND zone IN (0, ?) ORDER BY zone DESC", kind, zone
    )
    return next((json.loads(row["body"]) for row in rows if _sound(kind, row["body"])), None)


def broken(db: Db) -> list[Said]:
    """[subject] of kept policies that cannot be followed; a wider or the shipped one is followed."""
    rows = db.all("SELECT zone, kind, body FROM policies ORDER BY zone, kind")
    return [_subject(row["zone"], row["kind"]) for row in rows if not _sound(row["kind"], row["body"])]


def _sound(kind: int, body: Cell) -> bool:
    try:
        policy.check(kind, json.loads(body))
    except (LocalError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return True


def for_incident(db: Db, incident: Called) -> Policy:
    """Return the policy for an incident; every silent one is called like violence, whatever its kind."""
    kind = incident["kind"]
    if incident["confidential"] and kind not in words.CONFIDENTIAL_KINDS:
        kind = m.KIND_KEKERASAN  # whatever key was held silently
    return stored(db, incident["zone"], kind) or policy.default(kind)


def card(db: Db, incident: Called) -> str:
    """Return the reached step's card of people to telephone, with the numbers of Kontak; '' for nobody."""
    steps = for_incident(db, incident)["langkah"]
    text = steps[min(incident["alerts"], len(steps) - 1)]["kartu"]
    return services.fill(text, contacts.numbers(db, incident["zone"]))


def first_alert_ms(db: Db, now: Now, incident: Called, drill: int) -> int | None:
    return escalation.first_alert_ms(for_incident(db, incident), now.ms, drill)


def save(db: Db, now: Now, by: Account, zone: int, kind: int, body: Any, address: str = "") -> None:
    """Keep a checked policy; LocalError names what is wrong and nothing changes then."""
    if kind not in words.KINDS or kind == m.KIND_UJI:
        raise LocalError(_("Jenis kejadian itu tidak punya kebijakan. Pilih dari daftar."))
    if not 0 <= zone <= 255:
        raise LocalError(_("RT: tulis angka 1 sampai 255, atau 0 untuk semua RT"))
    text = json.dumps(policy.check(kind, body), ensure_ascii=False)
    db.run(
        "INSERT INTO policies (zone, kind, body, changed_wall, changed_by) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (zone, kind) DO UPDATE SET body = excluded.body, changed_wall = excluded.changed_wall, "
        "changed_by = excluded.changed_by",
        zone,
        kind,
        text,
        now.wall,
        by["name"],
    )
    audit.record(db, now.wall, by["login"], codes.POLICY_CHANGED, _subject(zone, kind), text, address)


def reset(db: Db, now: Now, by: Account, zone: int, kind: int, address: str = "") -> None:
    """Back to the shipped policy (or the site's, for an RT)."""
    if db.run("DELETE FROM policies WHERE zone = ? AND kind = ?", zone, kind):
        audit.record(db, now.wall, by["login"], codes.POLICY_RESET, _subject(zone, kind), address=address)


def _subject(zone: int, kind: int) -> Said:
    return Said(codes.POLICY_OF, kind=kind, zone=zone)


def ask_ms(db: Db, now: Now, incident: Called) -> int | None:
    """Return the time to ask people whether an answered incident is over; never of a drill."""
    return None if incident["drill"] else now.ms + for_incident(db, incident)["akhir"] * 1000
